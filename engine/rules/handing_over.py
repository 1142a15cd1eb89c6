"""Hand-over 交接: the open work of somebody who leaves a post moves to the successor, with a line of history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.rules.acts import Act, Decision
from engine.rules.almanac import Almanac
from engine.rules.case import Actor, Case
from engine.rules.draft import Draft
from engine.rules.permissions import Standing

HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Whose work goes to whom, and why. Logins stand in the history, ids in the rows."""

    from_id: int
    from_login: str
    to_id: int
    to_login: str
    #: The post that passes; "" for all work whatever the post.
    post: str = ""
    reason: str = ""


def hand_over(case: Case, actor: Actor, one: Successor, now: Instant, almanac: Almanac, **how: Any) -> Decision | None:
    """The open tasks of one person become another's; None when there is none left, so doing it twice does nothing.

    `how` is what an `Act` takes of salt and hash algorithm.
    """
    mine = [task.seq for task in case.tasks.values() if task.open and task.person_id == one.from_id]
    if not mine:
        return None
    draft = Draft(case, Act(action=HANDED_OVER, actor=actor, **how), now, almanac)
    event_seq = draft.seq()
    move(draft, mine, one.from_id, one.to_id)
    state = draft.definition.states[draft.ticket.state]
    draft.record(
        seq=event_seq, action=HANDED_OVER, scope="", task_seq=None, request_seq=None, actor=actor,
        standing=Standing(actor.kind.value), moved=(state.name, state.name),
        stage=state.stage.value if state.stage else "", facts=_facts(one, mine), personal={},
    )  # fmt: skip
    draft.notice(event_seq, "", f"p{one.to_id}", ())
    return draft.finish()


def move(draft: Draft, tasks: Iterable[int], old: int, new: int) -> None:
    """What a hand-over changes: whose tasks these are, and whose clocks run on them."""
    for seq in tasks:
        task = draft.task(seq)
        task.person_id = new
        for timer in draft.timers_of(task):
            if timer.holder == f"p{old}":
                draft.timer(timer.seq).holder = f"p{new}"
    draft.reach(f"p{new}")


def retell(draft: Draft, facts: Mapping[str, Any], people: Mapping[str, int]) -> None:
    """The same from the line of history. Errors: `KeyError` for a login that there never was."""
    move(draft, facts["tasks"], people[facts["from"]], people[facts["to"]])


def _facts(one: Successor, tasks: list[int]) -> dict[str, Any]:
    said = {"from": one.from_login, "to": one.to_login, "post": one.post, "reason": one.reason}
    return {"tasks": tasks, **{name: value for name, value in said.items() if value}}
