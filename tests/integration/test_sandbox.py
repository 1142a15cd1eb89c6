"""An author plays a ticket of an uploaded file through, and nothing of the real installation knows of it."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.definitions.loader import discover
from engine.sandbox import house as sandbox
from engine.sandbox.clockwork import next_rung
from engine.sandbox.play import MOST_STEPS, Play, Step
from engine.settings import Settings
from tests.support.administrators import administered
from tests.support.browser import Browser, FormOnPage, Page
from tests.support.cases import MONDAY
from tests.support.loops import SMALL, small
from tests.support.town import BLOCK_CALLS, Town, town
from web import sandboxes

FILES = "/admin/workflows"
SHIPPED = (Path(__file__).resolve().parents[2] / "workflows" / f"{BLOCK_CALLS}.yaml").read_text(encoding="utf-8")
#: Not in force anywhere: another number, another limit.
DRAFT = SHIPPED.replace("\nversion: 1\n", "\nversion: 2\n", 1).replace(
    "within: 30 working minutes, ladder: desk", "within: 20 working minutes, ladder: desk", 1
)


@pytest.fixture
def xidu(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield administered(served)


class Table:
    """An administrator at a sandbox."""

    def __init__(self, xidu: Town, text: str = DRAFT, login: str = "qin") -> None:
        self.browser = Browser(xidu, login)
        draft = self.browser.send(self.browser.go(FILES).form(FILES), files={"file": text.encode()})
        self.page = self.browser.send(draft.form("/sandbox"))
        self.address = self.page.url.partition("?")[0].removeprefix("http://testserver")

    def people(self) -> dict[str, str]:
        """Who may act, by how the list calls them → login."""
        options = re.findall(r'<option value="(sb\.\d+)"[^>]*>([^<]+)</option>', self.page.html)
        return {re.sub(r"（\d+）$", "", called): login for login, called in options}

    def who(self, part: str) -> str:
        return next(login for called, login in self.people().items() if part in called)

    def look(self, who: str) -> Page:
        """The page as one of the cast sees it."""
        case_no = re.search(r"case_no=([0-9-]+)", self.page.html + self.page.url)
        self.page = self.browser.go(f"{self.address}?who={self.who(who)}{'&' + case_no[0] if case_no else ''}")
        return self.page

    def do(self, who: str, action: str, **values: object) -> Page:
        """Press an act's button as somebody, fill its form and send it."""
        page = self.look(who)
        plain = [form for form in page.forms if form.values.get("action") == [action]]
        if not plain:
            form = self.form(who, action)
            assert values.keys() <= {*form.names}, form.names
            self.page = self.browser.send(form, values)
        else:
            self.page = self.browser.send(plain[0])
        assert self.page.status == 200, self.page.text
        return self.page

    def form(self, who: str, action: str) -> FormOnPage:
        """The form of an act, as one of the cast finds it."""
        return self.browser.go(self.look(who).link(f"action={action}")).form("/act")

    def move(self, by: str, until: str = "") -> Page:
        self.page = self.browser.send(self.page.form("/clock"), {"by": by, "until": until})
        return self.page

    def press(self, what: str) -> Page:
        self.page = self.browser.send(self.page.form(f"/{what}"))
        return self.page

    @property
    def rungs(self) -> int:
        """Rungs in the history."""
        return self.page.html.count("<strong>时限到级 ")

    @property
    def clock(self) -> str:
        found = re.search(r'hy-sandbox-clock">([^<]+)<', self.page.html)
        assert found
        return found[1]

    @property
    def state(self) -> str:
        found = re.search(r'hy-state">([^<]+?) <', self.page.html)
        assert found
        return found[1]


def everything(town: Town) -> dict[str, list[str]]:
    """Every row of every table."""
    with town.database.looking() as transaction:
        tables = [row[0] for row in transaction.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: [repr(row) for row in transaction.rows(f'SELECT * FROM "{table}"')] for table in tables}


