"""Supervision in the demo: letters to heads of units, checks of what was drawn, rounds at monitoring points.

One in every state of each loop. Checks and rounds are opened by the engine's rule, as a draw opens them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.application import Application
from engine.clock import DAY, HOUR, Instant
from engine.exchange.demo.spots import AREA, place
from engine.exchange.demo.tickets import LINE, Step, items_of, people_of, walk
from engine.rules.case import THE_RULE

LETTER, CHECK, VISIT = "supervision", "sample-checks", "burden-visits"

_SUPERVISOR, _CHECKER, _CHIEF = "feng.supervisor", "supervisor.310120.2", "lu.convener"
_WORKER, _DESK, _HANDLER, _LEAD = "wang.worker", "chen.desk", "liu.handler", "zheng.lead"
_CALLER_BACK, _INSPECTOR = "lin.callback", "sun.grid"
_OFFICE, _SECRETARY = "zhou.district", "li.village"
_URBAN, _STREET, _HOME = "cg-001", "310120001", "310120001001"
_PHOTO = ["photo"]
#: Stand for the case numbers of the tickets that a letter or a check is about.
_ABOUT, _ALSO = "about", "also"


@dataclass(frozen=True, slots=True)
class Story:
    """How a ticket comes into a state, and how long ago that began."""

    state: str
    ago: int
    steps: Sequence[Step]
    #: The ticket that was drawn, which is closed before: its own short story.
    drawn: Sequence[Step] = ()


def _called(words: str, item: str) -> tuple[Step, ...]:
    return (
        Step(_WORKER, "report", {"description": words, "place": place(words), "before_photos": _PHOTO}),
        Step(_DESK, "accept", {"item": f"{{{item}}}", "urgency": "normal"}),
        Step(_DESK, "call", {"kind": "appeal", "lead": _URBAN}),
        Step(_HANDLER, "sign", task=_URBAN),
    )


#: What the letters are about: signed, and left undone since.
OVERDUE: dict[str, Sequence[Step]] = {
    _ABOUT: _called("早餐铺油烟直排，居民多次反映", "跨门营业"),
    _ALSO: _called("校门口盲道被电动车长期占用", "非机动车乱停"),
}
_OVERDUE_SINCE = 30 * DAY


def _draft(cause: str, words: str, demand: str) -> Step:
    form = {"area": _STREET, "cause": cause, "description": words, "demand": demand, "about": [_ABOUT, _ALSO]}
    return Step(_SUPERVISOR, "draft", form)


_APPROVED = Step(_CHECKER, "approve", {"note": "事实清楚，同意发函"}, after=2 * HOUR)
_SEND = Step(_SUPERVISOR, "send", {"lead": _URBAN, "about": [_ABOUT, _ALSO]}, after=HOUR)
_READ = Step(_LEAD, "read", {"note": "已阅，即办"}, task=_URBAN, after=HOUR)


def _answer(result: str) -> Step:
    return Step(_LEAD, "answer", {"result": result}, task=_URBAN, after=DAY)


#: 提醒函.
LETTERS = (
    Story("drafted", HOUR, (_draft("overdue", "两件超期未办，居民多次催问", "三个工作日内办结并书面说明"),)),
    Story("mending", 6 * HOUR, (
        _draft("conduct", "两件在股室之间来回转办", "明确专人负责，一次办结"),
        Step(_CHECKER, "mend", {"message": "请补充转办经过，事由改用超期未办"}, after=HOUR),
    )),
    Story("approved", 8 * HOUR, (_draft("quality", "反馈照片看不出整改效果", "重新到场，补充前后对照照片"), _APPROVED)),
    Story("sent", 10 * HOUR, (
        _draft("unanswered", "两件督办限期已过，未见回复", "逐件书面回复"), _APPROVED, _SEND, _READ,
    )),
    Story("answered", 4 * DAY, (
        _draft("overdue", "沿街两件办理超期", "限期办结，举一反三"), _APPROVED, _SEND, _READ,
        _answer("一件已办结，另一件本周五前完成，已安排专人盯办"),
    )),
    Story("raised", 9 * DAY, (
        _draft("reworked", "同一处返工两次仍不达标", "查明原因，彻底整改"), _APPROVED, _SEND, _READ,
        _answer("已再次清理"),
        Step(_SUPERVISOR, "raise", {"reason": "答复未说明原因，现场仍有占道"}, after=DAY),
    )),
    Story("settled", 20 * DAY, (
        _draft("quality", "现场恢复不到位，路面留有油污", "冲洗路面，加强巡查"), _APPROVED, _SEND, _READ,
        _answer("已冲洗路面，落实每日两次巡查"),
        Step(_SUPERVISOR, "not_enough", {"message": "请附巡查安排和责任人"}, after=DAY),
        _answer("巡查表和责任人名单已报送督查室"),
        Step(_SUPERVISOR, "confirm", {"note": "复看属实"}, after=DAY),
    )),
    Story("settled-by-talk", 24 * DAY, (
        _draft("conduct", "两次以职责不清为由拖延", "主要负责人牵头，限期办结"), _APPROVED, _SEND, _READ,
        _answer("仍在与有关单位协商"),
        Step(_SUPERVISOR, "raise", {"reason": "协商逾两周无结果"}, after=DAY),
        Step(_CHIEF, "talked", {"outcome": "已约谈主要负责人，承诺一周内办结并每日报进度"}, after=2 * DAY),
    )),
    Story("dropped", 6 * DAY, (
        _draft("overdue", "两件临近超期", "抓紧办理"),
        Step(_SUPERVISOR, "drop", {"reason": "单位已主动来函说明，暂不发函"}, after=4 * HOUR),
    )),
)  # fmt: skip


def _self_handled(words: str, result: str) -> tuple[Step, ...]:
    report = Step(_WORKER, "report", {"description": words, "place": place(words), "before_photos": _PHOTO})
    return report, Step(_WORKER, "handle_on_the_spot", {"result": result, "after_photos": _PHOTO})


def _told(words: str, reply: str) -> tuple[Step, ...]:
    report = Step(_WORKER, "report", {"description": words, "place": place(words), "before_photos": _PHOTO})
    return report, Step(_DESK, "answer", {"reply": reply})


_CALL = Step(THE_RULE.name, "callback", {"about": _ABOUT}, area=_HOME)
_LOOK = Step(THE_RULE.name, "onsite", {"about": _ABOUT}, area=AREA)
_NO_ANSWER = Step(_CALLER_BACK, "no_answer", {"note": "响铃无人接听"}, after=DAY)
_FIXED = Step(_HANDLER, "done", {"result": "已重新清理并加装护栏", "after_photos": _PHOTO}, task=_URBAN, after=DAY)


def _said(solved: str, happy: str, note: str) -> Step:
    form = {"contacted": True, "resolved": solved, "satisfaction": happy, "note": note}
    return Step(_CALLER_BACK, "reached", form, after=3 * HOUR)


def _seen(genuine: bool, note: str) -> Step:
    form = {"genuine": genuine, "check_photos": _PHOTO, "note": note}
    return Step(_INSPECTOR, "looked", form, after=3 * HOUR)


def _put_right(words: str) -> Step:
    return Step(_SUPERVISOR, "put_right", {"lead": _URBAN, "message": words}, after=4 * HOUR)


#: 抽查复核.
CHECKS = (
    Story("to_call", HOUR, (_CALL,), _told("咨询沿街店招更换要不要报备", "请先到综合窗口备案，附效果图")),
    Story("to_look", HOUR, (_LOOK,), _self_handled("绿地内散落饮料瓶", "已捡拾清运")),
    Story("judged", 6 * HOUR, (
        _CALL, _said("unsolved", "dissatisfied", "诉求人说至今无人联系"),
    ), _told("询问楼下烧烤摊几时整治", "已列入本月整治计划")),
    Story("fixing", 2 * DAY, (
        _LOOK, _seen(False, "小广告仍有七处"), _put_right("限五个工作日清除并回看"),
    ), _self_handled("沿街电线杆贴满小广告", "已全部清除")),
    Story("looking_again", 4 * DAY, (
        _LOOK, _seen(False, "共享单车又占满盲道"), _put_right("请清理盲道并设隔离"), _FIXED,
    ), _self_handled("公交站旁单车占盲道", "已挪移摆放整齐")),
    Story("confirmed", 8 * DAY, (
        _LOOK, _seen(True, "现场整洁，与照片一致"),
    ), _self_handled("路边树枝断落", "已移除断枝")),
    Story("so-said", 9 * DAY, (
        _CALL, _said("solved", "satisfied", "诉求人说答复清楚"),
    ), _told("咨询大件垃圾在哪里投放", "请投放到小区北门大件堆放点")),
    Story("corrected", 12 * DAY, (
        _LOOK, _seen(False, "护栏缺口未补"), _put_right("请补齐护栏"), _FIXED,
        Step(_INSPECTOR, "right", {"note": "护栏已补齐", "check_photos": _PHOTO}, after=DAY),
    ), _self_handled("河边护栏缺一段", "已拉警示带")),
    Story("noted", 11 * DAY, (
        _CALL, _said("explained", "dissatisfied", "答复了，但没说具体日期"),
        Step(_SUPERVISOR, "let_be", {"reason": "工程工期未定，答复属实但不够具体，记录在案"}, after=4 * HOUR),
    ), _told("询问道路修到什么时候", "施工期内请绕行，竣工另行公告")),
    Story("not_reached", 10 * DAY, (_CALL, *[_NO_ANSWER] * 3), _told("咨询遛犬时间规定", "请全程牵绳，避开上学时段")),
    Story("refused", 7 * DAY, (
        _CALL, Step(_CALLER_BACK, "declined", {"note": "诉求人表示不便受访"}, after=2 * HOUR),
    ), _told("咨询摊位疏导点怎么申请", "请到街道市容所登记排号")),
)  # fmt: skip
#: What was drawn was closed in the weeks before.
_CLOSED_BEFORE = 25 * DAY


def _point(code: str, area: str = _HOME) -> Step:
    return Step(THE_RULE.name, "drawn", {"point": code}, area=area)


def _visited(asked: int, agrees: str, found: str, note: str) -> Step:
    form: dict[str, Any] = {"asked": asked, "agrees": agrees, "found": found, "note": note}
    return Step(_SUPERVISOR, "visit", form, after=DAY)


def _handed_out(kind: str, words: str) -> Step:
    return Step(_OFFICE, "hand_out", {"kind": kind, "lead": _URBAN, "message": words}, after=5 * HOUR)


def _done(result: str) -> Step:
    return Step(_HANDLER, "done", {"result": result}, task=_URBAN, after=2 * DAY)


#: 减负监测点走访.
VISITS = (
    Story("due", HOUR, (_point("jd-001"),)),
    Story("visited", 2 * DAY, (
        _point("jd-003", _STREET), _visited(8, "heavier", "problem", "同一件事要在三个应用里各填一遍"),
    )),
    Story("fixing", 4 * DAY, (
        _point("jd-002"), _visited(6, "same", "problem", "仍要求居委开具无违建证明"),
        _handed_out("proof", "请停止索要清单以外的证明"),
    )),
    Story("looking_again", 32 * DAY, (
        _point("jd-001"), _visited(9, "heavier", "problem", "市容台账周报、月报重复报送"),
        _handed_out("ledger", "请合并台账，一次采集"), _done("周报已取消，月报由系统生成"),
    )),
    Story("put_right", 64 * DAY, (
        _point("jd-002"), _visited(7, "same", "problem", "办公室外挂牌十一块"),
        _handed_out("plate", "请撤下自行要求的挂牌"), _done("已撤下两块"),
        Step(_SECRETARY, "not_right", {"reason": "还有一块宣传站牌没有撤"}, after=DAY), _done("已全部撤下"),
        Step(_SUPERVISOR, "right", {"agrees": "lighter", "note": "只留规定的门牌"}, after=DAY),
    )),
    Story("fine", 62 * DAY, (_point("jd-001"), _visited(10, "lighter", "nothing", "台账比去年少了一半"))),
    Story("missed", 35 * DAY, (
        _point("jd-003", _STREET), Step(_SUPERVISOR, "miss", {"reason": "当日防汛值守，监测点无人接待"}, after=DAY),
    )),
)  # fmt: skip


def build_supervision(application: Application) -> int:
    """Walk every story through the door; how many. Repeating it changes nothing.

    Errors: the refusal of the first act that the files no longer allow.
    """
    people, items, now = people_of(application), items_of(application), application.clock.now()
    since = Instant(now - _OVERDUE_SINCE)
    overdue = {
        name: walk(application, LINE, steps, f"overdue:{name}", people, items, since) for name, steps in OVERDUE.items()
    }
    for workflow, stories in ((LETTER, LETTERS), (CHECK, CHECKS), (VISIT, VISITS)):
        for story in stories:
            name, at, words = f"{workflow}:{story.state}", Instant(now - story.ago), items | overdue
            if story.drawn:
                closed = Instant(at - _CLOSED_BEFORE)
                words = {**items, _ABOUT: walk(application, LINE, story.drawn, f"drawn:{name}", people, items, closed)}
            walk(application, workflow, story.steps, name, people, words, at)
    return len(LETTERS) + len(CHECKS) + len(VISITS)
