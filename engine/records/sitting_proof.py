"""Walk the chains of the sittings: has anybody edited attendance, agenda, decisions or minutes?"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from engine.database import Transaction
from engine.records import sittings
from engine.records.asking import marks
from engine.records.sittings import Held
from engine.rules.sittings import SittingEntry, SittingState

#: What an entry leaves its sitting in.
_LEAVES = {
    "called": SittingState.CALLED,
    "opened": SittingState.IN_SESSION,
    "closed": SittingState.CLOSED,
    "signed": SittingState.SIGNED,
    "cancelled": SittingState.CANCELLED,
}

#: A sitting's code, the entry at fault if it is one, and what is wrong, Chinese and English.
Fault = tuple[str, int | None, tuple[str, str]]


def faults(transaction: Transaction) -> Iterator[Fault]:
    """The first thing that does not hold of each sitting, and each decision that only one side knows."""
    after = 0
    while found := sittings.listed(transaction, "s.id > @ AND s.id <= @", after, after + 200):
        for sitting in sorted(found, key=lambda one: one.id):
            fault = _of(transaction, sitting)
            if fault is not None:
                yield sitting.code, *fault
        after = max(one.id for one in found)
    yield from _unknown(transaction)


def _of(transaction: Transaction, sitting: Held) -> tuple[int | None, tuple[str, str]] | None:
    history = sittings.entries(transaction, sitting.id)
    previous, state = "", SittingState.CALLED
    for position, (entry, hashed) in enumerate(history, start=1):
        if entry.seq != position or entry.hashed(previous) != hashed:
            return entry.seq, ("会议记录被改动、删除、插入或调换", "a line was changed, removed, inserted or moved")
        previous, state = hashed, _LEAVES.get(entry.kind, state)
    if (len(history), previous) != (sitting.last_seq, sitting.head):
        return None, ("其后的会议记录被删除", "lines behind the last one were removed")
    if state is not sitting.state:
        return None, ("场次状态与记录不符", "the sitting's state is not the one its history left it in")
    facts = [(entry, sittings.facts_of(entry)) for entry, _ in history]
    return (
        _minutes(sitting, facts) or _attendance(transaction, sitting, facts) or _decisions(transaction, sitting, facts)
    )


_Facts = list[tuple[SittingEntry, dict[str, Any]]]


def _minutes(sitting: Held, facts: _Facts) -> tuple[int | None, tuple[str, str]] | None:
    for entry, said in facts:
        if entry.kind == "signed" and said["sha256"] != hashlib.sha256(sitting.minutes.encode()).hexdigest():
            return entry.seq, ("已签发的纪要被改动", "the signed minutes were changed")
        if entry.kind == "opened" and said["number"] != [sitting.year, sitting.nth]:
            return entry.seq, ("场次编号与记录不符", "its number is not the one its history gave")
    return None


def _attendance(
    transaction: Transaction, sitting: Held, facts: _Facts
) -> tuple[int | None, tuple[str, str]] | None:  # fmt: skip
    """Who was there, as the history left it: the opening names all members, later lines change some."""
    told: dict[int, list[Any]] = {}
    for _, said in facts:
        told |= {row[0]: row for row in said.get("seats", ())}
    rows = [
        [one.person_id, one.seat, one.post, one.presence.value, one.stand_in_id]
        for one in sittings.seats(transaction, sitting.id)
    ]
    if rows != [told[number] for number in sorted(told)]:
        return None, ("到会情况与记录不符", "the attendance is not the one its history tells")
    return None


def _decisions(
    transaction: Transaction, sitting: Held, facts: _Facts
) -> tuple[int | None, tuple[str, str]] | None:  # fmt: skip
    mark, *_ = marks(transaction, 1)
    decided = {}
    for entry, said in facts:
        if entry.kind != "decided":
            continue
        decided[said["ticket"]] = (said["action"], said["event"])
        rows = transaction.rows(
            "SELECT e.hash FROM event e JOIN case_number c ON c.ticket_id = e.ticket_id "  # noqa: S608
            f"WHERE c.number = {mark} AND e.seq = {mark}",
            (said["ticket"], said["event"]),
        )
        if [row[0] for row in rows] != [said["hash"]]:
            return entry.seq, ("议决与案卷的历史不符", "a decision is not what the ticket's history says")
    items = {
        one.case_no: (one.action, one.event_seq)
        for one in sittings.items(transaction, sitting.id)
        if one.outcome.value == "decided"
    }
    if items != decided:
        return None, ("议程上的决定与记录不符", "the decisions on the agenda are not those of the history")
    return None


def _unknown(transaction: Transaction) -> Iterator[Fault]:
    """Decisions that a ticket's history puts into a sitting whose own history knows nothing of them."""
    position = "strpos" if transaction.postgresql else "instr"
    rows = transaction.rows(
        "SELECT t.case_no, e.seq, e.facts FROM event e JOIN ticket t ON t.id = e.ticket_id "  # noqa: S608
        f"WHERE {position}(e.facts, '\"sitting\":[') > 0"
    )
    mark, *_ = marks(transaction, 1)
    for case_no, seq, facts in rows:
        said = json.loads(facts).get("sitting")
        if not isinstance(said, list):
            continue
        known = transaction.rows(
            "SELECT 1 FROM sitting s JOIN sitting_item i ON i.sitting_id = s.id JOIN ticket t ON t.id = i.ticket_id "  # noqa: S608
            f"WHERE s.code = {mark} AND t.case_no = {mark} AND i.event_seq = {mark}",
            (said[0], case_no, seq),
        )
        if not known:
            yield case_no, seq, (f"{said[0]} 没有这项议决", f"{said[0]} knows no such decision")
