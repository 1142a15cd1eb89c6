"""What is sent to do harm, or by mistake: refused with a reason, and nothing is kept."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import HuyingError, TooLarge
from engine.records.pictures import MOST_PIXELS, UnknownFile, look_at
from tests.support.pictures import HEIC, jpeg, scene


def look(tmp_path: Path, content: bytes, name: str = "") -> str:
    path = tmp_path / "coming"
    path.write_bytes(content)
    return look_at(path, name).media_type


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims to be so large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def archive(**files: bytes) -> bytes:
    coming = io.BytesIO()
    with zipfile.ZipFile(coming, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return coming.getvalue()


def office(part: str, **more: bytes) -> bytes:
    coming = io.BytesIO(archive(**more))
    with zipfile.ZipFile(coming, "a") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr(part, "<x/>")
    return coming.getvalue()


@pytest.mark.parametrize("size", [(20_000, 15_000), (60_000, 60_000), (MOST_PIXELS // 1000 + 1, 1000)])
def test_a_picture_of_300_megapixels_is_refused_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(TooLarge, match="50 megapixels"):
        look(tmp_path, png_of(*size, b"\0"), "a.png")


def test_a_bomb_of_text_in_a_picture_is_refused(tmp_path: Path) -> None:
    chunk = b"zTXt" + b"a\0\0" + zlib.compress(b"0" * 100_000_000)
    packed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    whole = png_of(1, 1, b"\0\0")
    with pytest.raises(UnknownFile):
        look(tmp_path, whole[:33] + packed + whole[33:], "a.png")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_truncated_photo_is_refused(tmp_path: Path, part: float) -> None:
    whole = jpeg(scene(1))
    with pytest.raises(UnknownFile):
        look(tmp_path, whole[: int(len(whole) * part)], "a.jpg")


@pytest.mark.parametrize(
    "behind",
    [
        archive(a=b"virus"),
        b"<html><body>",
        b"<!DOCTYPE html>",
        b"<ScRiPt>alert(1)</script>",
        b"<?php system($_GET[0]);",
        b"%PDF-1.7\n",
        b"Rar!\x1a\x07\x01\x00",
        b'<svg onload="x">',
    ],
)
def test_a_photo_with_something_else_behind_it_is_refused(tmp_path: Path, behind: bytes) -> None:
    with pytest.raises(HuyingError, match="夹带"):
        look(tmp_path, jpeg(scene(1)) + behind, "a.jpg")


def test_a_film_that_a_phone_puts_behind_a_photo_is_no_fault(tmp_path: Path) -> None:
    film = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
    assert look(tmp_path, jpeg(scene(1)) + film + jpeg(scene(2)), "IMG.jpg") == "image/jpeg"


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"II*\0" + b"\0" * 64,
        b"GIF89a",
        b"MZ" + b"\0" * 64,
        archive(a=b"x"),
        b"PK\x03\x04 broken",
    ],
    ids=["svg", "xml", "tiff", "gif", "program", "zip", "broken zip"],
)
def test_only_pictures_and_documents_of_known_kinds_are_taken(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnknownFile):
        look(tmp_path, content)


@pytest.mark.parametrize("name", ["../../x.jpg", "..\\x.jpg", "/etc/x.jpg", "a\nb.jpg", "a\0.jpg", "x" * 256])
def test_a_name_that_is_a_path_or_holds_control_characters_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HuyingError, match="file's name"):
        look(tmp_path, jpeg(scene(1)), name)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (jpeg(scene(1)), "a.pdf"),
        (jpeg(scene(1)), "a.html"),
        (jpeg(scene(1)), "a.jpg.exe"),
        (b"%PDF-1.7\n", "a.jpg"),
        (office("word/document.xml"), "a.pdf"),
        (office("word/document.xml"), "a.jpg"),
    ],
)
def test_a_name_that_promises_another_kind_of_file_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(HuyingError, match="does not belong to a name"):
        look(tmp_path, content, name)


def test_a_messenger_may_call_one_kind_of_picture_by_the_name_of_another(tmp_path: Path) -> None:
    coming = io.BytesIO()
    scene(1).save(coming, "WEBP")
    assert look(tmp_path, coming.getvalue(), "微信图片_20260302.jpg") == "image/webp"


@pytest.mark.parametrize(
    ("part", "name", "kind"), [("word/document.xml", "a.docx", "word"), ("xl/workbook.xml", "b.xlsx", "sheet")]
)
def test_an_office_file_is_known_by_its_parts_and_refused_with_macros(
    tmp_path: Path, part: str, name: str, kind: str
) -> None:
    assert kind in look(tmp_path, office(part), name)
    with pytest.raises(HuyingError, match="macros"):
        look(tmp_path, office(part, **{"word__vbaProject.bin": b"x"}), name)
    assert look(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "a.doc") == "application/x-ole-storage"


def test_a_picture_of_an_iphone_is_taken_and_a_truncated_one_is_not(tmp_path: Path) -> None:
    assert look(tmp_path, HEIC, "IMG_0001.HEIC") == "image/heic"
    with pytest.raises(UnknownFile):
        look(tmp_path, HEIC[: len(HEIC) // 2], "IMG_0001.HEIC")


def test_a_gif_of_many_frames_is_looked_at_by_its_first(tmp_path: Path) -> None:
    coming = io.BytesIO()
    frames = [Image.new("P", (64, 64), colour) for colour in range(30)]
    frames[0].save(coming, "GIF", save_all=True, append_images=frames[1:])
    assert look(tmp_path, coming.getvalue(), "a.gif") == "image/gif"
