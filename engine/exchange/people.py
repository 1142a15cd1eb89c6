"""People and their posts come in as a table and go out as one.

A row says an account and, if it names a post, that its person holds it; the last day of a post that is held ends it.
Accounts and posts are the business of different administrators (三员分立): whoever brings a table may be bound to one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import select

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import Malformed
from engine.exchange import days, importing
from engine.exchange.importing import Headers, Take, Work, fields_of
from engine.exchange.refusals import Change, Outcome, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row, write_table
from engine.records.asking import marks
from engine.records.columns import TITLE, WORD
from engine.records.people import (
    Appointment,
    NewPerson,
    Person,
    alter_person,
    appoint,
    create_people,
    end_holding,
    ends_of,
)
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


#: Login, post, codes of area and department.
_Place = tuple[str, str, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What whoever brings a table of people may do by it."""

    #: Create and alter accounts.
    accounts: bool = True
    #: Grant and end posts.
    posts: bool = True
    #: Nobody grants a post to this login, their own, or ends one of it.
    login: str = ""


#: Of whoever sits at the machine itself.
FULL = Powers()


def preview_people(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """What `apply_people` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, COLUMNS, headers, partial(_people, FULL))


def apply_people(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """Create people and appoint them: one row per post, held from `since` (else `now`) to the end of the day `until`.

    A post that is held already ends on the day `until`, if that is earlier. One that is missing from the table stays.
    """
    return importing.apply(database, path, now, COLUMNS, headers, partial(_people, FULL))


def take_people(path: Path, now: Instant, powers: Powers = FULL) -> Take:
    """A table of people, read; rows that go beyond the powers will be refused. Errors: `NotATable`, `TooLarge`."""
    return importing.taking(path, now, COLUMNS, None, partial(_people, powers))


def export_people(database: Database, path: Path, now: Instant) -> int:
    """Write everybody with the posts that they hold now or will, one row per post; how many rows.

    What comes out can be edited and applied again; whoever is in no post has a row without one.
    """
    with database.looking() as transaction:
        (mark,) = marks(transaction, 1)
        rows = transaction.rows(
            "SELECT p.login, p.name, p.phone, h.post, coalesce(a.code, ''), coalesce(d.code, ''), h.valid_from, "  # noqa: S608
            f"h.valid_to FROM person p LEFT JOIN holding h ON h.person_id = p.id AND "
            f"(h.valid_to IS NULL OR h.valid_to > {mark}) LEFT JOIN area a ON a.id = h.area_id "
            "LEFT JOIN department d ON d.id = h.department_id ORDER BY p.login, h.valid_from, h.id",
            (now,),
        )
        titles = {word: title.zh for word, title in posts_there(transaction).items()}
    return write_table(path, [column.spellings[0] for column in COLUMNS], _exported(rows, titles))


def _exported(rows: list[Sequence[Any]], titles: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    shared = Counter(titles.values())
    for login, name, phone, post, area, department, since, until in rows:
        if post is None:
            yield (login, name, phone, "", "", "", "", "")
            continue
        title = titles.get(post, post)
        called = title if shared[title] <= 1 else post
        yield (login, name, phone, called, area, department, days.first_day(since), days.last_day(until))


def _people(powers: Powers, transaction: Transaction, work: Work) -> None:
    there = {row["login"]: Person(**row) for row in transaction.connection.execute(select(Person)).mappings()}
    held, said = _all_held(transaction), dict[str, str]()
    posts = posts_there(transaction)
    for row in work.rows:
        try:
            person, post = _person(row, posts, work.now)
            first = said.setdefault(person.login, person.name)
            if first != person.name:
                raise Wrong("name", f"同一账号在前面叫“{first}”", f"this login was '{first}' further up")
            if _stands(there.get(person.login), held, person, post):
                work.unchanged += 1
                continue
            # A refused post takes back the person that the same row would have created.
            with transaction.connection.begin_nested():
                note = _take_in(transaction, row, there.get(person.login), person, post)
                _expect(powers, note, person.login)
        except Wrong as wrong:
            work.refuse(row, wrong)
        except Malformed as error:
            work.refuse(row, Wrong.of(error.place.field, error))
        else:
            there[person.login] = note.person
            for code in note.new:
                work.created(row, code)
            work.changed += note.changed
            work.ended += note.ended
            work.unchanged += note.idle


def _all_held(transaction: Transaction) -> dict[_Place, list[tuple[Instant, Instant | None]]]:
    """Every holding, asked once: most rows of a table that comes back say what is there."""
    rows = transaction.rows(
        "SELECT p.login, h.post, a.code, d.code, h.valid_from, h.valid_to FROM holding h "
        "JOIN person p ON p.id = h.person_id LEFT JOIN area a ON a.id = h.area_id "
        "LEFT JOIN department d ON d.id = h.department_id"
    )
    found: dict[_Place, list[tuple[Instant, Instant | None]]] = {}
    for login, post, area, department, since, until in rows:
        found.setdefault((login, post, area, department), []).append((since, until))
    return found


def _stands(
    old: Person | None,
    held: Mapping[_Place, list[tuple[Instant, Instant | None]]],
    person: NewPerson,
    post: Appointment | None,
) -> bool:
    """Whether a row says nothing but what is there."""
    if old is None or old.name != person.name or person.phone not in ("", old.phone):
        return False
    if post is None:
        return True
    ends = [
        until
        for since, until in held.get((post.login, post.post, post.area, post.department), ())
        if (until is None or post.since < until) and (post.until is None or since < post.until)
    ]
    if post.until is None or post.until <= post.since:
        return bool(ends) and post.until is None
    return bool(ends) and all(days.last_day(until) == days.last_day(post.until) for until in ends)


@dataclass(slots=True, kw_only=True)
class _Note:
    """What one row has done."""

    person: Person
    #: The account that is new, or another than before.
    account: bool = False
    new: list[str] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    #: The post it grants or ends.
    post: str = ""
    ended: list[str] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        return not (self.account or self.post)


def _take_in(
    transaction: Transaction, row: Row, old: Person | None, person: NewPerson, post: Appointment | None
) -> _Note:
    phone = person.phone or (old.phone if old else "")
    note = _Note(person=Person(login=person.login, name=person.name, phone=phone))
    if old is None:
        create_people(transaction, [person])
        note.account = True
        note.new.append(person.login)
    else:
        fields = fields_of(("name", old.name, person.name), ("phone", old.phone, phone))
        if fields:
            alter_person(transaction, NewPerson(login=person.login, name=person.name, phone=phone))
            note.account = True
            note.changed.append(Change(row=row.number, code=person.login, fields=fields))
    if post is not None:
        said = " ".join(part for part in (post.login, post.post, post.area, post.department) if part)
        if appoint(transaction, [post]):
            note.post = said
            note.new.append(said)
        elif post.until is not None:
            _end(transaction, row, post, note, said)
    return note


def _end(transaction: Transaction, row: Row, post: Appointment, note: _Note, said: str) -> None:
    """End what is held on the last day that the row names. Errors: `Wrong` for a day after its end."""
    until, ends = post.until, days.last_day(post.until)
    for number, present in ends_of(transaction, post):
        before = days.last_day(present)
        if until is None or before == ends:
            continue
        if present is not None and present < until:
            raise Wrong(
                "until",
                f"该岗位任期到 {before} 为止；续任请另起一行，任职日期写在其后",
                f"this post ends on {before}: to renew it, write another row that begins after that day",
            )
        end_holding(transaction, number, until)
        note.post = said
        note.ended.append(said)
        note.changed.append(Change(row=row.number, code=said, fields={"until": (before, ends)}))


def _expect(powers: Powers, note: _Note, login: str) -> None:
    """Errors: `Wrong` for what a row does beyond the powers of whoever brings it."""
    if note.account and not powers.accounts:
        raise Wrong(
            "login",
            "账号的新建与变更由系统管理员办理；安全管理员只授予或结束岗位",
            "accounts are created and altered by the system administrator; the security administrator grants posts",
        )
    if not note.post:
        return
    if login == powers.login:
        raise Wrong("login", "不能给自己授予或结束岗位", "nobody grants a post to themselves, or ends their own")
    if not powers.posts:
        raise Wrong(
            "post",
            "授予、结束岗位须由安全管理员导入（三员分立）；新账号请将岗位留空",
            "granting or ending a post is for the security administrator (separate duties): "
            "leave the post empty for a new account",
        )


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
    return person, Appointment(
        login=person.login,
        post=known[post],
        area=cells.get("area") or None,
        department=cells.get("department") or None,
        since=days.midnight(days.day(row, "since")) or now,
        until=days.after(days.day(row, "until")),
    )
