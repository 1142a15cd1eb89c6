"""Workflow files in the web: who may read and who may change them, and the drafts that only their uploader sees."""

import hashlib
import re
from dataclasses import dataclass

from starlette.datastructures import UploadFile

from engine.application import Application
from engine.clock import Instant, instant
from engine.definitions.source import LARGEST
from engine.errors import Malformed, NotFound, NotPermitted, Place, TooLarge
from engine.records.access import Viewer
from engine.records.people import SEPARATE

#: Uploads and activates; the two others look on.
KEEPER = "system_admin"
#: Drafts of one person that are kept; the oldest makes room.
MOST_DRAFTS = 20

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(r"^(?:workflow|流程)[:：]\s*(\S{1,64})", re.MULTILINE)
_VERSION = re.compile(r"^(?:version|版本)[:：]\s*(\d{1,7})", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file that somebody has uploaded, by its digest."""

    sha256: str
    size: int
    at: Instant
    #: What its first lines call it, as far as they can be read.
    key: str
    version: str


def reads(viewer: Viewer) -> bool:
    """Whether somebody is one of the three administrators of the whole installation."""
    return any(held.post in SEPARATE and held.area_id is held.department_id is None for held in viewer.posts)


def keeps(viewer: Viewer) -> bool:
    """Whether somebody uploads and activates workflow files."""
    return any(held.post == KEEPER and held.area_id is held.department_id is None for held in viewer.posts)


def must_read(viewer: Viewer) -> None:
    """Errors: `NotPermitted`."""
    if not reads(viewer):
        raise NotPermitted(
            "流程文件由系统管理员、安全管理员、审计管理员查看",
            "workflow files are for the administrators of the whole installation",
            action="workflow files", roles=sorted(SEPARATE),
        )  # fmt: skip


def must_keep(viewer: Viewer) -> None:
    """Errors: `NotPermitted`."""
    if not keeps(viewer):
        raise NotPermitted(
            "只有全系统的系统管理员可以上传和启用流程文件",
            "only the system administrator of the whole installation uploads and activates workflow files",
            action="workflow files", roles=[KEEPER],
        )  # fmt: skip


def keep(house: Application, viewer: Viewer, file: UploadFile | None) -> str:
    """Keep an uploaded file as a draft; its sha256.

    Errors: `Malformed` for none or an empty one, `TooLarge`, `StoreUnreachable`.
    """
    data = file.file.read(LARGEST + 1) if file is not None else b""
    if not data:
        raise Malformed("请选择一个流程文件（.yaml）", "choose a workflow file (.yaml)", place=Place(field="file"))
    if len(data) > LARGEST:
        raise TooLarge(f"文件超过 {LARGEST:,} 字节", f"the file has more than {LARGEST:,} bytes", most_bytes=LARGEST)
    sha256 = hashlib.sha256(data).hexdigest()
    house.store.keep(_key(viewer, sha256), data)
    for old in house.store.kept(_folder(viewer))[MOST_DRAFTS:]:
        house.store.drop(f"{_folder(viewer)}/{old.name}")
    return sha256


def read(house: Application, viewer: Viewer, sha256: str) -> bytes:
    """One's own draft. Errors: `NotFound` for anybody else's, `StoreUnreachable`."""
    try:
        return house.store.read(_key(viewer, sha256))
    except FileNotFoundError:
        raise NotFound("没有这份草稿", "there is no such draft") from None


def drop(house: Application, viewer: Viewer, sha256: str) -> None:
    """Keep one's own draft no longer. Errors: `StoreUnreachable`."""
    house.store.drop(_key(viewer, sha256))


def drafts(house: Application, viewer: Viewer) -> list[Draft]:
    """One's own drafts, the newest first. Errors: `StoreUnreachable`."""
    found = []
    for one in house.store.kept(_folder(viewer))[:MOST_DRAFTS]:
        if _SHA256.fullmatch(one.name):
            head = next(house.store.chunks(_key(viewer, one.name)), b"")[:4096].decode("utf-8", "replace")
            key, version = _HEAD.search(head), _VERSION.search(head)
            found.append(
                Draft(
                    sha256=one.name, size=one.size, at=instant(one.at), key=key[1] if key else "",
                    version=version[1] if version else "",
                )
            )  # fmt: skip
    return found


def _folder(viewer: Viewer) -> str:
    return f"drafts/{viewer.person_id}"


def _key(viewer: Viewer, sha256: str) -> str:
    return f"{_folder(viewer)}/{sha256}"
