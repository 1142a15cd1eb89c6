"""随手拍：骑手扫网格码，拍照上报，凭回执看进展；没有账号，也不用注册。

A courier reports by the code of a grid and follows the matter by a receipt. Nothing of it needs an account or a script.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.clock import DAY, MINUTE, SetClock
from engine.database import Database
from engine.records import receipts
from engine.records.verify import verify
from tests.support.browser import Browser, Page
from tests.support.pictures import jpeg, scene
from tests.support.town import Town, png, town

GRID = "/g/xd-g"
WORDS = {"description": "井盖破了，差点翻车"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def reported(street: Browser, values: dict[str, Any] | None = None, photo: bytes | None = None) -> Page:
    """丁强（骑手）扫码、拍照、写几个字、提交。"""
    form = street.go(GRID).form(GRID)
    return street.send(form, {**WORDS, **(values or {})}, {"before_photos": photo or jpeg(scene(3))})


def path_of(page: Page) -> str:
    found = re.search(r"/r/[\w-]{43}", page.url)
    assert found is not None, (page.status, page.text)
    return found[0]


def rows(xidu: Town, sql: str) -> list[tuple[Any, ...]]:
    with xidu.database.looking() as transaction:
        return [tuple(row) for row in transaction.rows(sql)]


def count(xidu: Town) -> int:
    return int(rows(xidu, "SELECT count(*) FROM ticket")[0][0])


def test_a_courier_reports_a_manhole_by_the_code_and_follows_it_by_the_receipt(xidu: Town) -> None:
    """骑手扫码报井盖；受理台立案、吹哨；骑手凭回执看到进展，看不到内部的事；最后答复并评价。"""
    street = Browser(xidu)
    page = street.go(GRID)
    assert all(words in page.text for words in ("拍照上报", "西渡第一综合网格"))
    assert "受理" not in page.text
    received = reported(street)
    path = path_of(received)
    assert all(words in received.text for words in ("已收到", "井盖破了", "已上报"))
    assert received.headers["Referrer-Policy"] == "no-referrer"

    ((case_no, channel),) = rows(xidu, "SELECT case_no, channel FROM ticket")
    assert channel == "passer_by"
    desk = Browser(xidu, "shen").go(f"/tickets/{case_no}")
    assert all(words in desk.text for words in ("井盖破了", "路人（无账号）"))
    everything = str(rows(xidu, "SELECT * FROM receipt")) + str(rows(xidu, "SELECT * FROM idempotency_key"))
    assert path.removeprefix("/r/") not in everything, "only a digest is kept"

    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "message": "老问题，别拖"})
    page = street.go(path)
    assert all(words in page.text for words in ("已立案", "已派遣"))
    inside = ("老问题", "沈静", "城管中队", "陈刚", "签收时限")
    assert not [words for words in inside if words in page.html], "nothing of the work inside"

    told = street.send(street.go(f"{path}/do/tell_more").form("/do/tell_more"), {"description": "井盖在公交站旁"})
    assert "井盖在公交站旁" in told.text
    xidu.act("shen", case_no, "call_off", {"reason": "路政已当场更换"})
    ended = street.go(path)
    assert all(words in ended.text for words in ("已撤销", "路政已当场更换"))
    assert verify(xidu.database).sound


def test_an_answer_reaches_the_reporter_who_rates_it(xidu: Town) -> None:
    """直接答复；骑手在回执上看到答复，评价一次。"""
    street = Browser(xidu)
    path = path_of(reported(street))
    ((case_no,),) = rows(xidu, "SELECT case_no FROM ticket")
    xidu.act("shen", case_no, "answer", {"item": "part-01-01/1", "reply": "今天下午更换"})
    page = street.go(path)
    assert all(words in page.text for words in ("已答复", "今天下午更换", "评价答复"))
    rated = street.send(street.go(f"{path}/do/rate_answer").form("/do/rate"), {"stars": "5", "resolved": "solved"})
    assert all(words in rated.text for words in ("已结案", "★★★★★"))
    xidu.clock.advance(receipts.KEPT + DAY)
    assert street.go(path).status == 404


def test_who_is_asked_for_more_supplements_and_whoever_changes_their_mind_withdraws(xidu: Town) -> None:
    street = Browser(xidu)
    path = path_of(reported(street))
    ((case_no,),) = rows(xidu, "SELECT case_no FROM ticket")
    xidu.act("shen", case_no, "ask_back", {"message": "请补充门牌号"})
    page = street.go(path)
    assert all(words in page.text for words in ("待补充", "请补充门牌号", "轮到您了"))
    form = street.go(f"{path}/do/supplement").form("/do/supplement")
    wrong = street.send(form, {"description": ""}, {"before_photos": png(9)})
    assert wrong.status == 422
    assert "幸福路" in street.send(wrong.form("/do/supplement"), {"description": "幸福路 12 号"}).text
    form = street.go(f"{path}/do/withdraw").form("/do/withdraw")
    assert street.send(form, {"reason": "看错了", "csrf": "forged"}).status == 403
    assert "已撤销" in street.send(form, {"reason": "看错了"}).text
    assert "已撤销" in street.send(form, {"reason": "看错了"}).text, "sent twice, done once"
    assert street.go(f"{path}/do/withdraw").status == 409


def test_whoever_guesses_gets_the_answer_of_nothing(xidu: Town) -> None:
    """猜回执、猜别人的操作、猜网格码，与什么都没有一样。"""
    street = Browser(xidu)
    path = path_of(reported(street))
    nothing = street.go("/r/" + "x" * 43)
    assert nothing.status == 404
    for guess in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/r/1", path + "%00", "/r/" + "网" * 43):
        assert (street.go(guess).status, street.go(guess).text) == (404, nothing.text)
        assert street.client.post(f"{guess}/do/withdraw", data={"csrf": "x"}).status_code == 404
    for code in ("nobody", "xd", "fx", "sh"):
        assert street.go(f"/g/{code}").status == 404, "a street or a district is nobody's spot"
    assert street.go(f"{path}/do/accept").status == 409
    form = street.go(f"{path}/do/withdraw").form("/do/withdraw")
    accept = street.send(replace(form, action=f"{path}/do/accept"), {"item": "part-01-01/1", "urgency": "normal"})
    assert accept.status in (403, 409)


def test_the_eleventh_report_in_a_short_time_is_told_when_to_come_again(xidu: Town) -> None:
    """同一地址十分钟内第十一件被拒，说明何时再试，文字不丢；另一地址不受影响；到时可再报。"""
    street = Browser(xidu)
    for number in range(10):
        assert reported(street, {"description": f"第 {number} 处"}, png(number)).status == 200
    xidu.clock.advance(2 * MINUTE)
    refused = reported(street, {"description": "第十一处"}, png(200))
    assert (refused.status, refused.headers["Retry-After"]) == (429, "480")
    assert "8 分钟后再试" in refused.text
    assert refused.form(GRID).values["description"] == ["第十一处"]
    assert count(xidu) == 10
    other = Browser(xidu)
    other.client = TestClient(xidu.client.app, client=("203.0.113.9", 5))
    assert reported(other).status == 200
    xidu.clock.advance(8 * MINUTE)
    assert street.send(refused.form(GRID), {}, {"before_photos": png(200)}).status == 200


def test_a_double_tap_files_once_and_ends_at_the_same_receipt(xidu: Town) -> None:
    """连点两下只立一件；返回后改了内容再交，提示已收到，并可另报一件。"""
    street = Browser(xidu)
    form = street.go(GRID).form(GRID)
    first = street.send(form, WORDS, {"before_photos": png(1)})
    second = street.send(form, WORDS, {"before_photos": png(1)})
    assert path_of(first) == path_of(second)
    assert count(xidu) == 1
    for _ in range(9):
        reported(street, photo=png(1))
    assert path_of(street.send(form, WORDS, {"before_photos": png(1)})) == path_of(first), "even when others wait"

    xidu.clock.advance(11 * MINUTE)
    changed = street.send(form, {"description": "又发现一处"}, {"before_photos": png(2)})
    assert changed.status == 422
    assert changed.link(path_of(first))
    assert changed.form(GRID).values["description"] == ["又发现一处"]
    assert path_of(street.send(changed.form(GRID))) != path_of(first)


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(xidu: Town) -> None:
    street = Browser(xidu)
    form = street.go(GRID).form(GRID)
    assert {"description", "before_photos"} <= form.required
    bare = street.send(form, WORDS)
    assert (bare.status, count(xidu)) == (422, 0)
    assert bare.form(GRID).values["description"] == [WORDS["description"]]
    no_words = street.send(form, {"description": ""}, {"before_photos": png(4)})
    assert no_words.status == 422
    assert no_words.form(GRID).values["before_photos"], "the photo is kept and named"
    for file, words in ((b"GIF89a-no", "before_photos"), (b"", "before_photos")):
        wrong = street.send(form, WORDS, {"before_photos": file})
        assert wrong.status in (413, 415, 422), words
    where = street.send(form, {**WORDS, "place.lon": "500", "place.lat": "x"}, {"before_photos": png(4)})
    assert where.status == 422
    assert path_of(street.send(no_words.form(GRID), WORDS))
    many = {**WORDS, "before_photos": ["0" * 64] * 7}
    assert "照片最多 6 张" in street.send(form, many).text
    from_elsewhere = street.client.post(GRID, data=WORDS, headers={"Sec-Fetch-Site": "cross-site"})
    assert from_elsewhere.status_code == 403


def test_the_place_is_where_the_phone_says_or_else_the_grid_of_the_poster(xidu: Town) -> None:
    street = Browser(xidu)
    reported(street)
    reported(street, {"place.lon": "121.4700000", "place.lat": "30.9300000", "place.accuracy": "12"})
    found = rows(xidu, "SELECT a.code, p.lon_e7, p.accuracy_m FROM ticket t JOIN area a ON a.id = t.area_id "
                       "LEFT JOIN ticket_place p ON p.ticket_id = t.id ORDER BY t.id")  # fmt: skip
    assert found == [("xd-g", None, None), ("xd-g", 1_214_700_000, 12)]


def test_the_poster_is_for_those_who_look_after_the_grid(xidu: Town) -> None:
    """网格长、受理台打印本辖区的海报；码里的地址打得开。"""
    for login in ("liu", "shen"):
        eyes = Browser(xidu, login)
        page = eyes.go(eyes.go("/grids").link("/grids/xd-g/poster"))
        assert all(words in page.text for words in ("扫码上报", "西渡第一综合网格", "http://testserver/g/xd-g"))
        assert "data:image/svg+xml" in page.html
    assert Browser(xidu, "qian").go("/grids/xd-g/poster").status == 404
    assert Browser(xidu, "citizen").go("/grids/xd-g/poster").status == 404
    assert "/signin" in Browser(xidu).go("/grids/xd-g/poster").url


def test_where_no_file_opens_a_start_nobody_can_report(xidu: Town) -> None:
    xidu.database.acting(lambda transaction: transaction.run("UPDATE workflow_version SET activated_at = NULL"))
    page = Browser(xidu).go(GRID)
    assert page.status == 404
    assert "尚未开放" in page.text
