"""The book of calendars on both databases: never far behind, never asking twice."""

import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from engine.clock import CIVIL_ZONE, instant
from engine.database import Database
from engine.errors import NotFound
from engine.exchange.calendar_apply import apply_calendar
from engine.exchange.calendar_decree import DecreeFile, read_decree
from engine.exchange.calendar_order import Order
from engine.records.calendar_book import IN_ACT, NEWS_EVERY, CalendarBook
from engine.rules.almanac import Almanac
from engine.rules.calendar_file import CalendarFile
from tests.support.calendars import DECREE_2027, calendar_file, written

NOW = instant(datetime(2026, 11, 26, 10, 0, tzinfo=CIVIL_ZONE))


@pytest.fixture
def decree(tmp_path: Path) -> DecreeFile:
    return read_decree(written(tmp_path, "2027.yaml", DECREE_2027))


def apply(database: Database, file: CalendarFile | None = None, decree: DecreeFile | None = None) -> None:
    apply_calendar(database, Order(key="office", file=file, decree=decree, now=NOW, by="gu"))


class Ticks:
    """A monotonic clock that stands still until it is moved."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_version_of_another_process_is_seen_within_two_seconds(
    database: Database, database_url: str, decree: DecreeFile
) -> None:
    ticks = Ticks()
    apply(database, calendar_file())
    book = CalendarBook(database, ticks=ticks)
    assert book.almanac().of("office").version == "office@1"
    with closing(Database(database_url)) as other:
        apply(other, decree=decree)
    ticks.at = NEWS_EVERY - 0.1
    assert book.almanac().of("office").version == "office@1"
    ticks.at = NEWS_EVERY
    assert book.almanac().of("office").version == "office@2"


def test_between_two_looks_the_database_is_not_asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(database, calendar_file())
    book = CalendarBook(database, ticks=Ticks())
    first = book.almanac()

    def nobody() -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(database, "looking", nobody)
    assert all(book.almanac() is first for _ in range(1000))
    assert book.version("office@1") is first.of("office")


def test_in_the_middle_of_an_act_it_is_asked_half_a_minute_later(
    postgresql_database: Database, decree: DecreeFile
) -> None:
    ticks = Ticks()
    apply(postgresql_database, calendar_file())
    book = CalendarBook(postgresql_database, ticks=ticks)
    book.look_again()
    apply(postgresql_database, decree=decree)

    def seen_in_an_act() -> str:
        return postgresql_database.acting(lambda _: book.almanac().of("office").version)

    for late, version in ((IN_ACT - 0.1, "office@1"), (IN_ACT, "office@2")):
        ticks.at = NEWS_EVERY + late
        assert seen_in_an_act() == version


def test_without_news_the_almanac_stays_the_same_value(database: Database) -> None:
    ticks = Ticks()
    apply(database, calendar_file())
    book = CalendarBook(database, ticks=ticks)
    first = book.almanac()
    ticks.at = 10 * NEWS_EVERY
    assert book.almanac() is first
    assert book.look_again() is first


def test_an_empty_book_looks_again_at_once(database: Database) -> None:
    book = CalendarBook(database, ticks=Ticks())
    with pytest.raises(NotFound):
        book.almanac().of("office")
    apply(database, calendar_file())
    assert book.almanac().of("office").version == "office@1"


def test_whoever_has_applied_looks_again_at_once(database: Database, decree: DecreeFile) -> None:
    apply(database, calendar_file())
    book = CalendarBook(database, ticks=Ticks())
    book.almanac()
    apply(database, decree=decree)
    assert book.look_again().of("office").version == "office@2"


def test_every_stored_version_can_be_asked_for_by_its_name(database: Database, decree: DecreeFile) -> None:
    apply(database, calendar_file())
    apply(database, decree=decree)
    book = CalendarBook(database)
    former, present = book.version("office@1"), book.version("office@2")
    assert former.published == frozenset(range(2004, 2027))
    assert present.published == frozenset(range(2004, 2028))
    assert book.version("office@1") is former
    assert book.almanac().of("office") is present


@pytest.mark.parametrize("name", ["office@9", "office", "", "@1", "office@", "office@01", "office@-1", "office@٣"])
def test_a_version_that_is_not_stored_is_not_found(database: Database, name: str) -> None:
    apply(database, calendar_file())
    with pytest.raises(NotFound):
        CalendarBook(database).version(name)


def test_threads_share_one_book(database: Database) -> None:
    apply(database, calendar_file())
    book = CalendarBook(database)
    together = threading.Barrier(6)
    seen: list[Almanac] = []

    def look() -> None:
        together.wait(timeout=30)
        seen.extend(book.almanac() for _ in range(50))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 300
    assert all(one is seen[0] for one in seen)
