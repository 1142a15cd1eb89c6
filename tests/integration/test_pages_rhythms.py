"""The page of rhythms: the coming weeks, who gets what, what was sent; a wrong file is told with its lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.rhythms import run_rhythms
from engine.clock import DAY, SetClock
from engine.database import Database
from tests.support.browser import Browser, Page
from tests.support.rhythms import at, changed, office_versions
from tests.support.town import Town, town


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "rhythms"
    where.mkdir()
    lines = changed(list="{open: true}").splitlines()
    week = changed(
        every="week", on="monday", list="{open: true}", empty="send", to="[{post: supervisor, of: district}]"
    ).splitlines()[6:]
    week[0] = "    title: 周督查 / Weekly inspection"
    (where / "morning.yaml").write_text("\n".join([*lines, "  week:", *week]) + "\n", encoding="utf-8")
    return where


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path, folder: Path) -> Iterator[Town]:
    clock.at = at("2026-03-04 10:00")
    with town(database, clock, tmp_path / "data", rhythms=folder) as served:
        yield served


def marks(page: Page) -> list[str]:
    """What the marks on the calendar say."""
    given = [attributes for tag, attributes in page.tags if tag == "span" and "aria-label" in attributes]
    return [each["aria-label"] for each in given if "hy-plan-mark" in each["class"].split()]


def test_the_coming_weeks_stand_on_a_calendar(xidu: Town) -> None:
    page = Browser(xidu, "he").go("/rhythms")
    assert page.status == 200
    found = marks(page)
    assert [mark for mark in found if "周督查" in mark] == ["08:30 周督查（暂定）"] * 5
    assert len([mark for mark in found if "超期" in mark]) == 25
    assert "每周一 08:30" in page.text
    assert "区 · 督查员" in page.text
    assert "2026-03-09 08:30" in page.text
    (today,) = [given for tag, given in page.tags if tag == "td" and "hy-plan-today" in given["class"]]
    assert "hy-plan-off" not in today["class"]
    assert len([given for tag, given in page.tags if tag == "td" and "hy-plan-off" in given["class"]]) == 10


def test_what_was_sent_is_told_with_its_counts(xidu: Town, folder: Path) -> None:
    xidu.report()
    versions = office_versions(xidu.database)
    for moment in ("2026-03-06 08:30", "2026-03-09 08:30"):
        run_rhythms(xidu.database, versions, folder, SetClock(at(moment)))
    xidu.clock.advance(6 * DAY)
    page = Browser(xidu, "he").go("/rhythms")
    sent = page.text.partition("最近发出的")[2]
    assert (
        "周督查 Weekly inspection 2026-W11 · 2026-03-09 08:30 1 张名单 lists · 1 人 people · 1 件 tickets 已发" in sent
    )
    assert "超期 Overdue 2026-03-09 08:30 无案卷 no ticket 已发 Sent" in sent
    assert "2026-W10 · 2026-03-02 08:30 略过 Skipped" in sent


def test_a_wrong_file_is_told_with_its_lines_and_the_past_stays(xidu: Town, folder: Path) -> None:
    run_rhythms(xidu.database, office_versions(xidu.database), folder, SetClock(at("2026-03-09 08:30")))
    (folder / "morning.yaml").write_text(changed(every="fortnight", at='"25:00"'), encoding="utf-8")
    page = Browser(xidu, "he").go("/rhythms")
    assert page.status == 200
    assert "morning.yaml:8" in page.text
    assert "morning.yaml:9" in page.text
    assert "week" in page.text.partition("最近发出的")[2]


def test_the_page_asks_to_sign_in(xidu: Town) -> None:
    answer = Browser(xidu).client.get("/rhythms")
    assert answer.url.path == "/signin"
