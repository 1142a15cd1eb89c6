"""A score sheet: which figures of a unit are worth how many points, what is taken off, and which grade comes of it.

Numbers of a sheet are exact fractions, as they were written; nothing here is a float.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from engine.definitions.model import Title

#: Points of all parts together.
WHOLE = Fraction(100)
#: Points that the direct evaluation 直评 may have at most.
MOST_EVALUATION = Fraction(70)


class Of(StrEnum):
    """Whose sheet it is."""

    DEPARTMENT = "department"
    AREA = "area"
    POST = "post"  #: a post in an area: everybody who holds it there answers for it together
    PERSON = "person"


class Measure(StrEnum):
    """What of an indicator is valued."""

    RATE = "rate"  #: percent; of a mean of stars, percent of five
    COUNT = "count"  #: how many the numerator counts


class Nothing(StrEnum):
    """What a part is worth where there was nothing to count."""

    SPREAD = "spread"  #: its weight goes to the other parts
    FULL = "full"
    ZERO = "zero"


class Per(StrEnum):
    """Within what deductions are counted up."""

    UNIT = "unit"  #: the unit's whole period
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One figure and its weight."""

    name: str
    title: Title
    indicator: str
    #: Points.
    weight: Fraction
    measure: Measure = Measure.RATE
    nothing: Nothing = Nothing.SPREAD
    #: Where no points begin and all are given, in percent or pieces; `full` below `zero` where less is better.
    zero: Fraction = Fraction(0)
    full: Fraction = Fraction(100)
    #: Instead: from (less is better: up to) so much, so many percent of the weight; the best band first.
    bands: tuple[tuple[Fraction, Fraction], ...] = ()
    less: bool = False
    #: Where its weight stands in the file.
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Points taken off for each of what an indicator counts."""

    name: str
    title: Title
    indicator: str
    each: Fraction
    #: From the how manieth on, how many instead; the first one first.
    later: tuple[tuple[int, Fraction], ...] = ()
    per: Per = Per.UNIT
    #: Not more than this altogether.
    most: Fraction | None = None
    line: int = 0

    def worth(self, nth: int) -> Fraction:
        """Points for the nth, from 1."""
        found = self.each
        for first, points in self.later:
            if nth >= first:
                found = points
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One score sheet."""

    name: str
    title: Title
    of: Of
    parts: Mapping[str, Part]
    steps: Mapping[str, Step]
    #: Grade and the points from which it is given, the best first; the last one begins at 0.
    grades: tuple[tuple[str, Fraction], ...]
    #: Last day of a period, 1 to 28; None for calendar months.
    cut_off: int | None = None
    #: Areas of which level are ranked, or None for those right below.
    level: str = ""
    post: str = ""
    #: Nobody is ranked whose first part counts fewer.
    minimum: int = 1
    #: Days in which units may object to a draft.
    window: int = 7
    #: Whether exempted ones are counted all the same.
    all_count: bool = False
    line: int = 0

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that it names, each once."""
        parts, steps = self.parts.values(), self.steps.values()
        return tuple(dict.fromkeys([*(one.indicator for one in parts), *(one.indicator for one in steps)]))

    @property
    def base(self) -> str:
        """The indicator whose denominator says whether there is enough to rank."""
        return next(iter(self.parts.values())).indicator
