"""Damage done to files by chance, but the same each time."""

import random
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO

#: What readers of files trip over: breaks out of a value, ends a line, another writing, a number without end.
PIECES = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b"\r", b"\n\n", b"\t", b'"', b"'", b"{", b"}", b"[", b"]",
    b": ", b"- ", b"&a ", b"*a", b"!!python/object ", b"<<: ", b"{{", b"}}", b"{% for x in y %}", b"</w:p>", b"&#0;",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"9" * 400, b"-1", b"1e999", b"NaN", "\u202e".encode(), "灯".encode() * 300,
    b"=1+1", b"../../x", b"\x1f\x8b",
)  # fmt: skip


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The content with one to three places cut out, doubled, or struck by a piece."""
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(content) + 1)
        until = min(len(content), at + dice.choice((0, 1, 2, 8, 60)))
        between = dice.choice((*PIECES, content[at:until] * 2, bytes(dice.randrange(256) for _ in range(3))))
        content = content[:at] + between + content[until:]
    return content[: dice.randrange(len(content) + 1)] if dice.random() < 0.1 else content


def repacked(archive: bytes, dice: random.Random, change: Callable[[bytes, random.Random], bytes] = damaged) -> bytes:
    """An archive in which one part is damaged, and the packing is not."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        struck = dice.choice(source.namelist())
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content, dice) if name == struck else content)
    return made.getvalue()


def files(content: bytes, seed: int, count: int) -> Iterator[bytes]:
    """So many damaged ones; of an archive every other with a damaged part."""
    dice = random.Random(seed)
    for number in range(count):
        packed = content.startswith(b"PK") and number % 2
        yield repacked(content, dice) if packed else damaged(content, dice)
