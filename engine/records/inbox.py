"""The inbox: everything a person was told, what is unread first.

A message of a ticket that its reader may not see any more is there and says nothing. People name a message by the case
number and the event, or by a digest of its origin: origins hold ids that nobody is shown.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import Malformed, NotFound, Place
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.messages import MessageKind
from engine.records.versions import Versions
from engine.records.wording import happened

#: Messages of one page.
MOST = 100
#: The badge counts no further.
MOST_COUNTED = 100

_OF_TICKET = re.compile(r"([0-9]{8}-[0-9]{1,20})\.([0-9]{1,9})")
_OF_LIST = re.compile(r"[0-9a-f]{24}")
_LONGEST_ORIGIN = 160
_NOTHING = Title("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One ticket of a list that a rhythm made."""

    case_no: str
    #: Only what is below may be shown to whoever may see the ticket.
    visible: bool
    title: Title
    deadline: Title
    due: Instant | None
    light: str
    card: str
    state: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that a rhythm made, as it was then."""

    title: Title
    period: str
    count: int
    tickets: tuple[Listed, ...]


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
    listing: Listing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of an inbox, and the cursor of the next part if there is one."""

    entries: tuple[Entry, ...]
    cursor: str | None


def unread(transaction: Transaction, person_id: int) -> int:
    """How many messages somebody has not read, counted up to `MOST_COUNTED`."""
    person, most = marks(transaction, 2)
    # In an order, so that SQLite takes the index of what is unread and not the key, which everything read is under too.
    ((count,),) = transaction.rows(
        "SELECT count(*) FROM (SELECT at FROM message "  # noqa: S608 (constant words)
        f"WHERE person_id = {person} AND read_at IS NULL ORDER BY at DESC LIMIT {most}) counted",
        (person_id, MOST_COUNTED),
    )
    return int(count)


def page(
    transaction: Transaction, versions: Versions, viewer: Viewer, *, cursor: str | None = None, limit: int = 30
) -> Page:
    """The next messages, at most `limit`: the unread ones, then the others, each newest first.

    Errors: `Malformed` for a cursor that did not come from here.
    """
    limit = max(1, min(limit, MOST))
    read, at, origin = _opened(cursor) if cursor else (False, None, "")
    found: list[Entry] = []
    for part in (False, True):
        if part < read or len(found) > limit:
            continue
        after = (at, origin) if at is not None and part == read else None
        found += _part(transaction, versions, viewer, part, after, limit + 1 - len(found))
    shown = found[:limit]
    more = len(found) > limit
    return Page(entries=tuple(shown), cursor=_closed(shown[-1]) if more else None)


def entries(transaction: Transaction, versions: Versions, viewer: Viewer, origins: Sequence[str]) -> list[Entry]:
    """Messages of somebody by their origins, in that order; what isn't there is left out."""
    match, listed = among(transaction, origins)
    mark, *_ = marks(transaction, 1)
    rows = _rows(transaction, viewer, f"m.person_id = {mark} AND m.origin {match}", (viewer.person_id, *listed))
    found = {entry.origin: entry for entry in _entries(transaction, versions, viewer, rows)}
    return [found[origin] for origin in origins if origin in found]


def entry(transaction: Transaction, versions: Versions, viewer: Viewer, ref: str) -> Entry:
    """One message of the viewer's. Errors: `NotFound`."""
    found = entries(transaction, versions, viewer, _origins(transaction, viewer, [ref]))
    if not found:
        raise NotFound("没有这条消息", "there is no such message")
    return found[0]


def read(transaction: Transaction, viewer: Viewer, refs: Sequence[str], now: Instant) -> int:
    """Mark these messages of the viewer's as read; how many were not before."""
    match, listed = among(transaction, _origins(transaction, viewer, refs))
    at, person = marks(transaction, 2)
    return transaction.run(
        f"UPDATE message SET read_at = {at} WHERE person_id = {person} AND read_at IS NULL AND origin {match}",  # noqa: S608
        (now, viewer.person_id, *listed),
    )


def read_all(transaction: Transaction, viewer: Viewer, until: Instant, now: Instant) -> int:
    """Mark everything up to `until` as read; what came meanwhile stays unread."""
    at, person, last = marks(transaction, 3)
    return transaction.run(
        f"UPDATE message SET read_at = {at} WHERE person_id = {person} AND read_at IS NULL AND at <= {last}",  # noqa: S608
        (now, viewer.person_id, until),
    )


def _part(
    transaction: Transaction,
    versions: Versions,
    viewer: Viewer,
    part: bool,
    after: tuple[Instant, str] | None,
    limit: int,
) -> list[Entry]:
    person, at, origin, most = marks(transaction, 4)
    where = f"m.person_id = {person} AND m.read_at IS {'NOT ' if part else ''}NULL"
    behind = f" AND (m.at, m.origin) < ({at}, {origin})" if after else ""
    rows = _rows(
        transaction,
        viewer,
        f"{where}{behind} ORDER BY m.at DESC, m.origin DESC LIMIT {most}",
        (viewer.person_id, *(after or ()), limit),
    )
    return list(_entries(transaction, versions, viewer, rows))


