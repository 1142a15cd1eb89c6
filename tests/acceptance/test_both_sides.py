"""双考核与剔除：呼叫方、被呼方同样受评，剔除另立记录，事实不改。

Both sides appraised, and exemption as a record of its own; through the door, on both databases.

汤 居村书记 secretary of the village · 沈 街镇受理员 the street's desk · 何 督查员 supervisor ·
陈 城管 urban management · 陆 水务 water
"""

import pytest

from engine.background.proposals import fold_appraisals, rebuild
from engine.background.relay import relay
from engine.clock import DAY
from engine.database import Database
from engine.errors import Malformed, NotAllowedNow, NotPermitted
from engine.records import exemptions
from engine.records.appraisals import Account, account
from tests.support.door import Told, World
from tests.support.spoiling import everything, mend, spoil


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _published(world: World, *stars: int, by: str = "shen") -> Told:
    """A call to urban management and water, published with their stars."""
    told = world.ticket()
    told.do("tang", "whistle", form={"description": "河道边堆物", "item": "event-02-03"})
    told.do("tang", "call", form={"kind": "appeal", "lead": "urban", "co": ["water"]})
    told.signed("urban", "water").finished("urban", "water").do("zhou", "check")
    each = {
        told.task_of(unit).seq: {"stars": given, "resolved": "solved", "reason": "见照片"}
        for unit, given in zip(("urban", "water"), stars, strict=True)
    }
    told.do(by, "pass", each=each)
    return told


def _account(world: World, *units: str) -> Account:
    relay(world.database)
    fold_appraisals(world.database)
    with world.database.looking() as transaction:
        return account(transaction, units or (world.unit("street"),))


def _called(world: World) -> dict[str, tuple[int, float | None, int]]:
    return {one.department: (one.scores, one.mean, one.exempted) for one in _account(world).called}


def _records(world: World, told: Told) -> list[tuple[str, str, bool, bool]]:
    with world.database.looking() as transaction:
        lines = exemptions.of_ticket(transaction, world.door.versions, told.id)
    return [(one.department, one.title.zh, one.restored, one.stands) for one in lines]


def test_an_appeal_wins_an_exemption_which_is_a_record_and_can_be_undone(world: World) -> None:
    """申诉：陈队长不服三星，督查核减直评得分；事实不动，事后查明又恢复计入。"""
    told = _published(world, 3, 5)
    assert _called(world) == {"urban": (1, 3.0, 0), "water": (1, 5.0, 0)}
    before = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'pass'", told.id)

    # 没有剔除，就没有可恢复的 / There is nothing to count again yet.
    assert "restore" not in told.sees("he")

    # 申诉获准：只剔除陈的直评得分 / Only Chen's score is left out, and only of these two indicators.
    told.do("chen-lead", "appeal")
    refused = told.refused("he", "exempt", request=told.ask("appeal").seq, form={"excused": [], "reason": "评分有误"})
    assert isinstance(refused, Malformed), refused
    assert isinstance(told.refused("shen", "exempt", request=told.ask("appeal").seq), NotPermitted)
    told.do(
        "he", "exempt", request=told.ask("appeal").seq,
        form={"excused": ["score", "satisfied"], "reason": "评分对象有误，三星应属养护单位"},
    )  # fmt: skip
    assert _records(world, told) == [
        ("urban", "直评得分", False, True),
        ("urban", "满意率", False, True),
    ]
    assert _called(world) == {"urban": (0, None, 1), "water": (1, 5.0, 0)}
    assert "exempt" in told.told_to(world.unit("urban"))

    # 事实原样 / The facts are what they were.
    assert world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'pass'", told.id) == before

    # 恢复：只恢复所点的指标，没有剔除的无从恢复 / Only what was named, and nothing that is not exempted.
    wrong = told.refused("he", "restore", form={"excused": ["on_time"], "reason": "无"})
    assert isinstance(wrong, Malformed)
    assert "按期结案率" in str(wrong)
    told.do("he", "restore", form={"excused": ["score"], "reason": "经查三星无误"})
    assert _records(world, told) == [
        ("urban", "直评得分", False, False),
        ("urban", "满意率", False, True),
        ("urban", "直评得分", True, False),
    ]
    assert _called(world) == {"urban": (1, 3.0, 0), "water": (1, 5.0, 0)}
    assert world.differences(told.id) == []


def test_what_is_exempted_already_is_not_exempted_twice(world: World) -> None:
    told = _published(world, 2, 2)
    told.do("chen-lead", "appeal")
    told.do("lu-lead", "appeal")
    by_unit = {ask.department_id: ask.seq for ask in told.case.open_asks()}
    first, second = sorted(by_unit.values())
    told.do("he", "exempt", request=first, form={"excused": ["score"], "reason": "甲"})
    # 各单位各计 / Each department by itself.
    told.do("he", "exempt", request=second, form={"excused": ["score"], "reason": "乙"})
    assert len(_records(world, told)) == 2
    told.do("he", "restore", form={"excused": ["score"], "reason": "并无错评"})
    assert [stands for *_, stands in _records(world, told)] == [False] * 4
    assert isinstance(told.refused("he", "restore", form={"excused": ["score"], "reason": "再"}), NotAllowedNow)


