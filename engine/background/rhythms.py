"""Rhythms: lists go out and reports are asked for when they are due, once for each unit and period, whoever does it.

A period is begun in the table before anything is sent; each unit's list is claimed in the transaction that puts it into
inboxes. So a second process finds it taken, and a killed one leaves what is left to whoever comes next.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.model import plain
from engine.definitions.rhythm import Empty, Job, Rhythm
from engine.records import rhythms as runs
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.rhythm_files import Installation, installation
from engine.records.rhythm_lists import UnitList, lists
from engine.records.rhythm_recipients import Addressee, addressees
from engine.records.rhythms import RunKey, RunState
from engine.records.versions import Versions
from engine.reports import scheduled
from engine.rules import rhythm as rules
from engine.rules.chain import canonical

_NOTHING = UnitList(count=0, lines=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one unit gets in one occurrence."""

    to: Addressee
    list: UnitList


def run_rhythms(database: Database, versions: Versions, folder: Path | None, clock: Clock) -> int:
    """Send what is due at this moment; how many lists that was.

    A job that fails does not hold up the others. Errors: `DefinitionError` when a file is wrong, before anything is
    sent; after the round the first failure of a job.
    """
    now = clock.now()
    with database.looking() as transaction:
        house = installation(transaction, versions, folder)
    sent, failures = 0, []
    for rhythm in house.rhythms:
        for job in rhythm.jobs.values():
            try:
                sent += _Sending(database, versions, house, rhythm, job, now).run()
            except Exception as failure:  # the next job is not to blame, and the next minute tries again
                failures.append(failure)
    if failures:
        raise failures[0]
    return sent


def parts(
    transaction: Transaction,
    versions: Versions,
    house: Installation,
    rhythm: Rhythm,
    job: Job,
    now: Instant,
    *,
    served: frozenset[str] = frozenset(),
) -> list[Part]:
    """Who would get what at `now`, but for the units that are served."""
    to = [one for one in addressees(transaction, job.to, now) if one.unit not in served]
    if job.report is not None:
        return [Part(to=one, list=_NOTHING) for one in to]
    calendar = house.almanac.of(rhythm.calendar)
    found = lists(transaction, versions, house.almanac, job, to, calendar=calendar, now=now)
    return [
        Part(to=one, list=found.get(one.unit, _NOTHING)) for one in to if one.unit in found or job.empty is Empty.SEND
    ]


@dataclass(frozen=True, slots=True)
class _Sending:
    """One job at one moment."""

    database: Database
    versions: Versions
    house: Installation
    rhythm: Rhythm
    job: Job
    now: Instant

    def run(self) -> int:
        """Begin what has become due, and send what is begun."""
        self._begin()
        with self.database.looking() as transaction:
            newest = runs.newest(transaction, self.rhythm.key, self.job.name)
            if newest is None or newest.state is not RunState.SENDING:
                return 0
            served = frozenset(runs.units_served(transaction, newest.key))
            waiting = parts(transaction, self.versions, self.house, self.rhythm, self.job, self.now, served=served)
        sent = sum(self._send(newest.key, part) for part in waiting)
        self.database.acting(lambda transaction: runs.finish(transaction, newest.key, self.now))
        return sent

    def _begin(self) -> None:
        calendar = self.house.almanac.of(self.rhythm.calendar)
        due = rules.latest(self.job.when, calendar, self.now)
        if due is None:
            return
        with self.database.looking() as transaction:
            before = runs.newest(transaction, self.rhythm.key, self.job.name)
        if before is not None and before.at >= due.at:
            return  # it has come; or the clock stepped back, and what was due then is past
        if before is None and due.day != calendar.day_of(self.now):
            begins, skipped = None, [due]  # the job was not there on that day
        elif before is None:
            begins, skipped = due, []
        else:
            *skipped, begins = rules.missed(self.job.when, calendar, before.at, self.now)
        self.database.acting(
            lambda transaction: runs.begin(transaction, self.rhythm.key, self.job.name, begins, skipped, self.now)
        )

    def _send(self, key: RunKey, part: Part) -> bool:
        """Claim a unit's list and put it into inboxes; False when somebody else has."""
        messages = [
            NewMessage(
                person_id=person,
                origin=f"r:{key.rhythm}:{key.job}:{key.period}:{part.to.unit}",
                kind=MessageKind.LIST,
                at=self.now,
                body=body_of(key, self.job, part.list),
            )
            for person in part.to.people
        ]

        def work(transaction: Transaction) -> bool:
            mine = runs.claim(
                transaction, key, part.to.unit, tickets=part.list.count, people=len(messages), now=self.now
            )
            if mine and self.job.report is not None:
                scheduled.ask(transaction, self.job, part.to, messages, self.now)
            elif mine:
                post(transaction, messages)
            return mine

        return self.database.acting(work)


def body_of(key: RunKey, job: Job, found: UnitList) -> str:
    """A list as its message carries it: canonical JSON; `count` may be more than the tickets that are listed."""
    return canonical(
        {
            "rhythm": key.rhythm,
            "job": key.job,
            "title": plain(job.title),
            "period": key.period,
            "tickets": [line.to_json() for line in found.lines],
            "count": found.count,
        }
    )
