"""承办人的一天：催办在前，按时限排列；剩多少工作时；按地点、按事项分组；一次签收多件；常用语；内部交办与审核。

A day of the handlers of urban management, told in browsers without JavaScript, on both databases.

陈刚 城管中队承办人 handles · 陈立 城管中队负责人 leads · 陆勇 水务所承办人 of another unit · 沈静 受理派遣员 the desk
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from engine.clock import DAY, HOUR, MINUTE, SetClock, instant, moment
from engine.database import Database
from engine.exchange.calendar_apply import apply_package
from tests.support.browser import Browser, Page
from tests.support.town import Town, png, town

CHEN, LEAD, LU, SHEN = "chen", "chen-lead", "lu", "shen"


@pytest.fixture
def unit(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        apply_package(database, clock.now())
        yield served


def called(served: Town, words: str, *, item: str = "part-01-01/2", lead: str = "urban", area: str = "xd-m") -> str:
    """A ticket that the desk has sent to a department."""
    case_no = served.report(description=words, area=area)
    served.act(SHEN, case_no, "accept", {"item": item, "urgency": "normal"})
    served.act(SHEN, case_no, "call", {"kind": "appeal", "lead": lead})
    return case_no


def signed(served: Town, case_no: str) -> str:
    """Signed, and the citizen called: only the limit of the catalogue is left."""
    for action, form in (("sign", {}), ("contact", {"note": "已联系"})):
        served.act(CHEN, case_no, action, form, task=served.task_of(case_no, "urban")["task"])
    return case_no


def order(page: Page) -> list[str]:
    """The tasks as they stand on the page."""
    rows = [given["href"] for tag, given in page.tags if tag == "a" and "hy-row" in given.get("class", "").split()]
    return [href.rpartition("/")[2] for href in rows]


def row(page: Page, case_no: str) -> str:
    """What the row of a task says, without its tags."""
    found = page.html.partition(f'href="/tickets/{case_no}"')[2].partition("</a>")[0]
    words = "".join(part.partition(">")[2] for part in found.split("<"))
    return " ".join(words.split())


def test_reminders_come_first_then_what_is_due_next(unit: Town) -> None:
    late = signed(unit, called(unit, "晚到期的"))
    soon = called(unit, "先到期的")
    other = called(unit, "水务的", lead="water")
    page = Browser(unit, CHEN).go("/tasks")
    assert order(page) == [soon, late], "its two hours for signing end before four working hours"
    assert "待签收" in row(page, soon)
    assert "处置中" in row(page, late)
    assert "计时：城管中队" in row(page, late)
    assert other not in page.html
    unit.act(SHEN, late, "urge", {"message": "居民又来电"})
    page = Browser(unit, CHEN).go("/tasks")
    assert order(page) == [late, soon]
    assert "催办" in row(page, late)
    assert order(Browser(unit, CHEN).go("/"))[:2] == [late, soon], "the home page begins with them"
    task = unit.task_of(late, "urban")["task"]
    unit.act(CHEN, late, "progress", {"note": "已进场"}, task=task)
    assert order(Browser(unit, CHEN).go("/tasks")) == [soon, late], "whoever has answered is not reminded any more"


def test_working_time_left_stands_still_over_weekend_and_holiday(unit: Town) -> None:
    friday = instant(moment(unit.clock.now()).replace(month=4, day=3, hour=16, minute=30))
    unit.clock.advance(friday - unit.clock.now())
    case_no = signed(unit, called(unit, "清明前一日"))
    assert "剩 4 个工作时" in row(Browser(unit, CHEN).go("/tasks"), case_no)
    unit.clock.advance(2 * DAY)
    # 4 to 6 April 2026 is the holiday of Qingming: of Friday one hour has run, of the holiday nothing.
    page = Browser(unit, CHEN).go("/tasks")
    assert "剩 3 个工作时" in row(page, case_no)
    assert "2026-04-07 14:00" in row(page, case_no)
    unit.clock.advance(instant(moment(friday).replace(day=7, hour=14, minute=20)) - unit.clock.now())
    page = Browser(unit, CHEN).go("/tasks")
    assert "超期 20 分钟" in row(page, case_no)
    assert "红灯" in row(page, case_no), "in words, not in colour alone"


def test_a_workday_is_a_workday_and_waiting_for_somebody_is_said(unit: Town) -> None:
    case_no = called(unit, "要求退单的")
    task = unit.task_of(case_no, "urban")["task"]
    unit.act(LEAD, case_no, "return", {"ground": "area", "suggested": "water", "clause": "三定第五条"}, task=task)
    said = row(Browser(unit, CHEN).go("/tasks"), case_no)
    assert "退单：等街镇城运受理员答复" in said
    assert "剩 2 小时 0 分" in said, "the limit for signing goes on meanwhile, on the clock that never stands still"


def test_tasks_are_grouped_by_place_and_by_standard(unit: Town) -> None:
    covers = [called(unit, f"井盖{number}") for number in range(2)]
    lamp = called(unit, "路灯不亮", item="part-01-02/1", area="xd-v")
    unit.clock.advance(3 * HOUR)
    chen = Browser(unit, CHEN)
    page = chen.go("/tasks?by=place")
    assert [
        words for words in ("西渡街道", "西渡第一综合网格", "浦江居委", "浦江第一微网格") if words not in page.text
    ] == []
    groups = boxes(page)
    assert {frozenset(one) for one in groups} == {frozenset([*covers, lamp]), frozenset(covers)}
    assert "超期 3" in page.text, "a heading says how many are late, and its light in words"
    assert "红灯" in page.text
    page = chen.go("/tasks?by=standard")
    assert "公用设施" in page.text
    assert {"窨井盖", "路灯"} <= set(page.text.split())
    assert frozenset([lamp]) in {frozenset(one) for one in boxes(page)}


def state(served: Town, case_no: str) -> str:
    """Where the department's task stands."""
    return str(served.task_of(case_no, "urban")["state"]["code"])


