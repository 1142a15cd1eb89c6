"""What a request may carry: bounded bytes, and JSON that means the same to every reader.

The framework would take NaN, the last of two equal keys, half a surrogate pair and any depth; each of these becomes a
failure somewhere behind it. So JSON is read once here, strictly, before anything else sees it.
"""

import json
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import HuyingError, Malformed, Place, TooLarge
from engine.records.uploads import MOST_BYTES

#: Bytes of a JSON body, or of a form without files.
MOST_JSON = 1024 * 1024
#: Bytes of a form with files: one upload with what is around it for programs, a few photos for a page.
MOST_UPLOAD = MOST_BYTES + 64 * 1024
MOST_FORM = 3 * MOST_BYTES + 64 * 1024

DEEPEST = 20
#: Where a request's scope keeps the JSON that was read, for whoever needs it once more.
READ = "huying.json"
_BIGGEST_INT = 2**63 - 1
_LONGEST_NUMBER = 40
_LONGEST_KEY = 200


class TooLong(HTTPException):
    """Raised while a body is being read, where only the framework's own errors pass."""

    def __init__(self) -> None:
        super().__init__(TooLarge.status)


class Guard:
    """Refuses bodies that are too large or JSON that can't be trusted, before the application reads them."""

    def __init__(self, app: ASGIApp, answer: Callable[[Scope, HuyingError], ASGIApp]) -> None:
        self.app, self.answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        most = MOST_JSON
        if kind == "multipart/form-data":
            most = MOST_UPLOAD if scope["path"].startswith("/api/") else MOST_FORM
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and (len(declared) > 15 or int(declared) > most):
            await self.answer(scope, _too_large(most))(scope, receive, send)
            return
        counted = _counted(receive, most)
        if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
            try:
                body = await _whole(counted)
                if body:
                    scope[READ] = read_json(body)
            except TooLong:
                await self.answer(scope, _too_large(most))(scope, receive, send)
                return
            except HuyingError as error:
                await self.answer(scope, error)(scope, receive, send)
                return
            counted = _again(body, receive)
        await self.app(scope, counted, send)


def read_json(body: bytes) -> Any:
    """JSON that every reader reads alike.

    Errors: `Malformed` naming the line or the field: not UTF-8, not JSON, a key twice, NaN or infinity, a number past
    64 bits, deeper than `DEEPEST`, a NUL, half a surrogate pair.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_no_number,
            parse_int=_whole_number,
            parse_float=_fraction,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as failure:
        raise Malformed("请求不是 UTF-8 编码", "the body is not UTF-8") from failure
    except json.JSONDecodeError as failure:
        raise Malformed(
            f"请求不是有效的 JSON（第 {failure.lineno} 行第 {failure.colno} 列）",
            f"the body is not valid JSON (line {failure.lineno}, column {failure.colno})",
            place=Place(line=failure.lineno),
        ) from failure
    except RecursionError as failure:
        raise _too_deep("") from failure
    for field, text in _texts(value, "", 0):
        if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            raise Malformed(
                "含有不能保存的字符（NUL 或残缺的代理对）",
                "has a character that cannot be stored (NUL or half a surrogate pair)",
                place=Place(field=field),
            )
    return value


def _texts(value: Any, field: str, deep: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
        return
    if deep > DEEPEST:
        raise _too_deep(field)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield field, key
            yield from _texts(inner, f"{field}.{key}" if field else key, deep + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{field}.{number}" if field else str(number), deep + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if len(key) > _LONGEST_KEY:
            raise Malformed(f"键名过长：{key[:40]}…", f"a key is too long: {key[:40]}…")
        if key in found:
            raise Malformed(f"“{key}”写了两次", f"'{key}' is given twice", place=Place(field=key))
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise Malformed(f"{word} 不是数字", f"{word} is not a number")


def _whole_number(digits: str) -> int:
    if len(digits) > len(str(-_BIGGEST_INT)) or abs(int(digits)) > _BIGGEST_INT:
        raise Malformed(f"数字过大：{digits[:20]}…", f"a number is too big: {digits[:20]}…")
    return int(digits)


def _fraction(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER or not isfinite(float(digits)):
        raise Malformed(f"数字过大：{digits[:20]}…", f"a number is too big: {digits[:20]}…")
    return float(digits)


def _too_deep(field: str) -> Malformed:
    return Malformed(
        f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST} levels", place=Place(field=field[:_LONGEST_KEY])
    )


def _too_large(most: int) -> TooLarge:
    limit = most // 1024 // 1024
    return TooLarge(f"内容超过 {limit} MB", f"more than {limit} MB", most_bytes=most)


def _counted(receive: Receive, most: int) -> Receive:
    """The body as it comes in, until it is too long; a length that was declared may have been a lie."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLong
        return message

    return counting


async def _whole(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, in one piece; after it whatever the connection says."""
    given = False

    async def giving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return giving
