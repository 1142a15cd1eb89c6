"""One installation put together: settings, database, clock, versions, door."""

from dataclasses import dataclass
from functools import cached_property

from engine.clock import Clock, ShiftedClock, SystemClock
from engine.database import Database
from engine.records import reporters
from engine.records.calendar_book import CalendarBook
from engine.records.replica import Replica
from engine.records.versions import Versions
from engine.settings import Settings
from engine.stages.door import Door
from engine.store import FileStore


@dataclass(kw_only=True)
class Application:
    """What the command line and the web both start from."""

    settings: Settings
    database: Database
    clock: Clock

    @classmethod
    def of(cls, settings: Settings, clock: Clock | None = None) -> "Application":
        return cls(
            settings=settings,
            database=Database(settings.database_url, pool=settings.pool, pooled=settings.pooler == "transaction"),
            clock=clock or (ShiftedClock(settings.clock_shift) if settings.clock_shift else SystemClock()),
        )

    @cached_property
    def boards(self) -> Replica:
        """Where boards and figures are read."""
        url = self.settings.database_read
        copy = Database(url, pool=self.settings.pool, pooled=self.settings.pooler == "transaction") if url else None
        return Replica(self.database, copy, self.clock)

    @cached_property
    def versions(self) -> Versions:
        return Versions(CalendarBook(self.database))

    @cached_property
    def door(self) -> Door:
        return Door(self.database, self.clock, self.versions, algorithm=self.settings.hash_algorithm)

    @cached_property
    def store(self) -> FileStore:
        return FileStore.of(self.settings.store, self.settings.data)

    @cached_property
    def reporter_key(self) -> bytes:
        """By which reporters are told apart in facts. Errors: those of `reporters.load`."""
        return reporters.load(self.settings.reporter_key_file)

    def close(self) -> None:
        self.boards.close()
        self.database.close()
