"""Draws of samples and what was drawn: which, of how many, by which seed and file. Rows are added once per period.

A lot is taken in the transaction that opens its check: `opened_at` is set once, so a second hand finds it taken.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.indicator import Attribution, Condition, Counted, Indicator
from engine.definitions.model import Title
from engine.definitions.sample import CHANNEL, DEPARTMENT, WORKFLOW, Sample
from engine.records import register_rows
from engine.records.areas import chain
from engine.records.asking import among, marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    maybe_instant,
    maybe_link,
    number,
    only_while,
    text,
    word,
    yes_no,
)
from engine.records.indicators import Asked, Cursor, Side, behind
from engine.rules.sampling import Candidate, Lot, Stratum

#: Lots of one page, and lots asked for at once.
MOST, _AT_ONCE = 200, 500
_BETWEEN = "/"


class SampleDraw(SQLModel, table=True):
    """One draw: a sample for a period."""

    __tablename__ = "sample_draw"
    __table_args__ = (Index("ix_sample_draw_at", "drawn_at"), ONE_TREE)

    name: str = word(key=True)
    #: `2026-03`, `2026-W10`, `2026-Q1`.
    period: str = word(key=True)
    since: int = instant()
    until: int = instant()
    #: The file as it was: its name, its SHA-256 and its text, so that the draw can be done again.
    file: str = word()
    sha256: str = word()
    source: str = text()
    #: Number of the seal whose root is the seed: the first that was made after the period.
    seal: int = number()
    seed: str = text()
    total: int = number()
    drawn: int = number()
    #: Canonical JSON: codes, apart, total, drawn of every stratum.
    strata: str = text()
    #: Over all codes that took part.
    digest: str = word()
    drawn_at: int = instant()


class SampleLot(SQLModel, table=True):
    """Something that was drawn, and the check that it opened."""

    __tablename__ = "sample_lot"
    __table_args__ = (
        Index("ix_sample_lot_waiting", "name", "period", "code", **only_while("opened_at")),
        Index("ix_sample_lot_check", "check_id"),
        ONE_TREE,
    )

    name: str = word(key=True)
    period: str = word(key=True)
    #: Case number, or code of a row.
    code: str = word(key=True)
    #: Code of the area in which the check is opened.
    area: str = word()
    #: Codes of its stratum with strokes between.
    stratum: str = text()
    apart: bool = yes_no()
    rank: str = word()
    #: The start that it opens.
    workflow: str = word()
    start: str = word()
    opened_at: int | None = maybe_instant()
    check_id: int | None = maybe_link()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A draw as it was kept."""

    name: str
    period: str
    since: Instant
    until: Instant
    file: str
    sha256: str
    source: str
    seal: int
    seed: str
    total: int
    drawn: int
    strata: tuple[Stratum, ...]
    digest: str
    drawn_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLot:
    """A lot as it was kept."""

    name: str
    period: str
    code: str
    area: str
    stratum: tuple[str, ...]
    apart: bool
    rank: str
    workflow: str
    start: str
    opened_at: Instant | None
    #: The check's case number, its stored workflow, its state and whether it is settled; "" and None before it is open.
    check: str
    workflow_id: int | None
    state: str
    state_type: str

    @property
    def done(self) -> bool:
        return self.state_type in ("closed", "void")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The seal whose root seeds a draw."""

    seal: int
    root: str


def seed_after(transaction: Transaction, until: Instant) -> Seed | None:
    """The first seal that was made when a period was over; None while there is none."""
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT number, root FROM seal WHERE made_at >= {mark} ORDER BY number LIMIT 1",  # noqa: S608
        (until,),
    )
    return Seed(seal=rows[0][0], root=rows[0][1]) if rows else None


def candidates(
    transaction: Transaction, sample: Sample, since: Instant, until: Instant, as_of: Instant
) -> tuple[list[Candidate], dict[str, str]]:
    """Everything that may be drawn, as of a moment, and code → area in which its check is opened.

    What few may know of is in no sample. Errors: as `figure`.
    """
    if sample.register:
        return _rows(transaction, sample, until)
    tickets = dict(_tickets(transaction, sample, None, since, until, as_of))
    apart = {id_ for id_, _ in _tickets(transaction, sample, sample.apart, since, until, as_of)} if sample.apart else ()
    found, areas = list[Candidate](), dict[str, str]()
    for id_, (area, stratum) in _strata(transaction, sample, tickets).items():
        found.append(Candidate(code=tickets[id_], stratum=stratum, apart=id_ in apart))
        areas[tickets[id_]] = area
    return found, areas


def _tickets(
    transaction: Transaction, sample: Sample, only: Condition | None, since: Instant, until: Instant, as_of: Instant
) -> Iterator[tuple[int, str]]:
    """Id and case number of what falls into the period, by the very condition that indicators are counted by."""
    asked = Asked(since=since, until=until, as_of=as_of)
    counted = Indicator(
        name=sample.name, title=sample.title, formula=Title("", ""), unit=Counted.TICKET, cohort=sample.cohort,
        among=sample.among, matures=only, without=sample.without, counts=None, attribution=Attribution.AREA,
    )  # fmt: skip
    after: Cursor | None = None
    while True:
        lines = behind(transaction, counted, asked, Side.DENOMINATOR, after=after, most=_AT_ONCE)
        yield from ((line.ticket_id, line.case_no) for line in lines)
        if len(lines) < _AT_ONCE:
            return
        after = (lines[-1].cohort_at, lines[-1].ticket_id, 0)


def _strata(transaction: Transaction, sample: Sample, ids: Collection[int]) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Ticket → code of its area, and the codes of its stratum: the areas as they were when it was filed."""
    levels = {int(id_): (code, level) for id_, code, level in transaction.rows("SELECT id, code, level FROM area")}
    departments = dict(transaction.rows("SELECT id, code FROM department"))
    found, listed = dict[int, tuple[str, tuple[str, ...]]](), sorted(ids)
    for first in range(0, len(listed), _AT_ONCE):
        match, parameters = among(transaction, listed[first : first + _AT_ONCE])
        rows = transaction.rows(
            "SELECT ticket_id, area_id, area_path, department_id, channel, workflow FROM ticket_fact "  # noqa: S608
            f"WHERE ticket_id {match}",
            parameters,
        )
        for id_, area, path, department, channel, workflow in rows:
            by_level = {level: code for code, level in (levels[int(one)] for one in path.strip("/").split("/"))}
            known = {DEPARTMENT: departments.get(department, ""), CHANNEL: channel, WORKFLOW: workflow}
            codes = tuple(known[word] if word in known else by_level.get(word, "") for word in sample.by)
            found[int(id_)] = (levels[area][0], codes)
    return found


