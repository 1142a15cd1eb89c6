"""Documents that were issued: letters about a ticket, slips of its tasks, minutes, bulletins; to print, or as Word."""

import tempfile
from pathlib import Path as File
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.errors import Malformed, NotFound, Place
from engine.records import documents, sheet
from engine.records.access import Viewer
from engine.records.documents import Document, DocumentKind
from engine.records.report_jobs import JobState
from engine.records.sheet import Sight
from engine.reports import letters
from engine.reports.bulletin_files import write_word
from engine.reports.making import expect_official
from web.dependencies import CaseNo, House
from web.gathering import seen as seen_sitting
from web.pages.bulletins import files_of
from web.pages.reports import MEDIA, sent
from web.rendering import go, page
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=2**62)]
Code = Annotated[str, Path(pattern=r"^[\w-]{1,60}$")]


@router.get("/tickets/{case_no}/letters")
def of_ticket(request: Request, house: House, here: At, case_no: CaseNo) -> Response:
    """What may be issued about a ticket, and what was. Errors: `NotFound` for whoever has no post in it."""
    with house.database.looking() as transaction:
        seen = _official(transaction, here.viewer, case_no)
        tasks = letters.tasks_of(transaction, house.versions, seen)
        acts = letters.letters_of(transaction, seen)
        issued = documents.of_ticket(transaction, seen.ticket_id)
    return page(
        request, "letters.html", here=here, case_no=seen.case_no, tasks=tasks, acts=acts, issued=issued,
        done={one.subject for one in issued}, ticket_id=seen.ticket_id,
    )  # fmt: skip


@router.post("/tickets/{case_no}/letters")
def issue(request: Request, house: House, here: At, form: Form, case_no: CaseNo) -> Response:
    """Issue a slip or a letter, once; the second time the same one is shown."""
    task, event, now = form.number("task"), form.number("event"), house.clock.now()

    def work(transaction: Transaction) -> Document:
        seen = _official(transaction, here.viewer, case_no)
        if task is not None:
            return letters.slip(transaction, house.versions, here.viewer, seen, task, now)
        if event is None:
            raise Malformed("请选择任务或函件", "choose a task or a letter", place=Place(field="task"))
        return letters.letter(transaction, house.versions, here.viewer, seen, event, now)

    return go(request, f"/documents/{house.database.acting(work).id}")


@router.post("/meetings/{code}/minutes/document")
def issue_minutes(request: Request, house: House, here: At, form: Form, code: Code) -> Response:
    """The signed minutes as a document, the same one each time. Errors: as the page of the sitting."""
    now = house.clock.now()

    def work(transaction: Transaction) -> Document:
        held, _, meeting = seen_sitting(house, transaction, here.viewer, code)
        return letters.minutes(transaction, here.viewer, held, meeting.title, now)

    return go(request, f"/documents/{house.database.acting(work).id}")


@router.get("/documents/{number}")
def look(request: Request, house: House, here: At, number: Number) -> Response:
    """A document as it was issued, to be printed. Errors: `NotFound` for whoever may not see what it is about."""
    one = _document(house, here.viewer, number)
    template = "bulletin_issued.html" if one.kind is DocumentKind.BULLETIN else "document.html"
    job = files_of(house, one.id) if one.kind is DocumentKind.BULLETIN else None
    return page(
        request, template, here=here, one=one, data=one.data, number=one.number, digest=one.digest, job=job,
        ready=job is not None and job.state is JobState.DONE,
    )  # fmt: skip


@router.get("/documents/{number}/files/{form}")
def take(house: House, here: At, number: Number, form: str) -> Response:
    """A document as Word, a bulletin as Excel too. Errors: as `look`, `NotFound` for another form."""
    one = _document(house, here.viewer, number)
    if form not in MEDIA or (form == "xlsx" and one.kind is not DocumentKind.BULLETIN):
        raise NotFound("没有这个文件", "there is no such file")
    if one.kind is DocumentKind.BULLETIN:
        job = files_of(house, one.id)
        if job is None:
            raise NotFound("文件还没有生成", "the file is not made yet")
        file = job.file(form)
        return sent(house, file.key, form, f"bulletin-{one.id}.{form}", file.name)
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        made = write_word(house, one.kind, {**one.data, "digest": one.digest}, File(folder))
        content = made.read_bytes()
    name = quote(f"{one.data['title']}{one.number}.docx")
    disposition = f"attachment; filename=\"document-{one.id}.docx\"; filename*=UTF-8''{name}"
    return Response(content, media_type=MEDIA["docx"], headers={"Content-Disposition": disposition})


def _official(transaction: Transaction, viewer: Viewer, case_no: str) -> Sight:
    seen = sheet.sight(transaction, viewer, case_no)
    if not seen.official:
        raise NotFound("没有这份文书", "there is no such document")
    return seen


def _document(house: Application, viewer: Viewer, number: int) -> Document:
    """A document whose subject this reader may see now. Errors: `NotFound`, whichever it is."""
    with house.database.looking() as transaction:
        one = documents.by_id(transaction, number)
        if one.kind is DocumentKind.BULLETIN:
            expect_official(viewer)
        elif one.kind is DocumentKind.MINUTES:
            seen_sitting(house, transaction, viewer, one.subject.removeprefix("m:"))
        else:
            _official(transaction, viewer, str(one.data["case_no"]))
        return one
