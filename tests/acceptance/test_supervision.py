"""督查一月：督查台列出超期 → 三件一并书面督办 → 一件书面回复，其余逾期亮牌 → 致函单位负责人 → 答复、确认 →
申诉剔除，按期结案率恰少这一件 → 月末封存、抽样、回访。

A month of supervision in browsers without JavaScript, on both databases.

何 督查员 supervisor · 陈立 城管队长 head of urban management · 顾 区分管领导 district leader · 沈 受理员 desk
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.application import Application
from engine.background.commands import run_commands
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.samples import draw_samples
from engine.background.seal import seal
from engine.background.sweep import sweep
from engine.clock import DAY, Instant, SetClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records.indicators import Asked, Side, behind
from engine.records.people import Appointment, appoint
from engine.signing import Key
from tests.support.browser import Browser, FormOnPage, Page
from tests.support.town import Town, png, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        chief = Appointment(login="gu", post="chief", area="fx", department=None, since=Instant(0))
        database.acting(lambda transaction: appoint(transaction, [chief]))
        yield served


class Desk:
    """Somebody who signs in anew when time has passed: a session does not outlive a month."""

    def __init__(self, xidu: Town, login: str) -> None:
        self._xidu, self._login = xidu, login
        self._since, self._browser = xidu.clock.now(), Browser(xidu, login)

    @property
    def here(self) -> Browser:
        if self._xidu.clock.now() != self._since:
            self._since, self._browser = self._xidu.clock.now(), Browser(self._xidu, self._login)
        return self._browser

    def go(self, path: str) -> Page:
        return self.here.go(path)

    def send(self, form: FormOnPage, values: Mapping[str, Any]) -> Page:
        return self.here.send(form, values)

    def do(self, case_no: str, action: str, values: Mapping[str, Any] | None = None) -> Page:
        return self.here.do(case_no, action, values)


def called(xidu: Town, description: str) -> str:
    case_no = xidu.report(description=description)
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    return case_no


def finished(xidu: Town, case_no: str) -> None:
    """Signed, handled, checked and scored."""
    for action, form in (("sign", {}), ("finish", {"result": "已处置", "after_photos": [xidu.photo("chen", png(7))]})):
        xidu.act("chen", case_no, action, form, task=xidu.task_of(case_no, "urban")["task"])
    xidu.act("zhou", case_no, "check", {"check_photos": [xidu.photo("zhou", png(9))]})
    (task,) = xidu.get("gu", f"/api/tickets/{case_no}")["tasks"]
    xidu.act("liu", case_no, "pass", each={str(task["task"]): {"stars": 4, "resolved": "solved"}})


def house_of(xidu: Town) -> Application:
    return xidu.client.app.state.house  # type: ignore[attr-defined,no-any-return]


def time_passes(xidu: Town, days: int) -> None:
    xidu.clock.advance(days * DAY)
    house = house_of(xidu)
    sweep(house.door, house.database, house.clock)
    run_commands(house.door, house.database, house.clock)


def folded(xidu: Town) -> None:
    while relay(xidu.database):
        pass
    fold_facts(xidu.database, house_of(xidu).versions)


def due_to_be_closed(xidu: Town) -> set[str]:
    """The base of the rate of what was closed on time."""
    folded(xidu)
    asked = Asked(since=Instant(0), until=xidu.clock.now(), as_of=xidu.clock.now())
    with xidu.database.looking() as transaction:
        lines = behind(transaction, discover()["closed_on_time"], asked, Side.DENOMINATOR)
    return {line.case_no for line in lines}


def supervise(he: Desk, desk: Page, numbers: list[str], message: str) -> Page:
    """Tick tasks of these tickets in the list of what is overdue, and send one demand to each."""
    ticks = desk.form("/bulk").choices["ticket"]
    chosen = "&".join(f"ticket={tick}" for tick in ticks if tick.partition("~")[0] in numbers)
    form = he.go(f"/bulk/supervise?on=task.line&{chosen}").form("/bulk/supervise")
    return he.send(form, {"message": message})


def test_a_month_of_supervision(xidu: Town, tmp_path: Path) -> None:
    """督查台到月末抽样。"""
    he, lead, gu = Desk(xidu, "he"), Desk(xidu, "chen-lead"), Desk(xidu, "gu")
    first, second, third = (called(xidu, words) for words in ("占道经营", "乱堆杂物", "违规广告"))
    time_passes(xidu, 3)

    # 超期清单 → 三件一并书面督办，逐件编号
    desk = he.go("/supervision")
    assert desk.status == 200
    assert all(words in desk.text for words in ("占道经营", "乱堆杂物", "违规广告")), desk.text
    assert Browser(xidu, "chen").go("/supervision").status == 403
    done = supervise(he, desk, [first, second, third], "三日内办结并书面回复")
    assert "已办理 3 件，未办理 0 件" in done.text
    desk = he.go("/supervision")
    assert all(f"督〔2026〕{number}号" in desk.text for number in (1, 2, 3))
    assert desk.text.count("已督办，待复") == 3
    again = he.go(f"/bulk/supervise?on=task.line&ticket={first}")
    assert again.status == 409, "one demand waits already"

    # 一件书面回复，另两件逾期亮红牌
    answered = lead.do(first, "answer_supervision", {"result": "已约谈商户，今日清场"})
    assert answered.status == 200
    time_passes(xidu, 5)
    desk = he.go("/supervision")
    assert "督〔2026〕1号" not in desk.text
    assert desk.text.count("红牌") >= 2

    # 提醒函：带上所勾选的案卷，另一人核稿，编号发出，所涉案卷各记一行
    draft = he.go(f"/supervision/notice?ticket={second}~9&ticket={third}")
    form = draft.form("/report/supervision/draft")
    assert form.values["about"][0].split() == [second, third]
    form = he.send(form, {"find.area": "奉贤", "look": "area"}).form("/report/supervision/draft")
    sent = he.send(form, {"area": "fx", "cause": "unanswered", "description": "两件督办未复", "demand": "三日内整改"})
    letter = sent.url.rpartition("/")[2].partition("?")[0]
    assert "/do/approve" not in " ".join(he.go(f"/tickets/{letter}").links), "who drafts does not approve"
    assert gu.do(letter, "approve").status == 200
    form = he.go(he.go(f"/tickets/{letter}").link("/do/send")).form("/do/send")
    assert form.values["about"][0].split() == [second, third], "what was drafted is there again"
    assert he.send(form, {"lead": "urban"}).status == 200
    time_passes(xidu, 0)
    for case_no in (second, third):
        assert he.go(f"/tickets/{case_no}").text.count("函件提及本案") == 1
    assert "提醒〔2026〕1号" in he.go("/supervision").text
    assert letter in lead.go("/").html, "it waits at the head's home"
    assert lead.do(letter, "answer", {"result": "已整改，附照片"}).status == 200
    assert he.do(letter, "confirm", {"note": "属实"}).status == 200
    assert xidu.get("he", f"/api/tickets/{letter}")["state"]["code"] == "settled"

    # 申诉剔除：按期结案率的分母恰少这一件，恢复后又在
    finished(xidu, first)
    before = due_to_be_closed(xidu)
    assert lead.do(first, "appeal", {"reason": "暴雨停工，非本单位原因"}).status == 200
    assert first in he.go("/supervision").text.partition("超期未办")[0]
    assert he.do(first, "exempt", {"excused": ["on_time"], "reason": "气象证明属实"}).status == 200
    assert before - due_to_be_closed(xidu) == {first}
    assert "气象证明属实" in he.go("/exemptions").text
    assert he.do(first, "restore", {"excused": ["on_time"], "reason": "证明系伪造"}).status == 200
    assert due_to_be_closed(xidu) == before

    # 月末：封存之后抽样，抽中的各开一件抽查
    finished(xidu, second)
    time_passes(xidu, 31)
    folded(xidu)
    assert "待周期结束后的首次封存" in he.go("/samples").text
    seal(xidu.database, xidu.clock, Key.make(tmp_path / "seal.key"), "sha256")
    house = house_of(xidu)
    draw_samples(house.door, house.database, house.versions, None, house.clock)
    drawn = he.go("/samples/callbacks/2026-03")
    assert "待回访" in drawn.text
    assert {first, second} & {link.rpartition("/")[2] for link in drawn.links}
    assert "抽样回访" in he.go("/samples").text
    assert Browser(xidu, "chen").go("/samples").status == 403
