"""Time limits and rungs of a ladder as officials write them: `5 workdays`, `5个工作日`, `70%`, `-3 days`.

A limit is a whole number and a unit that names its clock. 天 alone is refused, because law and practice read
it both as 自然日 and as 工作日 ([S], domain.md on time); the English `days` are calendar days.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from engine.errors import Malformed


class SpanError(Malformed, ValueError):
    """时限写法有误 / The time limit cannot be read"""

    code = "span"


class Unit(StrEnum):
    """What a limit is counted in; the unit names the clock."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"  #: calendar days 自然日
    WORKING_MINUTES = "working minutes"
    WORKING_HOURS = "working hours"
    WORKDAYS = "workdays"

    @property
    def working(self) -> bool:
        """Runs only in the working time of a calendar; the others never stand still."""
        return self in (Unit.WORKING_MINUTES, Unit.WORKING_HOURS, Unit.WORKDAYS)

    @property
    def of_days(self) -> bool:
        """A unit for which the law knows two ways of counting."""
        return self in (Unit.DAYS, Unit.WORKDAYS)


class Counting(StrEnum):
    """The two conventions of counting days."""

    MINUTES = "minutes"  #: from the very moment: n × 24 hours, or n × the calendar's daily minutes [R]
    #: [L] Civil Code §§ 201, 203: the starting day is not counted and the last day runs to its end; see
    #: `rules.worktime`
    DAYS = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long something may take; hours and minutes count from the moment [L, Civil Code § 201 ¶ 2]."""

    amount: int
    unit: Unit
    counting: Counting = Counting.MINUTES

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise SpanError("时限必须大于零", "a time limit must be more than zero")
        if self.counting is Counting.DAYS and not self.unit.of_days:
            raise SpanError(
                f"“{self.zh}”不是按日计算的时限，不能用 counting: days",
                f"{self.en} are not counted in days, so `counting: days` cannot apply",
            )

    def times(self, n: int) -> "Limit":
        """The limit n times over: an approved extension adds the original limit once."""
        return replace(self, amount=self.amount * n)

    def plus(self, more: "Limit") -> "Limit":
        """The limit longer by another of the same unit."""
        return replace(self, amount=self.amount + more.amount)

    def counted(self, counting: Counting) -> "Limit":
        """The same limit by this convention; hours and minutes stay, the law leaves them no choice."""
        return replace(self, counting=counting) if self.unit.of_days else self

    @property
    def en(self) -> str:
        return f"{self.amount} {self.unit.value.removesuffix('s') if self.amount == 1 else self.unit.value}"

    @property
    def zh(self) -> str:
        return f"{self.amount}{_CHINESE[self.unit]}"

    def __str__(self) -> str:
        return self.en


class Side(StrEnum):
    """On which side of the due time a rung lies."""

    BEFORE = "-"
    AFTER = "+"


@dataclass(frozen=True, slots=True)
class Share:
    """A rung at so many per cent of the limit, 1 to 100; 100 is the due time itself."""

    percent: int

    def __post_init__(self) -> None:
        if not 1 <= self.percent <= 100:
            raise SpanError(
                f"“{self.percent}%”应在 1% 到 100% 之间；到期之后请写 +5个工作日 这样的时间",
                f"{self.percent}% must lie between 1% and 100%; after the due time write e.g. +5 workdays",
            )

    @property
    def en(self) -> str:
        return f"{self.percent}%"

    zh = en

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True, slots=True)
class Offset:
    """A rung so long before or after the due time."""

    side: Side
    limit: Limit

    @property
    def en(self) -> str:
        return f"{self.side}{self.limit.en}"

    @property
    def zh(self) -> str:
        return f"到期{'前' if self.side is Side.BEFORE else '后'}{self.limit.zh}"

    def __str__(self) -> str:
        return self.en


#: Where a step of a ladder stands.
Rung: TypeAlias = Share | Offset

_CHINESE = {
    Unit.MINUTES: "分钟",
    Unit.HOURS: "小时",
    Unit.DAYS: "个自然日",
    Unit.WORKING_MINUTES: "个工作分钟",
    Unit.WORKING_HOURS: "个工作小时",
    Unit.WORKDAYS: "个工作日",
}
_UNITS = (
    {unit.value: unit for unit in Unit}
    | {unit.value.removesuffix("s"): unit for unit in Unit}
    | {word.removeprefix("个"): unit for unit, word in _CHINESE.items()}
    | {"个" + word.removeprefix("个"): unit for unit, word in _CHINESE.items()}
)
_AMBIGUOUS = {"天", "日", "个天", "个日"}
_TOO_LONG_UNITS = {"周", "星期", "礼拜", "月", "季度", "年", "week", "month", "quarter", "year"}
_NEARLY_WORKDAYS = {"working day", "business day", "work day"}
_UNITS_ZH = "、".join(word.removeprefix("个") for word in _CHINESE.values())
_UNITS_EN = ", ".join(unit.value for unit in Unit)

#: Ten years of each unit, so that no typing error makes a deadline that nobody lives to see [I].
_LONGEST_DAYS = 3650
_PER_DAY = {Unit.MINUTES: 24 * 60, Unit.WORKING_MINUTES: 24 * 60, Unit.HOURS: 24, Unit.WORKING_HOURS: 24}

_FORM = re.compile(r"([+-]?) ?([0-9]+(?:[.,][0-9]+)*) ?(.*)")
_ISO = re.compile(r"[+-]?p(?=.*[0-9])[0-9ymwdths.,]+")
_OFFSET = re.compile(r"([+-]|到期前|到期后) ?(.+)")
_SIDES = {"-": Side.BEFORE, "到期前": Side.BEFORE, "+": Side.AFTER, "到期后": Side.AFTER}


def parse_limit(value: object, *, counting: Counting | None = None) -> Limit:
    """Read a time limit of a file, English or Chinese.

    `str(limit)` and `limit.zh` read back as the same limit. `counting` is the convention the file names
    beside it; none means `Counting.MINUTES`. Raises `SpanError`, without a place: the loader knows the line.
    """
    text = _text(value)
    if _ISO.fullmatch(text):
        raise _refused(
            value, "不支持 ISO 8601 写法，请写 1个自然日 或 1个工作日", "isn't read: write 1 day or 1 workday"
        )
    form = _FORM.fullmatch(text)
    if form is None:
        raise _refused(
            value,
            "不是时限，应为数字加单位，如 5个工作日",
            "is no time limit: write a number and a unit, e.g. 5 workdays",
        )
    sign, number, word = form.groups()
    amount = _amount(value, sign, number)
    unit = _unit(value, word)
    if amount > _LONGEST_DAYS * _PER_DAY.get(unit, 1):
        raise _refused(value, "过长，时限最长十年", "is too long: a limit lasts ten years at most")
    return Limit(amount=amount, unit=unit, counting=counting or Counting.MINUTES)


def parse_rung(value: object, *, counting: Counting | None = None) -> Rung:
    """Read where a step of a ladder stands: `70%`, `+5 workdays`, `到期前3个自然日`. Raises `SpanError`."""
    text = _text(value)
    if text.endswith("%"):
        number = text.removesuffix("%").strip()
        if not re.fullmatch(r"[0-9]{1,9}", number):
            raise _refused(value, "应为整数百分比，如 70%", "must be a whole percentage of the limit, e.g. 70%")
        return Share(int(number))
    form = _OFFSET.fullmatch(text)
    if form is None:
        raise _refused(
            value,
            "不是梯级位置，请写 70%、+5个工作日 或 -3个自然日",
            "is no place on a ladder: write 70%, +5 workdays or -3 days",
        )
    side, length = form.groups()
    if length[0] in "+-":
        raise _refused(value, "只能有一个正负号", "may have one sign only")
    return Offset(_SIDES[side], parse_limit(length, counting=counting))


def _text(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise _no_unit(value)
    if not isinstance(value, str):
        raise _refused(value, "不是时限，请写 5个工作日 这样的文字", "is no time limit: write text, e.g. 5 workdays")
    # Full-width digits and signs come from Chinese keyboards; NFKC leaves the mathematical minus alone.
    return " ".join(unicodedata.normalize("NFKC", value).replace("\u2212", "-").lower().split())


def _amount(value: object, sign: str, number: str) -> int:
    if sign == "-":
        raise _refused(value, "是负数，时限必须大于零", "is negative: a time limit must be more than zero")
    if sign == "+":
        raise _refused(
            value,
            "不应带正号，正号只用于到期之后的梯级",
            "has a plus, which only rungs after the due time have",
        )
    if not number.isdigit():
        raise _refused(value, "不是整数，请换更小的单位", "is no whole number: use a smaller unit")
    if len(number) > 9:
        raise _refused(value, "过长，时限最长十年", "is too long: a limit lasts ten years at most")
    if int(number) == 0:
        raise _refused(value, "为零，时限必须大于零", "is zero: a time limit must be more than zero")
    return int(number)


def _unit(value: object, word: str) -> Unit:
    if word in _UNITS:
        return _UNITS[word]
    if not word:
        raise _no_unit(value)
    if word in _AMBIGUOUS:
        raise _refused(
            value,
            f"有歧义：“{word.removeprefix('个')}”可指自然日或工作日，请写 个自然日 或 个工作日",
            "is ambiguous, calendar days or workdays: write 自然日 (days) or 工作日 (workdays)",
        )
    if word.removeprefix("个").removesuffix("s") in _TOO_LONG_UNITS:
        raise _refused(value, "请换算成自然日或工作日", "must be written in days or workdays")
    if word.removesuffix("s") in _NEARLY_WORKDAYS:
        raise _refused(value, "请写 workdays 或 个工作日", "must be written as workdays")
    raise _refused(value, f"的单位不认识，可用：{_UNITS_ZH}", f"has an unknown unit; there are {_UNITS_EN}")


def _no_unit(value: object) -> SpanError:
    return _refused(value, "没有单位，请写 5个工作日 这样的时限", "has no unit: write e.g. 5 workdays")


def _refused(value: object, zh: str, en: str) -> SpanError:
    text = str(value)
    shown = text if len(text) <= 40 else text[:40] + "…"
    return SpanError(f"“{shown}”{zh}", f"`{shown}` {en}")
