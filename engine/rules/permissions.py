"""Who may: roles of a workflow file held against the posts a person holds. Undeclared means denied."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.definitions.model import Action, AreaScope, DepartmentScope, PersonScope, Role
from engine.rules import knowing
from engine.rules.case import Actor, ActorKind, Case, Held, Task


@dataclass(frozen=True, slots=True)
class Standing:
    """In which capacity an actor acts; stored with the event."""

    role: str
    post: str = ""
    area_id: int | None = None
    department_id: int | None = None
    #: The person on leave in whose place it is (a deputy).
    behalf_of: int | None = None


def standing(action: Action, actor: Actor, case: Case, task: Task | None) -> Standing | None:
    """The first role of the action that the actor has, or None: then it is denied."""
    if actor.kind in (ActorKind.CLOCK, ActorKind.RULE):
        return Standing(actor.kind.value) if actor.kind.value in action.by else None
    if actor.kind is ActorKind.IMPORT:
        return Standing(ActorKind.IMPORT.value)
    if actor.kind is ActorKind.LINK:
        return _by_link(action, actor, case, task)
    if actor.kind is ActorKind.PUBLIC and case.ticket.last_seq == 0 and not action.public:
        return None
    roles = case.definition.roles
    # A post says more of a capacity than being the reporter does, so roles by post come first.
    able = (name for name in action.by_people() if knowing.may_act(case, roles[name]))
    wanted = sorted(able, key=lambda name: (roles[name].person is not None, name))
    own = tuple(held for held in actor.posts if held.behalf_of is None)
    for name in wanted:
        found = _fits(roles[name], own, actor, case, task)
        if found is not None:
            return found
    return _in_place(wanted, actor, case, task) if len(own) < len(actor.posts) else None


def _by_link(action: Action, actor: Actor, case: Case, task: Task | None) -> Standing | None:
    """A link is no post: it opens its one task, for what the file lets the role of a link do."""
    if task is None or actor.opens != (case.ticket.id, task.seq):
        return None
    roles = case.definition.roles
    name = next((name for name in sorted(action.by_people()) if roles[name].link), None)
    return Standing(name, department_id=task.department_id) if name is not None else None


def _in_place(wanted: Iterable[str], actor: Actor, case: Case, task: Task | None) -> Standing | None:
    """What a deputy may only in another person's place: only by posts, for being somebody can't be deputed."""
    deputed = tuple(held for held in actor.posts if held.behalf_of is not None)
    roles = (case.definition.roles[name] for name in wanted)
    by_post = (_fits(role, deputed, actor, case, task) for role in roles if role.person is None)
    return next((found for found in by_post if found is not None), None)


def _fits(role: Role, posts: Iterable[Held], actor: Actor, case: Case, task: Task | None) -> Standing | None:
    if role.person is not None:
        if _did((actor.person_id,), role.not_who, case):
            return None
        return Standing(role.name) if _is_person(role.person, actor, case, task) else None
    areas = _areas(role, case)
    departments = _departments(role, case, task)
    never = knowing.barred(case) if case.ticket.confidential else frozenset()
    for held in posts:
        if held.post not in role.posts or held.department_id in never or not _reaches(held, areas, departments):
            continue
        if role.duty and not held.on_duty:
            continue
        # Neither the deputy nor whom they stand for may have done it, nor had it done in their place.
        if not _did((actor.person_id, held.behalf_of), role.not_who, case):
            return Standing(role.name, held.post, held.area_id, held.department_id, held.behalf_of)
    return None


def _did(people: tuple[int | None, ...], actions: frozenset[str], case: Case) -> bool:
    """Whether one of these people did one of the actions, or had it done, in any round of the ticket."""
    return any(deed.action in actions and deed.of(*people) for deed in case.ticket.memory.deeds)


def _is_person(scope: PersonScope, actor: Actor, case: Case, task: Task | None) -> bool:
    if scope is PersonScope.REPORTER:
        # Before its first event a ticket has no reporter yet: whoever reports becomes it.
        return case.ticket.last_seq == 0 or _reported(actor, case)
    return task is not None and actor.person_id is not None and task.person_id == actor.person_id


def _reported(actor: Actor, case: Case) -> bool:
    """The reporter of the ticket: the person, or whoever holds the receipt of one that no person reported."""
    if actor.person_id is not None:
        return actor.person_id == case.ticket.reporter_id
    return case.ticket.reporter_id is None and actor.reported == case.ticket.id


def _areas(role: Role, case: Case) -> frozenset[int] | None:
    """The areas at which the post may be held; None when the role doesn't ask."""
    if role.area is None:
        return None
    if role.area == AreaScope.TICKET:
        return frozenset(link.id for link in case.ticket.area)
    return frozenset(link.id for link in case.ticket.area if link.level == role.area)


def _departments(role: Role, case: Case, task: Task | None) -> frozenset[int | None] | None:
    scope = role.department
    if scope is None:
        return None
    if scope is DepartmentScope.CREATOR:
        # At a start the department is the actor's own, whichever post of the role is held.
        return None if case.ticket.last_seq == 0 else frozenset({case.ticket.creator_department})
    if scope is DepartmentScope.TASK:
        return frozenset({task.department_id}) if task else frozenset()
    if scope is DepartmentScope.CALLED:
        return frozenset(other.department_id for other in case.present())
    leads = [other for other in case.present() if other.lead]
    if scope is DepartmentScope.LEAD:
        return frozenset(lead.department_id for lead in leads)
    return frozenset(lead.department_above for lead in leads if lead.department_above is not None)


def _reaches(held: Held, areas: frozenset[int] | None, departments: Iterable[int | None] | None) -> bool:
    if areas is not None and held.area_id not in areas:
        return False
    if departments is None:
        return True
    return held.department_id is not None and held.department_id in departments
