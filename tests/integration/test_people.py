"""Departments and people: who holds which post, since when and until when."""

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.words import shipped
from engine.errors import Malformed, NotFound
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.departments import (
    NewDepartment,
    alter_department,
    create_departments,
    department_by_code,
    end_department,
)
from engine.records.deputies import NewDeputy, name_deputy
from engine.records.organisation import holdings_of, home_area, lookup_departments, lookup_people
from engine.records.people import Appointment, NewPerson, appoint, create_people, dismiss, person_by_login
from engine.records.tenure import running
from engine.rules.case import Held

UNITS = [
    NewDepartment(code="cg-w", name="西渡城管中队", kind="field_office", parent="cg", area="s"),
    NewDepartment(code="cg", name="城管执法局", kind="bureau", area="d"),
]


@pytest.fixture
def ids(database: Database, clock: SetClock) -> dict[str, int]:
    """The ids of a district with a street and a village, of two units and two people."""

    def work(transaction: Transaction) -> dict[str, int]:
        set_levels(transaction, shipped().levels)
        areas = [
            NewArea(code="d", level="district", name="奉贤区"),
            NewArea(code="s", level="street", name="西渡街道", parent="d"),
            NewArea(code="v", level="village", name="杨家宅村", parent="s"),
        ]
        return (
            create_areas(transaction, areas, clock.now())
            | create_departments(transaction, UNITS)
            | create_people(transaction, [NewPerson(login="wang", name="王晓梅"), NewPerson(login="li", name="李正")])
        )

    return database.acting(work)


def give(database: Database, *appointments: Appointment) -> None:
    database.acting(lambda transaction: appoint(transaction, appointments))


def held(database: Database, person: int, at: int) -> tuple[Held, ...]:
    with database.looking() as transaction:
        return holdings_of(transaction, person, Instant(at))


def test_a_unit_is_found_with_the_unit_above_it(database: Database, ids: dict[str, int]) -> None:
    with database.looking() as transaction:
        found = lookup_departments(transaction, {"cg-w", "nobody"})
    assert found.keys() == {"cg-w"}
    assert (found["cg-w"].id, found["cg-w"].above, found["cg-w"].title) == (ids["cg-w"], ids["cg"], "西渡城管中队")


