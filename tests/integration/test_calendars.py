"""Calendars on both databases: versions that never change, decrees that arrive, stand-ins, and everybody at once."""

import threading
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.clock import CIVIL_ZONE, DAY, Instant, instant
from engine.database import Database, Transaction
from engine.definitions.spans import parse_limit
from engine.definitions.words import shipped
from engine.errors import HuyingError, Malformed, NotFound
from engine.exchange.calendar_apply import apply_calendar, apply_package, preview_calendar
from engine.exchange.calendar_decree import read_decree
from engine.exchange.calendar_order import Applied, Order
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.calendar_book import CalendarBook
from engine.records.calendars import ensure_calendars, newest, versions_of
from engine.rules.calendar_changes import FIRST_DAY
from engine.rules.calendar_file import CalendarFile
from engine.rules.case import AreaLink
from engine.rules.worktime import due
from tests.support.calendars import DECREE_2027, OFFICE, calendar_file, standing_in, written

NOW = instant(datetime(2026, 11, 26, 10, 0, tzinfo=CIVIL_ZONE))


def order(key: str = "office", **options: Any) -> Order:
    return Order(key=key, now=NOW, by="gu", **options)


def apply(database: Database, file: CalendarFile | None = None, **options: Any) -> Applied:
    """Apply a file under its own key, or a decree to the office."""
    key = options.pop("key", file.key if file else "office")
    return apply_calendar(database, order(key, file=file, **options))


def rows(database: Database, key: str = "office") -> list[Any]:
    with database.looking() as transaction:
        return versions_of(transaction, key)


def refusal(database: Database, *given: Any, **options: Any) -> HuyingError:
    """An application that must be refused, and write nothing."""
    before = counted(database)
    with pytest.raises(HuyingError) as caught:
        apply(database, *given, **options)
    assert counted(database) == before
    return caught.value


def counted(database: Database) -> int:
    with database.looking() as transaction:
        return int(transaction.rows("SELECT count(*) FROM calendar_version")[0][0])


def settle(database: Database, *codes: str) -> dict[str, int]:
    """A district with some streets."""
    areas = [NewArea(code="sh", level="city", name="上海市")]
    areas += [NewArea(code="fx", level="district", name="奉贤区", parent="sh")]
    areas += [NewArea(code=code, level="street", name=code, parent="fx") for code in codes]

    def work(transaction: Transaction) -> dict[str, int]:
        set_levels(transaction, shipped().levels)
        return create_areas(transaction, areas, NOW)

    return database.acting(work)


@pytest.fixture
def decree(tmp_path: Path) -> Any:
    return read_decree(written(tmp_path, "2027.yaml", DECREE_2027))


# ---- versions


def test_the_first_version_comes_from_the_file_with_the_packages_decrees(database: Database) -> None:
    applied = apply(database, calendar_file())
    assert (applied.old, applied.new, applied.earliest) == (None, "office@1", FIRST_DAY)
    (row,) = rows(database)
    assert (row.key, row.version, row.source, row.sha256) == ("office", 1, OFFICE, calendar_file().sha256)
    assert (row.applied_at, row.applied_by, row.reason) == (NOW, "gu", "")
    assert [one.year for one in row.decrees] == list(range(2004, 2027))


def test_only_the_named_years_are_copied_and_former_ones_stay(database: Database) -> None:
    apply(database, calendar_file(), years=frozenset({2026}))
    applied = apply(database, years=frozenset({2024, 2025}))
    assert applied.calendar.published == frozenset({2024, 2025, 2026})
    assert (applied.old, applied.new, applied.earliest) == ("office@1", "office@2", date(2023, 12, 29))


def test_applying_what_is_there_already_writes_nothing(database: Database, decree: Any) -> None:
    apply(database, calendar_file())
    for again in (apply(database, calendar_file()), apply(database)):
        assert (again.changed, again.new, again.earliest) == (False, "office@1", None)
    apply(database, decree=decree)
    assert not apply(database, decree=decree).changed
    assert counted(database) == 2


