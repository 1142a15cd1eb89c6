"""Hand-back 拒办: a bound unit gives back a task that rests on nothing any more; the ticket's rules see to the rest."""

from collections.abc import Mapping
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Action, Title
from engine.errors import HuyingError
from engine.rules.acts import Act, Decision
from engine.rules.almanac import Almanac
from engine.rules.arriving import withdraw
from engine.rules.case import Case, Task
from engine.rules.decide import settle
from engine.rules.doing import Doing
from engine.rules.draft import Draft
from engine.rules.forms import Filled
from engine.rules.permissions import Standing

HANDED_BACK = "handed_back"
_ACTION = Action(name=HANDED_BACK, title=Title("居村拒办", "Handed back by the village"))


def hand_back(
    case: Case, act: Act, capacity: Standing, facts: Mapping[str, Any], sender: int | None, now: Instant,
    almanac: Almanac,
) -> Decision | HuyingError:  # fmt: skip
    """The acted task ends as withdrawn, with a line that says why; then the rules of the file follow.

    The person who sent it is told, if a person did.
    """
    draft = Draft(case, act, now, almanac)
    task = draft.task(act.task or 0)
    before, event_seq = task.state, draft.seq()
    doing = _doing(draft, task, capacity, event_seq)
    withdraw(doing, task)
    state = draft.definition.states[draft.ticket.state]
    draft.record(
        seq=event_seq, action=HANDED_BACK, scope=task.kind, task_seq=task.seq, request_seq=None, actor=act.actor,
        standing=capacity, moved=(before, task.state), stage=state.stage.value if state.stage else "",
        facts={"role": capacity.role, **doing.facts, **facts}, personal={},
    )  # fmt: skip
    if sender is not None:
        draft.notice(event_seq, "", f"p{sender}", ())
    return settle(draft) or draft.finish()


def retell(draft: Draft, task_seq: int, event_seq: int) -> None:
    """The same from the line of history; what the rules did stands in lines of its own."""
    task = draft.task(task_seq)
    draft.ticket.last_seq = event_seq
    withdraw(_doing(draft, task, Standing(""), event_seq), task)


def _doing(draft: Draft, task: Task, capacity: Standing, event_seq: int) -> Doing:
    return Doing(
        draft=draft, action=_ACTION, task=task, actor=draft.act.actor, capacity=capacity, filled=Filled(), answers={},
        event_seq=event_seq,
    )  # fmt: skip
