"""Which ways tickets really took: counted from rows that the history makes, beside the file of today."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.analysis.paths import Use
from engine.background.paths import fold_paths, rebuild
from engine.background.relay import relay
from engine.clock import DAY, HOUR, MINUTE, SetClock
from engine.database import Database
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import NotFound
from engine.exchange.conformance import Conformance, conformance, through
from engine.records import paths
from engine.records.paths import Wanted
from engine.rules.days import begins, ends
from tests.support.browser import Browser
from tests.support.door import BLOCK_CALLS, Told, World
from tests.support.town import Town, town


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _fold(world: World) -> int:
    relay(world.database)
    return fold_paths(world.database, world.versions)


def _found(world: World, **more: Any) -> Conformance:
    with world.database.looking() as transaction:
        definition = world.versions.active(transaction, BLOCK_CALLS)
        return conformance(transaction, definition, Wanted(workflow=BLOCK_CALLS, **more))


def _listed(world: World, *variants: str, **more: Any) -> list[str]:
    with world.database.looking() as transaction:
        return [line.case_no for line in paths.listed(transaction, Wanted(workflow=BLOCK_CALLS, **more), variants)]


def _rows(world: World) -> list[Any]:
    return world.rows("SELECT * FROM ticket_path ORDER BY ticket_id")


def test_paths_are_the_moves_that_tickets_made_with_their_times(world: World) -> None:
    told = Told(world).reported()
    world.later(5 * MINUTE)
    told.do("shen", "accept", form={"item": "part-01-01"})
    world.later(HOUR)
    told.do("shen", "call", form={"lead": "urban"})
    told.signed("urban").finished("urban").scored()
    two = Told(world).filed()
    _fold(world)
    found = _found(world)
    assert (found.tickets, found.faults, len(found.ways)) == (2, 0, 2)
    moved = world.rows(
        "SELECT action FROM event WHERE ticket_id = ? AND scope = '' AND state_from <> state_to ORDER BY seq", told.id
    )
    (whole,) = (way for way in found.ways if way.variant.ended)
    assert [move[1] for move in whole.variant.taken.moves] == [action for (action,) in moved]
    assert whole.median == whole.most == HOUR + 5 * MINUTE
    assert [line.case_no for line in whole.examples] == [told.case_no]
    times = {flow.move[1]: (flow.passes, flow.median) for flow in found.flows if flow.use is Use.USED}
    assert (times["report"], times["accept"][0], times["call"]) == ((2, 0), 2, (1, HOUR))
    assert {flow.use for flow in found.flows} == {Use.USED, Use.NEVER}
    (open_,) = (way for way in found.ways if not way.variant.ended)
    assert (open_.median, open_.share, _listed(world, open_.variant.taken.digest)) == (None, 0.5, [two.case_no])


def test_every_count_is_the_length_of_its_list(world: World) -> None:
    for _ in range(3):
        Told(world).filed()
        world.later(DAY)
    Told(world).closed()
    refused = Told(world).reported()
    refused.do("shen", "refuse")
    _fold(world)
    found = _found(world)
    for way in found.ways:
        assert len(_listed(world, way.variant.taken.digest)) == way.variant.taken.tickets
    with world.database.looking() as transaction:
        wanted = Wanted(workflow=BLOCK_CALLS)
        for flow in found.flows:
            among = list(through(transaction, wanted, flow.move))
            assert len(paths.listed(transaction, wanted, among)) == flow.tickets
        every = paths.listed(transaction, wanted, [way.variant.taken.digest for way in found.ways], most=4)
        rest = paths.listed(
            transaction, wanted, [way.variant.taken.digest for way in found.ways],
            after=(every[-1].reported_at, every[-1].ticket_id),
        )  # fmt: skip
    assert (len(every), len(rest)) == (4, 1)


def test_filters_are_period_area_department_item_channel_version_and_reach(world: World) -> None:
    first = Told(world).called("urban")
    world.later(DAY)
    Told(world).called("water", item="event-02-03")
    _fold(world)

    def counted(**more: Any) -> int:
        return _found(world, **more).tickets

    assert counted() == 2
    assert counted(since=begins("2026-03-03")) == counted(until=ends("2026-03-02")) == 1
    assert (counted(area="district"), counted(area="grid-2")) == (2, 0)
    assert (counted(department="urban"), counted(department="bureau"), counted(department="gas")) == (1, 2, 0)
    ((item, channel),) = world.rows("SELECT item, channel FROM ticket WHERE id = ?", first.id)
    assert (counted(item=item), counted(channel=channel), counted(channel="x")) == (1, 2, 0)
    assert (counted(version=1), counted(version=9), _found(world, version=9).versions) == (2, 0, (1,))
    assert (counted(units=(world.unit("street"),)), counted(units=(world.unit("street-2"),))) == (2, 0)
    with pytest.raises(NotFound, match="nowhere"):
        counted(area="nowhere")


def test_what_only_some_may_know_is_in_no_count_and_no_list(world: World) -> None:
    told = Told(world).filed()
    world.change("UPDATE ticket SET confidential = ? WHERE id = ?", True, told.id)
    _fold(world)
    ((variant,),) = world.rows("SELECT variant FROM ticket_path")
    assert (_found(world).tickets, _listed(world, variant)) == (0, [])


def test_a_history_that_cannot_be_told_is_named_and_stops_no_other(world: World) -> None:
    bad, good = Told(world).filed(), Told(world).filed()
    world.change("UPDATE event SET action = 'finish' WHERE ticket_id = ? AND action = 'accept'", bad.id)
    _fold(world)
    found = _found(world)
    assert (found.tickets, found.faults) == (1, 1)
    with world.database.looking() as transaction:
        (line,) = paths.listed(transaction, Wanted(workflow=BLOCK_CALLS), [""])
    assert (line.case_no, line.fault[:2]) == (bad.case_no, "#3")
    assert found.ways[0].examples[0].case_no == good.case_no


def _next_version(loop: Workflow) -> Workflow:
    """The loop's next version, in which nothing can be refused any more."""
    text = loop.source.replace(f"version: {loop.version}", f"version: {loop.version + 1}", 1)
    lines = text.splitlines(keepends=True)
    return loads("".join(line for line in lines if not line.strip().startswith("refuse: ")), file="next")


