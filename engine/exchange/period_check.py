"""Whether an accounting period is still what was frozen: its chain, its lines, its results, worked out again."""

import hashlib
import json
from collections.abc import Iterator

from engine.database import Transaction
from engine.records import cohorts, periods
from engine.records.period_rows import State
from engine.records.period_writing import act_hash
from engine.records.periods import Done, Period
from engine.rules import roll
from engine.rules.roll import Line
from engine.stages import accounting


def findings(transaction: Transaction, number: int) -> list[str]:
    """Everything that is not as it was frozen, each as `中文 / English`; empty when all of it is.

    Nothing but the period's own rows and the newest seal is read: later facts change nothing. Errors: `NotFound`.
    """
    period, acts = periods.period(transaction, number), periods.acts(transaction, number)
    found = [*_chain(number, acts), *_lines(transaction, period, acts)]
    found += _head(period, acts)
    if period.state is State.FINAL and not found:
        found += _results(transaction, period, acts)
    return found


def _chain(number: int, acts: list[Done]) -> Iterator[str]:
    previous = ""
    for place, act in enumerate(acts, 1):
        told = act_hash(previous, number, act.seq, act.action, act.person_id, act.post, act.at, act.facts)
        if act.seq != place or act.hash != told:
            yield f"第 {place} 项办理记录被改动或缺失 / act {place} of the period was changed or is missing"
            return
        previous = act.hash
    if not acts:
        yield "没有办理记录 / the period has no acts"


def _lines(transaction: Transaction, period: Period, acts: list[Done]) -> Iterator[str]:
    seen: list[Line] = []
    for line, kept in periods.hashes(transaction, period.id):
        while len(seen) + 1 < line.number <= period.lines:
            missing = len(seen) + 1
            yield f"缺第 {missing} 行 / line {missing} is missing"
            seen.append(line)
        seen.append(line)
        if line.hash != kept:
            yield f"第 {line.number} 行（{line.case_no}）被改动 / line {line.number} ({line.case_no}) was changed"
    if _fact(acts, "draft", "lines") != roll.digest(line.text for line in seen):
        yield "全部各行的摘要与初稿时不同 / the lines are not those of the draft"


def _head(period: Period, acts: list[Done]) -> Iterator[str]:
    if _fact(acts, "draft", "head") != hashlib.sha256(period.head.encode()).hexdigest():
        yield "公式与树被改动 / the formulas or trees were changed"


def _results(transaction: Transaction, period: Period, acts: list[Done]) -> Iterator[str]:
    head = cohorts.head_of(period)
    again = roll.results(head, periods.lines(transaction, period.id), periods.excluded(transaction, period.id))
    if again != period.results:
        yield "结果与重新计算的不同 / the results are not those worked out again"
    digest = roll.digest(accounting.document(transaction, period))
    if not digest == period.digest == _fact(acts, "finalise", "document"):
        yield "定稿文件的摘要不同 / the document is not the one that became final"


def _fact(acts: list[Done], action: str, name: str) -> object:
    return next((json.loads(act.facts).get(name) for act in acts if act.action == action), None)
