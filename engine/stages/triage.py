"""Proposals of the triage: which tickets are likely one matter, and of which closed one this is the return."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.database import Transaction
from engine.definitions.thresholds import Duplicates, Relapses
from engine.records.near import Near, closed_before, matter_of, near_in_time
from engine.rules.ground import metres, reach
from engine.rules.likeness import Likeness, likeness, same_standard


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A ticket that is likely the same matter, and why."""

    near: Near
    likeness: Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Relapse:
    """A closed ticket that has come back."""

    near: Near
    #: How far apart they are.
    metres: int


def duplicates(
    transaction: Transaction, ticket_id: int, units: Iterable[str], rules: Duplicates
) -> tuple[Duplicate, ...]:
    """Likely duplicates of a ticket among those that these units reach, the likeliest first; none without a point."""
    own = matter_of(transaction, ticket_id)
    if own is None:
        return ()
    found = []
    for near in near_in_time(transaction, ticket_id, own, units, rules):
        alike = likeness(own, near.matter, rules)
        if alike is not None and alike.points >= rules.least:
            found.append(Duplicate(near=near, likeness=alike))
    found.sort(key=lambda one: (-one.likeness.points, one.near.case_no))
    return tuple(found[: rules.most])


def relapse_of(transaction: Transaction, ticket_id: int, rules: Relapses) -> Relapse | None:
    """The newest closed ticket of the same standard at the same place; None if there is none within the days."""
    own = matter_of(transaction, ticket_id)
    if own is None or not own.item:
        return None
    for near in closed_before(transaction, ticket_id, own, own.item, rules):
        apart = metres(own.spot, near.matter.spot)
        here = apart <= reach(own.spot, near.matter.spot, rules.metres, rules.accuracy)
        if here and same_standard(own.item, near.matter.item or ""):
            return Relapse(near=near, metres=round(apart))
    return None
