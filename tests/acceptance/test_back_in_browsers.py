"""Back after every swap: whatever htmx put into a page, going on and back shows a whole page, never a part of one."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.background.reports import run_reports
from engine.clock import MINUTE
from engine.records import task_list
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door
from tests.integration.test_inbox import listing
from tests.support.clicking import Somebody, Street, street
from tests.support.databases import Files
from tests.support.town import BLOCK_CALLS, Town
from web import rendering

pytestmark = pytest.mark.browser

_TEMPLATES = Path(rendering.__file__).parent / "templates"
_SWAP = re.compile(r'hx-(?:get|post|put|patch|delete|boost)="[^"]*"')
PLACE = {"lon": 121.4567, "lat": 30.9, "datum": "WGS-84", "accuracy": 8, "area": "xd-m"}
CALL = {"kind": "appeal", "lead": "water"}


@pytest.fixture(scope="module")
def xidu(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """More tickets and messages than a page holds."""
    with street(files, tmp_path_factory.mktemp("street")) as served:
        for number in range(60):
            listing(served.office, "wang", period=f"p{number}")
        for number in range(31):
            served.office.report(description=f"很多件 {number}")
        yield served


def reported(office: Town, description: str, north: float = 0) -> str:
    form = {
        "description": description, "place": {**PLACE, "lat": 30.9 + north}, "before_photos": [office.photo("wang")],
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    return str(office.ask("wang", "POST", "/api/tickets", json=body).json()["case_no"])


def filed(office: Town, description: str = "路灯不亮") -> str:
    case_no = office.report(description=description)
    office.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    return case_no


def ruled(office: Town) -> None:
    """水务退单、改派城管之后，有先例可建议 / A ruling from which a lead is proposed."""
    case_no = filed(office)
    office.act("shen", case_no, "call", CALL)
    asked = {"ground": "beyond", "suggested": "urban", "clause": "排水条例第九条"}
    office.act("lu-lead", case_no, "return", asked, task=office.task_of(case_no, "water")["task"])
    offered = office.get("shen", f"/api/tickets/{case_no}/actions")["actions"]
    (ask,) = [one["request"] for one in offered if one["action"] == "redispatch"]
    office.act("shen", case_no, "redispatch", {"department": "urban"}, request=ask)
    relay(office.database)
    keep_up(Door(office.database, office.clock, Versions(CalendarBook(office.database))), office.database, office.clock)


# -- what swaps, and by whom ------------------------------------------------------------------------------------------


def _sign(street: Street, chen: Somebody) -> None:
    case_no = filed(street.office)
    street.office.act("shen", case_no, "call", {**CALL, "lead": "urban"})
    chen.go(f"/tickets/{case_no}")
    chen.acts("签收")


def _open_form(street: Street, shen: Somebody) -> None:
    shen.go(f"/tickets/{street.office.report()}")
    shen.asks("直接答复")
    shen.page.locator("#act form").wait_for()


def _send_form(street: Street, shen: Somebody) -> None:
    shen.go(f"/tickets/{street.office.report()}")
    shen.acts("直接答复", {"reply": "已列入计划"})


def _find(street: Street, wang: Somebody) -> None:
    wang.go(f"/report/{BLOCK_CALLS}/report")
    wang.page.fill("input[name='find.item']", "井盖")
    wang.page.locator(".hy-found label").first.wait_for()


def _more_tickets(street: Street, shen: Somebody) -> None:
    shen.go("/tickets")
    before = shen.page.locator("a.hy-row").count()
    shen.click("更多")
    shen.page.wait_for_function(f"() => document.querySelectorAll('a.hy-row').length > {before}")


def _more_tasks(street: Street, chen: Somebody) -> None:
    for _ in range(task_list.PAGE + 1):
        street.office.act("shen", filed(street.office), "call", {**CALL, "lead": "urban"})
    chen.go("/tasks")
    before = chen.page.locator("main a[href^='/tickets/']").count()
    chen.click("更多")
    chen.page.wait_for_function(f"() => document.querySelectorAll(\"main a[href^='/tickets/']\").length > {before}")


def _read_one(street: Street, wang: Somebody) -> None:
    wang.go("/inbox")
    unread = int(wang.page.inner_text(".hy-read-all b"))
    wang.click("标为已读")
    wang.reads(str(unread - 1), ".hy-read-all b")


def _more_messages(street: Street, wang: Somebody) -> None:
    wang.go("/inbox")
    before = wang.page.locator(".hy-message").count()
    wang.click("更多")
    wang.page.wait_for_function(f"() => document.querySelectorAll('.hy-message').length > {before}")


def _read_all(street: Street, wang: Somebody) -> None:
    wang.go("/inbox")
    wang.click("全部标为已读")
    wang.page.wait_for_function("() => !document.querySelector('.hy-new')")


def _join(street: Street, shen: Somebody) -> None:
    reported(street.office, "井盖响声扰民")
    street.office.clock.advance(MINUTE)
    shen.go(f"/tickets/{reported(street.office, '井盖响声扰民', 0.0001)}")
    shen.page.locator("#alike form button").first.click()
    shen.page.locator("#ticket .alert-success").wait_for()


def _proposed_lead(street: Street, shen: Somebody) -> None:
    ruled(street.office)
    shen.go(f"/tickets/{filed(street.office)}")
    shen.page.locator("#leads a.btn").first.click()
    shen.page.locator("#act form").wait_for()


def _flow_again(street: Street, shen: Somebody) -> None:
    """What board's script asks every half minute: the counts of a loop."""
    shen.go(f"/board/flow?workflow={BLOCK_CALLS}")
    was = shen.page.locator("#flow").get_attribute("data-open")
    street.office.report(description="又一件")
    shen.page.evaluate("() => document.getElementById('flow').dispatchEvent(new CustomEvent('hy-again'))")
    shen.page.wait_for_function(f"() => document.getElementById('flow').dataset.open !== '{was}'")


