"""Pages that everybody can use: axe-core finds nothing grave, the policy forbids nothing, the console stays silent."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from tests.support.administrators import administered, apply, as_workbook, bring, taken_out
from tests.support.axe import axe_source, findings, watch
from tests.support.browser import Browser
from tests.support.chromium import REQUIRED, chromium, on_a_port, sign_in
from tests.support.loops import small
from tests.support.town import BLOCK_CALLS, Town, town

pytestmark = pytest.mark.browser

#: A phone and a desk.
WIDTHS = (390, 1440)
OFFICE = (
    "/", "/queue", "/tickets", "/inbox", "/workflows", "/meetings", "/exemptions", "/appraisals",
    "/posts", "/grids", "/report", f"/report/{BLOCK_CALLS}/report", f"/workflows/{BLOCK_CALLS}", "/tickets/{case_no}",
)  # fmt: skip
WALKS = {
    "shen": (*OFFICE, "/shifts", "/tickets/{fresh}", "/tickets/{fresh}/do/accept"),
    "chen": (
        *OFFICE,
        "/tasks",
        "/tasks?by=place",
        "/tasks?by=standard",
        "/tasks?by=map",
        "/map",
        "/tickets/{case_no}/do/finish?task={task}",
    ),
    "wang": OFFICE,
    "he": (*OFFICE, "/unmaskings", "/figures", "/figures/valid_reports?by=area&side=rest"),
    "qin": (
        "/admin/workflows", "/admin/workflows/drafts/{sound}", "/admin/workflows/drafts/{trap}",
        "/admin/workflows/drafts/{wrong}", "/admin/workflows/sandboxes", "{sandbox}",
        "{sandbox}/act?who=sb.1&action=report",
        "/admin/workflows/drafts/{sound}/vacancies", f"/admin/workflows/loops/{BLOCK_CALLS}",
        f"/admin/workflows/loops/{BLOCK_CALLS}/1", f"/admin/workflows/loops/{BLOCK_CALLS}/1/rules",
        f"/admin/workflows/loops/{BLOCK_CALLS}/compare",
        "/", "/admin", "/password", "/admin/areas", "/admin/areas?under=fx", "/admin/departments", "/admin/people",
        "/admin/people/wang", "/admin/tables/people", "/admin/tables/catalogue", "/admin/acts", "/admin/acts/1",
        "/admin/acts/2", "{rough}", "{smooth}",
    ),
    "jiang": ("/admin/personal", "/sessions"),
    None: ("/signin", "/g/xd-g"),
}  # fmt: skip


@pytest.fixture
def office(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    if os.environ.get("CI") == "true":
        monkeypatch.setenv(REQUIRED, "required")
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield administered(served)


def _stocked(office: Town) -> dict[str, str]:
    """A ticket that is worked on, and one that has just come in."""
    case_no, fresh = (_at_the_spot(office, words) for words in ("窨井盖破损", "窨井盖破损了"))
    office.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    task = office.task_of(case_no, "urban")["task"]
    office.act("chen", case_no, "sign", task=task)
    drafts = {"sound": small(7), "trap": small(7, trapped=True), "wrong": small(7).replace("title:", "titel:", 3)}
    qin = Browser(office, "qin")
    form = qin.go("/admin/workflows").form("/admin/workflows")
    kept = {name: qin.send(form, files={"file": text.encode()}).url[-64:] for name, text in drafts.items()}
    played = qin.send(qin.go(f"/admin/workflows/drafts/{kept['sound']}").form("/sandbox"))
    sandbox = "/" + played.url.partition("://")[2].partition("/")[2]
    return {"case_no": case_no, "fresh": fresh, "task": str(task), "sandbox": sandbox, **kept}


def _at_the_spot(office: Town, words: str) -> str:
    """The two lie where a map shows them, and are likely the same matter."""
    place = {"lon": 121.47, "lat": 30.93, "datum": "WGS-84", "area": "xd-m"}
    form = {"description": words, "place": place, "before_photos": [office.photo("wang")]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    return str(office.ask("wang", "POST", "/api/tickets", json=body).json()["case_no"])


def _drafted(office: Town) -> dict[str, str]:
    """Two previews of an administrator, with errors and without; and two acts of theirs."""
    qin = Browser(office, "qin")
    header = ["编码", "名称", "类别"]
    apply(qin, bring(qin, "departments", as_workbook([header, ["n1", "新处", "委办局"]])))
    taken_out(qin, "people")
    wrong = bring(qin, "departments", as_workbook([header, ["n2", "某局", "局"]]))
    right = bring(qin, "departments", as_workbook([header, ["n1", "改名", "委办局"], ["n3", "又一处", "委办局"]]))
    return {"rough": wrong.url.partition("testserver")[2], "smooth": right.url.partition("testserver")[2]}


@pytest.mark.parametrize("login", WALKS)
def test_main_pages_are_accessible_and_keep_to_their_policy(office: Town, login: str | None) -> None:
    source, parts = axe_source(), _stocked(office)
    if login == "qin":
        parts |= _drafted(office)
    found: list[str] = []
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context()
        if login is not None:
            sign_in(context, office, address, login)
        page = context.new_page()
        said = watch(page)
        for path in (path.format(**parts) for path in WALKS[login]):
            answer = page.goto(address + path, wait_until="networkidle")
            assert answer.status == 200, path
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found += [f"{path} at {width} px: {one}" for one in findings(page, source)]
        context.close()
    assert not found, "\n".join(found)
    assert not said, "\n".join(said)


def test_a_field_without_a_label_and_a_style_within_a_page_are_found(office: Town) -> None:
    source = axe_source()
    with on_a_port(office) as address, chromium() as browser:
        page = browser.new_page()
        said = watch(page)
        page.goto(f"{address}/signin", wait_until="networkidle")
        assert (findings(page, source), said) == ([], [])
        page.evaluate("() => { document.querySelector('main').innerHTML = '<input style=\"color: red\">' }")
        assert any("label at input" in one for one in findings(page, source))
        assert any("CSP style-src" in one for one in said)
