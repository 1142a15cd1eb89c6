"""周解忧：一周一会，由人物讲述，两种数据库。

Weekly relief: clues are studied, consulted on, decided by the street's leaders once a week, handed out, tracked, struck
off and asked about; what the meeting does not come to is carried over.

王 网格员 grid worker · 沈 工作专班 weekly office · 何镇长 召集人 leader in the chair · 刘 网格长 grid leader, member ·
城管陈 urban management · 水务陆 water · 供电董 power
"""

import pytest

from engine.background.relay import relay
from engine.clock import DAY
from engine.database import Database
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.rules.sittings import ItemOutcome
from tests.support.door import Told, World
from tests.support.sittings import Chamber

WEEKLY = "weekly-relief"


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    mayor = NewPerson(login="mayor", name="何镇长")
    world.people |= database.acting(lambda transaction: create_people(transaction, [mayor]))
    post = Appointment(login="mayor", post="chief", area="street", since=world.clock.now())
    database.acting(lambda transaction: appoint(transaction, [post]))
    return world


@pytest.fixture
def body(world: World) -> Chamber:
    return Chamber(world, WEEKLY, "leaders", "street")


def studied(world: World, level: str = "hard") -> Told:
    told = world.ticket(WEEKLY)
    told.do("wang", "collect", form={"description": "老小区加装电梯，管线谁来移", "source": "visit"})
    told.do("shen", "study", form={"level": level})
    return told


def tabled(world: World) -> Told:
    """三家会商，两家出具意见即可上会 / Of three that were asked two opinions are enough."""
    told = studied(world)
    told.do("shen", "consult", form={"others": ["urban", "water", "power"]})
    told.do("chen", "give", of="urban", form={"opinion": "占道手续可并联办理"})
    assert told.state == "consulting"
    told.do("lu", "give", of="water", form={"opinion": "管线改移费用需明确"})
    assert told.state == "tabled"
    return told


def in_session(world: World, body: Chamber, code: str) -> None:
    world.later(DAY)
    body.opened(code, chair="mayor")


def test_the_meeting_decides_one_matter_and_carries_the_other_over(world: World, body: Chamber) -> None:
    """例会解难：一件当场议定，一件转入下周；两件都在纪要里。"""
    first, second = tabled(world), tabled(world)
    code = body.called("shen", days=2)
    assert [item.case_no for item in body.items(code)] == [first.case_no, second.case_no]
    in_session(world, body, code)
    first.do("mayor", "decide", form={"decision": "水务牵头改移管线，月底前完成"})
    body.closed(code, chair="mayor")
    body.acts.sign(body.viewer("mayor"), code)
    minutes = body.sitting(code).minutes
    assert "水务牵头改移管线" in minutes
    assert second.case_no in minutes

    body.clock()
    assert (first.state, second.state) == ("decided", "tabled")
    assert second.actions[-1] == "next_week"
    (carried,) = body.items(body.regular().code)
    assert (carried.case_no, carried.carried, carried.outcome) == (second.case_no, 1, ItemOutcome.OPEN)

    # 会后交办、周周进展、办结销号、事后回访 / Handed out, a word every week, struck off by the chair, called back.
    first.do("shen", "assign", form={"lead": "water", "co": ["urban"], "due": "2026-04-30"})
    for _ in range(2):
        world.later(6 * DAY)
        for login, unit in (("lu", "water"), ("chen", "urban")):
            first.do(login, "report_progress", of=unit)
    first.do("chen", "finish", of="urban")
    assert first.state == "tracking"
    first.do("lu", "finish", of="water")
    assert first.state == "settling"
    assert "strike" not in first.sees("shen")
    first.do("mayor", "strike")
    first.do("liu", "satisfied", form={"stars": 5})
    assert first.state == "closed"
    relay(world.database)
    assert world.verdict().sound


def test_without_a_quorum_nothing_is_decided(world: World, body: Chamber) -> None:
    """法定人数不足：什么也议决不了；网格长到齐才可以。"""
    people = [NewPerson(login=login, name=name) for login, name in (("zhang", "张网格长"), ("li", "李网格长"))]
    world.people |= world.database.acting(lambda transaction: create_people(transaction, people))
    posts = [
        Appointment(login=login, post="grid_leader", area=area, since=world.clock.now())
        for login, area in (("zhang", "grid-2"), ("li", "grid-2"))
    ]
    world.database.acting(lambda transaction: appoint(transaction, posts))
    told = tabled(world)
    code = body.called("shen", days=2)
    in_session(world, body, code)
    assert "不足法定的 2 人（应到 4 人）" in told.refused("mayor", "decide").zh
    assert "decide" not in told.sees("mayor")
    body.attended(code, "liu", by="mayor")
    told.do("mayor", "decide")
    assert told.state == "decided"


def test_what_is_easy_is_handed_out_at_once_and_some_is_solved_before_the_meeting(world: World) -> None:
    """即办的不上会；会商中化解的也不上会。"""
    easy = studied(world, "easy")
    easy.do("shen", "at_once", form={"lead": "gas", "due": "2026-03-20"})
    assert easy.state == "tracking"
    solved = studied(world)
    solved.do("shen", "consult", form={"others": ["urban", "water"]})
    solved.do("shen", "solved_before", form={"result": "物业已同意移机"})
    assert solved.state == "settling"


def test_dissatisfied_it_is_done_again_and_then_goes_back_to_the_meeting(world: World, body: Chamber) -> None:
    """回访不满意先重办，仍不满意重新上会。"""
    told = tabled(world)
    code = body.called("shen", days=2)
    in_session(world, body, code)
    told.do("mayor", "decide")
    told.do("shen", "assign", form={"lead": "water", "due": "2026-04-30"})
    told.do("lu", "finish", of="water")
    told.do("mayor", "strike")
    told.do("wang", "dissatisfied")
    assert told.state == "tracking"
    told.do("lu", "finish", of="water")
    told.do("mayor", "strike")
    told.do("wang", "still_not")
    assert told.state == "tabled"
