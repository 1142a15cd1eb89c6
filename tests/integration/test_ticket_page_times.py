"""The ticket's page: who held it how long, photos side by side, and where in its workflow it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import HOUR, MINUTE, SetClock
from engine.database import Database
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, png, town

WHERE = f"/workflows/{BLOCK_CALLS}?ticket="


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def called(served: Town) -> str:
    """Ten minutes at the street's desk until filing, twenty until the call; then two departments have it."""
    case_no = served.report()
    served.clock.advance(10 * MINUTE)
    served.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    served.clock.advance(20 * MINUTE)
    served.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["water"]})
    return case_no


def finish(served: Town, case_no: str, login: str, unit: str, colour: int) -> None:
    task = served.task_of(case_no, unit)["task"]
    photos = {"result": "已修复", "after_photos": [served.photo(login, png(colour))]}
    if "signed" not in str(served.task_of(case_no, unit)["state"]):
        served.act(login, case_no, "sign", task=task)
        served.act(login, case_no, "contact", {"note": "已联系"}, task=task)
    served.act(login, case_no, "finish", photos, task=task)


def test_every_stretch_says_in_whose_hands_it_passed(xidu: Town) -> None:
    case_no = called(xidu)
    xidu.clock.advance(HOUR)
    finish(xidu, case_no, "chen", "urban", 1)
    xidu.clock.advance(2 * HOUR + 5 * MINUTE)
    page = Browser(xidu, "shen").go(f"/tickets/{case_no}")
    assert "在 街镇城运受理员 手中 10 分钟" in page.text
    assert "在 街镇城运受理员 手中 20 分钟" in page.text
    assert "在 城管中队、水务所 手中 1 小时 0 分（工作" in page.text
    assert "现在在 水务所 手中，已 2 小时 5 分（工作" in page.text
    assert page.text.index("现在在 水务所") < page.text.index("在 城管中队、水务所 手中"), "the newest is on top"
    rects = [tag for name, tag in page.tags if name == "rect" and tag.get("class", "").startswith("hy-hand-")]
    assert sum(int(one["width"]) for one in rects) == 1000
    assert "水务所 58%" in page.text
    assert not [tag for _, tag in page.tags if "style" in tag], "the policy forbids it"


def test_working_time_is_that_of_the_tickets_calendar(xidu: Town) -> None:
    case_no = xidu.report()
    xidu.clock.advance(72 * HOUR)
    text = Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    said = text.partition("手中，已 3 天 0 小时（工作 ")[2].partition("）")[0]
    assert said, text
    assert not said.startswith("3 天")


def test_a_return_whose_clock_runs_on_stays_in_the_departments_hands(xidu: Town) -> None:
    case_no = called(xidu)
    task = xidu.task_of(case_no, "water")["task"]
    form = {"ground": "beyond", "suggested": "power", "clause": "三定方案第二条"}
    xidu.act("lu-lead", case_no, "return", form, task=task)
    xidu.clock.advance(30 * MINUTE)
    text = Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    assert "现在在 城管中队、水务所 手中，已 30 分钟" in text


def test_what_is_settled_is_in_nobodys_hands(xidu: Town) -> None:
    case_no = xidu.report()
    xidu.clock.advance(10 * MINUTE)
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.clock.advance(10 * MINUTE)
    xidu.act("shen", case_no, "annul", {"reason": "误立案"})
    xidu.clock.advance(30 * HOUR)
    text = Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    assert "现在在" not in text.partition("办理过程")[2]
    assert "街镇城运受理员Street desk 100%" in text.replace(" Street", "Street")


def test_photos_stand_side_by_side_of_the_newest_round(xidu: Town) -> None:
    case_no = called(xidu)
    assert "前后对照" not in Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    finish(xidu, case_no, "chen", "urban", 1)
    finish(xidu, case_no, "lu", "water", 2)
    page = Browser(xidu, "zhou").go(f"/tickets/{case_no}")
    compared = page.html.partition('id="pictures"')[2].partition("hy-where")[0]
    assert compared.count("<figure>") == 3
    assert "尚无" in compared, "nobody has checked yet"
    again = {"reason": "未恢复", "check_photos": [xidu.photo("zhou", png(3))]}
    xidu.act("zhou", case_no, "rework", again)
    finish(xidu, case_no, "chen", "urban", 4)
    compared = (
        Browser(xidu, "zhou").go(f"/tickets/{case_no}").html.partition('id="pictures"')[2].partition("hy-where")[0]
    )
    newest = xidu.photo("chen", png(4))
    assert f"/uploads/{newest}/thumb?size=large&amp;ticket={case_no}" in compared
    assert xidu.photo("chen", png(1)) not in compared, "that was the round before"
    assert xidu.photo("zhou", png(3)) not in compared, "that check looked at the round before"


def test_the_diagram_marks_where_the_ticket_is_and_was(xidu: Town) -> None:
    case_no = called(xidu)
    shen = Browser(xidu, "shen")
    page = shen.go(shen.go(f"/tickets/{case_no}").link(WHERE))
    assert page.status == 200
    assert " here\n" in page.html
    assert " visited\n" in page.html
    assert " here\n" not in shen.go(f"/workflows/{BLOCK_CALLS}").html
    tasks = shen.go(f"{WHERE}{case_no}&task=line")
    assert " here\n" in tasks.html
    assert Browser(xidu, "qian").go(f"{WHERE}{case_no}").status == 404
    assert shen.go(f"/workflows/petitions?ticket={case_no}").status == 404
