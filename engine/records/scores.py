"""Scores as they stand now: what a sheet makes of the live figures of every unit that it ranks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.database import Transaction
from engine.definitions.indicator import Counted, Indicator
from engine.definitions.score import Of, Sheet
from engine.errors import NotFound
from engine.records import cohorts
from engine.records.asking import Asking, among
from engine.records.indicator_sql import TABLES, Asked, scope, source
from engine.records.indicators import Figure, counts, figures, read, together
from engine.rules import roll
from engine.rules.roll import Formulas, Trees
from engine.rules.scoring import Piece, Score, Share, score


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The units of one sheet with their scores, the best first."""

    sheet: Sheet
    asked: Asked
    trees: Trees
    scores: Mapping[str, Score]
    places: Mapping[str, int]
    names: Mapping[str, str]

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
    """Every unit of a sheet that there is something to count of, in the area asked for. Errors: `NotFound`."""
    sheet, trees = formulas.sheet, cohorts.trees(transaction)
    indicators, seats = (
        indicators_of(formulas, exempt=exempt),
        cohorts.seats(transaction, sheet, trees, asked.area, asked),
    )
    shares: dict[str, dict[str, Share]] = {}
    for name, leaves in _leaves(transaction, sheet, indicators, asked).items():
        for leaf, figure in leaves.items():
            for unit in roll.units_of(sheet, trees, seats, leaf):
                own = shares.setdefault(unit, {})
                own[name] = _together(own.get(name), figure)
    shares = {unit: own for unit, own in shares.items() if any(one.denominator for one in own.values())}
    pieces = _pieces(transaction, sheet, indicators, trees, asked, seats)
    found = {unit: score(sheet, own, pieces.get(unit, {})) for unit, own in sorted(shares.items())}
    return Scored(
        sheet=sheet, asked=asked, trees=trees, scores=found, places=roll.places(sheet, trees, found),
        names=_names(transaction, sheet, trees, found),
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


def _leaves(
    transaction: Transaction, sheet: Sheet, indicators: Iterable[Indicator], asked: Asked
) -> dict[str, dict[str, Figure]]:
    """Indicator → department, area or person right at it → figure; one statement for each unit and cohort."""
    found: dict[str, dict[str, Figure]] = {}
    for shared, some in together(indicators):
        for column, table, code, same in _columns(sheet, shared.unit, some):
            asking = Asking(transaction)
            columns = ", ".join(counts(one, asked, asking) for one in same)
            where = scope(transaction, asked, asking, shared)
            rows = transaction.rows(
                f"SELECT {column}, {columns} FROM {source(shared.unit, tickets=asked.units is not None)} "  # noqa: S608
                f"WHERE {where} GROUP BY {column}",
                asking.parameters,
            )
            match, parameters = among(transaction, {row[0] for row in rows if row[0] is not None})
            codes = dict(transaction.rows(f"SELECT id, {code} FROM {table} WHERE id {match}", parameters))  # noqa: S608
            for number, *row in rows:
                for name, figure in read(same, row).items():
                    if number in codes:
                        found.setdefault(name, {})[codes[number]] = figure
    return found


def _columns(
    sheet: Sheet, counted: Counted, indicators: Sequence[Indicator]
) -> Iterator[tuple[str, str, str, Sequence[Indicator]]]:
    """What is grouped by, whose ids these are, and what they are called."""
    if sheet.of is Of.DEPARTMENT:
        yield f"{TABLES[counted]}.department_id", "department", "code", indicators
    elif sheet.of is Of.PERSON:
        for person in dict.fromkeys(one.person for one in indicators if one.person):
            same = [one for one in indicators if one.person == person]
            yield f"{TABLES[counted]}.{person}_by", "person", "login", same
    else:
        yield "k.area_id", "area", "code", indicators


def _pieces(
    transaction: Transaction,
    sheet: Sheet,
    indicators: list[Indicator],
    trees: Trees,
    asked: Asked,
    seats: frozenset[str],
) -> dict[str, dict[str, list[Piece]]]:
    """Unit → indicator → what a step takes points off for."""
    found: dict[str, dict[str, list[Piece]]] = {}
    for line in cohorts.numerators(transaction, _stepped(sheet, indicators), asked):
        for unit in roll.units_of(sheet, trees, seats, roll.leaf_of(sheet, line)):
            found.setdefault(unit, {}).setdefault(line.indicator, []).append(Piece(line.case_no, line.seq))
    return found


def _together(share: Share | None, figure: Figure) -> Share:
    own = _share(figure)
    if share is None:
        return own
    total = None if own.total is None else own.total + (share.total or 0)
    return Share(share.numerator + own.numerator, share.denominator + own.denominator, total)


def _stepped(sheet: Sheet, indicators: Iterable[Indicator]) -> list[Indicator]:
    named = {step.indicator for step in sheet.steps.values()}
    return [one for one in indicators if one.name in named]


def _share(figure: Figure) -> Share:
    """Nothing counted is nothing, also of a mean."""
    return Share(figure.numerator, figure.denominator, figure.total) if figure.denominator else Share()


def _names(transaction: Transaction, sheet: Sheet, trees: Trees, units: Iterable[str]) -> dict[str, str]:
    if sheet.of is not Of.PERSON:
        tree = trees.departments if sheet.of is Of.DEPARTMENT else trees.areas
        return {unit: tree[unit][0] for unit in units if unit in tree}
    match, parameters = among(transaction, units)
    return dict(transaction.rows(f"SELECT login, name FROM person WHERE login {match}", parameters))  # noqa: S608
