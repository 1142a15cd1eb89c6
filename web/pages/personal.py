"""Citizens' data: looked up, copied and erased by the security administrator; what was done is read by the auditor.

Whoever keeps accounts and tables cannot erase, whoever erases cannot change the log of it (三员分立). Names and phones
come in forms only, never in addresses: addresses are kept in logs of servers and histories of browsers.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import moment
from engine.errors import HuyingError, Malformed, NotPermitted, Place
from engine.exchange import citizen_copy
from engine.records import administration, erasures, forgetting
from engine.records.administration import AdminDeed, NewAct
from engine.records.citizens import Who
from engine.records.erasures import GROUNDS, ErasureGround
from engine.stages import erasing
from engine.stages.erasing import Preview, Wish
from web.administering import AUDIT, SECURITY, Administrator, Duties
from web.dependencies import House
from web.pages.admin import shown_page
from web.rendering import go
from web.sessions import Posted, posted

router = APIRouter(include_in_schema=False)

_PATH: Final = "/admin/personal"


def ruling(me: Administrator) -> Duties:
    """The security administrator of the whole installation, before anything is read. Errors: `NotPermitted`."""
    if not me.security:
        raise NotPermitted(
            "群众个人信息的查询、副本与删除由安全管理员办理（三员分立）",
            "citizens' data is looked up, copied and erased by the security administrator (separate duties)",
            action="personal",
            roles=[SECURITY],
        )
    return me


async def posted_by_security(request: Request, me: Annotated[Duties, Depends(ruling)]) -> AsyncIterator[Posted]:
    """The form that the security administrator has sent. Errors: those of `ruling` and of `sessions.posted`."""
    async for form in posted(request, me.here):
        yield form


SecurityForm = Annotated[Posted, Depends(posted_by_security)]


def reading(me: Administrator) -> Duties:
    """Whoever erases, or audits the whole installation. Errors: `NotPermitted`."""
    if not (me.security or (me.whole and AUDIT in me.posts)):
        raise NotPermitted(
            "此页由安全管理员办理、审计管理员查阅",
            "this page is for the security administrator, and for the auditor to read",
            action="personal",
            roles=[SECURITY, AUDIT],
        )
    return me


Reader = Annotated[Duties, Depends(reading)]


@router.get(_PATH)
def home(request: Request, house: House, me: Reader) -> Response:
    """Who is to be looked for, and what was erased so far."""
    return _page(request, house, me)


@router.post(f"{_PATH}/look")
def look(request: Request, house: House, me: Administrator, form: SecurityForm) -> Response:
    """What is held on a citizen, and what an erasure would take away; that it was looked up is written down."""
    try:
        wish = _wish(form)
        found = _preview(house, wish)
    except HuyingError as error:
        return _page(request, house, me, form=form, error=error)
    _record(house, me, AdminDeed.LOOK_UP, dict(found.counts))
    return _page(request, house, me, form=form, found=found)


@router.post(f"{_PATH}/copy")
def copy(request: Request, house: House, me: Administrator, form: SecurityForm) -> Response:
    """A ZIP with all that is held on a citizen; each ticket in it goes into the access log."""
    now, by = me.reach.now, me.here.viewer.person_id
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "copy.zip"
        try:
            copied = citizen_copy.write(house.database, house.versions, house.store, _who(form), path, by, now)
        except HuyingError as error:
            return _page(request, house, me, form=form, error=error)
        _record(house, me, AdminDeed.COPY, {"tickets": copied.tickets, "pictures": copied.pictures})
        headers = {
            "Content-Disposition": f'attachment; filename="personal-{moment(now):%Y%m%d}.zip"',
            "Cache-Control": "no-store",
        }
        return Response(path.read_bytes(), media_type="application/zip", headers=headers)


@router.post(f"{_PATH}/erase")
def erase(request: Request, house: House, me: Administrator, form: SecurityForm) -> Response:
    """Erase what the preview showed. If there is something else by now, it is shown again and nothing is done."""
    by = me.here.viewer.person_id
    try:
        wish = _wish(form)
        found = _preview(house, wish)
        if form.first("seen") != _digest(found):
            return _page(request, house, me, form=form, found=found, moved=True)
        number = house.database.acting(lambda transaction: erasing.begin(transaction, wish, by, house.clock.now()))
        erasing.go_on(house.door, house.store, house.settings.data, number)
    except HuyingError as error:
        return _page(request, house, me, form=form, error=error)
    return go(request, f"{_PATH}/{number}")


@router.get(f"{_PATH}/{{number}}")
def result(request: Request, house: House, me: Reader, number: int) -> Response:
    """What an erasure took away, and whether something is left to do. It names nobody."""
    with house.database.looking() as transaction:
        one = erasures.erasure(transaction, number)
        left = len(erasures.waiting(transaction, number))
    return shown_page(request, "personal_done.html", me, one=one, left=left, titles=forgetting.TITLES)


def _who(form: Posted) -> Who:
    return Who(
        phone=form.first("phone").strip()[:40],
        name=form.first("name").strip()[:40],
        login=form.first("login").strip()[:64],
        case_no=form.first("case_no").strip()[:40],
    )


def _wish(form: Posted) -> Wish:
    given = form.first("ground")
    if given not in {*ErasureGround}:
        raise Malformed("请选择依据", "choose a ground", place=Place(field="ground"))
    return Wish(
        who=_who(form),
        ground=ErasureGround(given),
        running=form.first("running") == "yes",
        pictures=form.first("pictures") == "yes",
    )


def _preview(house: Application, wish: Wish) -> Preview:
    with house.database.looking() as transaction:
        return erasing.preview(transaction, wish)


def _digest(found: Preview) -> str:
    """Of all that would be erased: which tickets, accounts and rows, and how many traces."""
    held = found.held
    said = ([one.id for one in held.tickets], held.account, held.rows, sorted(found.counts.items()), found.left_out)
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _record(house: Application, me: Duties, deed: AdminDeed, counts: dict[str, int]) -> None:
    new = NewAct(person_id=me.here.viewer.person_id, deed=deed, subject="", counts=counts)
    house.database.acting(lambda transaction: administration.record(transaction, new, me.reach.now))


def _page(
    request: Request, house: Application, me: Duties, *, form: Posted | None = None, found: Preview | None = None,
    error: HuyingError | None = None, moved: bool = False,
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        past = erasures.erasures(transaction)
    names = ("phone", "name", "login", "case_no", "ground", "running", "pictures")
    typed = {name: form.first(name)[:64] if form is not None else "" for name in names}
    return shown_page(
        request, "personal.html", me, status=error.status if error else 409 if moved else 200, typed=typed, found=found,
        seen=_digest(found) if found is not None else "", past=past, grounds=GROUNDS, titles=forgetting.TITLES,
        error=error, moved=moved,
    )  # fmt: skip
