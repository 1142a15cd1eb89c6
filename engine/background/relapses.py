"""Relapse: a ticket at the place and under the standard of one that was closed not long ago says so in its history."""

from functools import partial

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.definitions import thresholds
from engine.records import relapses
from engine.records.following import behind, read_to
from engine.rules.acts import Source
from engine.stages.door import Door
from engine.stages.triage import Relapse, relapse_of

READER = "relapses"

#: An old system's history is past: nobody needs to be told of it.
_OWN = f"e.source <> '{Source.IMPORT.value}' AND e.scope = ''"
#: What gives a ticket its place or its standard, as canonical facts write it.
_GIVES = ('"lon_e7":', '"item":')


def find_relapses(door: Door, database: Database, clock: Clock) -> int:
    """Link what has come back since the last round; how many tickets that were.

    The link and the line in the history are one transaction; a round that dies is read again and links nothing twice.
    """
    rules, found = thresholds.shipped().relapse, 0
    while True:
        with database.looking() as transaction:
            rows, last = behind(transaction, READER, "e.ticket_id, e.facts", _OWN)
            given = {int(ticket_id) for ticket_id, facts in rows if any(name in facts for name in _GIVES)}
            known = {ticket_id: relapse_of(transaction, ticket_id, rules) for ticket_id in sorted(given)}
        for ticket_id, relapse in known.items():
            if relapse is not None:
                found += _say(door, ticket_id, relapse, clock.now())
        if last is None:
            return found
        database.acting(partial(read_to, reader=READER, position=last))


def _say(door: Door, ticket_id: int, relapse: Relapse, now: Instant) -> bool:
    facts = {"relapse_of": relapse.near.case_no, "metres": relapse.metres}

    def first(transaction: Transaction) -> bool:
        return relapses.keep(transaction, ticket_id, relapse.near.ticket_id, relapse.metres, now)

    return door.reconsider(ticket_id, first=first, said=(relapses.RELAPSED, facts))
