"""The words that are data, not code: posts, levels of areas, lights, cards; ``workflows/posts.yaml`` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine import resources
from engine.definitions import source
from engine.definitions.model import Title
from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Node

FILE = "posts.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Declared words with their titles; scales go from mild to grave, levels from large to small."""

    posts: Mapping[str, Title]
    levels: Mapping[str, Title]
    lights: Mapping[str, Title]
    cards: Mapping[str, Title]
    #: Post → what its holder does.
    duties: Mapping[str, Title]


@cache
def shipped() -> Words:
    """The words every workflow may use. Errors: `DefinitionError` if the shipped list itself is wrong."""
    return read(resources.workflows() / FILE)


def read(path: Path) -> Words:
    """Read such a list. Errors: `DefinitionError`."""
    reader = Reader(path.name)
    tree = source.compose(source.decode(source.read_file(path), file=path.name), file=path.name)
    sections = {entry.key: entry for entry in tree.entries}
    wanted = ("posts", "levels", "lights", "cards")
    for key in sections.keys() - set(wanted):
        reader.unknown(key, sections[key].line, "词表", "list of words", wanted)
    for key in set(wanted) - sections.keys():
        reader.refuse(tree.line, f"缺少“{key}”", f"'{key}' is missing")
    reader.finish()
    posts = {entry.key: _post(reader, entry) for entry in reader.named(sections["posts"].value, "岗位", "post")}
    words = Words(
        posts={name: title for name, (title, _) in posts.items()},
        duties={name: does for name, (_, does) in posts.items()},
        **{key: titles(reader, sections[key].value) for key in wanted[1:]},
    )
    reader.finish()
    return words


def titles(reader: Reader, node: Node | None) -> dict[str, Title]:
    """A mapping of names to titles."""
    return {entry.key: reader.title(entry.value) for entry in reader.named(node, "名称", "name")}


def _post(reader: Reader, entry: Entry) -> tuple[Title, Title]:
    parts = {part.key: reader.title(part.value) for part in reader.entries(entry.value)}
    if parts.keys() != {"title", "does"}:
        reader.refuse(
            entry.line,
            f"岗位“{entry.key}”应有 title 与 does",
            f"the post '{entry.key}' needs `title` and `does`",
        )
    return parts.get("title", Title("", "")), parts.get("does", Title("", ""))
