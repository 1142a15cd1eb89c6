"""The roll of an accounting period: every ticket that was looked at, in or out and why, and what comes of it.

A roll is plain values. Its document is a file of canonical lines: a head with the formulas and the trees, one line
per ticket or task and indicator, the rulings, and the results. Whoever has the document can work the results out again,
to the byte, without the database.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from engine.definitions import indicator_file, score_file
from engine.definitions.indicator import Indicator
from engine.definitions.score import Of, Sheet
from engine.rules.chain import canonical, canonical_row
from engine.rules.scoring import Piece, Score, Share, ranks, score

FORMAT = 1


class Tally(StrEnum):
    """Where a line stands in its indicator."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"  #: in the base only
    OUT = "out"


class Judgement(StrEnum):
    """What was ruled on an objection."""

    KEEP = "keep"
    EXCLUDE = "exclude"


class Ground(StrEnum):
    """Why a unit objects."""

    DUTY = "duty"  #: not this unit's duty
    DATA = "data"  #: what was recorded is not what happened
    FORCE = "force"  #: nobody could have done it
    OTHER = "other"


#: Why a line is left out, beside the words of the indicator's own `without`.
NOT_DUE, EXEMPT, RULED = "not due", "exempt", "ruled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket, or one task, of one indicator. Codes and logins are those of then."""

    #: From 1; 0 while it is in no roll.
    number: int = 0
    indicator: str
    ticket_id: int
    case_no: str
    #: 0 for a ticket.
    seq: int
    area: str
    department: str
    person: str
    #: Its cohort moment.
    at: int
    standing: Tally
    why: str = ""
    #: Of a mean.
    stars: int | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """What it is, whatever became of it."""
        return self.indicator, self.ticket_id, self.seq

    @property
    def text(self) -> str:
        """Its canonical line in the document."""
        return canonical_row(
            [
                "line", self.number, self.indicator, self.ticket_id, self.case_no, self.seq, self.area,
                self.department, self.person, self.at, self.standing.value, self.why, self.stars,
            ]
        )  # fmt: skip

    @property
    def hash(self) -> str:
        """The digest of its line."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Formulas:
    """A sheet with the indicators that it names, and the texts that say so."""

    sheet: Sheet
    indicators: Mapping[str, Indicator]
    sheet_text: str
    #: File name → text of each file that one of the indicators stands in.
    indicator_texts: Mapping[str, str]

    @classmethod
    def read(cls, name: str, sheet_text: str, indicator_texts: Mapping[str, str]) -> "Formulas":
        """From texts. Errors: `DefinitionError` for a text that is none, `KeyError` for a sheet that is not in it."""
        return _formulas(name, sheet_text, tuple(sorted(indicator_texts.items())))

    @property
    def digest(self) -> str:
        """What the version of the formulas is called."""
        whole = canonical({"sheet": self.sheet_text, "indicators": dict(self.indicator_texts)})
        return hashlib.sha256(whole.encode()).hexdigest()


@lru_cache(maxsize=256)
def _formulas(name: str, sheet_text: str, indicator_texts: tuple[tuple[str, str], ...]) -> Formulas:
    """Texts never change what they mean, so each is read once in a process."""
    known: dict[str, Indicator] = {}
    for file, text in indicator_texts:
        known |= indicator_file.loads(text, file=file)
    sheet = score_file.loads(sheet_text, known, file=f"{name}.yaml")[name]
    return Formulas(sheet, {one: known[one] for one in sheet.indicators}, sheet_text, dict(indicator_texts))


@dataclass(frozen=True, slots=True)
class Trees:
    """Areas and departments as they were: code → name, level or kind, and the code above ("" for none)."""

    areas: Mapping[str, tuple[str, str, str]]
    departments: Mapping[str, tuple[str, str, str]]

    def above(self, of: Of, code: str) -> Iterator[str]:
        """A unit and what lies above it, from below."""
        tree = self.departments if of is Of.DEPARTMENT else self.areas
        while code in tree:
            yield code
            code = tree[code][2]


@dataclass(frozen=True, slots=True)
class Head:
    """What a roll begins with."""

    #: Canonical: period, moments, formulas, trees, units.
    values: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Its canonical line in the document."""
        return canonical(["head", dict(self.values)])

    @property
    def formulas(self) -> Formulas:
        """Errors: as `Formulas.read`."""
        return Formulas.read(self.values["sheet"], self.values["sheet_text"], self.values["indicator_texts"])

    @property
    def trees(self) -> Trees:
        areas, departments = ({code: tuple(one) for code, one in self.values[name].items()} for name in _TREES)
        return Trees(areas, departments)

    @property
    def seats(self) -> frozenset[str]:
        """Codes of the areas that are ranked, or in which the post is held; logins of who held it; else nothing."""
        return frozenset(self.values["seats"])


_TREES = ("areas", "departments")


def units_of(sheet: Sheet, trees: Trees, seats: frozenset[str], leaf: str) -> list[str]:
    """The units that answer for what lies at a leaf (the code of a department or area, or a login): a department with
    everything above it, the areas ranked, the person."""
    if sheet.of is Of.PERSON:
        return [leaf] if leaf and (not sheet.post or leaf in seats) else []
    if sheet.of is Of.DEPARTMENT:
        return list(trees.above(sheet.of, leaf))
    return [code for code in trees.above(sheet.of, leaf) if code in seats]


