"""Who may do what: every action of every shipped workflow against every post everywhere, and everybody without one.

What is expected is read from the files as text and from the four tables below; neither the loader's roles nor the code
that permits is asked. A new file, a new action and a new post are in it by themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine import resources
from engine.definitions.loader import load
from engine.definitions.model import Workflow
from engine.errors import NotPermitted
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, ActorKind, Ask, Case, Held, RequestState, Task, Ticket
from engine.rules.decide import Target, examine
from engine.rules.memory import Deed, Memory
from engine.vocabulary import StateType
from tests.support.cases import (
    AREA,
    BUREAU,
    CITY,
    DISTRICT,
    GAS,
    GRID,
    MICRO,
    MONDAY,
    POWER,
    STREET,
    URBAN,
    VILLAGE,
    WATER,
)

#: Where the ticket lies, and other places: the next of each level of the same district, and another district's.
CHAIN = {"micro_grid": MICRO, "village": VILLAGE, "grid": GRID, "street": STREET, "district": DISTRICT, "city": CITY}
ELSEWHERE = (31, 41, 51, 61, 90, 91)
#: Whose posts are asked: 主办 urban and 协办 water have tasks, both below the bureau; the others have none.
SCOPES = {
    "task": {URBAN}, "called": {URBAN, WATER}, "lead": {URBAN}, "above lead": {BUREAU}, "creator": {GAS},
}  # fmt: skip
UNITS = (URBAN, WATER, BUREAU, POWER, GAS)
REPORTER, CLAIMER, SOMEBODY = 7, 8, 9
TICKET, OTHER_TICKET = 1, 2
LEAD_TASK, CO_TASK = 2, 3


@cache
def text(path: Any) -> Mapping[str, Any]:
    return dict(YAML(typ="safe").load(path))


FILES = sorted(path for path in resources.workflows().glob("*.yaml") if "workflow" in text(path))
POSTS = tuple(text(resources.workflows() / "posts.yaml")["posts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """One action as the file declares it, and where."""

    name: str
    by: frozenset[str]
    #: "" for the ticket, else the kind of task.
    kind: str
    #: "" for a start.
    state: str
    #: The request that it asks or answers.
    request: str = ""
    answers: bool = False
    public: bool = False


def words(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value or ())


def declared(raw: Mapping[str, Any]) -> Iterator[Where]:
    """Every action of a file, once per state in which it stands."""
    for name, action in raw["starts"].items():
        yield Where(name=name, by=words(action.get("by")), kind="", state="", public=bool(action.get("public")))
    states = {name: state for part in raw["stages"].values() for name, state in part.items()}
    yield from _scope("", states, raw)
    for kind, task in raw.get("tasks", {}).items():
        yield from _scope(kind, task["states"], task)


def _scope(kind: str, states: Mapping[str, Any], around: Mapping[str, Any]) -> Iterator[Where]:
    for state, one in states.items():
        for name, action in (one.get("actions") or {}).items():
            yield Where(name=name, by=words(action.get("by")), kind=kind, state=state)
    for name, action in around.get("common", {}).items():
        for state in words(action["in"]):
            yield Where(name=name, by=words(action.get("by")), kind=kind, state=state)
    for name, request in around.get("requests", {}).items():
        for state in words(request["ask"]["in"]):
            yield Where(name=name, by=words(request["ask"].get("by")), kind=kind, state=state, request=name)
        for answer, action in request["answers"].items():
            state = next(iter(sorted(words(request["ask"]["in"]))))
            yield Where(name=answer, by=words(action.get("by")), kind=kind, state=state, request=name, answers=True)


def case_of(definition: Workflow, where: Where, *, about: tuple[int, ...] = ()) -> Case:
    """A ticket in that state with a task of the lead department and one of another, as far as the file has tasks."""
    kinds = list(definition.tasks)
    begun = bool(where.state)
    memory = Memory(rounds=dict.fromkeys(kinds, 1), about=about)
    ticket = Ticket(
        id=TICKET, case_no="20260302-000001", state=where.state if begun and not where.kind else "", version=1,
        state_version=1, last_seq=9 if begun else 0, head="", head_at=MONDAY, visit=1, area=AREA,
        creator_department=GAS if begun else None, reporter_id=REPORTER if begun else None, memory=memory,
        confidential=bool(about),
    )  # fmt: skip
    case = Case(definition=definition, ticket=ticket)
    if where.kind:
        ticket.state = next(name for name, state in definition.states.items() if state.type is StateType.WORKING)
        case.tasks = {
            seq: Task(
                seq=seq, kind=where.kind, state=where.state, type=StateType.WORKING, round=1, lead=seq == LEAD_TASK,
                version=1, opened_at=MONDAY, entered_at=MONDAY, department_id=unit, department_above=BUREAU,
                person_id=CLAIMER,
            )
            for seq, unit in ((LEAD_TASK, URBAN), (CO_TASK, WATER))
        }  # fmt: skip
    elif begun and kinds:
        case.tasks = {
            seq: Task(
                seq=seq, kind=kinds[0], state=next(iter(definition.tasks[kinds[0]].states)), type=StateType.WORKING,
                round=1, lead=seq == LEAD_TASK, version=1, opened_at=MONDAY, entered_at=MONDAY, department_id=unit,
                department_above=BUREAU,
            )
            for seq, unit in ((LEAD_TASK, URBAN), (CO_TASK, WATER))
        }  # fmt: skip
    return case


def target_of(case: Case, where: Where) -> Target:
    """What `decide` would find for it."""
    task = case.tasks[LEAD_TASK] if where.kind else None
    scope = case.scope(task)
    if not where.state:
        return Target(case.definition.starts[where.name])
    if where.answers:
        ask = Ask(
            seq=5, name=where.request, task_seq=task.seq if task else None, state=RequestState.OPEN, asked_at=MONDAY
        )
        return Target(scope.requests[where.request].answers[where.name], task, answered=ask)
    if where.request:
        return Target(scope.requests[where.request].ask, task, asked=scope.requests[where.request])
    return Target(scope.states[where.state].actions[where.name], task)


@cache
def everybody() -> tuple[Actor, ...]:
    """Each post at every place, one at a time; and those who come in without a post."""
    people = [
        Actor(kind=ActorKind.PERSON, person_id=SOMEBODY, name="somebody", posts=(held,))
        for post in POSTS
        for held in (
            *(Held(post, area) for area in (*CHAIN.values(), *ELSEWHERE)),
            *(Held(post, None, unit) for unit in UNITS),
            *(Held(post, area, on_duty=False) for area in CHAIN.values()),
            Held(post),
        )
    ]
    for who in (REPORTER, CLAIMER, SOMEBODY):
        people.append(Actor(kind=ActorKind.PERSON, person_id=who, name="nobody"))
    for reported in (None, TICKET, OTHER_TICKET):
        people.append(Actor(kind=ActorKind.PUBLIC, name="public:passer_by", reported=reported))
    for opens in ((TICKET, LEAD_TASK), (TICKET, CO_TASK), (OTHER_TICKET, LEAD_TASK)):
        people.append(Actor(kind=ActorKind.LINK, name="link", opens=opens))
    return (*people, THE_CLOCK, THE_RULE)


def expected(raw: Mapping[str, Any], where: Where, case: Case, actor: Actor) -> bool:
    """Whether the file lets this actor: said once more, from its text."""
    if actor.kind in (ActorKind.CLOCK, ActorKind.RULE):
        return actor.kind.value in where.by
    roles = {name: raw["roles"][name] for name in where.by - {"clock", "rule"}}
    if actor.kind is ActorKind.LINK:
        return (
            bool(where.kind) and actor.opens == (TICKET, LEAD_TASK) and any(one.get("link") for one in roles.values())
        )
    if actor.kind is ActorKind.PUBLIC and not where.state and not where.public:
        return False
    kept = case.ticket.confidential
    known = words(raw.get("confidential", {}).get("known_to"))
    return any(
        _may(role, where, case, actor)
        for name, role in roles.items()
        if not kept or name in known or role.get("person")
    )


def _may(role: Mapping[str, Any], where: Where, case: Case, actor: Actor) -> bool:
    did = {deed.action for deed in case.ticket.memory.deeds if deed.person_id == actor.person_id}
    if did & words(role.get("not")):
        return False
    if role.get("person") == "reporter":
        return not where.state or actor.person_id == REPORTER
    if role.get("person") == "task":
        return bool(where.kind) and actor.person_id == CLAIMER
    return any(_holds(role, where, case, held) for held in actor.posts)


def _holds(role: Mapping[str, Any], where: Where, case: Case, held: Held) -> bool:
    if held.post not in words(role.get("post")) or held.department_id in case.ticket.memory.about:
        return False
    if role.get("duty") and not held.on_duty:
        return False
    area, scope = role.get("area"), role.get("department")
    if area == "ticket" and held.area_id not in CHAIN.values():
        return False
    if area not in (None, "ticket") and held.area_id != CHAIN.get(area):
        return False
    if scope is None or (scope == "creator" and not where.state):
        return scope is None or held.post in words(role.get("post"))
    units = SCOPES[scope] if scope in ("creator", "task") or case.tasks else set()
    return held.department_id in (units if scope != "task" or where.kind else set())


def _told(path: Any, where: Where, actor: Actor) -> str:
    held = actor.posts[0] if actor.posts else None
    who = f"{held.post} area={held.area_id} unit={held.department_id}" if held else f"{actor.kind} {actor.person_id}"
    return f"{path.name}: {where.kind or 'ticket'}/{where.state or 'start'}/{where.name}: {who}"


def differing(path: Any, *, about: tuple[int, ...] = (), deeds: bool = False) -> tuple[int, list[str]]:
    """How many pairs were asked, and those whose answer is not the file's."""
    raw, definition = text(path), load(path)
    asked, wrong = 0, []
    for where in declared(raw):
        case = case_of(definition, where, about=about)
        target = target_of(case, where)
        for actor in everybody():
            if deeds:
                case.ticket.memory.deeds = tuple(
                    Deed(action=name, seq=1, person_id=actor.person_id, department_id=None, task_seq=None)
                    for name in _barred_by(raw, where)
                )
            refused = isinstance(examine(case, target, actor, MONDAY), NotPermitted)
            asked += 1
            if refused == expected(raw, where, case, actor):
                wrong.append(_told(path, where, actor))
    return asked, wrong