def _rows(transaction: Transaction, sample: Sample, until: Instant) -> tuple[list[Candidate], dict[str, str]]:
    """The rows of a register as it was when the period was over."""
    named = dict(transaction.rows("SELECT code, lineage FROM area"))
    codes = {int(id_): code for id_, code in transaction.rows("SELECT id, code FROM area")}
    found, areas = list[Candidate](), dict[str, str]()
    for row in register_rows.as_of(transaction, sample.register, until):
        up = {link.level: codes[link.id] for link in chain(named[row.area])}
        found.append(Candidate(code=row.code, stratum=tuple(up.get(word, "") for word in sample.by)))
        areas[row.code] = row.area
    return found, areas


def keep(transaction: Transaction, draw: Draw, lots: Sequence[Lot], areas: dict[str, str], sample: Sample) -> bool:
    """Write a draw down with all of its lots; False when somebody else has drawn this period."""
    listed = ", ".join(marks(transaction, 14))
    written = transaction.run(
        "INSERT INTO sample_draw (name, period, since, until, file, sha256, source, seal, seed, total, drawn, "  # noqa: S608
        f"strata, digest, drawn_at) VALUES ({listed}) ON CONFLICT (name, period) DO NOTHING",
        (
            draw.name, draw.period, draw.since, draw.until, draw.file, draw.sha256, draw.source, draw.seal, draw.seed,
            draw.total, draw.drawn, _said(draw.strata), draw.digest, draw.drawn_at,
        ),
    )  # fmt: skip
    if written != 1:
        return False
    if lots:
        transaction.run_many(
            "INSERT INTO sample_lot (name, period, code, area, stratum, apart, rank, workflow, start) "  # noqa: S608
            f"VALUES ({', '.join(marks(transaction, 9))})",
            [
                (
                    draw.name, draw.period, lot.candidate.code, areas[lot.candidate.code],
                    _BETWEEN.join(lot.candidate.stratum), lot.candidate.apart, lot.rank, sample.workflow,
                    sample.apart_start if lot.candidate.apart else sample.start,
                )
                for lot in lots
            ],
        )  # fmt: skip
    return True


