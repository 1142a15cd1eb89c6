"""Groups of a figure in their order: whoever counts too few has no rank, equals share one, months keep their own."""

from dataclasses import replace

from engine.definitions.indicator_file import discover
from engine.records.breakdowns import By, Group
from engine.records.indicators import Figure
from web.figures import Chosen, before, ranked

GIVEN = Chosen(since="2026-03-01", until="2026-05-01")
CLOSURE = discover()["closure_area"]
GROUPS = [
    Group(key, key, Figure(numerator=numerator, denominator=denominator))
    for key, numerator, denominator in (("a", 15, 30), ("b", 29, 29), ("c", 40, 40), ("d", 20, 40), ("e", 10, 40))
]


def _places(by: By, most: int | None = None) -> list[tuple[str, int | None]]:
    return [
        (one.group.key, one.rank)
        for one in ranked(GROUPS, replace(CLOSURE, most=most), GIVEN, by, 30, slice(0, 9)).rows
    ]


def test_the_best_comes_first_equals_share_a_rank_and_too_few_have_none() -> None:
    assert _places(By.AREA) == [("c", 1), ("a", 2), ("d", 2), ("e", 4), ("b", None)]
    assert _places(By.AREA, most=5) == [("e", 1), ("a", 2), ("d", 2), ("c", 4), ("b", None)], "here less is better"


def test_months_are_not_ranked() -> None:
    months = [replace(one, key=f"2026-0{number}") for number, one in enumerate(GROUPS, 3)]
    assert [(one.group.key, one.rank) for one in ranked(months, CLOSURE, GIVEN, By.MONTH, 30, slice(0, 9)).rows] == [
        (one.key, None) for one in months
    ]
    assert (
        "since=2026-03-01&until=2026-04-01" in ranked(months, CLOSURE, GIVEN, By.MONTH, 30, slice(0, 9)).rows[0].address
    )


def test_the_period_before_has_as_many_months_or_as_many_days() -> None:
    assert (before(GIVEN, months=1).since, before(GIVEN, months=1).until) == ("2026-01-01", "2026-03-01")
    assert (before(GIVEN, months=12).since, before(GIVEN, months=12).until) == ("2025-03-01", "2025-05-01")
    cut = Chosen(since="2026-02-26", until="2026-03-26")
    assert (before(cut, months=1).since, before(cut, months=1).until) == ("2026-01-26", "2026-02-26")
    week = Chosen(since="2026-03-02", until="2026-03-09")
    assert (before(week, months=1).since, before(week, months=1).until) == ("2026-02-23", "2026-03-02")
    assert before(Chosen(since="2024-02-29", until="2024-03-01"), months=12).since == "2023-02-28"
