"""What endpoints ask for: the application, who is asking, and parts of addresses that can be wrong.

▸ What waits for nothing is `async`: the framework does anything else in a thread of its own, and going there and back
costs more than looking at a header does.
"""

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from engine.application import Application
from engine.errors import Malformed, NotFound, NotSignedIn, Place
from engine.records import receipts, task_links
from engine.records.access import Viewer
from engine.records.asking import ask_last
from web.addresses import address_of
from web.guarding import Bearer, asked_bearer, guesses_counted
from web.visiting import count_view, look_up

_CASE_NO = re.compile(r"[0-9-]{1,40}")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="个人令牌：`huying token LOGIN` / A personal token"
)


async def house(request: Request) -> Application:
    """The application behind this request."""
    application: Application = request.app.state.house
    return application


House = Annotated[Application, Depends(house)]


async def token(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Bearer:
    """The bearer token that came with the request. Errors: `NotSignedIn` for none."""
    if credentials is None:
        raise NotSignedIn("请以 Authorization: Bearer 令牌 访问", "send a token as Authorization: Bearer …")
    return Bearer(credentials.credentials, address_of(request))


#: For endpoints that look up whose it is together with what they do, in one thread: the first thing they do.
Token = Annotated[Bearer, Depends(token)]


def bearer(application: House, given: Token) -> Viewer:
    """Whose bearer token came with the request. Errors: `NotSignedIn`; `TooOften` for an address that guesses."""
    now = application.clock.now()
    with guesses_counted(application, given, now), application.database.looking() as transaction:
        room, whose = asked_bearer(transaction, given, now)
        return ask_last(transaction, whose, before=[room])


Me = Annotated[Viewer, Depends(bearer)]


def visit(request: Request, application: House) -> None:
    """A page for whoever has no account is counted. Errors: `TooOften`."""
    if request.method == "GET":
        count_view(application, request)


Visit = Depends(visit)


async def case_number(
    case_no: Annotated[str, Path(description="案卷号 / Case number", examples=["20260302-000017"])],
) -> str:
    """A case number; what can't be one is no ticket's. Errors: `NotFound`."""
    if not _CASE_NO.fullmatch(case_no):
        raise NotFound("没有这个案卷", "there is no such ticket")
    return case_no


CaseNo = Annotated[str, Depends(case_number)]


def link_secret(
    request: Request, application: House, secret: Annotated[str, Path(description="任务链接 / A task link")]
) -> str:
    """The secret of a task link in an address, before a body is read.

    Errors: `NotFound`, whatever is wrong with it; `TooOften` for an address that guesses.
    """
    now = application.clock.now()
    look_up(application, request, lambda transaction: task_links.found(transaction, secret, now, settled=True))
    return secret


Secret = Annotated[str, Depends(link_secret)]


def receipt_secret(
    request: Request, application: House, secret: Annotated[str, Path(description="回执 / A receipt")]
) -> str:
    """The secret of a receipt in an address, before a body is read. Errors: as `link_secret`."""
    look_up(application, request, lambda transaction: receipts.held(transaction, secret, application.clock.now()))
    return secret


ReceiptSecret = Annotated[str, Depends(receipt_secret)]


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="同一键重复提交得到同一结果 / Repeating a request with its key answers the same outcome; "
            "1–128 visible ASCII characters, kept 90 days",
            examples=["6f1c2f0a-8f7e-4a8b-9f43-0c7b7b7d9d11"],
        ),
    ] = None,
) -> str | None:
    """The key under which an act is done once. Errors: `Malformed`."""
    if key is not None and not _KEY.fullmatch(key):
        raise Malformed(
            "幂等键应为 1 至 128 个可见 ASCII 字符",
            "an idempotency key has 1 to 128 visible ASCII characters",
            place=Place(field="Idempotency-Key"),
        )
    return key


Key = Annotated[str | None, Depends(idempotency_key)]