def leaf_of(sheet: Sheet, line: Line) -> str:
    """What of a line says who answers for it."""
    return {Of.DEPARTMENT: line.department, Of.PERSON: line.person}.get(sheet.of, line.area)


def scores(
    sheet: Sheet, trees: Trees, seats: frozenset[str], lines: Iterable[Line], excluded: frozenset[int] = frozenset()
) -> dict[str, Score]:
    """Unit → its score, by the unit's code or login; only units that any line is about."""
    shares: dict[str, dict[str, Share]] = {}
    pieces: dict[str, dict[str, list[Piece]]] = {}
    stepped = {step.indicator for step in sheet.steps.values()}
    for line in lines:
        for unit in units_of(sheet, trees, seats, leaf_of(sheet, line)):
            own = shares.setdefault(unit, {})
            if line.standing is Tally.OUT or line.number in excluded:
                continue
            own[line.indicator] = _added(own.get(line.indicator, Share()), line)
            if line.indicator in stepped and line.standing is Tally.NUMERATOR:
                pieces.setdefault(unit, {}).setdefault(line.indicator, []).append(Piece(line.case_no, line.seq))
    return {unit: score(sheet, own, pieces.get(unit, {})) for unit, own in sorted(shares.items())}


def places(sheet: Sheet, trees: Trees, found: Mapping[str, Score]) -> dict[str, int]:
    """Unit → its place: departments among those of their kind, all others among all."""
    groups: dict[str, dict[str, Score]] = {}
    for unit, one in found.items():
        kind = trees.departments[unit][1] if sheet.of is Of.DEPARTMENT else ""
        groups.setdefault(kind, {})[unit] = one
    return {unit: place for group in groups.values() for unit, place in ranks(group).items()}


def results(head: Head, lines: Iterable[Line], excluded: frozenset[int]) -> str:
    """What comes of a roll, as the canonical last line of its document."""
    sheet, trees = head.formulas.sheet, head.trees
    found = scores(sheet, trees, head.seats, lines, excluded)
    rank = places(sheet, trees, found)
    return canonical(["results", [_result(unit, one, rank.get(unit)) for unit, one in found.items()]])


def document(
    head: Head, lines: Iterable[Line], rulings: Sequence[Sequence[Any]], seal: Sequence[Any], result: str
) -> Iterator[str]:
    """The lines of a period's document; `seal` is number and hash of the newest one, or nothing."""
    yield head.text
    for line in lines:
        yield line.text
    for ruling in rulings:
        yield canonical(["ruling", *ruling])
    yield canonical(["seal", *seal])
    yield result


def digest(texts: Iterable[str]) -> str:
    """The sha256 of lines that each end in a newline, as the file is kept."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode() + b"\n")
    return found.hexdigest()


def differences(before: Iterable[Line], after: Iterable[Line], excluded: frozenset[int]) -> list[dict[str, Any]]:
    """What later facts change, ticket by ticket: where each stood, where it stands, and why; by indicator and case."""
    now = {line.key: line for line in after}
    found = []
    for line in before:
        then = _stood(line, excluded)
        one = now.pop(line.key, None)
        told = _stood(one, frozenset()) if one is not None else ["absent", "", "", ""]
        if line.number in excluded and told[0] != Tally.OUT:
            # The ruling stands, whatever the facts say.
            told = [Tally.OUT.value, RULED, told[2], told[3]]
        if then[0] == told[0] == Tally.OUT or then == told:
            continue
        found.append(_difference(line, then, told))
    for line in now.values():
        if line.standing is not Tally.OUT:
            found.append(_difference(line, ["absent", "", "", ""], _stood(line, frozenset())))
    return sorted(found, key=lambda one: (one["indicator"], one["case_no"], one["seq"]))


def _stood(line: Line, excluded: frozenset[int]) -> list[str]:
    """Tally, why, and who answers: department and area."""
    out = line.number in excluded
    standing, why = (Tally.OUT, RULED) if out else (line.standing, line.why)
    return [standing.value, why, line.department, line.area]


def _difference(line: Line, before: list[str], after: list[str]) -> dict[str, Any]:
    return {
        "indicator": line.indicator, "ticket_id": line.ticket_id, "case_no": line.case_no, "seq": line.seq,
        "before": before, "after": after,
    }  # fmt: skip


def _added(share: Share, line: Line) -> Share:
    counted = line.standing is Tally.NUMERATOR
    total = share.total if line.stars is None else (share.total or 0) + line.stars
    return Share(share.numerator + counted, share.denominator + 1, total)


def _result(unit: str, one: Score, rank: int | None) -> dict[str, Any]:
    parts = {
        line.part.name: [
            line.share.numerator, line.share.denominator, line.share.total, int(line.weight * 100), line.points,
        ]
        for line in one.parts
    }  # fmt: skip
    steps = {line.step.name: [len(line.taken), line.points] for line in one.steps}
    return {
        "unit": unit, "points": one.points, "grade": one.grade, "rank": rank, "base": one.base, "parts": parts,
        "steps": steps,
    }  # fmt: skip
