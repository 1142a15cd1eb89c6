"""What stands out against its own past: the tail of a Poisson distribution, against sums in fractions."""

from fractions import Fraction
from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.thresholds import Frequent
from engine.rules.frequent import Counted, said, standout, tail

RULES = Frequent(days=30, past=365, least=4, floor=50, chance=1000)


def slow_tail(count: int, expected: float) -> float:
    """The definition, in exact fractions but for e."""
    rate = Fraction(expected)
    below = sum((rate**number / factorial(number) for number in range(count)), Fraction(0))
    beyond = sum((rate**number / factorial(number) for number in range(count, count + 200)), Fraction(0))
    return float(beyond) * exp(-expected) if count > expected else 1 - float(below) * exp(-expected)


@given(st.integers(0, 60), st.floats(0.05, 50))
def test_the_tail_is_what_its_definition_says(count: int, expected: float) -> None:
    assert tail(count, expected) == pytest.approx(slow_tail(count, expected), rel=1e-9, abs=1e-12)


@given(st.integers(0, 500), st.floats(0.05, 400))
def test_more_is_never_more_probable(count: int, expected: float) -> None:
    assert 0 <= tail(count + 1, expected) <= tail(count, expected) + 1e-12 <= 1 + 1e-9


def test_a_flood_has_no_chance_and_no_overflow() -> None:
    assert tail(10_000, 0.5) == 0
    assert tail(0, 0.5) == 1


@pytest.mark.parametrize(("count", "expected"), [(-1, 1.0), (3, 0.0), (3, -2.0)])
def test_nothing_expected_has_no_tail(count: int, expected: float) -> None:
    with pytest.raises(ValueError, match="no tail"):
        tail(count, expected)


def test_what_doubled_from_a_small_number_is_chance_and_from_a_large_one_is_not() -> None:
    assert standout(Counted(recent=4, past=24, past_days=365), RULES) is None
    assert standout(Counted(recent=40, past=240, past_days=365), RULES) is not None


def test_few_are_never_a_pattern() -> None:
    assert standout(Counted(recent=3, past=0, past_days=365), RULES) is None


def test_without_any_past_the_floor_is_expected() -> None:
    found = standout(Counted(recent=5, past=0, past_days=0), RULES)
    assert found is not None
    assert found.expected == 0.5
    assert standout(Counted(recent=4, past=0, past_days=365), RULES) is None, "four may be chance: one in 571"


def test_a_short_past_is_counted_by_its_own_days() -> None:
    assert standout(Counted(recent=10, past=10, past_days=30), RULES) is None
    assert standout(Counted(recent=10, past=10, past_days=365), RULES) is not None


def test_the_figures_are_told() -> None:
    rare = standout(Counted(recent=14, past=24, past_days=365), RULES)
    assert rare is not None
    assert said(rare, 30).zh == "近 30 天 14 件；此前 365 天 24 件，按此应有约 2.0 件；纯属偶然的概率低于 1/1000000"
    some = standout(Counted(recent=5, past=0, past_days=0), RULES)
    assert some is not None
    assert said(some, 30).en == "5 in 30 days; no record before lets expect 0.5; by mere chance about 1/5810"
