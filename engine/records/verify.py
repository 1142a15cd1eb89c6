"""Walk every chain: has anybody edited, removed or inserted a line of the history?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from engine.database import Database, Transaction
from engine.records import sitting_proof, unmasking
from engine.rules.chain import event_hash, personal_digest
from engine.rules.draft import header

#: Events read in one go.
_PAGE = 5_000
#: Where an event that is read has its seq and its hash.
SEQ, HASH = 1, 20


#: A ticket's id, case number, newest hash and state.
Head = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first line of a ticket's chain that does not hold."""

    case_no: str
    ticket_id: int
    #: None when the ticket itself is at fault.
    seq: int | None
    zh: str
    en: str

    def __str__(self) -> str:
        place = f"{self.case_no} #{self.seq}" if self.seq is not None else self.case_no
        return f"{place}: {self.zh} / {self.en}"


@dataclass(slots=True)
class Verdict:
    """What a walk found."""

    tickets: int = 0
    events: int = 0
    erased: int = 0
    broken: list[Broken] | None = None

    @property
    def sound(self) -> bool:
        return not self.broken


_EVENTS = """
    SELECT e.ticket_id, e.seq, e.at, e.recorded_at, e.source, e.action, e.scope, e.task_seq, e.request_seq, e.actor,
        e.person_id, e.post, e.department_id, e.behalf_of, e.state_from, e.state_to, e.stage, e.facts,
        e.personal_digest, e.algorithm, e.hash, p.salt, p.words
    FROM event e LEFT JOIN personal p ON p.ticket_id = e.ticket_id AND p.seq = e.seq
    WHERE (e.ticket_id, e.seq) > ({0}, {0}) ORDER BY e.ticket_id, e.seq LIMIT {0}"""


def verify(database: Database, *, most: int = 20, progress: Callable[[int], None] | None = None) -> Verdict:
    """Check every event of every ticket, its head against its newest event, every sitting likewise, the access log.

    `most` bounds the broken tickets that are listed; the walk goes on and counts. Constant memory.
    """
    verdict = Verdict(broken=[])
    with database.looking() as transaction:
        known = heads(transaction)
        expected = next(known, None)
        for ticket_id, rows in groupby(events(transaction), key=itemgetter(0)):
            while expected is not None and expected[0] < ticket_id:
                _gone(verdict, expected, most)
                expected = next(known, None)
            head = expected if expected is not None and expected[0] == ticket_id else None
            _walk(verdict, ticket_id, head, rows, most)
            expected = next(known, None) if head else expected
            if progress:
                progress(verdict.events)
        while expected is not None:
            _gone(verdict, expected, most)
            expected = next(known, None)
        for code, seq, fault in sitting_proof.faults(transaction):
            _list(verdict, _broken(code, 0, seq, fault), most)
        for number, wrong in unmasking.faults(transaction):
            _list(verdict, _broken("查阅记录 / access log", 0, number, wrong), most)
    return verdict


def heads(transaction: Transaction) -> Iterator[Head]:
    """Every ticket, by its id."""
    mark = "%s" if transaction.postgresql else "?"
    after = 0
    while True:
        rows = transaction.rows(
            f"SELECT id, case_no, head, state FROM ticket WHERE id > {mark} ORDER BY id LIMIT {mark}",  # noqa: S608
            (after, _PAGE),
        )
        yield from (tuple(row) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def events(transaction: Transaction) -> Iterator[Any]:
    """Every event, by ticket and seq; the column at `SEQ` is its seq, the one at `HASH` its hash."""
    mark = "%s" if transaction.postgresql else "?"
    ticket_id = seq = 0
    while True:
        rows = transaction.rows(_EVENTS.format(mark), (ticket_id, seq, _PAGE))
        yield from rows
        if len(rows) < _PAGE:
            return
        ticket_id, seq = rows[-1][0], rows[-1][1]


def _walk(verdict: Verdict, ticket_id: int, head: Head | None, rows: Iterator[Any], most: int) -> None:
    """One ticket's chain; the first broken event is named, the rest of that ticket only counted."""
    case_no = head[1] if head else f"(id {ticket_id})"
    verdict.tickets += 1
    broken: Broken | None = None
    previous, at, last, state = "", None, 0, ""
    for row in rows:
        verdict.events += 1
        last = row[1]
        if row[18] and row[21] is None:
            verdict.erased += 1
        if broken is None:
            wrong = fault(row, previous, at)
            broken = _broken(case_no, ticket_id, row[1], wrong) if wrong else None
        previous, at = row[HASH], row[2]
        # Column 6 is the scope, "" for the ticket's own lines; 15 the state it was left in.
        state = state if row[6] else row[15]
    if broken is None and head is None:
        broken = _broken(case_no, ticket_id, None, ("案卷不在，只剩历史", "the ticket is gone, its history is not"))
    if broken is None and head is not None and head[2] != previous:
        broken = _broken(
            case_no,
            ticket_id,
            last,
            ("其后的记录被删除或案卷头被改", "lines after it were removed, or the ticket's head was changed"),
        )
    if broken is None and head is not None and head[3] != state:
        broken = _broken(
            case_no, ticket_id, None, ("案卷状态与历史不符", "the ticket's state is not the one its history left it in")
        )
    _list(verdict, broken, most)


def _gone(verdict: Verdict, head: Head, most: int) -> None:
    verdict.tickets += 1
    _list(verdict, _broken(head[1], head[0], None, ("历史全部被删除", "its whole history was removed")), most)


def _list(verdict: Verdict, broken: Broken | None, most: int) -> None:
    if broken is not None and verdict.broken is not None and len(verdict.broken) < most:
        verdict.broken.append(broken)


def _broken(case_no: str, ticket_id: int, seq: int | None, fault: tuple[str, str]) -> Broken:
    return Broken(case_no=case_no, ticket_id=ticket_id, seq=seq, zh=fault[0], en=fault[1])


def hash_of(row: Any, previous: str, seq: int) -> str:
    """The hash that an event would have behind another one and with another seq."""
    columns = (row[0], seq, *row[2:17])
    return event_hash(row[19], previous, header(columns), row[17], row[18])


def fault(row: Any, previous: str, at: int | None) -> tuple[str, str] | None:
    """What is wrong with an event behind one with the hash `previous` that happened at `at`; None if nothing is."""
    digest, algorithm, salt, words = row[18], row[19], row[21], row[22]
    if hash_of(row, previous, row[SEQ]) != row[HASH]:
        return (
            "内容被改动，或之前的记录被删除、插入、调换",
            "it was changed, or a line before it was removed, inserted or moved",
        )
    if salt is not None and personal_digest(algorithm, bytes(salt), words) != digest:
        return "个人信息部分被改动", "its personal part was changed"
    if at is not None and row[2] < at:
        return "时间早于前一条记录", "it happened before the line before it"
    return None
