"""Sandboxes as they are kept: a few per administrator, in the file store, for two weeks.

What is kept are the steps; they are files of the store and not rows, so that playing changes nothing in the database.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.application import Application
from engine.clock import CIVIL_ZONE, DAY, HOUR, Instant, instant, moment
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.definitions.walk import every_action
from engine.errors import Malformed, NotFound, Place, Stale
from engine.records import activations, calendars
from engine.records.access import Viewer
from engine.rules.decrees import to_json
from engine.sandbox.house import compiled
from engine.sandbox.play import Calendar, Play
from web import filing

#: Sandboxes of one person; the oldest makes room. How long one is kept after its last step.
MOST_SANDBOXES, KEPT_FOR = 5, 14 * DAY
#: When a working day is looked at.
_MORNING = time(9)
#: What taking back and beginning anew make of a play.
Change = Callable[[Play], Play]
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A sandbox in the list of one's own."""

    name: str
    at: Instant
    #: What its file is called.
    key: str
    version: int
    steps: int


def begin(house: Application, viewer: Viewer, source: str) -> str:
    """Keep a new sandbox of a file; its name. Errors: `DefinitionError`, `StoreUnreachable`."""
    definition, now = compiled(source), house.clock.now()
    with house.database.looking() as transaction:
        play = Play(
            source=source,
            others=tuple(_opened(house, transaction, definition)),
            calendars=tuple(
                Calendar(key=one.key, source=one.source, decrees=to_json(one.decrees))
                for one in calendars.newest(transaction)
                if one.stands_for is None
            ),
            begins=_morning(house, definition.calendar, now),
        )
    name = secrets.token_hex(16)
    keep(house, viewer, name, play)
    _make_room(house, viewer)
    return name


def keep(house: Application, viewer: Viewer, name: str, play: Play) -> None:
    """Keep a sandbox as it is now. Errors: `Malformed` when it has grown too large, `StoreUnreachable`."""
    house.store.keep(_key(viewer, name), play.to_json())


def read(house: Application, viewer: Viewer, name: str) -> Play:
    """One's own sandbox. Errors: `NotFound` for anybody else's, `StoreUnreachable`."""
    try:
        return Play.from_json(house.store.read(_key(viewer, name)))
    except FileNotFoundError:
        raise NotFound("没有这个沙盘", "there is no such sandbox") from None


def drop(house: Application, viewer: Viewer, name: str) -> None:
    """Keep one's own sandbox no longer. Errors: `StoreUnreachable`."""
    house.store.drop(_key(viewer, name))


def mine(house: Application, viewer: Viewer) -> list[Kept]:
    """One's own sandboxes, the newest first; those that are too old are dropped. Errors: `StoreUnreachable`."""
    _make_room(house, viewer)
    found = []
    for one in house.store.kept(_folder(viewer)):
        if _NAME.fullmatch(one.name):
            play = read(house, viewer, one.name)
            head = compiled(play.source)
            found.append(
                Kept(name=one.name, at=instant(one.at), key=head.key, version=head.version, steps=len(play.steps))
            )
    return found


def key_of(play: Play) -> str:
    """The key of the workflow that is played."""
    return compiled(play.source).key


def must_be_as_seen(play: Play, steps: int | None) -> None:
    """Errors: `Stale` when a step was made or taken back meanwhile, in another window."""
    if steps != len(play.steps):
        raise Stale("沙盘已在别处走了一步，请看最新情况", "the sandbox has moved on in another window: look again")


def later(house: Application, play: Play, coming: Instant | None, how: str, until: str) -> Instant:
    """Where a button moves the clock of a sandbox. Errors: `Malformed` naming the field."""
    now = play.now
    if how == "hour":
        return Instant(now + HOUR)
    if how == "day":
        return Instant(now + DAY)
    if how == "rung":
        if coming is None:
            raise _wrong("没有在走的时限", "no deadline runs")
        return Instant(max(now, coming))
    if how == "workday":
        return _morning(house, compiled(play.source).calendar, now)
    if how == "until":
        try:
            return instant(datetime.fromisoformat(until).replace(tzinfo=CIVIL_ZONE))
        except (ValueError, OverflowError):
            raise _wrong(f"“{until[:40]}”不是时刻", f"'{until[:40]}' is no moment") from None
    raise _wrong("不知道拨到何时", "say how the clock is to be moved")


def _morning(house: Application, calendar: str, now: Instant) -> Instant:
    """Nine o'clock of the next working day of a calendar."""
    known = house.versions.almanac().calendars.get(calendar)
    day: date = moment(now).date()
    for ahead in range(1, 60):
        coming = day + timedelta(days=ahead)
        if known is None or known.is_workday(coming):
            return instant(datetime.combine(coming, _MORNING, tzinfo=CIVIL_ZONE))
    return Instant(now + DAY)


def _opened(house: Application, transaction: Transaction, definition: Workflow) -> Iterator[str]:
    """The files in force that this one opens, and that those open."""
    running = {key: number for key, (number, _) in activations.in_force(transaction).items()}
    waiting, seen = [definition], {definition.key}
    while waiting:
        for action in every_action(waiting.pop()):
            key = action.opens.workflow if action.opens is not None else ""
            if key in running and key not in seen:
                seen.add(key)
                one = house.versions.definition(transaction, running[key])
                waiting.append(one)
                yield one.source


def _make_room(house: Application, viewer: Viewer) -> None:
    now = house.clock.now()
    for number, one in enumerate(house.store.kept(_folder(viewer))):
        if number >= MOST_SANDBOXES or instant(one.at) < now - KEPT_FOR:
            house.store.drop(f"{_folder(viewer)}/{one.name}")


def _folder(viewer: Viewer) -> str:
    return f"sandboxes/{viewer.person_id}"


def _key(viewer: Viewer, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotFound("没有这个沙盘", "there is no such sandbox")
    filing.must_keep(viewer)
    return f"{_folder(viewer)}/{name}"


def _wrong(zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field="until"))
