"""What bounds a person across tickets: claims under a quota, points under the bound of a day.

Two acts of one person on two tickets at once must see each other. On SQLite they are lined up by the writer; on
PostgreSQL the rows of the people concerned are locked, in order of ids, behind the ticket's own lock.
"""

from collections.abc import Collection
from datetime import timedelta

from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.definitions.model import Action
from engine.records import points
from engine.records.asking import marks
from engine.rules.case import Actor, Case, ClaimCount, References
from engine.rules.sending import ME
from engine.vocabulary import SETTLED


def look_up(
    transaction: Transaction, action: Action, case: Case, actor: Actor, task: int | None, references: References,
    now: Instant,
) -> None:  # fmt: skip
    """Add to the references what the action is bounded by; nothing is asked for one that is not."""
    kinds = case.definition.tasks
    claimed = [kind for kind, names in action.sends.items() if ME in names and kinds[kind].quota is not None]
    bounded = bool(action.points) and case.definition.daily_points is not None
    people = _people(case, actor, task) if bounded else set()
    if claimed and actor.person_id is not None:
        people.add(actor.person_id)
    if not people:
        return
    _lock(transaction, people)
    if actor.person_id is not None:
        for kind in claimed:
            references.claims[kind] = _claimed(transaction, case.definition.key, kind, actor.person_id, now)
    if bounded:
        references.given_today = points.given_since(transaction, people, _midnight(now))


def _people(case: Case, actor: Actor, task: int | None) -> set[int]:
    acted = case.tasks.get(task) if task is not None else None
    return {
        person
        for person in (actor.person_id, case.ticket.reporter_id, acted.person_id if acted else None)
        if person is not None
    }


def _lock(transaction: Transaction, people: Collection[int]) -> None:
    if transaction.postgresql:
        transaction.rows("SELECT id FROM person WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (sorted(people),))


def _claimed(transaction: Transaction, workflow: str, kind: str, person_id: int, now: Instant) -> ClaimCount:
    mark = marks(transaction, 1)[0]
    settled = ", ".join(f"'{state.value}'" for state in sorted(SETTLED))
    ((open_now, this_week),) = transaction.rows(
        f"SELECT sum(CASE WHEN k.state_type NOT IN ({settled}) THEN 1 ELSE 0 END), "  # noqa: S608
        f"sum(CASE WHEN k.opened_at >= {mark} THEN 1 ELSE 0 END) FROM task k JOIN ticket t ON t.id = k.ticket_id "
        f"JOIN workflow_version w ON w.id = t.workflow_id WHERE k.person_id = {mark} AND k.kind = {mark} "
        f"AND w.key = {mark}",
        (_monday(now), person_id, kind, workflow),
    )
    return ClaimCount(int(open_now or 0), int(this_week or 0))


def _midnight(now: Instant) -> Instant:
    return instant(moment(now, CIVIL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0))


def _monday(now: Instant) -> Instant:
    day = moment(_midnight(now), CIVIL_ZONE)
    return instant(day - timedelta(days=day.weekday()))
