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

from engine.errors import Malformed, NotSignedIn, Place
from engine.records import inbox
from engine.records.access import SESSION_LASTS, Viewer, by_session
from web.dependencies import House, ReceiptSecret, Secret
from web.problems import Forged

COOKIE = "huying"
#: Before anybody has signed in, so that the sign-in form has its token too.
VISITOR = "huying_visitor"
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
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise NotSignedIn
    with house.database.looking() as transaction:
        viewer = by_session(transaction, secret, house.clock.now())
        return Sitting(viewer=viewer, secret=secret, unread=inbox.unread(transaction, viewer))


At = Annotated[Sitting, Depends(sitting)]


async def posted(request: Request, here: At) -> AsyncIterator[Posted]:
    """The form somebody signed in has sent. Errors: `Forged`, `Malformed`, `NotSignedIn` before anything is read."""
    async for form in _read(request, here.secret):
        yield form


async def posted_by_visitor(request: Request) -> AsyncIterator[Posted]:
    """The form somebody has sent who isn't signed in yet. Errors: `Forged`, `Malformed`."""
    async for form in _read(request, request.cookies.get(VISITOR, "")):
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


def give_cookie(response: Response, request: Request, name: str, value: str) -> None:
    """Set one of our cookies."""
    response.set_cookie(
        name,
        value,
        max_age=SESSION_LASTS // 1_000_000 if name == COOKIE else None,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def visitor(request: Request) -> str:
    """The cookie of somebody who isn't signed in, made if there is none."""
    return request.cookies.get(VISITOR) or secrets.token_urlsafe(32)
