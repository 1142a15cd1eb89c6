"""Reports that were asked for: each is made once, in the background, by whichever process is free.

A job is claimed by one update and held by a lease that its maker renews while it works; whoever was killed leaves a
lease that runs out, and the next one begins anew. Whoever lost the lease is told so and stops.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import DAY, MINUTE, Instant
from engine.database import Transaction
from engine.errors import NotFound, TooOften
from engine.records.asking import Asking, marks
from engine.records.columns import (
    big_id,
    instant,
    link,
    maybe_instant,
    maybe_number,
    maybe_text,
    maybe_word,
    number,
    one_of,
    only_where,
    only_while,
    text,
    title,
    word,
)
from engine.rules.chain import canonical

#: How long a maker may be silent before another takes over.
LEASE = 2 * MINUTE
#: How often a job is begun before it is given up.
MOST_ATTEMPTS = 3
#: How long a finished file is kept.
KEPT = 14 * DAY
#: Jobs of one person that are not done yet.
MOST_OPEN = 8
#: Jobs of one list.
MOST = 30
#: Characters of an error that are kept.
_LONGEST_ERROR = 1000


class JobState(StrEnum):
    """How far a report is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"  #: its files were deleted when their time was over


class ReportJob(SQLModel, table=True):
    """One report that one person asked for, or that a rhythm asked for in their place."""

    __tablename__ = "report_job"
    __table_args__ = (
        one_of("state", [state.value for state in JobState]),
        Index("ix_report_job_person", "person_id", "id"),
        Index("ix_report_job_open", "id", **only_while("ended_at")),
        Index("ix_report_job_expires", "expires_at", **only_where("expires_at")),
        # What a rhythm asks for is asked once, however many processes do.
        Index("uq_report_job_origin", "person_id", "origin", unique=True, **only_where("origin")),
    )

    id: int | None = big_id()
    kind: str = word()
    #: Canonical JSON.
    parameters: str = text()
    title: str = title()
    person_id: int = link("person.id")
    #: `r:<rhythm>:…` of a rhythm; none for a job of a person's own.
    origin: str | None = maybe_word(length=160)
    asked_at: int = instant()
    state: str = word()
    #: Rows that are made, of so many; None while nobody knows.
    done: int = number()
    total: int | None = maybe_number()
    attempts: int = number()
    #: Whose turn it is, until when.
    claim: str | None = maybe_word()
    lease_until: int | None = maybe_instant()
    ended_at: int | None = maybe_instant()
    #: When its files are deleted; None for those that stay.
    expires_at: int | None = maybe_instant()
    #: JSON: form, key in the store, name, bytes and sha256 of each file.
    files: str = text()
    #: What went wrong, `中文 / English`.
    error: str | None = maybe_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was made."""

    #: `xlsx`, `docx` or `json`.
    form: str
    key: str
    #: What it is called when somebody takes it.
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands."""

    id: int
    kind: str
    parameters: Mapping[str, Any]
    title: str
    person_id: int
    origin: str | None
    asked_at: Instant
    state: JobState
    done: int
    total: int | None
    attempts: int
    claim: str | None
    ended_at: Instant | None
    expires_at: Instant | None
    files: tuple[File, ...]
    error: str | None

    @property
    def open(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def percent(self) -> int | None:
        """How much of it is made; None while nobody knows."""
        return min(100, self.done * 100 // self.total) if self.total else None

    def file(self, form: str) -> File:
        """Its file of a form. Errors: `NotFound`."""
        found = next((one for one in self.files if one.form == form), None)
        if found is None or self.state is not JobState.DONE:
            raise NotFound("没有这个文件，或已到期删除", "there is no such file, or its time is over")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A report that somebody wants."""

    kind: str
    parameters: Mapping[str, Any]
    title: str
    person_id: int
    origin: str | None = None


def ask(transaction: Transaction, new: NewJob, now: Instant) -> int | None:
    """Put a job in line; its number, None when its origin has asked before.

    Errors: `TooOften` when a person has `MOST_OPEN` that are not done.
    """
    if new.origin is None:
        mark, *_ = marks(transaction, 1)
        ((waiting,),) = transaction.rows(
            f"SELECT count(*) FROM report_job WHERE person_id = {mark} AND ended_at IS NULL",  # noqa: S608
            (new.person_id,),
        )
        if waiting >= MOST_OPEN:
            raise TooOften(
                f"已有 {waiting} 份报表在排队，请等其完成", f"{waiting} reports are waiting already: let them end first"
            )
    rows = transaction.rows(
        "INSERT INTO report_job (kind, parameters, title, person_id, origin, asked_at, state, done, attempts, files) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 7))}, 0, 0, '[]') ON CONFLICT DO NOTHING RETURNING id",
        (new.kind, canonical(new.parameters), new.title[:200], new.person_id, new.origin, now, JobState.WAITING.value),
    )
    return int(rows[0][0]) if rows else None


def claim(transaction: Transaction, mine: str, now: Instant) -> Job | None:
    """Take the oldest job that nobody works on, under a name that nobody else has; None when there is none."""
    asking = Asking(transaction)
    lock = " FOR UPDATE SKIP LOCKED" if transaction.postgresql else ""
    taken = f"SET state = 'running', claim = {asking(mine)}, lease_until = {asking(now + LEASE)}, "
    taken += "attempts = attempts + 1, done = 0, total = NULL"
    free = f"ended_at IS NULL AND (state = 'waiting' OR lease_until < {asking(now)})"
    rows = transaction.rows(
        f"UPDATE report_job {taken} WHERE id IN (SELECT id FROM report_job WHERE {free} "  # noqa: S608
        f"ORDER BY id LIMIT 1{lock}) RETURNING {_COLUMNS}",
        asking.parameters,
    )
    return _job(rows[0]) if rows else None


def beat(transaction: Transaction, job: Job, done: int, total: int | None, now: Instant) -> bool:
    """Say how far it is and keep it; False when somebody else has taken it over."""
    return _mine(transaction, job, "done = @, total = @, lease_until = @", (done, total, now + LEASE))


def finish(
    transaction: Transaction, job: Job, files: Sequence[File], now: Instant, *, done: int, stays: bool = False
) -> bool:
    """It is made, of so many rows; False when somebody else has taken it over."""
    told = json.dumps([{name: getattr(one, name) for name in one.__slots__} for one in files], ensure_ascii=False)
    expires = None if stays else now + KEPT
    sets = "state = 'done', files = @, ended_at = @, expires_at = @, done = @, total = @, lease_until = NULL"
    return _mine(transaction, job, sets, (told, now, expires, done, done))


def fail(transaction: Transaction, job: Job, error: str, now: Instant) -> bool:
    """It cannot be made."""
    sets = "state = 'failed', error = @, ended_at = @, lease_until = NULL"
    return _mine(transaction, job, sets, (error[:_LONGEST_ERROR], now))


def give_back(transaction: Transaction, job: Job, error: str | None) -> bool:
    """It waits for whoever comes next."""
    return _mine(
        transaction,
        job,
        "state = 'waiting', claim = NULL, lease_until = NULL, error = @",
        (None if error is None else error[:_LONGEST_ERROR],),
    )


def _mine(transaction: Transaction, job: Job, sets: str, values: Sequence[Any]) -> bool:
    mark, *_ = marks(transaction, 1)
    return (
        transaction.run(
            f"UPDATE report_job SET {sets.replace('@', mark)} WHERE id = {mark} AND claim = {mark} "  # noqa: S608
            "AND ended_at IS NULL",
            (*values, job.id, job.claim),
        )
        == 1
    )


def of_person(transaction: Transaction, person_id: int) -> list[Job]:
    """The newest jobs of somebody, at most `MOST`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM report_job WHERE person_id = {mark} ORDER BY id DESC LIMIT {MOST}",  # noqa: S608
        (person_id,),
    )
    return [_job(row) for row in rows]


def job_of(transaction: Transaction, number: int, person_id: int) -> Job:
    """A job of somebody's own. Errors: `NotFound`, for everybody else's too."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM report_job WHERE id = {mark} AND person_id = {mark}",  # noqa: S608
        (number, person_id),
    )
    if not rows:
        raise NotFound("没有这份报表", "there is no such report")
    return _job(rows[0])


def expired(transaction: Transaction, now: Instant) -> list[Job]:
    """Jobs whose files are to be deleted, at most `MOST`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM report_job WHERE expires_at <= {mark} ORDER BY expires_at LIMIT {MOST}",  # noqa: S608
        (now,),
    )
    return [_job(row) for row in rows]


