"""Daily seals as they lie in the database, each with its leaves; the file of a second organisation holds the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import ONE_TREE, big_number, instant, key_part, number, one_of, text, word
from engine.rules.seal import Leaf, Statement
from engine.vocabulary import ALGORITHMS

#: Leaves read in one go.
PAGE = 5_000
#: Seals on one page of a list.
MOST = 60

_DAY, _SIGNATURE = 10, 128


class Seal(SQLModel, table=True):
    """One seal; rows are added and never changed. `statement` is the canonical text that was hashed and signed, the
    columns beside it are for lists only."""

    __tablename__ = "seal"
    __table_args__ = (one_of("algorithm", ALGORITHMS),)

    #: 1, 2, 3 … without gaps: the number after the last, taken under a lock.
    number: int = key_part()
    day: str = word(length=_DAY)
    algorithm: str = word()
    root: str = word()
    tickets: int = big_number()
    events: int = big_number()
    made_at: int = instant()
    statement: str = text()
    #: Ed25519, base64; made with the key that the statement names.
    signature: str = word(length=_SIGNATURE)


class SealLeaf(SQLModel, table=True):
    """How far one ticket's history went at a seal."""

    __tablename__ = "seal_leaf"
    __table_args__ = (Index("ix_seal_leaf_ticket", "ticket_id", "seal"), ONE_TREE)

    seal: int = key_part()
    ticket_id: int = key_part()
    case_no: str = word()
    seq: int = number()
    count: int = number()
    head: str = word()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal as it was signed."""

    number: int
    text: str
    signature: str

    @property
    def statement(self) -> Statement:
        """Errors: `Malformed` if the text is none."""
        return Statement.read(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The newest seal that holds a ticket's history."""

    number: int
    day: str
    #: Lines of the history that came after it.
    since: int


#: What has moved since it was last sealed: its newest hash stands in no leaf of its own. One statement, one snapshot.
_TAKE = """
    INSERT INTO seal_leaf (seal, ticket_id, case_no, seq, count, head)
    SELECT {0}, t.id, CASE WHEN t.confidential THEN '' ELSE t.case_no END, e.seq,
        (SELECT count(*) FROM event c WHERE c.ticket_id = t.id), e.hash
    FROM ticket t
        JOIN event e ON e.ticket_id = t.id AND e.seq = (SELECT max(m.seq) FROM event m WHERE m.ticket_id = t.id)
    WHERE NOT EXISTS (SELECT 1 FROM seal_leaf l WHERE l.ticket_id = t.id AND l.head = t.head)"""


def last(transaction: Transaction) -> Sealed | None:
    """The newest seal."""
    rows = transaction.rows("SELECT number, statement, signature FROM seal ORDER BY number DESC LIMIT 1")
    return Sealed(*rows[0]) if rows else None


def made_since(transaction: Transaction, since: Instant) -> bool:
    """Whether a seal was made at that moment or later."""
    (mark,) = marks(transaction, 1)
    return bool(transaction.rows(f"SELECT 1 FROM seal WHERE made_at >= {mark} LIMIT 1", (since,)))  # noqa: S608


def found(transaction: Transaction, number: int) -> Sealed | None:
    """A seal by its number."""
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(f"SELECT number, statement, signature FROM seal WHERE number = {mark}", (number,))  # noqa: S608
    return Sealed(*rows[0]) if rows else None


def holding(transaction: Transaction, ticket_id: int) -> Held | None:
    """The seal that a ticket's history was taken into last; None if it never was."""
    mark, _ = marks(transaction, 2)
    rows = transaction.rows(
        "SELECT s.number, s.day, (SELECT count(*) FROM event e WHERE e.ticket_id = l.ticket_id AND e.seq > l.seq) "  # noqa: S608
        f"FROM seal_leaf l JOIN seal s ON s.number = l.seal WHERE l.ticket_id = {mark} ORDER BY l.seal DESC LIMIT 1",
        (ticket_id,),
    )
    return Held(number=int(rows[0][0]), day=rows[0][1], since=int(rows[0][2])) if rows else None


def held(transaction: Transaction) -> int:
    """How many tickets any seal holds."""
    ((found,),) = transaction.rows("SELECT count(DISTINCT ticket_id) FROM seal_leaf")
    return int(found)


def every(transaction: Transaction, until: int = 2**62) -> Iterator[Sealed]:
    """All seals up to a number, the first one first."""
    after, (mark, _, _) = 0, marks(transaction, 3)
    while True:
        rows = transaction.rows(
            f"SELECT number, statement, signature FROM seal WHERE number > {mark} AND number <= {mark} "  # noqa: S608
            f"ORDER BY number LIMIT {mark}",
            (after, until, PAGE),
        )
        yield from (Sealed(*row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def newest(transaction: Transaction, before: int | None = None) -> list[Sealed]:
    """The newest seals, or the newest before a number; at most `MOST`."""
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT number, statement, signature FROM seal WHERE number < {mark} ORDER BY number DESC LIMIT {MOST}",  # noqa: S608
        (2**62 if before is None else before,),
    )
    return [Sealed(*row) for row in rows]


def take(transaction: Transaction, number: int) -> None:
    """Put what has moved since it was last sealed under a number."""
    (mark,) = marks(transaction, 1)
    transaction.run(_TAKE.format(f"CAST({mark} AS BIGINT)"), (number,))


def keep(transaction: Transaction, statement: Statement, signature: str) -> None:
    """Write a signed seal down."""
    row = (
        statement.number, statement.day, statement.algorithm, statement.root, statement.tickets, statement.events,
        statement.made_at, statement.text, signature,
    )  # fmt: skip
    transaction.run(
        "INSERT INTO seal (number, day, algorithm, root, tickets, events, made_at, statement, signature) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, len(row)))})",
        row,
    )


def leaves(transaction: Transaction, number: int) -> Iterator[Leaf]:
    """The leaves of a seal, in the order of the tree: by ticket."""
    after, (mark, _, _) = -1, marks(transaction, 3)
    while True:
        rows = transaction.rows(
            "SELECT ticket_id, case_no, seq, count, head FROM seal_leaf "  # noqa: S608
            f"WHERE seal = {mark} AND ticket_id > {mark} ORDER BY ticket_id LIMIT {mark}",
            (number, after, PAGE),
        )
        yield from (Leaf(*row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def by_ticket(transaction: Transaction) -> Iterator[tuple[Leaf, int]]:
    """Every leaf of every seal with the number of its seal, by ticket and then by seal."""
    ticket_id, seal, (mark, *_) = -1, 0, marks(transaction, 3)
    while True:
        rows = transaction.rows(
            "SELECT ticket_id, case_no, seq, count, head, seal FROM seal_leaf "  # noqa: S608
            f"WHERE (ticket_id, seal) > ({mark}, {mark}) ORDER BY ticket_id, seal LIMIT {mark}",
            (ticket_id, seal, PAGE),
        )
        yield from ((Leaf(*row[:5]), row[5]) for row in rows)
        if len(rows) < PAGE:
            return
        ticket_id, seal = rows[-1][0], rows[-1][5]
