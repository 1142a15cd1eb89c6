"""Samples: each is drawn once for a period that is over, and each drawn one gets its check, whoever does it.

The seed is the root of the first seal that was made after the period: nobody could know it while tickets could still be
closed this way or that, and nobody can choose it afterwards. The draw and its lots are written in one transaction; each
check is opened in a transaction that also takes its lot. So a crash anywhere leaves what is left to the next round, and
nothing is drawn or opened twice.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path

from engine.clock import CIVIL_ZONE, Clock, Instant, instant, moment
from engine.database import Database, Transaction
from engine.definitions import sample_file
from engine.definitions.model import Title, Workflow
from engine.definitions.sample import Sample
from engine.definitions.sample_file import SampleFile
from engine.errors import HuyingError, NotFound
from engine.records import facts, samples
from engine.records.samples import Draw, KeptLot
from engine.records.versions import Versions
from engine.rules import periods, sampling
from engine.rules.case import THE_RULE
from engine.stages.calls import Call, Caller
from engine.stages.door import Door

#: Checks opened in one call; the next call goes on.
AT_ONCE = 200
#: How the tickets say by which way they came.
CHANNEL = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with a sample and the newest period that is over."""

    sample: Sample
    file: SampleFile
    period: str
    since: Instant
    until: Instant
    #: Why it is not drawn yet; None when it can be, or has been.
    waits: Title | None = None
    drawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A kept draw beside the same draw done again."""

    draw: Draw
    #: Drawn then and not now, and the other way round.
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    #: Whether the same things took part.
    same_candidates: bool
    #: Whether the seed is the root of the seal that it names, and that seal the first after the period.
    true_seed: bool

    @property
    def sound(self) -> bool:
        return self.true_seed and not self.missing and not self.extra


def draw_samples(door: Door, database: Database, versions: Versions, folder: Path | None, clock: Clock) -> int:
    """Draw what is due, and open the checks of what was drawn, at most `AT_ONCE`; how much that was.

    Errors: `DefinitionError` when a file is wrong; the first refusal of a start, after everything else was opened.
    """
    done = sum(
        draw_one(database, versions, one, clock.now())
        for one in standings(database, folder, clock.now())
        if not one.drawn and one.waits is None
    )
    return done + open_checks(door, database, versions, clock)


def standings(database: Database, folder: Path | None, now: Instant) -> list[Standing]:
    """How it stands with each sample of the folder. Errors: `DefinitionError`."""
    with database.looking() as transaction:
        return [_standing(transaction, *found, now) for found in sample_file.discover(folder).values()]


def _standing(transaction: Transaction, sample: Sample, file: SampleFile, now: Instant) -> Standing:
    number = periods.number_of(sample.every, moment(now, CIVIL_ZONE).date()) - 1
    if last := samples.draws(transaction, sample.name, most=1):
        # Whatever was missed in an outage is drawn too, the oldest first.
        number = min(number, periods.number_of(sample.every, moment(last[0].until, CIVIL_ZONE).date()))
    since, until = (
        instant(datetime.combine(periods.first_day(sample.every, one), time(), CIVIL_ZONE))
        for one in (number, number + 1)
    )
    found = Standing(
        sample=sample, file=file, period=periods.name_of(sample.every, number), since=since, until=until
    )  # fmt: skip
    if samples.draws(transaction, sample.name, found.period):
        return replace(found, drawn=True)
    if samples.seed_after(transaction, until) is None:
        return replace(found, waits=Title("待周期结束后的首次封存", "waits for the first seal after the period"))
    behind = facts.state(transaction).behind_since if not sample.register else None
    if behind is not None and behind < until:
        return replace(found, waits=Title("待事实折算完毕", "waits for the facts of the period"))
    return found


def draw_one(database: Database, versions: Versions, standing: Standing, now: Instant) -> bool:
    """Draw one sample for its period; whether nobody else was first.

    Errors: `DefinitionError` for a start that is not there.
    """
    sample = standing.sample

    def work(transaction: Transaction) -> bool:
        sample_file.fits(sample, standing.file.file, lambda key: versions.active(transaction, key))
        seed = samples.seed_after(transaction, standing.until)
        if seed is None:
            return False
        found, areas = samples.candidates(transaction, sample, standing.since, standing.until, now)
        drawn = sampling.draw(found, sample.percent, seed.root, sample.name, standing.period)
        text = standing.file.text
        draw = Draw(
            name=sample.name, period=standing.period, since=standing.since, until=standing.until,
            file=standing.file.file, sha256=hashlib.sha256(text.encode()).hexdigest(), source=text, seal=seed.seal,
            seed=seed.root, total=drawn.total, drawn=len(drawn.lots), strata=drawn.strata, digest=drawn.digest,
            drawn_at=now,
        )  # fmt: skip
        return samples.keep(transaction, draw, drawn.lots, areas, sample)

    return database.acting(work)


def open_checks(door: Door, database: Database, versions: Versions, clock: Clock) -> int:
    """Open the checks of what was drawn, at most `AT_ONCE`; how many. Errors: the first refusal, after all others."""
    with database.looking() as transaction:
        waiting = samples.waiting(transaction, AT_ONCE)
    opened, refused = 0, list[HuyingError]()
    for lot in waiting:
        try:
            opened += _open(door, database, versions, lot, clock.now())
        except HuyingError as refusal:
            # One whose area is no more keeps nobody else from their check.
            refused.append(refusal)
    if refused:
        raise refused[0]
    return opened


def _open(door: Door, database: Database, versions: Versions, lot: KeptLot, now: Instant) -> bool:
    def work(transaction: Transaction) -> bool:
        if not samples.take(transaction, lot, now):
            return False
        call = _call(transaction, versions.active(transaction, lot.workflow), lot)
        (outcome,) = door.act_together([call], transaction, now)
        samples.opened(transaction, lot, outcome.ticket_id)
        return True

    return database.acting(work)


def _call(transaction: Transaction, loop: Workflow, lot: KeptLot) -> Call:
    sample = _as_drawn(samples.draws(transaction, lot.name, lot.period)[0])
    start = loop.starts.get(lot.start)
    field = sample_file.field_of(start, sample) if start is not None else None
    if start is None or field is None:
        raise NotFound(
            f"流程“{lot.workflow}”已没有“{lot.start}”这种发起", f"'{lot.workflow}' has no start '{lot.start}' any more"
        )
    many = any(item.name == field and item.many for item in start.form)
    return Call(
        caller=Caller(name=THE_RULE.name), action=lot.start, workflow=lot.workflow, area=lot.area, channel=CHANNEL,
        form={field: [lot.code] if many else lot.code}, key=f"sample:{lot.name}:{lot.period}:{lot.code}",
    )  # fmt: skip


def _as_drawn(draw: Draw) -> Sample:
    """The sample as its file said it when it was drawn."""
    return sample_file.loads(draw.source, file=draw.file).samples[draw.name]


def again(transaction: Transaction, name: str, period: str) -> Compared:
    """Do a draw again by the file and the seed that were kept, from what the facts say now. Errors: `NotFound`."""
    found = samples.draws(transaction, name, period)
    if not found:
        raise NotFound(f"没有“{name[:60]}”{period[:20]} 的抽样", f"'{name[:60]}' was not drawn for {period[:20]}")
    (draw,) = found
    sample, first = _as_drawn(draw), samples.seed_after(transaction, draw.until)
    candidates, _ = samples.candidates(transaction, sample, draw.since, draw.until, draw.drawn_at)
    now = sampling.draw(candidates, sample.percent, draw.seed, draw.name, draw.period)
    then = {(lot.code, lot.rank) for lot in samples.lots(transaction, name, period, None)}
    there = {(lot.candidate.code, lot.rank) for lot in now.lots}
    return Compared(
        draw=draw,
        missing=tuple(sorted(code for code, _ in then - there)),
        extra=tuple(sorted(code for code, _ in there - then)),
        same_candidates=now.digest == draw.digest,
        true_seed=first is not None and (first.seal, first.root) == (draw.seal, draw.seed),
    )
