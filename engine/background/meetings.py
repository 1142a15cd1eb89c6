"""What the clock does for bodies: it keeps the next regular sitting called, and carries over what was not decided."""

from engine.clock import MINUTE, SECOND, Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.model import CLOCK, FieldType, Meeting, Workflow
from engine.errors import Busy, HuyingError
from engine.records import bodies, sittings
from engine.records.registers import active_keys
from engine.records.sittings import Carry, Held
from engine.records.versions import Versions
from engine.stages.calls import Call, Caller
from engine.stages.door import Door, is_double
from engine.stages.meetings import Body, Meetings

#: Tickets carried over in one round.
AT_ONCE = 100
_LONGEST_WAIT = 60 * MINUTE


def keep_called(door: Door, database: Database, versions: Versions, clock: Clock) -> int:
    """Call the next regular sitting of every body that has none; how many that was.

    Its period's key lets it be called once, whichever process does it.
    """
    now = clock.now()
    with database.looking() as transaction:
        wanted = [one for key in active_keys(transaction) for one in _bodies(transaction, versions, key)]
    return sum(_call(door, database, body, now) for body in wanted)


def _bodies(transaction: Transaction, versions: Versions, key: str) -> list[Body]:
    loop = versions.active(transaction, key)
    return [
        Body(workflow=loop, workflow_id=versions.id_of(loop), meeting=meeting, area=way)
        for meeting in loop.meetings.values()
        if meeting.when is not None
        for _, _, _, way in bodies.areas_of(transaction, meeting.per)
    ]


def _call(door: Door, database: Database, body: Body, now: Instant) -> bool:
    with database.looking() as transaction:
        if Meetings(door).regular_is_called(transaction, body, now):
            return False
    try:
        return database.acting(lambda transaction: Meetings(door).call_regular(transaction, body, now) is not None)
    except Exception as failure:
        if is_double(failure):
            return False
        raise


def carry_over(door: Door, database: Database, clock: Clock) -> int:
    """Do to every ticket that a closed sitting left undecided what its file says; how many were done.

    The item is the command, written when the sitting was closed; a key lets the act happen once, whoever dies between.
    Errors: the first failure that is no refusal, after the round.
    """
    done, failures = 0, list[Exception]()
    with database.looking() as transaction:
        due = sittings.to_carry(transaction, clock.now(), AT_ONCE)
    for one in due:
        error, again = "", None
        try:
            _carry(door, database, one)
            done += 1
        except Busy as failure:
            failures.append(failure)
            again, error = _later(one, clock.now()), failure.message
        except HuyingError as refusal:
            # It moved on by itself, or its file no longer allows it: the item says so and is not tried again.
            error = refusal.message
        except Exception as failure:
            failures.append(failure)
            again, error = _later(one, clock.now()), f"{type(failure).__name__}: {failure}"
        _mark(database, one, error, again)
    if failures:
        raise failures[0]
    return done


def _mark(database: Database, one: Carry, error: str, again: Instant | None) -> None:
    database.acting(lambda transaction: sittings.carried(transaction, one, error, again))


def _later(one: Carry, now: Instant) -> Instant:
    return Instant(now + min(_LONGEST_WAIT, SECOND << min(one.attempts, 30)))


def _carry(door: Door, database: Database, one: Carry) -> None:
    with database.looking() as transaction:
        (sitting,) = sittings.by_ids(transaction, [one.sitting_id], lock=False).values()
        case = door.case(transaction, one.ticket_id)
        loop = door.versions.definition(transaction, sitting.workflow_id)
        following = _next(transaction, sitting)
    meeting = loop.meetings[sitting.meeting]
    form = _form(case.definition, case.ticket.state, meeting, following)
    key = f"carry:{sitting.code}:{one.ticket_id}"
    call = Call(
        caller=Caller(name=CLOCK), action=meeting.carry or "", ticket_id=one.ticket_id, form=form, key=key
    )  # fmt: skip
    door.act(call)


def _next(transaction: Transaction, sitting: Held) -> Held | None:
    """The called sitting of the same body that comes next."""
    ours = "s.workflow = @ AND s.meeting = @ AND s.area_id = @ AND s.state = 'called'"
    found = sittings.listed(transaction, ours, sitting.workflow, sitting.meeting, sitting.area[0].id)
    return found[-1] if found else None


def _form(loop: Workflow, state: str, meeting: Meeting, following: Held | None) -> dict[str, str]:
    """The next sitting's code, where the action asks for a meeting."""
    action = loop.states[state].actions.get(meeting.carry or "")
    fields = [item.name for item in action.form if item.field.type is FieldType.MEETING] if action else []
    return dict.fromkeys(fields, following.code) if following is not None else {}
