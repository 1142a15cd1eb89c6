"""Every way in for a file against every kind of harmful file: refused in words, at once, with nothing kept."""

import io
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.exchange.tables import TABLES
from engine.records.documents import DocumentKind
from engine.records.pictures import MOST_PIXELS
from tests.integration.test_dangerous_uploads import office, png_of
from tests.integration.test_rights_of_routes import rows
from tests.support.cases import MONDAY
from tests.support.databases import Files
from tests.support.everybody import NOBODY, Everybody, everybody
from tests.support.pictures import jpeg, scene
from tests.support.town import png

#: Megabytes that one file may make the process grow by, and seconds that it may take.
MOST_MEMORY, MOST_SECONDS = 400, 15


def packed(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


def _sof(width: int, height: int) -> bytes:
    """A JPEG that says it is so large, and holds nothing."""
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x11\0\x02\x11\x01\x03\x11\x01"
    return (
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xd9"
    )


def _webp(width: int, height: int) -> bytes:
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"&a;" * 10) for n in range(10))
    + b"]><x>&a9;</x>"
)
ZEROS = b"0" * 60_000_000
#: Name → content. None of these is a picture, a document, a table, a loop or a template of anybody's.
HARMFUL: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\0",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>",
    "program": b"MZ" + b"\0" * 512,
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "png of 3.6 gigapixels": png_of(60_000, 60_000, b"\0"),
    "png of 51 megapixels": png_of(MOST_PIXELS // 1000 + 1000, 1000, bytes(range(256)) * 30_000),
    "png without end": png(5)[:50],
    "png of text": png_of(1, 1, b"\0\0")[:33] + b"zTXt" + zlib.compress(ZEROS[:20_000_000]),
    "jpeg of 4 gigapixels": _sof(65_535, 65_535),
    "webp of 200 megapixels": _webp(16_383, 12_500),
    "jpeg and zip": jpeg(scene(1)) + packed(a=b"x"),
    "gif and script": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)",
    "pdf of a script": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n<script>",
    "zip bomb": packed(a=ZEROS),
    "workbook bomb": packed(xl__workbook_xml=b"<workbook/>", xl__worksheets__sheet1_xml=ZEROS),
    "workbook of entities": packed(xl__workbook_xml=ENTITIES, xl__sharedStrings_xml=ENTITIES),
    "workbook that is none": packed(xl__workbook_xml=b"<x/>"),
    "document bomb": packed(word__document_xml=b"<w:document>" + ZEROS),
    "document of entities": packed(word__document_xml=ENTITIES),
    "document with macros": office("word/document.xml", **{"word__vbaProject.bin": b"x"}),
    "loop that laughs": f"workflow: laughs\nversion: 1\n{LAUGHS}".encode(),
    "loop of objects": b"workflow: x\nversion: !!python/object/apply:os.system ['true']\n",
    "loop without end": b"workflow: x\ntitle: " + b"[" * 5_000,
    "utf-16": "工作流: x".encode("utf-16"),
    "nul": b"workflow: x\0\nversion: 1\n",
}
#: What the file is called where its own name is taken for what it is; else as `_name` says.
NAMED = {"document with macros": "a.docx", "pdf of a script": "a.pdf"}
#: Part of an address → harmful file → words of its refusal: the very bar that is meant for it, no chance failure.
SAID = {
    "/uploads": {
        "nothing": "空的", "png of 3.6 gigapixels": "百万像素", "png of 51 megapixels": "百万像素",
        "jpeg of 4 gigapixels": "百万像素", "html": "只收照片",
        "jpeg and zip": "夹带", "document with macros": "含宏", "pdf of a script": "脚本", "zip bomb": "只收照片",
    },
    "/tables": {
        "workbook bomb": "解压后过大", "workbook of entities": "XML 声明", "zip bomb": "解压后过大", "html": "网页",
    },
    "/templates": {
        "document bomb": "解压后过大", "document of entities": "XML 声明", "document with macros": "宏",
        "png without end": "不是 Word",
    },
    "/workflows": {"loop that laughs": "锚点", "utf-16": "UTF-8"},
    "/scores": {"loop that laughs": "锚点", "utf-16": "UTF-8", "loop of objects": "yaml"},
}  # fmt: skip
#: Address → field and who comes through.
WAYS = {
    "/api/uploads": ("file", "grid-worker.own"),
    "/report/block-calls-line-responds/report": ("before_photos", "grid-worker.own"),
    "/g/xd-g": ("before_photos", NOBODY),
    "/admin/workflows": ("file", "system-admin.own"),
    **{f"/admin/tables/{table}": ("file", "system-admin.own") for table in sorted(TABLES)},
    "/scores/department/weights": ("file", "system-admin.own"),
    **{f"/admin/templates/{kind.value}": ("file", "system-admin.own") for kind in DocumentKind},
}
NAMES = (
    "../../x.png", "..\\..\\x.png", "/etc/passwd.png", "a\0b.png", "CON.png", "nul", "x" * 5_000 + ".png",
    "\u202egnp.exe", ".", "..", "a\r\nSet-Cookie: x=1.png", '"; filename="x.html', "💥.png", " .png",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("uploads")
    with closing(Database(files.fresh(folder))) as database, everybody(database, SetClock(MONDAY), folder) as made:
        yield made


def _kept(whole: Everybody) -> list[str]:
    data = whole.town.settings.data
    return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file() and path.suffix != ".db")