def test_a_new_version_leaves_every_former_row_as_it_was(database: Database, decree: Any) -> None:
    apply(database, calendar_file())
    with database.looking() as transaction:
        before = transaction.rows("SELECT * FROM calendar_version ORDER BY id")
    apply(database, decree=decree)
    apply(database, calendar_file(OFFICE.replace("2026-11-05", "2026-12-05")), correct=True, reason="搬迁未成")
    with database.looking() as transaction:
        after = transaction.rows("SELECT * FROM calendar_version ORDER BY id")
    assert [tuple(row) for row in after[:1]] == [tuple(row) for row in before]
    assert [row.name for row in rows(database)] == ["office@3", "office@2", "office@1"]


def test_a_comment_in_the_file_is_a_version_that_changes_no_day(database: Database) -> None:
    apply(database, calendar_file())
    applied = apply(database, calendar_file("# 2026\n" + OFFICE))
    assert (applied.new, applied.earliest) == ("office@2", None)
    assert applied.changes is not None
    assert applied.changes.days == ()


def test_activating_stores_the_shipped_calendars_once_and_none_of_their_years_is_decreed(database: Database) -> None:
    ensure_calendars(database, NOW)
    ensure_calendars(database, Instant(NOW + DAY))
    with database.looking() as transaction:
        found = newest(transaction)
    assert [(row.name, row.decrees, row.applied_at) for row in found] == [
        ("cn-mainland@1", (), NOW),
        ("duty-desk@1", (), NOW),
    ]


def test_the_demo_copies_the_package_once(database: Database) -> None:
    ensure_calendars(database, NOW)
    for _ in range(2):
        apply_package(database, NOW)
    assert [row.name for row in rows(database, "cn-mainland")] == ["cn-mainland@2", "cn-mainland@1"]
    assert [row.name for row in rows(database, "duty-desk")] == ["duty-desk@1"]


def test_an_unknown_calendar_is_not_found(database: Database) -> None:
    assert isinstance(refusal(database, key="nowhere"), NotFound)


# ---- decrees


def test_the_decree_makes_a_provisional_due_time_definite(database: Database, decree: Any) -> None:
    limit = parse_limit("5 workdays")
    start = instant(datetime(2026, 12, 28, 9, 0, tzinfo=CIVIL_ZONE))
    before = apply(database, calendar_file())
    assert due(start, limit, before.calendar).provisional
    after = apply(database, decree=decree)
    assert (after.old, after.new, after.earliest) == ("office@1", "office@2", date(2026, 12, 29))
    first, then = (due(start, limit, one.calendar) for one in (before, after))
    assert not then.provisional
    assert then.at > first.at  # New Year's Day was still a Friday at work


def test_the_document_is_stronger_than_the_package_unless_its_year_is_named(database: Database, tmp_path: Path) -> None:
    apply(database, calendar_file(), years=frozenset({2025}))
    own = read_decree(written(tmp_path, "2026.yaml", "decree: 2026\nsource: 沪府办\noff: [2026-12-25]\n"))
    apply(database, decree=own)
    applied = apply(database)
    assert {one.year for one in rows(database)[0].decrees} == set(range(2004, 2027))
    assert not applied.calendar.hours(date(2026, 12, 25))
    named = apply(database, years=frozenset({2026}), correct=True, reason="撤销")
    assert named.calendar.hours(date(2026, 12, 25))


def test_odd_days_of_a_decree_are_told_with_their_lines(database: Database, tmp_path: Path) -> None:
    apply(database, calendar_file(OFFICE + "  2027-05-04: off\n"))
    text = "decree: 2027\noff: [2027-01-01, 2027-01-02]\nwork:\n  - 2027-03-01\n  - 2027-05-04\n"
    applied = apply(database, decree=read_decree(written(tmp_path, "2027.yaml", text)))
    assert [warning.split(" ")[0] for warning in applied.warnings] == ["2027.yaml:4:", "2027.yaml:5:"]
    assert "本来就是工作日" in applied.warnings[0]
    assert "自己的例外" in applied.warnings[1]
    assert not applied.calendar.is_workday(date(2027, 5, 4))


