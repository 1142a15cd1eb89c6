"""Points: given by actions, bounded by the day, taken back by later actions; never edited.

What was really given stands in the event's facts (`points`: a list of person, points, reason), so that the ledger can
be told again from the history alone.
"""

from collections.abc import Iterator

from engine.definitions.model import PersonScope
from engine.errors import HuyingError
from engine.rules.acts import PointsEntry
from engine.rules.doing import Doing
from engine.rules.memory import GivenPoints
from engine.rules.sending import ME


def settle(doing: Doing) -> HuyingError | None:
    """`reverses`, then `points`: what is taken back makes no room under the daily bound."""
    taken = list(_reversed(doing))
    lines = [*taken, *_given(doing)]
    if not lines:
        return None
    memory, decision = doing.draft.ticket.memory, doing.draft.decision
    doing.facts["points"] = [[person, points, reason] for person, points, reason in lines]
    for part, (person, points, reason) in enumerate(lines):
        decision.points.append(
            PointsEntry(
                event_seq=doing.event_seq, part=part, person_id=person, points=points, reason=reason, at=doing.draft.now
            )
        )
    standing = [one for one in memory.points if one.action not in doing.action.reverses]
    given = [GivenPoints(reason, person, points) for person, points, reason in lines[len(taken) :]]
    memory.points = (*standing, *given)
    return None


def _reversed(doing: Doing) -> Iterator[tuple[int, int, str]]:
    for one in doing.draft.ticket.memory.points:
        if one.action in doing.action.reverses:
            yield one.person_id, -one.points, one.action


def _given(doing: Doing) -> Iterator[tuple[int, int, str]]:
    most, given_today = doing.draft.definition.daily_points, dict(doing.draft.act.references.given_today)
    for name, points in doing.action.points.items():
        person = _person(doing, name)
        if person is None:
            continue
        before = given_today.get(person, 0)
        given = points if most is None else max(0, min(points, most - before))
        given_today[person] = before + given
        if given:
            yield person, given, doing.action.name


def _person(doing: Doing, name: str) -> int | None:
    """Whom a word of `points` means; nobody for a report without an account."""
    if name == ME:
        return doing.actor.person_id
    scope = doing.draft.definition.roles[name].person
    if scope is PersonScope.REPORTER:
        return doing.draft.ticket.reporter_id
    return doing.task.person_id if doing.task is not None else None
