"""How accounting periods are written: rows are added, a period's state moves, and every act goes into its chain."""

from collections.abc import Iterable, Sequence
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.period_rows import State
from engine.rules.chain import canonical_row, event_hash
from engine.rules.roll import Head, Line

_ALGORITHM = "sha256"


def begin(transaction: Transaction, head: Head, area_id: int, lines: Sequence[Line]) -> int:
    """A new draft with its lines; its id."""
    values = head.values
    columns = "sheet, area_id, label, since_at, until_at, as_of, state, head, lines, results, digest"
    row = (
        values["sheet"], area_id, values["label"], values["since"], values["until"], values["as_of"],
        State.DRAFT.value, head.text, len(lines), "", "",
    )  # fmt: skip
    ((number,),) = transaction.rows(
        f"INSERT INTO accounting_period ({columns}) VALUES ({', '.join(marks(transaction, len(row)))}) RETURNING id",  # noqa: S608
        row,
    )
    _insert(
        transaction, "period_line",
        "period_id number indicator ticket_id case_no seq area department person at standing why stars hash",
        (
            (number, x.number, x.indicator, x.ticket_id, x.case_no, x.seq, x.area, x.department, x.person, x.at,
             x.standing.value, x.why, x.stars, x.hash)
            for x in lines
        ),
    )  # fmt: skip
    return int(number)


def move(transaction: Transaction, number: int, state: State, *, window_until: Instant | None = None) -> None:
    """Another state; the end of the window stays unless a new one is given."""
    m, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE accounting_period SET state = {m}, window_until = coalesce({m}, window_until) WHERE id = {m}",  # noqa: S608
        (state.value, window_until, number),
    )


def settle(transaction: Transaction, number: int, results: str, digest: str, seal: int | None) -> None:
    """It is final."""
    m, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE accounting_period SET state = {m}, results = {m}, digest = {m}, seal = {m} WHERE id = {m}",  # noqa: S608
        (State.FINAL.value, results, digest, seal, number),
    )


def note(
    transaction: Transaction, number: int, action: str, person: int | None, post: str, at: Instant, facts: str
) -> int:
    """Put an act into the chain; its number there."""
    m, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT seq, hash FROM period_act WHERE period_id = {m} ORDER BY seq DESC LIMIT 1",  # noqa: S608
        (number,),
    )
    last, previous = rows[0] if rows else (0, "")
    seq = int(last) + 1
    digest = act_hash(previous, number, seq, action, person, post, at, facts)
    _insert(
        transaction, "period_act", "period_id seq action person_id post at facts hash",
        [(number, seq, action, person, post, at, facts, digest)],
    )  # fmt: skip
    return seq


def act_hash(
    previous: str, number: int, seq: int, action: str, person: int | None, post: str, at: Instant, facts: str
) -> str:
    """The hash of an act over the one before it ("" for the first)."""
    header = canonical_row(["huying/period/1", number, seq, action, person, post, at])
    return event_hash(_ALGORITHM, previous, header, facts, "")


def objection(transaction: Transaction, row: Sequence[Any]) -> None:
    """A row of `PeriodObjection`, in the order of its columns."""
    _insert(transaction, "period_objection", "period_id seq line person_id unit ground words salt at", [row])


def ruling(transaction: Transaction, row: Sequence[Any]) -> None:
    """A row of `PeriodRuling`, in the order of its columns."""
    _insert(transaction, "period_ruling", "period_id seq act_seq line verdict person_id words salt at", [row])


def restatement(transaction: Transaction, row: Sequence[Any]) -> None:
    """A row of `PeriodRestatement`, in the order of its columns."""
    _insert(transaction, "period_restatement", "period_id seq as_of document digest", [row])


def _insert(transaction: Transaction, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    names = columns.split()
    transaction.run_many(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks(transaction, len(names)))})",  # noqa: S608
        list(rows),
    )
