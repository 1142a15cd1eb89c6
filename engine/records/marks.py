"""What a thumbnail says of its picture: when it was taken or sent, where, and for which ticket."""

from dataclasses import dataclass

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.records import sheet
from engine.records.access import Viewer
from engine.records.areas import chain
from engine.records.asking import marks
from engine.records.names import names
from engine.records.thumbs import Line
from engine.records.uploads import Stored, no_such_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An upload that may be seen, with what is written into its thumbnail."""

    stored: Stored
    lines: tuple[Line, ...]


def of_ticket(transaction: Transaction, viewer: Viewer, sha256: str, case_no: str) -> Marked:
    """A picture of a ticket, for whoever may see that ticket. Errors: `NotFound`."""
    return of_case(transaction, sheet.sight(transaction, viewer, case_no).ticket_id, case_no, sha256)


def of_case(transaction: Transaction, ticket_id: int, case_no: str, sha256: str) -> Marked:
    """A picture of a ticket, for whoever was let in to it. Errors: `NotFound`."""
    ticket, digest = marks(transaction, 2)
    rows = transaction.rows(
        "SELECT u.media_type, u.size, u.taken_at, u.uploaded_at, a.lineage, a.code FROM upload u "  # noqa: S608
        f"JOIN ticket t ON t.id = {ticket} JOIN area a ON a.id = t.area_id WHERE u.sha256 = {digest} "
        "AND EXISTS (SELECT 1 FROM attachment b WHERE b.sha256 = u.sha256 AND b.ticket_id = t.id)",
        (ticket_id, sha256),
    )
    if not rows:
        raise no_such_file()
    media_type, size, taken_at, uploaded_at, lineage, code = rows[0]
    links = chain(lineage)
    called = names(transaction, areas=[link.id for link in links]).areas
    # The nearest three: the city and the district are the same on every picture of an installation.
    where = "".join(called[link.id].name for link in reversed(links[:3]))
    return Marked(
        stored=_picture(sha256, media_type, size),
        lines=(_when(taken_at, uploaded_at), (where, code), (f"呼应 {case_no}", f"Huying {case_no}")),
    )


def of_sender(transaction: Transaction, viewer: Viewer, sha256: str) -> Marked:
    """A picture that has no ticket yet, for whoever sent it. Errors: `NotFound`."""
    digest, person = marks(transaction, 2)
    rows = transaction.rows(
        "SELECT media_type, size, taken_at, uploaded_at FROM upload "  # noqa: S608 (constant words)
        f"WHERE sha256 = {digest} AND uploader_id = {person}",
        (sha256, viewer.person_id),
    )
    if not rows:
        raise no_such_file()
    media_type, size, taken_at, uploaded_at = rows[0]
    return Marked(stored=_picture(sha256, media_type, size), lines=(_when(taken_at, uploaded_at),))


def _picture(sha256: str, media_type: str, size: int) -> Stored:
    if not media_type.startswith("image/"):
        raise no_such_file()
    return Stored(sha256=sha256, media_type=media_type, size=size)


def _when(taken_at: int | None, uploaded_at: int) -> Line:
    if taken_at is None:
        return f"上传 {shown(Instant(uploaded_at))}", f"sent {shown(Instant(uploaded_at))}"
    return f"拍摄 {shown(Instant(taken_at))}", f"taken {shown(Instant(taken_at))}"
