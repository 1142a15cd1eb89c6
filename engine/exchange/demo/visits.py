"""Demo registers, and what the clock has opened for their rows, walked into every state of the loop by the cast."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.application import Application
from engine.clock import DAY, MINUTE, Instant
from engine.definitions import register_file
from engine.exchange.demo import files
from engine.exchange.registers import apply_rows
from engine.stages.calls import Call, Caller

_REGISTERS = ("special-care", "monitoring-points", "village-duties")
#: So that a draw of the present quarter finds the rows there when it began.
_KEPT_SINCE = 200 * DAY
_HEAD, _LEADER = "li.village", "sun.grid"
_FIRST, _SECOND = "shen.volunteer", "volunteer.zh31012000101.2"

Form = Mapping[str, Any]
Step = tuple[str, str, Form]
_VISIT: Step = (_HEAD, "visit", {"condition": "needs", "note": "楼道灯不亮，老人夜里不敢出门"})
_CALLED: tuple[Step, ...] = (_VISIT, (_LEADER, "mobilise", {"message": "请就近帮助更换楼道灯泡一只"}))
_CLAIMED: tuple[Step, ...] = (*_CALLED, (_FIRST, "claim", {}))
_HELPED: tuple[Step, ...] = (
    *_CALLED,
    (_SECOND, "claim", {}),
    (_SECOND, "helped", {"result": "已更换灯泡，并留下联系卡"}),
)
_WELL: tuple[Step, ...] = ((_HEAD, "visit", {"condition": "well", "note": "精神尚好，药已配齐"}),)
#: Row → who does what on this month's visit to it; a row left out still waits for its visit.
_STORIES: dict[str, Sequence[Step]] = {
    "fx-002": (_VISIT,),
    "fx-003": _CALLED,
    "fx-004": _CLAIMED,
    "fx-005": _HELPED,
    "fx-006": _WELL,
    "fx-007": (*_HELPED, (_LEADER, "pass", {})),
}


def fill_registers(application: Application) -> None:
    """Put in the rows of the demo's registers; repeating it changes nothing."""
    now = application.clock.now()
    known = register_file.discover()
    for key in _REGISTERS:
        apply_rows(application.database, known[key], files.path(f"{key}.csv"), Instant(now - _KEPT_SINCE))


def walk_visits(application: Application) -> int:
    """Walk this month's visits into every state of the loop; how many. Repeating it changes nothing."""
    now = application.clock.now()
    for code, steps in _STORIES.items():
        _walk(application, code, steps, now)
    return len(_STORIES)


def _walk(application: Application, code: str, steps: Sequence[Step], now: Instant) -> None:
    mark = "%s" if application.database.dialect == "postgresql" else "?"
    with application.database.looking() as transaction:
        people = dict(transaction.rows("SELECT login, id FROM person"))
        ((ticket_id, state),) = transaction.rows(
            "SELECT b.ticket_id, t.state FROM birth b JOIN ticket t ON t.id = b.ticket_id "  # noqa: S608
            f"WHERE b.workflow = 'four-hundred-visits' AND b.start = 'care' AND b.subject = {mark} "
            "ORDER BY b.at DESC LIMIT 1",
            (f"special-care/{code}",),
        )
    if state != "due":
        return
    for number, (who, action, form) in enumerate(steps):
        call = Call(
            caller=Caller(person_id=people[who]), action=action, ticket_id=ticket_id, form=form,
            task=_task(application, ticket_id) if action == "helped" else None, key=f"demo:{code}:{ticket_id}:{number}",
        )  # fmt: skip
        application.door.act(call, now=Instant(now + number * MINUTE))


def _task(application: Application, ticket_id: int) -> int:
    with application.database.looking() as transaction:
        return next(task.seq for task in application.door.case(transaction, ticket_id).tasks.values() if task.open)
