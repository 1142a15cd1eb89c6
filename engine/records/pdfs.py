"""PDF files that run something when they are read: found by the names of what they would do, packed ones too.

Nothing is drawn and nothing is followed. A reader finds objects by their place, so names are looked for everywhere,
inside of what calls itself a stream as well; those that are packed together are unpacked first, within limits.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Malformed, Place, TooLarge

#: Bytes of all packed objects together, unpacked, and streams of them in one file. Real ones have a hundredth of that.
MOST_UNPACKED, MOST_STREAMS = 64 * 1024 * 1024, 20_000

#: Long enough not to stand in compressed bytes by chance.
_RUNS = re.compile(rb"/(?:JavaScript|Launch|RichMedia)(?![A-Za-z0-9])")
#: A name may spell any of its letters by number.
_SPELLED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACKED = b"/ObjStm"
_STREAM = re.compile(rb"stream\r?\n")
#: Packed objects that are not packed after all begin with numbers.
_PLAIN = re.compile(rb"\s*\d+\s+\d+\s")
#: Bytes of an object before its stream; and of what is unpacked at a time.
_LONGEST_HEAD, _CHUNK = 4096, 64 * 1024
_FILE = Place(field="file")


def refuse_running(path: Path) -> None:
    """Errors: `Malformed` for a PDF that holds scripts, programs to start or media players, or packs its objects so
    that nobody can look; `TooLarge` for one that unpacks into too much."""
    content = path.read_bytes()
    if _RUNS.search(_plain(content)) or any(_RUNS.search(_plain(one)) for one in _packed(content)):
        raise Malformed(
            "PDF 含有脚本、启动程序或媒体播放，不予接收；请打印为普通 PDF 后再传",
            "the PDF holds scripts, programs to start or media and is not taken: print it to a plain PDF",
            place=_FILE,
        )


def _plain(content: bytes) -> bytes:
    return _SPELLED.sub(lambda found: bytes.fromhex(found[1].decode()), content) if b"#" in content else content


def _packed(content: bytes) -> Iterator[bytes]:
    """What stands in streams of packed objects. Errors: as `refuse_running`, for those that nobody can look into."""
    count = content.count(_PACKED)
    if count != _plain(content).count(_PACKED):
        raise _hidden()
    if count > MOST_STREAMS:
        raise _too_much()
    left, at = MOST_UNPACKED, content.find(_PACKED)
    while at >= 0:
        found = _STREAM.search(content, at, at + _LONGEST_HEAD)
        if found is None:
            raise _hidden()
        began = max(content.rfind(b"obj", max(0, at - _LONGEST_HEAD), at), 0)
        head = _plain(content[began : found.start()])
        if b"/Filter" in head or not _PLAIN.match(content, found.end()):
            if b"Decode" in head.replace(b"/FlateDecode", b"") or b"/DecodeParms" in head:
                raise _hidden()
            unpacked = _unpacked(content, found.end(), left)
            left -= len(unpacked)
            yield unpacked
        at = content.find(_PACKED, at + 1)


def _unpacked(content: bytes, begin: int, most: int) -> bytes:
    unpacking, made = zlib.decompressobj(), bytearray()
    try:
        while begin < len(content) and not unpacking.eof:
            made += unpacking.decompress(content[begin : begin + _CHUNK], most + 1 - len(made))
            begin += _CHUNK
            if len(made) > most:
                raise _too_much()
    except zlib.error as failure:
        raise _hidden() from failure
    return bytes(made)


def _hidden() -> Malformed:
    return Malformed(
        "PDF 已加密或打包方式无法检查，不予接收；请取消密码或打印为普通 PDF 后再传",
        "the PDF is encrypted or packed so that it cannot be looked through: take the password off or print it anew",
        place=_FILE,
    )


def _too_much() -> TooLarge:
    return TooLarge("PDF 解压后过大", "the PDF unpacks into too much", place=_FILE)
