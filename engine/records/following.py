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


def tickets_behind(transaction: Transaction, reader: str) -> tuple[int, int | None, list[int]]:
    """Where a cursor stands, where the next acts of the feed end (None when there are none), and their tickets."""
    mark, *_ = marks(transaction, 1)
    at = transaction.rows(f"SELECT position FROM cursor WHERE reader = {mark}", (reader,))  # noqa: S608
    begin = int(at[0][0]) if at else 0
    rows = transaction.rows(
        f"SELECT position, ticket_id FROM feed WHERE position > {mark} ORDER BY position LIMIT {AT_ONCE}",  # noqa: S608
        (begin,),
    )
    return begin, int(rows[-1][0]) if rows else None, sorted({int(row[1]) for row in rows})


def moved(transaction: Transaction, reader: str, begin: int, last: int) -> bool:
    """Move a cursor on from where it was read; False when somebody else has moved it meanwhile."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"INSERT INTO cursor (reader, position) VALUES ({mark}, 0) ON CONFLICT (reader) DO NOTHING",  # noqa: S608
        (reader,),
    )
    return bool(
        transaction.run(
            f"UPDATE cursor SET position = {mark} WHERE reader = {mark} AND position = {mark}",  # noqa: S608
            (last, reader, begin),
        )
    )


def begin_at(transaction: Transaction, reader: str, position: int) -> None:
    """Put a cursor at a position, forward or back, as a rebuild does."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"INSERT INTO cursor (reader, position) VALUES ({mark}, {mark}) ON CONFLICT (reader) DO UPDATE "  # noqa: S608
        "SET position = excluded.position",
        (reader, position),
    )


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
