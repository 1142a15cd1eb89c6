"""A PDF that runs something is refused, however it spells or packs that; what people print is taken."""

import random
import time
import zlib
from pathlib import Path

import pytest

from engine.errors import HuyingError, Malformed, TooLarge
from engine.records import pdfs
from engine.records.pictures import look_at

PAGE = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


def packed(objects: bytes, head: bytes = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", *, raw: bool = False) -> bytes:
    """A stream of packed objects."""
    body = objects if raw else zlib.compress(objects)
    return b"7 0 obj<<%s/Length %d>>\nstream\n%s\nendstream endobj\n" % (head, len(body), body)


RUNNING = {
    "a script": b"3 0 obj" + SCRIPT + b"endobj",
    "a script that opens with it": b"1 0 obj<</OpenAction" + SCRIPT + b">>endobj",
    "a program": b"3 0 obj<</S/Launch/F(cmd.exe)>>endobj",
    "a player": b"3 0 obj<</Subtype/RichMedia>>endobj",
    "a spelled script": b"3 0 obj<</S/J#61va#53cript/JS(1)>>endobj",
    "a packed script": packed(b"9 0 " + SCRIPT),
    "a packed and spelled script": packed(b"9 0 <</S/J#61vaScript/JS(1)>>"),
    "a script in an object that is not packed": packed(b"9 0 " + SCRIPT, b"/Type/ObjStm/N 1/First 4", raw=True),
    "a script inside of what calls itself a picture": b"4 0 obj<<>>stream\n5 0 obj" + SCRIPT + b"\nendstream",
    "one after a decoy": packed(b"9 0 <<>>") + packed(b"9 0 " + SCRIPT),
}
HIDDEN = {
    "another packing": packed(
        zlib.compress(b"9 0 " + SCRIPT).hex().encode() + b">",
        b"/Type/ObjStm/N 1/First 4/Filter[/ASCIIHexDecode/FlateDecode]", raw=True,
    ),
    "packed twice": packed((b"9 0 " + SCRIPT).hex().encode() + b">",
                           b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/ASCIIHexDecode]"),
    "a packing that stands elsewhere": packed(
        zlib.compress(b"9 0 " + SCRIPT).hex().encode() + b">", b"/Type/ObjStm/N 1/First 4/Filter 9 0 R", raw=True
    ),
    "a spelled packing": packed(b"9 0 <<>>", b"/Type/Obj#53tm/N 1/First 4/Filter/FlateDecode"),
    "encrypted": packed(b"\x00\x01\x02 nothing that unpacks", raw=True),
    "no stream": b"7 0 obj<</Type/ObjStm>>endobj",
}  # fmt: skip
PLAIN = {
    "a page": b"",
    "a link and a form": b"3 0 obj<</S/URI/URI(https://example.cn/javascript)>>endobj 4 0 obj<</AcroForm<<>>>>endobj",
    "packed objects": packed(b"9 0 <</Type/Font/BaseFont/SimSun>>"),
    "a picture": b"4 0 obj<</Filter/DCTDecode>>stream\n" + random.Random(1).randbytes(200_000) + b"\nendstream endobj",
    "packed objects beside a picture": b"4 0 obj<</Filter/DCTDecode>>stream\nxx\nendstream endobj\n"
    + packed(b"9 0 <<>>"),
    "a longer name": b"3 0 obj<</Type/LaunchPad/JavaScripts 1>>endobj",
}  # fmt: skip


def look(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "coming"
    path.write_bytes(content)
    return look_at(path, "附件.pdf").media_type


@pytest.mark.parametrize("what", RUNNING)
def test_a_pdf_that_runs_something_is_refused(tmp_path: Path, what: str) -> None:
    with pytest.raises(Malformed, match="holds scripts"):
        look(tmp_path, PAGE + RUNNING[what])


@pytest.mark.parametrize("what", HIDDEN)
def test_a_pdf_that_nobody_can_look_through_is_refused(tmp_path: Path, what: str) -> None:
    with pytest.raises(Malformed, match="cannot be looked through"):
        look(tmp_path, PAGE + HIDDEN[what])


@pytest.mark.parametrize("what", PLAIN)
def test_what_people_print_is_taken(tmp_path: Path, what: str) -> None:
    assert look(tmp_path, PAGE + PLAIN[what]) == "application/pdf"


def test_bombs_are_refused_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    for bomb in (
        packed(b" " * (pdfs.MOST_UNPACKED + 1)), packed(b" " * (pdfs.MOST_UNPACKED // 3)) * 4,
        b"/ObjStm stream\n" * (pdfs.MOST_STREAMS + 1),
    ):  # fmt: skip
        with pytest.raises(TooLarge, match="unpacks into too much"):
            look(tmp_path, PAGE + bomb)
    for heavy in (b"stream\n" * 500_000, b"#41" * 1_000_000, b"obj" * 1_000_000):
        assert look(tmp_path, PAGE + heavy) == "application/pdf"
    assert time.monotonic() - began < 20


def test_no_damage_is_a_failure(tmp_path: Path) -> None:
    chance = random.Random(7)
    whole = PAGE + b"".join(PLAIN.values()) + packed(b"9 0 <<>>")
    outcomes = set()
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            at = chance.randrange(5, len(content))
            content[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(5))
        try:
            outcomes.add(look(tmp_path, bytes(content)))
        except HuyingError as refused:
            outcomes.add(refused.en)
    assert "application/pdf" in outcomes
