"""Pages of workflow files: whatever is uploaded gets an answer that helps, and nothing that it shouldn't do."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.definitions.source import LARGEST
from engine.records import activations
from tests.support.administrators import administered
from tests.support.browser import Browser, Page
from tests.support.loops import SMALL, small
from tests.support.town import BLOCK_CALLS, Town, town
from web import filing

FILES = "/admin/workflows"
SVG = "http://www.w3.org/2000/svg"


@pytest.fixture
def xidu(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield administered(served)


@pytest.fixture
def qin(xidu: Town) -> Browser:
    return Browser(xidu, "qin")


def uploaded(administrator: Browser, text: str | bytes) -> Page:
    content = text if isinstance(text, bytes) else text.encode()
    return administrator.send(administrator.go(FILES).form(FILES), files={"file": content})


def lines(xidu: Town, key: str = "small") -> list[int]:
    """The versions in the order in which they were put in force."""
    with xidu.database.looking() as transaction:
        return [line.version for line in reversed(activations.loop(transaction, key).history)]


def activated(administrator: Browser, text: str) -> Page:
    return administrator.send(uploaded(administrator, text).form("/activate"))


def test_a_new_workflow_goes_live_from_nothing(xidu: Town, qin: Browser) -> None:
    page = uploaded(qin, small())
    assert all(words in page.text for words in ("检查通过", "这是一个新流程", "All that this new workflow says"))
    live = qin.send(page.form("/activate"))
    assert all(words in live.text for words in ("第 1 版已启用", "秦建斌", "未结 0 件"))
    assert "小循环" in Browser(xidu, "wang").go("/workflows").text
    assert "这份文件就是现行版本" in qin.go(page.url).text


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "请选择一个流程文件"),
        (b"#" * (LARGEST + 1), 413, "文件超过 1,000,000 字节"),
        ("流程: 井盖".encode("gb18030"), 200, "文件不是 UTF-8 编码"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 200, "文件不是 UTF-8 编码"),
        (b"a: &a [x]\nb: [*a, *a]\n", 200, "不支持 YAML 的锚点与引用"),
        (b"a: !!python/object/apply:os.system [ls]\n", 200, "不支持 YAML 标签"),
        (b"[" * 3_000, 200, "嵌套超过 20 层"),
        (b"a: " + b"x" * 5_000, 200, "过长"),
        (b"- a\n- b\n", 200, "流程文件应由“键: 值”组成"),
        ("a: \u202eb\n".encode(), 200, "看不见的控制字符"),
        (b"<script>alert(1)</script>", 200, "流程文件应由“键: 值”组成"),
    ],
)
def test_what_is_no_workflow_file_is_told_what_is_wrong(
    xidu: Town, qin: Browser, content: bytes, status: int, words: str
) -> None:
    page = uploaded(qin, content)
    assert (page.status, words in page.text) == (status, True), page.text
    assert "<script>alert" not in page.html
    assert not [form for form in page.forms if "/activate" in form.action]


def test_a_bomb_of_anchors_is_refused_at_once(qin: Browser) -> None:
    """Nine lists of nine of the one before would be a thousand million words."""
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi"))
    page = uploaded(qin, bomb)
    assert page.status == 200
    assert "1:4" in page.text
    assert "不支持 YAML 的锚点与引用" in page.text


def test_every_problem_is_shown_at_its_line_and_column_and_marked(qin: Browser) -> None:
    text = SMALL.replace("by: desk, to: filed, form", "by: dask, to: filed, form", 1).replace(
        "when: reworks < 2", "when: rework < 2", 1
    )
    page = uploaded(qin, text)
    assert "检查未通过" in page.text
    for words in ("dask, to", "rework < 2"):
        before = text[: text.index(words)].split("\n")
        assert f"{len(before)}:{len(before[-1]) + 1}" in page.text, words
        assert f"<mark>{words[:4]}" in page.html


def test_what_a_file_needs_around_it_is_asked_for(xidu: Town, qin: Browser) -> None:
    opens = "sets: seen, once: person, opens: {workflow: nowhere, start: report}}"
    missing = uploaded(qin, SMALL.replace("sets: seen, once: person}", opens, 1))
    assert "“nowhere·report”不存在" in missing.text
    calendar = uploaded(qin, SMALL.replace("calendar: cn-mainland", "calendar: of-the-moon", 1))
    assert "没有日历“of-the-moon”" in calendar.text
    activated(qin, small())
    taken = uploaded(qin, small().replace("小循环", "另一循环", 1))
    assert "第 1 版已存在且内容不同" in taken.text
    for page in (missing, calendar, taken):
        assert not [form for form in page.forms if "/activate" in form.action]
    forced = replace(taken.form("/drop"), action=taken.form("/drop").action.replace("/drop", "/activate"))
    assert qin.send(forced, {"seen": ""}).status in (409, 422)
    assert lines(xidu) == [1]


def test_a_trap_goes_live_by_no_form(xidu: Town, qin: Browser) -> None:
    page = uploaded(qin, small(trapped=True))
    drop = page.form("/drop")
    refused = qin.send(replace(drop, action=drop.action.replace("/drop", "/activate")), {"seen": ""})
    assert refused.status == 422
    assert "再也出不来" in refused.text
    with xidu.database.looking() as transaction:
        assert "small" not in {loop.key for loop in activations.loops(transaction)}


def test_the_way_to_what_was_found_is_drawn(qin: Browser) -> None:
    page = uploaded(qin, small(trapped=True).replace("by: line, to: done, form", "by: line, to: signed, form", 1))
    assert "在图上看" in page.text
    marked = [qin.go(f"{page.url}?trace={number}").html.partition("classDef here")[2][:200] for number in (1, 2, 99)]
    assert marked[0]
    assert marked[2] == ""
    assert qin.go(f"{page.url}?task=line").status == 200
    assert qin.go(f"{page.url}?task=nothing").status == 404


def test_a_draft_is_its_uploaders_alone(xidu: Town, qin: Browser) -> None:
    page, xu = uploaded(qin, small()), Browser(xidu, "xu")
    assert "我的草稿" not in xu.go(FILES).text
    assert xu.go(page.url).status == 404
    token = xu.go(FILES).form(FILES).values["csrf"][0]
    for act in ("activate", "drop"):
        address = page.form("/drop").action.replace("/drop", f"/{act}")
        form = replace(page.form("/drop"), values={"csrf": [token]}, action=address)
        assert xu.send(form, {"seen": ""}).status in (404, 200)
    assert qin.go(page.url).status == 200, "what others drop is their own"
    assert qin.send(page.form("/drop")).url.endswith(FILES)
    assert qin.go(page.url).status == 404
    for wrong in ("../../x", "a" * 63, "Z" * 64):
        assert qin.client.get(f"{FILES}/drafts/{wrong}").status_code in (404, 422)


def test_the_oldest_drafts_make_room(xidu: Town, qin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "MOST_DRAFTS", 2)
    for number in range(1, 4):
        uploaded(qin, small(number))
    assert len([link for link in qin.go(FILES).links if "/drafts/" in link]) == 2


def test_clicking_at_once_from_many_windows_activates_once(xidu: Town, qin: Browser) -> None:
    activated(qin, small(1))
    page = uploaded(qin, small(2))
    form, statuses = page.form("/activate"), list[int]()
    together = threading.Barrier(4)

    def click() -> None:
        window = Browser(xidu)
        window.client.cookies = qin.client.cookies
        together.wait()
        statuses.append(window.send(form).status)

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert statuses == [200] * 4
    assert lines(xidu) == [1, 2]


def test_forged_and_stale_forms_change_nothing(xidu: Town, qin: Browser) -> None:
    activated(qin, small(1))
    page = uploaded(qin, small(2))
    assert qin.send(page.form("/activate"), {"csrf": "forged"}).status == 403
    assert qin.send(page.form("/activate"), {"seen": "0" * 64}).status == 409
    assert qin.send(page.form("/activate"), {"seen": ""}).status == 409
    assert lines(xidu) == [1]


def test_versions_are_read_compared_and_put_back(xidu: Town, qin: Browser) -> None:
    activated(qin, small(1))
    activated(qin, small(2).replace("within: 3 workdays", "within: 4 workdays", 1))
    loop = f"{FILES}/loops/small"
    compared = qin.go(f"{loop}/compare?before=2&after=1")
    assert "4个工作日 → 3个工作日" in compared.text
    assert "内容没有变化" in qin.go(f"{loop}/compare").text
    assert "within: 3 workdays" in qin.go(f"{loop}/1").text
    back = qin.send(qin.go(f"{loop}/1").form("/activate"))
    assert "第 1 版已启用" in back.text
    assert lines(xidu) == [1, 2, 1]
    assert not [form for form in qin.go(f"{loop}/1").forms if "/activate" in form.action], "it is in force already"
    for nothing_there in (f"{loop}/9", f"{loop}/compare?before=9", f"{FILES}/loops/nobody", f"{FILES}/loops/nobody/1"):
        assert qin.go(nothing_there).status == 404, nothing_there
    for senseless in (f"{loop}/x", f"{loop}/0", f"{loop}/compare?before=x", f"{FILES}/loops/{'x' * 99}"):
        assert qin.go(senseless).status == 422, senseless


def test_only_administrators_of_the_whole_installation_see_the_way_there(xidu: Town, qin: Browser) -> None:
    assert FILES in qin.go("/workflows").links
    assert FILES not in Browser(xidu, "shen").go("/workflows").links
    assert f"{FILES}/loops/{BLOCK_CALLS}" in Browser(xidu, "fan").go(FILES).links


def test_the_rules_of_a_draft_and_of_a_version_are_a_page_and_a_file_to_print(xidu: Town, qin: Browser) -> None:
    draft = uploaded(qin, small())
    rules = qin.go(draft.link("/rules"))
    assert all(words in rules.text for words in ("小循环", "谁可以办理", "签署", "Signature", "制定部门"))
    assert "<svg" in rules.html
    assert "mermaid" not in rules.html, "nothing has to be drawn by a script"
    file = qin.client.get(rules.link("form=html"))
    assert (file.status_code, file.headers["content-disposition"].partition(";")[0]) == (200, "attachment")
    assert file.text.startswith("<!doctype html>")
    assert not [address for address in ("http://", "https://") if address in file.text.replace(SVG, "")]
    stored = f"{FILES}/loops/{BLOCK_CALLS}/1/rules"
    assert "受理时限" in Browser(xidu, "fan").go(stored).text, "the auditor reads versions"
    assert Browser(xidu, "fan").go(draft.link("/rules")).status == 403
    assert Browser(xidu, "xu").go(draft.link("/rules")).status == 404, "a draft is its uploader's"
    assert Browser(xidu, "shen").go(stored).status == 403
    wrong = uploaded(qin, small().replace("title:", "titel:", 1))
    assert "/rules" not in wrong.html
    assert qin.go(wrong.url.replace("http://testserver", "") + "/rules").status == 422