def boxes(page: Page) -> list[list[str]]:
    """What the boxes of the headings would tick."""
    return [given["value"].split(",") for tag, given in page.tags if tag == "input" and given.get("name") == "group"]


def test_a_whole_group_is_signed_at_once_and_each_row_says_what_came_of_it(unit: Town) -> None:
    numbers = [called(unit, f"重复来电第{one}件") for one in range(3)]
    done = signed(unit, called(unit, "早已签收的"))
    chen = Browser(unit, CHEN)
    page = chen.go("/tasks?by=standard")
    (button,) = [given for tag, given in page.tags if given.get("formaction") == "/bulk/sign"]
    everything = max(boxes(page), key=len)
    assert set(everything) == {*numbers, done}
    ticked = urlencode({"on": button["value"], "group": ",".join(everything), "ticket": numbers[0]})
    page = chen.go(f"/bulk/sign?{ticked}")
    assert "现在不能这样办理，已略过" in page.text
    form = page.form("/bulk/sign")
    assert sorted(form.values["ticket"]) == sorted(numbers), "each once, and without what is signed already"
    unit.act(LEAD, numbers[1], "sign", task=unit.task_of(numbers[1], "urban")["task"])
    answer = chen.send(form)
    assert "已办理 2 件，未办理 1 件" in answer.text
    again = chen.send(form)
    assert again.text.count("没有重复办理") == 2, "sent twice it is done once"
    assert {state(unit, one) for one in numbers} == {"signed"}
    assert "/bulk/sign" not in chen.go("/tasks").html, "nothing is left to sign"


def test_what_is_in_hand_inside_goes_from_the_lead_to_a_person_and_comes_back_to_be_checked(unit: Town) -> None:
    mine, others = called(unit, "交给陈刚的"), called(unit, "没有交办的")
    lead, chen = Browser(unit, LEAD), Browser(unit, CHEN)
    assert "part=mine" not in chen.go("/tasks").html
    assert lead.do(mine, "hand_over", {"person": CHEN}).status == 200
    page = chen.go("/tasks?part=mine")
    assert order(page) == [mine]
    assert "承办人 with 陈刚" in row(page, mine)
    assert set(order(lead.go("/tasks"))) == {mine, others}, "the lead still sees both"
    chen.do(mine, "sign")

    # A phrase of the unit stands in the form of every act, and goes into the text without a script.
    shelf = chen.go("/phrases").form("/phrases")
    unit_s = next(one for one in shelf.choices["unit"] if one.startswith("d"))
    kept = chen.send(shelf, {"words": "已现场处置，恢复原状", "unit": unit_s})
    assert kept.status == 200
    form = chen.go(chen.go(f"/tickets/{mine}").link("/do/submit")).form("/do/submit")
    inserted = chen.send(form, {"phrase.result": "已现场处置，恢复原状", "look": "phrase.result"}).form("/do/submit")
    assert inserted.values["result"] == ["已现场处置，恢复原状"]
    chen.send(inserted, {"look": ""}, {"after_photos": png(3)})

    page = lead.go("/tasks?part=check")
    assert order(page) == [mine]
    assert "待审核" in row(page, mine)
    assert "待我审核" not in chen.go("/tasks").text, "the check is the lead's"
    assert lead.do(mine, "not_yet", {"reason": "照片看不清"}).status == 200
    assert order(chen.go("/tasks?part=mine")) == [mine]
    task = unit.task_of(mine, "urban")["task"]
    unit.act(CHEN, mine, "submit", {"result": "已重拍", "after_photos": [unit.photo(CHEN, png(9))]}, task=task)
    assert lead.do(mine, "approve", {}).status == 200
    assert order(lead.go("/tasks")) == [others]


def test_nothing_of_another_unit_is_there_for_whoever_asks(unit: Town) -> None:
    theirs = called(unit, "水务的一件", lead="water")
    chen, lu = Browser(unit, CHEN), Browser(unit, LU)
    assert order(lu.go("/tasks")) == [theirs]
    for address in ("/tasks", "/tasks?by=place", "/tasks?by=standard", "/tasks?by=map", "/tasks?part=unsigned", "/map"):
        page = chen.go(address)
        assert page.status == 200
        assert theirs not in page.html
    unit.clock.advance(MINUTE)
    assert "没有未办完的任务" in Browser(unit, "wang").go("/tasks").text