def test_a_call_is_played_from_report_to_archive_and_nothing_real_changes(xidu: Town) -> None:
    table = Table(xidu)
    before = everything(xidu)
    assert table.clock == "2026-03-03 09:00", "the next working day"
    table.do("微网格", "report", description="窨井盖破损")
    assert table.state == "已上报"
    table.move("rung")
    assert table.rungs == 1
    assert table.clock == "2026-03-03 09:14", "70 % of the draft's limit, not of the one in force"
    assert "时限到级 A rung of a deadline came → " in table.page.text, "the desk was told"
    table.move("hour")
    assert table.rungs == 2
    assert "hy-light-red" in table.page.html
    table.do("城运受理派遣员 · 示例街道", "accept", item="part-01-01/1", urgency="normal")
    table.do("城运受理派遣员 · 示例街道", "call", kind="appeal", lead="sb-one")
    assert table.state == "已派遣，待响应"
    drawn = re.search(r'fill="#1d4ed8"/>\n<text[^>]*>([^<]+)<', table.page.html)
    assert drawn
    assert drawn[1] == "已派遣，待响应", "the diagram marks where it is"
    table.do("承办人 · 示例执法队", "sign")
    assert table.state == "条线处置中"
    table.do("承办人 · 示例执法队", "finish", result="已更换井盖")
    assert table.state == "待核查", "the rule moved it on"
    table.do("网格员 · 示例综合网格", "check")
    task = asked_about(table)
    table.do("居村书记", "pass", **{f"each.{task}.stars": "5", f"each.{task}.resolved": "solved"})
    assert table.state == "直评公示"
    table.move("until", "2026-03-20T09:00")
    assert table.state == "已结案", "the clock archived it"
    assert "归档" in table.page.text
    assert everything(xidu) == before


def asked_about(table: Table) -> str:
    """The task that is asked about when the block scores."""
    names = table.form("居村书记", "pass").names
    return next(name.split(".")[1] for name in names if name.startswith("each."))


def test_a_step_back_is_as_if_it_had_never_been(xidu: Town) -> None:
    table = Table(xidu)
    table.do("微网格", "report", description="路灯不亮")
    table.move("rung")
    at = table.clock
    table.move("workday")
    assert table.rungs == 2
    table.press("back")
    assert (table.clock, table.rungs) == (at, 1)
    table.press("back")
    assert (table.clock, table.rungs, table.state) == ("2026-03-03 09:00", 0, "已上报")
    table.do("城运受理派遣员 · 示例街道", "refuse", reason="重复")
    assert table.state == "不予受理", "another way is taken from there"
    table.press("reset")
    assert "怎样发起" in table.page.text
    assert re.search(r'name="steps" value="0"', table.page.html)


def test_who_lacks_the_post_and_what_is_incomplete_is_refused_as_by_the_real_door(xidu: Town) -> None:
    table = Table(xidu)
    table.do("微网格", "report", description="占道堆物")
    handler = table.look("承办人 · 示例执法队")
    assert not [link for link in handler.links if "action=accept" in link]
    form = table.browser.go(table.look("城运受理派遣员 · 示例街道").link("action=accept").replace("&amp;", "&")).form(
        "/act"
    )
    forced = replace(form, values={**form.values, "who": [table.who("承办人 · 示例执法队")]})
    denied = table.browser.send(forced, {"item": "part-01-01/1", "urgency": "normal"})
    assert denied.status == 403
    incomplete = table.browser.send(form, {"urgency": "normal"})
    assert (incomplete.status, "立案事项" in incomplete.text) == (422, True)
    stale = table.browser.send(form, {"item": "part-01-01/1", "urgency": "normal", "steps": "0"})
    assert stale.status == 409
    assert table.look("城运受理派遣员 · 示例街道").text.count("第 1 步") == 1, "a refusal is no step"


