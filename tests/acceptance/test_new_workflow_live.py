"""系统管理员上传新的流程文件：先见错，再见死路，再看差异，最后启用；未结的案卷留在原版本。

A workflow file goes live: the administrator sees a wrong line, then a trap with the way there, then what differs, and
activates. New tickets start on the new version, open ones stay on theirs. Whoever looked before looks again.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.records.verify import verify
from tests.support.administrators import acknowledged, administered
from tests.support.browser import Browser, Page
from tests.support.town import BLOCK_CALLS, Town, town

FILES = "/admin/workflows"
FOLDER = Path(__file__).resolve().parents[2] / "workflows"
SHIPPED = (FOLDER / f"{BLOCK_CALLS}.yaml").read_text(encoding="utf-8")
LIMIT = "accept:     {title: 受理时限 / Acceptance,          within: 30 working minutes, ladder: desk}"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def changed(number: int, *changes: tuple[str, str]) -> str:
    """The shipped file under another number, with passages changed."""
    text = SHIPPED.replace("\nversion: 1\n", f"\nversion: {number}\n", 1)
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def uploaded(administrator: Browser, text: str | bytes) -> Page:
    form = administrator.go(FILES).form(FILES)
    content = text.encode() if isinstance(text, str) else text
    return administrator.send(form, files={"file": content})


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def version_of(xidu: Town, case_no: str) -> int:
    return int(xidu.get("gu", f"/api/tickets/{case_no}")["workflow_version"])


def test_a_changed_loop_goes_live_and_open_tickets_stay_on_the_old_one(xidu: Town) -> None:
    """写错一行；改出一个死路；改对；看差异；启用。"""
    qin, old_case = Browser(xidu, "qin"), xidu.report()

    wrong = changed(2, ("accept:     {title: 受理时限", "accept:     {titel: 受理时限"))
    page = uploaded(qin, wrong)
    line = line_of(wrong, "{titel:")
    assert page.status == 200
    assert f"{line}:16" in page.text
    assert all(words in page.text for words in ("没有“titel”这个键", "是否想写“title”", "检查未通过"))
    assert "<mark>titel</mark>: 受理时限 / Acceptance" in page.html
    assert not [form for form in page.forms if "activate" in form.action]

    hold = "        check:  {title: 核查通过"
    trap = changed(
        2, (hold, "        hold: {title: 挂起待查 / Hold, by: checker, to: limbo}\n" + hold),
        ("    checking:\n", "    limbo:\n      title: 待查 / Limbo\n    checking:\n"),
    )  # fmt: skip
    page = uploaded(qin, trap)
    assert "到了“待查”就再也出不来" in page.text
    steps = page.text.partition("最短的一条路")[2].partition("已标在下面的流程图上")[0]
    places = [steps.find(words) for words in ("吹哨派遣", "挂起待查", "→ 待查")]
    assert places == sorted(places), steps
    assert -1 not in places, steps
    assert "class" in page.html.partition("classDef here")[2]
    assert not [form for form in page.forms if "activate" in form.action]

    sound = changed(2, (LIMIT, LIMIT.replace("30 working minutes", "10 working minutes")))
    page = uploaded(qin, sound)
    assert "检查通过" in page.text
    assert "受理时限 Acceptance 时限 30个工作分钟 → 10个工作分钟" in page.text
    limit = line_of(sound, "accept:     {title")
    assert f"{limit}+ accept:" in page.text
    assert "在第 1 版上未结的 1 件继续走第 1 版" in page.text

    live = qin.send(acknowledged(page))
    assert (live.status, live.url.partition("?")[0].endswith(f"/loops/{BLOCK_CALLS}")) == (200, True)
    assert all(words in live.text for words in ("第 2 版已启用", "第 1 版上还有 1 件未结", "秦建斌", "命令行"))
    assert qin.send(acknowledged(page)).text.count("秦建斌") == live.text.count("秦建斌"), "clicked twice, done once"

    new_case = xidu.report(description="路灯不亮")
    assert (version_of(xidu, old_case), version_of(xidu, new_case)) == (1, 2)
    for case_no in (old_case, new_case):
        xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    assert verify(xidu.database).sound


def test_who_looked_before_another_activated_is_told_to_look_again(xidu: Town) -> None:
    """两位管理员同时看；后启用的一位看到 409，重新看过差异才能启用；还能退回旧版。"""
    qin, xu = Browser(xidu, "qin"), Browser(xidu, "xu")
    first = uploaded(qin, changed(2, (LIMIT, LIMIT.replace("30", "10"))))
    second = uploaded(xu, changed(3, (LIMIT, LIMIT.replace("30", "20"))))
    assert qin.send(acknowledged(first)).status == 200
    late = xu.send(acknowledged(second))
    assert late.status == 409
    assert "刚刚换成了另一个版本" in late.text
    assert "10个工作分钟 → 20个工作分钟" in late.text, "the differences are shown anew"
    assert "现行 in force" in xu.go(f"{FILES}/loops/{BLOCK_CALLS}").text.partition("第 2 版")[2][:40]

    again = xu.send(acknowledged(late))
    assert "第 3 版已启用" in again.text
    back = xu.send(acknowledged(xu.go(f"{FILES}/loops/{BLOCK_CALLS}/1")))
    assert "第 1 版已启用" in back.text
    assert version_of(xidu, xidu.report()) == 1
    assert len(xidu.get("gu", f"/api/workflows/{BLOCK_CALLS}")["versions"]) == 3


def test_files_are_the_business_of_administrators_only(xidu: Town) -> None:
    """网格员、受理员什么也看不到；安全、审计管理员只看不动。"""
    qin = Browser(xidu, "qin")
    draft = uploaded(qin, changed(2))
    address = draft.url.partition("://")[2].partition("/")[2]
    for login in ("wang", "shen", "he"):
        official = Browser(xidu, login)
        for path in (FILES, f"{FILES}/loops/{BLOCK_CALLS}", f"{FILES}/loops/{BLOCK_CALLS}/1", f"/{address}"):
            assert official.go(path).status == 403, (login, path)
    for login in ("jiang", "fan"):
        looker = Browser(xidu, login)
        page = looker.go(FILES)
        assert page.status == 200
        assert not [form for form in page.forms if form.action.startswith(FILES)]
        assert looker.go(f"{FILES}/loops/{BLOCK_CALLS}/1").status == 200
        token = looker.go("/").form("/signout").values["csrf"][0]
        sent = replace(draft.form("/activate"), values={"csrf": [token], "seen": [""]})
        assert looker.send(sent).status == 403
    assert Browser(xidu, "xu").go(f"/{address}").status == 404, "a draft is its uploader's"
