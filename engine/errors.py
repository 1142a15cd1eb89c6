"""Every expected failure: each owns its code, its HTTP status, both languages and the place.

A message is one line ``中文 / English``; the place (file and line, row, field) is data beside it, so that a page can
mark the field and a terminal can print ``file:line``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is wrong: any of a file and line, a row of a table, a field of a form."""

    file: str = ""
    line: int = 0
    #: From 1; 0 where only the line is known.
    column: int = 0
    row: int = 0
    field: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        parts = [where, f"第 {self.row} 行 / row {self.row}" if self.row else "", self.field]
        return " ".join(part for part in parts if part)


class HuyingError(Exception):
    """发生错误 / Something went wrong"""

    #: A stable word for programs.
    code: ClassVar[str] = "error"
    #: The HTTP status that an API answers with.
    status: ClassVar[int] = 500

    def __init__(self, zh: str = "", en: str = "", *, place: Place | None = None, **details: object) -> None:
        default = (self.__doc__ or "").strip().split(" / ")
        self.zh = zh or default[0]
        self.en = en or default[-1]
        self.place = place or Place()
        self.details: Mapping[str, object] = details
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """Both languages in one line."""
        return f"{self.zh} / {self.en}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if str(self.place) else self.message

    def at(self, place: Place) -> "HuyingError":
        """The same error, raised somewhere that knows the place better."""
        self.place = place
        return self


class Malformed(HuyingError):
    """内容不符合要求 / The input is malformed"""

    code = "malformed"
    status = 422


class DefinitionError(HuyingError):
    """流程文件有误 / The workflow file is wrong"""

    code = "definition"
    status = 422
    #: Every problem of the file by line, where reading went on after the first.
    problems: tuple["DefinitionError", ...] = ()


class NotSignedIn(HuyingError):
    """请先登录 / Sign in first"""

    code = "not_signed_in"
    status = 401


class NotPermitted(HuyingError):
    """您的岗位无权办理此事 / Your post does not permit this"""

    code = "not_permitted"
    status = 403


class NotFound(HuyingError):
    """没有找到 / Not found"""

    code = "not_found"
    status = 404


class NotAllowedNow(HuyingError):
    """当前状态下不能这样办理 / This is not possible in the present state"""

    code = "not_allowed_now"
    status = 409


class QuotaReached(HuyingError):
    """已达认领限额 / You have claimed as many as one person may"""

    code = "quota_reached"
    status = 409


class NotAdmitted(HuyingError):
    """此事项不在清单内，也未准入，不能派给居村组织 / This matter is on no list nor admitted: it cannot be sent there"""

    code = "not_admitted"
    status = 409


class Stale(HuyingError):
    """此件已被他人办理，请查看最新情况 / Someone has acted on this since you looked"""

    code = "stale"
    status = 409


class KeyReused(HuyingError):
    """同一幂等键不能用于不同内容 / The idempotency key was used for something else"""

    code = "key_reused"
    status = 422


class TooLarge(HuyingError):
    """内容过大 / Too large"""

    code = "too_large"
    status = 413


class TooOften(HuyingError):
    """操作过于频繁，请稍后再试 / Too often; try again in a while"""

    code = "too_often"
    status = 429


class Endless(HuyingError):
    """自动流转没有尽头 / The automatic transitions never end"""

    code = "endless"
    status = 409


class Busy(HuyingError):
    """系统繁忙，请稍后再试 / Busy, try again shortly"""

    code = "busy"
    status = 503
    #: Seconds after which to try again.
    again: ClassVar[int] = 1


class DatabaseAway(Busy):
    """数据库暂时没有应答，请稍后再试 / The database does not answer at present; try again shortly"""

    code = "database_away"
    again = 5


class NoRoom(Busy):
    """磁盘已满，这一次没有保存，请告知管理员 / The disk is full and nothing of this was kept; tell the administrator"""

    code = "no_room"
    status = 507
    again = 60


class SchemaMismatch(HuyingError):
    """数据库由更新的版本建立，请先升级程序 / The database belongs to a newer release; upgrade the program first"""

    code = "schema_mismatch"
    status = 503
