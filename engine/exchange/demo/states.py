"""More tickets of the flagship loops and of the plain one: one in each state that people can bring about."""

from collections.abc import Sequence

from engine.application import Application
from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.exchange.demo.relief import members_there, viewer_in_demo
from engine.exchange.demo.spots import place
from engine.exchange.demo.tickets import GRIDS, LINE, REQUEST, Step, items_of, people_of, walk
from engine.records import sittings
from engine.rules.sittings import Presence
from engine.stages.calls import Call, Caller
from engine.stages.door import ticket_id
from engine.stages.meetings import Meetings, Said

_DESK, _WORKER, _GRID, _DISTRICT = "chen.desk", "wang.worker", "sun.grid", "zhou.district"
_SUPERVISOR = "feng.supervisor"
_HANDLER, _LEAD, _CHECKER = "liu.handler", "zheng.lead", "zhao.checker"
_URBAN, _WATER, _AREA = "cg-001", "sw-001", "ZH31012000101"
_PHOTO = ["photo"]
#: Stands for the case number of the story before.
_EARLIER = "earlier"


def _report(words: str) -> Step:
    form = {"description": words, "place": place(words), "before_photos": _PHOTO}
    return Step(_WORKER, "report", form)


def _filed(words: str, item: str, who: str = _DESK) -> tuple[Step, Step]:
    return _report(words), Step(who, "accept", {"item": f"{{{item}}}", "urgency": "normal"})


def _called(words: str, item: str, *co: str) -> tuple[Step, ...]:
    return (*_filed(words, item), Step(_DESK, "call", {"kind": "appeal", "lead": _URBAN, "co": list(co)}))


_SIGN = Step(_HANDLER, "sign", task=_URBAN)
_FINISH = Step(_HANDLER, "finish", {"result": "已现场处置完毕", "after_photos": _PHOTO}, task=_URBAN)
_CHECK = Step(_CHECKER, "check", {"check_photos": _PHOTO})
_CONSULT = Step(_DESK, "consult", {"reason": "绿化与市政交界，权属不清"})
_RAISE = Step(_DESK, "raise", {"reason": "会商两次未达成一致"})
_SCORED = Step(_GRID, "pass", {}, each={"stars": 2, "resolved": "unsolved", "reason": "三天后又复原"})
_REDO = Step(_WORKER, "redo", {"satisfaction": "dissatisfied", "reason": "垃圾又堆回原处"})

#: 块呼条应: name of a state → how a ticket comes there.
LINES: dict[str, Sequence[Step]] = {
    "incomplete": (_report("路边有异味"), Step(_DESK, "ask_back", {"message": "请补充具体位置和照片"})),
    "joined": (_report("同一处又有人反映异味"), Step(_DESK, "join", {"ticket": _EARLIER})),
    "consulting": (*_called("绿地内供电箱歪斜", "人行道", _WATER), _CONSULT),
    "arbitration": (*_called("河道防汛墙裂缝", "道路积水", _WATER), _RAISE),
    "city_ruling": (
        *_called("跨区桥梁桥下空间被占用", "跨门营业"), _RAISE,
        Step(_DISTRICT, "to_city", {"reason": "涉及相邻区，报市裁定"}),
    ),
    "checking": (*_called("候车亭座椅损坏", "公交站点"), _SIGN, _FINISH),
    "scoring": (*_called("树池篦子缺失", "人行道"), _SIGN, _FINISH, _CHECK),
    "rehandling": (*_called("后街垃圾反复堆放", "偷倒渣土"), _SIGN, _FINISH, _CHECK, _SCORED, _REDO),
    "exempted": (
        *_called("电表箱门脱落", "人行道"), _SIGN, _FINISH, _CHECK, _SCORED,
        Step(_LEAD, "appeal", {"reason": "表箱属供电公司，本队已代为加固"}),
        Step(_SUPERVISOR, "exempt", {"excused": ["score", "solved"], "reason": "权属属供电，星级不计入"}, answers=True),
    ),
    "invalid": (
        *_called("自家阳台渗水", "人行道"), _SIGN, _FINISH, _CHECK, _SCORED,
        Step(_SUPERVISOR, "not_valid", {"reason": "户内事项，不应呼叫部门"}),
    ),
    "answered": (
        _report("咨询老年人公交卡在哪里办"), Step(_DESK, "answer", {"reply": "请携身份证到社区事务受理中心办理"}),
    ),
    "self_handled": (
        _report("楼道小广告"),
        Step(_WORKER, "handle_on_the_spot", {"result": "已当场清除", "after_photos": _PHOTO}),
    ),
    "referred": (
        _report("邻居打架"), Step(_DESK, "refer", {"referral": "police", "reason": "治安案件，已转110"}),
    ),
    "refused": (_report("要求调整公交线路走向"), Step(_DESK, "refuse", {"reason": "不属本街道受理范围，已告知途径"})),
    "withdrawn": (_report("误报一处积水"), Step(_WORKER, "withdraw", {"reason": "现场复看已退水"})),
    "closed": (*_called("井盖异响扰民", "人行道"), _SIGN, _FINISH, _CHECK, _SCORED),
    "lapsed": (_report("地下有异响"), Step(_DESK, "ask_back", {"message": "请补充具体位置"})),
}  # fmt: skip