def test_only_whoever_uploads_files_plays_and_each_their_own(xidu: Town) -> None:
    table = Table(xidu)
    assert Browser(xidu, "xu").go(table.address).status == 404
    for login in ("wang", "shen", "jiang", "fan"):
        other = Browser(xidu, login)
        assert other.go(table.address).status == 403
        assert other.go(f"{FILES}/sandboxes").status == 403
        token = other.go("/").form("/signout").values["csrf"]
        for form in (table.page.form("/clock"), table.page.form("/back"), table.page.form("/drop")):
            sent = other.send(replace(form, values={**form.values, "csrf": token}), {"by": "hour"})
            assert sent.status == 403, (login, form.action)
    assert table.browser.send(table.page.form("/reset"), {"csrf": "forged"}).status == 403


def test_another_process_plays_on_from_the_steps_alone(xidu: Town) -> None:
    table = Table(xidu)
    table.do("微网格", "report", description="井盖")
    table.move("rung")
    text = table.page.text
    for file in (xidu.settings.data / "sandboxes").iterdir():
        file.unlink()
    assert table.browser.go(table.page.url).text == text, "what is lost is made again, the same"
    assert len(list((xidu.settings.data / "sandboxes").glob("*.db"))) == 2, "the beginning and where it stands"


def test_sandboxes_and_their_files_are_bounded(xidu: Town) -> None:
    first = Table(xidu)
    for _ in range(sandboxes.MOST_SANDBOXES):
        Table(xidu)
    mine = first.browser.go(f"{FILES}/sandboxes")
    assert len([link for link in mine.links if re.search(r"sandboxes/[0-9a-f]{32}", link)]) == sandboxes.MOST_SANDBOXES
    assert first.browser.go(first.address).status == 404, "the oldest made room"
    folder = xidu.settings.data / "sandboxes"
    for number in range(sandbox.MOST_FILES + 5):
        (folder / f"{number}.db").touch()
    (folder / "old.db").touch()
    (folder / "left.1.part").touch()
    for old in ("old.db", "left.1.part"):
        os.utime(folder / old, (0, 0))
    sandbox.sweep_out(folder)
    names = {file.name for file in folder.iterdir()}
    assert len(names) == sandbox.MOST_FILES
    assert not names & {"old.db", "left.1.part"}


def test_a_trap_may_be_walked_into_and_what_cannot_go_live_says_why(xidu: Town) -> None:
    trap = Table(xidu, small(2, trapped=True))
    assert "怎样发起" in trap.page.text
    lost = Table(xidu, small(3).replace("calendar: cn-mainland", "calendar: nowhere", 1))
    assert lost.page.status == 422
    assert "没有日历“nowhere”" in lost.page.text
    assert [form for form in lost.page.forms if "/drop" in form.action], "there is a way out"


def test_the_clock_goes_forward_only_and_steps_are_counted(xidu: Town) -> None:
    table = Table(xidu)
    for until in ("2026-03-03T08:00", "2036-01-01T00:00", "never"):
        assert table.browser.send(table.page.form("/clock"), {"by": "until", "until": until}).status == 422
    assert table.browser.send(table.page.form("/clock"), {"by": "rung"}).status == 422, "no deadline runs"
    play = Play(source=SMALL, begins=MONDAY)
    full = replace(play, steps=(Step(until=MONDAY),) * MOST_STEPS)
    with pytest.raises(Exception, match=str(MOST_STEPS)):
        full.then(Step(until=MONDAY))
    assert Play.from_json(full.to_json()) == full


@pytest.mark.parametrize("loop", discover(), ids=lambda loop: loop.key)
def test_every_shipped_file_can_be_begun(loop: object, tmp_path: Path) -> None:
    """Somebody can start it, or the clock does."""
    source = getattr(loop, "source", "")
    play = Play(source=source, begins=MONDAY)
    settings = Settings(database_url="sqlite:///unused.db", data=tmp_path)
    with sandbox.played(play, settings) as inside:
        with inside.database.looking() as transaction:
            ((people,),) = transaction.rows("SELECT count(*) FROM person")
        assert people > 3
        assert next_rung(inside) is None
