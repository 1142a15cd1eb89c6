"""The duty roster: who is on duty, who may then act and is told, and how the table comes in."""

from pathlib import Path

import pytest

from engine.background.fan_out import fan_out
from engine.clock import DAY, HOUR, Instant, shown
from engine.database import Database
from engine.errors import NotPermitted
from engine.exchange.refusals import Outcome
from engine.exchange.roster import apply_roster, preview_roster
from engine.records.shifts import Turn, roster
from tests.support.cases import small
from tests.support.door import Told, World

LOOP = """
roles:
  reporter: {title: 上报人 / Reporter, person: reporter}
  on_duty:  {title: 当班网格员 / On duty, post: grid_worker, area: ticket, duty: true}
starts:
  report: {title: 上报 / Report, by: reporter, to: working, form: [place!], tells: [on_duty]}
stages:
  resolve:
    working:
      title: 办理中 / Working
      actions:
        close: {title: 办结 / Close, by: on_duty, to: closed}
ends:
  closed: {title: 已结案 / Closed, type: closed}
"""
HEADER = "账号,岗位,区域编码,单位编码,开始,结束"


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.activate(small(LOOP))
    return world


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return path


def shift(world: World, login: str = "wang", begins: int = 0, hours: int = 12, post: str = "网格员") -> str:
    at = world.clock.now() + begins * HOUR
    return f"{login},{post},micro,,{shown(Instant(at))},{shown(Instant(at + hours * HOUR))}"


def imported(world: World, path: Path, *rows: str) -> Outcome:
    return apply_roster(world.database, table(path / "roster.csv", *rows), world.clock.now())


def turns(world: World) -> list[Turn]:
    with world.database.looking() as transaction:
        return roster(transaction, world.clock.now(), Instant(world.clock.now() + 30 * DAY))


def reported(world: World) -> Told:
    return world.ticket("small").reported("citizen")


def told(world: World) -> list[str]:
    fan_out(world.database, world.clock)
    rows = world.rows("SELECT p.login FROM message m JOIN person p ON p.id = m.person_id ORDER BY p.login")
    return [login for (login,) in rows]


def test_while_nobody_is_on_the_roster_the_whole_post_is_on_duty(world: World) -> None:
    one = reported(world)
    assert told(world) == ["wang", "zhou"]
    assert one.sees("wang") == one.sees("zhou") == {"close"}


def test_only_whoever_is_on_duty_is_told_and_may(world: World, tmp_path: Path) -> None:
    imported(world, tmp_path, shift(world, "wang", hours=12), shift(world, "zhou", begins=12))
    one = reported(world)
    assert told(world) == ["wang"]
    assert isinstance(one.refused("zhou", "close"), NotPermitted)
    assert one.sees("wang") == {"close"}
    world.later(12 * HOUR)
    assert one.sees("wang") == set()
    assert one.sees("zhou") == {"close"}
    world.later(12 * HOUR)
    assert one.sees("wang") == one.sees("zhou") == {"close"}


def test_a_roster_elsewhere_changes_nothing_here(world: World, tmp_path: Path) -> None:
    outcome = imported(world, tmp_path, shift(world, "neighbour").replace("micro", "grid-2"))
    assert outcome.refused == ()
    assert reported(world).sees("zhou") == {"close"}


def test_the_same_table_again_changes_nothing(world: World, tmp_path: Path) -> None:
    rows = (shift(world, "wang"), shift(world, "zhou", begins=12))
    assert len(imported(world, tmp_path, *rows).new) == 2
    again = imported(world, tmp_path, *rows)
    assert (again.new, again.unchanged, again.refused) == ((), 2, ())
    assert [turn.login for turn in turns(world)] == ["wang", "zhou"]
    assert {turn.unit for turn in turns(world)} == {"micro"}


def test_a_preview_writes_nothing(world: World, tmp_path: Path) -> None:
    outcome = preview_roster(world.database, table(tmp_path / "r.csv", shift(world)), world.clock.now())
    assert len(outcome.new) == 1
    assert turns(world) == []


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("nobody,网格员,micro,,2026-03-02 08:00,2026-03-02 20:00", "login", "没有账号"),
        ("liu,网格员,micro,,2026-03-02 08:00,2026-03-02 20:00", "post", "不在该单位任此岗位"),
        ("wang,宇航员,micro,,2026-03-02 08:00,2026-03-02 20:00", "post", "没有这个岗位"),
        ("wang,网格员,mars,,2026-03-02 08:00,2026-03-02 20:00", "area", "没有“mars”"),
        ("wang,网格员,,,2026-03-02 08:00,2026-03-02 20:00", "area", "请写明"),
        ("wang,网格员,micro,,2026-03-02 08:00,2026-03-02 08:00", "until", "晚于"),
        ("wang,网格员,micro,,2026-03-02 08:00,2026-03-12 08:00", "until", "7 天"),
        ("wang,网格员,micro,,昨天,2026-03-02 20:00", "since", "时刻"),
        ("wang,网格员,micro,,2026-03-03 10:00,2026-03-03 11:00", "since", "重叠"),
    ],
)
def test_a_bad_row_is_refused_with_its_number_and_the_others_come_in(
    world: World, tmp_path: Path, row: str, field: str, why: str
) -> None:
    good = "wang,网格员,micro,,2026-03-03 08:00,2026-03-03 20:00"
    outcome = imported(world, tmp_path, good, row)
    (refusal,) = outcome.refused
    assert (refusal.row, refusal.field) == (3, field)
    assert why in refusal.zh
    assert len(turns(world)) == 1
