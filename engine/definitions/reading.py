"""From nodes to words: keys in either language, titles, names, lists; every problem is noted at its line."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from engine.definitions.grammar import GRAMMAR, Key
from engine.definitions.model import Title
from engine.definitions.names import WORDS, word, words_of
from engine.definitions.source import Entry, Items, Node, Scalar, column_of
from engine.definitions.source import Mapping as Section
from engine.errors import DefinitionError, Place

LONGEST_TITLE = 200  # characters
LONGEST_NAME = 60
MOST_PROBLEMS = 50

#: What a name looks like: letters or Chinese characters, digits, underscores.
NAME = r"^[A-Za-z_㐀-䶿一-鿿][A-Za-z0-9_㐀-䶿一-鿿]{0,59}$"
#: What a workflow's or calendar's key looks like; hyphens too.
KEY = r"^[A-Za-z_㐀-䶿一-鿿][A-Za-z0-9_㐀-䶿一-鿿-]{0,59}$"

_NAME, _KEY = re.compile(NAME), re.compile(KEY)
#: What other readers of YAML take for something else than text.
_NO_NAMES = frozenset({"true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL"})
_NO_TEXT = re.compile(r"^([-+.]?[0-9][-+.:_0-9a-fA-FoxXTtZ ]*|[-+]?\.(inf|nan)|true|false|null|~)$", re.IGNORECASE)
_KINDS = {
    Scalar: ("一个词", "a word"),
    Items: ("列表", "a list"),
    Section: ("“键: 值”", "a mapping of 'key: value'"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its line."""

    text: str
    line: int