def test_what_is_exempted_once_more_stands_by_its_newest_line_alone(world: World) -> None:
    told = _published(world, 2, 2)
    told.do("chen-lead", "appeal")
    told.do("lu-lead", "appeal")
    first, second = sorted(ask.seq for ask in told.case.open_asks())
    told.do("he", "exempt", request=first, form={"excused": ["score"], "reason": "甲"})
    told.do("he", "restore", form={"excused": ["score"], "reason": "乙"})
    # 部门各自的行互不牵连 / What is said of one department touches no other.
    told.do("he", "exempt", request=second, form={"excused": ["score"], "reason": "丙"})
    assert [stands for *_, stands in _records(world, told)] == [False, False, True]
    assert [exempted for _, _, exempted in _called(world).values()] == [0, 1]


def test_an_exemption_that_somebody_edited_is_found_out(world: World) -> None:
    told = _published(world, 3, 5)
    told.do("chen-lead", "appeal")
    told.do("he", "exempt", request=told.ask("appeal").seq, form={"excused": ["score"], "reason": "甲"})
    assert world.differences(told.id) == []
    world.change("UPDATE exemption SET indicator = 'on_time'")
    (difference,) = world.differences(told.id)
    assert "exemption" in difference
    world.change("DELETE FROM exemption")
    assert len(world.differences(told.id)) == 1


def test_an_exemption_that_cannot_be_written_does_not_happen(world: World) -> None:
    told = _published(world, 3, 5)
    told.do("chen-lead", "appeal")
    spoil(world, "exemption")
    before = everything(world)
    with pytest.raises(Exception, match="spoiled"):
        told.do("he", "exempt", request=told.ask("appeal").seq, form={"excused": ["score"], "reason": "甲"})
    assert everything(world) == before
    mend(world, "exemption")
    told.do("he", "exempt", request=told.ask("appeal").seq, form={"excused": ["score"], "reason": "甲"})
    assert len(_records(world, told)) == 1


def test_an_invalid_call_counts_against_who_called_and_not_who_found_it(world: World) -> None:
    """汤书记吹哨两次，一次经督查认定无效：记在汤名下，受理台、督查都不记。"""
    _published(world, 4, 4)
    told = _published(world, 4, 4)
    told.do("he", "not_valid", form={"reason": "不属本村地界"})
    assert "not_valid" not in told.sees("he")
    assert [(one.area_name, one.login, one.calls, one.invalid) for one in _account(world).callers] == [
        (world.rows("SELECT name FROM area WHERE code = 'village'")[0][0], "tang", 2, 1)
    ]
    assert "not_valid" in told.told_to(world.unit("village"), world.unit("grid"))

    # 从历史可以重算 / The same again from the history alone.
    before = _account(world)
    rebuild(world.database)
    assert _account(world) == before


def test_a_newer_score_stands_in_the_place_of_the_older(world: World) -> None:
    """上级复评：两星改四星，一件只计一次。"""
    told = _published(world, 2, 5)
    told.do("chen-lead", "appeal")
    told.do("gu", "reassess", request=told.ask("appeal").seq, form={"stars": 4, "reason": "复看现场"})
    assert _called(world) == {"urban": (1, 4.0, 0), "water": (1, 5.0, 0)}


def test_always_full_marks_between_the_same_two_are_listed(world: World) -> None:
    for water in (5, 5, 5, 5, 5):
        _published(world, 4, water, by="tang")
        world.later(DAY)
    (pair,) = _account(world).always_full
    assert (pair.department_name, pair.scores) == (
        world.rows("SELECT name FROM department WHERE code = 'water'")[0][0],
        5,
    )
    _published(world, 4, 4, by="tang")
    assert _account(world).always_full == []


def test_full_marks_both_ways_are_marked(world: World) -> None:
    """互评满分：村给街道条线次次满分，街道给村的单位也次次满分。"""
    for _ in range(5):
        _published(world, 5, 4, by="tang")
        world.later(DAY)
    (village,) = world.rows("SELECT id FROM area WHERE code = 'village'")[0]
    (street,) = world.rows("SELECT id FROM area WHERE code = 'street'")[0]
    world.change("UPDATE department SET area_id = ? WHERE code = 'urban'", street)
    assert [pair.mutual for pair in _account(world).always_full] == [False]
    # 另五件：街道评村的单位 / The street scores a unit of the village, as often and as fully.
    world.change("UPDATE department SET area_id = ? WHERE code = 'water'", village)
    for _ in range(5):
        _published(world, 4, 5, by="shen")
        world.later(DAY)
    assert [pair.mutual for pair in _account(world).always_full] == [True, True]


def test_whom_the_tickets_do_not_reach_sees_no_account(world: World) -> None:
    _published(world, 3, 3)
    assert _account(world, "area:999999") == Account(callers=[], called=[], always_full=[])
