"""Sittings of a body: when one is quorate, who may decide in it, what its history says. Pure.

A sitting is one coming together of a body for one area. Its history is chained as a ticket's is, so that nobody edits
attendance, agenda, decisions or minutes unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from engine.clock import Instant, shown
from engine.definitions.model import Action, Meeting, Workflow
from engine.errors import NotAllowedNow
from engine.rules.chain import canonical_row, event_hash


class SittingState(StrEnum):
    """How far a sitting has come."""

    CALLED = "called"
    IN_SESSION = "in_session"
    CLOSED = "closed"
    SIGNED = "signed"
    CANCELLED = "cancelled"


class Presence(StrEnum):
    """Whether a member is there."""

    AWAITED = "awaited"
    PRESENT = "present"
    EXCUSED = "excused"
    ABSENT = "absent"


class ItemOutcome(StrEnum):
    """What became of an item of the agenda."""

    OPEN = "open"
    DECIDED = "decided"
    CARRIED = "carried"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """How many of a sitting's members are there, and how many must be."""

    present: int
    needed: int
    #: Filled seats.
    members: int

    @property
    def reached(self) -> bool:
        return self.members > 0 and self.present >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingRef:
    """A sitting as a decision on one ticket sees it: one that the form names, or the one whose agenda has the ticket.

    `day` is the civil day for which it is called.
    """

    id: int
    code: str
    meeting: str
    state: SittingState
    day: date
    at: Instant = Instant(0)
    #: 第N次 of the year; None before it is opened.
    number: int | None = None
    quorum: Quorum = field(default_factory=lambda: Quorum(present=0, needed=1, members=0))
    #: People who sit there in the chair's seat, in person or in a member's place.
    chairs: frozenset[int] = frozenset()


def quorum_of(meeting: Meeting, presences: Sequence[Presence]) -> Quorum:
    """Of all filled seats, however many are excused."""
    members = len(presences)
    present = sum(one is Presence.PRESENT for one in presences)
    return Quorum(present=present, needed=max(1, meeting.quorum.needed(members)), members=members)


def outside(
    definition: Workflow, action: Action, person_id: int | None, sittings: Mapping[str, SittingRef]
) -> NotAllowedNow | None:
    """Why an action that belongs into a sitting can't be done now; None if it can."""
    if action.meeting is None:
        return None
    title = definition.meetings[action.meeting].title
    found = sittings.get(action.meeting)
    if found is None:
        return NotAllowedNow(
            f"只能在“{title.zh}”的会上办理，本案还不在任何一次的议程上",
            f"this is decided in a sitting of '{title.en}' only, and this ticket is on no agenda yet",
        )
    if found.state is not SittingState.IN_SESSION:
        return NotAllowedNow(
            f"只能在“{title.zh}”的会上办理：{found.code}（{shown(found.at)}）尚未开会",
            f"this is decided in a sitting of '{title.en}': {found.code} ({shown(found.at)}) has not been opened",
            sitting=found.code,
        )
    if not found.quorum.reached:
        return no_quorum(found.code, found.quorum)
    if person_id not in found.chairs:
        return NotAllowedNow(
            f"只能由 {found.code} 到会的主持人办理",
            f"only who presides over {found.code} may do this",
            sitting=found.code,
        )
    return None


def no_quorum(code: str, quorum: Quorum) -> NotAllowedNow:
    """Too few are there to decide anything."""
    return NotAllowedNow(
        f"{code} 到会 {quorum.present} 人，不足法定的 {quorum.needed} 人（应到 {quorum.members} 人），不能议决",
        f"{code} has {quorum.present} of {quorum.members} members there, {quorum.needed} make a quorum",
        sitting=code,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingEntry:
    """One line of a sitting's history."""

    sitting_id: int
    seq: int
    at: Instant
    #: called, moved, cancelled, put, taken_off, ordered, opened, attended, decided, closed, signed.
    kind: str
    #: A login, or `clock`.
    actor: str
    person_id: int | None
    post: str
    behalf_of: int | None
    #: Canonical JSON.
    facts: str
    algorithm: str

    def hashed(self, previous: str) -> str:
        """Its hash over the one before it; `previous` is "" for the first."""
        header = canonical_row(
            ["sitting", self.sitting_id, self.seq, self.at, self.kind, self.actor, self.person_id, self.post,
             self.behalf_of]
        )  # fmt: skip
        return event_hash(self.algorithm, previous, header, self.facts, "")
