"""The rhythms of this installation, from its folder of files, read against its workflows and calendars.

Files are read whenever somebody asks: an edited one counts from the next minute, in every process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from engine import resources
from engine.database import Transaction
from engine.definitions import loader, words
from engine.definitions.model import Workflow
from engine.definitions.rhythm import Job, Rhythm
from engine.definitions.rhythm_file import Known, discover
from engine.definitions.rhythm_grammar import OPEN
from engine.definitions.words import Words
from engine.errors import NotFound, Place
from engine.records import calendars, registers
from engine.records.versions import Versions
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a rhythm is read against and counted by, as it is at one moment."""

    known: Known
    almanac: Almanac
    rhythms: tuple[Rhythm, ...]

    @property
    def words(self) -> Words:
        return self.known.words

    def find(self, name: str) -> tuple[Rhythm, Job]:
        """A job by `rhythm.job`, or by its own name where no other rhythm has one. Errors: `NotFound`."""
        wanted, _, job = name.rpartition(".")
        found = [one for one in self.rhythms if job in one.jobs and wanted in ("", one.key)]
        if len(found) != 1:
            there = [f"{one.key}.{each}" for one in self.rhythms for each in one.jobs]
            raise NotFound(
                f"没有例行“{name[:60]}”，现有：{'、'.join(there)}",
                f"there is no job '{name[:60]}'; there are {', '.join(there)}",
            )
        return found[0], found[0].jobs[job]


def installation(transaction: Transaction, versions: Versions, folder: Path | None) -> Installation:
    """The installation with the rhythms of `folder`, by default the shipped ones.

    Errors: `DefinitionError` with file and line.
    """
    known = known_of(transaction, versions)
    rhythms = discover(rhythm_folder(folder), known)
    return Installation(known=known, almanac=almanac_of(versions), rhythms=tuple(rhythms))


def rhythm_folder(folder: Path | None) -> Path:
    """The folder of rhythm files; an own one must be there. Errors: `NotFound`."""
    if folder is None:
        return resources.workflows() / "rhythms"
    if not folder.is_dir():
        raise NotFound(f"没有目录“{folder}”", f"there is no folder '{folder}'", place=Place(field="HUYING_RHYTHMS"))
    return folder


def almanac_of(versions: Versions) -> Almanac:
    """The calendars as this process knows them."""
    return versions.almanac()


def known_of(transaction: Transaction | None, versions: Versions) -> Known:
    """What a rhythm file may name here: with a database what is stored there, without one what is shipped."""
    loops = {loop.key: loop for loop in _shipped()}
    counted: Mapping[str, WorkCalendar] = {file.key: file.calendar for file in calendars.shipped()}
    if transaction is not None:
        counted = almanac_of(versions).calendars
        active = [versions.active(transaction, key) for key in registers.active_keys(transaction)]
        loops |= {loop.key: loop for loop in active}
    return Known(
        words=_with_own(words.shipped(), loops.values()),
        workflows={
            key: frozenset(state.name for state in loop.states.values() if state.type in OPEN)
            for key, loop in loops.items()
        },
        calendars={
            key: frozenset(number for number, hours in enumerate(calendar.weekly, 1) if hours)
            for key, calendar in counted.items()
        },
    )


def _with_own(shipped: Words, loops: Iterable[Workflow]) -> Words:
    """The shipped words, and those that workflows bring."""
    posts, levels = dict(shipped.posts), dict(shipped.levels)
    for loop in loops:
        posts |= loop.posts
        levels |= loop.levels
    return replace(shipped, posts=posts, levels=levels)


@cache
def _shipped() -> tuple[Workflow, ...]:
    """Workflows that are not activated yet may be named too."""
    return tuple(loader.discover())
