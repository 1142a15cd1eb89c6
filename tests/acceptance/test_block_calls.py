"""块呼条应·速办直评：从上报到直评，由人物讲述。

Block calls, line responds: told by the standing cast, through the door, on both databases.

王、周 网格员 grid workers · 汤 居村书记 secretary of the village · 刘 网格长 grid leader ·
沈 街镇受理员 the street's desk · 顾 区受理员 the district's · 何 督查员 supervisor ·
陈 城管 urban management · 陆 水务 water · 董 供电 power · 戚 燃气 gas
"""

import json

import pytest

from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database
from engine.errors import NotAllowedNow
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _sound(world: World) -> None:
    """The history of every ticket is whole, and the feed tells all of it."""
    relay(world.database)
    assert world.verdict().sound
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]


def _times(told: Told, department: str) -> dict[str, int]:
    """When each thing happened on a department's task, in minutes since the call."""
    task = told.task_of(department)
    rows = told.world.rows(
        "SELECT action, at FROM event WHERE ticket_id = ? AND task_seq = ? ORDER BY seq", told.id, task.seq
    )
    return {action: (at - task.opened_at) // MINUTE for action, at in rows}


def test_a_village_calls_two_departments_in_an_emergency_and_scores_each(world: World) -> None:
    """应急：燃气泄漏，居村吹哨，燃气、城管三十分钟内到场，各自反馈，块上逐家直评，公示期满归档。"""
    # 上报、受理：汤书记直接呼叫 / The village whistles; nobody needs to file it first.
    told = world.ticket()
    told.do("tang", "whistle", form={"description": "幸福里 3 号楼下有燃气味", "item": "event-02-03"})
    assert told.state == "filed"
    assert "whistle" in told.told_to(world.unit("street"))

    # 派遣：燃气主办，城管协办 / Gas leads, urban management joins in.
    told.do("tang", "call", form={"kind": "emergency", "lead": "gas", "co": ["urban"]})
    assert [task.lead for task in told.case.tasks.values()] == [True, False]
    assert "arrive" in {timer.name for timer in told.case.timers.values()}

    # 处置：签收、联系、到场、反馈各有其时 / Signing, contact, arrival and feedback are told apart.
    world.later(5 * MINUTE)
    told.signed("gas")
    assert told.state == "handling"
    world.later(5 * MINUTE)
    told.do("qi", "contact", of="gas")
    told.signed("urban")
    world.later(15 * MINUTE)
    told.do("qi", "arrive", of="gas")
    told.do("chen", "arrive", of="urban")
    world.later(2 * HOUR)
    told.finished("urban")
    assert told.state == "handling"
    told.finished("gas")
    assert told.state == "checking"
    assert _times(told, "gas") == {"sign": 5, "contact": 10, "arrive": 25, "finish": 145}
    assert _times(told, "urban") == {"sign": 10, "arrive": 25, "finish": 145}

    # 核查：不由经办人核查 / Somebody else checks.
    assert "check" not in told.sees("qi")
    told.do("zhou", "check")

    # 直评：只在反馈之后，一家一评 / Only after feedback, and each department by itself.
    assert "pass" in told.sees("tang")
    assert "pass" not in told.sees("wang")
    gas, urban = told.task_of("gas").seq, told.task_of("urban").seq
    told.do(
        "tang",
        "pass",
        each={
            gas: {"stars": 5, "resolved": "solved"},
            urban: {"stars": 3, "resolved": "explained", "reason": "到场后未拉警戒线"},
        },
    )
    assert told.state == "published"
    assert "pass" in told.told_to(world.unit("urban"))

    # 申诉一次，公示停走；裁定维持后继续 / One appeal, during which the publication stands still.
    told.do("chen-lead", "appeal")
    assert told.sees("chen-lead").isdisjoint({"appeal"})
    told.do("he", "keep", request=told.ask("appeal").seq)
    world.later(10 * DAY)
    told.do("clock", "archive")
    assert told.state == "closed"
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'pass'", told.id)
    assert {seq: score["stars"] for seq, score in json.loads(facts)["each"].items()} == {str(gas): 5, str(urban): 3}
    assert "警戒线" not in facts
    _sound(world)


def test_a_department_returns_a_call_the_desk_rules_and_the_ruling_binds(world: World) -> None:
    """退单：先退对了改派，再退不成即指定；指定单位先办后议。"""
    told = world.ticket().called("urban", "water", item="event-02-03")

    # 城管：超出职责，应由供电 / Urban management: beyond duty, it is the power company's.
    told.do("chen-lead", "return", of="urban", form={"ground": "beyond", "suggested": "power", "clause": "三定第 4 条"})
    assert told.task_of("urban").state == "sent"
    told.do("shen", "redispatch", request=told.ask("return").seq, form={"department": "power"})
    assert told.task_of("urban").state == "returned"
    assert told.task_of("power").lead

    # 供电也退：受理员维持，从此不得再退 / Power returns it too: upheld, and from now on designated.
    told.do("dong-lead", "return", of="power")
    told.do("shen", "uphold", request=told.ask("return").seq, form={"reason": "权责清单第 12 项"})
    assert "return" not in told.sees("dong-lead")
    told.do("dong-lead", "protest", of="power")

    # 先办后议 / It handles now, and has its objection recorded.
    told.signed("power", "water").finished("power", "water")
    assert told.state == "checking"
    _sound(world)


def test_a_call_that_three_departments_return_is_a_problem_ticket_of_the_district(world: World) -> None:
    """问题工单：三次退单，自动提级，区里指定，不得再退。"""
    told = world.ticket().called("urban")
    for returning, to in (("urban", "water"), ("water", "gas")):
        lead = {"urban": "chen-lead", "water": "lu-lead"}[returning]
        told.do(lead, "return", of=returning)
        told.do("shen", "redispatch", request=told.ask("return").seq, form={"department": to})
    told.do("qi-lead", "return", of="gas")
    told.do("shen", "give_up", request=told.ask("return").seq)
    assert told.state == "arbitration"
    assert "raised" in told.told_to(world.unit("district"))

    told.do("gu", "designate", form={"lead": "urban", "co": ["water"]})
    assert told.state == "called"
    assert "return" not in told.sees("chen-lead") | told.sees("lu-lead")
    told.signed("urban", "water").finished("water", "urban").scored()
    assert told.state == "published"
    _sound(world)


def test_departments_dispute_whose_it_is_and_nobody_stops_working(world: World) -> None:
    """权属不清不是退单理由：提出争议即会商，会商期间不停办，会商不成报区裁定。"""
    told = world.ticket().called("urban", "water").signed("water")
    told.do("chen-lead", "dispute", of="urban", form={"overlap": "unclear"})
    assert told.state == "consulting"
    told.do("lu", "progress", of="water")
    told.do("shen", "unresolved")
    told.do("gu", "carry_on")
    assert told.state == "handling"
    told.signed("urban").finished("urban", "water")
    assert told.state == "checking"
    _sound(world)


def test_two_neighbours_report_the_same_and_each_hears_what_became_of_it(world: World) -> None:
    """并案：两位居民报同一处积水，并为一案，各自得到答复，各自评价。"""
    first = world.ticket().filed()
    second = world.ticket().reported("citizen")
    second.joined_to(first)
    assert second.state == "joined"
    assert "join" in second.told_to(world.unit("citizen"))
    assert first.actions[-1] == "joined_by"

    first.do("shen", "call", form={"lead": "water"})
    first.signed("water").finished("water").scored()
    run_commands(world.door, world.database, world.clock)
    assert second.state == "answered"
    assert "follow" in second.told_to(world.unit("citizen"))
    second.do("citizen", "rate_answer", form={"stars": 4})
    first.do("wang", "rate", form={"stars": 5})
    assert (second.state, first.state) == ("closed", "published")
    _sound(world)


def test_a_wrong_join_is_undone_and_each_ticket_goes_its_own_way(world: World) -> None:
    """拆案：并错了就拆开，各办各的。"""
    first, second = world.ticket().filed(), world.ticket().reported("citizen")
    second.joined_to(first)
    second.do("shen", "split")
    first.do("shen", "answer")
    run_commands(world.door, world.database, world.clock)
    assert (first.state, second.state) == ("answered", "filed")
    _sound(world)


def test_a_check_that_fails_is_rework_and_a_citizen_who_is_not_content_is_re_handling(world: World) -> None:
    """返工≠重办：核查不过是返工，办结后群众不满意是重办；两次重办仍不满意，报区。"""
    told = world.ticket()
    told.filed(by="citizen").do("shen", "call", form={"lead": "urban"})
    told.signed("urban").finished("urban")
    told.do("zhou", "rework")
    assert told.case.ticket.memory.counters == {"reworks": 1}
    told.finished("urban").scored()

    for _ in range(2):
        told.do("citizen", "redo", form={"satisfaction": "dissatisfied", "reason": "井盖还在响"})
        assert told.state == "rehandling"
        told.finished("urban").scored()
    assert "redo" not in told.sees("citizen")
    told.do("citizen", "still_not")
    assert told.state == "arbitration"
    assert "still_not" in told.told_to(world.unit("district"))
    tasks = [task.previous for task in told.case.tasks.values()]
    assert tasks == [None, *list(told.case.tasks)[:-1]], "each round points at the one before it"
    _sound(world)


def test_time_is_asked_for_in_time_and_given_once(world: World) -> None:
    """延期与挂账：到期前申请；延期一次加一个原时限；挂账有截止日，到日自行恢复。"""
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    (before,) = [timer for timer in told.case.timers.values() if timer.name == "handle"]
    told.do("chen-lead", "extension", of="urban")
    told.do("shen", "grant_extension", request=told.ask("extension").seq)
    (extended,) = [timer for timer in told.case.timers.values() if timer.name == "handle"]
    assert extended.due_at > before.due_at

    told.do("chen-lead", "suspension", of="urban", form={"reason": "等待汛期结束", "resume_on": "2026-10-01"})
    told.do("he", "grant_suspension", request=told.ask("suspension").seq)
    (asleep,) = [timer for timer in told.case.timers.values() if timer.name == "handle"]
    assert (asleep.run, asleep.resumes_at is not None) == ("paused", True)
    assert "suspension" not in told.sees("chen-lead")
    told.finished("urban")
    assert told.state == "checking"
    _sound(world)


def test_a_passer_by_who_leaves_no_name_is_answered_by_the_desk(world: World) -> None:
    """随手拍：没有账号也能报；直接答复，不经派遣。"""
    told = world.ticket().reported("public:passer_by")
    told.do("shen", "answer", form={"item": "event-02-03", "reply": "已列入本月整修计划"})
    assert told.state == "answered"
    told.do("clock", "unrated")
    assert told.state == "closed"
    _sound(world)


def test_what_is_not_real_or_not_complete_goes_back_before_anybody_is_called(world: World) -> None:
    """受理研判：先核实、可退回补充；逾期未补充自行了结。"""
    told = world.ticket().reported("citizen")
    told.do("shen", "verification")
    assert "accept" not in told.sees("shen")
    told.do("zhou", "genuine", request=told.ask("verification").seq)
    told.do("shen", "ask_back", form={"message": "请补充门牌号"})
    assert "ask_back" in told.told_to(world.unit("citizen"))
    told.do("citizen", "supplement", form={"description": "幸福路 12 号门前", "address": "幸福路 12 号"})
    told.do("shen", "ask_back", form={"message": "请补充照片"})
    world.later(5 * DAY)
    told.do("clock", "lapse")
    assert told.state == "lapsed"
    _sound(world)


def test_of_three_departments_one_is_ruled_against_one_is_replaced_and_one_is_late(world: World) -> None:
    """三家同办：水务退单被驳回，供电被换下，城管逾期；各办各的，互不耽误，块上逐家直评。"""
    told = world.ticket().called("urban", "water", "power").signed("urban", "power")

    # 水务退单，受理员维持，再退不成 / Water returns it; the desk upholds, and there is no second return.
    told.do("lu-lead", "return", of="water", form={"ground": "beyond", "suggested": "gas", "clause": "三定第 7 条"})
    told.do("shen", "uphold", request=told.ask("return").seq, form={"reason": "权责清单第 12 项"})
    assert "return" not in told.sees("lu-lead")
    assert "没有标记“指定承办，不得再退”" in told.refused("lu-lead", "return", of="water").message
    told.signed("water")

    # 供电换成燃气，城管、水务照办 / Power is replaced by gas while the others work on.
    told.do("shen", "replace", of="power", form={"department": "gas", "reason": "实为燃气井盖"})
    assert [told.task_of(code).state for code in ("urban", "water", "power", "gas")] == [
        "signed", "signed", "withdrawn", "sent",
    ]  # fmt: skip
    assert "replace" in told.told_to(world.unit("power"))
    told.signed("gas").finished("gas", "water")
    assert told.state == "handling"

    # 城管逾期：升级一次，办结后核查、逐家直评 / Urban management is late: escalated, and scored like the others.
    world.later(6 * HOUR)
    sweep(world.door, world.database, world.clock)
    overdue = told.actions.count("rung")
    assert overdue
    assert "rung" in told.told_to(world.unit("urban"))
    assert sweep(world.door, world.database, world.clock).rungs == 0
    assert told.actions.count("rung") == overdue
    told.finished("urban")
    assert told.state == "checking"
    told.do("zhou", "check")
    stars = {told.task_of("urban").seq: 2, told.task_of("water").seq: 4, told.task_of("gas").seq: 5}
    told.do("liu", "pass", each={seq: {"stars": given, "resolved": "solved"} for seq, given in stars.items()})
    assert told.state == "published"
    _sound(world)


def test_five_reports_of_one_matter_are_joined_one_is_split_off_and_everybody_hears(world: World) -> None:
    """五报一案：并四件，拆一件；办结后并案各得答复，拆出的另办。"""
    main = world.ticket().filed()
    others = [world.ticket().reported(who).joined_to(main) for who in ("citizen", "zhou", "wang", "citizen")]
    assert {told.state for told in others} == {"joined"}
    *followers, apart = others
    apart.do("shen", "split", form={"reason": "另一处井盖"})
    assert apart.state == "filed"
    assert {"join", "split"} <= apart.told_to(world.unit("citizen"))

    main.do("shen", "call", form={"lead": "water"})
    main.signed("water").finished("water").scored()
    run_commands(world.door, world.database, world.clock)
    assert [told.state for told in followers] == ["answered"] * 3
    assert all(
        "follow" in told.told_to(world.unit(who))
        for told, who in zip(followers, ("citizen", "zhou", "wang"), strict=True)
    )
    assert apart.state == "filed"
    assert "follow" not in apart.told_to(world.unit("citizen"))
    _sound(world)


def _published(world: World) -> Told:
    told = world.ticket().called("urban").signed("urban").finished("urban").scored()
    assert told.state == "published"
    return told


_CALLBACK = {"called_back", "no_answer", "declined"}


def test_a_citizen_is_called_back_three_times_and_then_no_more(world: World) -> None:
    """回访：三次未接通为止，每次都在案；第四次不能再办。"""
    told = _published(world)
    for _ in range(3):
        assert told.sees("shen") >= _CALLBACK
        told.do("shen", "no_answer")
        assert "no_answer" not in told.sees("shen")
        world.later(HOUR)
        assert isinstance(told.refused("shen", "no_answer"), NotAllowedNow)
        world.later(HOUR)
    assert told.sees("shen").isdisjoint(_CALLBACK)
    assert isinstance(told.refused("shen", "no_answer"), NotAllowedNow)
    ((tries,),) = world.rows("SELECT count(*) FROM event WHERE ticket_id = ? AND action = 'no_answer'", told.id)
    assert tries == 3
    _sound(world)


def test_a_citizen_who_is_not_content_on_the_phone_is_called_back_again_once_it_is_done_anew(world: World) -> None:
    """回访接通、不满意即重办；重办公示后重新回访，这次拒绝回访。"""
    told = _published(world)
    told.do("shen", "no_answer")
    told.do("shen", "called_back", form={"contacted": "yes", "resolved": "unsolved", "satisfaction": "dissatisfied"})
    assert told.sees("shen").isdisjoint(_CALLBACK)
    told.do("shen", "redo")
    told.finished("urban").scored()
    assert told.state == "published"
    assert told.sees("shen") >= _CALLBACK
    told.do("shen", "declined")
    assert told.sees("shen").isdisjoint(_CALLBACK)
    _sound(world)


def test_a_designated_department_that_tries_to_return_handles_first_and_objects(world: World) -> None:
    """指定单位不得再退：申请当场被拒，先办后议在案，照常办理、核查、直评。"""
    told = world.ticket().called("power")
    told.do("dong-lead", "return", of="power")
    told.do("shen", "uphold", request=told.ask("return").seq, form={"reason": "权责清单第 12 项"})
    assert isinstance(told.refused("dong-lead", "return", of="power"), NotAllowedNow)
    told.do("dong-lead", "protest", of="power")
    told.signed("power").finished("power")
    assert told.state == "checking"
    told.scored()
    assert told.state == "published"
    _sound(world)