def test_a_dissolved_unit_is_sent_nothing_new(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    database.acting(lambda transaction: end_department(transaction, "cg-w", clock.now()))
    with database.looking() as transaction:
        assert lookup_departments(transaction, {"cg-w"}) == {}
        assert department_by_code(transaction, "cg-w").valid_to == clock.now()


def test_a_unit_keeps_its_code_when_all_else_changes(database: Database, ids: dict[str, int]) -> None:
    new = NewDepartment(code="cg-w", name="西渡综合行政执法队", kind="bureau", area="d")
    database.acting(lambda transaction: alter_department(transaction, new))
    with database.looking() as transaction:
        unit = department_by_code(transaction, "cg-w")
    assert (unit.id, unit.name, unit.kind, unit.parent_id, unit.area_id) == (
        ids["cg-w"], "西渡综合行政执法队", "bureau", None, ids["d"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "word"),
    [({"parent": "cg-w"}, "之下"), ({"parent": "cg"}, "之下"), ({"parent": "x"}, "没有上级"), ({"kind": "x"}, "类别")],
)
def test_a_unit_cannot_be_put_where_there_is_no_place(
    database: Database, ids: dict[str, int], change: dict[str, str], word: str
) -> None:
    new = NewDepartment(**{"code": "cg", "name": "城管执法局", "kind": "bureau", **change})
    with pytest.raises(Malformed, match=word):
        database.acting(lambda transaction: alter_department(transaction, new))


@pytest.mark.parametrize(
    ("new", "word"),
    [
        (NewDepartment(code="x", name="某", kind="bureau", parent="nobody"), "没有上级单位"),
        (NewDepartment(code="x", name="某", kind="ministry"), "没有单位类别"),
        (NewDepartment(code="x", name="某", kind="bureau", area="nowhere"), "没有区域"),
        (NewDepartment(code="cg", name="某", kind="bureau"), "已被使用"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(
    database: Database, ids: dict[str, int], new: NewDepartment, word: str
) -> None:
    with pytest.raises(Malformed, match=word):
        database.acting(lambda transaction: create_departments(transaction, [new]))


def test_a_post_counts_from_its_first_moment_until_just_before_its_last(
    database: Database, ids: dict[str, int], clock: SetClock
) -> None:
    start, end = clock.now(), Instant(clock.now() + 90 * DAY)
    give(database, Appointment(login="wang", post="grid_worker", area="v", since=start, until=end))
    post = Held("grid_worker", ids["v"], None)
    assert held(database, ids["wang"], start - 1) == ()
    assert held(database, ids["wang"], start) == (post,)
    assert held(database, ids["wang"], end - 1) == (post,)
    assert held(database, ids["wang"], end) == ()


def test_an_appointment_repeated_is_one_holding(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    one = Appointment(login="wang", post="grid_worker", area="v", since=clock.now())
    give(database, one, one)
    give(database, Appointment(login="wang", post="grid_worker", area="v", since=clock.advance(DAY)))
    assert len(held(database, ids["wang"], clock.now())) == 1


def test_a_dismissed_person_may_be_named_again_later(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    post = Appointment(login="wang", post="grid_worker", area="v", since=clock.now())
    give(database, post)
    later = clock.advance(DAY)
    assert database.acting(lambda transaction: dismiss(transaction, "wang", "grid_worker", later, area="v")) == 1
    assert held(database, ids["wang"], later) == ()
    again = clock.advance(DAY)
    give(database, Appointment(login="wang", post="grid_worker", area="v", since=again))
    assert len(held(database, ids["wang"], again)) == 1
    assert held(database, ids["wang"], later) == ()


def test_a_person_is_found_with_the_departments_of_the_moment(
    database: Database, ids: dict[str, int], clock: SetClock
) -> None:
    give(
        database,
        Appointment(login="wang", post="handler", department="cg-w", since=clock.now()),
        Appointment(login="wang", post="lead", department="cg", since=Instant(clock.now() + DAY)),
        Appointment(login="wang", post="volunteer", area="v", since=clock.now()),
    )
    with database.looking() as transaction:
        now = lookup_people(transaction, {"wang", "li", "ghost"}, clock.now())
        tomorrow = lookup_people(transaction, {"wang"}, clock.advance(DAY))
    assert now.keys() == {"wang", "li"}
    assert now["wang"].departments == {ids["cg-w"]}
    assert now["li"].departments == frozenset()
    assert tomorrow["wang"].departments == {ids["cg-w"], ids["cg"]}


def test_the_three_administrators_are_three_people(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    give(database, Appointment(login="wang", post="system_admin", since=clock.now()))
    with pytest.raises(Malformed, match="三员分立"):
        give(database, Appointment(login="wang", post="audit_admin", since=clock.advance(DAY)))


def test_no_administrator_is_the_deputy_of_another(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    give(
        database,
        Appointment(login="wang", post="system_admin", since=clock.now()),
        Appointment(login="li", post="audit_admin", since=clock.now()),
    )
    until = Instant(clock.now() + DAY)
    with database.looking() as transaction:
        (holding,) = running(transaction, "wang", "system_admin", clock.now())
    new = NewDeputy(holding_id=holding, login="li", since=clock.now(), until=until)
    with pytest.raises(Malformed, match="三员分立"):
        database.acting(lambda transaction: name_deputy(transaction, new, clock.now()))


def test_the_deputy_of_an_administrator_becomes_no_other_one_meanwhile(
    database: Database, ids: dict[str, int], clock: SetClock
) -> None:
    give(
        database,
        Appointment(login="wang", post="system_admin", since=clock.now()),
        Appointment(login="li", post="volunteer", since=clock.now()),
    )
    until = Instant(clock.now() + DAY)
    with database.looking() as transaction:
        (holding,) = running(transaction, "wang", "system_admin", clock.now())
    new = NewDeputy(holding_id=holding, login="li", since=clock.now(), until=until)
    database.acting(lambda transaction: name_deputy(transaction, new, clock.now()))
    with pytest.raises(Malformed, match="三员分立"):
        give(database, Appointment(login="li", post="audit_admin", since=clock.now()))
    give(database, Appointment(login="li", post="audit_admin", since=until))


def test_one_administrator_s_duty_may_follow_another(database: Database, ids: dict[str, int], clock: SetClock) -> None:
    change = Instant(clock.now() + DAY)
    give(
        database,
        Appointment(login="wang", post="system_admin", since=clock.now(), until=change),
        Appointment(login="wang", post="audit_admin", since=change),
    )
    assert held(database, ids["wang"], change) == (Held("audit_admin", None, None),)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"login": "ghost"}, "没有账号"),
        ({"area": "nowhere"}, "没有区域"),
        ({"department": "nobody"}, "没有单位"),
        ({"until": Instant(0)}, "任期"),
    ],
)
def test_an_impossible_appointment_is_refused(
    database: Database, ids: dict[str, int], clock: SetClock, change: dict[str, object], word: str
) -> None:
    right: dict[str, object] = {"login": "wang", "post": "handler", "since": clock.now()}
    with pytest.raises(Malformed, match=word):
        give(database, Appointment(**{**right, **change}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "people",
    [[NewPerson(login="wang", name="王")], [NewPerson(login="x", name="甲"), NewPerson(login="x", name="乙")]],
)
def test_a_login_given_twice_or_taken_is_refused(
    database: Database, ids: dict[str, int], people: list[NewPerson]
) -> None:
    with pytest.raises(Malformed, match="账号"):
        database.acting(lambda transaction: create_people(transaction, people))
    with database.looking() as transaction, pytest.raises(NotFound):
        person_by_login(transaction, "x")


def test_somebody_is_at_home_in_the_smallest_area_of_a_post(database: Database, ids: dict[str, int]) -> None:
    posts = (Held("chief", ids["s"], None), Held("village_head", ids["v"], None))
    with database.looking() as transaction:
        home = home_area(transaction, posts)
    assert home is not None
    assert [link.id for link in home] == [ids["v"], ids["s"], ids["d"]]


def test_a_handler_is_at_home_where_the_field_office_is_stationed(database: Database, ids: dict[str, int]) -> None:
    with database.looking() as transaction:
        home = home_area(transaction, (Held("handler", None, ids["cg-w"]),))
        nobody = home_area(transaction, ())
    assert home is not None
    assert home[0].id == ids["s"]
    assert nobody is None
