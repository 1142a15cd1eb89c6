"""One shape for every error (RFC 9457), whoever raised it: the engine, the framework, or a body that can't be read."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from engine import outage
from engine.errors import Busy, DatabaseAway, HuyingError, Malformed, NotFound, NotSignedIn, Place, TooLarge, TooOften

MEDIA_TYPE = "application/problem+json"

_LOG = logging.getLogger("huying.web")
#: Characters of one text inside a problem; what came in is quoted, not sent back whole.
_LONGEST = 500
_MOST_DETAILS = 50
_DEEPEST = 6


class MethodNotAllowed(HuyingError):
    """这里不支持这种请求方法 / This address does not know that method"""

    code = "method_not_allowed"
    status = 405


class UnsupportedMedia(HuyingError):
    """不支持这种内容类型 / This content type is not taken here"""

    code = "unsupported_media"
    status = 415


class Forged(HuyingError):
    """页面已过期或请求来源不明，请刷新后重试 / The page has expired or the request came from elsewhere; reload it"""

    code = "forged"
    status = 403


class Unexpected(HuyingError):
    """系统内部错误，已记录 / An internal error; it has been logged"""

    code = "unexpected"
    status = 500


class Where(BaseModel):
    """The place of the error: any of a file and line, a row of a table, a field of a form."""

    model_config = ConfigDict(extra="forbid")

    file: str | None = None
    line: int | None = None
    row: int | None = None
    field: str | None = Field(None, examples=["form.description"])


class Problem(BaseModel):
    """What every refusal and failure looks like."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:huying:problem:stale",
                "title": "此件已被他人办理，请查看最新情况 / Someone has acted on this since you looked",
                "status": 409,
                "code": "stale",
                "detail": "此件已被他人办理，请查看最新情况 / Someone has acted on this since you looked",
                "zh": "此件已被他人办理，请查看最新情况",
                "en": "Someone has acted on this since you looked",
                "where": {},
                "details": {"expected": 1, "present": 2, "state": "filed"},
            }
        }
    )

    type: str = Field(description="A URI that names the kind of problem; `code` is its last part.")
    title: str = Field(description="The kind of problem, 中文 / English.")
    status: int
    code: str = Field(description="A stable word for programs.")
    detail: str = Field(description="This problem, 中文 / English.")
    zh: str
    en: str
    where: Where = Field(description="The place, as far as it is known.")
    details: dict[str, Any] = Field(description="More that a program may want to know.")


def body_of(error: HuyingError) -> dict[str, Any]:
    """The error in the one shape, ready for JSON."""
    place = error.place
    where = {"file": place.file, "line": place.line, "row": place.row, "field": _short(place.field)}
    return {
        "type": f"urn:huying:problem:{error.code}",
        "title": title_of(type(error)),
        "status": error.status,
        "code": error.code,
        "detail": _short(error.message),
        "zh": _short(error.zh),
        "en": _short(error.en),
        "where": {name: value for name, value in where.items() if value},
        "details": _plain(dict(error.details), _DEEPEST),
    }


def title_of(kind: type[HuyingError]) -> str:
    """The kind of error in both languages."""
    return " ".join((kind.__doc__ or "").split())