class Reader:
    """Reads nodes of one file and gathers what is wrong, so that an author sees all of it at once."""

    #: Place → its keys.
    grammar: ClassVar[Mapping[str, tuple[Key, ...]]] = GRAMMAR

    def __init__(self, file: str) -> None:
        self.file = file
        self._problems: list[DefinitionError] = []

    def refuse(self, line: int, zh: str, en: str) -> None:
        """Note a problem; reading goes on so that the next one is found too."""
        place = Place(file=self.file, line=int(line), column=column_of(line))
        problem = DefinitionError(zh, en, place=place)
        if all(str(problem) != str(other) for other in self._problems):
            self._problems.append(problem)
        if len(self._problems) >= MOST_PROBLEMS:
            self.finish()

    def finish(self) -> None:
        """Raise what was noted, if anything: the first problem by line, all of them in ``details["all"]``."""
        if not self._problems:
            return
        found = sorted(self._problems, key=lambda problem: problem.place.line)
        more = len(found) - 1
        refusal = DefinitionError(
            found[0].zh + (f"（另有 {more} 处）" if more else ""),
            found[0].en + (f" (and {more} more)" if more else ""),
            place=found[0].place,
            all=tuple(str(problem) for problem in found),
        )
        refusal.problems = tuple(found)
        raise refusal

    def section(self, node: Node, place: str) -> dict[str, Entry]:
        """The keys of one place of the grammar by their own names, whichever language they stand in."""
        known = {text: key.name for key in self.grammar[place] for text in (key.name, *key.zh)}
        found: dict[str, Entry] = {}
        for entry in self.entries(node):
            name = known.get(entry.key)
            if name is None:
                hint_zh, hint_en = _nearest(entry.key, list(known))
                self.refuse(
                    entry.line,
                    f"此处没有“{_short(entry.key)}”这个键{hint_zh}",
                    f"there is no key '{_short(entry.key)}' here{hint_en}",
                )
            elif name in found:
                self.refuse(
                    entry.line,
                    f"“{entry.key}”与第 {found[name].line} 行的“{found[name].key}”是同一个键",
                    f"'{entry.key}' is the same key as '{found[name].key}' in line {found[name].line}",
                )
            else:
                found[name] = entry
        for key in self.grammar[place]:
            if key.required and key.name not in found:
                self.refuse(node.line, f"缺少“{key.zh[0]}”（{key.name}）", f"'{key.name}' is missing here")
        return found

    def entries(self, node: Node) -> tuple[Entry, ...]:
        """The entries of a mapping; nothing written at all counts as an empty one."""
        if isinstance(node, Section):
            return node.entries
        if not (isinstance(node, Scalar) and node.empty):
            self._expected(node, Section)
        return ()

    def items(self, node: Node) -> tuple[Node, ...]:
        """The items of a list, or the one that stands there alone."""
        if isinstance(node, Items):
            return node.items
        if isinstance(node, Scalar) and node.empty:
            self.refuse(node.line, "这里没有填写内容", "nothing is written here")
            return ()
        return (node,)

    def listed(self, node: Node) -> tuple[Node, ...]:
        """The items of what must be a list."""
        if isinstance(node, Items):
            return node.items
        self._expected(node, Items)
        return ()

    def named(self, node: Node | None, zh: str, en: str) -> Iterator[Entry]:
        """The entries of a mapping whose keys are names that the author gives."""
        for entry in self.entries(node) if node is not None else ():
            if self.is_name(entry.key, entry.line, zh, en):
                yield entry

    def is_name(self, text: str, line: int, zh: str = "名称", en: str = "name") -> bool:
        """Whether a name is well formed; if not, it is noted."""
        if text in _NO_NAMES:
            self.refuse(
                line, f"{zh}不能叫“{text}”，它在 YAML 中另有含义", f"a {en} can't be called '{text}': YAML means it"
            )
            return False
        if _NAME.match(text):
            return True
        self.refuse(
            line,
            f"{zh}“{_short(text)}”只能由汉字、字母、数字和下划线组成，不以数字开头，最多 {LONGEST_NAME} 字",
            f"the {en} '{_short(text)}' may hold letters, Chinese characters, digits and _; no digit comes first",
        )
        return False

    def text(self, node: Node) -> str:
        """The text of a scalar; empty, and noted, if it is none."""
        if not isinstance(node, Scalar):
            self._expected(node, Scalar)
            return ""
        if node.empty or not node.text.strip():
            self.refuse(node.line, "这里没有填写内容", "nothing is written here")
            return ""
        return node.text

    def key(self, node: Node) -> str:
        """The key of a workflow or calendar."""
        text = self.text(node)
        if text and (text in _NO_NAMES or not _KEY.match(text)):
            self.refuse(
                node.line,
                f"标识“{_short(text)}”只能由汉字、字母、数字、下划线和连字符组成",
                f"the key '{_short(text)}' may only hold letters, Chinese characters, digits, _ and -",
            )
        return text

    def number(self, node: Node) -> int:
        """A whole number from 1 to a million; 0, and noted, if it is none."""
        text = self.text(node)
        if re.fullmatch(r"[1-9][0-9]{0,6}", text) and isinstance(node, Scalar) and node.plain:
            return int(text)
        if text:
            self.refuse(node.line, f"“{_short(text)}”应为正整数", f"'{_short(text)}' must be a whole number from 1")
        return 0

    def yes(self, node: Node) -> bool:
        """``true``; a key that means no is left out, so anything else is refused."""
        text = word("yes", self.text(node))
        if text and not (text == "true" and isinstance(node, Scalar) and node.plain):
            self.refuse(
                node.line,
                f"“{_short(text)}”：这里只能写 true（是），不需要时请删去此键",
                f"'{_short(text)}': only `true` can stand here; leave the key out otherwise",
            )
        return text == "true"

    def title(self, node: Node) -> Title:
        """``中文 / English``; the English may be left out."""
        text = self.text(node)
        if isinstance(node, Scalar) and node.plain and _NO_TEXT.match(text):
            self.refuse(
                node.line,
                f"标题“{_short(text)}”会被当作数字、日期或真假值，请加引号",
                f"YAML reads the title '{_short(text)}' as a number, date or truth value: quote it",
            )
        if len(text) > LONGEST_TITLE:
            self.refuse(
                node.line,
                f"标题“{_short(text)}”过长（{len(text)} 字），最多 {LONGEST_TITLE} 字",
                f"the title '{_short(text)}' has {len(text)} characters; the most is {LONGEST_TITLE}",
            )
        if "\n" in text:
            self.refuse(node.line, f"标题“{_short(text)}”应为一行", f"the title '{_short(text)}' must be one line")
        chinese, _, english = text.partition(" / ")
        if text and not chinese.strip():
            self.refuse(node.line, f"标题“{_short(text)}”缺少中文", f"the title '{_short(text)}' has no Chinese")
        return Title(chinese.strip(), english.strip())

    def words(self, node: Node | None) -> tuple[Word, ...]:
        """One word or a list of them, none twice."""
        found: dict[str, Word] = {}
        for item in self.items(node) if node is not None else ():
            text = self.text(item)
            if text in found:
                self.refuse(item.line, f"“{text}”写了两次", f"'{text}' is given twice")
            elif text:
                found[text] = Word(text, item.line)
        return tuple(found.values())

    def choice(self, node: Node, vocabulary: str, zh: str, en: str) -> str | None:
        """A word of a closed vocabulary."""
        text = self.text(node)
        found = word(vocabulary, text)
        if found in words_of(vocabulary):
            return found
        if text:
            self.unknown(text, node.line, zh, en, {**WORDS[vocabulary], **{w: w for w in words_of(vocabulary)}})
        return None

    def known(self, given: Word, names: Iterable[str] | Mapping[str, object], zh: str, en: str) -> bool:
        """Whether a word is declared; if not, it is noted with the nearest one that is."""
        if given.text in names:
            return True
        self.unknown(given.text, given.line, zh, en, names)
        return False

    def unknown(self, text: str, line: int, zh: str, en: str, names: Iterable[str]) -> None:
        """Note a word that is nowhere declared, with the nearest one that is."""
        hint_zh, hint_en = _nearest(text, list(names))
        self.refuse(
            line,
            f"{zh}“{_short(text)}”没有声明{hint_zh}",
            f"the {en} '{_short(text)}' is not declared{hint_en}",
        )

    def _expected(self, node: Node, wanted: type[Node]) -> None:
        zh, en = _KINDS[wanted]
        there_zh, there_en = _KINDS[type(node)]
        shown = f"“{_short(node.text)}”" if isinstance(node, Scalar) else there_zh
        shown_en = f"'{_short(node.text)}'" if isinstance(node, Scalar) else there_en
        hint = "；冒号请用英文冒号加空格" if isinstance(node, Scalar) and "：" in node.text else ""
        self.refuse(node.line, f"这里应为{zh}，却写了{shown}{hint}", f"{en} is expected here, not {shown_en}")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _nearest(text: str, names: list[str]) -> tuple[str, str]:
    if "，" in text or "、" in text:
        return "；多个名称请用英文逗号分隔", "; separate names by English commas"
    # Two Chinese characters with one wrong are half alike.
    if near := difflib.get_close_matches(text, names, n=1, cutoff=0.6 if text.isascii() else 0.5):
        return f"，是否想写“{near[0]}”？", f"; did you mean '{near[0]}'?"
    if not names:
        return "", ""
    some = list(dict.fromkeys(names))[:8]
    more_zh, more_en = ("等", ", …") if len(names) > 8 else ("", "")
    return f"（可用：{'、'.join(some)}{more_zh}）", f" (there are: {', '.join(some)}{more_en})"
