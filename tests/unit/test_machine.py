"""A definition as a table of transitions."""

import threading
from dataclasses import replace

import pytest

from engine.definitions.loader import discover, loads
from engine.definitions.machine import BEFORE, Machine, move
from engine.definitions.model import Workflow
from engine.errors import NotAllowedNow
from tests.support.loops import SMALL


class Ticket:
    """Anything with a state."""

    def __init__(self, state: str) -> None:
        self.state = state


@pytest.fixture(scope="module")
def small() -> Workflow:
    return loads(SMALL)


def test_an_action_moves_whatever_has_a_state(small: Workflow) -> None:
    ticket = Ticket("reported")
    assert Machine.of(small).move(ticket, "accept") == "filed"
    assert ticket.state == "filed"


def test_a_start_moves_from_before_the_first_state(small: Workflow) -> None:
    assert move(small, None, BEFORE, "report") == "reported"


def test_an_action_without_target_stays(small: Workflow) -> None:
    assert move(small, None, "filed", "look") == "filed"


def test_a_task_moves_by_its_own_table(small: Workflow) -> None:
    assert move(small, "line", "sent", "sign") == "signed"
    assert move(small, "line", "sent", "replace") == "withdrawn"
    with pytest.raises(NotAllowedNow):
        move(small, "line", "sent", "accept")


def test_an_answer_moves_by_its_request() -> None:
    flagship = next(each for each in discover() if each.key == "block-calls-line-responds")
    assert move(flagship, "line", "signed", "redispatch", request="return") == "returned"
    with pytest.raises(NotAllowedNow):
        move(flagship, "line", "signed", "redispatch")
    with pytest.raises(NotAllowedNow):
        move(flagship, "line", "done", "redispatch", request="return")


@pytest.mark.parametrize(
    ("state", "action"), [("reported", "send"), ("reported", "unheard_of"), ("nowhere", "accept"), ("closed", "accept")]
)
def test_what_the_table_does_not_know_is_refused_in_both_languages(small: Workflow, state: str, action: str) -> None:
    ticket = Ticket(state)
    with pytest.raises(NotAllowedNow) as caught:
        Machine.of(small).move(ticket, action)
    assert ticket.state == state
    assert caught.value.details == {"state": state, "action": action}
    assert action in caught.value.zh
    assert action in caught.value.en


@pytest.mark.parametrize(
    "name", ["state", "trigger", "initial", "events", "to_filed", "is_filed", "may_accept", "派遣"]
)
def test_an_action_may_have_any_name(name: str) -> None:
    small = loads(SMALL.replace("        send: {", f"        {name}: {{"))
    assert move(small, None, "filed", name) == "handling"


def test_no_transition_exists_that_the_file_does_not_say(small: Workflow) -> None:
    for action in ("to_closed", "to_reported", "reported", "do accept"):
        with pytest.raises(NotAllowedNow):
            move(small, None, "reported", action)


def test_the_edges_are_the_files_actions(small: Workflow) -> None:
    edges = Machine.of(small).edges()
    assert {(edge.source, edge.action.name) for edge in edges if edge.request is None} == {
        (BEFORE, "report"),
        *((state.name, action) for state in small.states.values() for action in state.actions),
    }
    assert [(edge.source, edge.action.name, edge.target) for edge in edges if edge.request] == [
        ("checking", "noted", None)
    ]
    assert [action.name for action in Machine.of(small).actions_in("filed")] == ["send", "look", "refuse"]


def test_a_machine_is_compiled_once_per_definition(small: Workflow) -> None:
    assert Machine.of(small) is Machine.of(small)
    assert Machine.of(small, "line") is Machine.of(small, "line")
    assert Machine.of(small) is not Machine.of(small, "line")


def test_an_altered_copy_has_a_machine_of_its_own(small: Workflow) -> None:
    states = {**small.states, "reported": replace(small.states["reported"], actions={})}
    altered = replace(small, states=states)
    assert altered.sha256 == small.sha256
    with pytest.raises(NotAllowedNow):
        move(altered, None, "reported", "accept")
    assert move(small, None, "reported", "accept") == "filed"


def test_one_machine_serves_many_threads(small: Workflow) -> None:
    wrong: list[str] = []

    def walk() -> None:
        for _ in range(300):
            ticket = Ticket("reported")
            Machine.of(small).move(ticket, "accept")
            if Machine.of(small).move(ticket, "send") != "handling":
                wrong.append(ticket.state)

    threads = [threading.Thread(target=walk) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_every_shipped_action_moves_as_its_file_says(workflow: Workflow) -> None:
    for kind in (None, *workflow.tasks):
        for edge in Machine.of(workflow, kind).edges():
            after = move(workflow, kind, edge.source, edge.action.name, request=edge.request)
            assert after == (edge.action.to or edge.source)


@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_every_shipped_state_can_be_reached_and_left(workflow: Workflow) -> None:
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        edges = [(edge.source, edge.target) for edge in Machine.of(workflow, kind).edges() if edge.target]
        begins = {BEFORE} if kind is None else {workflow.tasks[kind].first, "withdrawn"}
        for each in (None, *workflow.tasks):
            for state in workflow.scope(each).states.values():
                begins |= {to for action in state.actions.values() for k, to in action.reopens.items() if k == kind}
        assert set(scope.states) <= _closure(begins, edges)
        ends = {name for name, state in scope.states.items() if state.final}
        assert set(scope.states) <= _closure(ends, [(target, source) for source, target in edges])


def _closure(known: set[str], edges: list[tuple[str, str]]) -> set[str]:
    found = set(known)
    while more := {target for source, target in edges if source in found} - found:
        found |= more
    return found
