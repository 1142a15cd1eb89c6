"""Monthly bulletins: counted in the background, added to by a person, issued under a number."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.errors import HuyingError, NotFound
from engine.records import bulletins, documents, report_jobs
from engine.records.watching import watched
from engine.reports import bulletin as telling
from engine.reports import issuing
from engine.reports.issuing import Case
from engine.reports.kinds import report
from web.dependencies import House
from web.pages.reports import STATES, refused
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=2**62)]


@router.post("/bulletins")
def begin(request: Request, house: House, here: At, form: Form) -> Response:
    """Begin a draft. What is wrong is said on the page of reports."""
    period, area = form.first("period")[:20], form.first("area")[:64]
    try:
        number = house.database.acting(
            lambda transaction: issuing.begin(transaction, here.viewer, period, area, house.clock.now())
        )
    except HuyingError as error:
        return refused(request, house, here, error)
    return go(request, f"/bulletins/{number}")


@router.get("/bulletins/{number}")
def look(request: Request, house: House, here: At, number: Number) -> Response:
    """A draft of one's own: its figures, and what may be added. Errors: `NotFound`, `NotPermitted`."""
    return _draft(request, house, here, number)


@router.post("/bulletins/{number}")
def change(request: Request, house: House, here: At, form: Form, number: Number) -> Response:
    """Keep what was added, count anew, or issue it. What is refused is said on the page, with what was typed."""
    act, expected, now = form.first("act"), form.number("version") or 0, house.clock.now()
    cases, viewer = _cases(form), here.viewer
    try:
        report("bulletin").expect(viewer)
        if act == "save":
            remarks = form.first("remarks")
            house.database.acting(lambda one: issuing.add(one, viewer, number, cases, remarks, expected))
        elif act == "count":
            house.database.acting(lambda one: issuing.count(one, viewer, number, now))
        elif act == "issue":
            issued = house.database.acting(lambda one: issuing.issue(one, viewer, number, expected, now))
            return go(request, f"/documents/{issued.id}")
        else:
            raise NotFound("没有这个操作", "there is no such act")
    except HuyingError as error:
        return _draft(request, house, here, number, error, form if act == "save" else None)
    return go(request, f"/bulletins/{number}")


def _cases(form: Posted) -> list[Case]:
    """Ticked tickets with their texts, and one more by its number."""
    texts = dict(zip(form.fields.get("listed", ()), form.fields.get("text", ()), strict=False))
    ticked = [Case(number[:40], texts.get(number, "").strip()) for number in form.fields.get("case", ())]
    more = form.first("more").strip()
    known = {one.case_no for one in ticked}
    return [*ticked, *([Case(more[:40], form.first("more_text").strip())] if more and more not in known else [])]


def _draft(
    request: Request, house: Application, here: Sitting, number: int, error: HuyingError | None = None,
    typed: Posted | None = None,
) -> Response:  # fmt: skip
    watched(here.viewer)
    with house.database.looking() as transaction:
        one = bulletins.bulletin(transaction, number, here.viewer.person_id)
        if one.document_id is not None and error is None:
            return go(request, f"/documents/{one.document_id}")
        job = report_jobs.job_of(transaction, one.job_id, here.viewer.person_id) if one.job_id else None
        offered = telling.candidates(transaction, here.viewer, one.data) if one.data else []
    added = {case["case_no"]: case for case in one.added.get("cases", ())}
    offered = [*added.values(), *(case for case in offered if case["case_no"] not in added)]
    return page(
        request, "bulletin.html", status=error.status if error else 200, here=here, one=one, data=one.data, job=job,
        state=STATES[job.state] if job else None, offered=offered, added=added, error=error,
        remarks=typed.first("remarks") if typed else one.added.get("remarks", ""),
        typed={case.case_no: case.text for case in _cases(typed)} if typed else {},
        more=typed.first("more") if typed else "", longest=telling.LONGEST_TEXT, number="", digest="",
    )  # fmt: skip


def files_of(house: Application, document_id: int) -> report_jobs.Job | None:
    """The job that made, or makes, the files of an issued bulletin."""
    with house.database.looking() as transaction:
        document = documents.by_id(transaction, document_id)
        one = bulletins.issued_as(transaction, document.id)
        return report_jobs.job_of(transaction, one.job_id, one.person_id) if one.job_id else None
