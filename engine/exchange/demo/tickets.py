"""Demo tickets: a handful in different states, each walked there through the door by the cast."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from engine.application import Application
from engine.clock import HOUR, MINUTE, Instant
from engine.exchange.demo.spots import AREA, place
from engine.records import uploads
from engine.records.asking import ask_one
from engine.records.load import asked_key
from engine.rules.case import THE_RULE
from engine.stages.calls import Call, Caller, Outcome

LINE = "block-calls-line-responds"
GRIDS = "multi-grid-in-one"
REQUEST = "service-request"
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
    #: What is said of every task that was done.
    each: dict[str, Any] | None = None
    #: How long after the step before.
    after: int = 3 * MINUTE
    #: Where a start lies that no form says it of: the code of an area.
    area: str | None = None


_PHOTO = "photo"
_BEFORE, _AFTER, _CHECK = "before_photos", "after_photos", "check_photos"


def _report(words: str, at: tuple[float, float] | None = None, area: str = AREA) -> Step:
    return Step("wang.worker", "report", {"description": words, "place": place(words, at, area), _BEFORE: [_PHOTO]})


def _filed(who: str, item: str) -> Step:
    return Step(who, "accept", {"item": f"{{{item}}}", "urgency": "normal"})


def _called(item: str, lead: str, *co: str) -> tuple[Step, ...]:
    return (
        _filed("chen.desk", item),
        Step("chen.desk", "call", {"kind": "appeal", "lead": lead, **({"co": list(co)} if co else {})}),
    )


_URBAN, _WATER = "cg-001", "sw-001"
#: A unit without accounts.
_OWNERS = "yw-001"
_NOT_OURS = {"ground": "beyond", "suggested": _URBAN, "clause": "市政排水管网养护职责分工第三条"}
_SIGNED = (Step("liu.handler", "sign", task=_URBAN),)
_DONE = (*_SIGNED, Step("liu.handler", "finish", {"result": "已现场处置完毕", _AFTER: [_PHOTO]}, task=_URBAN))
_CHECKED = Step("zhao.checker", "check", {_CHECK: [_PHOTO]})
_RETURNED = (Step("ma.water", "sign", task=_WATER), Step("ma.water", "return", _NOT_OURS, task=_WATER))

#: The east gate of an estate and the crossing before it, longitude and latitude in degrees.
_GATE, _BESIDE = (121.3921, 30.9531), (121.39218, 30.95314)
_CROSSING, _THERE_AGAIN = (121.3951, 30.9531), (121.39514, 30.95307)
_DRAINS = (_filed("chen.desk", "检查井盖"), Step("chen.desk", "call", {"kind": "appeal", "lead": _URBAN}))
_PUBLISHED = (*_DONE, _CHECKED, Step("sun.grid", "pass", {}, each={"stars": 5, "resolved": "solved"}))
_RULED = Step("chen.desk", "redispatch", {"department": _URBAN}, answers=True)

#: Workflow and steps of each story; the first step reports. Items are named as the demo's catalogue names them.
STORIES: tuple[tuple[str, Sequence[Step]], ...] = (
    (LINE, (_report("小区东门路灯连续三晚不亮，老人夜间出行不便", _GATE),)),
    (LINE, (_report("人行道地砖松动翘起，已有居民绊倒"), _filed("chen.desk", "人行道"))),
    (LINE, (_report("沿街商铺占道经营，盲道被堵"), *_called("跨门营业", _URBAN))),
    (LINE, (_report("河道边建筑垃圾偷倒，气味明显"), *_called("偷倒渣土", _URBAN, _WATER), *_SIGNED)),
    (LINE, (_report("绿化带内共享单车堆积成片"), *_called("非机动车乱停", _URBAN), *_DONE)),
    (LINE, (_report("公交站台广告牌玻璃破碎"), *_called("公交站点", _URBAN), *_DONE, _CHECKED)),
    (LINE, (_report("地下车库出口积水倒灌"), *_called("道路积水", _WATER), *_RETURNED)),
    (GRIDS, (_report("两村交界断头路无人养护，雨后泥泞"),)),
    (GRIDS, (_report("老旧小区外墙渗水，房屋与物业各执一词"), _filed("sun.grid", "房屋漏水"))),
    (LINE, (_report("小区东门路灯不亮，夜间出行不便", _BESIDE),)),
    (LINE, (_report("路口窨井盖破损松动，车辆碾压有异响", _CROSSING), *_DRAINS, *_PUBLISHED)),
    (LINE, (_report("路口窨井盖又松动，刚修过几天", _THERE_AGAIN), _filed("chen.desk", "检查井盖"))),
    (LINE, (_report("桥下积水无人抽排"), *_called("道路积水", _WATER), *_RETURNED, _RULED, *_SIGNED)),
    (LINE, (_report("住宅楼道堆满杂物，消防通道被占"), *_called("跨门营业", _OWNERS))),
)

#: Number and step of a story → whose picture is shown there once more.
_COPIED: dict[tuple[int | str, int], tuple[int, int]] = {(5, 4): (4, 4)}


#: Number of a story → who sees what there, Chinese and English.
_SIGHTS = (
    (0, "chen.desk", "疑似重复，一键并案", "a likely duplicate, joined with one click"),
    (3, "liu.handler", "主办、协办并行，时限与梯级", "a lead and a co-handler side by side, time and its rungs"),
    (5, "chen.desk", "处置照片与另一案相同", "a photo that was shown in another case before"),
    (6, "chen.desk", "退单等裁定", "a return that waits for its ruling"),
    (10, "sun.grid", "直评公示后的全过程", "a whole story up to its published evaluation"),
    (13, "chen.desk", "任务链接", "a unit without accounts"),
    (11, "chen.desk", "复发提示与建议主办", "a relapse, and leads proposed with reasons"),
)
_PAGES = (
    ("chen.desk", "/precedents", "裁定先例", "rulings that bind or guide"),
    ("sun.grid", "/registers", "名册与走访", "registers and the visits born from them"),
    ("xu.chief", "/activity", "网格长履职", "what grid leaders did"),
    ("xu.chief", "/posts", "请假与代理", "leave and deputies"),
    ("chen.desk", "/grids", "网格码海报", "posters by which passers-by report"),
    ("feng.supervisor", "/appraisals", "双考核：呼叫方与被呼方", "both sides appraised"),
    ("feng.supervisor", "/exemptions", "剔除记录", "what indicators leave out, and why"),
    ("feng.supervisor", "/rhythms", "督查节律", "rhythms of supervision"),
)


@dataclass(frozen=True, slots=True)
class Sight:
    """Where the demo has something to show: by whose sign-in, at which path."""

    login: str
    path: str
    zh: str
    en: str


def build_tickets(application: Application, progress: Callable[[str], None] | None = None) -> tuple[Sight, ...]:
    """Walk every story through the door; where to look now. Repeating it changes nothing.

    Errors: the refusal of the first act that the files no longer allow.
    """
    people, items = people_of(application), items_of(application)
    now = Instant(application.clock.now() - 6 * HOUR)
    cases: list[str] = []
    for number, (workflow, steps) in enumerate(STORIES):
        if progress:
            progress(f"{number + 1}/{len(STORIES)} {steps[0].form['description']}")
        cases.append(walk(application, workflow, steps, number, people, items, now))
        now = Instant(now + 25 * MINUTE)
    told = (Sight(login, f"/tickets/{cases[number]}", zh, en) for number, login, zh, en in _SIGHTS)
    return (*told, *(Sight(*page) for page in _PAGES))


def walk(
    application: Application,
    workflow: str,
    steps: Sequence[Step],
    number: int | str,
    people: dict[str, int],
    words: dict[str, str],
    now: Instant,
) -> str:
    """Walk one story through the door from a moment on, each step when it says; its case number.

    `number` names the story in the demo's own keys; `words` are what stands for stand-ins of its forms.
    """
    outcome: Outcome | None = None
    at = now
    for count, step in enumerate(steps):
        at = Instant(at + step.after) if count else now
        key, caller = f"{_KEY}:{number}:{count}", _caller(people, step)
        before = _before(application, caller, key)
        if before is not None:
            outcome = before
            continue
        shot = [_PHOTO] in step.form.values()
        photo = _photo(application, people[step.who], number, count) if shot else ""
        call = Call(
            caller=caller,
            action=step.action,
            workflow=workflow if outcome is None else None,
            ticket_id=outcome.ticket_id if outcome else None,
            task=_task(application, outcome, step),
            **_beside(application, outcome, step),
            form=_spoken(step.form, {**words, _PHOTO: photo}),
            key=key,
            channel=_channel(caller) if outcome is None else "",
            area=step.area,
        )
        outcome = application.door.act(call, now=at)
    return outcome.case_no if outcome else ""


def _caller(people: dict[str, int], step: Step) -> Caller:
    """Somebody of the district, or the engine's rule, which opens what was drawn."""
    return Caller(name=step.who) if step.who == THE_RULE.name else Caller(person_id=people[step.who])


