"""`huying rhythm list | check | preview | run`: who gets which list when."""

import argparse
import itertools
from datetime import date, datetime
from pathlib import Path

from engine.application import Application
from engine.background.rhythms import Part, parts, run_rhythms
from engine.clock import CIVIL_ZONE, Instant, SetClock, instant, shown
from engine.connecting import SQLITE
from engine.console.printing import ERR, OUT, REFUSED, Add, complain, nested
from engine.database import Transaction
from engine.definitions.rhythm import Job, Rhythm
from engine.definitions.rhythm_file import Known, load
from engine.definitions.rhythm_saying import recipient_said, when_said
from engine.errors import DefinitionError, Malformed, Place
from engine.records import schema
from engine.records.rhythm_files import Installation, installation, known_of, rhythm_folder
from engine.records.rhythm_recipients import addressees, names_of, people_named
from engine.rules.rhythm import coming, latest

#: Occurrences that `list` shows of each job.
_NEXT = 5
_WEEKDAYS = "一二三四五六日"


def add(command: Add) -> None:
    """The commands about rhythms."""
    rhythm = nested(command("rhythm", _which))
    rhythm("list", _list)
    check = rhythm("check", _check)
    check.add_argument("files", nargs="*", type=Path)
    check.set_defaults(any_schema=True)
    preview = rhythm("preview", _preview)
    preview.add_argument("job", help="NAME, or RHYTHM.NAME")
    preview.add_argument("--at", metavar="DATE", help="2026-03-02 or 2026-03-02T08:30; now if missing")
    rhythm("run", _run).add_argument("--at", metavar="MOMENT", help="2026-03-02T08:30; now if missing")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Lists that come again and again: list, check, preview, run."""
    raise Malformed("请说明做什么：huying rhythm --help", "say what to do: huying rhythm --help")


def _list(application: Application, given: argparse.Namespace) -> int:
    """Every job with its next five occurrences and its recipients."""
    now = application.clock.now()
    with application.database.looking() as transaction:
        house = installation(transaction, application.versions, application.settings.rhythms)
        for rhythm in house.rhythms:
            OUT.print(f"{rhythm.key} · {rhythm.title} · {rhythm.calendar}", markup=False, style="bold")
            for job in rhythm.jobs.values():
                OUT.print(f"  {job.name} · {job.title} · {when_said(job.when)}", markup=False)
                OUT.print(f"    {_occurrences(house, rhythm, job, now)}", markup=False)
                OUT.print(f"    {_recipients(transaction, house, job, now)}", markup=False)
    return 0


def _occurrences(house: Installation, rhythm: Rhythm, job: Job, now: Instant) -> str:
    following = itertools.islice(coming(job.when, house.almanac.of(rhythm.calendar), now), _NEXT)
    return " · ".join(
        f"{one.day} 周{_WEEKDAYS[one.day.weekday()]}{' 暂定' if one.provisional else ''}" for one in following
    )


def _recipients(transaction: Transaction, house: Installation, job: Job, now: Instant) -> str:
    said = "; ".join(str(recipient_said(one, house.words)) for one in job.to)
    to = addressees(transaction, job.to, now)
    people = {person for one in to for person in one.people}
    return f"→ {said} ({len(to)} 个单位 / units, {len(people)} 人 / people)"


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read rhythm files (those of this installation if none is named) and say what is wrong with them, by line."""
    known = _known(application)
    failed = 0
    for path in given.files or sorted(rhythm_folder(application.settings.rhythms).glob("*.yaml")):
        try:
            rhythm = load(path, known)
        except DefinitionError as error:
            complain(error)
            failed += 1
            continue
        jobs = f"{len(rhythm.jobs)} 项例行 / jobs"
        OUT.print(f"{path}: {rhythm.title} · {jobs} — 可以读取 / reads well", markup=False)
    return REFUSED if failed else 0


def _known(application: Application) -> Known:
    """What files may name; without a database that is ready, the workflows that are shipped."""
    database = application.database
    there = database.dialect != SQLITE or Path(str(database.url.database)).is_file()
    if not there or schema.pending(database):
        return known_of(None, application.versions)
    with database.looking() as transaction:
        return known_of(transaction, application.versions)


def _preview(application: Application, given: argparse.Namespace) -> int:
    """Who would get what of a job at a moment; nothing is sent."""
    with application.database.looking() as transaction:
        house = installation(transaction, application.versions, application.settings.rhythms)
        rhythm, job = house.find(given.job)
        now = _moment(given.at, job) if given.at else application.clock.now()
        would = parts(transaction, application.versions, house, rhythm, job, now)
        names = names_of(transaction, [part.to for part in would])
        people = people_named(transaction, {person for part in would for person in part.to.people})
    OUT.print(f"{job.title} · {when_said(job.when)} · {shown(now)}", markup=False, style="bold")
    newest = latest(job.when, house.almanac.of(rhythm.calendar), now)
    if newest is None or shown(newest.at)[:10] != shown(now)[:10]:
        OUT.print("这一天不来，仅供查看 / it does not come on that day; only to look at", markup=False)
    for part in would:
        _print_part(part, names[part.to.unit], [people[person] for person in part.to.people])
    if not would:
        OUT.print("没有案卷，不发 / no ticket, nothing to send", markup=False)
    return 0


def _print_part(part: Part, unit: str, people: list[str]) -> None:
    OUT.print(f"{unit} → {'、'.join(people)} · {part.list.count} 件 / tickets", markup=False)
    for line in part.list.lines:
        due = (
            f"{line.deadline.split(' / ')[0]} {shown(line.due)}{'（暂定）' if line.provisional else ''}"
            if line.due is not None
            else ""
        )
        said = (line.case_no, line.title, line.state.split(" / ")[0], due, line.light, line.card)
        OUT.print(f"  {' · '.join(part for part in said if part)}", markup=False)


def _run(application: Application, given: argparse.Namespace) -> int:
    """Send what is due now (or was, at a moment that is named) and not sent yet."""
    clock = application.clock
    if given.at:
        now = clock.now()
        clock = SetClock(_moment(given.at, None))
        if clock.now() > now:
            ERR.print(
                "该时刻尚未到来，此后到那时为止的各期将不再发送 / That moment has not come: what falls due until then "
                "will not be sent any more",
                style="yellow",
            )
    sent = run_rhythms(application.database, application.versions, application.settings.rhythms, clock)
    OUT.print(f"{sent} 张名单 / lists")
    return 0


def _moment(text: str, job: Job | None) -> Instant:
    """A moment of a civil day; a date alone means the job's time on it. Errors: `Malformed`."""
    try:
        if job is not None and len(text) == len("2026-03-02"):
            day = date.fromisoformat(text)
            found = datetime(day.year, day.month, day.day, job.when.at // 60, job.when.at % 60, tzinfo=CIVIL_ZONE)
        else:
            found = datetime.fromisoformat(text)
    except ValueError as failure:
        raise _no_moment(text) from failure
    if len(text) == len("2026-03-02") and job is None:
        raise _no_moment(text)
    return instant(found if found.tzinfo is not None else found.replace(tzinfo=CIVIL_ZONE))


def _no_moment(text: str) -> Malformed:
    return Malformed(
        f"“{text[:40]}”应写成 2026-03-02T08:30",
        f"'{text[:40]}' must read 2026-03-02T08:30",
        place=Place(field="--at"),
    )
