"""Who comes in and by which key: bearer tokens, browser sessions, passwords.

A secret is 256 random bits, shown once to its owner; only its sha256 is stored: a stolen database opens nothing. The
digest is looked up as a key, which takes the same time for every wrong secret that somebody may try.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pwdlib import PasswordHash

from engine.clock import DAY, HOUR, Instant
from engine.database import Database, Transaction
from engine.errors import NotFound, NotSignedIn
from engine.journey import Statement
from engine.records import posts
from engine.records.asking import Question, marks, wrong
from engine.records.knowledge import units_of
from engine.records.people import SEPARATE
from engine.rules.case import Held

#: The purpose of a browser's session; nobody can give a token that name.
SESSION = "session"
#: A session ends with the working day.
SESSION_LASTS = 12 * HOUR
#: Days that a token may last at most.
LONGEST_TOKEN = 366
#: Characters of a password; the upper bound keeps hashing cheap.
PASSWORD = range(8, 201)
#: Marks a secret as one of ours, for whoever searches texts for leaked ones.
_MARK = "huying_"
_LONGEST_SECRET = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who came in, with the posts held at this moment."""

    person_id: int
    login: str
    name: str
    posts: tuple[Held, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """What `reach` knows this person by: see `units_of`."""
        return units_of(self.person_id, self.posts)

    @property
    def official_units(self) -> tuple[str, ...]:
        """Those of `units` that come by a post: rulings, counts, who holds what are no business of whoever reported."""
        return tuple(unit for unit in self.units if not unit.startswith("p"))

    @property
    def departments(self) -> tuple[int, ...]:
        """The departments in which a post is held, by id."""
        return tuple(sorted({held.department_id for held in self.posts if held.department_id is not None}))

    @property
    def areas(self) -> tuple[int, ...]:
        """The areas for which a post is held, by id."""
        return tuple(sorted({held.area_id for held in self.posts if held.area_id is not None}))

    @property
    def administers(self) -> bool:
        """Whether one of the three administrators' duties is held."""
        return any(held.post in SEPARATE for held in self.posts)


def issue_token(database: Database, login: str, purpose: str, now: Instant, days: int) -> str:
    """A new bearer token for somebody's programs; the secret is answered once and stored nowhere.

    Errors: `NotFound` for an unknown or inactive login, `Malformed` for a purpose or a time that can't be.
    """
    named = purpose.strip()
    if not named or len(named) > 200 or named == SESSION:
        raise wrong("purpose", "请说明令牌用途（200 字以内）", "say what the token is for, in at most 200 characters")
    if not 1 <= days <= LONGEST_TOKEN:
        raise wrong("days", f"有效期应为 1 至 {LONGEST_TOKEN} 天", f"a token lasts 1 to {LONGEST_TOKEN} days")
    return _issue(database, person_of_login(database, login), named, now, Instant(now + days * DAY))


def open_session(database: Database, person_id: int, now: Instant, device: str = "") -> str:
    """A new browser session; the secret goes into a cookie. Old keys of this person that have expired are swept out.

    `device` says which browser it is, in words that its owner knows it by.
    """
    return _issue(database, person_id, SESSION, now, Instant(now + SESSION_LASTS), device)


def person_of_login(database: Database, login: str) -> int:
    """The id of an active person. Errors: `NotFound`."""
    with database.looking() as transaction:
        mark, *_ = marks(transaction, 1)
        rows = transaction.rows(f"SELECT id FROM person WHERE active AND login = {mark}", (login,))  # noqa: S608
    if not rows:
        raise NotFound(f"没有账号“{login[:60]}”或已停用", f"no active account '{login[:60]}'")
    return int(rows[0][0])


def asked_token(transaction: Transaction, secret: str, now: Instant) -> Question[Viewer]:
    """Whose bearer token that is. Errors: `NotSignedIn` for an unknown, expired or revoked one, and for a session's."""
    rows = yield _by_secret(transaction, secret, now, f"k.purpose <> '{SESSION}'")
    return _viewer(rows)


def by_session(transaction: Transaction, secret: str, now: Instant, idle: int) -> tuple[Viewer, Instant]:
    """Whose session that is, and when it was last used.

    Errors: as `asked_token`; and for a session that was not used for `idle` microseconds.
    """
    mark, *_ = marks(transaction, 1)
    asked = _by_secret(transaction, secret, now, f"k.purpose = '{SESSION}' AND k.seen_at > {mark}", now - idle)
    rows = transaction.rows(*asked)
    return _viewer(rows), Instant(rows[0][3])


def revoke(database: Database, secret: str, now: Instant) -> None:
    """This token or session opens nothing any more."""

    def work(transaction: Transaction) -> None:
        at, digest = marks(transaction, 2)
        transaction.run(
            f"UPDATE token SET revoked_at = {at} WHERE digest = {digest} AND revoked_at IS NULL",  # noqa: S608
            (now, digest_of(secret)),
        )

    database.acting(work)


def revoke_all(database: Database, login: str, now: Instant) -> int:
    """Every token and session of somebody ends; how many there were. Errors: `NotFound` for an unknown login."""
    person_id = person_of_login(database, login)

    def work(transaction: Transaction) -> int:
        at, person, since = marks(transaction, 3)
        return transaction.run(
            f"UPDATE token SET revoked_at = {at} "  # noqa: S608
            f"WHERE person_id = {person} AND revoked_at IS NULL AND expires_at > {since}",
            (now, person_id, now),
        )

    return database.acting(work)


def set_password(database: Database, login: str, password: str) -> None:
    """Give somebody a password. Errors: `NotFound` for an unknown login, `Malformed` for a length out of `PASSWORD`."""
    if len(password) not in PASSWORD:
        shortest, longest = PASSWORD[0], PASSWORD[-1]
        raise wrong(
            "password", f"密码应为 {shortest} 至 {longest} 位", f"a password has {shortest} to {longest} characters"
        )
    person_id, hashed = person_of_login(database, login), _hasher().hash(password)

    def work(transaction: Transaction) -> None:
        value, person = marks(transaction, 2)
        transaction.run(f"UPDATE person SET password_hash = {value} WHERE id = {person}", (hashed, person_id))  # noqa: S608

    database.acting(work)


def check_password(database: Database, login: str, password: str) -> int:
    """The id of whoever has this login and password.

    Errors: `NotSignedIn`, the same and after the same time whether the login or the password is wrong.
    """
    with database.looking() as transaction:
        mark, *_ = marks(transaction, 1)
        rows = transaction.rows(
            f"SELECT id, password_hash FROM person WHERE active AND login = {mark}",  # noqa: S608
            (login[:_LONGEST_SECRET],),
        )
    person_id, hashed = rows[0] if rows and rows[0][1] else (None, _nobodys_hash())
    right = len(password) in PASSWORD and _hasher().verify(password, hashed)
    if person_id is None or not right:
        raise NotSignedIn("账号或密码不对", "the login or the password is wrong")
    return int(person_id)


def viewer_of(transaction: Transaction, person_id: int, now: Instant) -> Viewer:
    """An active person with the posts held now. Errors: `NotSignedIn`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT p.id, p.login, p.name, 0, {_HELD} FROM person p LEFT JOIN ({posts.held(mark, mark)}) h ON 1 = 1 "  # noqa: S608
        f"WHERE p.id = {mark} AND p.active ORDER BY h.own",
        (*posts.parameters(person_id, now), person_id),
    )
    return _viewer(rows)


_HELD = ", ".join(f"h.{name}" for name in posts.COLUMNS)


def _by_secret(transaction: Transaction, secret: str, now: Instant, kind: str, *more: Any) -> Statement:
    """What asks for the rows of whoever has this secret, for `_viewer`; the fourth column is when it was last used."""
    mark, *_ = marks(transaction, 1)
    digest = digest_of(secret)
    who = f"(SELECT person_id FROM token WHERE digest = {mark})"  # noqa: S608 (constant words)
    sql = (
        f"SELECT p.id, p.login, p.name, k.seen_at, {_HELD} FROM person p JOIN token k ON k.person_id = p.id "  # noqa: S608
        f"LEFT JOIN ({posts.held(who, mark)}) h ON 1 = 1 "
        f"WHERE k.digest = {mark} AND k.expires_at > {mark} AND k.revoked_at IS NULL "
        f"AND {kind} AND p.active ORDER BY h.own"
    )
    return sql, (*posts.parameters(digest, now), digest, now, *more)


def _viewer(rows: Sequence[Any]) -> Viewer:
    if not rows:
        raise NotSignedIn
    person_id, login, name = rows[0][:3]
    return Viewer(person_id=int(person_id), login=login, name=name, posts=posts.read([row[4:] for row in rows]))


def _issue(database: Database, person_id: int, purpose: str, now: Instant, until: Instant, device: str = "") -> str:
    secret = _MARK + secrets.token_urlsafe(32)

    def work(transaction: Transaction) -> None:
        person, at = marks(transaction, 2)
        transaction.run(f"DELETE FROM token WHERE person_id = {person} AND expires_at <= {at}", (person_id, now))  # noqa: S608
        listed = ", ".join(marks(transaction, 7))
        transaction.run(
            "INSERT INTO token (digest, person_id, purpose, created_at, expires_at, seen_at, device) "  # noqa: S608
            f"VALUES ({listed})",
            (digest_of(secret), person_id, purpose, now, until, now, device),
        )

    database.acting(work)
    return secret


def digest_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret[:_LONGEST_SECRET].encode("utf-8", "replace")).hexdigest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
