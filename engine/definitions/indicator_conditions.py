"""Conditions of indicators: words over the columns of facts, never code and never a column that is not listed.

filed on time · listed for 90 days · closed due and not joined · satisfaction is satisfied or resolved is solved ·
ticket void · repeated within 30 days
"""

import re
from dataclasses import dataclass

from engine.definitions.indicator import (
    CHOICES,
    FLAGS,
    MOMENTS,
    AllOf,
    AnyOf,
    Choice,
    Counted,
    Flag,
    How,
    Moment,
    Not,
    Repeated,
)
from engine.definitions.indicator import Wanted as _Wanted

_TOKEN = re.compile(r"\s*([()]|\d+|[A-Za-z_][A-Za-z0-9_-]*|[㐀-鿿][㐀-鿿A-Za-z0-9_-]*|\S)")
#: The word before a word of the ticket, in an indicator that counts tasks.
TICKET = "ticket"
_KEYWORDS = frozenset(
    {"and", "or", "not", "is", "on", "time", "due", "timed", "given", "for", "days", "within", TICKET, "(", ")"}
)
#: The word of a ticket that asks for its reporter's earlier ones.
REPEATED = "repeated"
_DEEPEST = 20
#: Days that may be asked by `for`.
_LONGEST = 3_650


class Unreadable(Exception):
    """A condition that cannot be read; the column counts characters from 1."""

    def __init__(self, column: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.column, self.zh, self.en = column, zh, en


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int


def parse(text: str, unit: Counted) -> _Wanted:
    """What a condition means. Errors: `Unreadable`."""
    tokens = [_Token(found[1], found.start(1) + 1) for found in _TOKEN.finditer(text)]
    parser = _Parser(tokens, unit, len(text.rstrip()) + 1)
    wanted = parser.any_of(0)
    if parser.here is not None:
        raise Unreadable(parser.column, f"“{parser.here}”不能接在这里", f"'{parser.here}' can't follow here")
    return wanted


class _Parser:
    """Recursive descent over tokens: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, tokens: list[_Token], unit: Counted, end: int) -> None:
        self._tokens, self._at, self._unit, self._end = tokens, 0, unit, end

    @property
    def here(self) -> str | None:
        return self._tokens[self._at].text if self._at < len(self._tokens) else None

    @property
    def column(self) -> int:
        return self._tokens[self._at].column if self._at < len(self._tokens) else self._end

    def any_of(self, depth: int) -> _Wanted:
        parts = [self._all_of(depth)]
        while self._take("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self, depth: int) -> _Wanted:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, depth: int) -> _Wanted:
        if depth > _DEEPEST:
            raise Unreadable(self.column, "嵌套过深", "this is nested too deep")
        if self._take("not"):
            return Not(self._one(depth + 1))
        if self._take("("):
            inner = self.any_of(depth + 1)
            if not self._take(")"):
                raise Unreadable(self.column, "缺少右括号", "a closing parenthesis is missing")
            return inner
        return self._atom()

    def _atom(self) -> _Wanted:
        unit = self._unit
        if unit is not Counted.TICKET and self._take(TICKET):
            unit = Counted.TICKET
        column, name = self.column, self.here
        if name is None or name in _KEYWORDS:
            raise Unreadable(column, "这里缺一个词", "a word is missing here")
        self._at += 1
        if name == REPEATED and unit is Counted.TICKET:
            return Repeated(self._days("within"))
        if name in MOMENTS[unit]:
            return self._lasted(unit, name) if self.here == "for" else Moment(unit, name, self._how(unit, name))
        if name in FLAGS[unit]:
            return Flag(unit, name)
        if name in CHOICES[unit]:
            return Choice(unit, name, self._value(name))
        own = (REPEATED,) if unit is Counted.TICKET else ()
        known = (*MOMENTS[unit], *FLAGS[unit], *CHOICES[unit], *own)
        raise Unreadable(column, f"没有“{name}”这个事实（可用：{'、'.join(known)}）", f"there is no fact '{name}'")

    def _lasted(self, unit: Counted, name: str) -> Moment:
        return Moment(unit, name, How.LASTED, self._days("for"))

    def _days(self, word: str) -> int:
        """A number of days behind a word."""
        if not self._take(word):
            raise Unreadable(self.column, f"这里应为 {word}", f"`{word}` must follow here")
        days = self.here or ""
        if not (days.isascii() and days.isdecimal() and 0 < int(days) <= _LONGEST):
            raise Unreadable(
                self.column, f"{word} 之后应为 1 至 {_LONGEST} 的天数", f"days, 1 to {_LONGEST}, follow `{word}`"
            )
        self._at += 1
        if not self._take("days"):
            raise Unreadable(self.column, "天数之后应为 days", "`days` must follow the number")
        return int(days)

    def _how(self, unit: Counted, name: str) -> How:
        column = self.column
        if self._take("on"):
            if not self._take("time"):
                raise Unreadable(self.column, "on 之后应为 time", "`time` must follow `on`")
            how = How.ON_TIME
        elif self._take("due"):
            how = How.DUE
        elif self._take("timed"):
            how = How.TIMED
        else:
            return How.HAPPENED
        if not MOMENTS[unit][name]:
            raise Unreadable(column, f"“{name}”没有时限", f"'{name}' has no due time")
        return how

    def _value(self, name: str) -> str | None:
        if self._take("given"):
            return None
        if not self._take("is"):
            raise Unreadable(self.column, f"“{name}”之后应为 is 或 given", f"`is` or `given` must follow '{name}'")
        value = self.here
        if value is None or value in _KEYWORDS or not re.match(r"[\w㐀-鿿]", value):
            raise Unreadable(self.column, "is 之后缺一个值", "a value is missing after `is`")
        self._at += 1
        return value

    def _take(self, word: str) -> bool:
        if self.here != word:
            return False
        self._at += 1
        return True
