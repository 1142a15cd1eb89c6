"""Settings about messages and maps: what is wrong is named by its variable."""

import pytest

from engine.errors import Malformed
from engine.records.datums import DATUMS
from engine.rules.wishes import quiet_hours
from engine.settings import TILE_DATUMS, Settings


def test_by_default_nothing_leaves_the_house_and_nights_are_quiet() -> None:
    settings = Settings.from_environment({})
    assert (settings.notify, settings.url, settings.quiet) == ("null", "", "21:30-07:30")


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://huying.example.cn", "https://huying.example.cn"),
        ("https://huying.example.cn/", "https://huying.example.cn"),
        ("http://10.1.2.3:8000/huying/", "http://10.1.2.3:8000/huying"),
    ],
)
def test_links_begin_where_the_pages_are(address: str, base: str) -> None:
    assert Settings.from_environment({"HUYING_URL": address}).url == base


def test_tiles_are_nobodys_until_they_are_named() -> None:
    assert Settings.from_environment({}).tiles == ""
    named = {"HUYING_TILES": "https://{s}.tiles.example.cn/v1/{z}/{x}/{y}.png?key=a1", "HUYING_TILES_CREDIT": "测绘院"}
    settings = Settings.from_environment({**named, "HUYING_TILES_DATUM": "gcj02"})
    assert (settings.tiles, settings.tiles_credit, settings.tiles_datum) == (*named.values(), "gcj02")
    assert {*TILE_DATUMS} <= DATUMS.keys()


@pytest.mark.parametrize("quiet", ["22:00-07:00", "00:00-23:59", "none"])
def test_whatever_quiet_hours_are_taken_can_be_kept(quiet: str) -> None:
    taken = Settings.from_environment({"HUYING_QUIET": quiet}).quiet
    assert str(quiet_hours(taken)) == quiet


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUYING_NOTIFY", "mail"),
        ("HUYING_TILES", "https://tiles.example.cn/tiles.png"),
        ("HUYING_TILES", "tiles.example.cn/{z}/{x}/{y}.png"),
        ("HUYING_TILES", "https://tiles.example.cn;script-src */{z}/{x}/{y}.png"),
        ("HUYING_TILES_DATUM", "bd09"),
        ("HUYING_NOTIFY", ""),
        ("HUYING_URL", "huying.example.cn"),
        ("HUYING_URL", "javascript:alert(1)"),
        ("HUYING_URL", "https://huying.example.cn/?a=b"),
        ("HUYING_URL", "https://user:password@huying.example.cn"),
        ("HUYING_URL", "https://huying.example.cn/](x)"),
        ("HUYING_QUIET", "22:00"),
        ("HUYING_QUIET", "24:00-07:00"),
        ("HUYING_QUIET", "22-7"),
        ("HUYING_QUIET", ""),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(Malformed) as refusal:
        Settings.from_environment({name: value})
    assert refusal.value.place.field == name