def _barred_by(raw: Mapping[str, Any], where: Where) -> list[str]:
    return sorted({name for role in where.by - {"clock", "rule"} for name in words(raw["roles"][role].get("not"))})


def test_every_shipped_workflow_is_looked_at() -> None:
    assert len(FILES) >= 10
    assert len(POSTS) >= 19
    pairs = sum(1 for path in FILES for _ in declared(text(path))) * len(everybody())
    assert pairs > 260_000, "docs/security.md says so"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_action_is_open_to_whom_the_file_declares_and_to_nobody_else(path: Any) -> None:
    asked, wrong = differing(path)
    assert asked > 1_000
    assert not wrong, wrong[:20]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whoever_did_what_bars_them_is_denied_whatever_else_they_hold(path: Any) -> None:
    _, wrong = differing(path, deeds=True)
    assert not wrong, wrong[:20]


@pytest.mark.parametrize("path", [path for path in FILES if "confidential" in text(path)], ids=lambda path: path.stem)
@pytest.mark.parametrize("about", [(POWER,), (WATER,), (URBAN,), (BUREAU,)], ids=["aside", "co", "lead", "above"])
def test_a_kept_ticket_is_open_to_those_alone_who_may_know_and_never_to_whom_it_is_about(
    path: Any, about: tuple[int, ...]
) -> None:
    below = (URBAN, WATER) if about == (BUREAU,) else ()
    _, wrong = differing(path, about=(*about, *below))
    assert not wrong, wrong[:20]


def test_what_is_expected_does_say_no_and_yes() -> None:
    """The oracle itself: a few lines of one file, read by hand."""
    path = next(path for path in FILES if path.stem == "block-calls-line-responds")
    raw, definition = text(path), load(path)
    accept = next(one for one in declared(raw) if (one.state, one.name) == ("reported", "accept"))
    sign = next(one for one in declared(raw) if (one.kind, one.name) == ("line", "sign"))

    def may(where: Where, **held: Any) -> bool:
        actor = Actor(kind=ActorKind.PERSON, person_id=SOMEBODY, posts=(replace(Held("x"), **held),))
        return expected(raw, where, case_of(definition, where), actor)

    assert may(accept, post="coordinator", area_id=STREET)
    assert not may(accept, post="coordinator", area_id=DISTRICT)
    assert not may(accept, post="coordinator", area_id=31)
    assert may(sign, post="handler", department_id=URBAN)
    assert not may(sign, post="handler", department_id=WATER)
    assert not may(sign, post="handler", area_id=STREET)
