"""Leave and deputies 代理: while somebody is away, another person holds one of their posts on their behalf."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, insert
from sqlmodel import SQLModel, col

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import marks, wrong
from engine.records.columns import big_id, instant, link, maybe_link, title
from engine.records.people import SEPARATE, person_by_login

#: A deputyship lasts so long at most; whoever is away longer hands the post over.
LONGEST = 90 * DAY
#: Characters of a reason.
_REASON = 200


class Deputy(SQLModel, table=True):
    """Somebody holds a post on behalf of its owner, from–to; never longer than the owner holds it."""

    __tablename__ = "deputy"
    __table_args__ = (
        Index("ix_deputy_deputy", "deputy_id", "valid_to"),
        Index("ix_deputy_holding", "holding_id", "valid_to"),
    )

    id: int | None = big_id()
    holding_id: int = link("holding.id")
    deputy_id: int = link("person.id")
    valid_from: int = instant()
    valid_to: int = instant()
    reason: str = title()
    #: None: from the command line.
    entered_by: int | None = maybe_link("person.id")
    entered_at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeputy:
    """A deputy somebody on leave is to have."""

    holding_id: int
    login: str
    since: Instant
    until: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputyship:
    """A deputyship with the names that people read."""

    id: int
    holding_id: int
    post: str
    #: Name of the area or department; "" for the whole installation.
    unit: str
    owner: str
    owner_name: str
    deputy: str
    deputy_name: str
    since: Instant
    until: Instant
    reason: str


def name_deputy(transaction: Transaction, new: NewDeputy, now: Instant, *, by: int | None = None) -> int:
    """Let somebody hold a post on its owner's behalf, from `now` at the earliest; the deputyship's id.

    `by` is the owner who asks for it, None for an administrator.
    Errors: `NotFound` for a post that is not the owner's, `Malformed` naming the field for everything else that is not
    right: the time, the person, the unit, 三员分立.
    """
    post, owner, area, department, ends = _holding(transaction, new.holding_id, by)
    since = Instant(max(new.since, now))
    _check_time(since, new.until, ends)
    deputy = person_by_login(transaction, new.login)
    if deputy.id == owner or not deputy.active:
        raise wrong("deputy", "请另选一位在用账号的代理人", "the deputy must be another person with an active account")
    if deputy.id not in {number for number, *_ in _fit(transaction, area, department, since)}:
        raise wrong(
            "deputy", "代理人应在本单位或其上级任职", "the deputy must hold a post in the same unit or in one above it"
        )
    _refuse_double(transaction, new.holding_id, since, new.until)
    _refuse_away(transaction, deputy.id, since, new.until)
    _refuse_separate(transaction, deputy.id, post, since, new.until)
    row = {
        "holding_id": new.holding_id, "deputy_id": deputy.id, "valid_from": since, "valid_to": new.until,
        "reason": new.reason.strip()[:_REASON], "entered_by": by, "entered_at": now,
    }  # fmt: skip
    number = transaction.connection.execute(insert(Deputy).values(row).returning(col(Deputy.id))).scalar_one()
    return int(number or 0)


def end_deputy(transaction: Transaction, deputyship: int, now: Instant, *, by: int | None = None) -> None:
    """The deputyship ends now, or never begins. Errors: `NotFound` for one that is not `by`'s, or is over."""
    mark, *_ = marks(transaction, 1)
    own = f"AND holding_id IN (SELECT id FROM holding WHERE person_id = {mark})" if by is not None else ""  # noqa: S608
    ended = transaction.run(
        f"UPDATE deputy SET valid_to = CASE WHEN valid_from > {mark} THEN valid_from ELSE {mark} END "  # noqa: S608
        f"WHERE id = {mark} AND valid_to > {mark} AND valid_to > valid_from {own}",
        (now, now, deputyship, now, *([by] if by is not None else [])),
    )
    if not ended:
        raise NotFound("没有这项代理，或已结束", "there is no such deputyship, or it is over")


