"""The calendars of this installation as decisions are given them: laid out once per process, never far behind."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.database import Database, Transaction
from engine.errors import NotFound
from engine.records.asking import ids_of
from engine.records.calendars import StoredCalendar, newest, version_of
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import with_decrees

#: Seconds for which the database is not asked whether another process has stored a version.
NEWS_EVERY: Final = 2.0
#: For how many more it is not asked in the middle of an act, which would take another connection meanwhile.
IN_ACT: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was stored when the database was asked last; replaced whole, so that threads may share it."""

    #: The id of the row stored last; 0 when there is none.
    last: int
    almanac: Almanac


_NOTHING = _Seen(last=0, almanac=Almanac(calendars={}))


class CalendarBook:
    """Stored calendars, compiled. One per process; threads share it.

    A version never changes, so what is compiled is kept. Which version is the newest is asked at most every
    `NEWS_EVERY` seconds, by one thread, while the others go on with what they have; whoever begins an act asks before.
    """

    def __init__(self, database: Database, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._database, self._ticks = database, ticks
        self._versions: dict[str, WorkCalendar] = {}
        self._seen = _NOTHING
        self._until = float("-inf")
        self._asking = threading.Lock()

    def almanac(self) -> Almanac:
        """The newest version of every calendar, and which of them stand in for another where."""
        first = not self._seen.almanac.calendars
        # Only who has nothing to go on with waits for the thread that asks.
        until = self._until + IN_ACT if self._database.in_act else self._until
        if (first or self._ticks() >= until) and self._asking.acquire(blocking=first):
            try:
                self._ask()
            finally:
                self._asking.release()
        return self._seen.almanac

    def look_again(self) -> Almanac:
        """The almanac as the database has it now, for whoever has just stored a version."""
        with self._asking:
            self._until = float("-inf")
            self._ask()
        return self._seen.almanac

    def version(self, name: str) -> WorkCalendar:
        """A stored version by its name, `key@3`, however old.

        Errors: `NotFound`.
        """
        known = self._versions.get(name)
        if known is not None:
            return known
        key, _, number = name.rpartition("@")
        found = None
        if key and number.isascii() and number.isdecimal() and len(number) < 10:
            with self._database.looking() as transaction:
                found = version_of(transaction, key, int(number))
        if found is None or found.name != name:
            raise NotFound(f"没有日历版本“{name[:60]}”", f"no version '{name[:60]}' of a calendar")
        return self._compiled(found)

    def _ask(self) -> None:
        """Look for news, unless another thread has done so while this one waited."""
        if self._ticks() < self._until and self._seen.almanac.calendars:
            return
        with self._database.looking() as transaction:
            last = _last(transaction)
            if last != self._seen.last:
                rows = newest(transaction)
                areas = ids_of(transaction, "area", "code", {code for row in rows for code in row.areas})
                calendars = {row.key: self._compiled(row) for row in rows}
                self._seen = _Seen(last=last, almanac=Almanac(calendars=calendars, local=_local(rows, areas)))
        self._until = self._ticks() + NEWS_EVERY

    def _compiled(self, row: StoredCalendar) -> WorkCalendar:
        known = self._versions.get(row.name)
        if known is None:
            known = with_decrees(row.file().calendar, row.decrees, row.name)
            self._versions[row.name] = known
        return known


def _last(transaction: Transaction) -> int:
    """The row stored last: versions are stored one after the other, so no lower id is ever seen after a higher one."""
    rows = transaction.rows("SELECT max(id) FROM calendar_version")
    return int(rows[0][0] or 0)


def _local(rows: Iterable[StoredCalendar], areas: Mapping[str, int]) -> dict[int, dict[str, str]]:
    """Area → key of a calendar → key of its stand-in there."""
    local: dict[int, dict[str, str]] = {}
    for row in rows:
        for code in row.areas:
            if row.stands_for is not None and code in areas:
                local.setdefault(areas[code], {})[row.stands_for] = row.key
    return local
