"""What may be found when a seal is held against a database, and how one ticket is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Any

from engine.records.verify import HASH, SEQ, fault, hash_of
from engine.rules.seal import Leaf

#: Lines among which the old place of a moved one is looked for; each is tried with each.
_FEW = 300


class Kind(StrEnum):
    """What was done to the history, to a ticket or to a seal."""

    EVENT_CHANGED = "event_changed"
    EVENT_REMOVED = "event_removed"
    EVENT_INSERTED = "event_inserted"
    EVENTS_REORDERED = "events_reordered"
    CHAIN_REWRITTEN = "chain_rewritten"  #: with every hash made anew
    TAIL_TRUNCATED = "tail_truncated"
    TICKET_REMOVED = "ticket_removed"
    CASE_NUMBER_CHANGED = "case_number_changed"
    SEAL_REMOVED = "seal_removed"
    SEAL_REPLACED = "seal_replaced"
    ROOT_WRONG = "root_wrong"  #: the leaves are not those that were sealed
    SIGNATURE_WRONG = "signature_wrong"
    ACCESS_LOG = "access_log"  #: rows of the access log were changed or taken away


TITLES: dict[Kind, tuple[str, str]] = {
    Kind.EVENT_CHANGED: ("事件被改动", "an event was changed"),
    Kind.EVENT_REMOVED: ("事件被删除", "an event was removed"),
    Kind.EVENT_INSERTED: ("事件被插入", "an event was inserted"),
    Kind.EVENTS_REORDERED: ("事件被调换", "events were reordered"),
    Kind.CHAIN_REWRITTEN: ("整条链连同哈希被重写", "the chain was rewritten, hashes included"),
    Kind.TAIL_TRUNCATED: ("末尾被截断", "the tail was cut off"),
    Kind.TICKET_REMOVED: ("案卷被删除", "the ticket was removed"),
    Kind.CASE_NUMBER_CHANGED: ("案号被改动", "the case number was changed"),
    Kind.SEAL_REMOVED: ("封存被删除", "the seal was removed"),
    Kind.SEAL_REPLACED: ("封存被替换", "the seal was replaced"),
    Kind.ROOT_WRONG: ("叶子与封存的根不符", "the leaves do not lead to the sealed root"),
    Kind.ACCESS_LOG: ("查阅记录被改动或删除", "the access log was changed or cut off"),
    Kind.SIGNATURE_WRONG: ("签名不对", "the signature is wrong"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed."""

    kind: Kind
    seal: int | None = None
    case_no: str = ""
    #: More about the place, Chinese and English.
    note: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        place = self.case_no or f"封存 / seal {self.seal}"
        zh, en = TITLES[self.kind]
        if self.case_no and self.seal is not None:
            zh, en = f"{zh}（第 {self.seal} 号封存）", f"{en} (seal {self.seal})"
        if any(self.note):
            zh, en = f"{zh}，{self.note[0]}", f"{en}, {self.note[1]}"
        return f"{place}: {zh} / {en}"


def judged(sealed: Sequence[tuple[Leaf, int]], case_no: str | None, rows: Sequence[Any]) -> list[Finding]:
    """What became of one ticket: its leaves with the numbers of their seals, its case number now (None if the ticket
    is not there any more), and its events as `records.verify.events` reads them, in their order."""
    ordered = sorted(sealed, key=itemgetter(1))
    last, newest = ordered[-1]
    named = next((leaf.case_no for leaf, _ in reversed(ordered) if leaf.case_no), case_no or f"(id {last.ticket_id})")
    if case_no is None:
        return [Finding(Kind.TICKET_REMOVED, newest, named)]
    found = []
    other = next((seal for leaf, seal in ordered if leaf.case_no and leaf.case_no != case_no), None)
    if other is not None:
        found.append(Finding(Kind.CASE_NUMBER_CHANGED, other, named, (f"现为 {case_no}", f"it is {case_no} now")))
    broken, after = _first_broken(rows), 0
    for leaf, seal in ordered:
        wrong = _wrong(leaf, after, rows, broken)
        if wrong is not None:
            # It says since when; the leaves after it cannot hold either.
            return [*found, Finding(wrong[0], seal, named, wrong[1])]
        after = leaf.seq
    return found


def _wrong(leaf: Leaf, after: int, rows: Sequence[Any], broken: Any) -> tuple[Kind, tuple[str, str]] | None:
    """What is not as one leaf has it. `after` is the seq up to which an earlier leaf holds, `broken` the first event
    that does not follow from the one before it."""
    part = [row for row in rows if row[SEQ] <= leaf.seq]
    if not rows:
        return Kind.EVENT_REMOVED, ("一条不剩", "none is left")
    if rows[-1][SEQ] < leaf.seq:
        ends = rows[-1][SEQ]
        return Kind.TAIL_TRUNCATED, (
            f"封存至 #{leaf.seq}，现止于 #{ends}",
            f"sealed up to #{leaf.seq}, ends at #{ends}",
        )
    if broken is not None and broken[SEQ] > leaf.seq:
        broken = None
    if broken is not None:
        place = f"在 #{broken[SEQ]} 处", f"at #{broken[SEQ]}"
    else:
        place = f"在 #{after} 与 #{leaf.seq} 之间", f"between #{after} and #{leaf.seq}"
    if len(part) != leaf.count:
        return (Kind.EVENT_REMOVED if len(part) < leaf.count else Kind.EVENT_INSERTED), place
    if broken is not None:
        return (Kind.EVENTS_REORDERED if _moved(broken, part) else Kind.EVENT_CHANGED), place
    if part[-1][SEQ] != leaf.seq or part[-1][HASH] != leaf.head:
        return Kind.CHAIN_REWRITTEN, place
    return None


def _first_broken(rows: Sequence[Any]) -> Any:
    """The first event that was not made behind the one before it; None if all hold."""
    previous, at = "", None
    for row in rows:
        if fault(row, previous, at) is not None:
            return row
        previous, at = row[HASH], row[2]
    return None


def _moved(row: Any, rows: Sequence[Any]) -> bool:
    """Whether an event is as it was made, only with the seq of another and behind another."""
    near = rows[:_FEW]
    hashes = ["", *(one[HASH] for one in near)]
    return any(hash_of(row, previous, one[SEQ]) == row[HASH] for one in near for previous in hashes)