def begin_again(transaction: Transaction, kind: str) -> None:
    """Whoever makes reports of a kind now has read what may not be shown any more: they are made from the start."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        "UPDATE report_job SET state = 'waiting', claim = NULL, lease_until = NULL "  # noqa: S608
        f"WHERE kind = {mark} AND state = 'running'",
        (kind,),
    )


def gone(transaction: Transaction, number: int) -> None:
    """Its files are deleted."""
    mark, *_ = marks(transaction, 1)
    transaction.run(
        "UPDATE report_job SET state = 'gone', files = '[]', expires_at = NULL "  # noqa: S608
        f"WHERE id = {mark} AND state = 'done'",
        (number,),
    )


def make_again(transaction: Transaction, kind: str) -> int:
    """Files that were to stay and are gone are made anew; how many reports that are."""
    mark, *_ = marks(transaction, 1)
    return transaction.run(
        "UPDATE report_job SET state = 'waiting', claim = NULL, lease_until = NULL, attempts = 0, ended_at = NULL "  # noqa: S608
        f"WHERE kind = {mark} AND state = 'gone' AND parameters LIKE {mark}",
        (kind, '%"stays":true%'),
    )


_COLUMNS = (
    "id, kind, parameters, title, person_id, origin, asked_at, state, done, total, attempts, claim, ended_at, "
    "expires_at, files, error"
)


def _job(row: Sequence[Any]) -> Job:
    return Job(
        id=int(row[0]), kind=row[1], parameters=json.loads(row[2]), title=row[3], person_id=int(row[4]), origin=row[5],
        asked_at=Instant(row[6]), state=JobState(row[7]), done=row[8], total=row[9], attempts=row[10], claim=row[11],
        ended_at=row[12], expires_at=row[13], files=tuple(File(**one) for one in json.loads(row[14])), error=row[15],
    )  # fmt: skip
