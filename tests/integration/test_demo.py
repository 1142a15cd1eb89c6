"""The demo district: real streets, everything below them invented, and nobody missing."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
import shapely
from shapely import MultiPolygon, Polygon

from engine.clock import CIVIL_ZONE, DAY, Instant, SetClock, instant
from engine.database import Database
from engine.definitions.words import shipped
from engine.exchange.demo import Built, build_demo, cast
from engine.records.boundaries import shape_of
from engine.records.catalogue import lookup_items
from engine.records.organisation import holdings_of, home_area, lookup_areas, lookup_departments, lookup_people
from engine.records.people import person_by_login
from engine.records.places import areas_at, check_tiling, find_area

STREETS = {
    "310120001": "西渡街道", "310120002": "奉浦街道", "310120003": "金海街道", "310120101": "南桥镇",
    "310120102": "奉城镇", "310120104": "庄行镇", "310120106": "金汇镇", "310120109": "四团镇",
    "310120111": "青村镇", "310120118": "柘林镇", "310120123": "海湾镇", "310120503": "海湾旅游区",
}  # fmt: skip


NOON = instant(datetime(2026, 3, 2, 12, 0, tzinfo=CIVIL_ZONE))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all of this file: nothing here changes the district once it is built."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = request.getfixturevalue("files").fresh(tmp_path_factory.mktemp("demo"))
        else:
            url = stack.enter_context(request.getfixturevalue("cluster").fresh())
        yield stack.enter_context(closing(Database(url)))


@pytest.fixture(scope="module")
def built(database: Database) -> Built:
    return build_demo(database, NOON)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.looking() as transaction:
        return [tuple(row) for row in transaction.rows(sql)]


def test_the_district_has_its_streets_by_code_and_name(database: Database, built: Built) -> None:
    assert dict(rows(database, "SELECT code, name FROM area WHERE level = 'street'")) == STREETS


def test_building_it_again_changes_nothing(database: Database, built: Built, clock: SetClock) -> None:
    tables = ("area", "former_area", "department", "person", "holding", "item", "standard", "responsibility")
    before = {table: rows(database, f"SELECT * FROM {table} ORDER BY 1") for table in tables}
    steps: list[str] = []
    again = build_demo(database, clock.advance(30 * DAY), steps.append)
    assert again == Built(areas=0, departments=0, people=0, standards=0, responsibilities=0)
    assert {table: rows(database, f"SELECT * FROM {table} ORDER BY 1") for table in tables} == before
    assert all(" / " in step for step in steps)


def test_the_boundaries_fit_without_a_gap_or_an_overlap_on_every_level(database: Database, built: Built) -> None:
    shapes: dict[str, list[Polygon | MultiPolygon]] = {}
    for level, outline in rows(database, "SELECT level, boundary FROM area WHERE boundary IS NOT NULL"):
        shapes.setdefault(str(level), []).append(shape_of(str(outline)))
    leaves = ("village", "block", "building", "park")
    levels = [shapes["district"], shapes["street"], shapes["grid"], [one for level in leaves for one in shapes[level]],
              shapes["micro_grid"]]  # fmt: skip
    for wide, narrow in pairwise(levels):
        assert shapely.coverage_is_valid(narrow)
        assert shapely.coverage_union_all(narrow).equals(shapely.coverage_union_all(wide))
    with database.looking() as transaction:
        assert [check_tiling(transaction, code) for code in ("310120", *STREETS)] == [[]] * 13


def test_every_point_of_the_district_lies_in_a_micro_grid(database: Database, built: Built) -> None:
    ((outline,),) = rows(database, "SELECT boundary FROM area WHERE code = '310120'")
    district = shape_of(str(outline))
    west, south, east, north = (round(edge) for edge in district.bounds)
    asked = 0
    with database.looking() as transaction:
        for lon in range(west, east, (east - west) // 23):
            for lat in range(south, north, (north - south) // 17):
                here = areas_at(transaction, lon, lat)
                assert bool(here) == district.covers(shapely.Point(lon, lat))
                assert {area.level for area in here} <= {"micro_grid"}
                asked += bool(here)
    assert asked > 150


def test_a_report_from_nanqiao_finds_its_way_up_to_the_city(database: Database, built: Built) -> None:
    with database.looking() as transaction:
        code = find_area(transaction, 1_214_470_123, 309_180_456)
        assert code is not None
        chain = lookup_areas(transaction, {code})[code].chain
    assert [link.level for link in chain] == ["micro_grid", "village", "grid", "street", "district", "city"]
    assert code.startswith("310120101")


def test_every_post_of_the_word_list_is_held_by_somebody(database: Database, built: Built) -> None:
    held = {str(row[0]) for row in rows(database, "SELECT DISTINCT post FROM holding WHERE valid_to IS NULL")}
    assert held == set(shipped().posts) - {"citizen"}


def test_every_area_and_every_unit_has_its_people(database: Database, built: Built) -> None:
    nobody = """SELECT code FROM {0} WHERE {1} NOT EXISTS
        (SELECT 1 FROM holding WHERE {0}_id = {0}.id AND post = '{2}' AND valid_to IS NULL)"""
    for level, post in (
        ("street", "coordinator"), ("street", "chief"), ("grid", "grid_leader"), ("grid", "grid_worker"),
        ("village", "village_head"), ("micro_grid", "grid_worker"),
    ):  # fmt: skip
        assert rows(database, nobody.format("area", f"level = '{level}' AND", post)) == []
    # Owners' committees never sign in: they answer by task links.
    for post in ("lead", "handler"):
        assert rows(database, nobody.format("department", "code NOT LIKE 'yw-%' AND", post)) == []
        assert rows(database, nobody.format("department", "code LIKE 'yw-%' AND", post)) != []


def test_who_checks_in_a_grid_need_not_be_who_handled(database: Database, built: Built) -> None:
    few = """SELECT a.code FROM area a JOIN holding h ON h.area_id = a.id AND h.post = 'grid_worker'
        WHERE a.level = 'grid' GROUP BY a.code HAVING count(*) < 2"""
    assert rows(database, few) == []


def test_the_cast_can_sign_in_and_holds_the_posts_it_plays(database: Database, built: Built, clock: SetClock) -> None:
    logins = [member.login for member in cast()]
    assert len(set(logins)) == len(logins) >= 20
    with database.looking() as transaction:
        for member in cast():
            person = person_by_login(transaction, member.login)
            assert person.name == member.name
            assert person.active
            assert person.password_hash is None
            posts = holdings_of(transaction, person.id or 0, clock.now())
            # A village's secretary also leads its organisation, which tasks are sent to.
            second = {"lead"} if member.post == "village_head" else set()
            assert {held.post for held in posts} == ({member.post} | second if member.post else set())
            assert member.role.zh
            assert member.role.en
            assert member.to_try.en


def test_the_cast_meets_in_one_neighbourhood(database: Database, built: Built, clock: SetClock) -> None:
    with database.looking() as transaction:
        worker = person_by_login(transaction, "wang.worker")
        home = home_area(transaction, holdings_of(transaction, worker.id or 0, clock.now()))
        assert home is not None
        above = {link.id for link in home}
        for login in ("li.village", "sun.grid", "zhao.checker", "chen.desk", "zhou.district", "wu.city"):
            other = person_by_login(transaction, login)
            (held, *_) = holdings_of(transaction, other.id or 0, clock.now())
            assert held.area_id in above


def test_a_handler_belongs_to_a_field_office_below_its_bureau(
    database: Database, built: Built, clock: SetClock
) -> None:
    with database.looking() as transaction:
        units = lookup_departments(transaction, {"cg", "cg-001"})
        people = lookup_people(transaction, {"liu.handler"}, clock.now())
    assert units["cg-001"].above == units["cg"].id
    assert people["liu.handler"].departments == {units["cg-001"].id}


def test_one_micro_grid_has_changed_hands(database: Database, built: Built, clock: SetClock) -> None:
    with database.looking() as transaction:
        former, present = (person_by_login(transaction, login).id or 0 for login in ("former.worker", "wang.worker"))
        earlier = Instant(clock.now() - 200 * DAY)
        assert holdings_of(transaction, former, clock.now()) == ()
        assert holdings_of(transaction, former, earlier) == holdings_of(transaction, present, clock.now())
        assert holdings_of(transaction, present, earlier) == ()


def test_the_three_administrators_are_three_people(database: Database, built: Built) -> None:
    duties = "SELECT post, person_id FROM holding WHERE post IN ('system_admin', 'security_admin', 'audit_admin')"
    found = rows(database, duties)
    assert len(found) == 3
    assert len({person for _, person in found}) == 3


def test_the_catalogue_has_urgent_working_and_two_step_limits(database: Database, built: Built) -> None:
    assert built.standards >= 60
    with database.looking() as transaction:
        items = lookup_items(transaction, {"part-01-01/1", "part-01-01/2", "event-01-01/1", "part-01-01"})
    assert items["part-01-01/1"].limit == "2 hours"
    assert items["part-01-01/2"].limit == "1 workday"
    assert items["part-01-01"].limit == ""
    steps = rows(database, "SELECT first_limit, \"limit\" FROM standard WHERE first_limit <> ''")
    assert ("1 hour", "5 workdays") in steps


def test_every_item_has_somebody_responsible_in_the_district(database: Database, built: Built) -> None:
    uncovered = """SELECT i.code FROM item i WHERE NOT EXISTS (SELECT 1 FROM responsibility r
        WHERE r.item_code IN (i.code, i.kind || '-' || i.class_code, i.kind))"""
    assert rows(database, uncovered) == []


def test_what_a_bureau_leads_its_field_office_leads_in_the_street(database: Database, built: Built) -> None:
    found = rows(
        database,
        """SELECT d.code, r.co FROM responsibility r JOIN department d ON d.id = r.lead_id
        JOIN area a ON a.id = r.area_id WHERE r.item_code = 'event-01-01' AND a.code = '310120001'""",
    )
    assert found == [("cg-001", '["gl", "fg-001"]')]


def test_nobody_has_a_telephone_number_that_could_ring(database: Database, built: Built) -> None:
    phones = {phone for (phone,) in rows(database, "SELECT phone FROM person")}
    assert len(phones) > 1000
    assert all(phone == "" or phone.startswith("021-0") for phone in phones)


def test_the_desk_of_the_cast_is_on_duty_for_a_week(database: Database, built: Built, clock: SetClock) -> None:
    """值班表上有人当班，其余受理员就不当班；一周之后无人排班，人人可办。"""
    asked = "SELECT p.login, s.valid_from, s.valid_to FROM shift s JOIN person p ON p.id = s.person_id"
    with database.looking() as transaction:
        assert transaction.rows(asked) == [("chen.desk", clock.now(), clock.now() + 7 * DAY)]
