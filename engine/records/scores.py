"""Scores as they stand now: what a sheet makes of the live figures of every unit that it ranks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.score import Of, Sheet
from engine.errors import NotFound
from engine.records import cohorts
from engine.records.asking import among
from engine.records.breakdowns import By, breakdown
from engine.records.indicators import Asked, Figure, figures
from engine.rules import ledger
from engine.rules.ledger import Formulas, Trees
from engine.rules.scoring import Piece, Score, Share, ranks, score


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The units of one sheet with their scores, the best first."""

    sheet: Sheet
    asked: Asked
    trees: Trees
    scores: Mapping[str, Score]
    places: Mapping[str, int]
    names: Mapping[str, str]
    #: Departments that have others below them.
    parents: frozenset[str] = field(default=frozenset())

    @property
    def order(self) -> list[str]:
        """Units by their points, those that are not ranked last."""
        return sorted(
            self.scores, key=lambda unit: (self.places.get(unit, 1 << 30), -(self.scores[unit].points or 0), unit)
        )


def indicators_of(formulas: Formulas, *, exempt: bool = True) -> list[Indicator]:
    """The indicators of a sheet as it counts them; with `exempt` false, what is exempted counts as well."""
    found = list(formulas.indicators.values())
    if exempt and not formulas.sheet.all_count:
        return found
    return [replace(one, exempt=()) for one in found]


def scored(transaction: Transaction, formulas: Formulas, asked: Asked, *, exempt: bool = True) -> Scored:
    """Every unit of a sheet that there is something to count of: in the area asked for, of departments those right
    below the department asked for (the tops for none). Errors: `NotFound` for an area or a department."""
    sheet, trees = formulas.sheet, cohorts.trees(transaction)
    if asked.department and asked.department not in trees.departments:
        raise NotFound("没有这个单位", "there is no such department")
    indicators = indicators_of(formulas, exempt=exempt)
    shares = _shares(transaction, sheet, indicators, trees, asked)
    shares = {unit: own for unit, own in shares.items() if unit and any(one.denominator for one in own.values())}
    pieces = _pieces(transaction, sheet, indicators, trees, asked, shares)
    found = {unit: score(sheet, own, pieces.get(unit, {})) for unit, own in sorted(shares.items())}
    return Scored(
        sheet=sheet, asked=asked, trees=trees, scores=found, places=ranks(found),
        names=_names(transaction, sheet, trees, found), parents=frozenset(one[2] for one in trees.departments.values()),
    )  # fmt: skip


def of_unit(
    transaction: Transaction, formulas: Formulas, asked: Asked, unit: str, *, exempt: bool = True
) -> tuple[str, Score]:
    """One unit's name and score. Errors: `NotFound` for a unit that is none."""
    sheet, trees = formulas.sheet, cohorts.trees(transaction)
    names = _names(transaction, sheet, trees, [unit])
    if unit not in names:
        raise NotFound("没有这个单位", "there is no such unit")
    own, indicators = narrowed(sheet, asked, unit), indicators_of(formulas, exempt=exempt)
    counted = figures(transaction, [one for one in indicators if not own.person or one.person], own)
    pieces: dict[str, list[Piece]] = {}
    for line in cohorts.numerators(transaction, _stepped(sheet, indicators), own):
        pieces.setdefault(line.indicator, []).append(Piece(line.case_no, line.seq))
    return names[unit], score(sheet, {name: _share(one) for name, one in counted.items()}, pieces)


def narrowed(sheet: Sheet, asked: Asked, unit: str) -> Asked:
    """What is asked for, of one unit alone."""
    if sheet.of is Of.DEPARTMENT:
        return replace(asked, department=unit)
    return replace(asked, person=unit) if sheet.of is Of.PERSON else replace(asked, area=unit)


def _shares(
    transaction: Transaction, sheet: Sheet, indicators: list[Indicator], trees: Trees, asked: Asked
) -> dict[str, dict[str, Share]]:
    """Unit → indicator → what was counted."""
    if sheet.of is Of.DEPARTMENT:
        found = _broken(transaction, indicators, asked, By.DEPARTMENT)
        return {unit: own for unit, own in found.items() if unit != asked.department}
    if sheet.of is Of.PERSON:
        found, people = _broken(transaction, indicators, asked, By.PERSON), cohorts.holders(transaction, sheet, asked)
        return {unit: own for unit, own in found.items() if people is None or unit in people}
    seats = cohorts.seats(transaction, sheet, trees, asked.area, asked)
    if sheet.of is Of.POST:
        return {
            unit: {
                name: _share(one) for name, one in figures(transaction, indicators, replace(asked, area=unit)).items()
            }
            for unit in sorted(seats)
        }
    shares: dict[str, dict[str, Share]] = {}
    for above in sorted({trees.areas[unit][2] for unit in seats}):
        found = _broken(transaction, indicators, replace(asked, area=above), By.AREA)
        shares |= {unit: own for unit, own in found.items() if unit in seats}
    return shares


def _broken(transaction: Transaction, indicators: list[Indicator], asked: Asked, by: By) -> dict[str, dict[str, Share]]:
    found: dict[str, dict[str, Share]] = {}
    for name, groups in breakdown(transaction, indicators, asked, by).items():
        for group in groups:
            found.setdefault(group.key, {})[name] = _share(group.figure)
    return found


def _pieces(
    transaction: Transaction,
    sheet: Sheet,
    indicators: list[Indicator],
    trees: Trees,
    asked: Asked,
    units: Iterable[str],
) -> dict[str, dict[str, list[Piece]]]:
    """Unit → indicator → what a step takes points off for."""
    known, found = frozenset(units), dict[str, dict[str, list[Piece]]]()
    for line in cohorts.numerators(transaction, _stepped(sheet, indicators), asked):
        for unit in known.intersection(ledger.units_of(sheet, trees, known, line)):
            found.setdefault(unit, {}).setdefault(line.indicator, []).append(Piece(line.case_no, line.seq))
    return found


def _stepped(sheet: Sheet, indicators: Iterable[Indicator]) -> list[Indicator]:
    named = {step.indicator for step in sheet.steps.values()}
    return [one for one in indicators if one.name in named]


def _share(figure: Figure) -> Share:
    return Share(figure.numerator, figure.denominator, figure.total)


def _names(transaction: Transaction, sheet: Sheet, trees: Trees, units: Iterable[str]) -> dict[str, str]:
    if sheet.of is not Of.PERSON:
        tree = trees.departments if sheet.of is Of.DEPARTMENT else trees.areas
        return {unit: tree[unit][0] for unit in units if unit in tree}
    match, parameters = among(transaction, units)
    return dict(transaction.rows(f"SELECT login, name FROM person WHERE login {match}", parameters))  # noqa: S608
