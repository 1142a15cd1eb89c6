"""What a message says: acts by their titles, rungs by what they brought."""

from datetime import datetime
from typing import Any

import pytest

from engine.clock import CIVIL_ZONE, instant
from engine.definitions.model import Title
from engine.records.wording import happened
from tests.support.door import BLOCK_CALLS, shipped

(LOOP,) = (loop for loop in shipped() if loop.key == BLOCK_CALLS)
DUE = instant(datetime(2026, 11, 26, 17, 30, tzinfo=CIVIL_ZONE))


def said(action: str, before: str = "", after: str = "", *, scope: str = "", unit: str = "", **facts: Any) -> Title:
    return happened(LOOP, action=action, scope=scope, state_from=before, state_to=after, facts=facts, unit=unit)


def rung(*, unit: str = "", **facts: Any) -> Title:
    return said("rung", scope="line", unit=unit, deadline="handle", **facts)


def test_an_act_is_its_title_and_the_state_it_led_to() -> None:
    assert said("accept", "reported", "filed") == Title("立案 → 已立案，待派遣", "Accept → Filed")


def test_an_act_that_moved_nothing_is_its_title() -> None:
    assert said("accept", "filed", "filed") == Title("立案", "Accept")


def test_an_act_on_a_task_names_the_department_it_belongs_to() -> None:
    told = said("sign", "sent", "signed", scope="line", unit="城管中队")
    assert told.zh.startswith("签收（城管中队） → ")
    assert told.en.startswith("Sign (城管中队) → ")


def test_an_action_that_no_file_declares_keeps_its_name() -> None:
    assert said("something", "x", "y") == Title("something", "something")


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        ({"light": "red", "card": "yellow"}, "：红灯、黄牌", ": Red, Yellow card"),
        ({"light": "red", "due": DUE}, "：红灯，到期 11-26 17:30", ": Red, due 11-26 17:30"),
        ({"light": "yellow", "step": "70%"}, "：黄灯", ": Yellow"),
        ({"step": "70%"}, "：已到 70%", ": 70% reached"),
        ({"step": "+1 workday"}, "：到期后1个工作日", ": +1 workday reached"),
        ({"step": "nonsense"}, "：提醒", ": a reminder"),
        ({}, "：提醒", ": a reminder"),
        ({"level": "district"}, "：升至区", ": raised to District"),
        ({"card": "red", "level": "planet"}, "：红牌、升至planet", ": Red card, raised to planet"),
        ({"light": "ultraviolet"}, "：ultraviolet", ": ultraviolet"),
        ({"light": "red", "do": "sign"}, "：红灯、自动办理“签收”", ": Red, done by itself: Sign"),
        ({"light": "red", "do": "sign", "moot": "when"}, "：红灯", ": Red"),
        ({"due": "soon", "light": "red"}, "：红灯", ": Red"),
    ],
)  # fmt: skip
def test_a_rung_says_what_it_brought_and_when_the_limit_ends(facts: dict[str, Any], zh: str, en: str) -> None:
    told = rung(**facts)
    name = LOOP.deadlines["handle"].title
    assert told == Title(name.zh + zh, name.en + en)


def test_a_rung_of_a_task_names_its_department() -> None:
    assert rung(light="red", unit="自来水公司").zh == f"{LOOP.deadlines['handle'].title.zh}（自来水公司）：红灯"


def test_a_rung_of_a_deadline_that_the_file_does_not_know_is_told_all_the_same() -> None:
    assert said("rung", deadline="gone", light="red") == Title("时限：红灯", "Deadline: Red")
