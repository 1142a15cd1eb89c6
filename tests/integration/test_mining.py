"""The history leaves the house as XES and OCEL 2.0: as the standards have it, in constant memory, without a person."""

import gzip
import json
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine import cli
from engine.clock import DAY, HOUR, MINUTE, iso
from engine.database import Database
from engine.errors import Malformed, NotFound
from engine.exchange.mining import Format, texts, write
from engine.records import mined
from engine.records.mined import Selected
from engine.rules.days import begins, ends
from tests.support import mining
from tests.support.door import PEOPLE, Told, World

#: Events, counted as the history itself holds them.
_EVENTS = "SELECT t.case_no, CASE WHEN e.scope = '' THEN e.action ELSE e.scope || '.' || e.action END FROM event e "


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _text(world: World, made: Format, selected: Selected = Selected()) -> str:  # noqa: B008 (frozen)
    with world.database.looking() as transaction:
        return "".join(texts(transaction, made, selected))


def _log(world: World, selected: Selected = Selected()) -> Any:  # noqa: B008 (frozen)
    return json.loads(_text(world, Format.OCEL, selected))


def _told(world: World) -> list[Told]:
    """Tickets of many kinds: closed after rework, joined, refused, with a return that was ruled on."""
    closed = Told(world).called("urban", "water")
    world.later(HOUR)
    closed.signed("urban", "water").finished("urban", "water")
    closed.do("zhou", "rework")
    world.later(MINUTE)
    main = Told(world).filed()
    joined = Told(world).filed().joined_to(main)
    refused = Told(world).reported()
    refused.do("shen", "refuse")
    returned = Told(world).called("urban")
    returned.do("chen-lead", "return", of="urban")
    returned.do("shen", "redispatch", request=returned.ask("return").seq, form={"department": "power"})
    return [closed, main, joined, refused, returned]


