"""A shipped file broken in one place, each time otherwise: the fault is found, exactly and as in a large file."""

import pytest

from engine import resources
from engine.analysis import verdict
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome
from engine.definitions.loader import loads

_KEEP = "keep:   {title: 维持 / Keep, by: judge,"
_EXEMPT = (
    "      exempt: {title: 剔除 / Exempt, by: judge, form: [excused+, reason!], exempts: excused, tells: [called]}\n"
)
_CLOSE = "        close:  {title: 结案 / Close, by: [desk, clock], when: no appeal open, to: closed}\n"
_NOBODY = "        nobody_left: {by: rule, when: job none, to: accepted, tells: [desk]}\n"
_CANCEL = (
    "        cancel:      {by: desk, to: cancelled, form: [reason], withdraws: {job: all}, tells: [reporter, called]}\n"
)
_STARTED = "        started:     {title:"
_ANSWER = "        answer:   {title: 直接答复 / Answer directly,"
_HOLD = "        hold:     {title: 搁置 / Hold, by: desk, to: limbo}\n"
_TRIAGE = "  triage:\n"
_LIMBO = "    limbo:\n      title: 待定 / Limbo\n"
_ON = "      actions: {on: {title: 去 / On, by: desk, to: beyond}}\n"
_BEYOND = "    beyond: {title: 彼处 / Beyond, actions: {off: {title: 来 / Off, by: desk, to: limbo}}}\n"
_BACK = "        back: {title: 退回 / Back, by: rule, when: reopenings >= 1, to: accepted}\n"

#: The fault, and what is put for what in `service-request`, so that it has it.
BROKEN = {
    Fault.TRAP: (
        (_TRIAGE, _TRIAGE + _LIMBO + "      actions:\n        say: {title: 说明 / Say, by: desk, form: [reason!]}\n"),
        (_ANSWER, _HOLD + _ANSWER),
    ),
    Fault.CIRCLE: ((_TRIAGE, _TRIAGE + _LIMBO + _ON + _BEYOND), (_ANSWER, _HOLD + _ANSWER)),
    Fault.ENDLESS: (
        (_STARTED, _BACK.replace(" when: reopenings >= 1,", "") + _STARTED),
        (_ANSWER, "        on:       {title: 去 / On, by: rule, when: reopenings >= 1, to: dispatched}\n" + _ANSWER),
    ),
    Fault.UNREACHED: ((_TRIAGE, _TRIAGE + _LIMBO + "      actions: {on: {title: 去 / On, by: desk, to: accepted}}\n"),),
    Fault.DEAD: ((_CLOSE, _CLOSE.replace("no appeal open", "reopenings >= 9")),),
    Fault.MOOT: ((_CLOSE, _CLOSE.replace("no appeal open", "reopenings >= 1")),),
    Fault.VAIN: ((_NOBODY + _CANCEL, ""),),
    Fault.UNDONE: ((_STARTED, _BACK + _STARTED),),
    Fault.UNANSWERED: ((_EXEMPT, ""), (_KEEP, f"{_KEEP} when: reopenings < 1,")),
    Fault.SUBS: (("cancel: {title: 取消 / Cancel, by: [desk, reporter],",
                  "cancel: {title: 取消 / Cancel, by: [desk, reporter], when: no sub open,"),),
}  # fmt: skip


def broken(name: str, *changes: tuple[str, str]) -> str:
    text = (resources.workflows() / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        at = text.rindex(old)
        text = text[:at] + new + text[at + len(old) :]
    return text


@pytest.mark.parametrize("small", [verdict.SMALL, 1], ids=["exactly", "as a large file"])
@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_broken_in_a_shipped_file_is_found(fault: Fault, small: int) -> None:
    said = verdict.judge(loads(broken("service-request.yaml", *BROKEN[fault])), small=small)
    assert said.outcome is Outcome.UNSOUND
    assert fault in {one.fault for one in said.findings}, said.findings
