"""Paths are folded behind the feed, as facts are: every ticket that something happened to is told again.

A ticket is told on one snapshot and written in one short transaction that also moves the cursor. Whoever moved the
cursor meanwhile has told newer histories, so what was told here is thrown away.
"""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from engine.analysis.paths import Path, digest, path_of
from engine.analysis.replay import Untellable
from engine.database import Database, Transaction
from engine.records import paths
from engine.records.asking import among, marks
from engine.records.following import AT_ONCE, begin_at, moved, tickets_behind
from engine.records.versions import Versions
from engine.rules.chain import canonical_row
from engine.stages.retelling import Retelling

Rows = list[dict[str, Any]]
Variants = dict[str, dict[str, Any]]

_LOG = logging.getLogger(__name__)


def fold_paths(database: Database, versions: Versions, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Fold what happened since the last round; how many tickets were told again."""
    told = 0
    while not stopping():
        with database.looking() as transaction:
            begin, last, ids = tickets_behind(transaction, paths.READER)
            rows, variants = tell_paths(transaction, versions, ids)
        if last is None:
            return told
        if database.acting(_writing(rows, variants, begin, last)):
            told += len(ids)
    return told


def rebuild(database: Database, versions: Versions, *, hear: Callable[[int], None] = lambda done: None) -> int:
    """Drop every path and fold all tickets anew; how many there are. `hear` is told how many are done.

    The fold that runs beside it goes on from where the feed stood at the beginning: what happens meanwhile is told
    again by it.
    """
    with database.looking() as transaction:
        ((last,),) = transaction.rows("SELECT coalesce(max(position), 0) FROM feed")
    database.acting(_begun(int(last)))
    done = after = 0
    while True:
        with database.looking() as transaction:
            mark, *_ = marks(transaction, 1)
            listed = transaction.rows(f"SELECT id FROM ticket WHERE id > {mark} ORDER BY id LIMIT {AT_ONCE}", (after,))  # noqa: S608
            ids = [int(row[0]) for row in listed]
            rows, variants = tell_paths(transaction, versions, ids)
        if not ids:
            return done
        database.acting(_kept(rows, variants))
        done, after = done + len(ids), ids[-1]
        hear(done)


def tell_paths(transaction: Transaction, versions: Versions, ids: Iterable[int]) -> tuple[Rows, Variants]:
    """The rows of these tickets, and the paths that they took.

    A history that cannot be told is a row with what is wrong with it: one tampered ticket must not stop the others.
    """
    ids = list(ids)
    match, parameters = among(transaction, ids)
    # Who may know of a ticket is written beside its history, by the same act.
    kept = {
        int(row[0]): row[1:]
        for row in transaction.rows(
            f"SELECT id, confidential, opened_at, area_id, channel, item FROM ticket WHERE id {match}",  # noqa: S608
            parameters,
        )
    }
    telling = Retelling(transaction, versions)
    rows: Rows = []
    variants: Variants = {}
    for ticket_id in ids:
        definition, steps = telling.steps(ticket_id)
        confidential, opened_at, area, channel, item = kept[ticket_id]
        own = {
            "ticket_id": ticket_id, "workflow": definition.key, "version": definition.version,
            "confidential": bool(confidential), "reported_at": opened_at,
        }  # fmt: skip
        try:
            path = path_of(steps)
        except Untellable as failure:
            _LOG.error("ticket %s cannot be told again: %s", ticket_id, failure)
            empty = {"variant": "", "waits": "[]", "ended_at": None, "department_id": None}
            rows.append({**own, **empty, "fault": str(failure), "area_id": area, "channel": channel, "item": item})
            continue
        one = digest(definition.key, definition.version, path.moves)
        moves = json.dumps([list(move) for move in path.moves], ensure_ascii=False)
        variants[one] = {"digest": one, "workflow": definition.key, "version": definition.version, "moves": moves}
        rows.append({**own, **_row(path), "variant": one})
    return rows, variants


def _row(path: Path) -> dict[str, Any]:
    return {
        "fault": "", "waits": canonical_row(path.waits), "ended_at": path.ended_at, "area_id": path.area_id,
        "department_id": path.department_id, "item": path.item, "channel": path.channel,
    }  # fmt: skip


def _writing(rows: Rows, variants: Variants, begin: int, last: int) -> Callable[[Transaction], bool]:
    def work(transaction: Transaction) -> bool:
        ours = moved(transaction, paths.READER, begin, last)
        if ours:
            paths.write(transaction, rows, variants)
        return ours

    return work


def _begun(last: int) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        paths.forget_all(transaction)
        begin_at(transaction, paths.READER, last)

    return work


def _kept(rows: Rows, variants: Variants) -> Callable[[Transaction], None]:
    """Rows of a rebuild; a ticket that the fold has told since is newer than them and stays."""

    def work(transaction: Transaction) -> None:
        match, parameters = among(transaction, [row["ticket_id"] for row in rows])
        there = {
            int(row[0])
            for row in transaction.rows(f"SELECT ticket_id FROM ticket_path WHERE ticket_id {match}", parameters)  # noqa: S608
        }
        paths.write(transaction, [row for row in rows if row["ticket_id"] not in there], variants)

    return work
