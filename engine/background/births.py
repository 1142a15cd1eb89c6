"""Births: tickets that the clock opens about rows of a register, or once per area in a campaign.

A start says when (every so many days, a day of a civil period, from–to) and about what. The period has a name, and a
row of `birth` in the very transaction of the ticket says that it came: so each is born once, and what was missed in an
outage is not made up for beyond the present period.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.clock import CIVIL_ZONE, Clock, Instant, instant, moment
from engine.database import Database, Transaction
from engine.definitions import checks
from engine.definitions.model import CLOCK, Action, Birth, Workflow
from engine.errors import HuyingError
from engine.records import births, register_rows
from engine.records.asking import marks
from engine.records.register_rows import Row
from engine.records.registers import active_keys
from engine.records.versions import Versions
from engine.rules.draws import Lot, draw, seed_of
from engine.rules.rhythm import latest
from engine.stages.calls import Call, Caller
from engine.stages.door import Door, is_double

#: Tickets opened in one call; the next call goes on.
AT_ONCE = 200
#: How the tickets say by which way they came.
CHANNEL = "birth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The stretch of time in which each subject has one ticket."""

    name: str
    begins: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A ticket to be opened."""

    workflow: str
    start: str
    period: str
    #: `<register>/<code>`, or the code of an area.
    subject: str
    call: Call

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.workflow, self.start, self.period, self.subject


def open_births(door: Door, database: Database, versions: Versions, clock: Clock) -> int:
    """Open what is due and not open yet, at most `AT_ONCE`; how many tickets that was.

    Errors: the first refusal of a start, after everything else was opened.
    """
    now = clock.now()
    with database.looking() as transaction:
        due = [one for loop in _active(transaction, versions) for one in _due(transaction, loop, versions, now)]
    opened, refused = 0, list[HuyingError]()
    for one in due:
        if opened == AT_ONCE:
            break
        try:
            opened += _open(door, database, one, now)
        except HuyingError as refusal:
            # A row that has no ticket, say because its area is no more, keeps nobody else from theirs.
            refused.append(refusal)
    if refused:
        raise refused[0]
    return opened


def _active(transaction: Transaction, versions: Versions) -> list[Workflow]:
    return [versions.active(transaction, key) for key in active_keys(transaction)]


def _due(transaction: Transaction, loop: Workflow, versions: Versions, now: Instant) -> Iterator[Due]:
    for start in loop.starts.values():
        if start.birth is None:
            continue
        wanted = list(_wanted(transaction, loop, start, start.birth, versions, now))
        there = births.born(transaction, loop.key, start.name, {one.period for one in wanted})
        yield from (one for one in wanted if (one.period, one.subject) not in there)


def _wanted(
    transaction: Transaction, loop: Workflow, start: Action, birth: Birth, versions: Versions, now: Instant
) -> Iterator[Due]:
    period = period_of(birth, loop, versions, now)
    if birth.level:
        for area in _areas(transaction, birth.level) if period else ():
            yield _about(loop, start, period.name if period else "", area, area, {})
        return
    field = checks.row_field(start)
    for row, named in _rows(transaction, loop, start, birth, period, now):
        subject = f"{birth.register}/{row.code}"
        yield _about(loop, start, named, subject, row.area, {field: row.code} if field else {})


def _about(loop: Workflow, start: Action, period: str, subject: str, area: str, form: dict[str, str]) -> Due:
    call = Call(caller=Caller(name=CLOCK), action=start.name, workflow=loop.key, area=area, form=form, channel=CHANNEL)
    return Due(workflow=loop.key, start=start.name, period=period, subject=subject, call=call)


def _rows(
    transaction: Transaction, loop: Workflow, start: Action, birth: Birth, period: Period | None, now: Instant
) -> Iterator[tuple[Row, str]]:
    """The rows that have a ticket now, each with the name of its period."""
    if birth.interval:
        for row in register_rows.listed(transaction, birth.register, now, limit=None):
            days = row.get(birth.interval)
            if isinstance(days, int) and days > 0 and _in_campaign(birth, now):
                yield row, _every(days, now).name
    elif period is not None and birth.draw is not None:
        drawn = {lot.code for lot in lots(transaction, loop, start, period) if lot.drawn}
        still = {row.code: row for row in register_rows.listed(transaction, birth.register, now, limit=None)}
        yield from ((still[code], period.name) for code in sorted(drawn & still.keys()))
    elif period is not None:
        for row in register_rows.listed(transaction, birth.register, now, limit=None):
            yield row, period.name


def lots(transaction: Transaction, loop: Workflow, start: Action, period: Period) -> list[Lot]:
    """The draw of a period, from the register as it was when the period began: the same whenever it is asked for."""
    birth = start.birth
    if birth is None or birth.draw is None:
        return []
    rows = register_rows.as_of(transaction, birth.register, period.begins)
    return draw(birth.draw, seed_of(loop.key, start.name, period.name), (row.code for row in rows))


def period_of(birth: Birth, loop: Workflow, versions: Versions, now: Instant) -> Period | None:
    """The period that counts now; none outside of the campaign, or before the first day of its kind has come."""
    if not _in_campaign(birth, now) or birth.interval:
        return None
    if birth.days:
        return _every(birth.days, now)
    if birth.when is not None:
        found = latest(birth.when, versions.calendar(loop.calendar), now)
        outside = found is None or (birth.since is not None and found.day < birth.since)
        return None if found is None or outside else Period(name=found.period, begins=found.at)
    if birth.since is None or birth.until is None:
        return None
    return Period(name=f"{birth.since}/{birth.until}", begins=_midnight(birth.since.toordinal()))


def _in_campaign(birth: Birth, now: Instant) -> bool:
    today = moment(now, CIVIL_ZONE).date()
    return (birth.since is None or birth.since <= today) and (birth.until is None or today <= birth.until)


def _every(days: int, now: Instant) -> Period:
    """Stretches of so many civil days, counted from the first day of the calendar, so that every process agrees."""
    number = moment(now, CIVIL_ZONE).date().toordinal() // days
    return Period(name=f"{days}d:{number}", begins=_midnight(number * days))


def _midnight(ordinal: int) -> Instant:
    return instant(datetime(1, 1, 1, tzinfo=CIVIL_ZONE) + timedelta(days=ordinal - 1))


def _areas(transaction: Transaction, level: str) -> list[str]:
    mark = marks(transaction, 1)[0]
    rows = transaction.rows(
        f"SELECT code FROM area WHERE level = {mark} AND valid_to IS NULL ORDER BY code",  # noqa: S608
        (level,),
    )
    return [code for (code,) in rows]


def _open(door: Door, database: Database, due: Due, now: Instant) -> bool:
    """Open one ticket together with the row that says so; whether nobody else was first."""

    def work(transaction: Transaction) -> bool:
        if (due.period, due.subject) in births.born(transaction, due.workflow, due.start, [due.period]):
            return False
        (outcome,) = door.act_together([due.call], transaction, now)
        births.remember(transaction, due.key, outcome.ticket_id, now)
        return True

    try:
        return database.acting(work)
    except Exception as failure:
        if is_double(failure):
            return False
        raise
