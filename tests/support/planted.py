"""Words that stand nowhere by chance, put in wherever a citizen's words come in, and looked for everywhere.

Where they are looked for is asked of the database itself: a table that is made tomorrow is looked through tomorrow.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.database import Database
from engine.rules.likeness import bigrams
from tests.support.pictures import jpeg, scene

NAME, PHONE, SPELLED = "欧阳绝尘", "13987651234", "139 8765-1234"
ADDRESS, WORDS, NOTE, REPLY = "虚白弄七十七号甲", "紫鹃啼血亭畔", "墨池鱼跃三回", "皓首穷经而已"
OBJECTION, EXIF, FILE = "朱砂痣在眉心", "exif-zk7Q9w", "kx93-filename"
SAID = (NAME, PHONE, SPELLED, ADDRESS, WORDS, NOTE, REPLY, OBJECTION, EXIF, FILE)


def _written() -> dict[str, str]:
    """Every way in which one of them may be kept → the word itself."""
    ways = {way: word for word in SAID for way in (word, json.dumps(word)[1:-1], word.encode().hex())}
    return ways | {bigrams(word): word for word in (ADDRESS, WORDS)}


WRITTEN = _written()


def photo(seed: int) -> bytes:
    """A picture whose camera wrote its owner's name into it."""
    exif = Image.Exif()
    exif[0x013B] = EXIF
    return jpeg(scene(seed), exif=exif)


@dataclass(frozen=True)
class Left:
    """Something planted that was found."""

    place: str
    word: str


def in_tables(database: Database) -> set[Left]:
    """What stands in any column of any table, the shadows of the search index among them."""
    found = set[Left]()
    with database.looking() as transaction:
        if transaction.postgresql:
            names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        else:
            # ▸ The words of a full-text index are cut into pieces in its own tables: it is asked for them instead.
            names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'ticket_search%'"
        for (table,) in transaction.rows(names):
            what = f"x.*::text FROM {table} x" if transaction.postgresql else f"* FROM {table}"
            what = what.replace("x.*::text", "x::text")
            for row in transaction.rows(f"SELECT {what}"):
                text = "\x1f".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)
                found |= {Left(table, word) for way, word in WRITTEN.items() if way in text}
    return found | (set() if database.dialect == "postgresql" else set(_in_index(database)))


def _in_index(database: Database) -> Iterator[Left]:
    """Terms of the full-text index of SQLite, those of deleted words that no merge took away among them."""
    pairs = {pair: word for word in (ADDRESS, WORDS) for pair in bigrams(word).split()}
    with database.looking() as transaction:
        for (block,) in transaction.rows("SELECT block FROM ticket_search_data"):
            # A term stands whole at the head of its page, and later without what it shares with the one before.
            tails = {pair.encode()[3:]: word for pair, word in pairs.items() if len(pair) > 1}
            yield from (Left("ticket_search", word) for tail, word in tails.items() if tail in bytes(block))


def in_files(folder: Path) -> set[Left]:
    """What stands in the bytes of any file of a folder, in archives also in their parts, or in a file's name."""
    return {Left(str(path.relative_to(folder)), word) for path in folder.rglob("*") if path.is_file()
            for word in _in_file(path)}  # fmt: skip


def _in_file(path: Path) -> set[str]:
    contents = [path.read_bytes(), path.name.encode()]
    if zipfile.is_zipfile(io.BytesIO(contents[0])):
        with zipfile.ZipFile(path) as archive:
            contents += [archive.read(name) for name in archive.namelist()]
    ways = {way.encode(codec): word for way, word in WRITTEN.items() for codec in ("utf-8", "gb18030", "utf-16-le")}
    return {word for content in contents for way, word in ways.items() if way in content}
