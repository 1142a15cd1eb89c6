"""Who should lead? Departments ranked by responsibilities, rulings and how alike tickets ended, each with its reasons.

Pure, and only a proposal: nothing here chooses. Points are for the order alone; people are shown reasons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.clock import HOUR, Instant, shown
from engine.definitions.model import Title

#: Points of the best responsibility, and how many fewer each further one has.
_DUTY, _LESS = 50, 15
#: Points of the newest ruling for or against somebody, of a binding one, and of each further one.
_RULED, _BOUND, _FURTHER = 25, 40, 4
#: Points of having finished all alike tickets; those of a wholly returned share are taken off.
_DONE = 25
#: Rulings of one department that are told.
_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A line of the responsibilities that fits."""

    lead: int
    #: Codes of the departments that join in.
    co: tuple[str, ...]
    #: An item's code, a class or a kind, and the area it is said for.
    item: str
    area: str
    #: Steps from the ticket's own area up to that one.
    distance: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A ruling on an alike ticket 裁定先例."""

    case_no: str
    at: Instant
    title: Title
    by: str
    #: Whom it names, and who lost; one of them may be missing.
    winner: int | None
    loser: int | None
    binding: bool
    same_item: bool
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the alike tickets that one department had really ended."""

    department: int
    finished: int
    returned: int
    #: Microseconds of working time from dispatch to the end, of those finished; None if none was.
    median: int | None


@dataclass(slots=True, kw_only=True)
class Proposed:
    """A department with what speaks for it and what against."""

    department: int
    points: float = 0.0
    co: tuple[str, ...] = ()
    reasons: list[Title] = field(default_factory=list)
    #: Why not, in spite of what speaks for it.
    against: list[Title] = field(default_factory=list)


def rank(duties: Iterable[Duty], rulings: Iterable[Ruled], ended: Iterable[Ended]) -> tuple[Proposed, ...]:
    """The departments with something to be said for them, the best first; equal ones by id, so that it is repeatable.

    A department that only lost rulings is not proposed; the usual suspect that lost one stays, lower, with the reason.
    """
    found: dict[int, Proposed] = {}
    _by_duty(found, duties)
    _by_ruling(found, rulings)
    _by_outcome(found, sorted(ended, key=lambda one: one.department))
    those = [one for one in found.values() if one.reasons]
    return tuple(sorted(those, key=lambda one: (-one.points, one.department)))


def _of(found: dict[int, Proposed], department: int) -> Proposed:
    return found.setdefault(department, Proposed(department=department))


def _by_duty(found: dict[int, Proposed], duties: Iterable[Duty]) -> None:
    """The nearest area wins, then the most exact item."""
    order = sorted(duties, key=lambda duty: (duty.distance, -duty.item.count("-"), duty.lead))
    for place, duty in enumerate(order):
        one = _of(found, duty.lead)
        if not one.reasons:
            one.points += max(_DUTY - place * _LESS, 5)
            one.co = duty.co
            basis = duty.basis or duty.item
            one.reasons.append(
                Title(
                    f"权责清单：{basis}（{duty.item}，{duty.area}）", f"responsible: {basis} ({duty.item}, {duty.area})"
                )
            )


def _by_ruling(found: dict[int, Proposed], rulings: Iterable[Ruled]) -> None:
    """The same item before its class, binding before others, newer before older."""
    order = sorted(rulings, key=lambda one: (not one.same_item, not one.binding, -one.at))
    seen: dict[int, int] = {}
    for ruling in order:
        for department, sign in ((ruling.winner, 1), (ruling.loser, -1)):
            if department is None:
                continue
            one, before = _of(found, department), seen.get(department, 0)
            seen[department] = before + 1
            points = _FURTHER if before else _BOUND if ruling.binding else _RULED
            one.points += sign * (points if ruling.same_item else points / 2)
            told = one.reasons if sign > 0 else one.against
            if before < _TOLD:
                told.append(_said(ruling, sign))


def _said(ruling: Ruled, sign: int) -> Title:
    day, clause = shown(ruling.at)[:10], ruling.clause
    how = ("由其承办", "for it") if sign > 0 else ("不由其承办", "against it")
    rests = (f"，依据{clause}", f", resting on {clause}") if clause else ("", "")
    like = ("", "") if ruling.same_item else ("（同类事项）", " (same class)")
    return Title(
        f"先例 {ruling.case_no}：{day} {ruling.by}{ruling.title.zh}，{how[0]}{rests[0]}{like[0]}",
        f"precedent {ruling.case_no}: {day} {ruling.by}, {ruling.title.en}, {how[1]}{rests[1]}{like[1]}",
    )


def _by_outcome(found: dict[int, Proposed], ended: Sequence[Ended]) -> None:
    every = sum(one.finished for one in ended)
    for outcome in ended:
        all_of_it = outcome.finished + outcome.returned
        if not all_of_it:
            continue
        one = _of(found, outcome.department)
        share = outcome.returned / all_of_it
        one.points += _DONE * (outcome.finished / every if every else 0) - _DONE * share
        percent = round(100 * share)
        if outcome.finished:
            one.reasons.append(_record(outcome, percent))
        else:
            one.against.append(
                Title(f"同类案卷 {outcome.returned} 件全部退回", f"returned all {outcome.returned} alike tickets")
            )


def _record(outcome: Ended, percent: int) -> Title:
    tenths = round((outcome.median or 0) * 10 / HOUR)
    hours = f"{tenths // 10}.{tenths % 10}"
    return Title(
        f"同类案卷办结 {outcome.finished} 件，退回 {percent}%，办理中位数 {hours} 工作小时",
        f"finished {outcome.finished} alike tickets, returned {percent}%, median {hours} working hours",
    )
