"""What becomes of the messages that wait for one person: sent now as one text, put off, or left in the inbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.clock import MINUTE, SECOND, Instant
from engine.rules.wishes import QuietHours, Wishes

#: While something comes due within this time it is waited for, so that what comes together is one text …
TOGETHER = 10 * SECOND
#: … but what is due never waits for others longer than this.
LONGEST_TOGETHER = MINUTE
#: Deliveries begun before a message is given up.
MOST_TRIES = 8
#: The first wait after a failure; each later one is three times as long, so that eight tries take nine hours.
FIRST_WAIT = 30 * SECOND
GROWTH = 3
#: How much longer or shorter a wait may be, so that what failed together is not tried again together.
JITTER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message on its way to one person."""

    origin: str
    posted: Instant
    #: Not to be tried before.
    next_at: Instant
    urgent: bool = False
    #: Deliveries begun.
    attempts: int = 0
    #: A delivery was begun and nothing was heard of it since.
    claimed: bool = False
    #: Read in the inbox meanwhile.
    read: bool = False
    #: Its person may see what it is about.
    visible: bool = True


@dataclass(slots=True, kw_only=True)
class Plan:
    """What to do now with everything that waits for one person, by origin."""

    send: list[Waiting] = field(default_factory=list)
    #: Until when it is put off.
    later: dict[Instant, list[str]] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    #: Begun too often; the last time nobody lived to say what came of it.
    dead: list[str] = field(default_factory=list)


def plan(rows: Sequence[Waiting], wishes: Wishes, installation: QuietHours, now: Instant) -> Plan:
    """Decide about all messages that wait for one person.

    1. While another delivery to this person is under way, nothing: one person gets one text at a time.
    2. What was read meanwhile or may not be seen any more stays in the inbox.
    3. After a failure everything waits for the next try, but for what is urgent and may come at once.
    4. Quiet hours and digests put off what they hold back.
    5. The rest is sent together, unless more is about to come due.
    """
    if any(one.claimed and one.next_at > now for one in rows):
        return Plan()
    made = Plan(keep=[one.origin for one in rows if one.read or not one.visible])
    left = [one for one in rows if one.visible and not one.read]
    made.dead = [one.origin for one in left if one.next_at <= now and one.attempts >= MOST_TRIES]
    due = [one for one in left if one.next_at <= now and one.attempts < MOST_TRIES]
    again = min((one.next_at for one in left if one.attempts and one.next_at > now), default=now)
    for one in due:
        at = wishes.may_come(posted=one.posted, now=now, urgent=one.urgent, installation=installation)
        if not (one.urgent and wishes.urgent):
            at = max(at, again)
        if at > now:
            made.later.setdefault(at, []).append(one.origin)
        else:
            made.send.append(one)
    if _others_come(made.send, left, now):
        made.send = []
    return made


def _others_come(sending: Sequence[Waiting], rows: Iterable[Waiting], now: Instant) -> bool:
    if not sending or min(one.next_at for one in sending) <= now - LONGEST_TOGETHER:
        return False
    return any(now < one.next_at <= now + TOGETHER for one in rows)


def next_try(attempts: int, now: Instant, chance: float) -> Instant | None:
    """When to try again what has failed so many times; None when it is given up. `chance` is from 0 to 1."""
    if attempts >= MOST_TRIES:
        return None
    wait = FIRST_WAIT * GROWTH ** (attempts - 1)
    return Instant(now + int(wait * (1 - JITTER + 2 * JITTER * chance)))
