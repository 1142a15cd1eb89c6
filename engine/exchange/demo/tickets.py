"""Demo tickets: a handful in different states, each walked there through the door by the cast."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from engine.application import Application
from engine.clock import HOUR, MINUTE, Instant
from engine.records import uploads
from engine.stages.calls import Call, Caller, Outcome

_LINE = "block-calls-line-responds"
_GRIDS = "multi-grid-in-one"
#: The demo's own idempotency keys: building it twice makes no second ticket.
_KEY = "demo"


@dataclass(frozen=True, slots=True)
class Step:
    """One act of a story: who does what, and on whose task."""

    who: str
    action: str
    form: dict[str, Any] = field(default_factory=dict)
    #: The department whose newest task is acted on.
    task: str | None = None
    #: Answers the request that waits.
    answers: bool = False
    each: dict[str, Any] | None = None


_BEFORE, _AFTER, _CHECK = "before_photos", "after_photos", "check_photos"


def _report(words: str, area: str = "31012000100101") -> Step:
    return Step("wang.worker", "report", {"description": words, "place": {"area": area}, _BEFORE: ["photo"]})


def _filed(who: str, item: str) -> Step:
    return Step(who, "accept", {"item": f"{{{item}}}", "urgency": "normal"})


def _called(item: str, lead: str, *co: str) -> tuple[Step, ...]:
    return (
        _filed("chen.desk", item),
        Step("chen.desk", "call", {"kind": "appeal", "lead": lead, **({"co": list(co)} if co else {})}),
    )


_URBAN, _WATER = "cg-001", "sw-001"
_NOT_OURS = {"ground": "beyond", "suggested": _URBAN, "clause": "市政排水管网养护职责分工第三条"}
_SIGNED = (Step("liu.handler", "sign", task=_URBAN),)
_DONE = (*_SIGNED, Step("liu.handler", "finish", {"result": "已现场处置完毕", _AFTER: ["photo"]}, task=_URBAN))
_CHECKED = Step("zhao.checker", "check", {_CHECK: ["photo"]})
_RETURNED = (Step("ma.water", "sign", task=_WATER), Step("ma.water", "return", _NOT_OURS, task=_WATER))

#: Workflow and steps of each story; the first step reports. Items are named as the demo's catalogue names them.
STORIES: tuple[tuple[str, Sequence[Step]], ...] = (
    (_LINE, (_report("小区东门路灯连续三晚不亮，老人夜间出行不便"),)),
    (_LINE, (_report("人行道地砖松动翘起，已有居民绊倒"), _filed("chen.desk", "人行道"))),
    (_LINE, (_report("沿街商铺占道经营，盲道被堵"), *_called("跨门营业", _URBAN))),
    (_LINE, (_report("河道边建筑垃圾偷倒，气味明显"), *_called("偷倒渣土", _URBAN, _WATER), *_SIGNED)),
    (_LINE, (_report("绿化带内共享单车堆积成片"), *_called("非机动车乱停", _URBAN), *_DONE)),
    (_LINE, (_report("公交站台广告牌玻璃破碎"), *_called("公交站点", _URBAN), *_DONE, _CHECKED)),
    (_LINE, (_report("地下车库出口积水倒灌"), *_called("道路积水", _WATER), *_RETURNED)),
    (_GRIDS, (_report("两村交界断头路无人养护，雨后泥泞"),)),
    (_GRIDS, (_report("老旧小区外墙渗水，房屋与物业各执一词"), _filed("sun.grid", "房屋漏水"))),
)


def build_tickets(application: Application, progress: Callable[[str], None] | None = None) -> int:
    """Walk every story through the door; how many tickets are there now. Repeating it changes nothing.

    Errors: the refusal of the first act that the files no longer allow.
    """
    people, items = _people(application), _items(application)
    photo = _photo(application, people["wang.worker"])
    now = Instant(application.clock.now() - 6 * HOUR)
    for number, (workflow, steps) in enumerate(STORIES):
        if progress:
            progress(f"{number + 1}/{len(STORIES)} {steps[0].form['description']}")
        _walk(application, workflow, steps, number, people, {**items, "photo": photo}, now)
        now = Instant(now + 25 * MINUTE)
    return len(STORIES)


def _walk(
    application: Application,
    workflow: str,
    steps: Sequence[Step],
    number: int,
    people: dict[str, int],
    words: dict[str, str],
    now: Instant,
) -> None:
    outcome: Outcome | None = None
    for count, step in enumerate(steps):
        call = Call(
            caller=Caller(person_id=people[step.who]),
            action=step.action,
            workflow=workflow if outcome is None else None,
            ticket_id=outcome.ticket_id if outcome else None,
            task=_task(application, outcome, step),
            form=_spoken(step.form, words),
            key=f"{_KEY}:{number}:{count}",
            channel="grid" if outcome is None else "",
        )
        outcome = application.door.act(call, now=Instant(now + count * 3 * MINUTE))


def _task(application: Application, outcome: Outcome | None, step: Step) -> int | None:
    if step.task is None or outcome is None:
        return None
    with application.database.looking() as transaction:
        case = application.door.case(transaction, outcome.ticket_id)
        mark = "%s" if transaction.postgresql else "?"
        ((department,),) = transaction.rows(f"SELECT id FROM department WHERE code = {mark}", (step.task,))  # noqa: S608
    return max(task.seq for task in case.tasks.values() if task.department_id == department and task.live)


def _spoken(value: Any, words: dict[str, str]) -> Any:
    """A form with its stand-ins replaced."""
    if isinstance(value, dict):
        return {key: _spoken(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spoken(inner, words) for inner in value]
    return words.get(value, value) if isinstance(value, str) else value


def _people(application: Application) -> dict[str, int]:
    with application.database.looking() as transaction:
        return dict(transaction.rows("SELECT login, id FROM person"))


def _items(application: Application) -> dict[str, str]:
    """`{name}` → the code of that item's first standard."""
    with application.database.looking() as transaction:
        rows = transaction.rows(
            "SELECT i.name, i.code, min(s.ordinal) FROM item i JOIN standard s ON s.item_id = i.id AND s.active "
            "GROUP BY i.name, i.code"
        )
    return {f"{{{name}}}": f"{code}/{ordinal}" for name, code, ordinal in rows}


def _photo(application: Application, uploader: int) -> str:
    """A picture of a street lamp, drawn here: the demo needs no file of anybody's."""
    picture = Image.new("RGB", (640, 480), "#cfe3f5")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 360, 640, 480), fill="#7d8790")
    pen.rectangle((310, 120, 322, 372), fill="#3d4650")
    pen.line((316, 124, 400, 110), fill="#3d4650", width=10)
    pen.ellipse((384, 100, 430, 124), fill="#fff3b0")
    coming = io.BytesIO()
    picture.save(coming, "JPEG", quality=85)
    coming.seek(0)
    return uploads.store(application.database, application.store, coming, uploader, application.clock.now()).sha256
