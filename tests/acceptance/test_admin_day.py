"""管理员的一天：导出人员表、改一行、看预览、应用；授予岗位由另一人办理；第三人只看。

A day of the three administrators 三员分立, in browsers without JavaScript, on both databases.

秦建斌 系统管理员 keeps tables and accounts · 江雅静 安全管理员 grants posts · 范明 审计管理员 reads what both did
韩梅 is the new grid worker · 沈静 受理派遣员 administers nothing
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from tests.support.administrators import administered, apply, as_workbook, bring, lines, may_apply, taken_out
from tests.support.browser import Browser
from tests.support.town import Town, town


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def test_a_new_grid_worker_comes_by_two_administrators_and_a_third_sees_who_did_what(office: Town) -> None:
    qin, jiang, fan = (Browser(office, login) for login in ("qin", "jiang", "fan"))
    assert qin.go("/").link("/admin") == "/admin"

    # 秦建斌 takes the people out and adds a row; its account is missing.
    people = taken_out(qin, "people")
    assert people[0][:4] == ["账号", "姓名", "电话", "岗位"]
    nameless = [*people, ["", "韩梅", "021-0000-0042", "", "", "", "", ""]]
    page = bring(qin, "people", as_workbook(nameless))
    assert [line[:3] for line in lines(page) if "不能为空" in line[-1]] == [(str(len(nameless)), "账号", "")]
    assert not may_apply(page), "a table with errors has no button"

    # With an account, but a post that is not his to grant.
    granted = [*people, ["han", "韩梅", "021-0000-0042", "网格员", "xd-m", "", "", ""]]
    page = bring(qin, "people", as_workbook(granted))
    assert "须由安全管理员导入" in page.text
    assert not may_apply(page)

    # Mended: he sees the one new row, and nothing has happened yet.
    mended = [*people, ["han", "韩梅", "021-0000-0042", "", "", "", "", ""]]
    page = bring(qin, "people", as_workbook(mended))
    assert "1 新增" in page.text
    assert (str(len(mended)), "han") in lines(page)
    assert qin.go("/admin/people/han").status == 404
    done = apply(qin, page)
    assert "/admin/acts/" in done.url
    assert "秦建斌" in done.text

    # He gives her a first password, which is shown once; she signs in with it.
    given = qin.send(qin.go("/admin/people/han").form("/password"))
    (password,) = re.findall(r'class="hy-password">([^<]+)<', given.html)
    assert password not in qin.go("/admin/people/han").html
    han = Browser(office)
    assert "韩梅" in han.send(han.go("/signin").form("/signin"), {"login": "han", "password": password}).text
    assert "没有岗位" in qin.go("/admin/people?idle=1").text
    # What he knows opens nothing any more once she has made the password hers.
    changing = {"present": password, "new": "her own words", "again": "her own words"}
    assert "已保存" in han.send(han.go("/password").form("/password"), changing).text
    stranger = Browser(office)
    assert stranger.send(stranger.go("/signin").form("/signin"), {"login": "han", "password": password}).status == 401

    # 江雅静 grants the post with the same table; now a report from the grid is hers to make.
    page = bring(jiang, "people", as_workbook(granted))
    assert "han 网格员 xd-m" in page.text
    granted_page = apply(jiang, page)
    assert "江雅静" in granted_page.text
    assert "浦江第一微网格" in jiang.go("/admin/people/han").text
    assert office.report("han")

    # 范明 reads who did what, and may do nothing of it.
    log = fan.go("/admin/acts").text
    assert "江雅静" in log
    assert "秦建斌" in log
    assert "发放初始密码" in log
    assert "han 网格员 xd-m" in fan.go(granted_page.url).text
    assert "这张表由其他管理员导入" in fan.go("/admin/tables/people").text
    assert fan.client.post("/admin/tables/people").status_code == 403

    # 沈静 administers nothing.
    shen = Browser(office, "shen")
    assert "/admin" not in shen.go("/").links
    for path in ("/admin", "/admin/people", "/admin/people/han", "/admin/tables/people/file", "/admin/acts"):
        assert shen.go(path).status == 403, path
