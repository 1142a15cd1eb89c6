"""The rhythm of supervision: which list goes to whom when, on a calendar of the next weeks, and what was sent."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions.model import Title
from engine.definitions.rhythm import Every, Job, Rhythm
from engine.definitions.rhythm_saying import recipient_said, when_said
from engine.errors import DefinitionError
from engine.records.rhythm_files import Installation, installation
from engine.records.rhythm_recipients import addressees
from engine.records.rhythms import PastRun, RunState, past
from engine.rules.calendars import WorkCalendar
from engine.rules.rhythm import Occurrence, coming
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

#: Weeks on the calendar, and runs below it.
_WEEKS, _RUNS = 5, 30
#: Colours that the style sheet knows for jobs.
_COLOURS = 8
_STATES = {
    RunState.SENDING: Title("正在发送", "Sending"),
    RunState.SENT: Title("已发", "Sent"),
    RunState.SKIPPED: Title("略过", "Skipped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A job on a day of the calendar."""

    title: Title
    time: str
    colour: int
    #: Comes on every day or workday: a dot says enough.
    daily: bool
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the calendar."""

    day: date
    workday: bool
    today: bool
    past: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShown:
    """A job in words."""

    name: str
    title: Title
    colour: int
    when: Title
    to: tuple[Title, ...]
    units: int
    people: int
    next: Occurrence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmShown:
    """A rhythm with its calendar and its jobs."""

    key: str
    title: Title
    weeks: tuple[tuple[Day, ...], ...]
    jobs: tuple[JobShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """A run in words; a job that is declared no more goes by its name."""

    title: Title
    state: Title
    run: PastRun


@router.get("/rhythms")
def rhythms(request: Request, house: House, here: At) -> Response:
    """The declared jobs on a calendar, and the last runs; a file that is wrong is told with its lines."""
    now = house.clock.now()
    problems: Sequence[str] = ()
    shown: list[RhythmShown] = []
    titles: dict[tuple[str, str], Title] = {}
    with house.database.looking() as transaction:
        runs = past(transaction, _RUNS)
        try:
            declared = installation(transaction, house.versions, house.settings.rhythms)
            shown = [_shown(transaction, declared, rhythm, now) for rhythm in declared.rhythms]
            titles = {(one.key, job.name): job.title for one in declared.rhythms for job in one.jobs.values()}
        except DefinitionError as wrong:
            every = wrong.details.get("all")
            problems = [str(one) for one in every] if isinstance(every, tuple) else [str(wrong)]
    told = [
        RunShown(
            title=titles.get((run.key.rhythm, run.key.job)) or Title(run.key.job, ""), state=_STATES[run.state], run=run
        )
        for run in runs
    ]
    return page(request, "rhythms.html", here=here, rhythms=shown, runs=told, problems=problems)


def _shown(transaction: Transaction, house: Installation, rhythm: Rhythm, now: Instant) -> RhythmShown:
    calendar = house.almanac.of(rhythm.calendar)
    jobs = tuple(rhythm.jobs.values())
    return RhythmShown(
        key=rhythm.key,
        title=rhythm.title,
        weeks=_weeks(jobs, calendar, now),
        jobs=tuple(_job(transaction, house, job, number % _COLOURS, calendar, now) for number, job in enumerate(jobs)),
    )


def _job(
    transaction: Transaction, house: Installation, job: Job, colour: int, calendar: WorkCalendar, now: Instant
) -> JobShown:
    to = addressees(transaction, job.to, now)
    return JobShown(
        name=job.name,
        title=job.title,
        colour=colour,
        when=when_said(job.when),
        to=tuple(recipient_said(one, house.words) for one in job.to),
        units=len(to),
        people=len({person for one in to for person in one.people}),
        next=next(coming(job.when, calendar, now), None),
    )


def _weeks(jobs: Sequence[Job], calendar: WorkCalendar, now: Instant) -> tuple[tuple[Day, ...], ...]:
    """Whole weeks from this one's Monday on."""
    today = calendar.day_of(now)
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=number) for number in range(7 * _WEEKS)]
    begins = calendar.end_of(monday - timedelta(days=1))
    marks: dict[date, list[Mark]] = {}
    for number, job in enumerate(jobs):
        following = coming(job.when, calendar, Instant(begins - 1))
        for one in itertools.takewhile(lambda one: one.day <= days[-1], following):
            marks.setdefault(one.day, []).append(_mark(job, one, number % _COLOURS, calendar))
    shown = [
        Day(
            day=day,
            workday=calendar.is_workday(day),
            today=day == today,
            past=day < today,
            marks=tuple(marks.get(day, ())),
        )
        for day in days
    ]
    return tuple(tuple(shown[start : start + 7]) for start in range(0, len(shown), 7))


def _mark(job: Job, one: Occurrence, colour: int, calendar: WorkCalendar) -> Mark:
    return Mark(
        title=job.title,
        time=moment(one.at, calendar.zone).strftime("%H:%M"),
        colour=colour,
        daily=job.when.every in (Every.DAY, Every.WORKDAY),
        provisional=one.provisional,
    )