_LISTED = Step(_GRID, "list", {
    "raised_by": "village", "cross": "department", "lead_department": _URBAN, "leader_in_charge": "xu.chief",
    "measures": "先清障、后定权属、再长效管护", "due": "2027-03-31", "reason": "多次派单未能解决",
})  # fmt: skip
_DISPATCH = Step(_DESK, "dispatch", {"lead": _URBAN})


def _tier(words: str, item: str = "人行道") -> tuple[Step, ...]:
    return _filed(words, item, _GRID)


#: 多格合一: likewise; those that are decided by the joint meeting end on the problem list.
GRIDS_STATES: dict[str, Sequence[Step]] = {
    "verifying": (_report("顶楼疑似违建"), Step(_GRID, "send_to_verify", {"message": "请到现场看一看"})),
    "incomplete": (_report("有人反映噪声"), Step(_GRID, "ask_back", {"message": "请补充时段和来源"})),
    "joined": (_report("又有人反映同一处噪声"), Step(_GRID, "join", {"ticket": _EARLIER})),
    "own_strength": (*_tier("独居老人家中堆物需清理"), Step(_GRID, "mobilise", {"message": "请党员志愿者认领"})),
    "working": (*_tier("商铺油烟排口朝向居民楼", "跨门营业"), _DISPATCH),
    "consulting": (
        *_tier("围墙外三角地无人保洁", "偷倒渣土"), _DISPATCH,
        Step(_LEAD, "dispute", {"overlap": "unclear", "clause": "三定方案第五条"}, task=_URBAN),
    ),
    "checking": (*_tier("健身器材松动"), _DISPATCH, _SIGN, _FINISH),
    "scoring": (*_tier("单元门禁失灵"), _DISPATCH, _SIGN, _FINISH, _CHECK),
    "rating": (
        *_tier("楼前自行车棚漏雨"), _DISPATCH, _SIGN, _FINISH, _CHECK,
        Step(_GRID, "pass", {"resolved": "solved"}, each={"stars": 5, "resolved": "solved"}),
    ),
    "listed": (*_tier("两镇交界河岸多头管理", "道路积水"), _LISTED),
    "answered": (_report("咨询加装电梯政策"), Step(_DESK, "answer", {"reply": "政策问答已发至楼组群"})),
    "referred": (
        _report("租客押金纠纷"), Step(_DESK, "refer", {"referral": "court", "reason": "属民事纠纷，已告知诉讼途径"}),
    ),
    "refused": (_report("要求给自家安装地锁"), Step(_GRID, "refuse", {"reason": "公共车位不得私设地锁"})),
    "withdrawn": (_report("重复提交的一件"), Step(_WORKER, "withdraw", {"reason": "已在另一件中处理"})),
    "closed": (
        *_tier("弄堂口减速带破损"), _DISPATCH, _SIGN, _FINISH, _CHECK,
        Step(_GRID, "pass", {"resolved": "solved"}, each={"stars": 4, "resolved": "solved"}),
    ),
    "lapsed": (_report("有人反映井下有声响"), Step(_GRID, "ask_back", {"message": "请补充位置"})),
    "clearing": (*_tier("公共晾晒区长期被占", "跨门营业"), _LISTED),
    "tackling": (*_tier("废弃泵房坍塌风险，产权单位已撤并", "道路积水"), _LISTED),
    "shelved": (*_tier("旧改地块围挡占道，待征收后拆除", "跨门营业"), _LISTED),
    "district_list": (*_tier("跨街道断头河黑臭", "道路积水"), _LISTED),
    "tabled": (*_tier("沿河驳岸多家共用，无人维修", "道路积水"), _LISTED),
}  # fmt: skip

_SENT = Step(_DESK, "dispatch", {"lead": _URBAN})


def _asked(words: str, item: str = "") -> tuple[Step, ...]:
    report = Step(_DESK, "report", {"description": words, "place": place(words), "source": "call"})
    return (report, Step(_DESK, "accept", {"item": f"{{{item}}}"})) if item else (report,)


