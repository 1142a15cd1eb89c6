"""The switch between languages: one cookie, every page, signed in or not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from tests.support.administrators import administered
from tests.support.browser import Browser
from tests.support.town import Town, town

#: A Chinese character.
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def test_a_page_speaks_both_until_one_is_chosen(xidu: Town) -> None:
    shen = Browser(xidu, "shen")
    page = shen.go("/tickets")
    assert "案卷" in page.text
    assert "Tickets" in page.text
    back = shen.go("/language?say=en&to=/tickets")
    assert back.url.endswith("/tickets")
    assert "Tickets" in back.text
    assert 'lang="en"' in back.html.split(">", 2)[1]
    shown = shen.go("/language?say=zh&to=/tickets")
    assert "案卷" in shown.text
    assert "High frequency" not in shown.text
    assert "High frequency" in shen.go("/language?say=both&to=/tickets").text


def test_in_english_a_ticket_is_told_in_english(xidu: Town) -> None:
    case_no = xidu.report(description="MANHOLE")
    shen = Browser(xidu, "shen")
    page = shen.go(f"/language?say=en&to=/tickets/{case_no}")
    assert "Reported" in page.text
    assert "What you can do" in page.text
    buttons = [words for words in ("Accept", "Answer directly", "Refer", "Ask for more") if words not in page.text]
    assert buttons == []
    # What is left in Chinese was written by people: names of people and areas, and the words of both languages at once.
    for word in ("可以办理", "办理过程", "已上报", "受理研判", "退出"):
        assert word not in page.text, word


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("shen", ("/", "/queue", "/queue?on=request", "/tickets", "/shifts", "/grids", "/map", "/phrases", "/posts")),
        (
            "shen",
            ("/calendars", "/calendars/cn-mainland", "/rhythms", "/registers", "/meetings", "/inbox", "/workflows"),
        ),
        (
            "shen",
            (
                "/workflows",
                "/report",
                "/frequent",
                "/precedents",
                "/exemptions",
                "/appraisals",
                "/figures",
                "/figures/valid_reports?by=area",
                "/figures/returned?by=department&side=excluded",
                "/admissions",
                "/points",
            ),
        ),
        (
            "shen",
            ("/board", "/board?by=department", "/board/overdue", "/board/tomorrow", "/board/open", "/board/cards"),
        ),
        ("shen", ("/board/flow", "/workflows/block-calls-line-responds")),
        ("chen", ("/", "/tasks", "/tasks?by=place", "/tasks?by=standard", "/tasks?by=map")),
        ("he", ("/supervision", "/samples")),
        ("qin", ("/admin", "/admin/areas", "/admin/departments", "/admin/people", "/admin/workflows", "/password")),
    ],
)
def test_in_english_only_what_people_wrote_is_chinese(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, login: str, paths: tuple[str, ...]
) -> None:
    with town(sqlite_database, clock, tmp_path / "data") as plain:
        served = administered(plain)
        case_no = served.report(description="MANHOLE")
        served.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
        served.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
        written = _written(served)
        browser = Browser(served, login)
        browser.go("/language?say=en&to=/")
        for path in paths:
            page = browser.go(path)
            assert page.status == 200, path
            attributes = [given[name] for _, given in page.tags for name in _SPOKEN if name in given]
            for said in (page.text, *attributes):
                for name in written:
                    said = said.replace(name, "")
                assert not _CHINESE.search(said), (path, re.findall(r".{0,20}[\u4e00-\u9fff]+.{0,20}", said)[:5])


#: Attributes that are read out or shown.
_SPOKEN = ("aria-label", "title", "placeholder", "alt")


def _written(served: Town) -> list[str]:
    """What people called things, the longest first: names stay what they are in every language."""
    asked = [f"SELECT name FROM {table}" for table in ("area", "department", "person", "item")]
    asked += ["SELECT class_name FROM item", "SELECT filing_condition FROM standard"]
    with served.database.looking() as transaction:
        names = {str(row[0]) for one in asked for row in transaction.rows(one)}
    return sorted({*names, "呼应", "中文", "中·En"} - {""}, key=len, reverse=True)


def test_nobody_is_led_away(xidu: Town) -> None:
    shen = Browser(xidu, "shen")
    for away in ("//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example"):
        answer = shen.client.get("/language", params={"say": "en", "to": away}, follow_redirects=False)
        assert answer.headers["location"] == "/", away
    assert shen.go("/language?say=fr").status == 422


def test_the_switch_stands_on_pages_of_those_who_are_not_signed_in(xidu: Town) -> None:
    anyone = Browser(xidu)
    assert anyone.go("/signin").link("/language?say=en")
    page = anyone.go("/language?say=en&to=/signin")
    assert "Sign in" in page.text
    assert not _CHINESE.search(page.form("/signin").action)
