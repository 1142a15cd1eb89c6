"""Before a file goes live its author is asked about posts that nobody holds, and says that this is seen."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli import main
from engine.clock import DAY, Instant, SetClock
from engine.database import Database
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.records.areas import NewArea, create_areas
from engine.records.deputies import NewDeputy, name_deputy
from engine.records.vacancies import Vacancy, digest, vacancies
from tests.support.administrators import acknowledged, administered
from tests.support.browser import Browser, Page
from tests.support.loops import SMALL
from tests.support.town import Town, town

FILES = "/admin/workflows"
LOOP = loads(SMALL)


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def found(town: Town, workflow: Workflow = LOOP) -> dict[str, Vacancy]:
    """Role → what is vacant."""
    with town.database.looking() as transaction:
        return {f"{one.title.zh}·{one.where.zh}": one for one in vacancies(transaction, workflow, town.clock.now())}


def names(one: Vacancy) -> list[str]:
    return [name for _, name in one.units]


def change(town: Town, sql: str, *parameters: object) -> None:
    mark = "%s" if town.database.dialect == "postgresql" else "?"
    town.database.acting(lambda transaction: transaction.run(sql.replace("?", mark), parameters))


def leave(town: Town, login: str) -> None:
    """Somebody's posts end now."""
    change(
        town, "UPDATE holding SET valid_to = ? WHERE person_id = (SELECT id FROM person WHERE login = ?)",
        town.clock.now(), login,
    )  # fmt: skip


def add_areas(town: Town, *areas: NewArea) -> None:
    town.database.acting(lambda transaction: create_areas(transaction, areas, town.clock.now()))


def test_nothing_is_asked_where_everybody_is_there(xidu: Town) -> None:
    assert found(xidu) == {}


def test_an_area_or_unit_whose_last_holder_has_left_is_named(xidu: Town) -> None:
    leave(xidu, "qian")
    desk = found(xidu)["受理员·街镇"]
    assert (names(desk), [post.zh for post in desk.posts]) == (["南桥镇"], ["城运受理派遣员"])
    leave(xidu, "lu")
    assert names(found(xidu)["经办人·派出机构"]) == ["水务所"], "the lead there is no handler"
    leave(xidu, "sun")
    assert names(found(xidu)["网格员·区域"]) == ["南桥镇"], "the largest area in which no place has anybody"


def test_a_place_is_covered_from_above_and_each_uncovered_part_is_named_once(xidu: Town) -> None:
    more = [NewArea(code=f"nq-{n}", level="micro_grid", name=f"南桥第{n}微网格", parent="nq-g") for n in (2, 3)]
    add_areas(xidu, *more)
    assert names(found(xidu)["网格员·区域"]) == ["南桥第2微网格", "南桥第3微网格"]
    change(xidu, "UPDATE holding SET area_id = (SELECT id FROM area WHERE code = 'nq-g') "
           "WHERE person_id = (SELECT id FROM person WHERE login = 'sun')")  # fmt: skip
    assert "网格员·区域" not in found(xidu), "whoever holds the grid holds what lies in it"


def test_leave_and_deputies_count_as_present_and_a_closed_account_does_not(xidu: Town) -> None:
    now = xidu.clock.now()
    change(xidu, "UPDATE person SET active = ? WHERE login = 'qian'", False)
    assert names(found(xidu)["受理员·街镇"]) == ["南桥镇"]
    with xidu.database.looking() as transaction:
        ((holding,),) = transaction.rows(
            "SELECT h.id FROM holding h JOIN person p ON p.id = h.person_id WHERE p.login = 'qian'"
        )
    deputy = NewDeputy(holding_id=holding, login="gu", since=now, until=Instant(now + DAY))
    change(xidu, "UPDATE person SET active = ? WHERE login = 'qian'", True)
    xidu.database.acting(lambda transaction: name_deputy(transaction, deputy, now))
    assert found(xidu) == {}, "whoever is on leave holds the post"
    change(xidu, "UPDATE person SET active = ? WHERE login = 'qian'", False)
    assert found(xidu) == {}, "the deputy holds it meanwhile"
    xidu.clock.advance(2 * DAY)
    assert names(found(xidu)["受理员·街镇"]) == ["南桥镇"]