def _channel(caller: Caller) -> str:
    return "grid" if caller.person_id is not None else "sample"


def _before(application: Application, caller: Caller, key: str) -> Outcome | None:
    """What came of a step that was done before: whatever visitors did since, it is not asked for again."""
    with application.database.looking() as transaction:
        stored = ask_one(transaction, asked_key(transaction, caller.key, key))
    return Outcome.from_json(json.loads(stored[1])) if stored else None


def _task(application: Application, outcome: Outcome | None, step: Step) -> int | None:
    if step.task is None or outcome is None:
        return None
    with application.database.looking() as transaction:
        case = application.door.case(transaction, outcome.ticket_id)
        mark = "%s" if transaction.postgresql else "?"
        ((department,),) = transaction.rows(f"SELECT id FROM department WHERE code = {mark}", (step.task,))  # noqa: S608
    return max(task.seq for task in case.tasks.values() if task.department_id == department and task.live)


def _beside(application: Application, outcome: Outcome | None, step: Step) -> dict[str, Any]:
    """The request that an answer answers, and what is said of each task that was done."""
    if outcome is None or not (step.answers or step.each):
        return {}
    with application.database.looking() as transaction:
        case = application.door.case(transaction, outcome.ticket_id)
    done = [task.seq for task in case.tasks.values() if task.state == "done"]
    return {
        "request": next(case.open_asks()).seq if step.answers else None,
        "each": dict.fromkeys(done, step.each) if step.each else {},
    }


