"""Decisions are pure: the case they look at stays as it is, and the same question has the same answer.

Both shipped loops are walked at random by the whole cast; whatever is possible is done, and what must always be true is
looked at after each act.
"""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR
from engine.definitions.model import FieldType, Workflow
from engine.errors import HuyingError
from engine.rules import decide
from engine.rules.acts import Decision
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, Run
from engine.rules.facts import CaseFacts
from engine.vocabulary import StateType
from tests.support.cases import URBAN, Cast, Story, almanac, block_calls, multi_grid, whole

#: A word that no fact may hold.
SECRET = "张三一三八"
EVERYBODY = [actor for actor in vars(Cast).values() if isinstance(actor, Actor)]
DEPARTMENTS = ("urban", "water", "power", "gas")


def _kept(story: Story) -> Any:
    """Everything of a case that an act might change."""
    case = story.case
    return copy.deepcopy((case.ticket, case.tasks, case.asks, case.timers))


def _moves(story: Story, actors: list[Actor]) -> list[tuple[Actor, decide.Target]]:
    """What somebody may do now, in a steady order."""
    return [
        (actor, target)
        for target in decide.targets(story.case)
        for actor in actors
        if not isinstance(decide.examine(story.case, target, actor, story.now), HuyingError)
    ]


def _options(story: Story, target: decide.Target, data: st.DataObject) -> dict[str, Any]:
    form = whole(target.action.form, {}, story.now)
    for item in target.action.form:
        if item.field.type is FieldType.DEPARTMENT:
            codes = data.draw(st.lists(st.sampled_from(DEPARTMENTS), min_size=1, max_size=3, unique=True))
            form[item.name] = codes if item.many else codes[0]
        elif item.field.personal:
            form[item.name] = SECRET
    options: dict[str, Any] = {"form": form}
    if target.answered is not None:
        options["request"] = target.answered.seq
    elif target.task is not None:
        options["task"] = target.task.seq
    if target.action.each:
        options["each"] = {
            task.seq: whole(items, {}, story.now)
            for kind, items in target.action.each.items()
            for task in story.case.round_of(kind)
            if task.type is StateType.CLOSED
        }
    return options


@pytest.mark.parametrize("definition", [block_calls(), multi_grid()], ids=["block calls", "multi-grid"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_is_done_a_decision_changes_nothing_but_what_it_says(
    definition: Workflow, data: st.DataObject
) -> None:
    story = Story(definition)
    story.do(data.draw(st.sampled_from([Cast.wang, Cast.citizen])), "report", form={"description": SECRET})
    for _ in range(data.draw(st.integers(1, 25))):
        moves = _moves(story, [*EVERYBODY, THE_CLOCK])
        if not moves:
            break
        actor, target = data.draw(st.sampled_from(moves))
        options = _options(story, target, data)
        before = _kept(story)
        answer = story.tried(actor, target.action.name, **options)
        again = story.tried(actor, target.action.name, **options)
        assert _kept(story) == before
        if isinstance(answer, HuyingError):
            assert str(answer) == str(again)
            assert answer.code in ("malformed", "not_allowed_now"), answer
            continue
        assert isinstance(again, Decision)
        assert [event.hash for event in answer.events] == [event.hash for event in again.events]
        assert answer == again
        _look_at(story, answer)
        story.let(answer)
        _always_true(story)
        story.later(data.draw(st.integers(0, 30)) * HOUR)


def _look_at(story: Story, decision: Decision) -> None:
    """What one decision may say."""
    seqs = [row.seq for rows in (decision.events, decision.notices, decision.commands) for row in rows]
    assert len(seqs) == len(set(seqs))
    assert all(story.case.ticket.last_seq < seq <= decision.ticket.last_seq for seq in seqs)
    assert [event.seq for event in decision.events] == sorted(event.seq for event in decision.events)
    assert decision.ticket.version == story.case.ticket.version + 1
    assert decision.ticket.head == decision.events[-1].hash
    for event in decision.events:
        assert SECRET not in event.facts
        assert event.at <= event.recorded_at
    for task in decision.tasks:
        old = story.case.tasks.get(task.seq)
        assert task.version == (old.version + 1 if old else 1)


def _always_true(story: Story) -> None:
    """What must hold between two acts, whatever happened."""
    case, definition = story.case, story.case.definition
    state = definition.states[case.ticket.state]
    seqs = [*case.tasks, *case.asks, *case.timers, *(event.seq for event in story.events)]
    assert len(seqs) == len(set(seqs))
    assert [event.at for event in story.events] == sorted(event.at for event in story.events)
    for task in case.tasks.values():
        assert definition.tasks[task.kind].states[task.state].type is task.type
        assert not task.open or (task.kind in state.tasks and task in list(case.round_of(task.kind)))
        assert (task.settled_at is None) == task.open
    for kind in definition.tasks:
        live = [task for task in case.round_of(kind) if task.live]
        assert len({(task.department_id, task.person_id) for task in live}) == len(live)
    for ask in case.open_asks():
        owner = case.tasks[ask.task_seq] if ask.task_seq is not None else None
        where = owner.state if owner else case.ticket.state
        assert where in case.scope(owner).requests[ask.name].states
    for timer in case.timers.values():
        assert timer.ended_at is None
        assert timer.run in (Run.RUNNING, Run.PAUSED)
        assert timer.request_seq is not None or _lists(story, timer.task_seq, timer.name)
    if state.final:
        assert not case.timers
    assert (case.ticket.settled_at is not None) == (state.type in (StateType.CLOSED, StateType.VOID))
    for action in state.actions.values():
        if "rule" in action.by:
            assert action.when is not None
            assert not action.when.holds(CaseFacts(case)), f"{action.name} was left undone"
    rules = story.act(THE_RULE, "")
    assert decide.reconsider(case, rules, story.now, almanac()) is None


def _lists(story: Story, task_seq: int | None, name: str) -> bool:
    if task_seq is None:
        return name in story.case.definition.states[story.state].deadlines
    task = story.case.tasks[task_seq]
    return name in story.case.definition.tasks[task.kind].states[task.state].deadlines


def test_one_case_can_be_asked_about_by_everybody_at_once() -> None:
    story = Story().called("urban", "water").signed(URBAN)
    before = _kept(story)
    answers = {actor.name: len(_moves(story, [actor])) for actor in EVERYBODY}
    assert _kept(story) == before
    assert answers["shen"] > answers["chen"] > answers["neighbour"] == 0
