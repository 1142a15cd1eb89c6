"""Reads nodes by the grammar of rhythm files, and knows what such a file may name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine.definitions.model import Title
from engine.definitions.reading import Reader
from engine.definitions.rhythm_grammar import GRAMMAR, VOCABULARIES, spellings
from engine.definitions.source import Entry, Node
from engine.definitions.words import Words
from engine.errors import Malformed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a file may name: the words of this installation, its workflows and its calendars."""

    words: Words
    #: Key → the states in which a ticket is open.
    workflows: Mapping[str, frozenset[str]]
    #: Key → the days of the week on which people work, Monday 1.
    calendars: Mapping[str, frozenset[int]]


class RhythmReader(Reader):
    """Gathers what is wrong, as `Reader` does."""

    def __init__(self, file: str, installation: Known) -> None:
        super().__init__(file)
        self.installation = installation

    def keys(self, node: Node, place: str) -> dict[str, Entry]:
        """The keys of one place by their own names, whichever language they stand in."""
        known = spellings(place)
        found: dict[str, Entry] = {}
        for entry in self.entries(node):
            name = known.get(entry.key)
            if name is None:
                self.unknown(entry.key, entry.line, "键", "key", known)
            elif name in found:
                self.refuse(
                    entry.line,
                    f"“{entry.key}”与第 {found[name].line} 行的“{found[name].key}”是同一个键",
                    f"'{entry.key}' is the same key as '{found[name].key}' in line {found[name].line}",
                )
            else:
                found[name] = entry
        for key in GRAMMAR[place]:
            if key.required and key.name not in found:
                self.refuse(node.line, f"缺少“{key.zh[0]}”（{key.name}）", f"'{key.name}' is missing here")
        return found

    def one_of(self, node: Node, names: Mapping[str, str], zh: str, en: str) -> str | None:
        """A word among `names` (spelling → word); None, and noted, for another."""
        text = self.text(node)
        if text and text not in names:
            self.unknown(text, node.line, zh, en, names)
        return names.get(text)

    def some_of(self, node: Node, names: Mapping[str, str], zh: str, en: str) -> tuple[str, ...]:
        """One or several words among `names`, each once."""
        given = [word for word in self.words(node) if self.known(word, names, zh, en)]
        return tuple(dict.fromkeys(names[word.text] for word in given))

    def parsed(self, node: Node, parse: Callable[[str], T]) -> T | None:
        """A text that `parse` reads; what it cannot read is noted at its line."""
        text = self.text(node)
        try:
            return parse(text) if text else None
        except Malformed as error:
            self.refuse(node.line, error.zh, error.en)
            return None


def titled(words: Mapping[str, Title]) -> dict[str, str]:
    """Spelling → word, for words that may be called by their Chinese titles too."""
    return {title.zh: name for name, title in words.items()} | {name: name for name in words}


def spelt(vocabulary: str) -> dict[str, str]:
    """Spelling → word of a closed vocabulary."""
    words = VOCABULARIES[vocabulary]
    return {zh: str(word) for zh, word in words.items()} | {str(word): str(word) for word in words.values()}
