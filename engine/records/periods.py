"""Accounting periods 考核周期 as they stand: frozen lines, objections, rulings, restatements, and what was done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.asking import Asking, marks
from engine.records.period_rows import STATES, State
from engine.rules.roll import Ground, Judgement, Line, Tally

#: Periods, or lines, on one page.
MOST = 50
_PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period as it stands."""

    id: int
    sheet: str
    area_id: int
    area: str
    area_name: str
    label: str
    since: Instant
    until: Instant
    as_of: Instant
    state: State
    window_until: Instant | None
    head: str
    lines: int
    results: str
    digest: str
    seal: int | None
    #: Objections that nobody has ruled upon.
    waiting: int

    @property
    def state_title(self) -> Title:
        return STATES[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """An objection with its ruling, if there is one."""

    seq: int
    line: Line
    person_id: int
    by: str
    unit: str
    ground: Ground
    words: str
    at: Instant
    verdict: Judgement | None = None
    ruled_by: str = ""
    ruled_words: str = ""
    ruled_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One act of the chain."""

    seq: int
    action: str
    person_id: int | None
    name: str
    post: str
    at: Instant
    facts: str
    hash: str


_COLUMNS = (
    "p.id, p.sheet, p.area_id, a.code, a.name, p.label, p.since_at, p.until_at, p.as_of, p.state, p.window_until, "
    "p.head, p.lines, p.results, p.digest, p.seal, "
    "(SELECT count(*) FROM period_objection o WHERE o.period_id = p.id AND NOT EXISTS "
    "(SELECT 1 FROM period_ruling r WHERE r.period_id = o.period_id AND r.seq = o.seq))"
)
_FROM = "FROM accounting_period p JOIN area a ON a.id = p.area_id"
LINE = "number, indicator, ticket_id, case_no, seq, area, department, person, at, standing, why, stars"


def period(transaction: Transaction, number: int) -> Period:
    """One period. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT {_COLUMNS} {_FROM} WHERE p.id = {mark}", (number,))
    if not rows:
        raise NotFound("没有这个考核周期", "there is no such accounting period")
    return _period(rows[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Whose periods are listed: those of these areas, and those with lines of these units or of this login."""

    areas: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    login: str = ""


def listed(transaction: Transaction, mine: Mine | None = None) -> list[Period]:
    """The newest periods, at most `MOST`; None for all."""
    asking = Asking(transaction)
    where = f" WHERE {_mine(asking, mine)}" if mine is not None else ""
    rows = transaction.rows(
        f"SELECT {_COLUMNS} {_FROM}{where} ORDER BY p.until_at DESC, p.sheet, p.id LIMIT {MOST}",
        asking.parameters,
    )
    return [_period(row) for row in rows]


def _mine(asking: Asking, mine: Mine) -> str:
    parts = [f"a.code IN {asking.among(sorted(mine.areas) or [''])}"]
    named = (("department", mine.departments), ("area", mine.places), ("person", {mine.login} - {""}))
    for column, codes in named:
        if codes:
            parts.append(
                "EXISTS (SELECT 1 FROM period_line l WHERE l.period_id = p.id "  # noqa: S608 (constant words)
                f"AND l.{column} IN {asking.among(sorted(codes))})"
            )
    return " OR ".join(parts)


def lively(transaction: Transaction, since: Instant) -> list[Period]:
    """The newest periods that are not final, or with which something was done since then; at most `MOST`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE p.state <> 'final' OR EXISTS "  # noqa: S608
        f"(SELECT 1 FROM period_act x WHERE x.period_id = p.id AND x.at >= {mark}) "
        f"ORDER BY p.until_at DESC, p.id LIMIT {MOST}",
        (since,),
    )
    return [_period(row) for row in rows]


def found(transaction: Transaction, sheet: str, area_id: int, label: str) -> Period | None:
    """The period of a sheet, area and month, if it was drafted."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE p.sheet = {mark} AND p.area_id = {mark} AND p.label = {mark}",
        (sheet, area_id, label),
    )
    return _period(rows[0]) if rows else None


def lock(transaction: Transaction, number: int) -> None:
    """Let nobody else act on a period until this transaction ends; on SQLite whoever writes is alone anyway."""
    if transaction.postgresql:
        transaction.rows("SELECT id FROM accounting_period WHERE id = %s FOR UPDATE", (number,))


def lines(transaction: Transaction, number: int) -> Iterator[Line]:
    """The frozen lines of a period, in their order."""
    after, mark = 0, marks(transaction, 1)[0]
    while True:
        rows = transaction.rows(
            f"SELECT {LINE} FROM period_line WHERE period_id = {mark} AND number > {mark} "  # noqa: S608
            f"ORDER BY number LIMIT {_PAGE}",
            (number, after),
        )
        yield from (line_of(row) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def line(transaction: Transaction, period_id: int, number: int) -> Line:
    """One frozen line. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {LINE} FROM period_line WHERE period_id = {mark} AND number = {mark}",  # noqa: S608
        (period_id, number),
    )
    if not rows:
        raise NotFound("周期中没有这一行", "the period has no such line")
    return line_of(rows[0])


def hashes(transaction: Transaction, number: int) -> Iterator[tuple[Line, str]]:
    """Each line with the hash that was kept beside it."""
    mark, *_ = marks(transaction, 1)
    for row in transaction.rows(
        f"SELECT {LINE}, hash FROM period_line WHERE period_id = {mark} ORDER BY number",  # noqa: S608
        (number,),
    ):
        yield line_of(row[:-1]), row[-1]


def line_of(row: Sequence[Any]) -> Line:
    """A line from the columns of its row, in the order of `LINE`."""
    number, indicator, ticket, case_no, seq, area, department, person, at, standing, why, stars = row
    return Line(
        number=number, indicator=indicator, ticket_id=ticket, case_no=case_no, seq=seq, area=area,
        department=department, person=person, at=at, standing=Tally(standing), why=why, stars=stars,
    )  # fmt: skip


def acts(transaction: Transaction, number: int) -> list[Done]:
    """Everything that was done with a period, in order."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT x.seq, x.action, x.person_id, p.name, x.post, x.at, x.facts, x.hash FROM period_act x "  # noqa: S608
        f"LEFT JOIN person p ON p.id = x.person_id WHERE x.period_id = {mark} ORDER BY x.seq",
        (number,),
    )
    return [
        Done(seq=row[0], action=row[1], person_id=row[2], name=row[3] or "", post=row[4], at=Instant(row[5]),
             facts=row[6], hash=row[7])
        for row in rows
    ]  # fmt: skip


def objections(transaction: Transaction, number: int) -> list[Objection]:
    """Every objection of a period with its ruling, in the order in which they came."""
    mark, *_ = marks(transaction, 1)
    columns = ", ".join(f"l.{name}" for name in LINE.split(", "))
    rows = transaction.rows(
        f"SELECT o.seq, o.person_id, p.name, o.unit, o.ground, o.words, o.at, r.verdict, q.name, r.words, r.at, "  # noqa: S608
        f"{columns} FROM period_objection o JOIN period_line l ON l.period_id = o.period_id AND l.number = o.line "
        "JOIN person p ON p.id = o.person_id "
        "LEFT JOIN period_ruling r ON r.period_id = o.period_id AND r.seq = o.seq "
        f"LEFT JOIN person q ON q.id = r.person_id WHERE o.period_id = {mark} ORDER BY o.seq",
        (number,),
    )
    return [
        Objection(
            seq=row[0], person_id=row[1], by=row[2], unit=row[3], ground=Ground(row[4]), words=row[5],
            at=Instant(row[6]), verdict=Judgement(row[7]) if row[7] else None, ruled_by=row[8] or "",
            ruled_words=row[9] or "", ruled_at=Instant(row[10]) if row[10] is not None else None,
            line=line_of(row[11:]),
        )
        for row in rows
    ]  # fmt: skip


def excluded(transaction: Transaction, number: int) -> frozenset[int]:
    """The lines that a ruling has taken out."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT line FROM period_ruling WHERE period_id = {mark} AND verdict = {mark}",  # noqa: S608
        (number, Judgement.EXCLUDE.value),
    )
    return frozenset(int(row[0]) for row in rows)