def _spoken(value: Any, words: dict[str, str]) -> Any:
    """A form with its stand-ins replaced."""
    if isinstance(value, dict):
        return {key: _spoken(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spoken(inner, words) for inner in value]
    return words.get(value, value) if isinstance(value, str) else value


def people_of(application: Application) -> dict[str, int]:
    """Login → id."""
    with application.database.looking() as transaction:
        return dict(transaction.rows("SELECT login, id FROM person"))


def items_of(application: Application) -> dict[str, str]:
    """`{name}` → the code of that item's first standard."""
    with application.database.looking() as transaction:
        rows = transaction.rows(
            "SELECT i.name, i.code, min(s.ordinal) FROM item i JOIN standard s ON s.item_id = i.id AND s.active "
            "GROUP BY i.name, i.code"
        )
    return {f"{{{name}}}": f"{code}/{ordinal}" for name, code, ordinal in rows}


def _photo(application: Application, uploader: int, number: int | str, count: int) -> str:
    """What the step's camera saw; one of them was copied from another ticket, for the check of evidence to find."""
    scene = _COPIED.get((number, count), (number, count))
    coming = io.BytesIO()
    _scene(*scene).save(coming, "JPEG", quality=85 if scene == (number, count) else 40)
    coming.seek(0)
    return uploads.store(application.database, application.store, coming, uploader, application.clock.now()).sha256


def _scene(number: int | str, count: int) -> Image.Image:
    """A street with houses and a lamp, drawn here: the demo needs no file of anybody's."""
    dice = Random(f"{number}:{count}")  # noqa: S311
    ground = dice.randint(280, 400)
    picture = Image.new("RGB", (640, 480), dice.choice(("#cfe3f5", "#e6eef2", "#b9d3ea", "#f3e5d0")))
    pen = ImageDraw.Draw(picture)
    left = -dice.randint(0, 60)
    while left < 640:
        width, height = dice.randint(60, 170), dice.randint(40, 240)
        wall = dice.choice(("#b08968", "#8d99ae", "#c9ada7", "#5c677d", "#a3b18a", "#e0c9a6"))
        pen.rectangle((left, ground - height, left + width, ground), fill=wall)
        for across in range(left + 12, left + width - 22, 34):
            for down in range(ground - height + 14, ground - 26, 40):
                pen.rectangle(
                    (across, down, across + 16, down + 20), fill="#fff3b0" if dice.random() < 0.3 else "#2f3e46"
                )
        left += width + dice.randint(0, 70)
    pen.rectangle((0, ground, 640, 480), fill=dice.choice(("#7d8790", "#6c757d", "#95999d")))
    lamp = dice.randint(60, 560)
    pen.rectangle((lamp, ground - 220, lamp + 10, ground + 14), fill="#343a40")
    pen.line((lamp + 5, ground - 216, lamp + 72, ground - 230), fill="#343a40", width=8)
    pen.ellipse((lamp + 60, ground - 240, lamp + 104, ground - 218), fill="#fff3b0")
    return picture