def test_a_calendar_that_gives_up_its_holidays_gives_up_its_decrees(database: Database) -> None:
    apply(database, calendar_file())
    applied = apply(database, calendar_file(OFFICE.replace("chinesecalendar", "none")), correct=True, reason="值班")
    assert applied.calendar.published is None
    assert applied.calendar.hours(date(2026, 10, 1))
    assert applied.earliest == FIRST_DAY


# ---- refusals


def test_days_that_have_passed_change_only_by_a_correction_with_its_reason(database: Database) -> None:
    apply(database, calendar_file())
    worked = calendar_file(OFFICE.replace("2026-11-05: off", "2026-11-05: daily"))
    refused = refusal(database, worked)
    assert str(refused).startswith("office.yaml:10: 2026-11-05 已经过去")
    assert refusal(database, worked, correct=True).place.field == "--reason"
    assert refusal(database, worked, correct=True, reason=" ").place.field == "--reason"
    applied = apply(database, worked, correct=True, reason="当日照常办公")
    assert (applied.new, applied.earliest) == ("office@2", date(2026, 11, 5))
    assert rows(database)[0].reason == "当日照常办公"


def test_a_decree_for_days_that_have_passed_is_refused_with_its_line(database: Database, tmp_path: Path) -> None:
    apply(database, calendar_file())
    text = "decree: 2026\noff:\n  - 2026-01-01..03\n  - 2026-01-05\n"
    refused = refusal(database, decree=read_decree(written(tmp_path, "2026.yaml", text)))
    assert (refused.place.file, refused.place.line) == ("2026.yaml", 1)
    assert "2026-01-04" in refused.zh  # worked by the decree that this one would replace
    there = rows(database)[0].decrees[-1]
    off = "".join(f"  - {day}\n" for day in [date(2026, 1, 5), *sorted(there.off)])
    text = f"decree: 2026\noff:\n{off}work: [{', '.join(map(str, sorted(there.work)))}]\n"
    refused = refusal(database, decree=read_decree(written(tmp_path, "2026.yaml", text)))
    assert str(refused).startswith("2026.yaml:3: 2026-01-05 已经过去")


def test_hours_of_the_week_reach_into_the_past_too(database: Database) -> None:
    apply(database, calendar_file())
    shorter = calendar_file(OFFICE.replace("09:00-12:00", "09:00-11:00"))
    assert str(refusal(database, shorter)).startswith("office.yaml:4: ")
    assert apply(database, shorter, correct=True, reason="夏令作息").earliest == date(1901, 1, 4)


def test_before_a_decree_hours_may_change_freely(database: Database) -> None:
    ensure_calendars(database, NOW)
    own = calendar_file(OFFICE, key="cn-mainland")
    assert apply(database, own).new == "cn-mainland@2"


def test_a_zone_never_changes(database: Database) -> None:
    apply(database, calendar_file())
    elsewhere = calendar_file(OFFICE.replace("Shanghai", "Urumqi"))
    for options in ({}, {"correct": True, "reason": "迁往新疆"}):
        assert str(refusal(database, elsewhere, **options)).startswith("office.yaml:2: zone：时区不能更改")


def test_orders_that_contradict_themselves_are_refused(database: Database, decree: Any) -> None:
    desk = calendar_file(OFFICE.replace("chinesecalendar", "none"))
    assert refusal(database, desk, years=frozenset({2026})).place.field == "--years"
    assert "不设节假日" in refusal(database, desk, decree=decree).zh
    assert refusal(database, calendar_file(), decree=decree, years=frozenset({2026})).place.field == "--years"
    assert isinstance(refusal(database, calendar_file(), years=frozenset({2027})), Malformed)


def test_a_preview_says_the_same_and_writes_nothing(database: Database, decree: Any) -> None:
    first = preview_calendar(database, order(file=calendar_file()))
    assert (first.old, first.new) == (None, "office@1")
    assert counted(database) == 0
    apply(database, calendar_file())
    seen = preview_calendar(database, order(decree=decree))
    assert counted(database) == 1
    assert seen == apply(database, decree=decree)
    with pytest.raises(Malformed, match="已经过去"):
        preview_calendar(database, order(file=calendar_file(OFFICE.replace("2026-11-05", "2026-11-06"))))


