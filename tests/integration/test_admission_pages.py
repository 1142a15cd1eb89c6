"""Admission on pages and in the API: what a village may be asked, figures with their tickets, the one tap."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import DAY, Instant, SetClock, moment
from engine.database import Database, Transaction
from engine.definitions import register_file
from engine.records import register_keeping
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.register_keeping import NewRow
from tests.support.browser import Browser
from tests.support.rhythms import at
from tests.support.town import Town, town

ADMISSION = "village-task-admission"
PEOPLE = (
    ("tang", "汤书记", "lead", None, "jw-xd"),
    ("zhu", "朱书记", "lead", None, "jw-nq"),
    ("bao", "鲍主任", "lead", None, "bureau"),
    ("fang", "方副区长", "chief", "fx", None),
)
VILLAGES = (("jw-xd", "浦江居民委员会", "xd-v"), ("jw-nq", "南桥居民委员会", "nq-g"))
ROW = {"matter": "组织居民议事协商", "area": "fx", "list": "assist", "items": "part-01-02", "basis": "组织法第三条"}


@pytest.fixture
def fengxian(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    clock.at = at("2026-03-04 10:00")
    with town(database, clock, tmp_path / "data") as served:
        database.acting(lambda transaction: _settle(transaction, clock.now()))
        yield served


def _settle(transaction: Transaction, now: Instant) -> None:
    create_departments(
        transaction, [NewDepartment(code=code, name=name, kind="village", area=area) for code, name, area in VILLAGES]
    )
    create_people(transaction, [NewPerson(login=row[0], name=row[1]) for row in PEOPLE])
    appoint(
        transaction,
        [Appointment(login=row[0], post=row[2], area=row[3], department=row[4], since=Instant(0)) for row in PEOPLE],
    )
    register = register_file.discover()["village-duties"]
    row = register_keeping.check(transaction, register, NewRow(code="xz-01", form=ROW, valid_from=Instant(0)), now)
    register_keeping.put(transaction, register, row, "gu", now)


def _apply(there: Town) -> str:
    last = moment(Instant(there.clock.now() + 90 * DAY)).date().isoformat()
    soon = moment(Instant(there.clock.now() + 60 * DAY)).date().isoformat()
    form = {
        "task_name": "窨井盖排查", "area": "fx", "villages": ["jw-xd"], "items": ["part-01-01"], "ground": "条例第五条",
        "workload": "每村半天", "funds": "区财政", "start_day": soon, "end_day": last, "description": "汛前排查",
    }  # fmt: skip
    body = {"workflow": ADMISSION, "action": "apply", "form": form}
    answer = there.ask("bao", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def _admit(there: Town) -> str:
    case_no = _apply(there)
    there.act("gu", case_no, "send_to_review", {"reviewers": ["urban"]})
    there.act("chen", case_no, "give", {"view": "agree"}, task=there.task_of(case_no, "urban")["task"])
    last = moment(Instant(there.clock.now() + 90 * DAY)).date().isoformat()
    there.act("fang", case_no, "admit", {"decision": "同意", "villages": ["jw-xd"], "end_day": last})
    return case_no


def _called(there: Town) -> str:
    case_no = there.report()
    there.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    there.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["jw-xd"]})
    return case_no


def test_the_refusal_of_the_unadmitted_is_a_problem_of_its_own(fengxian: Town) -> None:
    case_no = fengxian.report()
    fengxian.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    problem = fengxian.refused("shen", case_no, "call", {"kind": "appeal", "lead": "jw-xd"})
    assert (problem["code"], problem["status"], problem["where"]["field"]) == ("not_admitted", 409, "lead")
    page = Browser(fengxian, "shen").do(case_no, "call", {"kind": "appeal", "lead": "jw-xd"})
    assert "窨井盖" in page.text
    assert "《依法履职事项清单》、《依法协助事项清单》" in page.text


def test_a_village_sees_what_it_may_be_asked_and_for_how_long(fengxian: Town) -> None:
    case_no = _admit(fengxian)
    page = Browser(fengxian, "tang").go("/admissions")
    for shown in (
        "浦江居民委员会",
        "奉村准〔2026〕1号",
        "窨井盖排查",
        "余 91 天",
        "组织居民议事协商",
        "路灯",
        "建管委",
    ):
        assert shown in page.text, shown
    stranger = Browser(fengxian, "zhu")
    other = stranger.go("/admissions")
    assert "奉村准" not in other.text
    assert "组织居民议事协商" in other.text
    assert stranger.go("/admissions?unit=jw-xd").status == 404
    told = fengxian.get("tang", "/api/admissions/jw-xd")
    assert [(one["number"], one["days_left"], one["case_no"]) for one in told["admissions"]] == [
        ("奉村准〔2026〕1号", 91, case_no)
    ]
    assert [(one["code"], one["on"]["zh"]) for one in told["duties"]] == [("xz-01", "依法协助事项清单")]


def test_every_figure_opens_its_tickets(fengxian: Town) -> None:
    admitted, refused = _admit(fengxian), _apply(fengxian)
    fengxian.act("gu", refused, "turn_down", {"reason": "属部门自身职责"})
    office = Browser(fengxian, "gu")
    page = office.go("/admissions?unit=jw-xd&show=refused")
    assert refused in page.text
    assert admitted in office.go(page.link("unit=jw-xd&show=live")).text
    (first, second) = fengxian.get("gu", "/api/admissions")["items"]
    assert (first["unit"]["code"], second["unit"]["code"]) == ("jw-nq", "jw-xd")
    assert second["figures"] == {
        "live": [admitted], "admitted": [admitted], "refused": [refused], "on_time": [refused, admitted], "late": [],
        "stopped": [],
    }  # fmt: skip
    assert not any(first["figures"].values())


def test_one_tap_hands_back_what_rests_on_nothing_any_more(fengxian: Town) -> None:
    admitted = _admit(fengxian)
    case_no = _called(fengxian)
    history = Browser(fengxian, "tang").go(f"/tickets/{case_no}")
    assert "浦江居民委员会：准入 奉村准〔2026〕1号：窨井盖排查" in history.text
    assert "hand-back" not in history.html
    fengxian.act("fang", admitted, "revoke", {"reason": "加重负担"})
    assert "hand-back" not in Browser(fengxian, "shen").go(f"/tickets/{case_no}").html
    village = Browser(fengxian, "tang")
    page = village.go(f"/tickets/{case_no}")
    assert "已无依据" in page.text
    page = village.send(page.form("/hand-back"))
    assert "未准入待核" in page.text
    assert case_no in page.text
    back = Browser(fengxian, "shen").go(f"/tickets/{case_no}")
    assert "居村拒办：未经准入，退回" in back.text


def test_the_api_hands_back_for_the_village_alone(fengxian: Town) -> None:
    admitted = _admit(fengxian)
    case_no = _called(fengxian)
    path = f"/api/tickets/{case_no}/tasks/{fengxian.task_of(case_no, 'jw-xd')['task']}/hand-back"
    resting = fengxian.ask("tang", "POST", path)
    assert (resting.status_code, resting.json()["code"]) == (409, "not_allowed_now")
    fengxian.act("fang", admitted, "revoke", {"reason": "加重负担"})
    assert fengxian.ask("chen-lead", "POST", path).json()["code"] == "not_permitted"
    assert fengxian.ask("zhu", "POST", path).status_code == 404
    done = fengxian.ask("tang", "POST", path)
    assert (done.status_code, done.json()["state"]) == (201, "unadmitted")
    assert fengxian.ask("tang", "POST", path).json()["code"] == "not_allowed_now"


def test_the_form_of_the_decision_comes_with_what_was_applied_for(fengxian: Town) -> None:
    case_no = _apply(fengxian)
    fengxian.act("gu", case_no, "send_to_review", {"reviewers": ["urban"]})
    fengxian.act("chen", case_no, "give", {"view": "agree"}, task=fengxian.task_of(case_no, "urban")["task"])
    page = Browser(fengxian, "fang").go(f"/tickets/{case_no}/do/admit")
    form = page.form("/do/admit")
    assert form.values["villages"] == ["jw-xd"]
    assert form.values["end_day"] == ["2026-06-02"]
    assert set(form.choices["villages"]) == {"jw-xd", "jw-nq"}
