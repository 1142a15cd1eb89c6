"""Appraisal of both sides 双考核: who calls and who is called, folded from the histories."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.database import Transaction
from engine.definitions.model import Appraisal
from engine.records import exemptions, following
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, instant, key_part, maybe_link, maybe_number, one_of, word

READER = "appraisals"
#: The indicator whose exemption leaves a department's score out.
SCORE_INDICATOR = "score"
FULL = 5
#: So many scores, all of them full, between the same two are listed to be looked at.
ALWAYS_FULL = 5


class AppraisalRow(SQLModel, table=True):
    """What one event says of a caller, or of one department that was called."""

    __tablename__ = "appraisal"
    __table_args__ = (one_of("kind", Appraisal), Index("ix_appraisal_ticket_kind", "ticket_id", "kind"), ONE_TREE)

    ticket_id: int = key_part()
    seq: int = key_part()
    #: Which of the event's lines, from 0.
    part: int = key_part()
    at: int = instant()
    kind: str = word()
    #: For which area whose post was held: the caller's or the scorer's; of an invalid call its caller's.
    area_id: int | None = maybe_link()
    person_id: int | None = maybe_link()
    #: The department that a score is about.
    department_id: int | None = maybe_link()
    stars: int | None = maybe_number()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLine:
    """One caller's account."""

    area: str
    area_name: str
    login: str
    name: str
    calls: int
    invalid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledLine:
    """One department's account: its newest score on each ticket; exempted ones are counted apart."""

    department: str
    name: str
    scores: int
    #: The mean of the scores that count, 1 to 5; None without any.
    mean: float | None
    exempted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullLine:
    """A scorer that has never given a department less than everything."""

    area_name: str
    department_name: str
    scores: int
    #: The department's own area has never given a unit of the scorer's area less either.
    mutual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Both sides, by name and never by rank."""

    callers: list[CallerLine]
    called: list[CalledLine]
    always_full: list[FullLine]


_EVENT = "e.ticket_id, e.seq, e.at, e.task_seq, e.request_seq, e.person_id, e.facts"


def fold(transaction: Transaction) -> tuple[int, bool]:
    """Fold what the next events of the feed say: how many lines, and whether the feed may hold more."""
    return following.fold(transaction, READER, _EVENT, '"appraises":[', _keep)


def forget_all(transaction: Transaction) -> None:
    """Drop every line, to be folded again from the start of the feed."""
    transaction.run("DELETE FROM appraisal")
    following.from_the_start(transaction, READER)


def account(transaction: Transaction, units: Iterable[str]) -> Account:
    """Both sides, over the tickets that these units reach."""
    reached, parameters = among(transaction, units)
    # A later score of the same department on the same ticket stands in the place of the one before.
    rows = transaction.rows(
        "SELECT a.kind, r.code, r.name, p.login, p.name, d.code, d.name, a.stars, "  # noqa: S608
        "EXISTS (SELECT 1 FROM exemption y WHERE y.ticket_id = a.ticket_id AND y.indicator = "
        f"'{SCORE_INDICATOR}' AND coalesce(y.department_id, a.department_id) = a.department_id "
        f"AND {exemptions.stands('y')}), h.code, count(*) "
        "FROM appraisal a JOIN ticket t ON t.id = a.ticket_id LEFT JOIN area r ON r.id = a.area_id "
        "LEFT JOIN person p ON p.id = a.person_id LEFT JOIN department d ON d.id = a.department_id "
        "LEFT JOIN area h ON h.id = d.area_id "
        "WHERE EXISTS (SELECT 1 FROM reach b WHERE b.sort_key = t.opened_at AND b.ticket_id = t.id "
        f"AND b.unit {reached}) AND NOT EXISTS (SELECT 1 FROM appraisal n WHERE n.ticket_id = a.ticket_id "
        "AND a.department_id IS NOT NULL AND n.department_id = a.department_id AND n.seq > a.seq) "
        "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        parameters,
    )
    callers: dict[tuple[str, str], dict[str, Any]] = {}
    called: dict[str, _Scores] = {}
    pairs: dict[tuple[str, str], _Pair] = {}
    for kind, area, area_name, login, name, code, department, stars, exempted, home, count in rows:
        if kind != Appraisal.SCORE:
            one = callers.setdefault((area or "", login or ""), {"area_name": area_name, "name": name})
            one[kind] = one.get(kind, 0) + count
            continue
        called.setdefault(code, _Scores(department)).add(stars, count, exempted=bool(exempted))
        pair = pairs.setdefault((area or "", code), _Pair(area or "", area_name or "", home or "", department))
        pair.stars += [stars] * count
    return Account(
        callers=[
            CallerLine(
                area=area, area_name=one["area_name"] or "", login=login, name=one["name"] or "",
                calls=one.get(Appraisal.CALL, 0), invalid=one.get(Appraisal.INVALID, 0),
            )
            for (area, login), one in sorted(callers.items())
        ],
        called=[one.line(code) for code, one in sorted(called.items())],
        always_full=_always_full([pair for _, pair in sorted(pairs.items())]),
    )  # fmt: skip


@dataclass(slots=True)
class _Pair:
    """Who scored whom: the area of the scorer's post, and the department with the area it lies in."""

    area: str
    area_name: str
    home: str
    department_name: str
    stars: list[int] = field(default_factory=list)

    @property
    def always_full(self) -> bool:
        return len(self.stars) >= ALWAYS_FULL and min(self.stars) == FULL


