"""A photo held against its act: three answers, and only a contradiction flags."""

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.rules.evidence import MOST_NAMED, Photo, Proof, Spot, distance_m, judge, of_place, of_time

OPENED = Instant(1_770_000_000_000_000)
UNTIL = Instant(OPENED + DAY)
#: 人民广场 and the bridge over the river; about 1.9 km apart.
SQUARE = Spot(lon_e7=1_214_737_000, lat_e7=312_304_000, accuracy_m=20)


def north(spot: Spot, metres: float, accuracy: int = 20) -> Spot:
    return Spot(lon_e7=spot.lon_e7, lat_e7=spot.lat_e7 + round(metres / 111_195 * 10_000_000), accuracy_m=accuracy)


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        (None, Proof.UNKNOWN),
        (OPENED, Proof.CONFIRMED),
        (UNTIL, Proof.CONFIRMED),
        (OPENED - 1, Proof.CONTRADICTED),
        (UNTIL + 1, Proof.CONTRADICTED),
    ],
)
def test_a_photo_is_of_its_time_within_the_window_and_unknown_without_a_clock(
    taken: int | None, verdict: Proof
) -> None:
    photo = Photo(taken_at=None if taken is None else Instant(taken))
    assert of_time(photo, OPENED, UNTIL) is verdict


@pytest.mark.parametrize(
    ("metres", "accuracy", "verdict"),
    [
        (0, 20, Proof.CONFIRMED),
        (239, 20, Proof.CONFIRMED),
        (245, 20, Proof.UNKNOWN),
        (1_030, 20, Proof.UNKNOWN),
        (1_050, 20, Proof.CONTRADICTED),
        (1_050, 900, Proof.CONFIRMED),
        (300, 5_000, Proof.UNKNOWN),
        (60_000, 5_000, Proof.CONTRADICTED),
    ],
)
def test_a_photo_is_of_its_place_as_far_as_both_accuracies_allow(metres: int, accuracy: int, verdict: Proof) -> None:
    assert of_place(Photo(spot=north(SQUARE, metres, accuracy)), SQUARE) is verdict


def test_nothing_is_held_against_a_photo_that_says_nothing_or_a_ticket_without_a_point() -> None:
    assert of_place(Photo(), SQUARE) is Proof.UNKNOWN
    assert of_place(Photo(spot=SQUARE), None) is Proof.UNKNOWN
    assert judge(Photo(), since=OPENED, until=UNTIL, spot=None) == {"time": "unknown", "place": "unknown"}


def test_a_camera_that_writes_the_shifted_chinese_datum_is_not_called_a_liar() -> None:
    shifted = Spot(lon_e7=SQUARE.lon_e7 + 45_000, lat_e7=SQUARE.lat_e7 - 20_000, accuracy_m=20)
    assert 400 < distance_m(shifted, SQUARE) < 700
    assert of_place(Photo(spot=shifted), SQUARE) is Proof.UNKNOWN


def test_distances_are_those_of_the_globe() -> None:
    assert distance_m(SQUARE, SQUARE) == 0
    degree = Spot(lon_e7=SQUARE.lon_e7, lat_e7=SQUARE.lat_e7 + 10_000_000)
    assert distance_m(SQUARE, degree) == pytest.approx(111_195, rel=0.001)
    across = (Spot(lon_e7=1_799_990_000, lat_e7=0), Spot(lon_e7=-1_799_990_000, lat_e7=0))
    assert distance_m(*across) == pytest.approx(222, abs=1)


def test_the_facts_say_what_the_verdicts_rest_on_and_hold_whole_numbers_only() -> None:
    photo = Photo(taken_at=Instant(OPENED - 2 * HOUR), spot=north(SQUARE, 5_000))
    facts = judge(photo, since=OPENED, until=UNTIL, spot=SQUARE)
    assert facts == {
        "time": "contradicted", "taken_at": OPENED - 2 * HOUR, "place": "contradicted", "distance_m": 5_000,
    }  # fmt: skip
    assert all(isinstance(value, int | str) for value in facts.values())


def test_a_wall_of_equal_pictures_names_a_few_of_its_tickets() -> None:
    photo = Photo(taken_at=Instant(OPENED + MINUTE), elsewhere=tuple(map(str, range(9))), earlier=(1, 4))
    facts = judge(photo, since=OPENED, until=UNTIL, spot=None)
    assert len(facts["same_as"]) == MOST_NAMED
    assert facts["again"] == [1, 4]
