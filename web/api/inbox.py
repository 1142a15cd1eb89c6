"""The inbox: what one was told, and how one wants to be told."""

from typing import Annotated

from fastapi import APIRouter, Query

from engine.clock import instant, iso
from engine.database import Transaction
from engine.errors import Malformed, NotSignedIn, Place
from engine.records import inbox, wishes
from engine.records.access import Viewer
from engine.records.entries import Entry
from engine.records.listings import Listed
from engine.rules.wishes import Digest, Wishes, clock_time, digest, quiet_hours
from web.api import inbox_shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(prefix="/inbox", tags=["消息 / Inbox"])

_MINE = documented(NotSignedIn)


@router.get("", operation_id="list_messages", summary="收件箱 / Inbox", responses=_MINE)
def messages(
    house: House,
    me: Me,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=inbox.MOST)] = 30,
) -> inbox_shapes.InboxOut:
    """What is unread first, then the rest, each newest first; of a ticket that you may not see any more, nothing."""
    with house.database.looking() as transaction:
        found = inbox.page(transaction, house.versions, me, cursor=cursor, limit=limit)
        unread = inbox.unread(transaction, me)
    return inbox_shapes.InboxOut(items=[_message(one) for one in found.entries], unread=unread, next=found.cursor)


@router.post("/read", operation_id="read_messages", summary="标为已读 / Mark as read", responses=_MINE)
def read(house: House, me: Me, body: inbox_shapes.ReadIn) -> inbox_shapes.ReadOut:
    """Mark these messages as read, or everything up to a moment; what is not yours or not there is passed over."""
    if bool(body.messages) == (body.until is not None):
        raise Malformed("请给出 messages 或 until 之一", "give either messages or until", place=Place(field="messages"))
    now = house.clock.now()

    def work(transaction: Transaction) -> int:
        if body.until is not None:
            return inbox.read_all(transaction, me, instant(body.until), now)
        return inbox.read(transaction, me, body.messages, now)

    changed = house.database.acting(work)
    with house.database.looking() as transaction:
        return inbox_shapes.ReadOut(read=changed, unread=inbox.unread(transaction, me))


@router.get("/settings", operation_id="read_inbox_settings", summary="接收设置 / Settings", responses=_MINE)
def settings(house: House, me: Me) -> inbox_shapes.WishesOut:
    """How you want to be told, and the kinds of your destinations; their addresses are shown to nobody."""
    with house.database.looking() as transaction:
        return _wishes(transaction, me, house.settings.quiet)


@router.put("/settings", operation_id="write_inbox_settings", summary="改接收设置 / Change settings", responses=_MINE)
def change(house: House, me: Me, body: inbox_shapes.WishesIn) -> inbox_shapes.WishesOut:
    """Change how you want to be told, as a whole."""
    wished, now = _wished(body), house.clock.now()
    house.database.acting(lambda transaction: wishes.wish(transaction, me.person_id, wished, now))
    with house.database.looking() as transaction:
        return _wishes(transaction, me, house.settings.quiet)


def _wished(body: inbox_shapes.WishesIn) -> Wishes:
    field, usual = "quiet", Wishes()
    try:
        quiet = None if body.quiet == "default" else quiet_hours(body.quiet)
        field = "digest"
        kind, at = digest(body.digest)
    except ValueError as failure:
        wrong = getattr(body, field)
        raise Malformed(
            f"“{field}”不能是“{wrong}”", f"'{field}' cannot be '{wrong}'", place=Place(field=field)
        ) from failure
    return Wishes(quiet=quiet, digest=kind, digest_at=usual.digest_at if at is None else at, urgent=body.urgent)


def _wishes(transaction: Transaction, me: Viewer, installation: str) -> inbox_shapes.WishesOut:
    wished = wishes.wishes_of(transaction, me.person_id)
    at = f"@{clock_time(wished.digest_at)}" if wished.digest is Digest.DAILY else ""
    return inbox_shapes.WishesOut(
        quiet="default" if wished.quiet is None else str(wished.quiet),
        installation_quiet=installation,
        digest=f"{wished.digest}{at}",
        urgent=wished.urgent,
        destinations=[
            inbox_shapes.DestinationOut(kind=one.name, set_at=iso(one.set_at), failed_at=views.moment(one.failed_at))
            for one in wishes.kinds(transaction, me.person_id)
        ],
    )


def _message(one: Entry) -> inbox_shapes.MessageOut:
    return inbox_shapes.MessageOut(
        message=one.ref,
        kind=one.kind.value,
        at=iso(one.at),
        urgent=one.urgent,
        read_at=views.moment(one.read_at),
        visible=one.visible,
        case_no=one.case_no or None,
        what=views.title(one.what),
        light=one.light,
        card=one.card,
        description=one.description,
        behalf_of=one.behalf_of,
        deputy=one.deputy,
        listing=inbox_shapes.ListingOut(
            period=one.listing.period,
            count=one.listing.count,
            tickets=[_listed(ticket) for ticket in one.listing.tickets],
        )
        if one.listing
        else None,
    )


def _listed(one: Listed) -> inbox_shapes.ListedOut:
    return inbox_shapes.ListedOut(
        case_no=one.case_no or None,
        visible=one.visible,
        title=views.title(one.title),
        deadline=views.title(one.deadline),
        due=views.moment(one.due),
        provisional=one.provisional,
        light=one.light,
        card=one.card,
        state=views.title(one.state),
    )
