"""What a sitting has to do with one act: it is decided in one, or put on the agenda of one.

The ticket is locked first and then the sitting, so that nobody decides in a sitting that is being closed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from engine.clock import CIVIL_ZONE, DAY, Instant, instant, moment
from engine.database import Transaction
from engine.definitions.model import Action, FieldType, Meeting
from engine.records import sittings
from engine.records.asking import among
from engine.records.sittings import Hand, Held
from engine.records.versions import Versions
from engine.rules.acts import Decision, Source
from engine.rules.case import Case, References
from engine.rules.sittings import ItemOutcome, Presence, SittingRef, SittingState, quorum_of
from engine.stages.calls import Call

_CODE = re.compile(r"S[0-9]{8}-[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The sittings that an act changes, locked."""

    #: On whose agenda the ticket waits.
    waits: Held | None = None
    #: Whether it is decided there by this act.
    decides: bool = False
    #: Onto whose agenda it is put.
    named: Held | None = None


def meeting_of(transaction: Transaction, versions: Versions, sitting: Held) -> Meeting:
    """The body of a sitting, by the words it was called under."""
    return versions.definition(transaction, sitting.workflow_id).meetings[sitting.meeting]


def day_of(sitting: Held) -> date:
    """The civil day of a sitting."""
    return moment(sitting.planned_at).date()


def look_up(
    transaction: Transaction, versions: Versions, action: Action, case: Case, call: Call, references: References
) -> Touched | None:
    """Add to the references what the act has to do with sittings; nothing is asked for one that has not."""
    fields = [item.name for item in action.form if item.field.type is FieldType.MEETING]
    if not case.definition.meetings or call.source is Source.IMPORT or not (action.meeting or fields):
        return None
    references.called = {}
    waits = sittings.waiting_on(transaction, case.ticket.id)
    found = {
        name: _named(transaction, versions, action, case, str(call.form[name]))
        for name in fields
        if call.form.get(name)
    }
    ids = {one for one in (waits, *found.values()) if one is not None}
    held = sittings.by_ids(transaction, ids, lock=True)
    if sittings.waiting_on(transaction, case.ticket.id) != waits:
        # It was closed while this act waited for it: what it carried over is on no agenda for a moment.
        waits = None
    refs = {one.id: ref_of(transaction, versions, one) for one in held.values()}
    named = None
    for name, number in found.items():
        if number is not None and held[number].state is SittingState.CALLED:
            references.called[str(call.form[name])] = references.called[held[number].code] = refs[number]
            named = held[number]
    if waits is not None:
        references.sittings[refs[waits].meeting] = refs[waits]
    decides = action.meeting is not None and waits is not None and refs[waits].meeting == action.meeting
    return Touched(waits=held[waits] if waits is not None else None, decides=decides, named=named)


def offered(transaction: Transaction, versions: Versions, case: Case) -> dict[str, SittingRef]:
    """Name of a body → its sitting that has the ticket on its agenda, as whoever looks at the ticket sees it."""
    if not case.definition.meetings:
        return {}
    waits = sittings.waiting_on(transaction, case.ticket.id)
    found = sittings.by_ids(transaction, [waits] if waits is not None else [], lock=False)
    return {one.meeting: ref_of(transaction, versions, one) for one in found.values()}


def ref_of(transaction: Transaction, versions: Versions, sitting: Held) -> SittingRef:
    """A sitting as decisions see it."""
    meeting = meeting_of(transaction, versions, sitting)
    rows = sittings.seats(transaction, sitting.id)
    there = [row for row in rows if row.presence is Presence.PRESENT]
    return SittingRef(
        id=sitting.id,
        code=sitting.code,
        meeting=sitting.meeting,
        state=sitting.state,
        day=day_of(sitting),
        at=sitting.planned_at,
        number=sitting.nth,
        quorum=quorum_of(meeting, [row.presence for row in rows]),
        chairs=frozenset(row.stand_in_id or row.person_id for row in there if row.seat == meeting.chair),
    )


def _named(transaction: Transaction, versions: Versions, action: Action, case: Case, text: str) -> int | None:
    """The called sitting of the ticket's body that a code or a day means, the first one of that day."""
    match, listed = among(transaction, [link.id for link in case.ticket.area])
    ours = f"s.workflow = @ AND s.state = 'called' AND s.area_id {match.replace('%s', '@').replace('?', '@')}"
    key = case.definition.key
    if _CODE.fullmatch(text):
        found = sittings.listed(transaction, f"s.code = @ AND {ours}", text, key, *listed)
    elif (day := _day(text)) is not None:
        begins = instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE))
        between = "s.planned_at >= @ AND s.planned_at < @"
        found = sittings.listed(transaction, f"{between} AND {ours}", begins, begins + DAY, key, *listed)
    else:
        return None
    state = action.to or case.ticket.state
    fits = [one for one in reversed(found) if state in meeting_of(transaction, versions, one).agenda]
    return fits[0].id if fits else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def keep(
    transaction: Transaction, touched: Touched | None, case: Case, decision: Decision, now: Instant, algorithm: str
) -> None:
    """Write what the act means for its sittings, in the transaction of the act."""
    if touched is None:
        return
    event, ticket = decision.events[0], case.ticket
    hand = Hand(login=event.actor, person_id=event.person_id, post=event.post, behalf_of=event.behalf_of)
    said = {"ticket": ticket.case_no, "event": event.seq, "hash": event.hash}
    waits, named = touched.waits, touched.named
    if touched.decides and waits is not None:
        sittings.settle_item(
            transaction, waits.id, ticket.id, ItemOutcome.DECIDED, now, action=event.action, event_seq=event.seq
        )
        sittings.append(transaction, waits, "decided", hand, {**said, "action": event.action}, now, algorithm)
        waits = None
    if named is None or (waits is not None and waits.id == named.id):
        return
    if waits is not None:
        sittings.settle_item(transaction, waits.id, ticket.id, ItemOutcome.REMOVED, now)
        sittings.append(transaction, waits, "taken_off", hand, {**said, "to": named.code}, now, algorithm)
    times = sittings.put(transaction, named, ticket.id)
    sittings.append(transaction, named, "put", hand, {**said, "carried": times}, now, algorithm)
