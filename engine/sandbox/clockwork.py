"""One step of a sandbox, and what the background would have done meanwhile."""

from engine.application import Application
from engine.background.births import open_births
from engine.background.commands import run_commands
from engine.background.fan_out import fan_out
from engine.background.meetings import carry_over, keep_called
from engine.background.rounds import open_rounds
from engine.background.sweep import sweep
from engine.clock import Instant, SetClock
from engine.records.access import person_of_login
from engine.sandbox.play import Step
from engine.stages.calls import Call, Caller

#: Moments at which something comes, within one move of the clock; more of them are a loop of rungs.
MOST_STOPS = 500
#: Rounds of background work after one moment: a command may lead to another.
_MOST_ROUNDS = 20


def perform(house: Application, step: Step) -> None:
    """Do a step. Errors: the refusal of the act; whatever the sweep of a ticket ran into."""
    if step.until is not None:
        move(house, Instant(step.until))
        return
    caller = Caller(person_id=person_of_login(house.database, step.who))
    house.door.act(
        Call(
            caller=caller,
            action=step.action,
            ticket_id=ticket_of(house, step.case_no) if step.case_no else None,
            workflow=step.workflow or None,
            task=step.task if step.request is None else None,
            request=step.request,
            form=step.form,
            each={int(seq): form for seq, form in step.each.items()},
            channel="" if step.case_no else "sandbox",
        )
    )
    _settle(house)


def move(house: Application, until: Instant) -> None:
    """Move the clock on, stopping wherever something comes, as a scheduler that never sleeps would find it."""
    clock = house.clock
    if not isinstance(clock, SetClock):
        raise TypeError("only a clock that stands still can be moved")
    for _ in range(MOST_STOPS):
        coming = next_rung(house)
        if coming is None or coming > until:
            break
        clock.at = max(clock.at, coming)
        _settle(house)
    clock.at = until
    _settle(house)
    open_rounds(house.door, house.database, house.versions, clock)
    open_births(house.door, house.database, house.versions, clock)
    _settle(house)


def next_rung(house: Application) -> Instant | None:
    """When a rung of a running deadline comes next, whichever ticket's it is."""
    with house.database.looking() as transaction:
        ((coming,),) = transaction.rows("SELECT min(next_at) FROM deadline WHERE next_at IS NOT NULL")
    return None if coming is None else Instant(int(coming))


def ticket_of(house: Application, case_no: str) -> int | None:
    """The id behind a case number; None for none."""
    with house.database.looking() as transaction:
        rows = transaction.rows("SELECT id FROM ticket WHERE case_no = ?", (case_no,))
    return int(rows[0][0]) if rows else None


def _settle(house: Application) -> None:
    """What time and commands bring at this moment, until nothing more comes; then notices reach their people."""
    for _ in range(_MOST_ROUNDS):
        swept = sweep(house.door, house.database, house.clock)
        for failure in swept.failures.values():
            raise failure
        keep_called(house.door, house.database, house.versions, house.clock)
        carried = carry_over(house.door, house.database, house.clock)
        if not (swept.tickets + run_commands(house.door, house.database, house.clock) + carried):
            break
    fan_out(house.database, house.clock)
