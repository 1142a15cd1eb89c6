"""How people want to be told, and where: quiet hours and digests, which are theirs, and destinations, which are secret.

A destination is an address of apprise and holds keys to somebody's mail or group chat. Only the command line sets one;
pages and errors speak of its kind alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    maybe_instant,
    maybe_number,
    maybe_text,
    number,
    one_of,
    text,
    title,
    word,
    yes_no,
)
from engine.rules.wishes import Digest, QuietHours, Wishes


class Wish(SQLModel, table=True):
    """How one person wants to be told; who has no row takes what the installation does."""

    __tablename__ = "wish"
    __table_args__ = (one_of("digest", [digest.value for digest in Digest]), ONE_TREE)

    person_id: int = key_part("person.id")
    #: Minutes of the local day; none of both is the installation's, two equal ones are no quiet hours.
    quiet_begins: int | None = maybe_number()
    quiet_ends: int | None = maybe_number()
    digest: str = word()
    #: Minute of the local day of a daily digest.
    digest_at: int = number()
    urgent: bool = yes_no()


class Destination(SQLModel, table=True):
    """Where messages to a person go beyond the inbox."""

    __tablename__ = "destination"
    __table_args__ = ONE_TREE

    person_id: int = key_part("person.id")
    ordinal: int = key_part()
    #: An address of apprise, with its secrets.
    url: str = text()
    #: What people may see of it, e.g. `WeCom Bot`.
    kind: str = title()
    set_at: int = instant()
    #: The last time it took no message, and why; none once it has taken one again.
    failed_at: int | None = maybe_instant()
    error: str | None = maybe_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One destination of somebody, as delivery needs it."""

    ordinal: int
    kind: str
    #: Left out wherever this value is printed.
    url: str

    def __repr__(self) -> str:
        return f"Goal({self.ordinal}, {self.kind!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What people may know of a destination."""

    name: str
    set_at: Instant
    failed_at: Instant | None
    error: str


def wishes_of(transaction: Transaction, person_id: int) -> Wishes:
    """How this person wants to be told."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT quiet_begins, quiet_ends, digest, digest_at, urgent FROM wish WHERE person_id = {mark}",  # noqa: S608
        (person_id,),
    )
    if not rows:
        return Wishes()
    begins, ends, digest, digest_at, urgent = rows[0]
    return Wishes(
        quiet=None if begins is None or ends is None else QuietHours(begins, ends),
        digest=Digest(digest),
        digest_at=digest_at,
        urgent=bool(urgent),
    )


def wish(transaction: Transaction, person_id: int, wishes: Wishes, now: Instant) -> None:
    """Let somebody be told in this way from now on; what waits for a time that was wished before is looked at anew."""
    columns = "person_id, quiet_begins, quiet_ends, digest, digest_at, urgent"
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns.split(", ")[1:])
    quiet = (wishes.quiet.begins, wishes.quiet.ends) if wishes.quiet else (None, None)
    transaction.run(
        f"INSERT INTO wish ({columns}) VALUES ({', '.join(marks(transaction, 6))}) "  # noqa: S608 (constant words)
        f"ON CONFLICT (person_id) DO UPDATE SET {changed}",
        (person_id, *quiet, wishes.digest.value, wishes.digest_at, wishes.urgent),
    )
    at, person, later = marks(transaction, 3)
    transaction.run(
        f"UPDATE message SET next_at = {at} "  # noqa: S608
        f"WHERE person_id = {person} AND next_at > {later} AND claim IS NULL AND attempts = 0",
        (now, person_id, now),
    )


def goals(transaction: Transaction, person_id: int) -> list[Goal]:
    """Where messages to this person go, secrets included: for delivery alone."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT ordinal, kind, url FROM destination WHERE person_id = {mark} ORDER BY ordinal",  # noqa: S608
        (person_id,),
    )
    return [Goal(ordinal=ordinal, kind=kind, url=url) for ordinal, kind, url in rows]


def kinds(transaction: Transaction, person_id: int) -> list[Kind]:
    """What somebody may know of their own destinations."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT kind, set_at, failed_at, error FROM destination WHERE person_id = {mark} ORDER BY ordinal",  # noqa: S608
        (person_id,),
    )
    return [Kind(name=name, set_at=at, failed_at=failed, error=error or "") for name, at, failed, error in rows]


def set_goals(transaction: Transaction, person_id: int, found: Sequence[tuple[str, str]], now: Instant) -> None:
    """Give somebody these destinations, each its kind and address, in place of those before."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM destination WHERE person_id = {mark}", (person_id,))  # noqa: S608
    values = ", ".join(marks(transaction, 5))
    rows = [(person_id, ordinal, kind, url, now) for ordinal, (kind, url) in enumerate(found, start=1)]
    if rows:
        transaction.run_many(
            f"INSERT INTO destination (person_id, ordinal, kind, url, set_at) VALUES ({values})",  # noqa: S608
            rows,
        )


def note(transaction: Transaction, person_id: int, told: Sequence[tuple[int, str | None]], now: Instant) -> None:
    """Remember of each destination, by its ordinal, whether it took the message (None) or why not."""
    failed, error, person, ordinal = marks(transaction, 4)
    rows = [(None if why is None else now, why, person_id, number) for number, why in told]
    if rows:
        transaction.run_many(
            f"UPDATE destination SET failed_at = {failed}, error = {error} "  # noqa: S608
            f"WHERE person_id = {person} AND ordinal = {ordinal}",
            rows,
        )