def take(transaction: Transaction, lot: KeptLot, now: Instant) -> bool:
    """Take a lot that opens its check in this transaction; False when somebody else has."""
    at, name, period, code = marks(transaction, 4)
    changed = transaction.run(
        f"UPDATE sample_lot SET opened_at = {at} WHERE name = {name} AND period = {period} AND code = {code} "  # noqa: S608
        "AND opened_at IS NULL",
        (now, lot.name, lot.period, lot.code),
    )
    return changed == 1


def opened(transaction: Transaction, lot: KeptLot, check_id: int) -> None:
    """Say which ticket the check of a lot is."""
    check, name, period, code = marks(transaction, 4)
    transaction.run(
        f"UPDATE sample_lot SET check_id = {check} WHERE name = {name} AND period = {period} AND code = {code}",  # noqa: S608
        (check_id, lot.name, lot.period, lot.code),
    )


def draws(transaction: Transaction, name: str = "", period: str = "", most: int = 60) -> list[Draw]:
    """Draws, the newest first: all, of one sample, or the one of a period."""
    one, two, three, four, limit = marks(transaction, 5)
    rows = transaction.rows(
        "SELECT name, period, since, until, file, sha256, source, seal, seed, total, drawn, strata, digest, drawn_at "  # noqa: S608
        f"FROM sample_draw WHERE ({one} = '' OR name = {two}) AND ({three} = '' OR period = {four}) "
        f"ORDER BY until DESC, name LIMIT {limit}",
        (name, name, period, period, most),
    )
    return [
        Draw(
            name=row[0], period=row[1], since=Instant(row[2]), until=Instant(row[3]), file=row[4], sha256=row[5],
            source=row[6], seal=row[7], seed=row[8], total=row[9], drawn=row[10], strata=_heard(row[11]),
            digest=row[12], drawn_at=Instant(row[13]),
        )
        for row in rows
    ]  # fmt: skip


def waiting(transaction: Transaction, most: int) -> list[KeptLot]:
    """Lots whose check is not open yet."""
    return _lots(transaction, "l.opened_at IS NULL", (), most)


def lots(
    transaction: Transaction, name: str, period: str, units: Sequence[str] | None, most: int | None = None
) -> list[KeptLot]:
    """The lots of a draw, by their codes; only those whose check these units reach (None: all, unopened ones too)."""
    one, two = marks(transaction, 2)
    where, parameters = f"l.name = {one} AND l.period = {two}", [name, period]
    if units is None:
        return _lots(transaction, where, parameters, most)
    match, reached = among(transaction, units)
    exists = "SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit"
    where += f" AND EXISTS ({exists} {match})"
    return _lots(transaction, where, [*parameters, *reached], most)


def _lots(transaction: Transaction, where: str, parameters: Sequence[object], most: int | None) -> list[KeptLot]:
    limit = f" LIMIT {int(most)}" if most is not None else ""
    rows = transaction.rows(
        "SELECT l.name, l.period, l.code, l.area, l.stratum, l.apart, l.rank, l.workflow, l.start, l.opened_at, "  # noqa: S608
        "t.case_no, t.workflow_id, t.state, t.state_type FROM sample_lot l LEFT JOIN ticket t ON t.id = l.check_id "
        f"WHERE {where} ORDER BY l.name, l.period, l.code{limit}",
        parameters,
    )
    return [
        KeptLot(
            name=row[0], period=row[1], code=row[2], area=row[3], stratum=tuple(row[4].split(_BETWEEN)),
            apart=bool(row[5]), rank=row[6], workflow=row[7], start=row[8],
            opened_at=Instant(row[9]) if row[9] is not None else None, check=row[10] or "", workflow_id=row[11],
            state=row[12] or "", state_type=row[13] or "",
        )
        for row in rows
    ]  # fmt: skip


def _said(strata: Sequence[Stratum]) -> str:
    return json.dumps([[list(one.codes), one.apart, one.total, one.drawn] for one in strata], ensure_ascii=False)


def _heard(said: str) -> tuple[Stratum, ...]:
    return tuple(
        Stratum(codes=tuple(codes), apart=apart, total=total, drawn=drawn)
        for codes, apart, total, drawn in json.loads(said)
    )