def _always_full(pairs: Sequence[_Pair]) -> list[FullLine]:
    full = [pair for pair in pairs if pair.always_full]
    ways = {(pair.area, pair.home) for pair in full}
    return [
        FullLine(
            area_name=pair.area_name, department_name=pair.department_name, scores=len(pair.stars),
            mutual=pair.area != pair.home and (pair.home, pair.area) in ways,
        )
        for pair in full
    ]  # fmt: skip


@dataclass(slots=True)
class _Scores:
    name: str
    scores: int = 0
    total: int = 0
    exempted: int = 0

    def add(self, stars: int, count: int, *, exempted: bool) -> None:
        if exempted:
            self.exempted += count
        else:
            self.scores += count
            self.total += stars * count

    def line(self, code: str) -> CalledLine:
        mean = self.total / self.scores if self.scores else None
        return CalledLine(department=code, name=self.name, scores=self.scores, mean=mean, exempted=self.exempted)


def _keep(transaction: Transaction, row: Sequence[Any]) -> int:
    """Fold one event; how many lines it made."""
    ticket_id, seq, at, task_seq, request_seq, person_id, facts = row
    said = json.loads(facts)
    if "appraises" not in said:
        return 0
    kind, area_id = Appraisal(said["appraises"][0]), said["appraises"][1]
    lines: list[tuple[int | None, int | None]] = [(None, None)]
    if kind is Appraisal.SCORE:
        lines = list(_scores(transaction, ticket_id, task_seq, request_seq, said))
    elif kind is Appraisal.CALL and _caller(transaction, ticket_id) is not None:
        return 0
    elif kind is Appraisal.INVALID:
        # Whoever finds a call invalid is not whose call it was; before a call was made, nobody's.
        area_id, person_id = _caller(transaction, ticket_id) or (None, None)
    for part, (department, stars) in enumerate(lines):
        values = (ticket_id, seq, part, at, kind.value, area_id, person_id, department, stars)
        transaction.run(
            "INSERT INTO appraisal (ticket_id, seq, part, at, kind, area_id, person_id, department_id, stars) "  # noqa: S608
            f"VALUES ({', '.join(marks(transaction, len(values)))}) ON CONFLICT DO NOTHING",
            values,
        )
    return len(lines)


def _caller(transaction: Transaction, ticket_id: int) -> tuple[int | None, int | None] | None:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT area_id, person_id FROM appraisal "  # noqa: S608
        f"WHERE ticket_id = {mark} AND kind = '{Appraisal.CALL.value}' ORDER BY seq LIMIT 1",
        (ticket_id,),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def _scores(
    transaction: Transaction, ticket_id: int, task_seq: int | None, request_seq: int | None, said: Mapping[str, Any]
) -> Iterator[tuple[int | None, int | None]]:
    """Department and stars: of each finished task, else of the task or the request that was acted on."""
    for seq, form in said.get("each", {}).items():
        if "stars" in form:
            yield _department(transaction, "task", ticket_id, int(seq)), int(form["stars"])
    stars = said.get("form", {}).get("stars")
    if stars is not None and request_seq is not None:
        yield _department(transaction, "request", ticket_id, request_seq), int(stars)
    elif stars is not None and task_seq is not None:
        yield _department(transaction, "task", ticket_id, task_seq), int(stars)


def _department(transaction: Transaction, table: str, ticket_id: int, seq: int) -> int | None:
    first, second = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT department_id FROM {table} WHERE ticket_id = {first} AND seq = {second}",  # noqa: S608
        (ticket_id, seq),
    )
    return rows[0][0] if rows else None
