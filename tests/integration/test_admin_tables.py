"""Tables that administrators take out and bring in: round trips, rehearsals, drafts, and who may do what."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.errors import Stale
from engine.exchange import drafts
from engine.exchange.people import Powers
from engine.exchange.responsibilities import Rule, write_rules
from engine.exchange.tables import TABLES, Incoming, Order, apply, apply_at_the_machine, rehearse, sha256_of
from engine.records import administration
from engine.records.access import person_of_login
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, appoint
from engine.store import FileStore
from tests.support.administrators import (
    ADMINISTRATORS,
    administered,
    as_csv,
    as_workbook,
    bring,
    lines,
    may_apply,
    taken_out,
)
from tests.support.administrators import apply as press_apply
from tests.support.browser import Browser
from tests.support.town import PEOPLE, Town, town
from web import bodies

HEADER = ["账号", "姓名", "电话", "岗位", "区域编码", "单位编码", "任职日期", "免职日期"]
UNITS = ["编码", "名称", "类别", "上级编码", "区域编码"]


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield administered(served)


@pytest.fixture
def both(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def coming(served: Town, folder: Path, rows: list[list[str]]) -> Incoming:
    path = folder / "table.csv"
    path.write_bytes(as_csv(rows))
    return Incoming(path=path, name="t.csv", sha256=sha256_of(path), now=served.clock.now())


def new_unit(served: Town, code: str, name: str) -> None:
    def work(transaction: Transaction) -> None:
        create_departments(transaction, [NewDepartment(code=code, name=name, kind="body")])

    served.database.acting(work)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_is_taken_out_changes_nothing_when_it_is_brought_back(both: Town, kind: str) -> None:
    now = both.clock.now()
    posts = [
        Appointment(login="wang", post="volunteer", area="xd", since=now, until=Instant(now + 3 * DAY)),
        Appointment(login="zhou", post="volunteer", area="xd", since=Instant(now + DAY)),
        Appointment(login="shen", post="volunteer", area="xd", since=Instant(0), until=Instant(now - DAY)),
    ]
    rule = Rule(row=0, item="part-01-01", area="xd", level="street", lead="urban", co=("water", "power"), basis="三定")
    both.database.acting(lambda transaction: appoint(transaction, posts))
    both.database.acting(lambda transaction: write_rules(transaction, [rule]))
    new_unit(both, "=1+1", '=HYPERLINK("http://x")')
    qin = Browser(both, "qin")
    for key in TABLES:
        content = qin.client.get(f"/admin/tables/{key}/file?kind={kind}").content
        page = bring(qin, key, content)
        assert (page.status, lines(page)) == (200, []), key
        assert "没有变化" in page.text, key
        assert "保持不变" not in page.text, key
        assert not may_apply(page)
    assert len(taken_out(qin, "people", kind)) == len(PEOPLE) + len(ADMINISTRATORS) + 3


def test_no_cell_of_a_file_is_a_formula(office: Town) -> None:
    new_unit(office, "=1+1", '=HYPERLINK("http://x")')
    qin = Browser(office, "qin")
    text = qin.client.get("/admin/tables/departments/file?kind=csv").content.decode("utf-8-sig")
    assert "'=1+1," in text
    assert ["=1+1", '=HYPERLINK("http://x")', "其他机构", "", ""] in taken_out(qin, "departments")


def test_a_csv_of_a_chinese_excel_is_read(office: Town) -> None:
    page = bring(
        Browser(office, "qin"), "departments", as_csv([UNITS, ["jw", "浦江居委会", "居村组织", "", "xd-v"]], "gb18030")
    )
    assert "GB18030" in page.text
    assert ("2", "jw") in lines(page)
    assert may_apply(page)


def test_a_change_is_shown_with_what_stood_there(office: Town) -> None:
    qin = Browser(office, "qin")
    page = bring(qin, "departments", as_workbook([UNITS, ["power", "市供电公司", "公用事业", "", "fx"]]))
    assert lines(page) == [("2", "power", "名称", "供电公司", "市供电公司"), ("2", "power", "区域编码", "—", "fx")]
    assert "系统中有、表中没有的 3 项" in page.text
    done = press_apply(qin, page)
    assert "power" in done.text
    assert "市供电公司" not in done.text, "what stands in a row may be personal"
    assert "市供电公司" in qin.go("/admin/departments").text


def test_every_wrong_row_is_told_at_once_and_can_be_taken_away(office: Town) -> None:
    qin = Browser(office, "qin")
    rows = [UNITS, ["x", "某局", "局", "", ""], ["y", "某处", "委办局", "nobody", ""], ["z", "好的", "委办局", "", ""]]
    page = bring(qin, "departments", as_workbook(rows))
    wrong = [line[:3] for line in lines(page)[:2]]
    assert wrong == [("2", "类别", "局"), ("3", "上级编码", "nobody")]
    assert not may_apply(page)
    answer = qin.client.get(page.link("/refused"))
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert "z" not in {row[0] for row in taken_out(qin, "departments")}


def test_wrong_rows_cannot_be_forced_in(office: Town) -> None:
    qin = Browser(office, "qin")
    good = bring(qin, "departments", as_workbook([UNITS, ["z", "好的", "委办局", "", ""]])).form("/drafts/")
    bad = bring(qin, "departments", as_workbook([UNITS, ["x", "某局", "局", "", ""], ["z", "好的", "委办局", "", ""]]))
    sha = bad.url.partition("/drafts/")[2].partition("?")[0]
    form = replace(good, action=f"/admin/tables/departments/drafts/{sha}")
    assert qin.send(form).status == 409
    assert [row for row in taken_out(qin, "departments") if row[0] == "z"] == []


def test_a_preview_that_the_data_has_left_behind_applies_nothing(office: Town) -> None:
    qin = Browser(office, "qin")
    page = bring(
        qin,
        "departments",
        as_workbook([UNITS, ["z", "新处", "委办局", "", ""], ["power", "供电局", "公用事业", "", ""]]),
    )
    new_unit(office, "z", "别的处")
    stale = press_apply(qin, page)
    assert stale.status == 409
    assert "预览之后数据已有变化" in stale.text
    assert ("2", "z", "名称", "别的处", "新处") in lines(stale)
    assert "供电局" not in qin.go("/admin/departments").text
    # What is shown now is what can be applied now.
    assert "/admin/acts/" in press_apply(qin, stale).url
    assert "供电局" in qin.go("/admin/departments").text


def test_a_form_that_is_sent_twice_is_applied_once(office: Town) -> None:
    qin = Browser(office, "qin")
    page = bring(qin, "departments", as_workbook([UNITS, ["z", "新处", "委办局", "", ""]]))
    first, second = press_apply(qin, page), press_apply(qin, page)
    assert first.url == second.url
    assert second.status == 200
    with office.database.looking() as transaction:
        assert len(administration.acts(transaction, subject="departments")) == 1


def test_two_who_apply_at_once_apply_once(both: Town, tmp_path: Path) -> None:
    table, come = TABLES["departments"], coming(both, tmp_path, [UNITS, ["z", "新处", "委办局", "", ""]])
    seen = rehearse(both.database, table, come)
    order = Order(person_id=person_of_login(both.database, "qin"), digest=seen.digest, key="k" * 20)
    start = Barrier(4)

    def press() -> int:
        start.wait()
        return apply(both.database, table, come, order)

    with ThreadPoolExecutor(4) as pool:
        numbers = {future.result() for future in [pool.submit(press) for _ in range(4)]}
    assert len(numbers) == 1
    with pytest.raises(Stale):
        apply(both.database, table, come, replace(order, key="other key of mine"))


def test_a_rehearsal_leaves_nothing_behind(both: Town, tmp_path: Path) -> None:
    come = coming(both, tmp_path, [HEADER, ["han", "韩梅", "", "网格员", "xd-m", "", "", ""]])
    before = rehearse(both.database, TABLES["people"], come)
    assert before.outcome.new == ("han", "han grid_worker xd-m")
    assert before.outcome.new_rows == (2, 2)
    assert rehearse(both.database, TABLES["people"], come) == before
    with both.database.looking() as transaction:
        assert transaction.rows("SELECT 1 FROM person WHERE login = 'han'") == []


def test_a_draft_is_seen_by_whoever_brought_it_alone(office: Town) -> None:
    page = bring(Browser(office, "qin"), "people", as_workbook([HEADER, ["han", "韩梅", "", "", "", "", "", ""]]))
    assert may_apply(page)
    path = page.url.partition("testserver")[2]
    for login, status in (("jiang", 404), ("fan", 403), ("shen", 403)):
        assert Browser(office, login).go(path).status == status
    jiang = Browser(office, "jiang")
    own = bring(jiang, "people", as_workbook([HEADER, ["zhou", "周敏", "", "志愿者", "xd", "", "", ""]]))
    stolen = replace(own.form("/drafts/"), action=path.partition("?")[0])
    assert jiang.send(stolen).status == 404


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.7 not a table", "不是表格"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 Excel"),
        (b"PK\x03\x04 broken", "已损坏"),
        ("编码,类别\nx,委办局\n".encode(), "缺少列：名称"),
        (b"\x00\x01\x02" * 50, "二进制"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(office: Town, content: bytes, word: str) -> None:
    page = bring(Browser(office, "qin"), "departments", content)
    assert page.status == 422
    assert word in page.text
    assert "file" in page.form("/admin/tables/departments").names, "one can try again at once"


def test_a_file_that_is_too_large_is_refused(office: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_BYTES", 1000)
    page = bring(Browser(office, "qin"), "departments", b"x" * 1001)
    assert page.status == 413
    monkeypatch.setattr(bodies, "MOST_FORM", 1000)
    assert bring(Browser(office, "qin"), "departments", b"x" * 1001).status == 413


@pytest.mark.parametrize(
    ("login", "key", "status"),
    [("jiang", "areas", 403), ("fan", "people", 403), ("shen", "people", 403), ("qin", "nothing", 404)],
)
def test_whoever_may_not_bring_a_table_is_told_before_it_is_read(
    office: Town, login: str, key: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("starlette.requests.Request._get_form", never)
    answer = Browser(office, login).client.post(f"/admin/tables/{key}", files={"file": ("t.csv", b"x")})
    assert answer.status_code == status


def test_a_form_from_elsewhere_is_refused(office: Town) -> None:
    qin = Browser(office, "qin")
    assert qin.client.post("/admin/tables/areas", files={"file": ("t.csv", b"x")}).status_code == 403
    assert qin.client.post("/admin/people/wang/password", data={}).status_code == 403


@pytest.mark.parametrize(
    ("powers", "row", "field"),
    [
        (Powers(posts=False), ["wang", "王芳", "", "志愿者", "xd", "", "", ""], "post"),
        (Powers(posts=False), ["han", "韩梅", "", "志愿者", "xd", "", "", ""], "post"),
        (Powers(posts=False), ["wang", "王芳", "", "网格员", "xd-m", "", "1970-01-01", "2026-12-31"], "post"),
        (Powers(accounts=False), ["han", "韩梅", "", "志愿者", "xd", "", "", ""], "login"),
        (Powers(accounts=False), ["wang", "王小芳", "", "", "", "", "", ""], "login"),
        (Powers(accounts=False), ["wang", "王芳", "021", "", "", "", "", ""], "login"),
        (Powers(login="wang"), ["wang", "王芳", "", "志愿者", "xd", "", "", ""], "login"),
        (Powers(login="wang"), ["wang", "王芳", "", "网格员", "xd-m", "", "1970-01-01", "2026-12-31"], "login"),
    ],
)
def test_a_row_beyond_the_powers_of_whoever_brings_it_is_refused(
    office: Town, tmp_path: Path, powers: Powers, row: list[str], field: str
) -> None:
    come = replace(coming(office, tmp_path, [HEADER, row, ["zhou", "周敏", *[""] * 6]]), powers=powers)
    outcome = rehearse(office.database, TABLES["people"], come).outcome
    assert [(one.row, one.field) for one in outcome.refused] == [(2, field)]
    assert outcome.unchanged == 1


def test_the_security_administrator_grants_nothing_to_herself(office: Town) -> None:
    page = bring(
        Browser(office, "jiang"), "people", as_workbook([HEADER, ["jiang", "江雅静", "", "督查员", "fx", "", "", ""]])
    )
    assert "不能给自己授予或结束岗位" in page.text
    assert not may_apply(page)


def test_nobody_is_made_two_administrators_at_once(office: Town) -> None:
    page = bring(
        Browser(office, "jiang"), "people", as_workbook([HEADER, ["qin", "秦建斌", "", "审计管理员", "", "", "", ""]])
    )
    assert "三员分立" in lines(page)[0][-1]
    assert not may_apply(page)


def test_a_last_day_ends_a_post_and_a_later_one_asks_for_a_new_row(office: Town) -> None:
    jiang = Browser(office, "jiang")
    row = ["wang", "王芳", "", "网格员", "xd-m", "", "1970-01-01", "2026-12-31"]
    page = bring(jiang, "people", as_workbook([HEADER, row]))
    assert ("2", "wang 网格员 xd-m", "免职日期", "—", "2026-12-31") in lines(page)
    assert "1 结束" in page.text
    press_apply(jiang, page)
    assert row in taken_out(jiang, "people")
    assert "没有变化" in bring(jiang, "people", as_workbook([HEADER, row])).text
    later = bring(jiang, "people", as_workbook([HEADER, [*row[:-1], "2027-06-30"]]))
    assert "续任请另起一行" in lines(later)[0][-1]
    renewed = bring(jiang, "people", as_workbook([HEADER, [*row[:-2], "2027-01-01", "2027-06-30"]]))
    assert ("2", "wang 网格员 xd-m") in lines(renewed)


def test_the_command_line_ends_posts_too_and_is_written_down(both: Town, tmp_path: Path) -> None:
    row = ["wang", "王芳", "", "网格员", "xd-m", "", "1970-01-01", "2026-12-31"]
    come, table = coming(both, tmp_path, [HEADER, row, ["", "无名", *[""] * 6]]), TABLES["people"]
    done = apply_at_the_machine(both.database, table, come)
    assert (done.ended, done.new, done.unchanged) == (("wang grid_worker xd-m",), (), 0)
    assert [one.row for one in done.refused] == [3]
    assert apply_at_the_machine(both.database, table, come).unchanged == 1
    with both.database.looking() as transaction:
        (act,) = administration.acts(transaction)
    assert (act.login, act.subject, act.counts["ended"], act.counts["refused"]) == ("", "people", 1, 1)
    assert "服务器命令行" in Browser(both, "fan").go("/admin/acts").text


def test_standards_that_a_table_leaves_out_end_only_if_that_was_asked(office: Town, tmp_path: Path) -> None:
    qin = Browser(office, "qin")
    rows = taken_out(qin, "catalogue")
    assert len(rows) == 7
    kept = bring(qin, "catalogue", as_workbook(rows[:-1]))
    assert "没有变化" in kept.text
    ended = bring(qin, "catalogue", as_workbook(rows[:-1]), vanished="deactivate")
    assert "1 结束" in ended.text
    press_apply(qin, ended)
    assert taken_out(qin, "catalogue") == rows[:-1]


def test_taking_a_table_out_is_written_down(office: Town) -> None:
    taken_out(Browser(office, "fan"), "people")
    page = Browser(office, "qin").go("/admin/acts")
    assert "导出" in page.text
    assert "范明" in page.text


def test_a_store_keeps_few_drafts_of_one_person(tmp_path: Path) -> None:
    store = FileStore.of("", tmp_path)
    path = tmp_path / "f"
    kept = []
    for number in range(drafts.MOST + 3):
        path.write_bytes(b"draft %d" % number)
        with path.open("rb") as file:
            kept.append(drafts.keep(store, 7, file))
    assert len(store.kept("drafts/7/tables")) == drafts.MOST
    with drafts.opened(store, 7, kept[-1]) as draft:
        assert draft.read_bytes() == path.read_bytes()
    drafts.drop(store, 7, kept[-1])
    drafts.drop(store, 7, kept[-1])
    assert len(store.kept("drafts/7/tables")) == drafts.MOST - 1


def test_a_record_holds_no_name_phone_or_password(office: Town) -> None:
    qin = Browser(office, "qin")
    press_apply(qin, bring(qin, "people", as_workbook([HEADER, ["wang", "王晓芳", "13900001111", *[""] * 5]])))
    qin.send(qin.go("/admin/people/wang").form("/password"))
    with office.database.looking() as transaction:
        told = json.dumps(
            [[one.counts, one.told, one.file] for one in administration.acts(transaction)], ensure_ascii=False
        )
    assert "wang" in told
    assert "王晓芳" not in told
    assert "1390000" not in told