def response(error: HuyingError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to a program."""
    more = {**(headers or {}), **come_again(error)}
    if isinstance(error, NotSignedIn):
        more["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body_of(error), error.status, headers=more, media_type=MEDIA_TYPE)


def come_again(error: object) -> dict[str, str]:
    """The header that says in how many seconds to try again, where an error knows it."""
    if isinstance(error, Busy):
        return {"Retry-After": str(error.again)}
    if isinstance(error, TooOften) and "retry_after" in error.details:
        return {"Retry-After": str(error.details["retry_after"])}
    return {}


def translate(failure: Exception) -> tuple[HuyingError, Mapping[str, str]]:
    """Any exception as one of ours, and the headers that go with it."""
    if isinstance(failure, HuyingError):
        return failure, {}
    if isinstance(failure, RequestValidationError):
        return _of_validation(failure.errors()), {}
    if isinstance(failure, HTTPException):
        return _of_http(failure), failure.headers or {}
    known = outage.known_as(failure)
    if known is not None:
        _LOG.warning("%s: %s", known.en, failure)
        return known, {}
    # The server logs it with its traceback when it comes out at the top.
    return Unexpected(), {}


def documented(*errors: type[HuyingError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for the errors an operation may answer with, beside those that any may."""
    by_status: dict[int | str, list[type[HuyingError]]] = {}
    for kind in (*errors, *_ANYWHERE):
        kinds = by_status.setdefault(kind.status, [])
        if kind not in kinds:
            kinds.append(kind)
    return {status: _answer(kinds) for status, kinds in sorted(by_status.items(), key=str)}


_ANYWHERE: tuple[type[HuyingError], ...] = (Malformed, TooOften, Busy, DatabaseAway, Unexpected)


def _answer(kinds: Iterable[type[HuyingError]]) -> dict[str, Any]:
    listed = list(kinds)
    return {
        "description": " · ".join(title_of(kind) for kind in listed),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.code: {"summary": title_of(kind), "value": body_of(kind())} for kind in listed},
            }
        },
    }


def _of_http(failure: HTTPException) -> HuyingError:
    kinds: dict[int, type[HuyingError]] = {
        401: NotSignedIn, 404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 415: UnsupportedMedia,
    }  # fmt: skip
    if failure.status_code == 404:
        return NotFound("没有这个地址", "there is nothing at this address")
    if failure.status_code in kinds:
        return kinds[failure.status_code]()
    return Malformed("请求无法读取", "the request cannot be read") if failure.status_code < 500 else Unexpected()


#: What pydantic finds → how we say it.
_SAID = {
    "missing": ("缺少这一项", "is missing"),
    "extra_forbidden": ("没有这一项", "is not known here"),
    "json_invalid": ("不是有效的 JSON", "is not valid JSON"),
    "model_attributes_type": ("应为 application/json 对象", "must be a JSON object sent as application/json"),
    "dict_type": ("应为对象", "must be an object"),
    "string_type": ("应为文字", "must be text"),
    "string_too_long": ("过长", "is too long"),
    "string_too_short": ("过短", "is too short"),
    "string_pattern_mismatch": ("写法不对", "is written wrongly"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_parsing": ("应为整数", "must be a whole number"),
    "bool_parsing": ("应为 true 或 false", "must be true or false"),
    "timezone_aware": ("时间须带时区", "a moment needs its time zone"),
    "datetime_parsing": ("应为带时区的时间", "must be a moment with its time zone"),
}  # fmt: skip


def _of_validation(errors: Iterable[Mapping[str, Any]]) -> Malformed:
    found = [(_field(error.get("loc", ())), *_say(error)) for error in errors][:_MOST_DETAILS]
    field, zh, en = found[0] if found else ("", "不符合要求", "is malformed")
    return Malformed(
        f"“{field}”{zh}" if field else f"请求{zh}",
        f"'{field}' {en}" if field else f"the request {en}",
        place=Place(field=field),
        errors=[{"field": field, "zh": zh, "en": en} for field, zh, en in found],
    )


def _say(error: Mapping[str, Any]) -> tuple[str, str]:
    kind = str(error.get("type", ""))
    if kind in _SAID:
        return _SAID[kind]
    return "不符合要求", _short(str(error.get("msg", "is malformed")))


def _field(location: Iterable[Any]) -> str:
    parts = [str(part) for part in location]
    return _short(".".join(parts[1:] if parts[:1] in (["body"], ["query"], ["path"], ["header"]) else parts))


def _plain(value: Any, deep: int) -> Any:
    """A value as JSON may carry it: bounded, without anything that a client can't read back."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if deep and isinstance(value, Mapping):
        return {_short(str(key)): _plain(inner, deep - 1) for key, inner in list(value.items())[:_MOST_DETAILS]}
    if deep and isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, deep - 1) for inner in list(value)[:_MOST_DETAILS]]
    return _short(str(value))


def _short(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"
