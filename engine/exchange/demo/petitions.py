"""Demo petitions: one in every state of the loop, and an accusation that only those who work on it can find."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from engine.application import Application
from engine.clock import DAY, HOUR, Instant, moment
from engine.exchange.demo.tickets import Sight
from engine.records import uploads
from engine.records.asking import ask_one
from engine.records.load import asked_key
from engine.rules.case import Case
from engine.stages.calls import Call, Caller, Outcome
from engine.stages.door import ticket_id

_LOOP = "petitions"
_OFFICE, _REVIEWER, _CITY, _CONVENER = "tang.petition", "meng.review", "yuan.city", "lu.convener"
_HANDLER, _HEAD, _BUREAU = "liu.handler", "zheng.lead", "shao.bureau"
_PETITIONER = "bai.petitioner"
_URBAN, _WATER, _HOUSING = "cg-001", "sw-001", "fg-001"
_STREET = "310120001"
#: Stand-ins: a written paper, and the day on which a hearing ends.
_PAPER, _HEARD = "paper", "heard"
#: A hearing that was granted is held in so many days from now.
_HEARING = 5 * DAY


@dataclass(frozen=True, slots=True)
class Step:
    """One act: who does what, on whose task or in answer to what is asked, so many days after the one before."""

    who: str
    action: str
    form: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    answers: bool = False
    days: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """A petition and how far it has come; it was registered so many days ago.

    One that `continues` another takes the other's petition on from then.
    """

    name: str
    ago: int
    steps: Sequence[Step]
    continues: str = ""


def _registered(words: str, channel: str, name: str, **more: Any) -> Step:
    form = {"description": words, "channel": channel, "demand": "redress", "area": _STREET, "contact_name": name}
    return Step(_OFFICE, "register", {**form, **more})


def _online(words: str, **more: Any) -> Step:
    return Step(_PETITIONER, "petition", {"description": words, "demand": "redress", "area": _STREET, **more})


_PASSED = Step(_OFFICE, "pass_on", {"lead": _URBAN, "message": "请依法处理，并书面答复信访人"}, days=2)
_TAKEN = (_PASSED, Step(_HANDLER, "take", {"note": "已电话告知信访人由本队办理"}, task=_URBAN, days=2))
_HEARING_ASKED = Step(_HANDLER, "hearing", {"until": _HEARD, "reason": "楼上楼下各执一词，拟听证"}, task=_URBAN, days=1)
_ANSWERED = (
    *_TAKEN,
    Step(_HANDLER, "hear", {"note": "已当面听取陈述并现场踏勘"}, task=_URBAN, days=3),
    Step(_HANDLER, "answer", {"opinion": _PAPER, "outcome": "partly"}, task=_URBAN, days=20),
)
_REVIEW = (*_ANSWERED, Step(_PETITIONER, "ask_review", {"reason": "处理意见未涉及夜间噪声"}, days=4))
_REVIEWED = (*_REVIEW, Step(_BUREAU, "keep", {"opinion": _PAPER}, days=9))
_RE_REVIEW = (*_REVIEWED, Step(_PETITIONER, "ask_re_review", {"reason": "对复查意见仍不服"}, days=3))
_FINAL = (*_RE_REVIEW, Step(_CITY, "conclude", {"opinion": _PAPER, "outcome": "persuade"}, days=12))


def _objected(unit: str, head: str, clause: str) -> Step:
    return Step(head, "objection", {"reason": "不属本单位职责", "clause": clause}, task=unit, days=1)


def _moved(to: str) -> Step:
    return Step(_OFFICE, "move_on", {"department": to}, answers=True, days=1)


_DISPUTED = (
    _PASSED,
    _objected(_URBAN, _HEAD, "三定方案第四条"),
    _moved(_WATER),
    _objected(_WATER, "ma.water", "供排水职责分工第二条"),
    _moved(_HOUSING),
)

STORIES: tuple[Story, ...] = (
    Story("registered", 11, (_registered("反映小区加装电梯资金分摊不公", "letter", "胡桂芳"),)),
    Story("received", 4, (_registered("反映沿街餐饮油烟直排，窗户不能开", "visit", "曹明德"), _PASSED)),
    Story("objection", 4, (
        _registered("反映楼顶违建基站，要求拆除", "call", "俞秀英"), _PASSED,
        _objected(_URBAN, _HEAD, "三定方案第四条"),
    )),
    Story("working", 51, (_online("反映楼下棋牌室深夜扰民，多次报警未果"), *_TAKEN)),
    Story("hearing", 9, (
        _registered("反映两户共用天井被一户封闭", "leader", "邹永年"), *_TAKEN, _HEARING_ASKED,
        Step(_HEAD, "grant_hearing", answers=True, days=1),
    )),
    Story("extended", 62, (
        _registered("反映历史遗留的拆违补偿问题", "letter", "陶福生"),
        Step(_OFFICE, "entrust", {"lead": _URBAN, "message": "请核查补偿依据，三十日内回报进展"}, days=1),
        Step(_HANDLER, "take", task=_URBAN, days=1),
        Step(_HANDLER, "more_time", {"reason": "需调阅十年前的档案"}, task=_URBAN, days=40),
        Step(_HEAD, "grant_more", answers=True, days=1),
    )),
    Story("disputed", 9, (_registered("反映河边步道塌陷，几家都说不归自己管", "web", "韦国栋"), *_DISPUTED)),
    Story("designated", 12, (
        _registered("反映弄堂积水与乱搭建交织", "visit", "潘玉兰"), *_DISPUTED,
        Step(_CONVENER, "designate", {"lead": _URBAN, "reason": "以乱搭建为主因，城管牵头"}, days=1),
    )),
    Story("decided", 40, (_online("反映夜间施工噪声"), *_ANSWERED)),
    Story("reviewing", 45, (_online("反映店招灯箱整夜照进卧室"), *_REVIEW)),
    Story("reviewed", 55, (_online("反映占道洗车污水横流"), *_REVIEWED)),
    Story("re_reviewing", 60, (_online("反映早餐摊占道，出行不便"), *_RE_REVIEW)),
    Story("final", 70, (_online("反映邻居饲养家禽"), *_FINAL)),
    Story("closed", 90, (
        _online("反映拆除自家雨棚不公"), *_FINAL,
        Step(_OFFICE, "comfort", {"note": "已上门解释，并介绍法律援助"}, days=2), Step(_OFFICE, "archive", days=3),
    )),
    Story("settled", 30, (_registered("反映装修损坏公共管道", "visit", "尹建华"), *_TAKEN)),
    Story("answered", 12, (
        _registered("再次反映装修损坏公共管道", "letter", "尹建华"),
        Step(_OFFICE, "join", {"ticket": "settled"}, days=1),
    )),
    Story("agreement", 6, (Step(_OFFICE, "settle", {"agreement": _PAPER}),), continues="settled"),
    Story("redirected", 6, (
        _registered("反映离婚财产判决执行不到位", "visit", "孔祥玉"),
        Step(_OFFICE, "redirect", {"route": "court", "reason": "属执行异议，请向执行法院提出"}, days=1),
    )),
    Story("refused", 8, (
        _registered("就已复核终结的同一事实再次来信", "letter", "常福根"),
        Step(_OFFICE, "refuse", {"reason": "同一事实和理由已有复核意见"}, days=1),
    )),
    Story("withdrawn", 15, (
        _online("反映快递柜占用消防通道"), *_TAKEN,
        Step(_PETITIONER, "withdraw", {"reason": "已自行协商解决"}),
    )),
    Story("joined", 3, (
        _registered("再次反映沿街餐饮油烟直排", "letter", "曹明德"),
        Step(_OFFICE, "join", {"ticket": "received"}, days=1),
    )),
    Story("accusation", 16, (
        _online("举报综合行政执法队个别队员收受商户好处，对违规占道视而不见", demand="accusation", accused=[_URBAN]),
        Step(_OFFICE, "pass_on", {"lead": "cg", "message": "请依规依纪核查，注意保密"}, days=2),
    )),
)  # fmt: skip

#: Name of a story → who sees what there.
_SIGHTS = (
    ("hearing", _HANDLER, "信访：听证期间时限停走", "a petition whose clock stands still for a hearing"),
    ("reviewing", _BUREAU, "信访：等复查", "a petition that waits for its review"),
    ("accusation", _PETITIONER, "保密的检举，他人处处不见", "an accusation that others find nowhere"),
)


def build_petitions(application: Application) -> tuple[Sight, ...]:
    """Walk every petition through the door; where to look now. Repeating it changes nothing.

    Errors: the refusal of the first act that the file no longer allows.
    """
    with application.database.looking() as transaction:
        people = dict(transaction.rows("SELECT login, id FROM person"))
    cases: dict[str, str] = {}
    for story in STORIES:
        cases[story.name] = _walk(application, story, people, cases)
    return tuple(Sight(login, f"/tickets/{cases[name]}", zh, en) for name, login, zh, en in _SIGHTS)


def _walk(application: Application, story: Story, people: Mapping[str, int], cases: Mapping[str, str]) -> str:
    at, outcome = Instant(application.clock.now() - story.ago * DAY - HOUR), None
    with application.database.looking() as transaction:
        ticket = ticket_id(transaction, cases[story.continues]) if story.continues else None
    for count, step in enumerate(story.steps):
        at = Instant(at + step.days * DAY + HOUR // 12)
        caller, key = Caller(person_id=people[step.who]), f"demo:petition:{story.name}:{count}"
        before = _before(application, caller, key)
        if before is not None:
            outcome, ticket = before, before.ticket_id
            continue
        words = {**cases, _HEARD: f"{moment(Instant(application.clock.now() + _HEARING)):%Y-%m-%d}"}
        if _PAPER in step.form.values():
            words[_PAPER] = _paper(application, people[step.who], f"{story.name}:{count}")
        call = Call(
            caller=caller,
            action=step.action,
            workflow=_LOOP if ticket is None else None,
            ticket_id=ticket,
            form={name: _spoken(value, words) for name, value in step.form.items()},
            key=key,
            **_target(application, ticket, step),
        )  # fmt: skip
        outcome = application.door.act(call, now=at)
        ticket = outcome.ticket_id
    return outcome.case_no if outcome else ""


def _spoken(value: Any, words: Mapping[str, str]) -> Any:
    return words.get(value, value) if isinstance(value, str) else value


def _before(application: Application, caller: Caller, key: str) -> Outcome | None:
    with application.database.looking() as transaction:
        stored = ask_one(transaction, asked_key(transaction, caller.key, key))
    return Outcome.from_json(json.loads(stored[1])) if stored else None


def _target(application: Application, ticket: int | None, step: Step) -> dict[str, Any]:
    """The task or the request that a step is about."""
    if ticket is None or not (step.task or step.answers):
        return {}
    with application.database.looking() as transaction:
        case: Case = application.door.case(transaction, ticket)
        codes = dict(transaction.rows("SELECT code, id FROM department"))
    if step.answers:
        return {"request": next(case.open_asks()).seq}
    return {"task": max(one.seq for one in case.tasks.values() if one.department_id == codes[step.task] and one.live)}


def _paper(application: Application, uploader: int, seed: str) -> str:
    """A written opinion as a scanner saw it: lines of writing and a seal, drawn here."""
    dice = Random(seed)  # noqa: S311
    page = Image.new("RGB", (620, 877), "#fdfdfb")
    pen = ImageDraw.Draw(page)
    pen.rectangle((170, 70, 450, 92), fill="#222222")
    for line in range(18):
        pen.rectangle((80, 150 + line * 30, 80 + dice.randint(260, 460), 158 + line * 30), fill="#4a4a4a")
    pen.ellipse((400, 690, 530, 820), outline="#c1121f", width=6)
    coming = io.BytesIO()
    page.save(coming, "JPEG", quality=80)
    coming.seek(0)
    now = application.clock.now()
    return uploads.store(application.database, application.store, coming, uploader, now).sha256
