"""A month's closure rate, contested line by line: drafted, objected to, ruled upon, final, and restated later."""

import json

import pytest

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.errors import NotAllowedNow, NotPermitted
from engine.exchange.period_check import findings
from engine.records import periods
from engine.records.access import Viewer
from engine.records.cohorts import explained
from engine.records.indicators import Asked, figure
from engine.records.period_rows import State
from engine.records.periods import Period
from engine.rules.case import Held
from engine.rules.roll import Ground, Judgement, Line, Tally
from engine.stages import accounting
from engine.stages.accounting import By
from tests.support.door import Told, World

SHEET, LABEL = "response", "2026-03"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _viewer(world: World, login: str) -> Viewer:
    rows = world.rows(
        "SELECT p.id, h.post, h.area_id, h.department_id FROM person p JOIN holding h ON h.person_id = p.id "
        "WHERE p.login = ?",
        login,
    )
    held = tuple(Held(post, area, unit) for _, post, area, unit in rows)
    return Viewer(person_id=rows[0][0], login=login, name=login, posts=held)


def _fold(world: World) -> None:
    relay(world.database)
    fold_facts(world.database, world.versions)


class Month:
    """March 2026 in the district: three tickets of the urban team, one of the waterworks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.he = By(_viewer(world, "he"))
        self.first, self.second, self.third = (Told(world).closed() for _ in range(3))
        self.water = Told(world).called("water").signed("water")
        world.later(45 * DAY)
        _fold(world)
        self.id = accounting.draft(world.database, world.clock, SHEET, "district", LABEL, self.he)

    @property
    def period(self) -> Period:
        with self.world.database.looking() as transaction:
            return periods.period(transaction, self.id)

    def lines(self, indicator: str = "contacted_first") -> dict[str, Line]:
        with self.world.database.looking() as transaction:
            return {line.case_no: line for line in periods.lines(transaction, self.id) if line.indicator == indicator}

    def object_to(self, login: str, told: Told, ground: Ground = Ground.DATA, words: str = "已电话联系") -> int:
        line = self.lines()[told.case_no].number
        viewer = _viewer(self.world, login)
        return accounting.object_to(self.world.database, self.world.clock, self.id, line, viewer, ground, words)

    def rule(self, objection: int, verdict: Judgement, login: str = "he") -> None:
        by = By(_viewer(self.world, login))
        accounting.rule(self.world.door, self.id, objection, by, verdict, "经核实通话记录")

    def opened(self) -> "Month":
        accounting.open_window(self.world.database, self.world.clock, self.id, self.he)
        return self

    def closed(self) -> "Month":
        self.world.later(6 * DAY)
        accounting.close_window(self.world.database, self.world.clock, self.id)
        return self

    def final(self) -> str:
        return accounting.finalise(self.world.database, self.world.clock, self.id, self.he)

    def results(self) -> dict[str, dict[str, object]]:
        return {one["unit"]: one for one in json.loads(self.period.results)[1]}

    def findings(self) -> list[str]:
        with self.world.database.looking() as transaction:
            return findings(transaction, self.id)


@pytest.fixture
def month(world: World) -> Month:
    return Month(world)


def test_a_month_is_drafted_contested_ruled_upon_final_and_restated(month: Month) -> None:
    world = month.world
    assert {told.case_no for told in (month.first, month.second, month.third, month.water)} == set(month.lines())
    month.opened()
    kept, out = month.object_to("chen", month.first), month.object_to("chen-lead", month.second)
    month.closed()
    with pytest.raises(NotAllowedNow, match="2 件异议"):
        month.final()
    month.rule(kept, Judgement.KEEP)
    month.rule(out, Judgement.EXCLUDE)
    digest = month.final()
    assert month.period.state is State.FINAL
    contacted = month.results()["urban"]["parts"]["contacted"]  # type: ignore[index]
    assert contacted[:2] == [0, 2], "three were counted, one was ruled out"
    assert month.results()["water"]["parts"]["contacted"][:2] == [0, 1]  # type: ignore[index]

    assert "period_ruling" in month.second.actions
    assert "period_ruling" not in month.first.actions
    assert world.differences(month.second.id) == []
    _fold(world)
    with world.database.looking() as transaction:
        asked = Asked(since=month.period.since, until=month.period.until, as_of=world.clock.now(), area="district")
        assert figure(transaction, discover()["contacted_first"], asked).denominator == 3, "live figures agree"

    month.third.do("wang", "redo", form={"satisfaction": "dissatisfied"})
    _fold(world)
    _, text = accounting.restate(world.database, world.clock, month.id, month.he)
    changed = json.loads(text)["differences"]
    assert {one["case_no"] for one in changed} == {month.third.case_no}
    assert month.period.digest == digest, "what is final stays as it is"
    assert month.findings() == []


def test_nothing_later_changes_a_final_document_by_a_byte(month: Month) -> None:
    month.opened().closed().final()
    with month.world.database.looking() as transaction:
        before = accounting.document(transaction, month.period)
    month.first.do("wang", "redo", form={"satisfaction": "dissatisfied"})
    month.world.change("UPDATE department SET name = 'other', parent_id = NULL WHERE code = 'urban'")
    _fold(month.world)
    with month.world.database.looking() as transaction:
        assert accounting.document(transaction, month.period) == before
    assert month.findings() == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE period_line SET standing = 'numerator' WHERE number = 1", "第 1 行"),
        ("UPDATE period_line SET standing = 'numerator', hash = 'x' WHERE number = 1", "第 1 行"),
        ("DELETE FROM period_line WHERE number = 2", "缺第 2 行"),
        ("UPDATE period_act SET at = at + 1 WHERE seq = 2", "第 2 项办理记录"),
        ("DELETE FROM period_act WHERE seq = 2", "办理记录"),
        ("UPDATE accounting_period SET results = replace(results, 'points', 'pints')", "结果"),
        ("UPDATE accounting_period SET head = replace(head, 'weight: 30', 'weight: 29')", "公式与树"),
    ],
)
def test_whatever_is_changed_behind_the_engines_back_is_found(month: Month, change: str, named: str) -> None:
    month.opened().closed().final()
    month.world.change(change)
    found = month.findings()
    assert any(named in one for one in found), found


def test_a_line_and_its_hash_changed_together_are_found_by_the_digest_of_all(month: Month) -> None:
    month.opened().closed().final()
    with month.world.database.looking() as transaction:
        line = periods.line(transaction, month.id, 1)
    forged = Line(**{name: getattr(line, name) for name in line.__slots__} | {"standing": Tally.OUT})
    month.world.change("UPDATE period_line SET standing = 'out', hash = ? WHERE number = 1", forged.hash)
    assert any("全部各行" in one for one in month.findings())


def test_who_may_object_and_until_when(month: Month) -> None:
    with pytest.raises(NotAllowedNow, match="初稿"):
        month.object_to("chen", month.first)
    month.opened()
    for login in ("lu", "shen", "he", "wang"):
        with pytest.raises(NotPermitted):
            month.object_to(login, month.first)
    month.object_to("chen", month.first)
    with pytest.raises(NotAllowedNow, match="已提过"):
        month.object_to("chen-lead", month.first)
    with pytest.raises(NotAllowedNow, match="才结束"):
        accounting.close_window(month.world.database, month.world.clock, month.id, month.he)
    month.world.later(5 * DAY)
    with pytest.raises(NotAllowedNow, match="异议期已于"):
        month.object_to("chen", month.second)


def test_who_may_rule(month: Month) -> None:
    month.opened()
    objection = month.object_to("chen", month.first)
    with pytest.raises(NotPermitted):
        month.rule(objection, Judgement.KEEP, "chen-lead")
    with pytest.raises(NotPermitted):
        month.rule(objection, Judgement.KEEP, "shen")
    urban = month.world.departments["urban"]
    biased = Viewer(
        person_id=month.world.people["he"], login="he", name="he",
        posts=(*(month.he.viewer.posts if month.he.viewer else ()), Held("lead", None, urban)),
    )  # fmt: skip
    with pytest.raises(NotPermitted, match="不能自己裁定"):
        accounting.rule(month.world.door, month.id, objection, By(biased), Judgement.KEEP, "x")
    month.rule(objection, Judgement.KEEP)
    with pytest.raises(NotAllowedNow, match="已裁定"):
        month.rule(objection, Judgement.EXCLUDE)


def test_only_a_supervisor_of_the_area_moves_a_period_and_only_once_it_is_over(month: Month) -> None:
    world = month.world
    with pytest.raises(NotPermitted):
        accounting.open_window(world.database, world.clock, month.id, By(_viewer(world, "shen")))
    with pytest.raises(NotAllowedNow, match="已有初稿"):
        accounting.draft(world.database, world.clock, SHEET, "district", LABEL, month.he)
    with pytest.raises(NotAllowedNow, match="尚未结束"):
        accounting.draft(world.database, world.clock, SHEET, "district", "2026-12", month.he)
    with pytest.raises(NotAllowedNow, match="初稿"):
        month.final()


def test_whatever_falls_into_the_period_has_a_line_that_says_why_it_is_out(month: Month) -> None:
    world = month.world
    Told(world).filed().joined_to(month.water)
    started = world.clock.now()
    calm = Told(world).called("urban")
    void = Told(world).called("urban")
    void.do("shen", "call_off")
    world.later(HOUR)
    _fold(world)
    asked = Asked(since=Instant(started - DAY), until=Instant(started + DAY), as_of=world.clock.now(), area="district")
    with world.database.looking() as transaction:
        found = {line.case_no: line for line in explained(transaction, [discover()["closure_unit"]], asked)}
    assert (found[calm.case_no].standing, found[calm.case_no].why) == (Tally.OUT, "not due")
    assert (found[void.case_no].standing, found[void.case_no].why) == (Tally.OUT, "ticket void")
