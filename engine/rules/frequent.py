"""Does a count stand out against its own past? The tail of a Poisson distribution; pure."""

from dataclasses import dataclass
from math import exp, fsum, lgamma, log

from engine.definitions.model import Title
from engine.definitions.thresholds import Frequent


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many there were lately, and in how many days before."""

    recent: int
    past: int
    past_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standout:
    """A count that stands out."""

    counted: Counted
    #: What its own past lets expect of the recent days, never below the floor.
    expected: float
    #: How probable so many or more would be if nothing had changed.
    chance: float


def tail(count: int, expected: float) -> float:
    """The probability of `count` or more where `expected` are expected; exact to many digits, also far out.

    Errors: `ValueError` for a negative count or nothing expected.
    """
    if count < 0 or expected <= 0:
        raise ValueError(f"no tail of {count} at {expected}")
    if count == 0:
        return 1.0
    if count <= expected:
        return max(0.0, 1 - fsum(_at(number, expected) for number in range(count)))
    # Far out the difference from 1 would drown: add up what lies beyond until it no longer matters.
    terms, number = [_at(count, expected)], count
    while terms[-1] > terms[0] * 1e-17 and terms[-1] > 0:
        number += 1
        terms.append(terms[-1] * expected / number)
    return min(1.0, fsum(terms))


def _at(count: int, expected: float) -> float:
    return exp(count * log(expected) - expected - lgamma(count + 1))


def standout(counted: Counted, rules: Frequent) -> Standout | None:
    """What stands out, by the installation's thresholds; None for what does not.

    A place without any past expects the floor: a first case is news, not a pattern.
    """
    if counted.recent < rules.least:
        return None
    rate = counted.past / counted.past_days if counted.past_days else 0.0
    expected = max(rate * rules.days, rules.floor / 100)
    chance = tail(counted.recent, expected)
    if chance * rules.chance > 1:
        return None
    return Standout(counted=counted, expected=expected, chance=chance)


def said(found: Standout, days: int) -> Title:
    """The figures in words."""
    counted = found.counted
    odds = "1/1000000" if found.chance < 1e-6 else f"1/{round(1 / found.chance)}"
    below = ("低于", "below ") if found.chance < 1e-6 else ("约", "about ")
    before = (
        (f"此前 {counted.past_days} 天 {counted.past} 件", f"{counted.past} in the {counted.past_days} days before let")
        if counted.past_days
        else ("此前没有记录", "no record before lets")
    )
    return Title(
        f"近 {days} 天 {counted.recent} 件；{before[0]}，按此应有约 {found.expected:.1f} 件；"
        f"纯属偶然的概率{below[0]} {odds}",
        f"{counted.recent} in {days} days; {before[1]} expect {found.expected:.1f}; by mere chance {below[1]}{odds}",
    )
