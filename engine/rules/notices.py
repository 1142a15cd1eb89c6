"""To whom a role's notice goes, as units: areas, departments or one person."""

from collections.abc import Iterable, Iterator, Sequence

from engine.definitions.model import AreaScope, DepartmentScope, PersonScope, Role
from engine.rules.case import Ask, Case, Task


def units(role: Role, case: Case, task: Task | None, stopped: Sequence[Task] = ()) -> Iterator[str]:
    """`a<id>`, `d<id>` or `p<id>` of everyone the role means now; which persons those are is asked on delivery.

    `stopped` are tasks that the act itself has stopped: those departments were called until now, and are told too.
    """
    if role.link:
        # Nobody of the unit has an inbox: its link is the letter it gets.
        return
    if role.person is not None:
        person = case.ticket.reporter_id if role.person is PersonScope.REPORTER else (task.person_id if task else None)
        if person is not None:
            yield f"p{person}"
        return
    if role.department is not None:
        yield from (f"d{department}" for department in sorted(_departments(role, case, task, stopped)))
        return
    # A post for the ticket's area may be held for any area around it: a grid's leader for the whole grid.
    yield from (f"a{link.id}" for link in case.ticket.area if role.area in (AreaScope.TICKET, link.level))


def holder(case: Case, task: Task | None, ask: Ask | None) -> str:
    """Whose clock a deadline is: the task's department or person, who must answer a request, whose move the state is.

    "" where nobody is waited for.
    """
    if ask is None and task is not None:
        return f"d{task.department_id}" if task.department_id is not None else f"p{task.person_id}"
    roles: Iterable[str] = ()
    if ask is not None:
        answers = case.scope(task).requests[ask.name].answers.values()
        roles = (role for answer in answers for role in sorted(answer.by_people()))
    elif case.ticket.state in case.definition.states:
        roles = case.definition.states[case.ticket.state].turn
    return next((unit for name in roles for unit in units(case.definition.roles[name], case, task)), "")


def _departments(role: Role, case: Case, task: Task | None, stopped: Sequence[Task]) -> set[int]:
    if role.department is DepartmentScope.CREATOR:
        found = [case.ticket.creator_department]
    elif role.department is DepartmentScope.TASK and task is not None:
        found = [task.department_id]
    else:
        called = (*case.present(), *stopped)
        leads = [other for other in called if other.lead]
        if role.department in (DepartmentScope.CALLED, DepartmentScope.TASK):
            found = [other.department_id for other in called]
        elif role.department is DepartmentScope.LEAD:
            found = [lead.department_id for lead in leads]
        else:
            found = [lead.department_above for lead in leads]
    return {department for department in found if department is not None}
