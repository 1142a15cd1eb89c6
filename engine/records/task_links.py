"""Task links 任务链接: the way in for a unit without accounts, each for one task until that is settled.

A secret is 256 random bits, shown once; only its sha256 is stored. What is unknown, expired, revoked or another
task's gets one answer, and is looked up by its digest as a key, so that nobody learns which of them it was. Guessing
is hopeless, so only what a link does is counted.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import MINUTE, Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import Question, among, marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_text,
    number,
    only_where,
    text,
    title,
    word,
)
from engine.records.limits import Limit
from engine.rules.case import Actor, ActorKind
from engine.vocabulary import SETTLED

#: Characters of a secret.
SECRET = 43
#: What a link may do: more than any unit needs for one task.
ACTS = Limit(most=40, window=10 * MINUTE)

_OPEN = f"k.state_type NOT IN ({', '.join(repr(state.value) for state in sorted(SETTLED))})"
#: A link that opens something now, at one moment.
_LIVE = "l.revoked_at IS NULL AND l.expires_at > {0}"


class TaskLink(SQLModel, table=True):
    """One link to one task."""

    __tablename__ = "task_link"
    __table_args__ = (
        Index("ix_task_link_task", "ticket_id", "task_seq"),
        Index("ix_task_link_next", "next_at", **only_where("next_at")),
        ONE_TREE,
    )

    #: sha256 of the secret, hex.
    digest: str = word(key=True)
    ticket_id: int = link()
    task_seq: int = number()
    made_at: int = instant()
    #: Who made it; None when the engine did, for a unit with a contact address.
    made_by: int | None = maybe_link()
    expires_at: int = instant()
    revoked_at: int | None = maybe_instant()
    #: Not to be sent (again) before; None when there is nothing left to send.
    next_at: int | None = maybe_instant()
    attempts: int = number()
    sent_at: int | None = maybe_instant()
    error: str | None = maybe_text()


class UnitContact(SQLModel, table=True):
    """Where a unit without accounts gets the links of its tasks. Only the command line sets one."""

    __tablename__ = "unit_contact"
    __table_args__ = ONE_TREE

    department_id: int = key_part("department.id")
    #: An address of apprise, with its secrets.
    url: str = text()
    #: What people may see of it, e.g. `WeCom Bot`.
    kind: str = title()
    set_at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a secret opens."""

    digest: str
    ticket_id: int
    task_seq: int
    department_id: int | None
    expires_at: Instant
    #: Whether the task can still be worked on.
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The newest link of a task, as the desk may know it."""

    task_seq: int
    made_at: Instant
    #: None when the engine made it.
    made_by: int | None
    expires_at: Instant
    revoked_at: Instant | None
    sent_at: Instant | None
    error: str

    def live(self, now: Instant) -> bool:
        """Whether it opens its task now, if that is open."""
        return self.revoked_at is None and self.expires_at > now


def nothing_here() -> NotFound:
    """Whether it never was, is over, was revoked or is another task's: one answer."""
    return NotFound(
        "链接无效或已失效，请与派单的受理台联系", "this link opens nothing (any more); ask the desk that sent it"
    )


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret[: 2 * SECRET].encode("utf-8", "replace")).hexdigest()


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def found(transaction: Transaction, secret: str, now: Instant, *, settled: bool = False) -> Found:
    """What a secret opens; with `settled` also a task that is done, for an act sent twice. Errors: `NotFound`."""
    digest = digest_of(secret)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT l.ticket_id, l.task_seq, k.department_id, l.expires_at, CASE WHEN {_OPEN} THEN 1 ELSE 0 END "  # noqa: S608
        "FROM task_link l JOIN task k ON k.ticket_id = l.ticket_id AND k.seq = l.task_seq "
        f"WHERE l.digest = {mark} AND {_LIVE.format(mark)}",
        (digest, now),
    )
    if not rows or not (rows[0][4] or settled):
        raise nothing_here()
    ticket, task, department, expires, is_open = rows[0]
    return Found(
        digest=digest, ticket_id=int(ticket), task_seq=int(task), department_id=department, expires_at=expires,
        open=bool(is_open),
    )  # fmt: skip


