"""Word templates of documents: taken out, changed, and brought back by the system administrator after a check."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.errors import HuyingError, Malformed, NotPermitted, Place
from engine.records import report_templates
from engine.records.documents import DocumentKind
from engine.records.people import SEPARATE
from engine.reports import samples, templates
from web.administering import Administrator, Duties
from web.dependencies import House
from web.pages.admin import shown_page
from web.pages.reports import MEDIA
from web.rendering import go
from web.sessions import Posted, posted

router = APIRouter(include_in_schema=False)


def the_kind(kind: Annotated[str, Path(max_length=20)]) -> DocumentKind:
    """The kind of document in an address. Errors: `NotFound`."""
    return templates.kind_of(kind)


Kind = Annotated[DocumentKind, Depends(the_kind)]


async def posted_by_system(request: Request, me: Administrator) -> AsyncIterator[Posted]:
    """The form of the system administrator, before whose duty is known nothing is read. Errors: `NotPermitted`."""
    if not me.system:
        raise NotPermitted(
            "模板由系统管理员维护（三员分立）",
            "templates are kept by the system administrator (separate duties)",
            action="templates",
            roles=list(SEPARATE),
        )
    async for form in posted(request, me.here):
        yield form


SystemForm = Annotated[Posted, Depends(posted_by_system)]


@router.get("/admin/templates")
def listed(request: Request, house: House, me: Administrator) -> Response:
    """Which template counts for each kind of document, and what it may name."""
    me.expect_whole()
    return _page(request, house, me)


@router.get("/admin/templates/{kind}/file")
def take(house: House, me: Administrator, kind: Kind) -> Response:
    """The template that counts, to be changed and brought back."""
    me.expect_whole()
    headers = {"Content-Disposition": f'attachment; filename="{kind.value}.docx"'}
    return Response(templates.taken(house, kind), media_type=MEDIA["docx"], headers=headers)


@router.post("/admin/templates/{kind}")
def bring(request: Request, house: House, me: Administrator, form: SystemForm, kind: Kind) -> Response:
    """Bring a template, or go back to the one that is shipped. What is wrong with it is said on the page."""
    person = me.here.viewer.person_id
    try:
        if form.first("act") == "shipped":
            templates.go_back(house, person, kind)
        else:
            file = next(iter(form.files.get("file", ())), None)
            if file is None:
                raise Malformed("请选择文件", "choose a file", place=Place(field="file"))
            templates.bring(house, person, kind, (file.filename or "")[:200], file.file)
    except HuyingError as error:
        return _page(request, house, me, error=error, wrong=kind)
    return go(request, "/admin/templates")


def _page(
    request: Request, house: Application, me: Duties, *, error: HuyingError | None = None,
    wrong: DocumentKind | None = None,
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        brought = {kind: report_templates.brought(transaction, kind)[:1] for kind in DocumentKind}
    kinds = [(kind, templates.TITLES[kind], brought[kind], samples.names(kind)) for kind in DocumentKind]
    return shown_page(
        request, "admin_templates.html", me, status=error.status if error else 200, kinds=kinds, error=error,
        wrong=wrong,
    )  # fmt: skip
