"""居村组织事务准入：先申请、联审、准入，凭编号才可派；未经准入，居村一键拒办。

Admission of tasks to villages, told by the standing cast, through the door, on both databases.

鲍 区住建委主任 asks · 顾 准入办 admission office · 城管陈、水务陆、供电董 joint reviewers · 方 副区长 decides ·
汤 浦江居委书记 and 丁 干事, 安 陆桥村书记 the villages · 沈 街镇受理员 sends tasks of another loop
"""

import pytest

from engine.database import Database
from engine.errors import NotAdmitted, NotAllowedNow, NotPermitted
from tests.support import admission
from tests.support.admission import Application, asked_of, clock_runs, day, hand_back
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    admission.settle(made)
    return made


def _sound(world: World, *tickets: Told) -> None:
    assert world.verdict().sound
    for told in tickets:
        assert world.differences(told.id) == []


def test_from_the_application_to_a_number_with_three_reviewers_side_by_side(world: World) -> None:
    """申请、补正、三家并联审查（一家附条件，一家逾期视为无异议）、审定准入并给编号。"""
    told = Application(world).applied("pujiang", "luqiao")
    told.do("gu", "amendment", form={"message": "请补充经费来源"})
    assert isinstance(told.refused("gu", "send_to_review"), NotAllowedNow)
    told.answer("bureau-lead", "amended", "amendment", form={"funds": "区级财政，每村两千元"})
    told.do("gu", "send_to_review", form={"reviewers": ["urban", "water", "power"]})
    told.do("chen", "give", of="urban", form={"view": "agree"})
    told.do("lu", "give", of="water", form={"view": "agree_if", "proviso": "汛期不排查"})
    assert told.state == "reviewing"
    clock_runs(world, 10)
    assert told.task_of("power").state == "no_objection"
    assert told.state == "deciding"
    told.do("fang", "admit", form={"villages": ["pujiang", "luqiao"], "end_day": day(world, 90)})
    assert told.state == "admitted"
    assert told.number == "奉村准〔2026〕1号"
    assert "admit" in told.told_to(world.unit("pujiang"), world.unit("luqiao"))
    _sound(world, told)


def test_a_task_passes_the_door_only_while_the_admission_is_in_force(world: World) -> None:
    """准入之前不能派，有效期内凭编号可派，到期之后同样的派遣被拒绝并说明原因。"""
    before = asked_of(world)
    refusal = before.refused("shen", "call", form={"lead": "pujiang"})
    assert isinstance(refusal, NotAdmitted)
    assert "浦江居民委员会" in refusal.zh
    assert "《依法履职事项清单》、《依法协助事项清单》" in refusal.zh
    assert refusal.place.field == "lead"

    told = Application(world).admitted("pujiang", days=90)
    before.do("shen", "call", form={"lead": "pujiang"})
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'call'", before.id)
    assert told.number in facts
    other = asked_of(world)
    assert isinstance(other.refused("shen", "call", form={"lead": "urban", "co": ["luqiao"]}), NotAdmitted)

    clock_runs(world, 92)
    assert told.state == "assessing"
    after = asked_of(world).refused("shen", "call", form={"lead": "pujiang"})
    assert isinstance(after, NotAdmitted)
    assert f"原准入 {told.number} 已于" in after.zh
    told.do("tang", "score", of="pujiang", form={"stars": 4})
    assert told.state == "ended"
    _sound(world, told, before)


def test_what_stands_on_a_list_needs_no_admission(world: World) -> None:
    """清单之内的事项可直接派，办理过程写明所依据的清单。"""
    told = asked_of(world, item=admission.LISTED_ITEM)
    told.do("shen", "call", form={"lead": "urban", "co": ["pujiang", "luqiao"]})
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'call'", told.id)
    assert facts.count('"row":"yf-001"') == 2
    _sound(world, told)


