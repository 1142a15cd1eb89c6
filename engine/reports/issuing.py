"""A bulletin from draft to document: begun, counted, added to by a person, issued under a number for good."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Malformed, NotAllowedNow, Place
from engine.records import bulletins, documents, report_jobs
from engine.records.access import Viewer
from engine.records.areas import area_by_code
from engine.records.bulletins import Bulletin
from engine.records.documents import Document, DocumentKind, NewDocument
from engine.records.report_jobs import NewJob
from engine.records.watching import watched
from engine.reports import periods
from engine.reports.bulletin import LONGEST_TEXT, MOST_CASES, cases_of

#: What the number of a bulletin begins with.
PREFIX = "通报"
_LONGEST_REMARKS = 3000


@dataclass(frozen=True, slots=True)
class Case:
    """A typical case as its author tells it."""

    case_no: str
    text: str


def begin(
    transaction: Transaction, viewer: Viewer, period: str, area: str, now: Instant, *, origin: str | None = None
) -> int:
    """A new draft, put in line to be counted; its number. `origin` names the rhythm that asks in somebody's place.

    Errors: `NotPermitted`, `Malformed`, `NotFound`.
    """
    watched(viewer)
    month = periods.month(period)
    if month.since > now:
        raise Malformed("这个月还没有开始", "that month has not begun", place=Place(field="period"))
    if area:
        area_by_code(transaction, area)
    number = bulletins.begin(transaction, period, area, viewer.person_id, now)
    _make(transaction, viewer, bulletins.bulletin(transaction, number, viewer.person_id), now, origin=origin)
    return number


def count(transaction: Transaction, viewer: Viewer, number: int, now: Instant) -> None:
    """Put a draft in line to be counted as of then. Errors: `NotFound`, `NotAllowedNow` once it is issued."""
    one = bulletins.bulletin(transaction, number, viewer.person_id, lock=True)
    bulletins.expect_draft(one)
    _make(transaction, viewer, one, now)


def _make(
    transaction: Transaction,
    viewer: Viewer,
    one: Bulletin,
    now: Instant,
    *,
    stays: bool = False,
    origin: str | None = None,
) -> None:
    parameters = {"bulletin": one.id, "period": one.period, "stays": stays}
    new = NewJob(
        kind="bulletin",
        parameters=parameters,
        title=f"{one.period} 月度通报",
        person_id=viewer.person_id,
        origin=origin,
    )
    bulletins.making(transaction, one.id, report_jobs.ask(transaction, new, now))


def add(
    transaction: Transaction, viewer: Viewer, number: int, cases: Sequence[Case], remarks: str, expected: int
) -> None:
    """Keep the typical cases and remarks of a draft.

    Errors: `Stale`, `NotAllowedNow`, and `Malformed` for a ticket that its author does not reach, that is confidential,
    or too much text.
    """
    one = bulletins.bulletin(transaction, number, viewer.person_id, lock=True)
    if len(cases) > MOST_CASES or len(remarks) > _LONGEST_REMARKS or any(len(one.text) > LONGEST_TEXT for one in cases):
        raise Malformed(
            f"案例最多 {MOST_CASES} 件，每件 {LONGEST_TEXT} 字以内，说明 {_LONGEST_REMARKS} 字以内",
            f"at most {MOST_CASES} cases of {LONGEST_TEXT} characters, and {_LONGEST_REMARKS} of remarks",
            place=Place(field="case"),
        )
    seen = cases_of(transaction, viewer, [one.case_no for one in cases])
    known = {one["case_no"]: one["title"] for one in seen}
    missing = [one.case_no for one in cases if one.case_no not in known]
    if missing:
        raise Malformed(
            f"案卷 {missing[0][:40]} 不存在、不在您的范围内，或不宜公开",
            f"ticket {missing[0][:40]} is not there, beyond your reach, or not for everybody",
            place=Place(field="case"),
        )
    told = [{"case_no": case.case_no, "title": known[case.case_no], "text": case.text} for case in cases]
    bulletins.add(transaction, one, {"cases": told, "remarks": remarks}, expected)


def issue(transaction: Transaction, viewer: Viewer, number: int, expected: int, now: Instant) -> Document:
    """Issue a draft as it was looked at: its number is drawn, its text frozen, its files are made once more and stay.

    Errors: `Stale`, `NotAllowedNow` while it is being counted.
    """
    one = bulletins.bulletin(transaction, number, viewer.person_id, lock=True)
    if one.document_id is not None:
        return documents.by_id(transaction, one.document_id)
    if one.data is None:
        raise NotAllowedNow("数字还在统计，请稍后签发", "it is being counted: issue it afterwards")
    if one.version != expected:
        bulletins.add(transaction, one, one.added, expected)
    new = NewDocument(
        kind=DocumentKind.BULLETIN, subject=f"b:{one.id}", unit=_issuer(transaction, viewer, one.area), prefix=PREFIX,
        data={**one.data, "added": {"cases": [], "remarks": "", **one.added}}, person_id=viewer.person_id,
    )  # fmt: skip
    document = documents.issue(transaction, new, now)
    bulletins.settle(transaction, one, document.id)
    _make(transaction, viewer, one, now, stays=True)
    return document


def _issuer(transaction: Transaction, viewer: Viewer, area: str) -> str:
    """The organisation whose sequence the number is of: the area it is about, else that of its author's post."""
    if area:
        return f"a{area_by_code(transaction, area).id}"
    return next((unit for unit in viewer.official_units if "/" not in unit), "")
