"""重复反映率：同一人（电话或账号）同一标准若干天内再次反映也算；摘要带密钥，随个人信息一起删除。"""

from pathlib import Path

import pytest

from engine.background.facts import fold_facts, rebuild
from engine.background.relay import relay
from engine.background.rollups import refresh
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.errors import Malformed
from engine.records import reporters, rollups
from engine.records.citizens import Who
from engine.records.erasures import ErasureGround
from engine.records.indicators import Asked, figure, figures
from engine.stages import erasing
from engine.stages.erasing import Wish
from engine.store import FileStore
from tests.support.cases import MONDAY
from tests.support.door import Told, World
from tests.support.facts import rows

INDICATOR = discover()["repeats"]
PHONE = "13987651234"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def key(tmp_path: Path) -> bytes:
    return reporters.load(tmp_path / "reporter.key")


def call(world: World, phone: str = "", item: str = "part-01-01") -> Told:
    """The desk writes down a call and files it."""
    told = world.ticket()
    contact = {"contact_name": "欧阳绝尘", "contact_phone": phone} if phone else {}
    told.do("shen", "register", form={"source": "hotline", **contact})
    told.do("shen", "accept", form={"item": item})
    return told


def repeats(world: World, key: bytes | None) -> tuple[int, int]:
    relay(world.database)
    fold_facts(world.database, world.versions, key)
    asked = Asked(since=Instant(MONDAY - DAY), until=Instant(MONDAY + 90 * DAY), as_of=world.clock.now())
    with world.database.looking() as transaction:
        found = figure(transaction, INDICATOR, asked)
    return found.numerator, found.denominator


def test_the_same_phone_under_the_same_standard_within_thirty_days_counts(world: World, key: bytes) -> None:
    call(world, PHONE)
    world.later(29 * DAY)
    call(world, "+86 139-8765-1234")
    assert repeats(world, key) == (1, 2), "however the phone is written"
    call(world, PHONE, item="event-02-03")
    assert repeats(world, key) == (1, 3), "another matter is no repeat"
    world.later(31 * DAY)
    call(world, PHONE)
    assert repeats(world, key) == (1, 4), "too long ago"
    call(world, "13900000001")
    call(world)
    call(world)
    assert repeats(world, key) == (1, 7), "nobody knows who those are"


def test_an_account_counts_where_there_is_no_phone_but_an_official_on_duty_does_not(world: World, key: bytes) -> None:
    for by in ("citizen", "citizen", "wang", "wang"):
        world.later(HOUR).ticket().filed(by=by)
    assert repeats(world, key) == (1, 4)


def test_a_void_earlier_report_makes_no_repeat(world: World, key: bytes) -> None:
    first = world.ticket()
    first.do("shen", "register", form={"source": "hotline", "contact_phone": PHONE})
    world.later()
    call(world, PHONE)
    assert repeats(world, key) == (0, 1), "the first was filed under nothing yet"
    first.do("shen", "accept", form={"item": "part-01-01"})
    assert repeats(world, key) == (1, 2)


def test_digests_are_no_phones_and_folding_anew_makes_the_same(world: World, key: bytes) -> None:
    for phone in (PHONE, PHONE, "13900000001"):
        call(world.later(), phone)
    repeats(world, key)
    told = [row[0] for row in world.rows("SELECT reporter_key FROM ticket_fact ORDER BY ticket_id")]
    assert told[0] == told[1] != told[2]
    assert all(len(one) == 32 and PHONE not in one for one in told)
    before = rows(world.database)
    rebuild(world.database, world.versions, key)
    assert rows(world.database) == before
    for wrong in (None, b"x" * 32):
        call(world.later(), PHONE)
        relay(world.database)
        with pytest.raises(Malformed) as refused:
            fold_facts(world.database, world.versions, wrong)
        assert refused.value.place.field == "HUYING_REPORTER_KEY"
    rebuild(world.database, world.versions, b"x" * 32)
    assert told[0] not in {row[0] for row in world.rows("SELECT reporter_key FROM ticket_fact")}
    fold_facts(world.database, world.versions, b"x" * 32)


def test_an_erasure_forgets_it_and_the_rollups_of_the_others_are_counted_anew(
    world: World, key: bytes, tmp_path: Path
) -> None:
    first = call(world.later(20 * DAY), PHONE)
    call(world.later(15 * DAY), PHONE)
    assert repeats(world, key) == (1, 2)
    refresh(world.database, world.clock, world.versions, [INDICATOR])
    assert _rolled_up(world) == (1, 2)
    wish = Wish(who=Who(case_no=first.case_no), ground=ErasureGround.WITHDRAWN, running=True)
    now = world.clock.now()
    number = world.database.acting(lambda transaction: erasing.begin(transaction, wish, None, now))
    erasing.go_on(world.door, FileStore.of("", tmp_path), tmp_path, number)
    assert repeats(world, key) == (1, 2), "rollups are as of before"
    assert refresh(world.database, world.clock, world.versions, [INDICATOR]) == 1, "the month of the other ticket"
    assert repeats(world, key) == _rolled_up(world) == (0, 2)
    (kept,) = world.rows("SELECT reporter_key FROM ticket_fact WHERE ticket_id = ?", first.id)
    assert kept[0] is None
    before = rows(world.database)
    rebuild(world.database, world.versions, key)
    assert rows(world.database) == before


def _rolled_up(world: World) -> tuple[int, int]:
    """The figure of whole months, which rollups answer."""
    until = Instant(rollups.next_month(world.clock.now()))
    asked = Asked(since=rollups.month_of(MONDAY), until=until, as_of=world.clock.now())
    with world.database.looking() as transaction:
        found = figures(transaction, [INDICATOR], asked)["repeats"]
    return found.numerator, found.denominator


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "reporter.key"
    assert reporters.load(path) == reporters.load(path)
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("nothing")
    with pytest.raises(Malformed):
        reporters.load(path)