def _name(way: str, what: str) -> str:
    """What a file for there is called."""
    if way == "/api/uploads" and what in NAMED:
        return NAMED[what]
    endings = {"workflows": "yaml", "templates": "docx", "tables": "xlsx"}
    return "a." + next((ending for part, ending in endings.items() if part in way), "png")


def _refused(whole: Everybody, login: str, answer: Any, words: str) -> bool:
    """Refused in these words at once; or looked at as a draft, and then there is nothing to put in force."""
    if answer.status_code != 303:
        return bool(400 <= answer.status_code < 500) and words in answer.text
    draft = whole.ask(login, "GET", answer.headers["location"])
    assert draft.status_code < 500, draft.text
    address = answer.headers["location"].partition("?")[0]
    forced = whole.ask(login, "POST", f"{address}/activate" if "workflows" in address else address)
    return "/drafts/" in address and words in draft.text and bool(400 <= forced.status_code < 500)


@pytest.mark.parametrize("way", WAYS)
def test_a_harmful_file_is_refused_in_words_and_nothing_is_kept(whole: Everybody, way: str) -> None:
    field, login = WAYS[way]
    before, files = rows(whole), _kept(whole)
    for what, content in HARMFUL.items():
        began, grown = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # A passer-by who sends thirty broken files is told to wait; here it is the file that is looked at.
        whole.town.database.acting(lambda transaction: transaction.run("DELETE FROM rate_window"))
        answer = whole.ask(login, "POST", way, files={field: (_name(way, what), content)})
        words = next((said.get(what, "") for part, said in SAID.items() if part in way), "")
        assert _refused(whole, login, answer, words), (what, answer.status_code, answer.text[-2000:])
        assert "Traceback" not in answer.text
        assert time.monotonic() - began < MOST_SECONDS, what
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown) / 1024 < MOST_MEMORY, what
    after = rows(whole)
    assert [table for table in before if before[table] != after[table]] == []
    assert [path for path in _kept(whole) if path not in files and "draft" not in path] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_file_is_never_a_path_nor_a_header(whole: Everybody, name: str) -> None:
    files = _kept(whole)
    answer = whole.ask("grid-worker.own", "POST", "/api/uploads", files={"file": (name, png(100 + len(name) % 100))})
    assert answer.status_code in (201, 422), answer.text
    if "/" in name or "\\" in name:
        assert answer.status_code == 422
    new = [path for path in _kept(whole) if path not in files]
    assert len(new) <= 1
    if answer.status_code == 201:
        sha256 = answer.json()["sha256"]
        assert all(path.replace("/", "").endswith(sha256) for path in new)
        back = whole.ask("grid-worker.own", "GET", f"/api/uploads/{sha256}")
        assert "\n" not in back.headers.get("content-disposition", "")
        assert "set-cookie" not in back.headers
        assert back.headers["content-type"] == "image/png"
        assert "sandbox" in back.headers["content-security-policy"]
