"""People and their posts come in as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import select

from engine.clock import CIVIL_ZONE, Instant, instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import Malformed
from engine.exchange import importing
from engine.exchange.importing import Headers, Work, fields_of
from engine.exchange.refusals import Change, Outcome, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row
from engine.records.columns import TITLE, WORD
from engine.records.people import Appointment, NewPerson, Person, alter_person, appoint, create_people
from engine.records.post_words import posts_there

COLUMNS = (
    Column(name="login", spellings=("账号", "登录名")),
    Column(name="name", spellings=("姓名",)),
    Column(name="phone", spellings=("电话", "手机"), required=False),
    Column(name="post", spellings=("岗位",), required=False),
    Column(name="area", spellings=("区域编码", "区域"), required=False),
    Column(name="department", spellings=("单位编码", "单位"), required=False),
    Column(name="since", spellings=("任职日期", "开始日期"), required=False),
    Column(name="until", spellings=("免职日期", "截止日期"), required=False),
)


def preview_people(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """What `apply_people` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, COLUMNS, headers, _people)


def apply_people(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """Create people and appoint them: one row per post, held from `since` (else `now`) to the end of the day `until`.

    A post that is missing from the table stays (see `people.dismiss`).
    """
    return importing.apply(database, path, now, COLUMNS, headers, _people)


def _people(transaction: Transaction, work: Work) -> None:
    there = {row["login"]: Person(**row) for row in transaction.connection.execute(select(Person)).mappings()}
    said: dict[str, str] = {}
    posts = posts_there(transaction)
    for row in work.rows:
        try:
            person, post = _person(row, posts, work.now)
            first = said.setdefault(person.login, person.name)
            if first != person.name:
                raise Wrong("name", f"同一账号在前面叫“{first}”", f"this login was '{first}' further up")
            # A refused post takes back the person that the same row would have created.
            with transaction.connection.begin_nested():
                note = _take_in(transaction, row, there.get(person.login), person, post)
        except Wrong as wrong:
            work.refuse(row, wrong)
        except Malformed as error:
            work.refuse(row, Wrong.of(error.place.field, error))
        else:
            there[person.login] = note.person
            work.new += note.new
            work.changed += note.changed
            work.unchanged += not (note.new or note.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What one row has done."""

    person: Person
    new: list[str]
    changed: list[Change]


def _take_in(
    transaction: Transaction, row: Row, old: Person | None, person: NewPerson, post: Appointment | None
) -> _Note:
    new: list[str] = []
    changed: list[Change] = []
    phone = person.phone or (old.phone if old else "")
    if old is None:
        create_people(transaction, [person])
        new.append(person.login)
    else:
        fields = fields_of(("name", old.name, person.name), ("phone", old.phone, phone))
        if fields:
            alter_person(transaction, NewPerson(login=person.login, name=person.name, phone=phone))
            changed.append(Change(row=row.number, code=person.login, fields=fields))
    if post is not None and appoint(transaction, [post]):
        new.append(" ".join(part for part in (post.login, post.post, post.area, post.department) if part))
    return _Note(person=Person(login=person.login, name=person.name, phone=phone), new=new, changed=changed)


def _person(row: Row, words: Mapping[str, Title], now: Instant) -> tuple[NewPerson, Appointment | None]:
    whole(row)
    cells = row.cells
    person = NewPerson(
        login=filled(row, "login", most=WORD),
        name=filled(row, "name", most=TITLE),
        phone=cells.get("phone", "")[:TITLE],
    )
    post = cells.get("post", "")
    if not post:
        return person, None
    known = {title.zh: word for word, title in words.items()} | {word: word for word in words}
    if post not in known:
        raise Wrong("post", "没有这个岗位", f"there is no such post; there are {', '.join(words)}")
    until = _day(row, "until")
    return person, Appointment(
        login=person.login,
        post=known[post],
        area=cells.get("area") or None,
        department=cells.get("department") or None,
        since=_midnight(_day(row, "since")) or now,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def _day(row: Row, name: str) -> date | None:
    said = row.cells.get(name, "").replace("/", "-").replace(".", "-")
    if not said:
        return None
    try:
        return datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=CIVIL_ZONE).date()
    except ValueError as error:
        raise Wrong(name, "应为日期，如 2026-03-01", "must be a date like 2026-03-01") from error


def _midnight(day: date | None) -> Instant | None:
    return instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE)) if day else None