def test_a_post_nobody_holds_anywhere_and_a_level_without_areas_are_asked_about(xidu: Town) -> None:
    text = SMALL.replace("post: coordinator, area: street", "post: shift_leader, area: street")
    assert found(xidu, loads(text)).keys() == {"值班长·"}
    text = SMALL.replace("post: coordinator, area: street", "post: coordinator, area: park")
    ((key, one),) = found(xidu, loads(text)).items()
    assert (key, one.units) == ("受理员·没有园区一级的区域", ())


def test_units_without_accounts_are_not_asked_about(xidu: Town) -> None:
    """供电公司从未有过账号：凭任务链接办理。"""
    assert not [one for one in found(xidu).values() if "供电公司" in names(one)]
    change(xidu, "UPDATE holding SET department_id = (SELECT id FROM department WHERE code = 'power') "
           "WHERE person_id = (SELECT id FROM person WHERE login = 'lu-lead')")  # fmt: skip
    assert names(found(xidu)["经办人·公用事业"]) == ["供电公司"], "it has people now, but no handler"


def uploaded(browser: Browser, text: str = SMALL) -> Page:
    return browser.send(browser.go(FILES).form(FILES), files={"file": text.encode()})


def test_the_page_asks_and_takes_no_activation_without_the_answer(xidu: Town) -> None:
    qin = Browser(xidu, "qin")
    leave(xidu, "qian")
    page = uploaded(qin)
    assert all(words in page.text for words in ("受理员", "1 个街镇无人任职", "南桥镇", "我已看过"))
    assert "南桥镇 nq" in qin.go(page.link("/vacancies")).text
    refused = qin.send(page.form("/activate"))
    assert (refused.status, "看过并确认后再启用" in refused.text) == (409, True)
    ticked = acknowledged(page)
    leave(xidu, "chen")
    late = qin.send(ticked)
    assert (late.status, "城管中队" in late.text) == (409, True), "what was acknowledged is not what is vacant now"
    assert qin.send(replace(ticked, values={**ticked.values, "acknowledged": ["0" * 64]})).status == 409
    assert "第 1 版已启用" in qin.send(acknowledged(late)).text
    assert qin.send(page.form("/activate")).status == 200, "what is in force is not asked about again"
    leave(xidu, "liu")
    second = qin.send(acknowledged(uploaded(qin, SMALL.replace("version: 1\n", "version: 2\n", 1))))
    assert "第 2 版已启用" in second.text
    back = qin.go(f"{FILES}/loops/small/1")
    assert qin.send(back.form("/activate")).status == 409, "an earlier version is asked about too"
    assert "第 1 版已启用" in qin.send(acknowledged(back)).text


def test_only_administrators_see_who_is_missing(xidu: Town) -> None:
    leave(xidu, "qian")
    draft = uploaded(Browser(xidu, "qin"))
    assert Browser(xidu, "wang").go(draft.link("/vacancies")).status == 403
    assert Browser(xidu, "xu").go(draft.link("/vacancies")).status == 404


def test_the_commands_list_ask_and_take_the_answer(
    sqlite_url: str, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    assert main(["activate", str(file)]) == 0, "where nobody holds anything yet, nothing is asked"
    database = Database(sqlite_url)
    with town(database, clock, tmp_path / "data") as served:
        file.write_text(SMALL.replace("version: 1\n", "version: 2\n", 1), encoding="utf-8")
        leave(served, "qian")
        capsys.readouterr()
        assert main(["vacancies", str(file)]) == 1
        assert "    南桥镇（nq）" in capsys.readouterr().out
        assert main(["activate", str(file)]) == 1
        said = capsys.readouterr().err
        assert re.search(r"受理员（城运受理派遣员）：1 个街镇无人任职.*南桥镇", said)
        assert "--acknowledge" in said
        assert main(["activate", str(file), "--acknowledge"]) == 0
        assert main(["activate", str(file)]) == 0, "it is in force already"
    database.close()


def test_the_digest_is_of_what_is_vacant(xidu: Town) -> None:
    with xidu.database.looking() as transaction:
        none = vacancies(transaction, LOOP, xidu.clock.now())
    leave(xidu, "qian")
    one = tuple(found(xidu).values())
    leave(xidu, "chen")
    two = tuple(found(xidu).values())
    assert digest(none) == ""
    assert len({digest(none), digest(one), digest(two)}) == 3
