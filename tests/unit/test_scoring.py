"""Points: exact, explained line by line, and never better for being worse."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.definitions import indicator_file
from engine.definitions.score import WHOLE, Sheet
from engine.definitions.score_file import discover, loads
from engine.rules.scoring import Piece, Score, Share, hundredths, ranks, score

INDICATORS = indicator_file.discover()
SHEETS = {name: sheet for name, (sheet, _) in discover(INDICATORS).items()}
SHEET = SHEETS["department"]
HALF = {name: Share(20, 40) for name in SHEET.indicators}


def _pieces(*cases: str) -> dict[str, list[Piece]]:
    return {"reworked": [Piece(case_no, seq) for seq, case_no in enumerate(cases, 1)]}


def test_a_score_is_the_sum_of_its_lines() -> None:
    shares = {
        "closure_unit": Share(2, 3), "handled_on_time": Share(1, 1), "satisfied": Share(0, 7), "handled": Share(50, 50),
    }  # fmt: skip
    found = score(SHEET, shares, _pieces("1", "2", "3", "4"))
    assert [line.points for line in found.parts] == [2000, 3000, 0, 250]
    assert [taken.points for line in found.steps for taken in line.taken] == [20, 20, 50, 50]
    assert (found.points, found.grade) == (2000 + 3000 + 250 - 140, "D")
    assert not found.ranked, "three in the base are too few to be ranked"
    assert score(SHEET, HALF, {}).ranked


def test_what_was_never_counted_gives_its_weight_to_the_others() -> None:
    found = score(SHEET, {"closure_unit": Share(1, 1), "handled_on_time": Share(1, 2), "handled": Share(200, 200)}, {})
    assert [line.weight * 100 for line in found.parts] == [4286, 4286, 0, 1428], "100 together"
    assert found.points == 4286 + 2143 + 1428
    nothing = score(SHEET, {}, {})
    assert (nothing.points, nothing.grade, nothing.ranked) == (None, "", False)


def test_less_is_better_by_bands_and_along_a_line() -> None:
    street = SHEETS["street"]
    reached = [_reached(street, "relapses", Share(n, 100)) for n in (0, 2, 3, 5, 10, 11)]
    assert reached == [1, 1, Fraction(4, 5), Fraction(4, 5), Fraction(1, 2), 0]
    reached = [_reached(street, "valid_reports", Share(n, 100)) for n in (50, 60, 95, 100)]
    assert reached == [0, 0, 1, 1]
    assert _reached(SHEETS["response"], "score", Share(2, 2, 7)) == Fraction(7, 10), "stars of five"


def _reached(sheet: Sheet, indicator: str, share: Share) -> Fraction | None:
    lines = score(sheet, {indicator: share}, {}).parts
    return next(line.reached for line in lines if line.part.indicator == indicator)


def test_deductions_count_up_per_ticket_where_the_sheet_says_so_and_stop_at_their_most() -> None:
    text = """
sheets:
  s:
    title: 表 / Sheet
    of: department
    parts: {closed: {indicator: closure_unit, weight: 100}}
    steps: {again: {indicator: reworked, each: 0.2, later: {3: 0.5}, per: ticket, most: 0.8}}
    grades: {A: 90, E: 0}
"""
    sheet = loads(text, INDICATORS)["s"]
    found = score(sheet, {"closure_unit": Share(1, 1)}, _pieces("1", "2", "1", "1"))
    assert [taken.nth for taken in found.steps[0].taken] == [1, 1, 2, 3]
    assert found.steps[0].points == 80
    assert found.points == 9920


def test_equal_points_share_a_place() -> None:
    best, half = score(SHEET, {name: Share(200, 200) for name in SHEET.indicators}, {}), score(SHEET, HALF, {})
    few = score(SHEET, {"closure_unit": Share(1, 1)}, {})
    assert ranks({"a": half, "b": best, "c": half, "d": few, "e": replace(half, points=1)}) == {
        "b": 1, "a": 2, "c": 2, "e": 4,
    }  # fmt: skip


def test_halves_are_rounded_up() -> None:
    assert [hundredths(Fraction(n, 1000)) for n in (4, 5, 14, 15, 25)] == [0, 1, 1, 2, 3]


_COUNTS = st.integers(0, 400)


@st.composite
def _shares(draw: st.DrawFn, sheet: Sheet) -> dict[str, Share]:
    found = {}
    for name in sheet.indicators:
        denominator = draw(_COUNTS)
        numerator = draw(st.integers(0, denominator))
        mean = INDICATORS[name].mean
        found[name] = Share(denominator if mean else numerator, denominator, numerator * 5 if mean else None)
    return found


@given(st.sampled_from(sorted(SHEETS)).flatmap(lambda name: st.tuples(st.just(name), _shares(SHEETS[name]))))
def test_no_score_is_above_100_or_below_0_and_its_weights_are_100(drawn: tuple[str, dict[str, Share]]) -> None:
    name, shares = drawn
    found = score(SHEETS[name], shares, {})
    if found.points is None:
        return
    assert sum(line.weight for line in found.parts) == WHOLE
    assert 0 <= found.points <= 10_000
    assert all(line.points <= line.weight * 100 for line in found.parts)
    assert found.points == sum(line.points for line in found.parts)


@given(_shares(SHEET), st.sampled_from(SHEET.indicators), st.lists(st.sampled_from("123"), max_size=6))
def test_one_more_success_never_costs_and_one_more_rework_never_helps(
    shares: dict[str, Share], better: str, reworked: list[str]
) -> None:
    before = score(SHEET, shares, _pieces(*reworked))
    share = shares[better]
    more = shares | {better: replace(share, numerator=min(share.numerator + 1, share.denominator))}
    assert _points(score(SHEET, more, _pieces(*reworked))) >= _points(before)
    assert _points(score(SHEET, shares, _pieces(*reworked, "4"))) <= _points(before)


def _points(found: Score) -> int:
    return -1 if found.points is None else found.points
