"""The inbox: everything a person was told, what is unread first."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Malformed, NotFound, Place
from engine.records.access import Viewer
from engine.records.asking import Question, among, ask_one, marks
from engine.records.entries import Entry, digest, entries
from engine.records.versions import Versions

#: Messages of one page.
MOST = 100
#: The badge counts no further.
MOST_COUNTED = 100

_OF_TICKET = re.compile(r"([0-9]{8}-[0-9]{1,20})\.([0-9]{1,9})")
_OF_LIST = re.compile(r"[0-9a-f]{24}")
_LONGEST_ORIGIN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of an inbox, and the cursor of the next part if there is one."""

    entries: tuple[Entry, ...]
    cursor: str | None


def unread(transaction: Transaction, viewer: Viewer) -> int:
    """How many messages somebody has not read, counted up to `MOST_COUNTED`; those of tickets that are kept from them
    are not there."""
    return ask_one(transaction, asked_unread(transaction, viewer))


def asked_unread(transaction: Transaction, viewer: Viewer) -> Question[int]:
    """Like `unread`, for whoever asks nothing else."""
    person, most = marks(transaction, 2)
    units, listed = among(transaction, viewer.units)
    # In an order, so that SQLite takes the index of what is unread and not the key, which everything read is under too.
    sql = (
        "SELECT count(*) FROM (SELECT m.at FROM message m "  # noqa: S608 (constant words)
        f"WHERE m.person_id = {person} AND m.read_at IS NULL AND NOT EXISTS (SELECT 1 FROM ticket t "
        "WHERE t.id = m.ticket_id AND t.confidential AND NOT EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {units})) "
        f"ORDER BY m.at DESC LIMIT {most}) counted"
    )
    ((count,),) = yield sql, (viewer.person_id, *listed, MOST_COUNTED)
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


def of_origins(transaction: Transaction, versions: Versions, viewer: Viewer, origins: Sequence[str]) -> list[Entry]:
    """Messages of somebody by their origins, in that order; what isn't there is left out."""
    match, listed = among(transaction, origins)
    mark, *_ = marks(transaction, 1)
    where = f"m.person_id = {mark} AND m.origin {match}"
    found = {one.origin: one for one in entries(transaction, versions, viewer, where, (viewer.person_id, *listed))}
    return [found[origin] for origin in origins if origin in found]


def entry(transaction: Transaction, versions: Versions, viewer: Viewer, ref: str) -> Entry:
    """One message of the viewer's. Errors: `NotFound`."""
    found = of_origins(transaction, versions, viewer, _origins(transaction, viewer, [ref]))
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
    return entries(
        transaction,
        versions,
        viewer,
        f"{where}{behind} ORDER BY m.at DESC, m.origin DESC LIMIT {most}",
        (viewer.person_id, *(after or ()), limit),
    )


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
        origins += [origin for (origin,) in rows if digest(origin) in lists]
    return origins


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
