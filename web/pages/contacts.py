"""Showing a citizen's contact for a purpose, and who was shown one."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.clock import moment, shown
from engine.definitions.model import Title
from engine.errors import Malformed, Place
from engine.exchange import text_files
from engine.records import administration, unmasking
from engine.records import sheet as sheets
from engine.records.administration import AdminDeed, NewAct
from engine.records.unmasking import PURPOSES, Purpose, Shown
from web.dependencies import CaseNo, House
from web.masking import shown_for, watched
from web.pages import ticket
from web.rendering import page
from web.sensitive import show as show_field
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)

#: Rows of one CSV.
MOST_ROWS = 50_000
HEADERS = ("序号", "时间", "账号", "姓名", "案卷号", "内容", "用途", "说明", "何处")
#: What was shown and where, as the log is read.
FIELDS = {"contact": Title("姓名与电话", "Name and phone"), "everything": Title("全部个人信息", "All that is held")}
PAGES = {
    "ticket": Title("案卷页", "Page of the ticket"), "api": Title("接口", "API"), "copy": Title("提供副本", "A copy"),
}  # fmt: skip


@router.post("/tickets/{case_no}/contact")
def show(request: Request, house: House, here: At, case_no: CaseNo, form: Form) -> Response:
    """Show a ticket's contact once, on the page that answers; that it was shown is written down first."""
    given = form.first("purpose")
    if given not in PURPOSES:
        raise Malformed("请选择用途", "choose a purpose", place=Place(field="purpose"))
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, here.viewer, case_no)
    shown_for(house, here.viewer, seen, Purpose(given), "ticket")
    return ticket.whole(request, house, here, case_no, contact=True)


@router.post("/tickets/{case_no}/sensitive")
def show_sensitive(request: Request, house: House, here: At, case_no: CaseNo, form: Form) -> Response:
    """Show one sensitive field once, to whoever holds a post for it and says what for; that is written down first."""
    name = form.first("field")[:64]
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, here.viewer, case_no)
    show_field(house, here.viewer, seen, name, form.first("purpose"), "ticket")
    return ticket.whole(request, house, here, case_no, secret=name)


@router.get("/unmaskings")
def unmaskings(
    request: Request, house: House, here: At, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """Who was shown which contact, for those who watch over it, where their posts reach."""
    units = watched(here.viewer)
    with house.database.looking() as transaction:
        found = unmasking.listed(transaction, units, before)
    more = found[-1].id if len(found) == unmasking.MOST else None
    return page(request, "unmaskings.html", here=here, found=found, more=more, fields=FIELDS, pages=PAGES)


@router.get("/unmaskings.csv")
def as_csv(house: House, here: At) -> Response:
    """The access log as a table, the newest `MOST_ROWS`; that it was taken out is written down."""
    units, now = watched(here.viewer), house.clock.now()
    with house.database.looking() as transaction:
        found = unmasking.listed(transaction, units, limit=MOST_ROWS)
    new = NewAct(
        person_id=here.viewer.person_id, deed=AdminDeed.EXPORT, subject="unmaskings", counts={"rows": len(found)}
    )
    house.database.acting(lambda transaction: administration.record(transaction, new, now))
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "access.csv"
        text_files.write(path, HEADERS, (_row(one) for one in found))
        headers = {"Content-Disposition": f'attachment; filename="access-{moment(now):%Y%m%d}.csv"'}
        return Response(path.read_bytes(), media_type="text/csv; charset=utf-8", headers=headers)


def _row(one: Shown) -> tuple[str, ...]:
    what, where = FIELDS.get(one.field), PAGES.get(one.page)
    return (
        str(one.id), shown(one.at), one.login, one.name, one.case_no, what.zh if what else one.field, one.purpose.zh,
        one.note, where.zh if where else one.page,
    )  # fmt: skip
