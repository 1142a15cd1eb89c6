"""The inbox: what one was told, what it was about, and how one wants to be told."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.definitions.words import shipped
from engine.errors import HuyingError, Malformed, Place
from engine.records import inbox, wishes
from engine.records.messages import MessageKind
from engine.rules.wishes import Digest, QuietHours, Wishes, clock_time, minute_of_day
from web.dependencies import House
from web.rendering import fragment, go, is_partial, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False)

#: Messages of one page.
_PAGE = 30

Cursor = Annotated[str, Query(max_length=400)]
Ref = Annotated[str, Path(pattern=r"^[0-9a-f.-]{1,60}$")]


@router.get("/inbox")
def show(request: Request, house: House, here: At, cursor: Cursor = "") -> Response:
    """What is unread first; without JavaScript each part is a page of its own."""
    context = _part(house, here, cursor)
    if is_partial(request):
        return fragment(request, "inbox_rows.html", here=here, **context)
    return page(request, "inbox.html", here=here, **context)


@router.post("/inbox/read")
def read(request: Request, house: House, here: At, form: Form) -> Response:
    """Mark one message as read, or everything up to the newest that was shown."""
    now, until = house.clock.now(), _moment(form.first("until"))
    refs = [*form.fields.get("message", ())][: inbox.MOST]
    house.database.acting(
        lambda transaction: (
            inbox.read_all(transaction, here.viewer, until, now)
            if until is not None
            else inbox.read(transaction, here.viewer, refs, now)
        )
    )
    if not is_partial(request):
        return go(request, "/inbox")
    with house.database.looking() as transaction:
        unread = inbox.unread(transaction, here.viewer)
    return fragment(request, "inbox.html", here=here, unread=unread, oob=True, **_part(house, here, ""))


@router.get("/inbox/settings")
def settings(request: Request, house: House, here: At, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """How one wants to be told."""
    with house.database.looking() as transaction:
        wished = wishes.wishes_of(transaction, here.viewer.person_id)
    return _settings(request, house, here, Chosen.of(wished, house.settings.quiet), done=bool(done))


@router.post("/inbox/settings")
def change(request: Request, house: House, here: At, form: Form) -> Response:
    """Change it. What is refused comes back as it was filled in."""
    chosen = Chosen.typed(form)
    try:
        wished = chosen.wishes()
    except HuyingError as error:
        return _settings(request, house, here, chosen, error=error)
    now = house.clock.now()
    house.database.acting(lambda transaction: wishes.wish(transaction, here.viewer.person_id, wished, now))
    return go(request, "/inbox/settings?done=1")


@router.get("/inbox/{ref}")
def open_one(request: Request, house: House, here: At, ref: Ref) -> Response:
    """What a message is about: its ticket, or its list as a table. Opening it is reading it."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        one = inbox.entry(transaction, house.versions, here.viewer, ref)
    if one.read_at is None:
        house.database.acting(lambda transaction: inbox.read(transaction, here.viewer, [ref], now))
        with house.database.looking() as transaction:
            here = replace(here, unread=inbox.unread(transaction, here.viewer))
    if one.kind is MessageKind.NOTICE and one.visible:
        return go(request, f"/tickets/{one.case_no}")
    if one.listing is not None and one.listing.report is not None:
        return go(request, f"/reports/{one.listing.report}")
    rows = one.listing.tickets if one.listing else ()
    return page(request, "message.html", here=here, one=one, rows=rows, words=shipped())


def _part(house: Application, here: Sitting, cursor: str) -> dict[str, Any]:
    with house.database.looking() as transaction:
        found = inbox.page(transaction, house.versions, here.viewer, cursor=cursor or None, limit=_PAGE)
    until = max((one.at for one in found.entries), default=0)
    return {"entries": found.entries, "next": found.cursor, "until": until}


def _moment(text: str) -> Instant | None:
    """A moment that a form of ours holds; None for anything else."""
    return Instant(int(text)) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The form of the settings, as it is filled in."""

    quiet: str
    begins: str
    ends: str
    digest: str
    digest_at: str
    urgent: bool

    @classmethod
    def of(cls, wished: Wishes, installation: str) -> "Chosen":
        begins, _, ends = installation.partition("-")
        own = wished.quiet
        if own is not None and own.begins != own.ends:
            begins, ends = clock_time(own.begins), clock_time(own.ends)
        return cls(
            quiet="default" if own is None else "none" if own.begins == own.ends else "own",
            begins=begins if ends else "",
            ends=ends,
            digest=wished.digest.value,
            digest_at=clock_time(wished.digest_at),
            urgent=wished.urgent,
        )

    @classmethod
    def typed(cls, form: Posted) -> "Chosen":
        return cls(
            quiet=form.first("quiet")[:20],
            begins=form.first("begins")[:20],
            ends=form.first("ends")[:20],
            digest=form.first("digest")[:20],
            digest_at=form.first("digest_at")[:20],
            urgent=form.first("urgent") == "yes",
        )

    def wishes(self) -> Wishes:
        """What it asks for. Errors: `Malformed` naming the field."""
        if self.quiet not in ("default", "own", "none"):
            raise _wrong("quiet", "请选择免打扰时段", "choose the quiet hours")
        if self.digest not in Digest.__members__.values():
            raise _wrong("digest", "请选择汇总方式", "choose a digest")
        own = QuietHours(0, 0)
        if self.quiet == "own":
            own = QuietHours(_minute("begins", self.begins), _minute("ends", self.ends))
        at = _minute("digest_at", self.digest_at) if self.digest == Digest.DAILY else None
        usual = Wishes()
        return Wishes(
            quiet=None if self.quiet == "default" else own,
            digest=Digest(self.digest),
            digest_at=usual.digest_at if at is None else at,
            urgent=self.urgent,
        )


def _settings(
    request: Request,
    house: Application,
    here: Sitting,
    chosen: Chosen,
    *,
    done: bool = False,
    error: HuyingError | None = None,
) -> Response:
    with house.database.looking() as transaction:
        kinds = wishes.kinds(transaction, here.viewer.person_id)
    return page(
        request,
        "inbox_settings.html",
        status=error.status if error else 200,
        here=here,
        chosen=chosen,
        kinds=kinds,
        installation=house.settings.quiet,
        sends=house.settings.notify != "null",
        done=done,
        error=error,
    )


def _minute(field: str, text: str) -> int:
    try:
        return minute_of_day(text)
    except ValueError as failure:
        raise _wrong(field, f"“{text}”不是时间，请写 22:00", f"'{text}' is no time: write 22:00") from failure


def _wrong(field: str, zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field=field))
