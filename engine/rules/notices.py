"""To whom a role's notice goes, as units: areas, departments or one person."""

from collections.abc import Iterator

from engine.definitions.model import AreaScope, DepartmentScope, PersonScope, Role
from engine.rules.case import Case, Task


def units(role: Role, case: Case, task: Task | None) -> Iterator[str]:
    """`a<id>`, `d<id>` or `p<id>` of everyone the role means now; which persons those are is asked on delivery."""
    if role.person is not None:
        person = case.ticket.reporter_id if role.person is PersonScope.REPORTER else (task.person_id if task else None)
        if person is not None:
            yield f"p{person}"
        return
    if role.department is not None:
        yield from (f"d{department}" for department in sorted(_departments(role, case, task)))
        return
    if role.area == AreaScope.TICKET:
        yield f"a{case.ticket.area[0].id}"
        return
    yield from (f"a{link.id}" for link in case.ticket.area if link.level == role.area)


def _departments(role: Role, case: Case, task: Task | None) -> set[int]:
    if role.department is DepartmentScope.CREATOR:
        found = [case.ticket.creator_department]
    elif role.department is DepartmentScope.TASK and task is not None:
        found = [task.department_id]
    elif role.department in (DepartmentScope.CALLED, DepartmentScope.TASK):
        found = [other.department_id for other in case.present()]
    else:
        leads = [other for other in case.present() if other.lead]
        above = role.department is DepartmentScope.ABOVE_LEAD
        found = [lead.department_above if above else lead.department_id for lead in leads]
    return {department for department in found if department is not None}
