"""The administrators' pages: what there is within one's reach, what lacks somebody, accounts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database
from engine.records import directory
from engine.records.people import Appointment, NewPerson, appoint, create_people, dismiss
from tests.support.administrators import ADMINISTRATORS, administered
from tests.support.browser import Browser, Page
from tests.support.town import PEOPLE, Town, town

#: Whoever administers one street, or one grid in another.
PART = "min"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def give(served: Town, login: str, post: str, area: str) -> None:
    one = Appointment(login=login, post=post, since=Instant(0), area=area)
    served.database.acting(lambda transaction: appoint(transaction, [one]))


def hire(served: Town, login: str, name: str) -> None:
    served.database.acting(lambda transaction: create_people(transaction, [NewPerson(login=login, name=name)]))


def in_part(served: Town) -> Browser:
    """闵行舟 administers the street of Xidu alone."""
    hire(served, PART, "闵行舟")
    give(served, PART, "system_admin", area="xd")
    return Browser(served, PART)


def shown(page: Page) -> set[str]:
    """The logins of a list of people."""
    return {link.rpartition("/")[2] for link in page.links if re.fullmatch(r"/admin/people/[\w.-]+", link)}


def test_the_home_counts_what_there_is_and_says_what_lacks_somebody(office: Town) -> None:
    page = Browser(office, "qin").go("/admin")
    assert f"{len(PEOPLE) + len(ADMINISTRATORS)}人员" in page.text
    assert "9区域" in page.text
    assert "3事项" in page.text
    assert page.link("/admin/workflows")
    assert page.link("/calendars")
    assert "1 综合网格没有网格长" in page.text
    assert "微网格没有网格员" not in page.text
    assert "2 单位没有任何在岗人员" in page.text
    listed = Browser(office, "qin").go(page.link("lacking=leader")).text
    assert "南桥第一综合网格" in listed
    assert "西渡第一综合网格" not in listed
    idle = Browser(office, "qin").go(page.link("departments?idle")).text
    assert "供电公司" in idle
    assert "水务所" not in idle


def test_a_worker_of_the_grid_covers_what_lies_in_it(office: Town) -> None:
    for login in ("wang", "zhou"):
        office.database.acting(
            lambda transaction, login=login: dismiss(transaction, login, "grid_worker", office.clock.now())  # type: ignore[misc]
        )
    qin = Browser(office, "qin")
    assert "浦江第一微网格" in qin.go("/admin/areas?lacking=worker").text
    give(office, "wang", "grid_worker", area="xd-g")
    assert "浦江第一微网格" not in qin.go("/admin/areas?lacking=worker").text


def test_the_tree_of_areas_is_walked_down_and_back(office: Town) -> None:
    qin = Browser(office, "qin")
    top = qin.go("/admin/areas")
    assert "奉贤区" in top.text
    below = qin.go(qin.go(top.link("under=fx")).link("under=xd"))
    assert "西渡第一综合网格" in below.text
    assert "南桥第一综合网格" not in below.text
    assert below.link("under=fx")
    assert "南桥第一微网格" in qin.go("/admin/areas?q=nq-M").text
    assert qin.go("/admin/areas?under=nowhere").status == 404
    # Two workers and a leader hold posts in the grid and below it.
    (line,) = [row for row in _areas(office, "xd") if row.code == "xd-g"]
    assert (line.below, line.people) == (1, 3)


def _areas(served: Town, under: str) -> list[directory.AreaLine]:
    with served.database.looking() as transaction:
        reach = directory.Reach(now=served.clock.now())
        return directory.areas(transaction, reach, directory.Wanted(area=under))


def test_people_are_found_by_name_login_post_and_place(office: Town) -> None:
    qin = Browser(office, "qin")
    assert shown(qin.go("/admin/people?q=陈")) == {"chen", "chen-lead"}
    assert shown(qin.go("/admin/people?q=CHEN-l")) == {"chen-lead"}
    assert shown(qin.go("/admin/people?post=coordinator")) == {"shen", "qian", "gu"}
    assert shown(qin.go("/admin/people?post=coordinator&area=xd")) == {"shen"}
    assert shown(qin.go("/admin/people?area=xd")) == {"wang", "zhou", "liu", "shen"}
    assert shown(qin.go("/admin/people?department=water")) == {"lu", "lu-lead"}
    assert shown(qin.go("/admin/people?idle=1")) == {"citizen"}
    assert "没有人员" in qin.go("/admin/people?q=%25").text


def test_a_long_list_of_people_is_paged_without_leaving_anybody_out(office: Town) -> None:
    many = [NewPerson(login=f"x{number:03}", name="某人") for number in range(directory.MOST + 7)]
    office.database.acting(lambda transaction: create_people(transaction, many))
    qin = Browser(office, "qin")
    page = qin.go("/admin/people?q=某人")
    found = shown(page)
    assert len(found) == directory.MOST
    found |= shown(qin.go(page.link("after=")))
    assert found == {one.login for one in many}


def test_somebody_who_administers_a_street_sees_that_street_alone(office: Town) -> None:
    part = in_part(office)
    assert shown(part.go("/admin/people")) == {
        "wang",
        "zhou",
        "liu",
        "shen",
        "chen",
        "chen-lead",
        "lu",
        "lu-lead",
        PART,
    }
    assert shown(part.go("/admin/people?q=sun")) == set()
    assert part.go("/admin/people/sun").status == 404
    assert part.go("/admin/people/wang").status == 200
    top = part.go("/admin/areas")
    assert "西渡第一综合网格" in top.text
    assert "奉贤区" not in top.text
    assert part.go("/admin/areas?under=nq").status == 404
    assert "南桥" not in part.go("/admin/areas?q=nq").text
    units = part.go("/admin/departments").text
    assert "城管中队" in units
    assert "供电公司" not in units
    home = part.go("/admin").text
    assert "网格长" not in home
    for path in (
        "/admin/acts",
        "/admin/acts/1",
        "/admin/tables/people/file",
        "/admin/tables/people/drafts/" + "0" * 64,
    ):
        assert part.go(path).status == 403, path
    assert part.client.post("/admin/tables/people").status_code == 403
    assert part.client.post("/admin/people/wang/password").status_code == 403


def test_a_persons_page_tells_every_post_they_held(office: Town) -> None:
    office.database.acting(lambda transaction: dismiss(transaction, "liu", "grid_leader", office.clock.now()))
    office.clock.advance(DAY)
    give(office, "liu", "supervisor", area="fx")
    page = Browser(office, "fan").go("/admin/people/liu").text
    present, past = page.partition("历任")[::2]
    assert "督查员" in present
    assert "综合网格长" in past
    assert "发放初始密码" not in page, "the auditor only reads"


def test_an_account_is_closed_and_opened_again_and_both_are_written_down(office: Town) -> None:
    qin, wang = Browser(office, "qin"), Browser(office, "wang")
    assert wang.go("/").status == 200
    page = qin.send(qin.go("/admin/people/wang").form("/active"))
    assert "账号已停用" in page.text
    assert "/signin" in wang.go("/").url
    again = qin.go("/admin/people/wang").form("/active")
    assert "启用账号" in qin.send(again).text
    assert wang.go("/").url.endswith("/")
    assert [word in qin.go("/admin/acts").text for word in ("停用账号", "启用账号")] == [True, True]


def test_a_new_password_ends_every_session_of_the_account(office: Town) -> None:
    qin, wang = Browser(office, "qin"), Browser(office, "wang")
    first = qin.send(qin.go("/admin/people/wang").form("/password"))
    assert "初始密码" in first.text
    assert "no-store" in first.headers["cache-control"]
    assert "/signin" in wang.go("/").url


@pytest.mark.parametrize("login", ["fan", "jiang", "qin"])
def test_the_system_administrator_cannot_take_over_an_administrators_account(office: Town, login: str) -> None:
    qin = Browser(office, "qin")
    page = qin.go(f"/admin/people/{login}")
    assert not [form for form in page.forms if "/admin/people/" in form.action]
    csrf = qin.go("/admin/people/wang").form("/password").values["csrf"][0]
    for what in ("password", "active"):
        answer = qin.client.post(f"/admin/people/{login}/{what}", data={"csrf": csrf, "active": "no"})
        assert answer.status_code == 403, what
        assert "只能在服务器上管理" in answer.text


@pytest.mark.parametrize("login", ["jiang", "fan", "shen"])
def test_nobody_else_keeps_accounts(office: Town, login: str) -> None:
    browser = Browser(office, login)
    csrf = browser.go("/").form("/signout").values["csrf"][0]
    for what in ("password", "active"):
        assert browser.client.post(f"/admin/people/wang/{what}", data={"csrf": csrf}).status_code == 403


def test_whoever_is_not_signed_in_is_asked_to(office: Town) -> None:
    assert "/signin" in Browser(office).go("/admin").url
    assert Browser(office, "qin").go("/admin/acts/99").status == 404
