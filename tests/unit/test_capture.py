"""When and where a picture was taken, by its EXIF or by the page that sent it."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from engine.clock import instant
from engine.errors import Malformed
from engine.records.capture import NOTHING, WORST_ACCURACY, Capture, of_exif, of_page
from tests.support.pictures import exif, jpeg, scene

NOON = datetime(2026, 3, 2, 12, 0)  # noqa: DTZ001 (a camera's own clock)


def read(written: Image.Exif) -> Capture:
    with Image.open(io.BytesIO(jpeg(scene(1), exif=written))) as picture:
        return of_exif(picture)


def test_a_camera_names_time_and_place() -> None:
    capture = read(exif(NOON, "+08:00", 121.4737, 31.2304))
    assert capture.taken_at == instant(datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    assert (capture.lon_e7, capture.lat_e7) == pytest.approx((1_214_737_000, 312_304_000), abs=30)
    assert capture.accuracy_m == 50


def test_a_camera_without_a_zone_means_the_local_clock_and_one_abroad_its_own() -> None:
    assert read(exif(NOON)).taken_at == instant(datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    assert read(exif(NOON, "+00:00")).taken_at == instant(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


def test_west_and_south_have_a_sign() -> None:
    capture = read(exif(lon=-70.5, lat=-33.25))
    assert (capture.lon_e7, capture.lat_e7) == (-705_000_000, -332_500_000)


@pytest.mark.parametrize(
    "written",
    [exif(), exif(datetime(1970, 1, 1)), exif(lon=0.0, lat=0.0), exif(NOON, "noon")],  # noqa: DTZ001
)
def test_what_a_messenger_emptied_or_a_phone_never_set_says_nothing(written: Image.Exif) -> None:
    assert read(written) == NOTHING


def test_the_page_speaks_where_the_picture_is_silent() -> None:
    page = of_page({"taken_at": "2026-03-02T12:00:00+08:00", "lon": "121.5", "lat": 31.25, "accuracy_m": 12.4})
    assert page == Capture(
        taken_at=instant(datetime(2026, 3, 2, 4, 0, tzinfo=UTC)),
        lon_e7=1_215_000_000,
        lat_e7=312_500_000,
        accuracy_m=13,
    )
    camera = Capture(lon_e7=1, lat_e7=2, accuracy_m=3)
    assert camera.or_else(page) == Capture(taken_at=page.taken_at, lon_e7=1, lat_e7=2, accuracy_m=3)
    assert of_page({}) == NOTHING
    assert of_page({"lon": 1, "lat": 2}).accuracy_m == WORST_ACCURACY


@pytest.mark.parametrize(
    "given",
    [
        {"taken_at": "noon"},
        {"taken_at": "2026-03-02T12:00:00"},
        {"lon": 121},
        {"lon": 181, "lat": 0},
        {"lon": "nan", "lat": 0},
        {"lon": [1], "lat": 0},
        {"lon": 1, "lat": 2, "accuracy_m": -1},
    ],
)
def test_a_page_that_says_nonsense_is_refused_at_its_field(given: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refused:
        of_page(given, "after_photos")
    assert refused.value.place.field == "after_photos"
