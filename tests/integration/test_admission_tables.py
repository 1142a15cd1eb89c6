"""Admission on both databases: numbers, the rows behind them, who may be asked what, and what pays for the look-up."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import IntegrityError

import pytest
from psycopg.errors import CheckViolation

from engine import resources
from engine.clock import DAY, Instant
from engine.database import Database
from engine.definitions import admission_rules, thresholds
from engine.definitions.loader import loads
from engine.errors import Malformed, NotAdmitted, NotAllowedNow
from engine.exchange.organisation import apply_departments
from engine.exchange.spreadsheet import write_table
from engine.records import admissions
from engine.records.admission_figures import figures
from engine.rules.acts import Source
from engine.stages.dispatch import leads
from engine.stages.refusals import refuse
from tests.support import admission
from tests.support.admission import Application, asked_of, clock_runs, day, listed
from tests.support.door import Told, World
from tests.support.spoiling import everything, mend, spoil

PASS_BY = """workflow: pass-by
version: 1
title: 交办 / Errands
calendar: cn-mainland
roles:
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
  unit: {title: 承办 / Unit, post: [lead, handler], department: task}
starts:
  open: {title: 登记 / Open, by: desk, to: opened, form: [description!, area!]}
stages:
  report:
    opened:
      title: 已登记 / Opened
      actions:
        ask: {title: 交办 / Ask, by: desk, to: asked, form: [department!, ticket], sends: {errand: department}}
  resolve:
    asked:
      title: 办理中 / Asked
      tasks: [errand]
      actions:
        over: {title: 办结 / Done, by: rule, when: errand joined, to: closed}
        none: {title: 退回 / Back, by: rule, when: errand none, to: opened}
ends:
  closed: {title: 办结 / Closed, type: closed}
tasks:
  errand:
    title: 交办事项 / Errand
    of: department
    states:
      given: {title: 待办 / Given, actions: {do: {title: 办结 / Do, by: unit, to: done}}}
    ends:
      done: {title: 已办 / Done, type: closed}
