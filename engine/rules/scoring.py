"""From figures to points: each line of a sheet with what it is made of, exact and rounded where it is shown.

A part is rounded to a hundredth of a point, half up, and the score is the sum of what is shown: whoever adds the lines
up by hand gets the same. Points are whole hundredths; nothing is a float.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.definitions.score import WHOLE, Measure, Nothing, Part, Per, Sheet, Step

#: Stars that are everything.
STARS = 5


@dataclass(frozen=True, slots=True)
class Share:
    """What was counted of an indicator; of a mean `total` is the sum of the stars."""

    numerator: int = 0
    denominator: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Something of a step's numerator: a ticket's case number, and the task there (0 for the ticket)."""

    case_no: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """What a part gave."""

    part: Part
    share: Share
    #: What was valued: percent or pieces; None where nothing was counted.
    value: Fraction | None
    #: Of the weight, 0 to 1; None where the weight goes to the others.
    reached: Fraction | None
    #: The weight as it counts here, when others had nothing to count; whole hundredths.
    weight: Fraction
    #: Hundredths of a point.
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One deduction: which of them it is, of what, and how many hundredths."""

    piece: Piece
    nth: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """What a step took off, piece by piece."""

    step: Step
    taken: tuple[Taken, ...]
    #: Hundredths, not more than the step's most.
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A unit's score. Points are hundredths, never below 0."""

    parts: tuple[PartLine, ...]
    steps: tuple[StepLine, ...]
    #: None where no part had anything to count.
    points: int | None
    grade: str
    #: How many the base counts, and whether that is enough to be ranked.
    base: int
    ranked: bool


def score(sheet: Sheet, shares: Mapping[str, Share], pieces: Mapping[str, Sequence[Piece]]) -> Score:
    """A unit's score from what was counted per indicator, and from what steps take off, in the order it happened."""
    valued = {name: _valued(part, shares.get(part.indicator, Share())) for name, part in sheet.parts.items()}
    weights = _spread({name: sheet.parts[name].weight for name, (_, reached) in valued.items() if reached is not None})
    lines: list[PartLine] = []
    for name, (value, reached) in valued.items():
        part, weight = sheet.parts[name], weights.get(name, Fraction(0))
        share = shares.get(part.indicator, Share())
        points = hundredths(weight * (reached or 0))
        lines.append(PartLine(part=part, share=share, value=value, reached=reached, weight=weight, points=points))
    steps = [_step(step, pieces.get(step.indicator, ())) for step in sheet.steps.values()]
    # A unit that had nothing to do is not scored, whatever parts without a figure are worth.
    counted = any(line.value is not None for line in lines)
    made = max(0, sum(line.points for line in lines) - sum(line.points for line in steps))
    final: int | None = made if counted else None
    base = shares.get(sheet.base, Share()).denominator
    return Score(
        parts=tuple(lines),
        steps=tuple(steps),
        points=final,
        grade="" if final is None else _grade(sheet, final),
        base=base,
        ranked=final is not None and base >= sheet.minimum,
    )


def ranks(scores: Mapping[str, Score]) -> dict[str, int]:
    """Unit → its place from 1, of those that are ranked; equal points share a place and the next one is left free."""
    points = sorted((one.points for one in scores.values() if one.ranked and one.points is not None), reverse=True)
    return {unit: points.index(one.points) + 1 for unit, one in scores.items() if one.ranked and one.points is not None}


def hundredths(points: Fraction) -> int:
    """Points in whole hundredths, half up."""
    return (points * 200 + 1).__floor__() // 2


def _spread(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Weights in proportion that make 100 together, in whole hundredths: what is left over goes to those that lost
    most by rounding down, so that whoever has everything has 100."""
    there = sum(weights.values(), Fraction(0))
    if not there:
        return {}
    exact = {name: weight * 100 * WHOLE / there for name, weight in weights.items()}
    found = {name: int(one) for name, one in exact.items()}
    over = int(100 * WHOLE) - sum(found.values())
    for name in sorted(exact, key=lambda name: found[name] - exact[name])[:over]:
        found[name] += 1
    return {name: Fraction(one, 100) for name, one in found.items()}


def _valued(part: Part, share: Share) -> tuple[Fraction | None, Fraction | None]:
    """What was valued, and how much of the weight that gives."""
    value = _value(part, share)
    if value is None:
        return None, {Nothing.SPREAD: None, Nothing.FULL: Fraction(1), Nothing.ZERO: Fraction(0)}[part.nothing]
    if part.bands:
        for bound, percent in part.bands:
            if value <= bound if part.less else value >= bound:
                return value, percent / 100
        return value, Fraction(0)
    return value, min(Fraction(1), max(Fraction(0), (value - part.zero) / (part.full - part.zero)))


def _value(part: Part, share: Share) -> Fraction | None:
    if not share.denominator:
        return None
    if part.measure is Measure.COUNT:
        return Fraction(share.numerator)
    if share.total is not None:
        return Fraction(100 * share.total, STARS * share.denominator)
    return Fraction(100 * share.numerator, share.denominator)


def _step(step: Step, pieces: Sequence[Piece]) -> StepLine:
    seen: dict[str, int] = {}
    taken = []
    for piece in pieces:
        within = piece.case_no if step.per is Per.TICKET else ""
        seen[within] = nth = seen.get(within, 0) + 1
        taken.append(Taken(piece=piece, nth=nth, points=hundredths(step.worth(nth))))
    points = sum(one.points for one in taken)
    if step.most is not None:
        points = min(points, hundredths(step.most))
    return StepLine(step=step, taken=tuple(taken), points=points)


def _grade(sheet: Sheet, points: int) -> str:
    return next(grade for grade, first in sheet.grades if points >= hundredths(first))
