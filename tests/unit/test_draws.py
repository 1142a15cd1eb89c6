"""A draw is the same for everybody, takes what it says, and favours nobody."""

from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.model import Draw
from engine.rules.draws import draw, seed_of

CODES = [f"fx-{number:03}" for number in range(200)]
codes = st.sets(st.text("abc0123456789-", min_size=1, max_size=8), max_size=60)


def drawn(how: Draw, seed: str, among: list[str]) -> set[str]:
    return {lot.code for lot in draw(how, seed, among) if lot.drawn}


@given(codes, st.integers(1, 100))
def test_a_share_is_rounded_up_and_never_more_than_all(among: set[str], percent: int) -> None:
    found = drawn(Draw(percent=percent), "seed", list(among))
    assert len(found) == -(-len(among) * percent // 100) <= len(among)
    assert found <= among


@given(codes, st.integers(1, 80))
def test_a_number_is_that_many_or_all(among: set[str], count: int) -> None:
    assert len(drawn(Draw(count=count), "seed", list(among))) == min(count, len(among))


@given(codes)
def test_the_order_of_the_register_changes_nothing(among: set[str]) -> None:
    assert draw(Draw(percent=30), "s", sorted(among)) == draw(Draw(percent=30), "s", sorted(among, reverse=True))


def test_who_leaves_the_register_moves_nobody_but_the_next_one_up() -> None:
    before = draw(Draw(count=10), "seed", CODES)
    gone = before[0].code
    after = drawn(Draw(count=10), "seed", [code for code in CODES if code != gone])
    assert after == {lot.code for lot in before[1:11]}


def test_every_period_draws_others_and_in_the_long_run_all_alike() -> None:
    how, counts = Draw(percent=10), dict.fromkeys(CODES, 0)
    periods = [seed_of("visits", "drawn", f"{2000 + n // 4}-Q{n % 4 + 1}") for n in range(200)]
    for seed in periods:
        for code in drawn(how, seed, CODES):
            counts[code] += 1
    assert drawn(how, periods[0], CODES) != drawn(how, periods[1], CODES)
    assert sum(counts.values()) == 20 * 200
    assert 5 <= min(counts.values()) <= 20 <= max(counts.values()) <= 40


def test_a_draw_that_was_published_stays_as_it_is() -> None:
    ranked = draw(Draw(count=1), "four-hundred-visits/drawn/2026-Q4", [f"fx-00{n}" for n in range(1, 8)])
    assert [lot.code for lot in ranked[:3]] == ["fx-006", "fx-004", "fx-005"]
    assert ranked[0].rank.startswith("000b1454b90b554a")
