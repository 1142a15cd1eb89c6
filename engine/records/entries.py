"""Messages as their readers see them.

A message of a ticket that its reader may not see any more is there and says nothing; of one that has become
confidential since then it isn't even there. People name a message by the case number and the event, or by a digest of
its origin: origins hold ids that nobody is shown.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records.access import Viewer
from engine.records.asking import among
from engine.records.listings import Listing, case_numbers, listing, word
from engine.records.messages import MessageKind
from engine.records.versions import Versions
from engine.records.wording import happened

_NOTHING = Title("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message as its reader sees it."""

    #: Its name in addresses.
    ref: str
    origin: str
    kind: MessageKind
    at: Instant
    urgent: bool
    read_at: Instant | None
    #: Whether its reader may see what it is about; if not, everything below is empty.
    visible: bool
    case_no: str = ""
    what: Title = _NOTHING
    #: The light and card of a rung.
    light: str = ""
    card: str = ""
    #: The ticket's words, for whoever reads in the house.
    description: str = ""
    #: Who is on leave, in whose place its reader was told; who is told in the place of its reader, who is on leave.
    behalf_of: str = ""
    deputy: str = ""
    listing: Listing | None = None


def entries(
    transaction: Transaction, versions: Versions, viewer: Viewer, where: str, parameters: Sequence[Any]
) -> list[Entry]:
    """The messages `m` of which the condition is true, as this viewer sees them."""
    rows = _rows(transaction, viewer, where, parameters)
    lists = {row[0]: row[5] for row in rows if row[1] == MessageKind.LIST}
    named = {number for body in lists.values() for number in case_numbers(body)}
    seen = _visible(transaction, viewer, named) if named else set()
    return [
        _of_list(row, listing(row[5], seen.__contains__)) if row[0] in lists else _of_event(transaction, versions, row)
        for row in rows
    ]


def digest(origin: str) -> str:
    """The name of a list: what it is about can't be read from it."""
    return hashlib.sha256(f"message {origin}".encode()).hexdigest()[:24]


def _rows(transaction: Transaction, viewer: Viewer, where: str, parameters: Sequence[Any]) -> list[Any]:
    units, listed = among(transaction, viewer.units)
    reached = f"EXISTS (SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit {units})"  # noqa: S608
    return transaction.rows(
        "SELECT m.origin, m.kind, m.at, m.urgent, m.read_at, m.body, m.event_seq, t.case_no, t.workflow_id, e.action, "  # noqa: S608
        "e.scope, e.state_from, e.state_to, e.facts, d.name, w.description, b.name, y.name, "
        f"{reached} FROM message m "
        "LEFT JOIN ticket t ON t.id = m.ticket_id "
        "LEFT JOIN event e ON e.ticket_id = m.ticket_id AND e.seq = m.event_seq "
        "LEFT JOIN task k ON k.ticket_id = m.ticket_id AND k.seq = e.task_seq "
        "LEFT JOIN department d ON d.id = k.department_id "
        "LEFT JOIN person b ON b.id = m.behalf_of LEFT JOIN person y ON y.id = m.deputy_id "
        "LEFT JOIN particulars w ON w.ticket_id = m.ticket_id "
        f"WHERE (t.id IS NULL OR NOT t.confidential OR {reached}) AND {where}",
        (*listed, *listed, *parameters),
    )


def _of_list(row: Sequence[Any], found: Listing) -> Entry:
    origin, kind, at, urgent, read_at, *_ = row
    owner, deputy, _ = row[-3:]
    return Entry(
        ref=digest(origin), origin=origin, kind=MessageKind(kind), at=at, urgent=bool(urgent), read_at=read_at,
        visible=True, what=found.title, listing=found, behalf_of=owner or "", deputy=deputy or "",
    )  # fmt: skip


def _of_event(transaction: Transaction, versions: Versions, row: Sequence[Any]) -> Entry:
    (
        origin, kind, at, urgent, read_at, _, seq, case_no, workflow_id, action, scope, before, after, facts, unit,
        description, owner, deputy, visible,
    ) = row  # fmt: skip
    said = json.loads(facts)
    definition = versions.definition(transaction, workflow_id)
    whole = Entry(
        ref=f"{case_no}.{seq}", origin=origin, kind=MessageKind(kind), at=at, urgent=bool(urgent), read_at=read_at,
        visible=bool(visible), behalf_of=owner or "", deputy=deputy or "",
    )  # fmt: skip
    if not visible:
        return whole
    what = happened(
        definition, action=action, scope=scope, state_from=before, state_to=after, facts=said, unit=unit or ""
    )
    return replace(
        whole, case_no=case_no, what=what, light=word(said, "light"), card=word(said, "card"),
        description=description or "",
    )  # fmt: skip


def _visible(transaction: Transaction, viewer: Viewer, numbers: Iterable[str]) -> set[str]:
    match, listed = among(transaction, numbers)
    units, known = among(transaction, viewer.units)
    rows = transaction.rows(
        "SELECT c.number FROM case_number c JOIN ticket t ON t.id = c.ticket_id "  # noqa: S608 (constant words)
        "WHERE EXISTS (SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at "
        f"AND r.unit {units}) AND c.number {match}",
        (*known, *listed),
    )
    return {number for (number,) in rows}
