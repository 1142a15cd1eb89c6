"""What the photos of a form are known for: when and where they were taken, and where the same picture was shown."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import Question, among_keys, ask, marks
from engine.rules.evidence import USUAL_ACCURACY, Photo, Spot


def known(
    transaction: Transaction, digests: Collection[str], own: int, family: Collection[int | None]
) -> tuple[dict[str, Photo], Spot | None]:
    """The uploads of these digests, and where the ticket `own` lies (0 for one that isn't born).

    Pictures in the tickets of `family` are no reuse: a ticket shows what the ticket showed that opened it.
    """
    besides = [own, *(ticket for ticket in family if ticket is not None), 0, 0][:3]
    captures, uses, spot = ask(
        transaction,
        [_captures(transaction, digests), _uses(transaction, digests, own, besides), _spot(transaction, own)],
    )
    return {
        sha256: replace(photo, elsewhere=uses[0].get(sha256, ()), earlier=uses[1].get(sha256, ()))
        for sha256, photo in captures.items()
    }, spot


def spot_of(place: Any) -> Spot | None:
    """The point of a place as a form holds it; None for one that only names an area."""
    if not isinstance(place, dict) or "lon_e7" not in place or "lat_e7" not in place:
        return None
    return Spot(
        lon_e7=place["lon_e7"], lat_e7=place["lat_e7"], accuracy_m=place.get("accuracy_m") or USUAL_ACCURACY
    )  # fmt: skip


def _captures(transaction: Transaction, digests: Collection[str]) -> Question[dict[str, Photo]]:
    match, parameters = among_keys(transaction, digests)
    rows = yield (
        (
            "SELECT u.sha256, u.taken_at, u.lon_e7, u.lat_e7, u.accuracy_m, o.original FROM upload u "  # noqa: S608
            f"LEFT JOIN original o ON o.sha256 = u.sha256 WHERE u.sha256 {match}"
        ),
        parameters,
    )
    return {
        sha256: Photo(
            taken_at=None if taken_at is None else Instant(taken_at),
            spot=None if lon is None else Spot(lon_e7=lon, lat_e7=lat, accuracy_m=accuracy or USUAL_ACCURACY),
            original=original or "",
        )
        for sha256, taken_at, lon, lat, accuracy, original in rows
    }


Uses = tuple[dict[str, tuple[str, ...]], dict[str, tuple[int, ...]]]


def _uses(transaction: Transaction, digests: Collection[str], own: int, besides: Collection[int]) -> Question[Uses]:
    """Per digest the other tickets and the own steps in which it, or an upload alike, was shown; the nearest first.

    Of each upload the first ticket is named: however often a picture was shown, that is one step into an index, as long
    as the ticket is looked up from there (▸ joined, all of them are read). A confidential one is never named: what is
    found stands in the history of this one.
    """
    match, parameters = among_keys(transaction, digests)
    mark, *_ = marks(transaction, 1)
    rows = yield (
        (
            "SELECT w.sha256, w.here, t.case_no FROM ("  # noqa: S608 (constant words)
            "SELECT u.sha256, u.bits, "
            "(SELECT a.ticket_id FROM attachment a WHERE a.sha256 = u.other "
            f"AND a.ticket_id NOT IN ({mark}, {mark}, {mark}) "
            "AND NOT (SELECT k.confidential FROM ticket k WHERE k.id = a.ticket_id) "
            "ORDER BY a.ticket_id LIMIT 1) AS elsewhere, "
            f"(SELECT MIN(a.event_seq) FROM attachment a WHERE a.sha256 = u.other AND a.ticket_id = {mark}) AS here "
            f"FROM (SELECT sha256, sha256 AS other, 0 AS bits FROM upload WHERE sha256 {match} "
            f"UNION ALL SELECT sha256, other, bits FROM upload_alike WHERE sha256 {match}) u"
            ") w LEFT JOIN ticket t ON t.id = w.elsewhere "
            "WHERE w.elsewhere IS NOT NULL OR w.here IS NOT NULL ORDER BY w.bits, w.elsewhere"
        ),
        (*besides, own, *parameters, *parameters),
    )
    elsewhere: dict[str, tuple[str, ...]] = {}
    earlier: dict[str, tuple[int, ...]] = {}
    for sha256, here, case_no in rows:
        if case_no is not None and case_no not in elsewhere.get(sha256, ()):
            elsewhere[sha256] = (*elsewhere.get(sha256, ()), case_no)
        if here is not None and here not in earlier.get(sha256, ()):
            earlier[sha256] = (*earlier.get(sha256, ()), here)
    return elsewhere, earlier


def _spot(transaction: Transaction, own: int) -> Question[Spot | None]:
    """Where the ticket lies: the newest point that an act on the ticket itself named."""
    mark, *_ = marks(transaction, 1)
    percent = "%%" if transaction.postgresql else "%"
    rows = yield (
        (
            f"SELECT facts FROM event WHERE ticket_id = {mark} AND scope = '' "  # noqa: S608
            f"AND facts LIKE '{percent}\"lon_e7\"{percent}' ORDER BY seq DESC LIMIT 1"
        ),
        (own,),
    )
    form = json.loads(rows[0][0]).get("form", {}) if rows else {}
    return next((spot for value in form.values() if (spot := spot_of(value))), None)
