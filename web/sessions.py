"""Who sits at the browser: a cookie that scripts can't read, and a token in every form that other sites can't know."""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from engine.application import Application
from engine.clock import MINUTE
from engine.errors import Malformed, NotSignedIn, Place
from engine.records import access, inbox, sessions
from engine.records.access import SESSION_LASTS, Viewer, by_session
from engine.records.asking import ask_last
from web.dependencies import House, ReceiptSecret, Secret
from web.devices import device_of
from web.problems import Forged

#: Both have `SAFE` before them where the page came by https.
COOKIE = "huying"
#: Before anybody has signed in, so that the sign-in form has its token too.
VISITOR = "huying_visitor"
#: A browser takes a cookie of such a name only from this very host, by https, for all of its paths.
SAFE = "__Host-"
#: The hidden field of every form.
TOKEN = "csrf"  # noqa: S105 (a field's name)

_MOST_FIELDS, _MOST_FILES = 1_000, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Somebody at a browser, signed in."""

    viewer: Viewer
    secret: str
    #: Messages not read, for the badge; counted up to `inbox.MOST_COUNTED`.
    unread: int

    @property
    def csrf(self) -> str:
        return token_of(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A form that came in."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[UploadFile]]
    #: The token that came with it; checked wherever there is something that makes one.
    token: str = ""

    def first(self, name: str) -> str:
        """The first value of a field, or nothing."""
        return next(iter(self.fields.get(name, ())), "")

    def number(self, name: str) -> int | None:
        """A whole number that a form of ours holds; None for anything else."""
        text = self.first(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def token_of(secret: str) -> str:
    """The token of a cookie's forms: whoever can't read the cookie can't make it."""
    return hmac.new(secret.encode(), b"huying form", hashlib.sha256).hexdigest()


def sitting(request: Request, house: House) -> Sitting:
    """Who is signed in at this browser. Errors: `NotSignedIn`."""
    secret, now = cookie(request, COOKIE), house.clock.now()
    if not secret:
        raise NotSignedIn
    with house.database.looking() as transaction:
        viewer, seen_at = by_session(transaction, secret, now, house.settings.idle * MINUTE)
        unread = ask_last(transaction, inbox.asked_unread(transaction, viewer))
    here = Sitting(viewer=viewer, secret=secret, unread=unread)
    if not _by_itself(request):
        sessions.use(house.database, secret, seen_at, now)
    return here


def _by_itself(request: Request) -> bool:
    """Whether a page asks again without anybody at it: that is no use of a session."""
    again = request.url.path == "/board/flow" or request.url.path.startswith("/reports/")
    return request.method == "GET" and (
        request.headers.get("accept", "") == "application/json" or (again and "hx-request-type" in request.headers)
    )


At = Annotated[Sitting, Depends(sitting)]


async def posted(request: Request, here: At) -> AsyncIterator[Posted]:
    """The form somebody signed in has sent. Errors: `Forged`, `Malformed`, `NotSignedIn` before anything is read."""
    async for form in _read(request, here.secret):
        yield form


async def posted_by_visitor(request: Request) -> AsyncIterator[Posted]:
    """The form somebody has sent who isn't signed in yet. Errors: `Forged`, `Malformed`."""
    async for form in _read(request, cookie(request, VISITOR)):
        yield form


async def posted_by_link(request: Request, secret: Secret) -> AsyncIterator[Posted]:
    """The form that whoever holds a task link has sent. Errors: `Forged`, `Malformed`."""
    async for form in _read(request, secret):
        yield form


async def posted_by_receipt(request: Request, secret: ReceiptSecret) -> AsyncIterator[Posted]:
    """The form that whoever holds a receipt has sent. Errors: `Forged`, `Malformed`."""
    async for form in _read(request, secret):
        yield form


async def posted_by_anyone(request: Request) -> AsyncIterator[Posted]:
    """The form of somebody without account or cookie, which messengers' browsers lose: no token can say where it came
    from, but the browser does. Errors: `Forged`, `Malformed`."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Forged
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
        yield _sorted(form)


Form = Annotated[Posted, Depends(posted)]
OpenForm = Annotated[Posted, Depends(posted_by_anyone)]
ReceiptForm = Annotated[Posted, Depends(posted_by_receipt)]
LinkForm = Annotated[Posted, Depends(posted_by_link)]
VisitorForm = Annotated[Posted, Depends(posted_by_visitor)]


async def _read(request: Request, secret: str) -> AsyncIterator[Posted]:
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
        came = _sorted(form)
        if not secret or not hmac.compare_digest(came.token.encode("utf-8", "replace"), token_of(secret).encode()):
            raise Forged
        yield came


def _sorted(form: FormData) -> Posted:
    """What came, apart by what it is. Errors: `Malformed` naming the field."""
    fields: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files.setdefault(name, []).append(value)
            continue
        if "\0" in value or "\0" in name:
            raise Malformed("含有不能保存的字符", "has a character that cannot be stored", place=Place(field=name))
        fields.setdefault(name, []).append(value)
    token = next(iter(fields.pop(TOKEN, ())), "")
    return Posted(fields=fields, files=files, token=token)


def cookie(request: Request, name: str) -> str:
    """What one of our cookies holds; "" for none. By https only the safe name counts: another site sets no such."""
    return request.cookies.get(_called(request, name), "")


def _called(request: Request, name: str) -> str:
    return f"{SAFE}{name}" if _safe(request) else name


def _safe(request: Request) -> bool:
    return request.url.scheme == "https"


def give_cookie(response: Response, request: Request, name: str, value: str) -> None:
    """Set one of our cookies."""
    response.set_cookie(
        _called(request, name),
        value,
        max_age=SESSION_LASTS // 1_000_000 if name == COOKIE else None,
        httponly=True,
        samesite="lax",
        secure=_safe(request),
    )


def take_cookie(response: Response, request: Request, name: str) -> None:
    """Take one of our cookies back."""
    response.delete_cookie(_called(request, name), httponly=True, samesite="lax", secure=_safe(request))


def begin(response: Response, request: Request, house: Application, person_id: int) -> None:
    """Open a session at this browser: always a new secret, so that one which somebody planted before opens nothing."""
    secret = access.open_session(house.database, person_id, house.clock.now(), device_of(request))
    give_cookie(response, request, COOKIE, secret)


def visitor(request: Request) -> str:
    """The cookie of somebody who isn't signed in, made if there is none."""
    return cookie(request, VISITOR) or secrets.token_urlsafe(32)
