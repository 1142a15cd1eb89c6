"""The bench runs, and what it says is of the same tickets that it made."""

import json
from typing import Any

import pytest

from engine.bench import district, sizes
from engine.bench.command import Size, bench, figures_as_table, lists_as_table, sweeps_as_table
from engine.bench.district import Shape
from engine.bench.showing import servers_as_table, sizes_as_table
from engine.cli import main


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_sweep_is_timed_beside_the_door_in_one_run(dialect: str) -> None:
    told: list[str] = []
    results = bench(Size(lives=0, running=2_000, due=200), postgresql_url=None, dialects=(dialect,), tell=told.append)
    figures = results[dialect]["time"]
    assert (figures["running"], figures["due"], len(told)) == (2_000, 200, 1)
    assert figures["candidates"]["large_ms"] > 0
    assert figures["sweep"]["ratio"] == pytest.approx(
        figures["sweep"]["rungs_per_s"] / figures["sweep"]["door_acts_per_s"], rel=0.9
    )
    assert sweeps_as_table(results).row_count == 1


def test_lists_are_asked_of_a_server_among_the_tickets() -> None:
    size = Size(lives=0, running=0, listed=1_300)
    figures = bench(size, postgresql_url=None, dialects=("sqlite",))["sqlite"]["lists"]
    assert figures["tickets"] == pytest.approx(1_300, rel=0.2)
    assert {row["who"] for row in figures["pages"]} == {"desk", "line", "centre"}
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in figures["pages"])
    assert lists_as_table({"sqlite": {"lists": figures}}).row_count == len(figures["pages"])


def test_figures_are_asked_of_rollups_and_of_facts_in_a_district_with_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bench.figures.SHAPE", Shape(streets=2, grids=1, lives=5))
    monkeypatch.setattr("engine.bench.figures.PAGES", ("/", "/no-such-page"))
    monkeypatch.setattr("engine.bench.figures.STRETCHES", ("/board?{week}",))
    monkeypatch.setattr("engine.bench.figures._TRIES", 1)
    monkeypatch.setattr("engine.bench.district.YEARS", 1)
    size = Size(lives=0, running=0, figures=300)
    figures = bench(size, postgresql_url=None, dialects=("sqlite",))["sqlite"]["figures"]
    assert figures["tickets"] == pytest.approx(300, rel=0.2)
    asked = {row["question"] for row in figures["questions"]}
    assert {"figures district year", "by area street month", "trend department", "list numerator grid"} <= asked
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in figures["questions"])
    whole, week = (row["path"] for row in figures["pages"])
    assert whole == "/", "a page that is not there is left out"
    assert week.startswith("/board?since=")
    assert figures_as_table({"sqlite": {"figures": figures}}).row_count == len(asked) + len((whole, week)) + 1


def test_districts_that_differ_in_their_past_alone_are_held_against_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(district, "_RUNNING", 20)
    monkeypatch.setattr(district, "YEARS", 1)
    small = {"SHAPE": Shape(streets=1, grids=2, lives=4), "SLICES": 2, "LIVES": 1, "SWEEPS": 2, "ASKED": 2, "DUE": 20}
    for name, value in small.items():
        monkeypatch.setattr(sizes, name, value)
    monkeypatch.setattr(sizes, "PAGES", (("centre", "/tickets"), ("office", "/tasks")))
    results = bench(Size(lives=0, running=0, sizes=(100, 400)), postgresql_url=None, dialects=("sqlite",))
    figures = results["sqlite"]["sizes"]
    assert [one["tickets"] for one in figures["districts"]] == pytest.approx([100, 400], rel=0.3)
    what = [row["what"] for row in figures["costs"]]
    assert what == ["act", "candidates", "rung", "centre /tickets", "office /tasks"]
    assert all(row["ratios"][0] == 1 and min(row["p50_ms"]) > 0 for row in figures["costs"])
    assert sizes_as_table(results, ("sqlite",)).row_count == 1 + len(what)


def test_a_web_process_is_held_against_a_bare_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bench.webs.CLIENTS", 2)
    told = bench_servers((1,))
    (row,) = told["postgresql"]["servers"]
    assert (row["servers"], row["clients"]) == (1, 2)
    assert row["act"]["least"] <= row["act"]["ratio"] <= row["act"]["most"]
    assert row["bare"]["acts_per_s"] > 0 < row["huying"]["acts_per_s"]
    assert servers_as_table(told).row_count == 2


def bench_servers(counts: tuple[int, ...]) -> dict[str, Any]:
    """Two slices of four lives, nothing else."""
    size = Size(lives=0, slices=2, running=0, servers=counts)
    return bench(size, postgresql_url=None, dialects=("postgresql",))


@pytest.mark.parametrize("counts", ["0", "1,x", "", "-5"])
def test_sizes_that_are_none_are_wrong_usage(counts: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", f"--sizes={counts}"])
    assert "--sizes" in capsys.readouterr().err


def test_more_due_than_running_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--running", "100", "--due", "1000"]) == 1
    assert "--due" in capsys.readouterr().err


def test_the_figures_can_be_read_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--lives", "0", "--running", "400", "--due", "40", "--only", "sqlite"]) == 0
    assert json.loads(capsys.readouterr().out)["sqlite"]["time"]["due"] == 40
