"""Thumbnails: marked with Chinese where there is a font, with plain letters where there is none."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from engine.errors import Malformed
from engine.records import thumbs
from engine.records.pictures import UnknownFile
from engine.records.thumbs import Size, chinese_font, marked, thumb
from engine.store import FileStore
from tests.support.pictures import HEIC, jpeg, scene

LINES = (("拍摄 2026-03-02 09:00", "taken 2026-03-02 09:00"), ("西渡街道浦江居委", "xd-v"), ("呼应 1", "Huying 1"))


@pytest.fixture
def kept(tmp_path: Path) -> FileStore:
    source = tmp_path / "source"
    source.write_bytes(jpeg(scene(1, (2000, 1500))))
    store = FileStore.of("", tmp_path)
    store.keep("ab/cd", source)
    source.write_bytes(b"%PDF-1.7")
    store.keep("ab/pdf", source)
    return store


@pytest.mark.parametrize("size", Size)
def test_a_thumbnail_is_made_once_and_again_where_it_was_deleted(tmp_path: Path, kept: FileStore, size: Size) -> None:
    made = thumb(tmp_path, kept, "ab/cd", size, LINES, None)
    with Image.open(made) as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", size.value)
    before = made.stat().st_mtime_ns
    assert thumb(tmp_path, kept, "ab/cd", size, LINES, None) == made
    assert made.stat().st_mtime_ns == before
    made.unlink()
    assert thumb(tmp_path, kept, "ab/cd", size, LINES, None).is_file()
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_a_picture_of_an_iphone_has_a_thumbnail_that_every_browser_shows(tmp_path: Path, kept: FileStore) -> None:
    source = tmp_path / "iphone"
    source.write_bytes(HEIC)
    kept.keep("ab/heic", source)
    with Image.open(thumb(tmp_path, kept, "ab/heic", Size.SMALL, LINES[:1], None)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 48))


def test_another_mark_is_another_thumbnail(tmp_path: Path, kept: FileStore) -> None:
    assert thumb(tmp_path, kept, "ab/cd", Size.SMALL, LINES, None) != thumb(
        tmp_path, kept, "ab/cd", Size.SMALL, LINES[:1], None
    )


def test_without_a_chinese_font_the_mark_is_written_in_plain_letters(
    tmp_path: Path, kept: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbs, "chinese_font", lambda: None)
    written: list[list[str]] = []

    def watched(picture: Image.Image, lines: Sequence[str], font: Path | None) -> Image.Image:
        written.append([*lines])
        return marked(picture, lines, font)

    monkeypatch.setattr(thumbs, "marked", watched)
    thumb(tmp_path, kept, "ab/cd", Size.SMALL, LINES, None)
    assert written == [["taken 2026-03-02 09:00", "xd-v", "Huying 1"]]


@pytest.mark.parametrize("font", [None, *([found] if (found := chinese_font()) else [])], ids=str)
def test_a_mark_changes_the_foot_of_a_picture_and_nothing_above(font: Path | None) -> None:
    plain = scene(2)
    written = marked(plain, [zh if font else en for zh, en in LINES], font)
    changed = ImageChops.difference(plain, written).getbbox()
    assert changed is not None
    assert changed[1] > plain.height * 0.7
    assert marked(plain, (), font) is plain


def test_a_long_place_is_cut_and_does_not_run_out_of_the_picture() -> None:
    written = marked(scene(3), ["很长的地名" * 40], chinese_font())
    assert written.size == scene(3).size


def test_a_font_that_is_none_is_named_and_a_document_has_no_thumbnail(tmp_path: Path, kept: FileStore) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(Malformed) as refused:
        thumb(tmp_path, kept, "ab/cd", Size.SMALL, LINES, broken)
    assert refused.value.place.field == "HUYING_FONT"
    with pytest.raises(UnknownFile):
        thumb(tmp_path, kept, "ab/pdf", Size.SMALL, LINES, None)
