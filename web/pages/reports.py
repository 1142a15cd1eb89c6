"""Reports: what there is, what one has asked for, how far it is, and the files that were made."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from engine.application import Application
from engine.definitions.model import Title
from engine.errors import HuyingError, NotFound
from engine.records import areas, bulletins, documents, registers, report_jobs
from engine.records.documents import DocumentKind
from engine.records.report_jobs import JobState, NewJob
from engine.records.watching import watches
from engine.reports import periods
from engine.reports.kinds import ASKED, REPORTS, report
from engine.reports.making import expect_official
from web.dependencies import House
from web.rendering import go, page
from web.sessions import At, Form, Sitting

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=2**62)]

MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
STATES = {
    JobState.WAITING: Title("排队中", "Waiting"),
    JobState.RUNNING: Title("生成中", "Being made"),
    JobState.DONE: Title("已生成", "Ready"),
    JobState.FAILED: Title("未能生成", "Failed"),
    JobState.GONE: Title("已到期删除", "Deleted"),
}


@router.get("/reports")
def listed(request: Request, house: House, here: At) -> Response:
    """What there is, and what one has asked for. Errors: `NotPermitted` for whoever holds no post."""
    return refused(request, house, here)


@router.post("/reports")
def ask(request: Request, house: House, here: At, form: Form) -> Response:
    """Put a report in line. What is wrong is said on the page."""
    try:
        kind = report(form.first("kind")[:40])
        kind.expect(here.viewer)
        given = {name: form.first(name)[:64] for name in ("workflow", "period", "area") if form.first(name)}
        number = house.database.acting(
            lambda transaction: report_jobs.ask(
                transaction,
                NewJob(
                    kind=kind.name, parameters=given, title=kind.called(transaction, here.viewer, given),
                    person_id=here.viewer.person_id,
                ),
                house.clock.now(),
            )
        )  # fmt: skip
    except HuyingError as error:
        return refused(request, house, here, error)
    return go(request, f"/reports/{number}")


@router.get("/reports/{number}")
def progress(request: Request, house: House, here: At, number: Number) -> Response:
    """How far a report is; the fragment of it asks for itself again until it ends. Errors: `NotFound`."""
    with house.database.looking() as transaction:
        job = report_jobs.job_of(transaction, number, here.viewer.person_id)
    return page(request, "report_job.html", here=here, job=job, state=STATES[job.state], kind=REPORTS.get(job.kind))


@router.get("/reports/{number}/files/{form}")
def take(house: House, here: At, number: Number, form: str) -> Response:
    """A file of one's own report, if one may still have it. Errors: `NotFound`, `NotPermitted`."""
    with house.database.looking() as transaction:
        job = report_jobs.job_of(transaction, number, here.viewer.person_id)
    report(job.kind).expect(here.viewer)
    if form not in MEDIA:
        raise NotFound("没有这个文件", "there is no such file")
    file = job.file(form)
    return sent(house, file.key, form, f"report-{number}.{form}", file.name)


def sent(house: Application, key: str, form: str, plain: str, name: str) -> Response:
    """A file of the store, piece by piece. Errors: `NotFound`."""
    try:
        pieces: Iterator[bytes] = house.store.chunks(key)
    except FileNotFoundError:
        raise NotFound("文件已不在", "the file is there no more") from None
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return StreamingResponse(pieces, media_type=MEDIA[form], headers={"Content-Disposition": disposition})


def refused(request: Request, house: Application, here: Sitting, error: HuyingError | None = None) -> Response:
    """The page of reports, with what was refused if anything was. Errors: `NotPermitted` for whoever holds no post."""
    expect_official(here.viewer)
    with house.database.looking() as transaction:
        jobs = report_jobs.of_person(transaction, here.viewer.person_id)
        loops = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
        places = areas.own_and_next(transaction, here.viewer.areas)
        mine = bulletins.of_person(transaction, here.viewer.person_id)
        issued = documents.of_kind(transaction, DocumentKind.BULLETIN)
    return page(
        request, "reports.html", status=error.status if error else 200, here=here, jobs=jobs, states=STATES,
        loops=loops, places=places, error=error, month=periods.last_month(house.clock.now()), kinds=ASKED,
        mine=mine, issued=issued, watches=watches(here.viewer),
    )  # fmt: skip