def test_a_breach_is_put_right_and_the_next_one_revokes(world: World) -> None:
    """居村反映违规，整改到位后继续；再次违规，取消准入，不能再派。"""
    told = Application(world).admitted("pujiang", "luqiao")
    told.do("ding", "complaint", of="pujiang", form={"breach_of": "另要求每日上报台账"})
    assert told.state == "questioned"
    asked_of(world).do("shen", "call", form={"lead": "pujiang"})
    told.answer("gu", "put_right", "complaint", form={"result": "已取消台账要求"})
    assert told.state == "admitted"
    told.do("an", "complaint", of="luqiao", form={"breach_of": "又增加考核排名"})
    told.do("fang", "revoke", form={"reason": "整改后再犯"})
    assert told.state == "revoked"
    refusal = asked_of(world).refused("shen", "call", form={"lead": "pujiang"})
    assert "已退出或取消" in refusal.zh
    _sound(world, told)


def test_a_village_hands_back_with_one_tap_what_rests_on_nothing_any_more(world: World) -> None:
    """准入取消后，在办任务标明已无依据；书记一键拒办，案卷退回受理员，准入办责令停止。"""
    told = Application(world).admitted("pujiang")
    sent = asked_of(world)
    sent.do("shen", "call", form={"lead": "pujiang"})
    with pytest.raises(NotAllowedNow, match=told.number):
        hand_back(world, sent, "pujiang", "tang")
    told.do("fang", "revoke", form={"reason": "加重居村负担"})
    with pytest.raises(NotPermitted):
        hand_back(world, sent, "pujiang", "an")
    report = hand_back(world, sent, "pujiang", "tang")
    assert sent.state == "filed"
    assert sent.actions[-2:] == ["handed_back", "nobody_left"]
    assert "handed_back" in sent.told_to(world.unit("shen"))
    assert report.state == "unadmitted"
    report.do("gu", "stop", form={"decision": "责令停止向居村派发"})
    assert report.state == "stopped"
    assert "stop" in report.told_to(*(world.unit(one) for one in ("pujiang", "tang", "village")))
    _sound(world, told, sent, report)


def test_a_village_reports_what_it_was_asked_by_telephone(world: World) -> None:
    """没有进系统的事项，居村书记自行反映，准入办责令停止。"""
    told = Told(world, admission.ADMISSION)
    told.do("tang", "report_unadmitted", form={"task_name": "逐户登记电动车", "asked_by": "urban"})
    told.do("gu", "stop", form={"decision": "未经准入，停止执行"})
    assert told.state == "stopped"
    _sound(world, told)


def test_the_fast_lane_has_shorter_limits(world: World) -> None:
    """法定紧急事项走快速通道：联审一个工作日、审定三个工作日。"""
    told = Application(world)
    told.do("bureau-lead", "apply_fast", form={"area": "district", "villages": ["pujiang"], "items": ["part-01-01"]})
    assert {timer.name for timer in told.case.timers.values()} == {"check", "decide_fast"}
    told.do("gu", "send_to_review", form={"reviewers": ["urban"]})
    clock_runs(world, 2)
    assert told.state == "deciding"
    told.do("fang", "admit", form={"villages": ["pujiang"]})
    assert told.state == "admitted"
    _sound(world, told)


def test_time_to_amend_is_not_the_offices_and_who_does_not_amend_has_lapsed(world: World) -> None:
    """补正期间审定时限停走；逾期未补正，视为撤回。"""
    told = Application(world).applied()
    told.do("gu", "amendment", form={"message": "请补充依据"})
    paused = {timer.name for timer in told.case.timers.values() if timer.run == "paused"}
    assert paused == {"check", "decide"}
    clock_runs(world, 8)
    assert told.state == "given_up"
    assert "lapse" in told.told_to(world.unit("bureau"))
    _sound(world, told)


def test_all_villages_score_once_and_it_is_over(world: World) -> None:
    """实施完毕，每个居村各评一次，评完即退出。"""
    told = Application(world).admitted("pujiang", "luqiao")
    assert "score" not in told.sees("tang")
    told.do("bureau-lead", "finish", form={"result": "排查完毕"})
    told.do("tang", "score", of="pujiang", form={"stars": 5})
    assert "score" not in told.sees("tang")
    assert told.state == "assessing"
    told.do("an", "score", of="luqiao", form={"stars": 3, "note": "台账偏多"})
    assert told.state == "ended"
    _sound(world, told)
