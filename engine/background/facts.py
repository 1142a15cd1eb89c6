"""Facts are folded behind the feed: every ticket that something happened to is told again from its history.

A ticket is told on one snapshot and written in one short transaction that also moves the cursor. Whoever moved the
cursor meanwhile has told newer histories, so what was told here is thrown away.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from engine.analysis.folding import facts_of
from engine.analysis.replay import Untellable
from engine.clock import Instant
from engine.database import Database, Transaction
from engine.records import facts, reporters
from engine.records.asking import among, marks
from engine.records.facts import Told
from engine.records.following import AT_ONCE, begin_at, moved, tickets_behind
from engine.records.versions import Versions
from engine.stages.retelling import Retelling

#: What a task says of its ticket.
_SHARED = ("channel", "item")
_LOG = logging.getLogger(__name__)


def fold_facts(
    database: Database,
    versions: Versions,
    key: bytes | None = None,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Fold what happened since the last round; how many tickets were told again.

    `key` is that by which reporters are told apart. Errors: `Malformed` if it is not the one used so far.
    """
    done = 0
    while not stopping():
        with database.looking() as transaction:
            begin, last, ids = tickets_behind(transaction, facts.READER)
            reporters.expect(transaction, key)
            told = tell_facts(transaction, versions, ids, key)
        if last is None:
            return done
        if database.acting(_writing(told, begin, last, key)):
            done += len(ids)
    return done


def rebuild(
    database: Database,
    versions: Versions,
    key: bytes | None = None,
    *,
    hear: Callable[[int], None] = lambda done: None,
) -> int:
    """Drop every fact and fold all tickets anew; how many there are. `hear` is told how many are done.

    The fold that runs beside it goes on from where the feed stood at the beginning: what happens meanwhile is told
    again by it.
    """
    ((last,),) = _asked(database, "SELECT coalesce(max(position), 0) FROM feed")
    database.acting(_begun(int(last), key))
    done = after = 0
    while True:
        with database.looking() as transaction:
            mark, *_ = marks(transaction, 1)
            rows = transaction.rows(f"SELECT id FROM ticket WHERE id > {mark} ORDER BY id LIMIT {AT_ONCE}", (after,))  # noqa: S608
            ids = [int(row[0]) for row in rows]
            told = tell_facts(transaction, versions, ids, key)
        if not ids:
            return done
        database.acting(_kept(told))
        done, after = done + len(ids), ids[-1]
        hear(done)


def tell_facts(transaction: Transaction, versions: Versions, ids: Iterable[int], key: bytes | None = None) -> Told:
    """The facts of these tickets, as the rows of all tables.

    A history that cannot be told is logged and left out: one tampered ticket must not stop the others. `huying facts`
    says how many lack facts, `huying verify` which and why.
    """
    ids = list(ids)
    match, parameters = among(transaction, ids)
    # Who may know of a ticket is written beside its history, by the same act.
    kept = dict(transaction.rows(f"SELECT id, confidential FROM ticket WHERE id {match}", parameters))  # noqa: S608
    known = reporters.keys(transaction, key, ids)
    telling = Retelling(transaction, versions)
    told = Told()
    for ticket_id, (definition, steps) in zip(ids, telling.several(ids), strict=True):
        try:
            found = facts_of(definition, steps)
        except Untellable as failure:
            _LOG.error("ticket %s cannot be told again: %s", ticket_id, failure)
            continue
        own = {
            "ticket_id": ticket_id,
            "workflow": definition.key,
            "confidential": bool(kept[ticket_id]),
            "reporter_key": known.get(ticket_id),
        }
        told.tickets.append(found.values | own)
        of_ticket = {
            "ticket_id": ticket_id,
            "workflow": definition.key,
            **{one: found.values.get(one) for one in _SHARED},
        }
        told.tasks.extend({**one.values, **of_ticket, "seq": one.seq} for one in found.tasks.values())
        told.spans.extend({**asdict(one), "ticket_id": ticket_id, "seq": n} for n, one in enumerate(found.spans, 1))
        told.agenda.extend({**one, "ticket_id": ticket_id} for one in found.agenda.values())
    paths = facts.paths(transaction, {_where(row) for row in told.tickets})
    ways = {row["ticket_id"]: paths[_where(row)] for row in told.tickets}
    for row in (*told.tickets, *told.tasks, *told.spans, *told.agenda):
        row["area_path"] = ways[row["ticket_id"]]
    return told


def _where(row: dict[str, Any]) -> tuple[int, Instant]:
    """Its area, and when the tree of areas counts for it."""
    return row["area_id"], row.get("filed_at") or row["reported_at"]


def _writing(told: Told, begin: int, last: int, key: bytes | None) -> Callable[[Transaction], bool]:
    def work(transaction: Transaction) -> bool:
        ours = moved(transaction, facts.READER, begin, last)
        if ours:
            if key is not None:
                reporters.remember(transaction, key)
            facts.write(transaction, told)
        return ours

    return work


def _begun(last: int, key: bytes | None) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        facts.forget_all(transaction)
        if key is not None:
            reporters.remember(transaction, key, anew=True)
        begin_at(transaction, facts.READER, last)

    return work


def _kept(told: Told) -> Callable[[Transaction], None]:
    """Rows of a rebuild; a ticket that the fold has told since is newer than them and stays."""

    def work(transaction: Transaction) -> None:
        match, parameters = among(transaction, [row["ticket_id"] for row in told.tickets])
        there = {
            int(row[0])
            for row in transaction.rows(f"SELECT ticket_id FROM ticket_fact WHERE ticket_id {match}", parameters)  # noqa: S608
        }
        parts = (told.tickets, told.tasks, told.spans, told.agenda)
        facts.write(transaction, Told(*([row for row in rows if row["ticket_id"] not in there] for rows in parts)))

    return work


def _asked(database: Database, sql: str) -> list[Any]:
    with database.looking() as transaction:
        return transaction.rows(sql)
