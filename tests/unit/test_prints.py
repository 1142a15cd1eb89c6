"""Pictures found again by their perceptual hashes."""

import io

import pytest
from PIL import Image

from engine.records.prints import NEAR, _buckets, _probes, prints_of
from tests.support.pictures import cropped, halved, jpeg, scene

SEEDS = range(40)


def nearest(one: Image.Image, other: Image.Image) -> int:
    return min((a ^ b).bit_count() for a in prints_of(one) for b in prints_of(other))


def sent(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(jpeg(picture, quality)))


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: sent(picture, 40),
        halved,
        lambda picture: cropped(picture, 0.03),
        lambda picture: sent(halved(cropped(picture, 0.03)), 40),
    ],
    ids=["recompressed", "halved", "cropped", "all of it"],
)
def test_a_picture_changed_on_its_way_stays_near(change: object) -> None:
    assert callable(change)
    apart = [nearest(scene(seed), change(scene(seed))) for seed in SEEDS]
    assert max(apart) <= NEAR


def test_500_different_pictures_are_not_taken_for_one_another() -> None:
    prints = [prints_of(scene(seed)) for seed in range(500)]
    assert all(prints)
    alarms = [
        (one, other)
        for one in range(500)
        for other in range(one)
        if min((a ^ b).bit_count() for a in prints[one] for b in prints[other]) <= NEAR
    ]
    assert alarms == []


def test_a_picture_held_sideways_is_the_same_as_the_upright_one() -> None:
    upright = scene(3)
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    turned = Image.Exif()
    turned[0x0112] = 6
    assert nearest(upright, Image.open(io.BytesIO(jpeg(sideways, 90, turned)))) <= NEAR


def test_what_shows_nothing_has_no_print() -> None:
    assert prints_of(Image.new("RGB", (640, 480), "black")) == ()
    assert prints_of(scene(1, (31, 400))) == ()


def test_prints_of_at_most_seven_bits_apart_share_a_probe() -> None:
    one = prints_of(scene(7))[0]
    for shift in range(0, 64, 3):
        other = one
        for bit in range(NEAR):
            other ^= 1 << (shift + bit * 9) % 64
        assert (one ^ other).bit_count() == NEAR
        stored = {*_buckets(one)}
        assert any(probe in stored for bucket in _buckets(other) for probe in _probes(bucket))