def test_moves_that_the_present_file_does_not_have_are_marked(world: World) -> None:
    refused = Told(world).reported()
    refused.do("shen", "refuse")
    with world.database.looking() as transaction:
        loop = world.versions.active(transaction, BLOCK_CALLS)
    world.activate(_next_version(loop))
    newer = Told(world).filed()
    _fold(world)
    found = _found(world)
    assert found.versions == (2, 1)
    assert [flow.move[1] for flow in found.flows if flow.use is Use.FORMER] == ["refuse"]
    only = _found(world, version=2)
    assert [line.case_no for way in only.ways for line in way.examples] == [newer.case_no]
    assert {flow.use for flow in only.flows} == {Use.USED, Use.NEVER}


def test_only_what_moved_is_folded_again_and_a_rebuild_makes_the_same_rows(world: World) -> None:
    Told(world).closed()
    second = Told(world).filed()
    assert _fold(world) == 2
    assert _fold(world) == 0
    world.later(HOUR)
    second.do("shen", "call", form={"lead": "urban"})
    assert _fold(world) == 1
    kept = _rows(world)
    world.change("UPDATE ticket_path SET variant = 'x', waits = '[]'")
    assert rebuild(world.database, world.versions) == 2
    assert _rows(world) == kept
    variants = {row[0] for row in world.rows("SELECT digest FROM path_variant")}
    assert variants == {row[0] for row in world.rows("SELECT variant FROM ticket_path")}


def test_a_rare_path_weighs_as_much_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SAMPLE", 1)
    told = Told(world)
    for wait in (HOUR, HOUR, DAY):
        told = Told(world).reported()
        world.later(wait)
        told.do("shen", "accept", form={"item": "part-01-01"})
    told.do("shen", "call", form={"lead": "urban"})
    _fold(world)
    found = _found(world)
    assert found.sampled
    (accept,) = (flow for flow in found.flows if flow.move[1] == "accept" and flow.passes)
    assert (accept.passes, accept.median) == (3, HOUR), "two of three went the way whose newest took an hour"


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def test_a_supervisor_sees_the_ways_and_opens_the_tickets_behind_each_number(xidu: Town) -> None:
    first, second = xidu.report(), xidu.report()
    xidu.act("shen", first, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    relay(xidu.database)
    fold_paths(xidu.database, xidu.client.app.state.house.versions)  # type: ignore[attr-defined]
    watcher = Browser(xidu, "he")
    page = watcher.go(watcher.go(watcher.go("/seals").link("/paths")).link(f"/paths/{BLOCK_CALLS}"))
    assert "2 件" in page.text
    assert "50.0 %" in page.text
    assert "flowchart TD" in page.html
    listed = watcher.go(next(link for link in page.links if "/tickets?path=" in link))
    assert (first in listed.text) != (second in listed.text)
    moved = watcher.go(next(link for link in page.links if "/tickets?move=" in link))
    assert first in moved.text
    assert second in moved.text
    assert "没有案卷" in watcher.go(f"/paths/{BLOCK_CALLS}/tickets").text
    assert "0 件" in watcher.go(f"/paths/{BLOCK_CALLS}?area=nq").text
    assert watcher.go(f"/paths/{BLOCK_CALLS}?area=nowhere").status == 404
    assert watcher.go("/paths/none").status == 404


@pytest.mark.parametrize("made", ["xes", "ocel"])
def test_the_history_is_downloaded_as_far_as_somebody_watches_over_it(xidu: Town, made: str) -> None:
    here, there = xidu.report(), xidu.report("sun", "nq-m")
    answer = Browser(xidu, "he").client.get(f"/paths/{BLOCK_CALLS}/file?made={made}")
    assert answer.status_code == 200
    said = gzip.decompress(answer.content).decode()
    assert here in said
    assert there in said
    for login in ("shen", "chen", "citizen"):
        for path in ("/paths", f"/paths/{BLOCK_CALLS}", f"/paths/{BLOCK_CALLS}/file", f"/paths/{BLOCK_CALLS}/tickets"):
            assert Browser(xidu, login).go(path).status == 403


def test_the_command_prints_them(
    sqlite_url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    with closing(Database(sqlite_url)) as database:
        Told(World(database)).closed()
    assert cli.main(["paths", "--rebuild"]) == 0
    assert cli.main(["paths", BLOCK_CALLS, "--from", "2026-03-02"]) == 0
    said = capfd.readouterr().out
    assert f"{BLOCK_CALLS}: 1" in said
    assert "100.0%" in said
    assert cli.main(["paths", "none"]) == 1
