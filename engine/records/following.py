"""Readers of the feed: each goes on where its cursor stands, whatever crashed before."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.database import Transaction
from engine.records.asking import marks

#: Acts read in one go.
AT_ONCE = 500


def behind(transaction: Transaction, reader: str, columns: str, where: str) -> tuple[list[Sequence[Any]], int | None]:
    """The events behind a reader's cursor for which `where` holds, and the position they reach to; None when the feed
    holds no act behind it.

    `columns` and `where` are words of the caller about `e`, the event; never what somebody typed.
    """
    mark, *_ = marks(transaction, 1)
    at = transaction.rows(f"SELECT position FROM cursor WHERE reader = {mark}", (reader,))  # noqa: S608
    begin = int(at[0][0]) if at else 0
    ((last,),) = transaction.rows(
        "SELECT max(position) FROM (SELECT position FROM feed "  # noqa: S608
        f"WHERE position > {mark} ORDER BY position LIMIT {AT_ONCE}) f",
        (begin,),
    )
    if last is None:
        return [], None
    rows = transaction.rows(
        f"SELECT {columns} FROM feed f JOIN event e ON e.ticket_id = f.ticket_id "  # noqa: S608
        f"AND e.seq BETWEEN f.seq AND f.last_seq WHERE f.position > {mark} AND f.position <= {mark} AND {where} "
        "ORDER BY f.position, e.seq",
        (begin, last),
    )
    return list(rows), int(last)


def fold(
    transaction: Transaction, reader: str, columns: str, holds: str, keep: Callable[[Transaction, Sequence[Any]], int]
) -> tuple[int, bool]:
    """Fold the next events whose facts hold a text: how many lines `keep` made of them, and whether the feed may hold
    more. The text is a word of the caller; it is looked for quickly and coarsely, since a form may hold it too."""
    position = "strpos" if transaction.postgresql else "instr"
    rows, last = behind(transaction, reader, columns, f"{position}(e.facts, '{holds}') > 0")
    if last is None:
        return 0, False
    kept = sum(keep(transaction, row) for row in rows)
    read_to(transaction, reader, last)
    return kept, True


def read_to(transaction: Transaction, reader: str, position: int) -> None:
    """Move a reader's cursor forward; it never goes back."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"INSERT INTO cursor (reader, position) VALUES ({mark}, {mark}) ON CONFLICT (reader) DO UPDATE "  # noqa: S608
        "SET position = excluded.position WHERE cursor.position < excluded.position",
        (reader, position),
    )


def from_the_start(transaction: Transaction, reader: str) -> None:
    """Let a reader read everything again."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM cursor WHERE reader = {mark}", (reader,))  # noqa: S608