# ---- stand-ins


def test_a_district_counts_by_its_own_hours_and_others_by_the_common_ones(database: Database) -> None:
    ids = settle(database, "xd", "nq")
    ensure_calendars(database, NOW)
    applied = apply(database, standing_in("cn-mainland", "xd"))
    assert applied.areas == ("xd",)
    almanac = CalendarBook(database).almanac()
    district = AreaLink(ids["fx"], "district")
    inside, outside = [AreaLink(ids["xd"], "street"), district], [AreaLink(ids["nq"], "street"), district]
    assert almanac.of("cn-mainland", inside).version == "district@1"
    assert almanac.of("cn-mainland", outside).version == "cn-mainland@1"
    assert almanac.of("cn-mainland").version == "cn-mainland@1"
    assert almanac.of("duty-desk", inside).version == "duty-desk@1"


def test_the_nearest_stand_in_counts(database: Database) -> None:
    ids = settle(database, "xd")
    ensure_calendars(database, NOW)
    apply(database, standing_in("cn-mainland", "fx"))
    apply(database, standing_in("cn-mainland", "xd", key="street"))
    way = [AreaLink(ids["xd"], "street"), AreaLink(ids["fx"], "district")]
    almanac = CalendarBook(database).almanac()
    assert almanac.of("cn-mainland", way).version == "street@1"
    assert almanac.of("cn-mainland", way[1:]).version == "district@1"


def test_an_area_is_claimed_once_for_one_calendar(database: Database) -> None:
    settle(database, "xd")
    ensure_calendars(database, NOW)
    apply(database, standing_in("cn-mainland", "xd"))
    again = refusal(database, standing_in("cn-mainland", "fx", "xd", key="other"))
    assert str(again).startswith("other.yaml:12: areas[1]：区域“xd”已由日历“district”代替“cn-mainland”")
    assert apply(database, standing_in("duty-desk", "xd", key="other")).new == "other@1"
    # Given up by the one, free for the other.
    assert apply(database, standing_in("cn-mainland", "fx")).areas == ("fx", "xd")
    assert apply(database, standing_in("cn-mainland", "xd", key="third")).new == "third@1"


def test_a_stand_in_names_what_is_there(database: Database) -> None:
    settle(database, "xd")
    ensure_calendars(database, NOW)
    assert str(refusal(database, standing_in("nowhere", "xd"))).startswith("district.yaml:11: of：没有日历“nowhere”")
    assert str(refusal(database, standing_in("cn-mainland", "zz"))).startswith("district.yaml:12: areas[0]：没有区域")


# ---- many at once


def test_two_at_once_get_consecutive_numbers_and_nothing_is_lost(database: Database, database_url: str) -> None:
    apply(database, calendar_file(), years=frozenset({2004}))
    years = range(2005, 2021)
    together = threading.Barrier(4)

    def take(mine: range) -> None:
        with closing(Database(database_url)) as own:
            together.wait(timeout=30)
            for year in mine:
                apply(own, years=frozenset({year}))

    threads = [threading.Thread(target=take, args=(years[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.version for row in rows(database)] == list(range(1 + len(years), 0, -1))
    assert [one.year for one in rows(database)[0].decrees] == [2004, *years]


def test_two_that_claim_one_area_at_once_do_not_both_get_it(database: Database, database_url: str) -> None:
    settle(database, "xd")
    ensure_calendars(database, NOW)
    together, refused = threading.Barrier(2), []

    def claim(key: str) -> None:
        with closing(Database(database_url)) as own:
            together.wait(timeout=30)
            try:
                apply(own, standing_in("cn-mainland", "xd", key=key))
            except HuyingError as refusal:
                refused.append(refusal)

    threads = [threading.Thread(target=claim, args=(key,)) for key in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(rows(database, "one")) + len(rows(database, "two")) == 1