def _rows(transaction: Transaction, viewer: Viewer, where: str, parameters: Sequence[Any]) -> list[Any]:
    units, listed = among(transaction, viewer.units)
    return transaction.rows(
        "SELECT m.origin, m.kind, m.at, m.urgent, m.read_at, m.body, m.event_seq, t.case_no, t.workflow_id, e.action, "  # noqa: S608
        "e.scope, e.state_from, e.state_to, e.facts, d.name, w.description, EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit {units}) FROM message m "
        "LEFT JOIN ticket t ON t.id = m.ticket_id "
        "LEFT JOIN event e ON e.ticket_id = m.ticket_id AND e.seq = m.event_seq "
        "LEFT JOIN task k ON k.ticket_id = m.ticket_id AND k.seq = e.task_seq "
        "LEFT JOIN department d ON d.id = k.department_id "
        f"LEFT JOIN particulars w ON w.ticket_id = m.ticket_id WHERE {where}",
        (*listed, *parameters),
    )


def _entries(transaction: Transaction, versions: Versions, viewer: Viewer, rows: Sequence[Any]) -> Iterator[Entry]:
    bodies = {row[0]: json.loads(row[5]) for row in rows if row[1] == MessageKind.LIST}
    named = {str(one.get("case_no")) for body in bodies.values() for one in body.get("tickets", ())}
    seen = _visible(transaction, viewer, named) if named else set()
    for row in rows:
        if row[1] == MessageKind.LIST:
            yield _of_list(row, bodies[row[0]], seen)
        else:
            yield _of_event(transaction, versions, row)


def _of_list(row: Sequence[Any], body: Mapping[str, Any], seen: set[str]) -> Entry:
    origin, kind, at, urgent, read_at, *_ = row
    listing = Listing(
        title=_title(body.get("title")),
        period=str(body.get("period", "")),
        count=int(body.get("count", 0)),
        tickets=tuple(_listed(one, str(one.get("case_no")) in seen) for one in body.get("tickets", ())),
    )
    return Entry(
        ref=_digest(origin), origin=origin, kind=MessageKind(kind), at=at, urgent=bool(urgent), read_at=read_at,
        visible=True, what=listing.title, listing=listing,
    )  # fmt: skip


def _of_event(transaction: Transaction, versions: Versions, row: Sequence[Any]) -> Entry:
    (
        origin, kind, at, urgent, read_at, _, seq, case_no, workflow_id, action, scope, before, after, facts, unit,
        description, visible,
    ) = row  # fmt: skip
    said = json.loads(facts)
    definition = versions.definition(transaction, workflow_id)
    whole = Entry(
        ref=f"{case_no}.{seq}", origin=origin, kind=MessageKind(kind), at=at, urgent=bool(urgent), read_at=read_at,
        visible=bool(visible),
    )  # fmt: skip
    if not visible:
        return whole
    what = happened(
        definition, action=action, scope=scope, state_from=before, state_to=after, facts=said, unit=unit or ""
    )
    return replace(
        whole, case_no=case_no, what=what, light=_word(said, "light"), card=_word(said, "card"),
        description=description or "",
    )  # fmt: skip


def _listed(one: Mapping[str, Any], visible: bool) -> Listed:
    due = one.get("due")
    shown = one if visible else {}
    return Listed(
        case_no=str(one.get("case_no", "")) if visible else "",
        visible=visible,
        title=_title(shown.get("title")),
        deadline=_title(shown.get("deadline")),
        due=Instant(due) if visible and isinstance(due, int) else None,
        light=_word(shown, "light"),
        card=_word(shown, "card"),
        state=_title(shown.get("state")),
    )


def _word(facts: Mapping[str, Any], key: str) -> str:
    value = facts.get(key)
    return value if isinstance(value, str) else ""


def _title(value: Any) -> Title:
    """A title as lists hold it: both languages, or `中文 / English`."""
    if isinstance(value, Mapping):
        return Title(str(value.get("zh", "")), str(value.get("en", "")))
    zh, _, en = str(value or "").partition(" / ")
    return Title(zh, en or zh)


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


def _origins(transaction: Transaction, viewer: Viewer, refs: Iterable[str]) -> list[str]:
    """The origins that people's names of messages mean; of names that mean nothing, nothing."""
    asked = list(refs)
    events = [(found[1], int(found[2])) for ref in asked if (found := _OF_TICKET.fullmatch(ref))]
    lists = {ref for ref in asked if _OF_LIST.fullmatch(ref)}
    origins: list[str] = []
    if events:
        match, listed = among(transaction, {number for number, _ in events})
        ids = dict(transaction.rows(f"SELECT number, ticket_id FROM case_number WHERE number {match}", listed))  # noqa: S608
        origins += [f"n:{ids[number]}:{seq}" for number, seq in events if number in ids]
    if lists:
        mark, *_ = marks(transaction, 1)
        # The key's own order: everything that begins with `r:`.
        rows = transaction.rows(
            f"SELECT origin FROM message WHERE person_id = {mark} AND origin >= 'r:' AND origin < 's'",  # noqa: S608
            (viewer.person_id,),
        )
        origins += [origin for (origin,) in rows if _digest(origin) in lists]
    return origins


def _digest(origin: str) -> str:
    return hashlib.sha256(f"message {origin}".encode()).hexdigest()[:24]


def _closed(last: Entry) -> str:
    parts = json.dumps([last.read_at is not None, last.at, last.origin])
    return base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")


def _opened(cursor: str) -> tuple[bool, Instant, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        read, at, origin = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as failure:
        raise _bad_cursor() from failure
    sound = isinstance(read, bool) and type(at) is int and 0 <= at < 2**63 and isinstance(origin, str)
    if not sound or len(origin) > _LONGEST_ORIGIN or not origin.isprintable():
        raise _bad_cursor()
    return read, Instant(at), origin


def _bad_cursor() -> Malformed:
    return Malformed("翻页游标无效", "the cursor is not one of ours", place=Place(field="cursor"))
