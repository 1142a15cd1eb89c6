"""呼应在浏览器里：块呼条应走到底，联席会议开到纪要，批量、并发、没有 JavaScript。

The loops in real browsers: everybody at a browser of their own, everything by clicking as people click.

王芳、周敏 网格员 grid workers · 刘洋 网格长 grid leader · 沈静、于晴 街镇受理员 the street's desk ·
陈刚 城管经办 urban management · 何清 督查员 supervisor · 汤芳 居村书记 · 闵镇长 the street's chief
"""

from collections.abc import Iterator

import pytest

from engine.application import Application
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, Instant, moment
from tests.support.clicking import Somebody, Street, photo, street
from tests.support.databases import Files
from tests.support.town import Town

pytestmark = pytest.mark.browser

CALL = {"kind": "appeal", "lead": "urban"}


@pytest.fixture(scope="module")
def xidu(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(files, tmp_path_factory.mktemp("street")) as served:
        yield served


def swept(office: Town) -> None:
    """The clock's own acts are done."""
    house = Application(settings=office.settings, database=office.database, clock=office.clock)
    sweep(house.door, house.database, house.clock)


def reports(worker: Somebody, words: str) -> str:
    """From the home page to a new ticket; its number."""
    worker.go("/")
    worker.click("上报", "header")
    worker.page.locator("main .card", has_text="块呼条应").locator("a", has_text="上报").first.click()
    worker.fills("main", {"description": words, "place": "xd-m", "before_photos": photo(len(words))})
    worker.page.click(".hy-submit button")
    worker.page.wait_for_url("**/tickets/*")
    return str(worker.page.url.rpartition("/")[2].partition("?")[0])


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_block_calls_a_line_responds_is_checked_scored_and_archived(xidu: Street, javascript: bool) -> None:
    """上报、立案、派遣、签收、反馈、核查、直评、归档：五个人，一件事。"""
    words = f"幸福路窨井盖破损，{'夜里' if javascript else '白天'}有人绊倒"
    with xidu.people("wang", "shen", "chen", "zhou", "liu", "he", javascript=javascript) as people:
        wang, shen, chen, zhou, liu, he = people
        case_no = reports(wang, words)
        assert "已上报" in wang.state()

        shen.opens(words)
        shen.acts("立案", {"find.item": "井盖|part-01-01/1", "urgency": "normal"})
        shen.acts("吹哨派遣", {**CALL, "message": "请先围挡"})
        assert "已派遣" in shen.state()

        chen.opens(words)
        chen.acts("签收")
        chen.acts("反馈", {"result": "已更换井盖", "after_photos": photo(40)})
        assert "待核查" in chen.state()

        zhou.opens(words)
        zhou.acts("核查通过", {"check_photos": photo(41)})
        liu.opens(words)
        liu.acts("直评", {".stars": "5", ".resolved": "solved"})
        assert "直评公示" in liu.state()

        wang.go(f"/tickets/{case_no}")
        wang.acts("群众评价", {"stars": "4", "resolved": "solved"})
        he.go(f"/tickets/{case_no}")
        history = he.page.inner_text("#ticket")
        for told in ("请先围挡", "已更换井盖", "★★★★★", "★★★★☆"):
            assert told in history
    xidu.office.clock.advance(10 * DAY)
    swept(xidu.office)
    with xidu.people("wang", "he", javascript=javascript) as people:
        for one in people:
            one.go(f"/tickets/{case_no}")
            assert "已结案" in one.state()


# -- 联席会议 The joint meeting ----------------------------------------------------------------------------------------

LISTED = {
    "raised_by": "village", "cross": "department", "lead_department": "urban", "leader_in_charge": "shen",
    "measures": "先清障后硬化", "due": "2026-06-30", "reason": "权属不清",
}  # fmt: skip


def test_a_joint_meeting_is_called_held_and_its_minutes_are_signed_and_printed(xidu: Street) -> None:
    """网格长召集，列入议程，到会过半，议决托底，签发纪要；成员看得到，打印只有纪要。"""
    office = xidu.office
    case_no = office.report(workflow="multi-grid-in-one", description="河岸断头路无人管养")
    office.act("liu", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    office.act("liu", case_no, "list", LISTED)
    with xidu.people("liu", "tang", "min") as (liu, tang, chief):
        liu.go("/meetings")
        liu.click("通知一次会议")
        at = moment(Instant(office.clock.now() + HOUR)).strftime("%Y-%m-%dT%H:%M")
        liu.page.select_option("select[name=body]", "multi-grid-in-one|joint|xd-g")
        liu.fills("main", {"at": at, "place": "网格党群服务站"})
        liu.click("通知", "main .hy-submit")
        liu.reads("已通知")
        code = liu.page.url.rpartition("/")[2]
        liu.go(f"/tickets/{case_no}")
        liu.acts("列入议题", {"meeting": at[:10]})
        liu.go(f"/meetings/{code}")
        liu.reads("河岸断头路无人管养")

        for member in (tang, chief):
            member.go("/meetings")
            member.page.click(f"a[href='/meetings/{code}']")
            member.reads("河岸断头路无人管养")
            assert member.page.locator("main form").count() == 0, "a member looks, the chair acts"

        liu.click("开会")
        liu.reads("不足法定的 2 人")
        liu.page.select_option("select[name='seat.tang']", "present")
        liu.page.select_option("select[name='seat.min']", "excused")
        liu.click("登记到会")
        liu.reads("2 / 3")
        liu.click("托底")
        liu.fills("#act", {"lead": "urban", "due": "2026-06-30", "ruling": "由城管先行托底"})
        liu.sends()
        liu.page.locator("#ticket .alert-success").wait_for()
        liu.go(f"/meetings/{code}")
        liu.click("闭会")
        liu.page.fill("textarea[name=remarks]", "请假一人")
        liu.click("签发纪要")
        liu.reads("纪要已签发")

        tang.go(f"/meetings/{code}")
        tang.click("纪要")
        tang.page.wait_for_url("**/minutes")
        tang.page.emulate_media(media="print")
        for words in ("由城管先行托底", "实到 2 人", "请假一人"):
            tang.reads(words)
        assert not tang.page.locator("header").is_visible(), "what is printed are the minutes and nothing around them"
        assert tang.page.pdf()[:5] == b"%PDF-"
        tang.page.emulate_media(media="screen")
        assert tang.page.locator("header").is_visible()


# -- 批量办理 Many at once ---------------------------------------------------------------------------------------------


def filed(office: Town, words: str) -> str:
    case_no = office.report(description=words)
    office.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    return case_no


def test_what_is_ticked_in_the_queue_is_called_together_and_each_row_says_what_came_of_it(xidu: Street) -> None:
    """勾选三件一并派遣；其间一件已被答复，逐行给出结果，两件已办，一件说明为何未办。"""
    office = xidu.office
    first, second, third = numbers = [filed(office, f"批量路灯不亮 {number}") for number in range(3)]
    with xidu.people("shen") as (shen,):
        shen.go("/queue")
        for case_no in numbers:
            shen.page.check(f"input[name=ticket][value='{case_no}']")
        shen.click("批量办理所勾选的")
        shen.click("吹哨派遣")
        shen.fills("#act", CALL)
        office.act("shen", second, "answer", {"reply": "已由物业处理"})
        shen.sends()
        shen.reads("已办理 2 件，未办理 1 件")
        rows = {
            row.locator("a").inner_text(): row.inner_text() for row in shen.page.locator(".hy-results tbody tr").all()
        }
        assert [*rows] == numbers
        assert ["已办理" in rows[one] for one in numbers] == [True, False, True]
        assert "已派遣" in rows[first]
        assert "未办理" in rows[second]
        shen.click("再看未办理的")
        shen.page.wait_for_url(f"**/bulk?ticket={second}")
    assert office.get("shen", f"/api/tickets/{third}")["state"]["code"] == "called"


# -- 两人同开一件 Two at one ticket ------------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_whoever_is_overtaken_reads_what_changed_loses_nothing_typed_and_goes_on(
    xidu: Street, javascript: bool
) -> None:
    """沈静、于晴同开一件：于晴先立案；沈静写好的答复还在，看过变化后再次提交即成。"""
    case_no = xidu.office.report(description="两人同看的路灯")
    with xidu.people("shen", "yu", javascript=javascript) as (shen, yu):
        for one in (shen, yu):
            one.go(f"/tickets/{case_no}")
        shen.asks("直接答复")
        shen.fills("#act", {"reply": "已列入本月整修计划，请放心"})
        yu.acts("立案", {"find.item": "路灯|part-01-02/1", "urgency": "normal"})
        shen.sends()
        shen.reads("您打开之后发生了", "#act")
        told = shen.page.inner_text("#act .alert")
        assert "立案" in told
        assert "于晴" in told
        assert shen.page.input_value("#act textarea[name=reply]") == "已列入本月整修计划，请放心"
        shen.sends()
        shen.page.locator("#ticket .alert-success").wait_for()
        assert "已答复" in shen.state()


def test_whose_act_is_gone_keeps_the_words_and_is_led_to_the_ticket(xidu: Street) -> None:
    """于晴先立案后，沈静的“不予受理”已不可办：写下的理由仍可复制，一按即看最新情况。"""
    case_no = xidu.office.report(description="两人同看的井盖")
    with xidu.people("shen", "yu") as (shen, yu):
        for one in (shen, yu):
            one.go(f"/tickets/{case_no}")
        shen.asks("不予受理")
        shen.fills("#act", {"reason": "现场未见破损"})
        yu.acts("立案", {"find.item": "井盖|part-01-01/1", "urgency": "normal"})
        shen.sends()
        shen.reads("此件已被他人办理", "#act")
        assert "现场未见破损" in shen.page.inner_text("#act .hy-lost")
        shen.click("看最新情况", "#act")
        shen.page.wait_for_url(f"**/tickets/{case_no}")
        assert "已立案" in shen.state()
        assert shen.whole()
