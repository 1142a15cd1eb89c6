"""From the words of a condition, English or Chinese, to its value; what can't be read is refused in both languages."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.definitions.conditions import (
    OPERATORS,
    Asked,
    Choice,
    Condition,
    Counter,
    Either,
    Every,
    Given,
    InState,
    Joined,
    Lead,
    Main,
    Mark,
    Nobody,
    Not,
    Subs,
    Tasks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The words a condition may use, as the file declares them."""

    counters: frozenset[str]
    marks: frozenset[str]
    choices: dict[str, frozenset[str]]
    fields: frozenset[str]
    states: frozenset[str]
    requests: frozenset[str]
    #: Task kind → its states.
    kinds: dict[str, frozenset[str]]
    #: Whether ``lead`` means something here (inside a task).
    in_task: bool
    #: Fields that hold personal data: known, but no condition may read them.
    personal: frozenset[str] = frozenset()
    #: Chinese spelling of a standard field or of one of its choices → its name.
    spelt: Mapping[str, str] = field(default_factory=dict)


class Unparsable(Exception):
    """A condition that cannot be read; carries both languages and the author's own words."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} / {en}")


_LONGEST = 500  # characters; a longer condition is no rule that an official can read
_DEEPEST = 10  # brackets and negations inside each other
#: A rule that waits for the hundred-and-first return is a typing error; counting stops one above the constant.
_HIGHEST = 100
_TOKEN = re.compile(r"\s*(>=|<=|[<>=()]|\d+|[^\W\d][\w]*)", re.UNICODE)
_KEYWORDS = frozenset("and or not in is given joined none all some no sub main lead open".split())
_TASK_WORDS = frozenset({"open", "done", "closed", "void"})
_QUANTIFIERS = ("all", "some", "no")

#: How the words of a condition may be spelt in Chinese; words are set apart by spaces in either language.
CHINESE: dict[str, str] = {
    "且": "and",
    "并且": "and",
    "或": "or",
    "或者": "or",
    "非": "not",
    "未": "not",
    "在": "in",
    "是": "is",
    "已填": "given",
    "已汇合": "joined",
    "无人": "none",
    "全部": "all",
    "有": "some",
    "无": "no",
    "子案": "sub",
    "主案": "main",
    "主办": "lead",
    "未结": "open",
    "完成": "done",
    "办结": "closed",
    "作废": "void",
}
_SIGNS = str.maketrans({"≥": ">=", "≤": "<="})


def parse(text: str, names: Names) -> Condition:
    """Compile a condition, English or Chinese: ``returns >= 3 or not designated``, ``退单 ≥ 3 或 非 指定``.

    Errors: `Unparsable`, quoting the author's words.
    """
    if len(text) > _LONGEST:
        raise Unparsable(f"条件过长（{len(text)} 字）", f"the condition is too long ({len(text)} characters)")
    reader = _Reader(_tokens(text), text, names)
    condition = reader.either()
    if reader.ahead:
        raise reader.refuse()
    return condition


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    # Brackets, signs and digits from a Chinese keyboard are wide.
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).rstrip()
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            sign = plain[at:].strip()[:1]
            raise Unparsable(
                f"条件“{text}”中不能使用“{sign}”：条件只用词语，不用代码",
                f"a condition may not contain '{sign}': '{text}' (conditions are words, not code)",
            )
        tokens.append(match.group(1))
        at = match.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens; one method per level of binding.

    Where the grammar's own words stand, a token is read by its meaning; where the file's names stand, as written.
    """

    def __init__(self, tokens: list[str], text: str, names: Names) -> None:
        self._tokens, self._text, self._names = tokens, text, names
        self._at = self._depth = 0

    @property
    def ahead(self) -> str:
        """The next token, by its meaning; empty at the end."""
        return CHINESE.get(self._raw(), self._raw())

    def _raw(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def take(self) -> str:
        word = self.ahead
        self._at += 1
        return word

    def take_name(self) -> str:
        name = self._raw()
        self._at += 1
        return name

    def refuse(self, zh: str = "", en: str = "") -> Unparsable:
        word = self._raw() or (self._tokens[-1] if self._tokens else "")
        return Unparsable(
            zh or f"条件“{self._text}”在“{word}”处读不懂",
            en or f"cannot read the condition '{self._text}' at '{word}'",
        )

    def either(self) -> Condition:
        parts = [self.every()]
        while self.ahead == "or":
            self.take()
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def every(self) -> Condition:
        parts = [self.inner()]
        while self.ahead == "and":
            self.take()
            parts.append(self.inner())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def inner(self) -> Condition:
        if self.ahead not in ("not", "("):
            return self.atom()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.refuse(f"条件“{self._text}”的括号套得太深", f"'{self._text}' is nested too deeply")
        if self.take() == "not":
            condition: Condition = Not(self.inner())
        else:
            condition = self.either()
            if self.take() != ")":
                raise self.refuse(f"条件“{self._text}”缺少右括号", f"a bracket is not closed in '{self._text}'")
        self._depth -= 1
        return condition

    def atom(self) -> Condition:
        if CHINESE.get(self._raw(1), self._raw(1)) == "given" or self.ahead not in _KEYWORDS:
            return self._named(self.take_name())
        word = self.take()
        if word in _QUANTIFIERS:
            return self._quantified(word)
        if word == "in":
            return InState(self._known(self.take_name(), self._names.states, "状态", "state"))
        if word == "main":
            types = frozenset({"closed", "void"})
            return Main(self._known(self.take_name(), types, "主案状态", "type of the main ticket"))
        if word == "lead":
            if not self._names.in_task:
                raise self.refuse("“lead”只能用在任务的条件中", "'lead' can only be used inside a task")
            return Lead()
        self._at -= 1
        raise self.refuse()

    def _quantified(self, quantifier: str) -> Condition:
        noun = self.take_name()
        if noun in self._names.kinds:
            words = _TASK_WORDS | self._names.kinds[noun]
            return Tasks(quantifier, noun, self._known(self.take_name(), words, "任务状态", "state of the task"))
        if quantifier == "all":
            raise self._unknown(noun, "任务种类", "kind of task", self._names.kinds)
        noun = CHINESE.get(noun, noun) if noun not in self._names.requests else noun
        if noun != "sub" and noun not in self._names.requests:
            known = [*self._names.kinds, *self._names.requests]
            raise self._unknown(noun, "任务种类或申请", "kind of task or request", known)
        if self.take() != "open":
            raise self.refuse()
        return Subs(quantifier) if noun == "sub" else Asked(quantifier, noun)

    def _named(self, written: str) -> Condition:
        if written in self._names.kinds and self.ahead in ("joined", "none"):
            return Joined(written) if self.take() == "joined" else Nobody(written)
        if written in self._names.counters:
            return self._counter(written)
        if written in self._names.marks:
            return Mark(written)
        word = written if written in self._names.fields else self._names.spelt.get(written, written)
        if word in self._names.fields and self.ahead == "given":
            self.take()
            return Given(word)
        if word in self._names.choices and self.ahead == "is":
            self.take()
            return Choice(word, self._known(self.take_name(), self._names.choices[word], "选项", "choice"))
        raise self._misused(written, word)

    def _counter(self, word: str) -> Condition:
        operator = self.take()
        if operator not in OPERATORS or not self.ahead.isdecimal():
            raise self.refuse(
                f"计数“{word}”要与一个数比较，例如 {word} >= 3",
                f"the counter '{word}' must be compared with a number, as in {word} >= 3",
            )
        digits = self.take()
        if len(digits) > 3 or int(digits) > _HIGHEST:
            raise self.refuse(
                f"条件“{self._text}”中的数过大，最多 {_HIGHEST}",
                f"the number in '{self._text}' is too large; the most is {_HIGHEST}",
            )
        return Counter(word, operator, int(digits))

    def _misused(self, written: str, word: str) -> Unparsable:
        if word in self._names.personal:
            return Unparsable(
                f"条件“{self._text}”不能读取个人信息“{written}”",
                f"'{self._text}' reads '{written}', which is personal: no rule may",
            )
        if word in self._names.fields:
            return Unparsable(
                f"条件“{self._text}”中，字段“{written}”只能问是否填写（{written} given）或选项（is）",
                f"in '{self._text}' the field '{written}' can only be asked '{written} given' or, for a choice, 'is'",
            )
        if word in self._names.kinds:
            return Unparsable(
                f"条件“{self._text}”中，任务“{written}”可写 {written} joined、{written} none、all {written} done",
                f"in '{self._text}' write '{written} joined', '{written} none' or e.g. 'all {written} done'",
            )
        known = [*self._names.counters, *self._names.marks, *self._names.choices, *self._names.kinds]
        return self._unknown(written, "词语", "word", known)

    def _known(self, written: str, words: frozenset[str], zh: str, en: str) -> str:
        for word in (written, CHINESE.get(written, written), self._names.spelt.get(written, written)):
            if word in words:
                return word
        raise self._unknown(written, zh, en, words)

    def _unknown(self, word: str, zh: str, en: str, known: Iterable[str]) -> Unparsable:
        some = sorted(known)[:8]
        if not word:
            return Unparsable(
                f"条件“{self._text}”没有写完，缺少{zh}", f"the condition '{self._text}' ends where a {en} is missing"
            )
        if not some:
            return Unparsable(
                f"条件“{self._text}”中的{zh}“{word}”没有声明", f"'{word}' in '{self._text}' is not a declared {en}"
            )
        return Unparsable(
            f"条件“{self._text}”中的{zh}“{word}”没有声明（可用：{'、'.join(some)}）",
            f"'{word}' in '{self._text}' is not a declared {en} (there are: {', '.join(some)})",
        )


#: Words that no file may give as a name, because conditions use them.
RESERVED = _KEYWORDS | CHINESE.keys()
