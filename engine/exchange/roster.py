"""The duty roster comes in as a table: one row per shift."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from engine.clock import CIVIL_ZONE, Instant, instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import HuyingError
from engine.exchange import importing
from engine.exchange.importing import Headers, Work
from engine.exchange.refusals import Outcome, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row
from engine.records.columns import WORD
from engine.records.post_words import posts_there
from engine.records.shifts import NewShift, put_on_duty

COLUMNS = (
    Column(name="login", spellings=("账号", "登录名")),
    Column(name="post", spellings=("岗位",)),
    Column(name="area", spellings=("区域编码", "区域"), required=False),
    Column(name="department", spellings=("单位编码", "单位"), required=False),
    Column(name="since", spellings=("开始", "上班", "开始时间")),
    Column(name="until", spellings=("结束", "下班", "结束时间")),
)


def preview_roster(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """What `apply_roster` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, COLUMNS, headers, _roster)


def apply_roster(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """Enter the shifts of a table; those that are there stay as they are, refused rows change nothing."""
    return importing.apply(database, path, now, COLUMNS, headers, _roster)


def _roster(transaction: Transaction, work: Work) -> None:
    posts = posts_there(transaction)
    for row in work.rows:
        try:
            shift = _shift(row, posts)
            new = put_on_duty(transaction, shift)
        except Wrong as wrong:
            work.refuse(row, wrong)
        except HuyingError as error:
            work.refuse(row, Wrong.of(error.place.field or "login", error))
        else:
            work.unchanged += not new
            if new:
                work.created(row, f"{shift.login} {row.cells['since']}")


def _shift(row: Row, words: Mapping[str, Title]) -> NewShift:
    whole(row)
    known = {title.zh: word for word, title in words.items()} | {word: word for word in words}
    post = filled(row, "post", most=WORD)
    if post not in known:
        raise Wrong("post", "没有这个岗位", f"there is no such post; there are {', '.join(words)}")
    return NewShift(
        login=filled(row, "login", most=WORD),
        post=known[post],
        area=row.cells.get("area") or None,
        department=row.cells.get("department") or None,
        since=_moment(row, "since"),
        until=_moment(row, "until"),
    )


def _moment(row: Row, name: str) -> Instant:
    said = filled(row, name, most=WORD).replace("/", "-")
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise Wrong(name, "应为时刻，如 2026-03-01 18:00", "must be a moment like 2026-03-01 18:00") from error
    return instant(at if at.tzinfo else at.replace(tzinfo=CIVIL_ZONE))