def _expected(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case_no, activity in world.rows(f"{_EVENTS} JOIN ticket t ON t.id = e.ticket_id ORDER BY e.ticket_id, e.seq"):
        found.setdefault(case_no, []).append(activity)
    return found


def test_xes_is_as_the_standard_has_it_and_tells_every_line(world: World) -> None:
    _told(world)
    text = _text(world, Format.XES)
    assert list(mining.xes_faults(text)) == []
    assert mining.traces(text) == _expected(world)
    assert '<string key="org:role" value="coordinator"/><string key="org:group" value="street"/>' in text
    assert '<string key="org:role" value="handler"/><string key="org:group" value="urban"/>' in text


def test_ocel_is_as_its_schema_has_it_and_every_relation_leads_somewhere(world: World) -> None:
    closed, main, joined, *_ = _told(world)
    log = _log(world)
    jsonschema.validate(log, mining.OCEL, format_checker=jsonschema.FormatChecker())
    objects = {one["id"]: one for one in log["objects"]}
    assert len(objects) == len(log["objects"])
    assert len({one["id"] for one in log["events"]}) == len(log["events"]) == sum(map(len, _expected(world).values()))
    declared = {kind["name"]: {own["name"] for own in kind["attributes"]} for kind in log["objectTypes"]}
    acts = {kind["name"] for kind in log["eventTypes"]}
    for one in (*log["objects"], *log["events"]):
        assert all(lead["objectId"] in objects for lead in one["relationships"]), one
    assert all({own["name"] for own in one["attributes"]} <= declared[one["type"]] for one in log["objects"])
    assert {one["type"] for one in log["events"]} == acts
    assert {"objectId": main.case_no, "qualifier": "joined to"} in objects[joined.case_no]["relationships"]
    seq = closed.task_of("urban").seq
    again = objects[f"{closed.case_no}/{seq}"]["relationships"]
    assert [lead["qualifier"] for lead in again] == ["part of", "of", "again for"]


def test_attributes_of_objects_change_with_time(world: World) -> None:
    told = Told(world).reported()
    filed = world.later(5 * MINUTE).clock.now()
    told.do("shen", "accept", form={"item": "part-01-01"})
    (ticket,) = (one for one in _log(world)["objects"] if one["type"] == "ticket")
    states = [(own["time"], own["value"]) for own in ticket["attributes"] if own["name"] == "state"]
    assert [value for _, value in states] == [row[0] for row in world.rows(
        "SELECT state_to FROM event WHERE ticket_id = ? AND scope = '' ORDER BY seq", told.id
    )]  # fmt: skip
    (item,) = (own for own in ticket["attributes"] if own["name"] == "item")
    assert item == {"name": "item", "time": iso(filed), "value": "part-01-01"}


def test_nobody_is_named(world: World) -> None:
    _told(world)
    for made in Format:
        text = _text(world, made)
        words = text.replace('"', " ").replace("<", " ").split()
        for login, name, *_ in PEOPLE:
            assert name not in text
            assert login not in words
        for said in ("窨井", "13800", "contact", "description"):
            assert said not in text


def test_what_only_some_may_know_stays_in_unless_it_is_asked_for(world: World) -> None:
    secret, open_ = Told(world).filed(), Told(world).filed()
    joined = Told(world).filed().joined_to(secret)
    world.change("UPDATE ticket SET confidential = ? WHERE id = ?", True, secret.id)
    for made in Format:
        assert secret.case_no not in _text(world, made)
        assert open_.case_no in _text(world, made)
        assert secret.case_no in _text(world, made, Selected(confidential=True))
    (one,) = (one for one in _log(world)["objects"] if one["id"] == joined.case_no)
    assert [lead["qualifier"] for lead in one["relationships"]] == ["in"]


def test_the_selection_is_by_workflow_days_area_and_reach(world: World) -> None:
    first = Told(world).filed()
    world.later(DAY)
    second = Told(world).filed()

    def traced(**asked: Any) -> list[str]:
        return list(mining.traces(_text(world, Format.XES, Selected(**asked))))

    assert traced() == [first.case_no, second.case_no]
    assert traced(since=begins("2026-03-03")) == [second.case_no]
    assert traced(until=ends("2026-03-02")) == [first.case_no]
    assert traced(workflow="multi-grid-in-one") == []
    assert traced(area="district") == [first.case_no, second.case_no]
    assert traced(area="grid-2") == []
    assert traced(units=(world.unit("street"),)) == [first.case_no, second.case_no]
    assert traced(units=(world.unit("street-2"),)) == []
    with pytest.raises(NotFound, match="nowhere"):
        traced(area="nowhere")


def test_a_file_is_whole_or_not_there(world: World, tmp_path: Path) -> None:
    Told(world).filed()
    path, packed = tmp_path / "log.xes", tmp_path / "log.xes.gz"
    told: list[int] = []
    with world.database.looking() as transaction:
        write(transaction, Format.XES, Selected(), path, told.append)
        write(transaction, Format.XES, Selected(), packed)
    assert told == [1]
    assert gzip.decompress(packed.read_bytes()) == path.read_bytes()
    before = path.read_bytes()

    def stop(done: int) -> None:
        raise RuntimeError("stopped")

    with world.database.looking() as transaction, pytest.raises(RuntimeError, match="stopped"):
        write(transaction, Format.XES, Selected(), path, stop)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.glob("log*")) == ["log.xes", "log.xes.gz"]
    with world.database.looking() as transaction, pytest.raises(Malformed, match="nowhere"):
        write(transaction, Format.XES, Selected(), tmp_path / "nowhere" / "log.xes")


def _copies(told: Told, begin: int, end: int) -> None:
    """So many tickets more, each with the same history."""
    numbers = (
        f"WITH RECURSIVE n (k) AS (SELECT {begin} UNION ALL SELECT k + 1 FROM n WHERE k + 1 < {end}) "  # nothing typed
    )
    for table, key in (("ticket", "id"), ("event", "ticket_id"), ("task", "ticket_id")):
        names = told.world.rows(
            f"SELECT name FROM pragma_table_info('{table}')"
            if told.world.database.dialect == "sqlite"
            else f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
        )
        made = {key: f"{key} + n.k", "case_no": "case_no || '-' || n.k"}
        columns = [name for (name,) in names]
        listed = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(made.get(name, f'"{name}"') for name in columns)
        # SQLite wants what WITH begins behind INSERT, PostgreSQL takes it there too.
        told.world.change(
            f"INSERT INTO {table} ({listed}) {numbers} SELECT {values} FROM {table}, n WHERE {key} = ?", told.id
        )


