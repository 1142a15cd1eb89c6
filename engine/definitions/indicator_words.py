"""Conditions of indicators back into words: as a file writes them, and as officials read them."""

from engine.definitions.indicator import AllOf, AnyOf, Choice, Counted, Flag, How, Moment, Not, Repeated, Wanted
from engine.definitions.model import Title

_ZH = {
    "reported": "上报", "verified": "核实", "filed": "立案", "self_handled": "自处置", "solved_together": "共治解决",
    "dispatched": "派遣", "listed": "列单", "cleared": "销号", "handled": "处置", "checked": "核查", "scored": "直评",
    "closed": "结案", "first_closed": "曾结案", "called_back": "回访", "rated": "群众表态", "reworked": "返工",
    "rehandled": "重办", "called": "呼叫", "invalid": "无效呼叫", "relapsed": "复发", "extended": "延期",
    "suspended": "挂账", "waiting": "缓办（挂账中）", "joined": "并案", "void": "作废", "sent": "派出",
    "signed": "签收", "contacted": "先行联系", "arrived": "到场", "returned": "退单", "wrong": "错派",
    "redispatched": "裁定改派", "lead": "主办", "handling": "处置类任务", "again": "返工另开", "workflow": "流程",
    "channel": "渠道", "item": "事项", "urgency": "紧急程度", "resolved": "解决情况", "satisfaction": "满意度",
    "kind": "任务种类", "visited": "走访", "meeting": "会议", "responded": "响应", "action": "议决方式", "done": "办结",
    "decided": "议决", "missed": "漏报", "superseded": "另行议决",
}  # fmt: skip
_HOW_ZH = {How.HAPPENED: "已{}", How.ON_TIME: "按期{}", How.DUE: "{}已到期", How.TIMED: "{}有时限"}


def said(wanted: Wanted, unit: Counted) -> str:
    """A condition as a file of indicators of that unit writes it: `parse` reads the same again."""
    match wanted:
        case AllOf(parts):
            return f"( {' and '.join(said(part, unit) for part in parts)} )"
        case AnyOf(parts):
            return f"( {' or '.join(said(part, unit) for part in parts)} )"
        case Not(part):
            return f"not {said(part, unit)}"
        case Moment(of, name, how):
            return f"{_of(of, unit)}{name}{f' {how.value}' if how.value else ''}"
        case Choice(of, name, value):
            return f"{_of(of, unit)}{name} {'given' if value is None else f'is {value}'}"
        case Flag(of, name):
            return f"{_of(of, unit)}{name}"
        case Repeated(days):
            return f"{_of(Counted.TICKET, unit)}repeated within {days} days"


def read_as(wanted: Wanted, unit: Counted) -> Title:
    """A condition as officials read it."""
    return Title(_zh(wanted, unit), said(wanted, unit).replace("_", " ").strip("( )"))


def _of(of: Counted, unit: Counted) -> str:
    return "ticket " if of is Counted.TICKET and unit is not Counted.TICKET else ""


def _zh(wanted: Wanted, unit: Counted) -> str:
    match wanted:
        case AllOf(parts):
            return "且".join(_zh(part, unit) for part in parts)
        case AnyOf(parts):
            return "或".join(_zh(part, unit) for part in parts)
        case Not(Moment(of, name, How.HAPPENED)):
            return f"{_of_zh(of, unit)}未{_ZH[name]}"
        case Not(part):
            return f"非{_zh(part, unit)}"
        case Moment(of, name, how):
            return _of_zh(of, unit) + _HOW_ZH[how].format(_ZH[name])
        case Choice(of, name, value):
            return f"{_of_zh(of, unit)}{_ZH[name]}{'已填' if value is None else f'为 {value}'}"
        case Flag(of, name):
            return _of_zh(of, unit) + _ZH[name]
        case Repeated(days):
            return f"{_of_zh(Counted.TICKET, unit)}同一人同一标准 {days} 日内再次反映"


def _of_zh(of: Counted, unit: Counted) -> str:
    return "案卷" if of is Counted.TICKET and unit is not Counted.TICKET else ""
