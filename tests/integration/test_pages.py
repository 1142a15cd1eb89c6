"""The pages, walked in a browser without JavaScript."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.clock import HOUR, MINUTE, SetClock
from engine.database import Database
from engine.records import sheet
from engine.records.access import person_of_login, viewer_of
from tests.support.administrators import administered
from tests.support.browser import Browser, Page
from tests.support.loops import small
from tests.support.town import BLOCK_CALLS, Town, png, town
from web import assets


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


REPORT = f"/report/{BLOCK_CALLS}/report"


def report(browser: Browser, area: str = "xd-m") -> str:
    """A new ticket, reported on its page; the case number."""
    form = browser.go(REPORT).form(REPORT)
    page = browser.send(form, {"description": "路灯不亮，夜里摔倒", "place": area}, {"before_photos": png()})
    assert page.status == 200, page.text
    return urlsplit(page.url).path.rpartition("/")[2]


def test_a_ticket_walks_through_all_five_stages_by_plain_forms(xidu: Town) -> None:
    wang, shen = Browser(xidu, "wang"), Browser(xidu, "shen")
    case_no = report(wang)
    assert case_no in shen.go("/").text
    shen.do(case_no, "accept", {"item": "part-01-02/1", "urgency": "normal", "find.item": "路灯"})
    page = shen.do(case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["water"], "message": "请今天到场"})
    assert "已派遣，待响应" in page.text
    for login in ("chen", "lu"):
        line = Browser(xidu, login)
        assert case_no in line.go("/").text
        xidu.clock.advance(MINUTE)
        line.do(case_no, "sign")
        line.do(case_no, "contact", {"note": "已联系"})
        line.do(case_no, "finish", {"result": "已修复"}, {"after_photos": png(1)})
        assert case_no not in line.go("/").text.partition("我上报的")[0]
    Browser(xidu, "zhou").do(case_no, "check", {"note": "已恢复"}, {"check_photos": png(2)})
    liu = Browser(xidu, "liu")
    asked = liu.go(liu.go(f"/tickets/{case_no}").link("/do/pass")).form("/do/pass")
    scores = {name: "5" if name.endswith("stars") else "solved" for name in asked.required}
    assert len(scores) == 4
    page = liu.send(asked, scores)
    assert page.status == 200
    for words in (
        "已办理： Done: 直评",
        "直评公示",
        "王芳",
        "城管中队",
        "★★★★★",
        "已修复",
        "路灯不亮，夜里摔倒",
        "请今天到场",
    ):
        assert words.replace(" ", "") in page.text.replace(" ", ""), words


def test_what_is_refused_comes_back_with_everything_that_was_typed(office: Town) -> None:
    wang = Browser(office, "wang")
    form = wang.go(REPORT).form(REPORT)
    page = wang.send(
        form, {"description": "路灯不亮", "place": "", "address": "人民路 1 号"}, {"before_photos": png(5)}
    )
    assert page.status == 422
    assert "请填写“地点”" in page.text
    again = page.form(REPORT)
    assert again.values["description"] == ["路灯不亮"]
    assert again.values["address"] == ["人民路 1 号"]
    (photo,) = again.values["before_photos"]  # kept, so that it need not be chosen again
    assert Browser(office, "wang").client.get(f"/uploads/{photo}").status_code in (200, 303)
    done = wang.send(again, {"place": "xd-m"})
    assert "路灯不亮" in done.text
    assert photo in done.html


def test_a_form_sent_twice_makes_one_ticket(office: Town) -> None:
    wang = Browser(office, "wang")
    form = wang.go(REPORT).form(REPORT)
    pages = [wang.send(form, {"description": "路灯不亮", "place": "xd-m"}, {"before_photos": png()}) for _ in range(2)]
    assert pages[0].url == pages[1].url
    assert len(office.get("wang", "/api/tickets")["items"]) == 1


def test_an_item_is_found_without_javascript(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    form = shen.go(shen.go(f"/tickets/{case_no}").link("/do/accept")).form("/do/accept")
    assert "item" not in form.choices
    page = shen.send(form, {"find.item": "路灯", "look": "item", "urgency": "urgent"})
    found = page.form("/do/accept")
    assert found.choices["item"] == ["part-01-02", "part-01-02/1", "part-01-02/2"]
    assert found.values["urgency"] == ["urgent"]
    assert "已立案" in shen.send(found, {"item": "part-01-02/2"}).text
    assert "没有找到" in shen.go("/find/item?name=item&find.item=nothing").text


def test_the_second_editor_sees_what_changed_and_keeps_what_was_typed(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    one, two = Browser(office, "shen"), Browser(office, "shen")
    forms = [
        browser.go(browser.go(f"/tickets/{case_no}").link("/do/answer")).form("/do/answer") for browser in (one, two)
    ]
    one.do(case_no, "accept", {"item": "part-01-02", "urgency": "normal", "find.item": "路灯"})
    page = two.send(forms[1], {"reply": "已转相关部门"})
    assert page.status == 409
    assert "此件已被他人办理" in page.text
    assert "立案 Accept" in page.text
    again = page.form("/do/answer")
    assert again.values["reply"] == ["已转相关部门"]
    assert again.values["expected"] != forms[1].values["expected"]
    assert "已办理" in two.send(again).text


def test_words_for_an_action_that_is_gone_can_still_be_copied(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    form = shen.go(shen.go(f"/tickets/{case_no}").link("/do/refuse")).form("/do/refuse")
    office.act("shen", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})
    page = shen.send(form, {"reason": "不属本区，写了很久的理由"})
    assert page.status == 409
    assert "此件已被他人办理" in page.text
    assert "不属本区，写了很久的理由" in page.text
    assert not [form for form in page.forms if "/do/" in form.action]


def test_what_cannot_be_done_is_greyed_with_the_reason(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    page = Browser(office, "wang").go(f"/tickets/{case_no}")
    assert "现在不能办理的操作" in page.text
    assert "您的岗位无权办理此事" in page.text
    assert not [link for link in page.links if "/do/accept" in link]
    opened = Browser(office, "wang").go(f"/tickets/{case_no}/do/accept")
    assert opened.status == 409
    assert "您的岗位无权办理此事" in opened.text


def test_the_neighbours_find_no_page(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    for login in ("qian", "chen", "citizen"):
        browser = Browser(office, login)
        for path in ("", "/do/accept"):
            page = browser.go(f"/tickets/{case_no}{path}")
            assert (page.status, "没有案卷" in page.text) == (404, True)
        assert case_no not in browser.go("/tickets").text


def test_a_list_goes_on_by_links(office: Town) -> None:
    cases = [office.report(description=f"第 {number} 件") for number in range(31)]
    shen = Browser(office, "shen")
    first = shen.go("/tickets")
    rest = shen.go(first.link("cursor="))
    assert [case for case in cases if case in first.text] == cases[1:]
    assert [case for case in cases if case in rest.text] == cases[:1]
    assert cases[0] in shen.go("/tickets?stage=report&mine=1&cursor=" + first.link("cursor=").rpartition("=")[2]).text
    assert cases[30] not in shen.go("/tickets?stage=review").text


@pytest.mark.parametrize(
    "path", ["/tickets?cursor=x", "/tickets?mine=%00", "/tickets/x'y", "/nothing", "/find/x?name=y"]
)
def test_a_wrong_address_is_a_page_that_says_so(office: Town, path: str) -> None:
    page = Browser(office, "shen").go(path)
    assert page.status in (404, 422)
    assert " / " not in page.text  # both languages, each in its place
    assert "回首页" in page.text


def test_a_workflow_is_a_table_and_a_diagram(office: Town) -> None:
    shen = Browser(office, "shen")
    page = shen.go(shen.go("/workflows").link(BLOCK_CALLS))
    assert "stateDiagram-v2" in page.text
    for words in ("受理研判", "吹哨派遣", "街镇城运受理员", "5个工作日"):
        assert words in page.text
    assert "签收" in shen.go(f"/workflows/{BLOCK_CALLS}?task=line").text
    assert shen.go(f"/workflows/{BLOCK_CALLS}?task=nobody").status == 404


def test_only_starts_of_ones_own_posts_are_offered(office: Town) -> None:
    def offered(login: str) -> set[str]:
        links = Browser(office, login).go("/report").links
        return {link.rpartition("/")[2] for link in links if f"/report/{BLOCK_CALLS}/" in link}

    assert offered("citizen") == {"report"}
    assert offered("shen") == {"report", "register"}
    assert offered("liu") == {"report", "whistle"}


@pytest.fixture
def everywhere(office: Town) -> list[tuple[str, Page]]:
    """One page of every kind, as those see it who have most on it."""
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    shen.do(case_no, "accept", {"item": "part-01-02", "urgency": "normal", "find.item": "路灯"})
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    form = {"ground": "beyond", "suggested": "power", "clause": "三定第四条"}
    office.act("chen-lead", case_no, "return", form, task=office.task_of(case_no, "urban")["task"])
    page = shen.go(f"/tickets/{case_no}")
    paths = ["/", "/tickets", "/report", REPORT, "/workflows", f"/workflows/{BLOCK_CALLS}", "/nothing"]
    opened = [(path, shen.go(path)) for path in [*paths, *{link for link in page.links if "/do/" in link}]]
    return [("/signin", Browser(office).go("/signin")), ("ticket", page), *opened, *_files(administered(office))]


def _files(office: Town) -> list[tuple[str, Page]]:
    """The pages of workflow files."""
    files, loop = "/admin/workflows", f"/admin/workflows/loops/{BLOCK_CALLS}"
    qin = Browser(office, "qin")
    draft = qin.send(qin.go(files).form(files), files={"file": small(7, trapped=True).encode()})
    nothing = f"{files}/drafts/{'0' * 64}"
    paths = (files, loop, f"{loop}/1", f"{loop}/compare", nothing)
    return [(f"{files}/drafts/{draft.url[-64:]}", draft), *((path, qin.go(path)) for path in paths)]


#: The pages with a diagram, whose drawing sets styles as it goes.
_DRAWN = re.compile(r"/workflows/.+|/admin/workflows/(drafts/[0-9a-f]{64}|loops/[\w-]+/\d+)")


def test_no_page_has_script_or_style_inside(everywhere: list[tuple[str, Page]]) -> None:
    assert len(everywhere) > 12
    for path, page in everywhere:
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert ("unsafe-inline" in policy) == bool(_DRAWN.fullmatch(path)), path
        for tag, given in page.tags:
            assert tag != "style", path
            assert tag != "script" or given.get("src"), path
            for name, value in given.items():
                assert not name.startswith(("on", "hx-on")), (path, tag, name)
                assert name != "style", (path, tag)
                assert "js:" not in value, (path, tag, name)
                assert name != "hx-trigger" or "[" not in value, (path, value)


TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "web" / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_template_can_bring_script_into_a_page(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for forbidden in ("hx-on", "js:", "javascript:", " style=", "<style", "| safe }}{{", "hx-vals"):
        assert forbidden not in source, forbidden
    for script in source.split("<script")[1:]:
        assert script.lstrip().startswith("src="), script[:60]


@pytest.mark.parametrize("where", ["cdn", "local"])
def test_files_of_others_are_pinned_wherever_they_come_from(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, where: str
) -> None:
    with town(sqlite_database, clock, tmp_path / "data", assets=where) as served:
        page = Browser(served).go("/signin")
    taken = [given for tag, given in page.tags if "integrity" in given]
    assert {given["integrity"] for given in taken} == {assets.HTMX.integrity, assets.TABLER.integrity}
    for given in taken:
        address = given.get("src") or given["href"]
        assert address.startswith("https://" if where == "cdn" else "/static/vendor/"), address
        assert "4.0.1" in address or "1.6.1" in address
    policy = page.headers["content-security-policy"]
    assert ("https://" in policy) == (where == "cdn")
    assert assets.MERMAID.url(served.settings) in policy or where == "local"


def test_the_page_shows_the_last_part_of_a_long_history(office: Town) -> None:
    case_no = office.report()
    office.act("shen", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    house = office.client.app.state.house  # type: ignore[attr-defined]  # an application, to starlette any callable
    with office.database.looking() as transaction:
        me = viewer_of(transaction, person_of_login(office.database, "shen"), office.clock.now())
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        last = sheet.recent(transaction, me, seen, case, limit=2)
        first = sheet.recent(transaction, me, seen, case, before=last.lines[0].seq)
    assert ([line.action for line in last.lines], last.more) == (["accept", "call"], True)
    assert ([line.action for line in first.lines], first.more) == (["report"], False)
    page = Browser(office, "shen").go(f"/tickets/{case_no}?before={last.lines[0].seq}")
    assert "王芳" in page.text.partition("办理过程")[2]
    assert "吹哨派遣" not in page.text.partition("办理过程")[2]


def test_a_document_is_saved_and_never_shown(office: Town) -> None:
    answer = office.ask("wang", "POST", "/api/uploads", files={"file": ("a.pdf", b"%PDF-1.7\n", "text/html")})
    shown = Browser(office, "wang").client.get(f"/uploads/{answer.json()['sha256']}")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-type"] == "application/pdf"


def test_every_form_carries_its_token_and_every_field_its_label(everywhere: list[tuple[str, Page]]) -> None:
    for path, page in everywhere:
        ids = [given["id"] for _, given in page.tags if "id" in given]
        assert len(ids) == len(set(ids)), path
        labelled = {given.get("for") for tag, given in page.tags if tag == "label"}
        assert labelled - {None} <= {*ids}, path
        for form in page.forms:
            assert ("csrf" in form.values) == (form.method == "post"), (path, form.action)


def test_htmx_gets_the_very_fragment_that_the_page_includes(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    path = f"/tickets/{case_no}"
    whole, part = shen.go(path), shen.go(path, **{"HX-Request": "true", "HX-Request-Type": "partial"})
    restored = shen.go(path, **{"HX-Request": "true", "HX-Request-Type": "full"})
    assert "<html" in whole.html
    assert "<html" in restored.html
    assert part.html.lstrip().startswith('<div id="ticket">')
    assert whole.headers["vary"] == part.headers["vary"] == "HX-Request-Type, Cookie"

    def steady(html: str) -> str:
        """Without what is fresh in every answer."""
        return "".join(line for line in html.splitlines() if 'name="key"' not in line)

    assert steady(part.html.strip()) in steady(whole.html)


def test_htmx_keeps_a_refused_form_and_replaces_a_ticket_that_moved(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    shen.client.headers["HX-Request-Type"] = "partial"
    form = shen.go(f"/tickets/{case_no}/do/refuse").form("/do/refuse")
    refused = shen.send(form, {"reason": ""})
    assert refused.status == 422
    assert refused.headers["hx-retarget"] == "#act"
    assert "<html" not in refused.html
    done = shen.send(form, {"reason": "不属本区"})
    assert "hx-retarget" not in done.headers
    assert done.html.lstrip().startswith('<div id="ticket">')
    assert "不予受理" in done.text


def test_a_session_that_ended_leads_htmx_to_the_sign_in_page(office: Town) -> None:
    case_no = report(Browser(office, "wang"))
    shen = Browser(office, "shen")
    shen.client.headers["HX-Request-Type"] = "partial"
    office.clock.advance(13 * HOUR)
    answer = shen.client.get(f"/tickets/{case_no}", follow_redirects=False)
    assert answer.headers["hx-redirect"] == f"/signin?next=/tickets/{case_no}"