@pytest.mark.parametrize("made", Format)
def test_a_longer_history_needs_no_more_memory(
    sqlite_database: Database, made: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mined, "PAGE", 20)
    told = Told(World(sqlite_database)).closed()

    def peak() -> tuple[int, int]:
        with sqlite_database.looking() as transaction:
            tracemalloc.start()
            length = sum(len(piece) for piece in texts(transaction, made, Selected()))
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return length, most

    _copies(told, 1, 60)
    peak()
    short, few = peak()
    _copies(told, 60, 600)
    long, many = peak()
    assert long > 5 * short
    # Moments and zones keep caches of their own, which stop growing.
    assert many - few < (long - short) / 10, (few, many)


# --- read by others -------------------------------------------------------------------------------------------------


def test_pm4py_reads_our_xes_and_counts_as_we_do(sqlite_database: Database, tmp_path: Path) -> None:
    world = World(sqlite_database)
    _told(world)
    path = tmp_path / "log.xes.gz"
    with sqlite_database.looking() as transaction:
        write(transaction, Format.XES, Selected(), path)
    said, ours = mining.said_by_pm4py("xes", path), _expected(world)
    assert (said["traces"], said["events"]) == (len(ours), sum(map(len, ours.values())))
    assert said["activities"] == dict(Counter(name for trace in ours.values() for name in trace))
    assert said["starts"] == dict(Counter(trace[0] for trace in ours.values()))
    assert said["ends"] == dict(Counter(trace[-1] for trace in ours.values()))
    assert {"org:role", "org:group", "lifecycle:transition", "stage"} <= set(said["columns"])


def test_pm4py_reads_our_ocel_and_counts_as_we_do(sqlite_database: Database, tmp_path: Path) -> None:
    world = World(sqlite_database)
    _told(world)
    path = tmp_path / "log.json"
    with sqlite_database.looking() as transaction:
        write(transaction, Format.OCEL, Selected(), path)
    said, log, ours = mining.said_by_pm4py("ocel", path), _log(world), _expected(world)
    # It keeps the objects that take part in an event, and what leads from one of these to another.
    part = {lead["objectId"] for event in log["events"] for lead in event["relationships"]}
    kept = [one for one in log["objects"] if one["id"] in part]
    assert said["events"] == sum(map(len, ours.values()))
    assert said["activities"] == dict(Counter(name for trace in ours.values() for name in trace))
    assert said["objects"] == dict(Counter(one["type"] for one in kept))
    assert said["relations"] == sum(len(event["relationships"]) for event in log["events"])
    assert said["between"] == sum(lead["objectId"] in part for one in kept for lead in one["relationships"])


# --- the command line -----------------------------------------------------------------------------------------------

Terminal = Callable[..., tuple[int, str]]


def test_the_command_writes_files_and_says_what_is_wrong(
    sqlite_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    with closing(Database(sqlite_url)) as database:
        told = Told(World(database)).closed()

    def huying(*words: object) -> tuple[int, str]:
        code = cli.main(["mine", "export", *map(str, words)])
        said = capfd.readouterr()
        return code, said.out + said.err

    path = tmp_path / "out.xes"
    code, said = huying(path, "--workflow", "block-calls-line-responds", "--from", "2026-03-02", "--area", "street")
    assert (code, "1 件 / tickets" in said) == (0, True), said
    assert list(mining.traces(path.read_text(encoding="utf-8"))) == [told.case_no]
    code, said = huying(tmp_path / "out.json", "--format", "ocel", "--confidential")
    assert (code, "保密" in said) == (0, True), said
    assert huying(path, "--to", "yesterday")[0] == 1
    assert huying(path, "--area", "nowhere")[0] == 1
