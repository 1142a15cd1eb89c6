"""Scores for readers: points, figures and where each figure's tickets are listed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import urlencode

from engine.clock import CIVIL_ZONE, Instant, moment
from engine.definitions.model import Title
from engine.definitions.score import Measure, Of, Part, Sheet
from engine.definitions.score_file import amount
from engine.records.indicators import Asked
from engine.records.scores import Scored, narrowed
from engine.rules.scoring import PartLine, Score
from engine.vocabulary import UNIT_KINDS

_WHOLE = (Fraction(0), Fraction(100))
OF = {
    Of.DEPARTMENT: Title("部门", "departments"),
    Of.AREA: Title("区域", "areas"),
    Of.POST: Title("岗位", "posts"),
    Of.PERSON: Title("个人", "persons"),
}


def points(hundredths: int | None) -> str:
    """Points as they are shown, `87.50`; a dash for none."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"


def value(line: PartLine) -> str:
    """What was valued: a percentage, stars or pieces."""
    if line.value is None:
        return "—"
    if line.part.measure is Measure.COUNT:
        return str(line.share.numerator)
    if line.share.total is not None:
        return f"{line.share.total / line.share.denominator:.2f} ★"
    return f"{float(line.value):.1f} %"


def formula(line: PartLine) -> str:
    """How the points come about, in figures."""
    if line.value is None or line.reached is None:
        return ""
    part, shown = line.part, f"{amount(line.weight)} × {amount(line.reached * 100)} %"
    if part.bands or (part.zero, part.full) == _WHOLE:
        return shown
    reached = f"({float(line.value):.2f} − {amount(part.zero)}) ÷ ({amount(part.full)} − {amount(part.zero)})"
    return f"{amount(line.weight)} × {reached}"


def rule(part: Part) -> Title:
    """When a part gives how many of its points."""
    if part.bands:
        told = [(f"{amount(bound)}", f"{amount(percent)} %") for bound, percent in part.bands]
        sign = "≤" if part.less else "≥"
        listed = "，".join(f"{sign} {bound} → {percent}" for bound, percent in told)
        return Title(f"分档：{listed}", f"bands: {listed.replace('，', ', ')}")
    if (part.zero, part.full) == _WHOLE:
        return Title("按比例", "in proportion")
    return Title(
        f"{amount(part.zero)} 得零分，{amount(part.full)} 得满分",
        f"none at {amount(part.zero)}, all at {amount(part.full)}",
    )


def behind(name: str, sheet: Sheet, asked: Asked, unit: str = "", side: str = "denominator") -> str:
    """The page of the tickets behind a figure."""
    own = narrowed(sheet, asked, unit) if unit else asked
    given = {
        "since": day(own.since), "until": day(own.until), "area": own.area, "department": own.department,
        "person": own.person, "side": side,
    }  # fmt: skip
    return f"/figures/{name}?{urlencode({key: text for key, text in given.items() if text})}"


def day(at: Instant) -> str:
    """A moment's day."""
    return f"{moment(at, CIVIL_ZONE):%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A unit under the sheet in force and under another one."""

    unit: str
    name: str
    before: Score | None
    after: Score | None
    place_before: int | None
    place_after: int | None

    @property
    def risen(self) -> int:
        """Places won; negative for lost ones."""
        if self.place_before is None or self.place_after is None:
            return 0
        return self.place_before - self.place_after


def compared(before: Scored, after: Scored) -> list[Changed]:
    """Each unit under both, as the other one ranks them."""
    units: Iterable[str] = dict.fromkeys((*after.order, *before.order))
    return [
        Changed(
            unit=unit, name=_name(unit, after.names, before.names), before=before.scores.get(unit),
            after=after.scores.get(unit), place_before=before.places.get(unit), place_after=after.places.get(unit),
        )
        for unit in units
    ]  # fmt: skip


def groups(found: Scored) -> list[tuple[Title, list[str]]]:
    """Units in their order; departments by their kind, among which they are ranked."""
    if found.sheet.of is not Of.DEPARTMENT:
        return [(Title("", ""), found.order)] if found.scores else []
    kinds: dict[str, list[str]] = {}
    for unit in found.order:
        kinds.setdefault(found.trees.departments[unit][1], []).append(unit)
    return [(Title(UNIT_KINDS[kind], kind.replace("_", " ")), units) for kind, units in kinds.items()]


def _name(unit: str, *known: Mapping[str, str]) -> str:
    return next((names[unit] for names in known if unit in names), unit)
