"""Areas, units, people and boundaries come in as files: previewed, refused by row, applied once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import DAY, SetClock
from engine.database import Database
from engine.definitions.words import shipped
from engine.errors import Malformed
from engine.exchange.boundary_files import apply_boundaries
from engine.exchange.organisation import (
    apply_areas,
    apply_departments,
    preview_areas,
    preview_departments,
)
from engine.exchange.people import apply_people, preview_people
from engine.exchange.refusals import Outcome
from engine.records.areas import area_by_code, end_area, set_levels
from engine.records.departments import department_by_code
from engine.records.organisation import holdings_of, lookup_areas, lookup_departments
from engine.records.people import person_by_login
from engine.records.places import find_area

AREAS = """编码,层级,名称,上级编码
v1,居村,杨家宅村,s1
s1,街镇,西渡街道,d1
d1,district,奉贤区,
s2,street,南桥镇,d1
"""
UNITS = """单位编码,单位名称,类别,上级,派驻区域
cg-1,西渡中队,派出机构,cg,s1
cg,城管局,委办局,,d1
"""
PEOPLE = """账号,姓名,电话,岗位,区域,单位,任职日期,免职日期
wang,王晓梅,021-0000-0001,网格员,v1,,2026-01-05,
wang,王晓梅,,volunteer,s1,,,
liu,刘宇,,承办人,,cg-1,2026/1/5,2026-06-30
gu,顾秀华,,,,,,
"""


@pytest.fixture(autouse=True)
def levels(database: Database) -> None:
    database.acting(lambda transaction: set_levels(transaction, shipped().levels))


@pytest.fixture
def take(database: Database, tmp_path: Path, clock: SetClock) -> Callable[..., Outcome]:
    def take(what: Callable[..., Outcome], text: str) -> Outcome:
        path = tmp_path / "table.csv"
        path.write_text(text, encoding="utf-8")
        return what(database, path, clock.now())

    return take


Take = Callable[[Callable[..., Outcome], str], Outcome]


def reasons(outcome: Outcome) -> list[tuple[int, str]]:
    return [(one.row, one.field) for one in outcome.refused]


def test_a_preview_does_not_write_and_says_what_the_import_then_does(database: Database, take: Take) -> None:
    planned = take(preview_areas, AREAS)
    with database.looking() as transaction:
        assert lookup_areas(transaction, {"d1", "v1"}) == {}
    assert take(apply_areas, AREAS) == planned
    assert set(planned.new) == {"d1", "s1", "s2", "v1"}
    again = take(apply_areas, AREAS)
    assert (again.new, again.changed, again.unchanged, again.refused) == ((), (), 4, ())


def test_areas_are_renamed_and_moved_by_their_table(database: Database, take: Take, clock: SetClock) -> None:
    take(apply_areas, AREAS)
    clock.advance(DAY)
    changed = take(apply_areas, AREAS.replace("杨家宅村,s1", "杨家宅新村,s2"))
    assert [(one.code, one.fields) for one in changed.changed] == [
        ("v1", {"name": ("杨家宅村", "杨家宅新村"), "parent": ("s1", "s2")})
    ]
    assert reasons(changed) == []
    with database.looking() as transaction:
        area = area_by_code(transaction, "v1")
        assert area.parent_id == area_by_code(transaction, "s2").id
        assert area.name == "杨家宅新村"


def test_units_come_in_with_their_kind_in_chinese(database: Database, take: Take) -> None:
    take(apply_areas, AREAS)
    planned = take(preview_departments, UNITS)
    assert take(apply_departments, UNITS) == planned
    with database.looking() as transaction:
        unit = department_by_code(transaction, "cg-1")
        assert (unit.kind, unit.parent_id) == ("field_office", department_by_code(transaction, "cg").id)
    moved = take(apply_departments, UNITS.replace("西渡中队,派出机构,cg,s1", "西渡执法队,派出机构,,s2"))
    assert moved.changed[0].fields == {"name": ("西渡中队", "西渡执法队"), "parent": ("cg", ""), "area": ("s1", "s2")}


def test_people_come_in_with_a_row_for_each_post(database: Database, take: Take, clock: SetClock) -> None:
    take(apply_areas, AREAS)
    take(apply_departments, UNITS)
    planned = take(preview_people, PEOPLE)
    assert take(apply_people, PEOPLE) == planned
    assert planned.new == (
        "wang", "wang grid_worker v1", "wang volunteer s1", "liu", "liu handler cg-1", "gu",
    )  # fmt: skip
    assert take(apply_people, PEOPLE).unchanged == 4
    with database.looking() as transaction:
        wang, liu = (person_by_login(transaction, login).id or 0 for login in ("wang", "liu"))
        assert {held.post for held in holdings_of(transaction, wang, clock.now())} == {"grid_worker", "volunteer"}
        assert len(holdings_of(transaction, liu, clock.now())) == 1
        unit = lookup_departments(transaction, {"cg-1"})["cg-1"].id
        # The last day counts to its end.
        days = (clock.now() + 120 * DAY, clock.now() + 121 * DAY)
        held = [[post.department_id for post in holdings_of(transaction, liu, day)] for day in days]  # type: ignore[arg-type]
        assert held == [[unit], []]


def test_a_refused_post_does_not_leave_the_person_behind(database: Database, take: Take) -> None:
    take(apply_areas, AREAS)
    done = take(apply_people, "账号,姓名,岗位,区域\nwang,王晓梅,网格员,nowhere\nli,李正,网格员,v1\n")
    assert reasons(done) == [(2, "area")]
    assert done.new == ("li", "li grid_worker v1")
    assert take(apply_people, "账号,姓名\nwang,王晓梅\n").new == ("wang",)


@pytest.mark.parametrize(
    ("what", "row", "field"),
    [
        (preview_areas, "x,屯,某屯,d1", "level"),
        (preview_areas, "x,street,某街,nowhere", "parent"),
        (preview_areas, "x,district,某区,s1", "level"),
        (preview_areas, "s1,village,西渡街道,d1", "level"),
        (preview_areas, "s1,street,西渡街道,", "parent"),
        (preview_areas, "old,village,旧村,s1", "code"),
        (preview_areas, ",village,无名,s1", "code"),
        (preview_areas, "x,village,,s1", "name"),
        (preview_areas, "d1,district,奉贤区,,310120", ""),
        (preview_departments, "x,某局,局,,", "kind"),
        (preview_departments, "x,某局,委办局,nobody,", "parent"),
        (preview_departments, "x,某局,委办局,,nowhere", "area"),
        (preview_departments, "x,某局,委办局,x,", "parent"),
        (preview_departments, "cg,城管局,委办局,cg-1,d1", "parent"),
        (preview_people, "x,某人,,省长,,,,", "post"),
        (preview_people, "x,某人,,网格员,nowhere,,,", "area"),
        (preview_people, "x,某人,,承办人,,nobody,,", "department"),
        (preview_people, "x,某人,,网格员,v1,,五月,", "since"),
        (preview_people, "x,某人,,网格员,v1,,2026-05-02,2026-05-01", "until"),
        (preview_people, "wang,王晓梅,,audit_admin,,,,", "post"),
        (preview_people, "x,,,,,,,", "name"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_its_field(
    database: Database, take: Take, clock: SetClock, what: Callable[..., Outcome], row: str, field: str
) -> None:
    take(apply_areas, AREAS + "old,village,旧村,s1\n")
    database.acting(lambda transaction: end_area(transaction, "old", clock.now()))
    take(apply_departments, UNITS)
    take(apply_people, PEOPLE + "wang,王晓梅,,system_admin,,,,\n")
    head = {preview_areas: AREAS, preview_departments: UNITS, preview_people: PEOPLE}[what].splitlines()[0]
    assert reasons(take(what, f"{head}\n{row}\n")) == [(2, field)]


def test_whoever_stands_below_a_refused_row_is_refused_too(take: Take) -> None:
    outcome = take(preview_areas, "编码,层级,名称,上级\nd1,区,奉贤区,\ns1,屯,西渡,d1\nv1,居村,村,s1\nw1,微网格,片,v1\n")
    assert outcome.new == ("d1",)
    assert reasons(outcome) == [(3, "level"), (4, "parent"), (5, "parent")]


def square(code: str, west: float, east: float) -> dict[str, object]:
    ring = [[west, 30.90], [east, 30.90], [east, 30.92], [west, 30.92], [west, 30.90]]
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_boundaries_come_in_as_geojson_and_what_does_not_fit_is_named(
    database: Database, take: Take, tmp_path: Path, clock: SetClock
) -> None:
    take(apply_areas, AREAS)
    path = tmp_path / "outlines.geojson"
    bow_tie = square("v1", 121.40, 121.42)
    bow_tie["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    features = [square("d1", 121.40, 121.44), square("s1", 121.40, 121.42), square("s2", 121.421, 121.44),
                square("zz", 121.4, 121.5), bow_tie]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")

    drawn = apply_boundaries(database, path, clock.now())

    assert drawn.changed == ("d1", "s1", "s2")
    assert [(one.row, one.value) for one in drawn.refused] == [(4, "zz"), (5, "v1")]
    assert [finding.areas for finding in drawn.findings] == [("d1",)]
    assert "内无下级覆盖" in drawn.findings[0].message
    assert apply_boundaries(database, path, clock.now()).unchanged == 3
    with database.looking() as transaction:
        assert find_area(transaction, 1_214_300_000, 309_100_000) == "s2"


@pytest.mark.parametrize("text", ["[]", "{", '{"type": "FeatureCollection"}', '{"features": [1]}'])
def test_a_file_that_is_no_collection_of_features_is_refused(
    database: Database, tmp_path: Path, clock: SetClock, text: str
) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Malformed):
        apply_boundaries(database, path, clock.now())
    with pytest.raises(Malformed, match="无法读取"):
        apply_boundaries(database, tmp_path / "none.geojson", clock.now())