def deputyships(transaction: Transaction, person_id: int, now: Instant) -> list[Deputyship]:
    """Those that run or are to come in which this person is on leave or the deputy, the earliest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT y.id, h.id, h.post, coalesce(a.name, d.name, ''), o.login, o.name, p.login, p.name, y.valid_from, "  # noqa: S608
        "y.valid_to, y.reason FROM deputy y JOIN holding h ON h.id = y.holding_id JOIN person o ON o.id = h.person_id "
        "JOIN person p ON p.id = y.deputy_id LEFT JOIN area a ON a.id = h.area_id "
        f"LEFT JOIN department d ON d.id = h.department_id WHERE y.valid_to > {mark} AND y.valid_to > y.valid_from "
        f"AND (h.person_id = {mark} OR y.deputy_id = {mark}) ORDER BY y.valid_from, y.id",
        (now, person_id, person_id),
    )
    names = "id holding_id post unit owner owner_name deputy deputy_name since until reason".split()
    return [Deputyship(**dict(zip(names, row, strict=True))) for row in rows]


def eligible(transaction: Transaction, holding_id: int, at: Instant, limit: int = 300) -> list[tuple[str, str]]:
    """Login and name of those who may be the deputy for a holding: the same unit first, then those above it."""
    _, owner, area, department, _ = _holding(transaction, holding_id, None)
    found = {number: (login, name) for number, login, name in _fit(transaction, area, department, at)}
    return [who for number, who in found.items() if number != owner][:limit]


def _refuse_separate(
    transaction: Transaction, person_id: int | None, post: str, since: Instant, until: Instant
) -> None:
    """三员分立: nobody has two of the three administrators' duties at a time, neither in person nor as a deputy.

    Errors: `Malformed`.
    """
    if post not in SEPARATE:
        return
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT h.post FROM holding h "  # noqa: S608 (constant words)
        f"WHERE h.person_id = {mark} AND h.valid_from < {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark}) "
        "UNION SELECT h.post FROM deputy y JOIN holding h ON h.id = y.holding_id "
        f"WHERE y.deputy_id = {mark} AND y.valid_from < {mark} AND y.valid_to > {mark}",
        (person_id, until, since, person_id, until, since),
    )
    other = sorted({found for (found,) in rows} & set(SEPARATE) - {post})
    if other:
        raise wrong(
            "deputy",
            f"三员分立：已任或代理 {other[0]}，不能同时代理 {post}",
            f"separate duties: whoever is {other[0]} cannot be {post} as well, not even as a deputy",
        )


def _holding(transaction: Transaction, holding_id: int, owner: int | None) -> Sequence[Any]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT post, person_id, area_id, department_id, valid_to FROM holding WHERE id = {mark}",  # noqa: S608
        (holding_id,),
    )
    if not rows or owner not in (None, rows[0][1]):
        raise NotFound("没有这个岗位", "there is no such post of yours")
    return tuple(rows[0])


def _check_time(since: Instant, until: Instant, ends: Instant | None) -> None:
    if until <= since:
        raise wrong("until", "代理的结束应晚于开始和现在", "a deputyship ends later than it begins, and later than now")
    if until - since > LONGEST:
        raise wrong(
            "until", "代理最长 90 天；更久请办交接", "a deputyship lasts 90 days at most; beyond, hand the post over"
        )
    if ends is not None and ends <= since:
        raise wrong("since", "届时已不任此岗位", "the post is no longer held then")


def _refuse_double(transaction: Transaction, holding_id: int, since: Instant, until: Instant) -> None:
    mark, *_ = marks(transaction, 1)
    there = transaction.rows(
        f"SELECT 1 FROM deputy WHERE holding_id = {mark} AND valid_from < {mark} AND valid_to > {mark} LIMIT 1",  # noqa: S608
        (holding_id, until, since),
    )
    if there:
        raise wrong("since", "这段时间已有代理人", "there is a deputy within that time already")


def _refuse_away(transaction: Transaction, deputy: int | None, since: Instant, until: Instant) -> None:
    """Somebody who is away can be nobody's deputy: a deputy has no deputy."""
    mark, *_ = marks(transaction, 1)
    away = transaction.rows(
        "SELECT 1 FROM deputy y JOIN holding h ON h.id = y.holding_id "  # noqa: S608 (constant words)
        f"WHERE h.person_id = {mark} AND y.valid_from < {mark} AND y.valid_to > {mark} LIMIT 1",
        (deputy, until, since),
    )
    if away:
        raise wrong("deputy", "代理人届时也在请假", "the deputy is on leave as well then")


def _fit(transaction: Transaction, area: int | None, department: int | None, at: Instant) -> list[Any]:
    """Id, login and name of active people with a post in the unit or above it, the nearest first."""
    mark, *_ = marks(transaction, 1)
    if area is None and department is None:
        unit, up, start = "area", "", "SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), 0"
    else:
        unit = "area" if area is not None else "department"
        start = f"SELECT id, parent_id, 0 FROM {unit} WHERE id = {mark}"  # noqa: S608
        step = f"FROM {unit} u JOIN above ON u.id = above.parent_id"
        up = f" UNION ALL SELECT u.id, u.parent_id, above.far + 1 {step}"
    own = [area if area is not None else department] if up else []
    match = f"h.{unit}_id = above.id" if up else "h.area_id IS NULL AND h.department_id IS NULL"
    return transaction.rows(
        f"WITH RECURSIVE above (id, parent_id, far) AS ({start}{up}) "  # noqa: S608
        f"SELECT p.id, p.login, p.name FROM above JOIN holding h ON {match} JOIN person p ON p.id = h.person_id "
        f"WHERE p.active AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark}) "
        "GROUP BY p.id, p.login, p.name ORDER BY min(above.far), p.name, p.login",
        (*own, at, at),
    )