"""


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    admission.settle(made)
    return made


def test_numbers_run_through_a_year_and_begin_anew(world: World) -> None:
    first, second = Application(world).admitted(), Application(world).admitted("luqiao")
    assert [first.number, second.number] == ["奉村准〔2026〕1号", "奉村准〔2026〕2号"]
    world.clock.at = Instant(world.clock.at + 310 * DAY)
    assert Application(world).admitted().number == "奉村准〔2027〕1号"


def test_two_decisions_at_once_get_two_numbers(world: World) -> None:
    pair = [Application(world).applied().reviewed() for _ in range(2)]

    def admit(told: Application) -> None:
        told.do("fang", "admit", form={"villages": ["pujiang"], "end_day": day(world, 90)})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(admit, pair))
    assert {told.number for told in pair} == {"奉村准〔2026〕1号", "奉村准〔2026〕2号"}


def test_the_decision_says_for_whom_and_until_when_whatever_was_applied_for(world: World) -> None:
    told = Application(world).applied("pujiang", "luqiao").reviewed()
    last = day(world, 30)
    told.do("fang", "admit", form={"villages": ["luqiao"], "items": ["event-02-03"], "end_day": last})
    rows = world.rows("SELECT a.items, a.until, u.department_id FROM admission a JOIN admission_unit u USING (number)")
    assert rows == [("event-02-03", last, world.departments["luqiao"])]
    assert world.differences(told.id) == []


def test_units_that_are_no_more_by_the_decision_are_left_out(world: World) -> None:
    shipped = (resources.workflows() / "village-task-admission.yaml").read_text(encoding="utf-8")
    asked_again = "form: [decision!, villages+, items*, end_day!, proviso, papers*], sends: {run: villages}"
    assert asked_again in shipped
    text = shipped.replace(asked_again, "form: [decision!]").replace("workflow: village-task", "workflow: plain", 1)
    world.activate(loads(text))
    some, none = (Application(world, "plain-admission").applied("pujiang", "luqiao").reviewed() for _ in range(2))
    world.change("UPDATE department SET valid_to = ? WHERE code = 'luqiao'", world.clock.now())
    some.do("fang", "admit")
    rows = world.rows("SELECT u.department_id FROM admission_unit u")
    assert rows == [(world.departments["pujiang"],)]
    assert world.differences(some.id) == []
    world.change("UPDATE department SET valid_to = ? WHERE code = 'pujiang'", world.clock.now())
    refusal = none.refused("fang", "admit")
    assert isinstance(refusal, NotAllowedNow)
    assert "均已撤销" in refusal.zh


def test_a_row_that_somebody_edits_is_found_out(world: World) -> None:
    told = Application(world).admitted()
    world.change("UPDATE admission SET until = ?", "2099-12-31")
    world.change("INSERT INTO admission_end (number, at, action) VALUES (?, ?, 'expire')", told.number, 1)
    found = " ".join(world.differences(told.id))
    assert "until" in found
    assert "ended" in found


@pytest.mark.parametrize("table", ["admission", "admission_unit", "admission_end"])
def test_an_admission_whose_writing_fails_is_not_given_nor_ended(world: World, table: str) -> None:
    ends = table == "admission_end"
    told = Application(world).admitted() if ends else Application(world).applied().reviewed()
    before = everything(world)
    spoil(world, table)
    form = {} if ends else {"villages": ["pujiang"]}
    with pytest.raises((IntegrityError, CheckViolation)):
        told.do("fang", "revoke" if ends else "admit", form=form)
    assert everything(world) == before
    mend(world, table)
    told.do("fang", "revoke" if ends else "admit", form=form)
    assert told.state == ("revoked" if ends else "admitted")
    assert world.differences(told.id) == []


def test_only_villages_can_be_named_as_villages(world: World) -> None:
    refusal = Told(world, admission.ADMISSION).refused("bureau-lead", "apply", form={"villages": ["urban"]})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == "villages"
    assert "居村组织" in refusal.zh


def test_a_row_of_one_village_is_for_it_alone_and_only_while_it_is_there(world: World) -> None:
    listed(world, "yf-002", items="part-01", area="village")
    told = asked_of(world)
    assert isinstance(told.refused("shen", "call", form={"lead": "luqiao"}), NotAdmitted)
    told.do("shen", "call", form={"lead": "pujiang"})
    world.change("UPDATE register_row SET valid_to = ? WHERE code = 'yf-002'", world.clock.now())
    assert isinstance(asked_of(world).refused("shen", "call", form={"lead": "pujiang"}), NotAdmitted)


def test_a_ticket_without_an_item_is_on_no_list_but_an_admission_may_be_named(world: World) -> None:
    world.activate(loads(PASS_BY))
    admitted = Application(world).admitted()
    told = Told(world, "pass-by")
    told.do("shen", "open", form={"area": "street"})
    assert isinstance(told.refused("shen", "ask", form={"department": "pujiang"}), NotAdmitted)
    other = Application(world).applied()
    assert isinstance(told.refused("shen", "ask", form={"department": "pujiang", "ticket": other.case_no}), NotAdmitted)
    assert isinstance(
        told.refused("shen", "ask", form={"department": "luqiao", "ticket": admitted.case_no}), NotAdmitted
    )
    told.do("shen", "ask", form={"department": "pujiang", "ticket": admitted.case_no})
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'ask'", told.id)
    assert admitted.number in facts
    admitted.do("fang", "revoke")
    report = admission.hand_back(world, told, "pujiang", "ding")
    assert (told.state, report.state) == ("opened", "unadmitted")
    assert world.differences(told.id) == []


def test_a_task_is_handed_back_once(world: World) -> None:
    admitted, told = Application(world).admitted(), asked_of(world)
    told.do("shen", "call", form={"lead": "urban", "co": ["pujiang"]})
    admitted.do("fang", "revoke")
    task = told.task_of("pujiang").seq
    admission.hand_back(world, told, "pujiang", "tang")
    assert told.state == "called"
    with pytest.raises(NotAllowedNow):
        refuse(world.door, world.caller("tang"), told.id, task)
    assert len(world.rows("SELECT 1 FROM event WHERE action = 'handed_back'")) == 1


def test_the_last_day_counts_whole_and_the_next_one_not_even_before_the_clock_has_come(world: World) -> None:
    told = Application(world).admitted(days=60)
    world.clock.at = Instant(world.clock.at + 60 * DAY)
    asked_of(world).do("shen", "call", form={"lead": "pujiang"})
    world.clock.at = Instant(world.clock.at + 1 * DAY)
    assert told.state == "admitted"
    assert isinstance(asked_of(world).refused("shen", "call", form={"lead": "pujiang"}), NotAdmitted)


def test_what_an_old_system_did_is_bound_by_nothing_but_admits_nothing(world: World) -> None:
    told = asked_of(world)
    old = {"source": Source.IMPORT, "claimed_at": world.clock.now()}
    told.do("import:old", "call", form={"lead": "pujiang"}, **old)
    assert told.state == "called"
    application = Application(world).applied().reviewed()
    refusal = application.refused("import:old", "admit", form={"villages": ["pujiang"]}, **old)
    assert isinstance(refusal, NotAllowedNow)
    assert "不能导入" in refusal.zh


def test_a_day_that_is_over_admits_nothing(world: World) -> None:
    told = Application(world).applied().reviewed()
    refusal = told.refused("fang", "admit", form={"villages": ["pujiang"], "end_day": admission.day(world, 0)})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == "end_day"


def test_acts_that_send_to_nobody_bound_ask_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("looked up in vain")

    monkeypatch.setattr(admissions, "bounds", never)
    monkeypatch.setattr(admissions, "units", never)
    asked_of(world).do("shen", "call", form={"lead": "urban", "co": ["water"]})


def test_a_village_is_proposed_last_and_told_why_not(world: World) -> None:
    for village in ("pujiang", "urban"):
        world.change(
            "INSERT INTO responsibility (item_code, area_id, level, lead_id, co, basis, active) "
            "VALUES (?, ?, '', ?, '[]', '权责', ?)",
            "part-01-01", world.areas["street"], world.departments[village], True,
        )  # fmt: skip
    told = asked_of(world)
    rules = thresholds.shipped().proposals
    with world.database.looking() as transaction:
        case = world.door.case(transaction, told.id)
        first, last = leads(transaction, world.versions.almanac(), case, world.clock.now(), rules)
    assert (first.code, last.code) == ("urban", "pujiang")
    assert any("不在清单内" in one.zh for one in last.against)
    assert not first.against


def test_the_figures_name_their_tickets(world: World) -> None:
    live = Application(world).admitted("pujiang", "luqiao")
    over = Application(world).admitted("pujiang", days=20)
    refused = Application(world).applied("pujiang")
    refused.do("gu", "turn_down")
    late = Application(world).applied("luqiao")
    stopped = Told(world, admission.ADMISSION)
    stopped.do("tang", "report_unadmitted", form={"task_name": "入户登记"})
    stopped.do("gu", "stop")
    clock_runs(world, 40)
    rules = admission_rules.shipped()
    with world.database.looking() as transaction:
        found = figures(
            transaction, world.versions, rules, admissions.units(transaction, rules),
            [world.unit("district"), world.unit("city")], world.clock.now(),
        )  # fmt: skip
        nobody = figures(
            transaction, world.versions, rules, admissions.units(transaction, rules), [world.unit("micro")],
            world.clock.now(),
        )  # fmt: skip
    pujiang, luqiao = found["pujiang"], found["luqiao"]
    assert (pujiang.live, luqiao.live) == ([live.case_no], [live.case_no])
    assert pujiang.admitted == [over.case_no, live.case_no]
    assert pujiang.refused == [refused.case_no]
    assert pujiang.on_time == [refused.case_no, over.case_no, live.case_no]
    assert (pujiang.stopped, luqiao.stopped) == ([stopped.case_no], [])
    assert luqiao.late == [late.case_no]
    assert not nobody["luqiao"].any


def test_villages_come_in_as_a_table(world: World, tmp_path: Path) -> None:
    path = tmp_path / "units.xlsx"
    write_table(path, ("编码", "名称", "类别", "区域编码"), [("jw-9", "新村村民委员会", "居村组织", "grid-2")])
    assert apply_departments(world.database, path, world.clock.now()).new == ("jw-9",)
    told = asked_of(world)
    refusal = told.refused("shen", "call", form={"lead": "jw-9"})
    assert isinstance(refusal, NotAdmitted)
    assert "新村村民委员会" in refusal.zh
