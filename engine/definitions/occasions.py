"""Days that come again and again: which day of which period."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Stands for the last day of a period.
LAST: Final = -1


class Every(StrEnum):
    """The period that a job comes once in."""

    WORKDAY = "workday"
    DAY = "day"
    WEEK = "week"
    TEN_DAYS = "ten days"  #: 旬: the 1st to the 10th, the 11th to the 20th, the rest of the month
    MONTH = "month"
    QUARTER = "quarter"


class Moves(StrEnum):
    """What becomes of a day on which nobody works."""

    NEXT = "next"
    PREVIOUS = "previous"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class On:
    """Which day of a period: a numbered day or workday, or the last one."""

    #: From 1, in a week Monday; or `LAST`.
    day: int
    #: Which month of a quarter, from 1.
    month: int = 1
    #: Counts workdays instead of days.
    workdays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a job comes."""

    every: Every
    #: None where every day or workday is one.
    on: On | None = None
    #: Minutes after midnight, by the wall clock of the calendar's zone.
    at: int
    moves: Moves = Moves.NEXT