#: 服务诉求: likewise.
REQUESTS: dict[str, Sequence[Step]] = {
    "reported": _asked("来电反映楼前绿化带枯死"),
    "accepted": _asked("来电反映人行道停满电动车", "非机动车乱停"),
    "dispatched": (*_asked("来电反映商铺外摆占道", "跨门营业"), _SENT),
    "handling": (*_asked("来电反映站牌字迹模糊", "公交站点"), _SENT, _SIGN),
    "finished": (
        *_asked("来电反映人行道缺砖", "人行道"), _SENT, _SIGN,
        Step(_HANDLER, "finish", {"result": "已补铺", "reply": "已补铺地砖，请留意养护期"}, task=_URBAN),
    ),
    "closed": (
        *_asked("来电询问装修时间规定", "人行道"),
        Step(_DESK, "answer", {"reply": "工作日十八时后、节假日不得有噪声施工"}), Step(_DESK, "close"),
    ),
    "cancelled": (*_asked("来电误拨，无诉求"), Step(_DESK, "cancel", {"reason": "诉求人确认误拨"})),
}  # fmt: skip

#: Stories that lie so far back that the clock brings them to their end.
_LONG_AGO = frozenset({"closed", "lapsed"})

_DECISIONS: dict[str, tuple[str, dict[str, object]]] = {
    "tackling": ("take_care", {"lead": _URBAN, "due": "2027-02-28", "ruling": "无主设施，由街道城管中队先行托底"}),
    "clearing": ("assign", {"lead": _URBAN, "due": "2027-01-31", "ruling": "城管牵头清退，居委会建立公约"}),
    "shelved": ("shelve", {"resume": "2027-03-01", "reason": "待征收公告后再议"}),
    "district_list": ("raise", {"reason": "涉及两个街道，提请区级专班"}),
}


def build_states(application: Application) -> int:
    """Walk every story through the door and hold the joint meeting that some wait for; how many tickets.

    Repeating it changes nothing. Errors: the refusal of the first act that the files no longer allow.
    """
    people, items = people_of(application), items_of(application)
    now = application.clock.now()
    cases: dict[str, str] = {}
    for workflow, stories in ((LINE, LINES), (GRIDS, GRIDS_STATES), (REQUEST, REQUESTS)):
        for state, steps in stories.items():
            earlier = {_EARLIER: next(reversed(cases.values()), "")}
            name = f"{workflow}:{state}"
            at = Instant(now - (30 * DAY if state in _LONG_AGO else HOUR))
            cases[name] = walk(application, workflow, steps, f"states:{name}", people, {**items, **earlier}, at)
    _hold(application, people, {state: cases[f"{GRIDS}:{state}"] for state in (*_DECISIONS, "tabled")})
    return len(cases)


def _hold(application: Application, people: dict[str, int], cases: dict[str, str]) -> None:
    """The joint meeting decides all but one, which is put on the agenda of the next; once only."""
    with application.database.looking() as transaction:
        if sittings.listed(transaction, "s.workflow = @ AND s.state = 'signed'", GRIDS):
            return
    acts, chair = Meetings(application.door), viewer_in_demo(application, people[_GRID])
    at = Instant(application.clock.now() + MINUTE)
    code = acts.call(chair, GRIDS, "joint", _AREA, at, "网格党群服务站")
    for state in _DECISIONS:
        _act(application, people[_GRID], cases[state], "table", {"meeting": code})
    acts.open(chair, code)
    acts.attend(chair, code, dict.fromkeys(members_there(application, code), Said(presence=Presence.PRESENT)))
    for state, (action, form) in _DECISIONS.items():
        _act(application, people[_GRID], cases[state], action, form)
    acts.close(chair, code)
    acts.sign(chair, code)
    _finish(application, people, cases["clearing"])
    following = acts.call(chair, GRIDS, "joint", _AREA, Instant(at + 48 * HOUR), "网格党群服务站")
    _act(application, people[_GRID], cases["tabled"], "table", {"meeting": following})


def _finish(application: Application, people: dict[str, int], case_no: str) -> None:
    """The measure is done, and the lead unit asks to have the problem cleared."""
    with application.database.looking() as transaction:
        case = application.door.case(transaction, ticket_id(transaction, case_no))
    measure = next(task.seq for task in case.tasks.values() if task.kind == "measure")
    _act(application, people[_LEAD], case_no, "finish", {"result": "已清退并公示公约"}, task=measure)
    _act(application, people[_LEAD], case_no, "propose", {"result": "措施已完成，申请销号"})


def _act(
    application: Application, person: int, case_no: str, action: str, form: dict[str, object], task: int | None = None
) -> None:
    with application.database.looking() as transaction:
        ticket = ticket_id(transaction, case_no)
    call = Call(caller=Caller(person_id=person), action=action, ticket_id=ticket, form=form, task=task)
    application.door.act(call)
