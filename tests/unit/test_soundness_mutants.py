"""A shipped file broken in one place, each time otherwise: the fault is found, exactly and as in a large file."""

import time

import pytest

from engine import resources
from engine.analysis import verdict
from engine.analysis.asides import Parts
from engine.analysis.exploring import Space
from engine.analysis.influence import freed, limits
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from engine.errors import NotAllowedNow
from engine.rules import arriving, effects
from engine.rules.doing import Doing

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

_WITHDRAWN = _LIMBO + "      actions: {on: {title: 去 / On, by: rule, when: some job done, to: accepted}}\n"
_ASIDE = "        park: {title: 搁置 / Park, by: desk, to: limbo, withdraws: {job: all}}\n"

_REVIVE = (
    "        revive:  {title: 主案终止，恢复 / Main petition void, by: rule, when: main void, to: registered,"
    " splits: true, tells: [office]}\n"
)
_REVIVE_CALL = (
    "        revive:   {title: 主案作废，恢复 / Main ticket void, by: rule, when: main void, to: filed, splits: true}\n"
)
_CITY = (
    "        designate:  {by: city, to: called, form: [lead!, co*, ruling!], withdraws: {line: all},"
    " sends: {line: [lead, co]}, sets: designated, clears: [returns, disputes, unruled, reworks], ruling: designate,"
    " tells: [desk, district]}\n"
)

#: The fault, and what is put for what so that it is there: in `service-request`, or in `petitions` (`_PETITIONS`).
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
    Fault.UNHEARD: ((_REVIVE, ""),),
    Fault.NOBODY: ((_TRIAGE, _TRIAGE + _WITHDRAWN), (_STARTED, _ASIDE + _STARTED)),
}  # fmt: skip


def broken(name: str, *changes: tuple[str, str]) -> str:
    text = (resources.workflows() / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        at = text.rindex(old)
        text = text[:at] + new + text[at + len(old) :]
    return text


_PETITIONS = {Fault.UNHEARD}
_SIZES = pytest.mark.parametrize("small", [verdict.SMALL, 1], ids=["exactly", "as a large file"])


@_SIZES
@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_broken_in_a_shipped_file_is_found(fault: Fault, small: int) -> None:
    name = "petitions.yaml" if fault in _PETITIONS else "service-request.yaml"
    said = verdict.judge(loads(broken(name, *BROKEN[fault])), small=small)
    assert said.outcome is Outcome.UNSOUND
    assert fault in {one.fault for one in said.findings}, said.findings


@_SIZES
def test_tasks_that_the_rules_would_leave_at_work_are_found(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can do it: whatever a state does not list stops as the ticket comes there."""

    def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(arriving, "withdraw", nothing)
    changed = broken("service-request.yaml", (_CANCEL, _CANCEL.replace(" withdraws: {job: all},", "")))
    said = verdict.judge(loads(changed), small=small)
    left = [one for one in said.findings if one.fault is Fault.LEFT]
    assert left, said.findings
    assert left[0].state == "cancelled"


@_SIZES
def test_a_rule_that_would_be_refused_is_found(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can do it: what a rule could be refused for, the loader refuses to read."""

    def refused(doing: Doing) -> NotAllowedNow | None:
        return NotAllowedNow("不行", "no") if doing.action.splits and doing.action.by_people() == frozenset() else None

    monkeypatch.setattr(effects, "_split", refused)
    said = verdict.judge(loads(broken("petitions.yaml")), small=small)
    fails = [one for one in said.findings if one.fault is Fault.FAILS]
    assert fails, said.findings
    assert fails[0].state == "joined"


def test_every_kind_of_finding_has_a_mutant() -> None:
    assert {*BROKEN, Fault.LEFT, Fault.FAILS} == set(Fault) - {Fault.TOO_MANY}


#: What is put for what in `block-calls-line-responds`, the fault that it has then, and where.
_LARGE = {
    "no way out of a late state": (
        Fault.TRAP,
        "published",
        (("to: arbitration, form: [satisfaction!, reason!], once", "form: [satisfaction!, reason!], once"),
         ("archive:   {title: 归档 / Archive, by: clock, to: closed}", "archive:   {title: 归档 / Archive, by: clock}"),
         ("when: rehandlings < 2, to: rehandling, form: [satisfaction!, reason!], reopens: {line: redoing}",
          "when: rehandlings < 2, form: [satisfaction!, reason!]")),
    ),
    "no way out of a state that few come to": (
        Fault.TRAP,
        "city_ruling",
        ((_CITY, "        say: {title: 说明 / Say, by: city, form: [reason!]}\n"),),
    ),
    "a join that nobody is left for": (
        Fault.VAIN,
        "rehandling",
        (("nobody_left: {title: 无人承办，退回派遣 / Nobody left, in: [called, handling, rehandling]",
          "nobody_left: {title: 无人承办，退回派遣 / Nobody left, in: [called, handling]"),),
    ),
    "a join that is not asked for": (Fault.UNDONE, "checking", (("when: line joined and returns", "when: returns"),)),
    "an action that is dead": (Fault.DEAD, "published", (("when: rehandlings < 2,", "when: rehandlings >= 9,"),)),
    "a clock that may not act": (
        Fault.MOOT, "published", (("Archive, by: clock, to", "Archive, by: clock, when: callback_done, to"),)
    ),
    "a main ticket that is not heard": (
        Fault.UNHEARD,
        "joined",
        ((_REVIVE_CALL, ""),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _LARGE)
def test_a_large_file_with_a_fault_is_refused_for_it(name: str) -> None:
    fault, state, changes = _LARGE[name]
    said = verdict.judge(loads(broken("block-calls-line-responds.yaml", *changes)))
    assert said.freed
    assert said.outcome is Outcome.UNSOUND
    assert (fault, state) in {(one.fault, one.state) for one in said.findings}, said.findings


def test_a_large_file_with_a_fault_takes_no_more_than_a_few_times_what_it_takes_without() -> None:
    """Of processor time, in one run: to explore such a file exactly with several tasks takes fifteen times it."""
    (sound,) = (one for one in discover() if one.key == "block-calls-line-responds")
    broken_ones = [
        loads(broken("block-calls-line-responds.yaml", *_LARGE[name][2]))
        for name in ("no way out of a state that few come to", "a join that nobody is left for")
    ]

    def spent(*workflows: Workflow) -> float:
        begun = time.process_time()
        for one in workflows:
            verdict.judge(one)
        return time.process_time() - begun

    assert spent(*broken_ones) < 6 * len(broken_ones) * min(spent(sound), spent(sound))


def test_a_sound_large_file_takes_few_acts() -> None:
    """Acts are what a verdict's time goes by, and they are the same on every machine."""
    (sound,) = (one for one in discover() if one.key == "block-calls-line-responds")
    main = Parts(sound).main()
    free, _ = freed(main, limits(main))
    assert Space(free, tasks=2, roughly=True).common.acts.count < 1_500
