"""`apart`: how long after the last time in the present visit to a state an action can be done again."""

from engine.clock import Instant, shown
from engine.definitions.model import Action
from engine.errors import NotAllowedNow
from engine.rules.case import Case, Task
from engine.rules.draft import Draft
from engine.rules.worktime import continuous


def too_soon(case: Case, action: Action, task: Task | None, now: Instant) -> NotAllowedNow | None:
    """Refuse what was done too short a while ago, and say from when on it is possible again."""
    last = (task or case.ticket).memory.moments.get(action.name)
    if action.apart is None or last is None:
        return None
    again = Instant(last + continuous(action.apart))
    if now >= again:
        return None
    return NotAllowedNow(
        f"两次“{action.title.zh}”须间隔{action.apart.zh}，{shown(again)} 后可再办",
        f"'{action.title.en}' is possible again at {shown(again)}, {action.apart.en} after the last time",
        possible_at=again,
    )


def note_moment(draft: Draft, action: Action, task: Task | None) -> None:
    """Remember when it was done, on the acted task, else on the ticket."""
    if action.apart is not None:
        (task or draft.ticket).memory.moments[action.name] = draft.at
