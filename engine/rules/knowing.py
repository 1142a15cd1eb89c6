"""Who may know that a ticket exists: the units by which `reach` names its readers.

An ordinary ticket is known to every post of its areas and departments (`a12`, `d7`) and to its people (`p3`). A
confidential one is known to posts only that its file names (`a12/petition_officer`, `d7/lead`). A reader goes by both
kinds of names, so one question serves both and no list, count or hint can forget to ask another.
"""

from collections.abc import Iterator

from engine.definitions.model import AreaScope, Confidential, DepartmentScope, Role
from engine.rules.case import Case, Task
from engine.rules.facts import CaseFacts
from engine.vocabulary import StateType

#: The end of a task that the ticket stopped. Whoever gave a task back knows of the ticket no more; whose task was
#: stopped still does.
_WITHDRAWN = "withdrawn"


def secret(case: Case) -> bool:
    """Whether the ticket is confidential as it stands now."""
    rule = case.definition.confidential
    return rule is not None and (rule.when is None or rule.when.holds(CaseFacts(case)))


def barred(case: Case) -> frozenset[int]:
    """The departments that a ticket is about, and the called ones right below them, by id."""
    about = frozenset(case.ticket.memory.about)
    below = {task.department_id for task in case.tasks.values() if task.department_above in about}
    return about | {department for department in below if department is not None}


def may_act(case: Case, role: Role) -> bool:
    """Whether a role may act at all: on a confidential ticket only one that may know of it."""
    rule = case.definition.confidential
    return rule is None or not case.ticket.confidential or role.person is not None or role.name in rule.known_to


def readers(case: Case) -> frozenset[str]:
    """Every unit that may know of the ticket as it stands, and where it lies: `a12/`, a name that no reader has."""
    rule = case.definition.confidential
    if rule is None:
        return frozenset(_everybody(case))
    if secret(case):
        return frozenset(_few(case, rule))
    # Whoever may know of a confidential one knows of an open one too, e.g. the organ that would review it.
    around = frozenset(_everybody(case))
    posts = _posts(case, rule, frozenset())
    return around | {f"{unit}/{post}" for unit, post in posts if unit not in around}


def _everybody(case: Case) -> Iterator[str]:
    ticket, tasks = case.ticket, case.tasks.values()
    yield from (f"a{link.id}" for link in ticket.area)
    yield from (f"d{one}" for one in (ticket.creator_department, *(task.department_id for task in tasks)) if one)
    yield from (f"p{one}" for one in (ticket.reporter_id, *(task.person_id for task in tasks)) if one)


def _few(case: Case, rule: Confidential) -> Iterator[str]:
    never = barred(case)
    yield from (f"a{link.id}/" for link in case.ticket.area)
    if case.ticket.reporter_id is not None:
        yield f"p{case.ticket.reporter_id}"
    for task in _holding(case):
        if task.person_id is not None and task.department_id not in never:
            yield f"p{task.person_id}"
    yield from (f"{unit}/{post}" for unit, post in _posts(case, rule, never))


def _posts(case: Case, rule: Confidential, never: frozenset[int]) -> Iterator[tuple[str, str]]:
    """The posts that the file names, in which units."""
    for name in rule.known_to:
        role = case.definition.roles[name]
        for unit in _units(role, case, never):
            yield from ((unit, post) for post in role.posts)


def _units(role: Role, case: Case, never: frozenset[int]) -> Iterator[str]:
    """The areas or departments in which a role's posts know, over all rounds: what was known stays known."""
    if role.person is not None:
        return
    if role.department is None:
        wanted = (None, AreaScope.TICKET)
        yield from (f"a{link.id}" for link in case.ticket.area if role.area in (*wanted, link.level))
        return
    found = {department for department in _departments(role.department, case) if department is not None}
    yield from (f"d{department}" for department in found - never)


def _departments(scope: DepartmentScope, case: Case) -> Iterator[int | None]:
    if scope is DepartmentScope.CREATOR:
        yield case.ticket.creator_department
    for task in _holding(case):
        if scope in (DepartmentScope.TASK, DepartmentScope.CALLED) or (scope is DepartmentScope.LEAD and task.lead):
            yield task.department_id
        elif scope is DepartmentScope.ABOVE_LEAD and task.lead:
            yield task.department_above


def _holding(case: Case) -> Iterator[Task]:
    """The tasks whose holders know: all but those that were given back."""
    return (task for task in case.tasks.values() if task.type is not StateType.VOID or task.state == _WITHDRAWN)
