"""Accounts as their administrator keeps them: a first password, closed, open again; each written down."""

import secrets

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import NotPermitted
from engine.records import access, administration
from engine.records.administration import AdminDeed, NewAct
from engine.records.asking import among, marks
from engine.records.people import SEPARATE, person_by_login, set_active

#: Signs that nobody takes for another when they are read out.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 12


def give_password(database: Database, by: int, login: str, now: Instant) -> str:
    """Give an account a first password, answered once; every session and token of it ends.

    Errors: `NotFound` for an account that isn't there or is closed, `NotPermitted` for an administrator's.
    """
    access.person_of_login(database, login)
    database.acting(lambda transaction: _write_down(transaction, by, login, AdminDeed.PASSWORD, now))
    password = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    access.set_password(database, login, password)
    access.revoke_all(database, login, now)
    return password


def open_or_close(database: Database, by: int, login: str, active: bool, now: Instant) -> None:
    """Let an account sign in again, or not any more; its posts stay. Done again it is no second record.

    Errors: `NotFound`, `NotPermitted` for an administrator's.
    """

    def change(transaction: Transaction) -> None:
        if person_by_login(transaction, login).active == active:
            return
        _write_down(transaction, by, login, AdminDeed.OPEN if active else AdminDeed.CLOSE, now)
        set_active(transaction, login, active)

    database.acting(change)


def is_administrator(transaction: Transaction, login: str, now: Instant) -> bool:
    """Whether somebody holds one of the three administrators' posts, or will."""
    match, values = among(transaction, SEPARATE)
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT 1 FROM holding h JOIN person p ON p.id = h.person_id WHERE p.login = {mark} AND h.post {match} "  # noqa: S608
        f"AND (h.valid_to IS NULL OR h.valid_to > {mark})",
        [login, *values, now],
    )
    return bool(rows)


def _write_down(transaction: Transaction, by: int, login: str, deed: AdminDeed, now: Instant) -> None:
    if is_administrator(transaction, login, now):
        raise NotPermitted(
            "管理员的账号只能在服务器上管理（三员分立）",
            "administrators' accounts are kept at the machine itself only (separate duties)",
            action=deed.value,
            roles=[],
        )
    administration.record(transaction, NewAct(person_id=by, deed=deed, subject=login), now)