def rulings(transaction: Transaction, number: int) -> list[tuple[Any, ...]]:
    """Line, verdict, the acts of objecting and of ruling, and when: as the document lists them."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT line, verdict, seq, act_seq, at FROM period_ruling WHERE period_id = {mark} ORDER BY act_seq",  # noqa: S608
        (number,),
    )
    return [tuple(row) for row in rows]


def restatements(transaction: Transaction, number: int) -> list[tuple[int, Instant, str, str]]:
    """Act, as of when, document and digest of each restatement, the oldest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT seq, as_of, document, digest FROM period_restatement WHERE period_id = {mark} ORDER BY seq",  # noqa: S608
        (number,),
    )
    return [(int(seq), Instant(as_of), document, digest) for seq, as_of, document, digest in rows]


def _period(row: Sequence[Any]) -> Period:
    return Period(
        id=row[0], sheet=row[1], area_id=row[2], area=row[3], area_name=row[4], label=row[5], since=Instant(row[6]),
        until=Instant(row[7]), as_of=Instant(row[8]), state=State(row[9]),
        window_until=Instant(row[10]) if row[10] is not None else None, head=row[11], lines=int(row[12]),
        results=row[13], digest=row[14], seal=row[15], waiting=int(row[16]),
    )  # fmt: skip