def _report_made(street: Street, shen: Somebody) -> None:
    """A report asks for itself until it is there."""
    shen.go("/reports")
    shen.click("生成 Excel")
    shen.page.locator("#report progress").wait_for()
    office = street.office
    assert run_reports(Application(settings=office.settings, database=office.database, clock=office.clock)) == 1
    shen.page.locator("#report a[download]").wait_for()


#: Every element of the templates that swaps a part of its page → who does it, and how. A new one fails the test below
#: until somebody says here how to press it.
SWAPS: dict[str, tuple[str, Callable[[Street, Somebody], None]]] = {
    'parts.html hx-post="{{ deed.url }}"': ("chen", _sign),
    'parts.html hx-get="{{ deed.url }}"': ("shen", _open_form),
    """parts.html hx-get="/find/{{ w.register }}?name={{ w.name }}{{ '&many=1' if w.many }}\"""": ("wang", _find),
    'act.html hx-post="{{ deed.url }}"': ("shen", _send_form),
    'rows.html hx-get="/tickets?{{ dict(chosen, cursor=next) | urlencode }}"': ("shen", _more_tickets),
    'task_rows.html hx-get="/tasks?part={{ part }}&amp;cursor={{ next }}"': ("chen", _more_tasks),
    'inbox_rows.html hx-post="/inbox/read"': ("wang", _read_one),
    'inbox_rows.html hx-get="/inbox?cursor={{ next | urlencode }}"': ("wang", _more_messages),
    'inbox.html hx-post="/inbox/read"': ("wang", _read_all),
    'hints.html hx-post="/tickets/{{ page.sheet.sight.case_no }}/do/{{ one.offer.name }}"': ("shen", _join),
    'hints.html hx-get="{{ one.url }}"': ("shen", _proposed_lead),
    """board_flow.html hx-get="{{ chosen.at('/board/flow', workflow=flow.workflow.key) }}\"""": ("shen", _flow_again),
    'report_job.html hx-get="/reports/{{ job.id }}"': ("shen", _report_made),
}  # fmt: skip


def test_every_swap_of_the_templates_is_pressed_here() -> None:
    found = {
        f"{path.name} {swap}" for path in _TEMPLATES.rglob("*.html") for swap in _SWAP.findall(path.read_text("utf-8"))
    }
    assert found == {*SWAPS}


@pytest.mark.parametrize("swap", SWAPS)
def test_going_on_and_back_after_a_swap_shows_a_whole_page(xidu: Street, swap: str) -> None:
    login, press = SWAPS[swap]
    with xidu.people(login) as (somebody,):
        press(xidu, somebody)
        assert somebody.whole(), "after the swap"
        address = somebody.page.url
        somebody.page.locator("header a[href='/workflows']").click()
        somebody.page.wait_for_url("**/workflows")
        somebody.page.go_back()
        somebody.page.wait_for_url(address)
        assert somebody.whole(), "after Back"
        assert somebody.page.locator("h1").count() >= 1
        somebody.page.go_forward()
        somebody.page.wait_for_url("**/workflows")
        assert somebody.whole(), "after Forward"
