"""The caller's history 来电人历史: other tickets with the same contact phone, however that is written.

For who reaches them through a post.
"""

from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.sheet import Sheet
from engine.rules.phones import dialled

#: Tickets shown of one caller.
MOST = 10


def others(transaction: Transaction, viewer: Viewer, sheet: Sheet) -> list[int]:
    """The ids of the newest other tickets of whoever called, within the reader's reach.

    Whoever reaches one of them as a person only learns nothing of the other: that two reports share a phone is an
    official's knowledge.
    """
    official = viewer.official_units
    phone = dialled(sheet.contact_phone)
    if not sheet.sight.official or not phone or not official:
        return []
    mark, *_ = marks(transaction, 1)
    match, units = among(transaction, official)
    rows = transaction.rows(
        "SELECT t.id FROM particulars p JOIN ticket t ON t.id = p.ticket_id "  # noqa: S608 (constant words)
        f"WHERE p.dialled = {mark} AND p.dialled <> '' AND p.ticket_id <> {mark} "
        "AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {match}) "
        f"ORDER BY t.opened_at DESC, t.id DESC LIMIT {MOST}",
        (phone, sheet.sight.ticket_id, *units),
    )
    return [int(row[0]) for row in rows]
