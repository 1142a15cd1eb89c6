"""Demo tickets of admission: in every state, and tasks of another loop that rest on what was admitted, or no more."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from engine.application import Application
from engine.clock import HOUR, MINUTE, Instant, moment
from engine.exchange.demo.spots import place
from engine.exchange.demo.tickets import Sight, Step, items_of, people_of, walk
from engine.exchange.demo.units import village

_ADMISSION, _LINE = "village-task-admission", "block-calls-line-responds"
_BUREAU, _OFFICE, _PANEL, _SECRETARY, _CLERK = "fan.bureau", "zhou.district", "cao.panel", "li.village", "tao.village"
_HOME, _NEXT = village("310120001001"), village("310120001002")
_REVIEWERS = ("cg-001", "sw-001", "gd")
_DAYS = {f"@{days}": days for days in (20, 50, 120, 300)}


def _applied(name: str, item: str, why: str, **more: Any) -> Step:
    form = {
        "task_name": name, "area": "310120001", "villages": [_HOME, _NEXT], "items": [f"{{{item}}}"],
        "ground": "《上海市安全生产条例》第五十二条", "workload": "每村两人，各三个半天",
        "funds": "区级财政，每村补助两千元",
        "start_day": "@50", "end_day": "@120", "description": why,
    }  # fmt: skip
    return Step(_BUREAU, "apply", {**form, **more})


def _urgent(name: str, item: str, why: str) -> Step:
    form = dict(_applied(name, item, why).form) | {"soon": "@20", "statute": "防汛指挥机构发布三级响应"}
    del form["start_day"]
    return Step(_BUREAU, "apply_fast", form)


_SENT = Step(_OFFICE, "send_to_review", {"reviewers": list(_REVIEWERS), "message": "请在七个工作日内出具意见"})
_VIEWS = (
    Step("liu.handler", "give", {"view": "agree"}, task="cg-001"),
    Step("he.water", "give", {"view": "agree_if", "proviso": "汛期只告知，不要求居村抽排"}, task="sw-001"),
    Step("gao.power", "give", {"view": "agree"}, task="gd"),
)
_DECIDED = (_SENT, *_VIEWS)
_ADMIT = Step(
    _PANEL, "admit", {"decision": "同意准入，不得要求居村建台账", "villages": [_HOME, _NEXT], "end_day": "@120"}
)
_BREACH = Step(_SECRETARY, "complaint", {"breach_of": "另要求每日报送排查台账和照片"}, task=_HOME)
_RIGHT = Step(_OFFICE, "put_right", {"result": "已责成取消台账，只报结果"}, answers=True)
_FINISH = Step(_BUREAU, "finish", {"result": "两村共排查 126 处，发现隐患 9 处，均已移交"})
_UNADMITTED = Step(
    _SECRETARY, "report_unadmitted",
    {"task_name": "逐户登记电动自行车并录入系统", "description": "电话要求三日内报表，未见准入编号", "asked_by": "xf"},
)  # fmt: skip
_OVER = "居村液化气钢瓶入户登记"

#: Steps of each story; together they stand in every state.
STORIES: tuple[Sequence[Step], ...] = (
    (_applied("老旧小区雨水口排查", "雨水口", "请居村在汛前协助逐一查看雨水口"),),
    (
        _applied("公交站点周边秩序劝导", "公交站点", "高峰时段协助劝导，经费来源待补"),
        Step(_OFFICE, "amendment", {"message": "经费保障不明，请补充"}),
    ),
    (_urgent("道路塌陷点位看护", "车行道", "抢修队到达前请居村协助看护"), _SENT, _VIEWS[0]),
    (_applied("行道树枯枝排查", "行道树", "台风季前协助查看枯枝断枝"), *_DECIDED),
    (_applied("窨井盖安全排查", "检查井盖", "请居村协助发现并报告破损松动的井盖"), *_DECIDED, _ADMIT),
    (_applied("废物箱满溢巡查", "废物箱", "请居村协助早晚各巡查一次"), *_DECIDED, _ADMIT, _BREACH),
    (_applied("公共厕所便民服务评价", "公共厕所", "请居村组织居民评价"), *_DECIDED, _ADMIT, _FINISH),
    (
        _applied("河道护栏巡查", "河道护栏", "请居村协助查看护栏"), *_DECIDED, _ADMIT, _BREACH, _RIGHT, _FINISH,
        Step(_SECRETARY, "score", {"stars": 4, "note": "台账取消后负担可以接受"}, task=_HOME),
        Step("village-head.310120001002.1", "score", {"stars": 5}, task=_NEXT),
    ),
    (
        _applied("电梯困人应急值守", "电梯故障", "请居村二十四小时值守"), *_DECIDED,
        Step(_PANEL, "reject", {"reason": "属物业和维保单位责任，不应转给居村"}),
    ),
    (_applied(_OVER, "燃气泄漏", "请居村入户登记钢瓶"), *_DECIDED, _ADMIT),
    (
        _applied("群众满意度电话测评", "困难帮扶", "请居村动员居民接听测评电话"),
        Step(_BUREAU, "give_up", {"reason": "改由本局自办"}),
    ),
    (_UNADMITTED,),
    (
        Step(_SECRETARY, "report_unadmitted", {"task_name": "每日报送学习积分", "description": "工作群要求排名通报"}),
        Step("feng.supervisor", "stop", {"decision": "加重基层负担，责令停止并撤回通知"}),
    ),
    (
        Step(_CLERK, "report_unadmitted", {"task_name": "汛期值班信息报送", "description": "街道要求每日报送"}),
        Step(_OFFICE, "not_so", {"reason": "属依法协助清单第六项，不是未准入事项"}),
    ),
)  # fmt: skip
#: Which of them admits, which is revoked once a task rests on it.
_GIVES, _REVOKED = 4, 9


def _whistle(words: str, item: str) -> tuple[Step, ...]:
    form = {"description": words, "place": place(words), "item": f"{{{item}}}", "urgency": "normal"}
    return (
        Step(_SECRETARY, "whistle", form),
        Step("chen.desk", "call", {"kind": "key_work", "lead": "cg-001", "co": [_HOME]}),
    )


def build_admissions(application: Application, progress: Callable[[str], None] | None = None) -> tuple[Sight, ...]:
    """Walk every story through the door; where to look now. Repeating it changes nothing.

    Errors: the refusal of the first act that the files no longer allow.
    """
    tell = progress or (lambda step: None)
    people, now = people_of(application), Instant(application.clock.now() - 3 * HOUR)
    today = moment(application.clock.now()).date()
    words = items_of(application) | {word: (today + timedelta(days=days)).isoformat() for word, days in _DAYS.items()}
    cases = []
    for number, steps in enumerate(STORIES):
        tell(f"{number + 1}/{len(STORIES)} {steps[0].form['task_name']}")
        start = Instant(now + number * MINUTE)
        cases.append(walk(application, _ADMISSION, steps, f"admission-{number}", people, words, start))
    later = Instant(now + 60 * MINUTE)
    listed = walk(application, _LINE, _whistle("楼道堆放杂物，请居委劝导", "楼道堆物"), "listed", people, words, later)
    carried = walk(
        application, _LINE, _whistle("井盖松动，请居委先行提示", "检查井盖"), "carried", people, words, later
    )
    stale = walk(application, _LINE, _whistle("要求居委入户登记燃气钢瓶", "燃气泄漏"), "stale", people, words, later)
    revoke = (*STORIES[_REVOKED], Step(_PANEL, "revoke", {"reason": "入户登记应由燃气企业负责，取消准入"}))
    walk(application, _ADMISSION, revoke, f"admission-{_REVOKED}", people, words, Instant(now + 90 * MINUTE))
    return (
        Sight(
            _SECRETARY,
            "/admissions",
            "居村能做什么：清单、准入与余期",
            "what a village may be asked: lists, admissions, days left",
        ),
        Sight(_PANEL, f"/tickets/{cases[3]}", "三家联审意见齐备，待审定", "three views are in; to be decided"),
        Sight(_OFFICE, f"/tickets/{cases[5]}", "居村反映违规，待核查", "a village complains of a breach"),
        Sight("chen.desk", f"/tickets/{carried}", "凭准入编号派给居委", "sent to a village under an admission"),
        Sight("chen.desk", f"/tickets/{listed}", "凭清单派给居委", "sent to a village by a list"),
        Sight(
            _CLERK, f"/tickets/{stale}", "准入已取消，一键拒办", "the admission was revoked: hand it back with one tap"
        ),
    )
