"""Likeness: symmetric, the nearer the more, and what is unknown counts neither way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE, Instant
from engine.definitions.thresholds import Duplicates
from engine.rules.ground import Spot
from engine.rules.likeness import Matter, bigrams, class_of, item_of, likeness, same_standard

RULES = Duplicates(metres=50, accuracy=100, hours=24, least=60, most=8)
LAMP = Matter(
    spot=Spot(lon_e7=1_214_567_000, lat_e7=309_000_000, accuracy_m=5),
    opened_at=Instant(10**15),
    item="part-01-02",
    words=bigrams("路灯不亮，晚上看不清路"),
)
WORDS = st.sampled_from(["", "路灯不亮", "路灯坏了不亮", "占道堆物", "井盖 broken", "路灯不亮，晚上看不清路"]).map(
    bigrams
)
MATTERS = st.builds(
    Matter,
    spot=st.builds(
        Spot,
        lon_e7=st.integers(1_214_567_000, 1_214_572_000),
        lat_e7=st.integers(309_000_000, 309_005_000),
        accuracy_m=st.none() | st.integers(0, 300),
    ),
    opened_at=st.integers(10**15, 10**15 + 24 * HOUR).map(Instant),
    item=st.sampled_from([None, "part-01-02", "part-01-02/1", "part-01-03", "event-02-03"]),
    words=WORDS,
)


def points(a: Matter, b: Matter) -> int:
    found = likeness(a, b, RULES)
    assert found is not None
    return found.points


@given(MATTERS, MATTERS)
def test_likeness_is_the_same_from_either_side(a: Matter, b: Matter) -> None:
    one, other = likeness(a, b, RULES), likeness(b, a, RULES)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.points, one.metres) == (other.points, other.metres)
        assert set(one.reasons) == set(other.reasons)
        assert 0 <= one.points <= 100


@given(MATTERS, st.integers(0, 5_000), st.integers(0, 5_000))
def test_the_nearer_the_more_points(a: Matter, one: int, other: int) -> None:
    near, far = (
        likeness(a, replace(a, spot=replace(a.spot, lat_e7=a.spot.lat_e7 + step)), RULES)
        for step in sorted((one, other))
    )
    assert far is None or (near is not None and near.points >= far.points)


def test_the_same_matter_twice_has_all_points() -> None:
    assert points(LAMP, LAMP) == 100


def test_another_item_and_other_words_count_against_it() -> None:
    other = replace(LAMP, item="event-02-03", words=bigrams("占道堆物影响通行"))
    assert points(LAMP, other) < RULES.least < points(LAMP, replace(LAMP, words=bigrams("路灯不亮")))
    assert (
        points(LAMP, other)
        < points(LAMP, replace(other, item="part-01-09"))
        < points(LAMP, replace(other, item="part-01-02/2"))
    )


def test_what_one_of_them_does_not_say_counts_neither_way() -> None:
    assert points(LAMP, replace(LAMP, item=None, words="")) == 100


@pytest.mark.parametrize(
    "change", [{"opened_at": Instant(10**15 + 24 * HOUR + 1)}, {"spot": Spot(lon_e7=1_214_567_000, lat_e7=309_020_000)}]
)
def test_too_far_in_time_or_place_is_no_likeness(change: dict[str, object]) -> None:
    assert likeness(LAMP, replace(LAMP, **change), RULES) is None  # type: ignore[arg-type]


def test_reasons_are_figures_that_can_be_checked() -> None:
    later = replace(LAMP, opened_at=Instant(LAMP.opened_at + 35 * MINUTE))
    found = likeness(LAMP, later, RULES)
    assert found is not None
    assert [reason.zh for reason in found.reasons] == [
        "相距 0 米（精度 ±10 米）",
        "相隔 35 分钟",
        "同一事项",
        "文字相似 100%",
    ]
    assert all((reason.en and reason.en.isascii()) or "±" in reason.en for reason in found.reasons)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("路灯不亮", "路灯 灯不 不亮"),
        ("井", "井"),
        ("Ｐ３路口ＡＢＣ", "p3 路口 abc"),
        ("路灯，No.12 坏", "路灯 no 12 坏"),
        ("", ""),
        ("。！？", ""),
    ],
)
def test_words_are_pairs_of_characters_and_whole_numbers(text: str, words: str) -> None:
    assert bigrams(text) == words


@given(st.text(max_size=50))
def test_any_text_has_its_words_without_losing_a_sign_of_writing(text: str) -> None:
    assert all(word for word in bigrams(text).split(" ")) or bigrams(text) == ""


def test_a_standard_is_itself_or_an_item_that_names_none() -> None:
    assert item_of("part-01-02/3") == "part-01-02"
    assert class_of("part-01-02") == "part-01"
    assert same_standard("part-01-02/1", "part-01-02")
    assert not same_standard("part-01-02/1", "part-01-02/2")
    assert not same_standard("part-01-02", "part-01-03")
