"""What administrators did: rows are added and never changed, for the one who audits to read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.asking import marks
from engine.records.columns import (
    big_id,
    instant,
    maybe_link,
    maybe_word,
    one_of,
    text,
    title,
    word,
)

#: Rows of one list.
MOST = 50


class AdminDeed(StrEnum):
    """What an administrator may do that is no act on a ticket."""

    IMPORT = "import"  #: a table was applied
    EXPORT = "export"  #: a table was taken out
    PASSWORD = "password"  # noqa: S105 (a word) #: an account was given a first password
    CLOSE = "close"  #: an account may not sign in any more
    OPEN = "open"  #: an account may sign in again
    TEMPLATE = "template"  #: a Word template was put in force
    LOOK_UP = "look_up"  #: what is held on a citizen was looked up
    COPY = "copy"  #: a citizen's data was taken out as a copy for them
    ERASE = "erase"  #: a citizen's data was erased


DEEDS: dict[AdminDeed, Title] = {
    AdminDeed.IMPORT: Title("导入", "Imported"),
    AdminDeed.EXPORT: Title("导出", "Exported"),
    AdminDeed.PASSWORD: Title("发放初始密码", "Gave a first password"),
    AdminDeed.CLOSE: Title("停用账号", "Closed an account"),
    AdminDeed.OPEN: Title("启用账号", "Opened an account"),
    AdminDeed.LOOK_UP: Title("查询群众个人信息", "Looked up a citizen's data"),
    AdminDeed.COPY: Title("导出群众个人信息副本", "Took out a copy of a citizen's data"),
    AdminDeed.ERASE: Title("删除群众个人信息", "Erased a citizen's data"),
    AdminDeed.TEMPLATE: Title("启用文书模板", "Put a template in force"),
}


class AdminAct(SQLModel, table=True):
    """Somebody administered something. No name, phone or password stands in it."""

    __tablename__ = "admin_act"
    __table_args__ = (one_of("deed", AdminDeed), UniqueConstraint("person_id", "key"))

    id: int | None = big_id()
    at: int = instant(index=True)
    #: None for whoever sat at the machine itself.
    person_id: int | None = maybe_link("person.id", index=True)
    deed: str = word()
    #: The table, or the login of the account.
    subject: str = word(index=True)
    #: What its sender calls the file.
    file: str = title()
    #: Of the file; "" where there is none.
    sha256: str = word()
    #: JSON: how many rows were new, changed, ended, unchanged.
    counts: str = text()
    #: JSON: the codes that were new, changed and ended.
    told: str = text()
    #: Under which it is done once.
    key: str | None = maybe_word()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAct:
    """What somebody is about to have done."""

    person_id: int | None
    deed: AdminDeed
    subject: str
    file: str = ""
    sha256: str = ""
    counts: Mapping[str, int] | None = None
    #: `new`, `changed`, `ended` → codes; of what changed also which fields.
    told: Mapping[str, Any] | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What somebody did, as it is read."""

    id: int
    at: Instant
    login: str
    name: str
    deed: AdminDeed
    subject: str
    file: str
    sha256: str
    counts: Mapping[str, int]
    told: Mapping[str, Any]

    @property
    def title(self) -> Title:
        return DEEDS[self.deed]


_COLUMNS = "c.id, c.at, p.login, p.name, c.deed, c.subject, c.file, c.sha256, c.counts, c.told"
_FROM = "admin_act c LEFT JOIN person p ON p.id = c.person_id"


def record(transaction: Transaction, new: NewAct, now: Instant) -> int:
    """Write down what was done; its number."""
    listed = ", ".join(marks(transaction, 9))
    values = (
        now, new.person_id, new.deed.value, new.subject, new.file[:200], new.sha256, _json(new.counts),
        _json(new.told), new.key,
    )  # fmt: skip
    rows = transaction.rows(
        "INSERT INTO admin_act (at, person_id, deed, subject, file, sha256, counts, told, key) "  # noqa: S608
        f"VALUES ({listed}) RETURNING id",
        values,
    )
    return int(rows[0][0])


def one_at_a_time(transaction: Transaction) -> None:
    """Nobody else administers until this transaction ends; on SQLite there is one writer anyway."""
    if transaction.postgresql:
        transaction.rows("SELECT pg_advisory_xact_lock(hashtext('admin_act'))")


def by_key(transaction: Transaction, person_id: int, key: str) -> int | None:
    """What somebody did under this key."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT id FROM admin_act WHERE person_id = {mark} AND key = {mark}",  # noqa: S608 (constant words)
        (person_id, key),
    )
    return int(rows[0][0]) if rows else None


def act(transaction: Transaction, number: int) -> Done:
    """One act. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id = {mark}", (number,))  # noqa: S608
    if not rows:
        raise NotFound("没有这条管理记录", "there is no such record of administration")
    return _done(rows[0])


def acts(
    transaction: Transaction, *, subject: str | None = None, before: int | None = None, limit: int = MOST
) -> list[Done]:
    """What was done, the newest first."""
    mark, *_ = marks(transaction, 1)
    where, parameters = ["1 = 1"], list[Any]()
    if subject is not None:
        where.append(f"c.subject = {mark}")
        parameters.append(subject)
    if before is not None:
        where.append(f"c.id < {mark}")
        parameters.append(before)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {' AND '.join(where)} ORDER BY c.id DESC LIMIT {min(limit, MOST)}",  # noqa: S608
        parameters,
    )
    return [_done(row) for row in rows]


def _done(row: Any) -> Done:
    return Done(
        id=row[0], at=Instant(row[1]), login=row[2] or "", name=row[3] or "", deed=AdminDeed(row[4]), subject=row[5],
        file=row[6], sha256=row[7], counts=json.loads(row[8] or "{}"), told=json.loads(row[9] or "{}"),
    )  # fmt: skip


def _json(value: Mapping[str, Any] | None) -> str:
    return json.dumps(value or {}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