def asked_actor(transaction: Transaction, digest: str, now: Instant) -> Question[Actor]:
    """Whoever holds this link, for the door: asked in the transaction of the act. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    rows = yield (
        f"SELECT l.ticket_id, l.task_seq FROM task_link l WHERE l.digest = {mark} AND {_LIVE.format(mark)}",  # noqa: S608
        (digest, now),
    )
    if not rows:
        raise nothing_here()
    return Actor(kind=ActorKind.LINK, name=ActorKind.LINK.value, opens=(int(rows[0][0]), int(rows[0][1])))


def keep(
    transaction: Transaction, secret: str, ticket_id: int, task_seq: int, now: Instant, *,
    made_by: int | None, expires_at: Instant, next_at: Instant | None = None,
) -> None:  # fmt: skip
    """Store a new link; `next_at` says when it is to be sent again if nobody lived to say that it was."""
    listed = ", ".join(marks(transaction, 8))
    transaction.run(
        "INSERT INTO task_link (digest, ticket_id, task_seq, made_at, made_by, expires_at, next_at, "  # noqa: S608
        f"attempts) VALUES ({listed})",
        (digest_of(secret), ticket_id, task_seq, now, made_by, expires_at, next_at, int(next_at is not None)),
    )


def revoke(transaction: Transaction, ticket_id: int, task_seq: int, now: Instant) -> int:
    """The links of this task open nothing any more; how many did until now."""
    mark, *_ = marks(transaction, 1)
    return transaction.run(
        f"UPDATE task_link SET revoked_at = {mark}, next_at = NULL WHERE ticket_id = {mark} AND task_seq = {mark} "  # noqa: S608
        f"AND revoked_at IS NULL AND expires_at > {mark}",
        (now, ticket_id, task_seq, now),
    )


def states(transaction: Transaction, ticket_id: int) -> dict[int, State]:
    """Task → its newest link."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT task_seq, made_at, made_by, expires_at, revoked_at, sent_at, error FROM task_link "  # noqa: S608
        f"WHERE ticket_id = {mark} ORDER BY made_at, CASE WHEN revoked_at IS NULL THEN 1 ELSE 0 END",
        (ticket_id,),
    )
    return {
        task: State(
            task_seq=task, made_at=made, made_by=by, expires_at=expires, revoked_at=revoked, sent_at=sent,
            error=error or "",
        )
        for task, made, by, expires, revoked, sent, error in rows
    }  # fmt: skip


def accounts(department: str, mark: str) -> str:
    """A query for the active people who hold a post in a department now; two marks, both for the moment."""
    return (
        "SELECT h.department_id FROM holding h JOIN person p ON p.id = h.person_id AND p.active "  # noqa: S608
        f"WHERE h.department_id = {department} AND h.valid_from <= {mark} "
        f"AND (h.valid_to IS NULL OR h.valid_to > {mark})"
    )


def with_accounts(transaction: Transaction, departments: Collection[int], now: Instant) -> set[int]:
    """Those of the departments in which an active person holds a post now: their people sign in."""
    mark, *_ = marks(transaction, 1)
    match, parameters = among(transaction, sorted(departments))
    rows = transaction.rows(
        f"SELECT d.id FROM department d WHERE d.id {match} AND EXISTS ({accounts('d.id', mark)})",  # noqa: S608
        (*parameters, now, now),
    )
    return {int(row[0]) for row in rows}


def set_contact(transaction: Transaction, department_id: int, contact: tuple[str, str] | None, now: Instant) -> None:
    """Where a unit gets its links: the kind and address, or None to forget it."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM unit_contact WHERE department_id = {mark}", (department_id,))  # noqa: S608
    if contact is not None:
        listed = ", ".join(marks(transaction, 4))
        kind, url = contact
        transaction.run(
            f"INSERT INTO unit_contact (department_id, url, kind, set_at) VALUES ({listed})",  # noqa: S608
            (department_id, url, kind, now),
        )


def contact_kind(transaction: Transaction, department_id: int) -> str:
    """What people may see of a unit's contact address; "" when it has none."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT kind FROM unit_contact WHERE department_id = {mark}", (department_id,))  # noqa: S608
    return str(rows[0][0]) if rows else ""


def contact_url(transaction: Transaction, department_id: int) -> str:
    """A unit's contact address, secrets included: for sending alone; "" when it has none."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT url FROM unit_contact WHERE department_id = {mark}", (department_id,))  # noqa: S608
    return str(rows[0][0]) if rows else ""
