"""The organisation's tables: taken out as files, brought in as files, looked at before they count."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import moment
from engine.errors import HuyingError, Malformed, Place, Stale, TooLarge
from engine.exchange import drafts
from engine.exchange.catalogue import Vanished
from engine.exchange.refusals import write_refusals
from engine.exchange.tables import Incoming, Order, OrgTable, apply, refuse_too_many, rehearse
from engine.records import administration
from engine.records.administration import AdminDeed, NewAct
from engine.records.post_words import posts_there
from web.administering import Administrator, Bringer, BringerForm, Duties, Table
from web.dependencies import House
from web.pages.admin import in_words, shown_page
from web.rendering import go
from web.sessions import Posted

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Query(max_length=200)]


class FileKind(StrEnum):
    """What a table is taken out as."""

    XLSX = "xlsx"
    CSV = "csv"


_MEDIA = {
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.CSV: "text/csv; charset=utf-8",
}


@router.get("/admin/tables/{key}")
def table_page(request: Request, house: House, me: Administrator, table: Table) -> Response:
    """One table: take it out, bring it in, what its columns are called, what was brought in last."""
    return _table_page(request, house, me, table)


@router.get("/admin/tables/{key}/file")
def take_out(house: House, me: Administrator, table: Table, kind: FileKind = FileKind.XLSX) -> Response:
    """The table as a file; that it was taken out is written down."""
    me.expect_whole()
    now, by = me.reach.now, me.here.viewer.person_id
    name = f"{table.title.zh}-{moment(now):%Y%m%d}.{kind}"
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / f"table.{kind}"
        count = table.write(house.database, path, now)
        new = NewAct(person_id=by, deed=AdminDeed.EXPORT, subject=table.key, file=name, counts={"rows": count})
        house.database.acting(lambda transaction: administration.record(transaction, new, now))
        return _file(path.read_bytes(), kind, f"{table.key}.{kind}", name)


@router.post("/admin/tables/{key}")
def bring(request: Request, house: House, me: Bringer, form: BringerForm, table: Table) -> Response:
    """Keep a file as a draft of whoever brings it, and show what it would do."""
    try:
        file = next(iter(form.files.get("file", ())), None)
        if file is None:
            raise Malformed("请选择文件", "choose a file", place=Place(field="file"))
        sha256 = drafts.keep(house.store, me.here.viewer.person_id, file.file)
    except (Malformed, TooLarge) as error:
        return _table_page(request, house, me, table, error=error)
    draft = Draft(sha256=sha256, name=(file.filename or "")[:200], vanished=_gone(form))
    return go(request, f"/admin/tables/{table.key}/drafts/{sha256}?{draft.query}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file that was brought and not applied yet."""

    sha256: str
    #: What its sender calls it.
    name: str
    vanished: Vanished

    @property
    def query(self) -> str:
        return urlencode({"name": self.name, "vanished": self.vanished.value})


def draft(sha256: str, name: Name = "", vanished: Vanished = Vanished.KEEP) -> Draft:
    """The draft in an address."""
    return Draft(sha256=sha256, name=name.replace("\0", ""), vanished=vanished)


Looked = Annotated[Draft, Depends(draft)]


@router.get("/admin/tables/{key}/drafts/{sha256}")
def look(request: Request, house: House, me: Bringer, table: Table, draft: Looked) -> Response:
    """What a draft would do: new, changed, ended, as before, and every row that is wrong."""
    return _preview(request, house, me, table, draft)


@router.get("/admin/tables/{key}/drafts/{sha256}/refused")
def refused(house: House, me: Bringer, table: Table, draft: Looked) -> Response:
    """The rows of a draft that are wrong, as a workbook for its author."""
    with _coming(house, me, draft) as coming:
        found = rehearse(house.database, table, coming).outcome.refused
        path = coming.path.with_suffix(".xlsx")
        write_refusals(path, found)
        name = f"{Path(draft.name).stem or table.title.zh}-错误.xlsx"
        return _file(path.read_bytes(), FileKind.XLSX, "refused.xlsx", name)


@router.post("/admin/tables/{key}/drafts/{sha256}")
def put_in_force(request: Request, house: House, me: Bringer, form: BringerForm, table: Table, sha256: str) -> Response:
    """Apply exactly what was looked at; once, however often the form is sent."""
    order = _order(me, form)
    draft = Draft(sha256=sha256, name=form.first("name")[:200], vanished=_gone(form))
    with house.database.looking() as transaction:
        done = administration.by_key(transaction, order.person_id, order.key)
    if done is None:
        try:
            with _coming(house, me, draft) as coming:
                done = apply(house.database, table, coming, order)
        except (Stale, Malformed) as error:
            return _preview(request, house, me, table, draft, error)
        drafts.drop(house.store, order.person_id, sha256)
    return go(request, f"/admin/acts/{done}")


def _gone(form: Posted) -> Vanished:
    return Vanished.DEACTIVATE if form.first("vanished") == Vanished.DEACTIVATE else Vanished.KEEP


def _order(me: Duties, form: Posted) -> Order:
    digest, key = form.first("seen"), form.first("key")
    if not digest or not 16 <= len(key) <= 64:
        raise Malformed("请从预览页面应用", "apply from the page of the preview", place=Place(field="seen"))
    return Order(person_id=me.here.viewer.person_id, digest=digest, key=key)


@contextmanager
def _coming(house: Application, me: Duties, draft: Draft) -> Iterator[Incoming]:
    with drafts.opened(house.store, me.here.viewer.person_id, draft.sha256) as path:
        refuse_too_many(path)
        yield Incoming(
            path=path, name=draft.name, sha256=draft.sha256, now=me.reach.now, powers=me.powers,
            vanished=draft.vanished,
        )  # fmt: skip


def _preview(
    request: Request, house: Application, me: Duties, table: OrgTable, draft: Draft, error: HuyingError | None = None
) -> Response:
    try:
        with _coming(house, me, draft) as coming:
            rehearsed = rehearse(house.database, table, coming)
    except (Malformed, TooLarge) as unreadable:
        return _table_page(request, house, me, table, error=unreadable, name=draft.name)
    with house.database.looking() as transaction:
        titles = posts_there(transaction) if table.key == "people" else {}
    return shown_page(
        request, "admin_preview.html", me, status=error.status if error else 200, table=table, draft=draft,
        outcome=rehearsed.outcome, digest=rehearsed.digest, told=partial(in_words, titles), error=error,
    )  # fmt: skip


def _table_page(
    request: Request, house: Application, me: Duties, table: OrgTable, *, error: HuyingError | None = None,
    name: str = "",
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        acts = administration.acts(transaction, subject=table.key, limit=8) if me.whole else []
    return shown_page(
        request, "admin_table.html", me, status=error.status if error else 200, table=table, acts=acts, error=error,
        name=name, row=error.place.row if error else 0,
    )  # fmt: skip


def _file(content: bytes, kind: FileKind, plain: str, name: str) -> Response:
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=_MEDIA[kind], headers={"Content-Disposition": disposition})
