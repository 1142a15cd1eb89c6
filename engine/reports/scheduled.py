"""Reports that a rhythm asks for in people's place: of the period before, to each within what their own posts reach."""

from collections.abc import Iterable
from datetime import date

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions.rhythm import Every, Job, Reported
from engine.errors import NotPermitted, NotSignedIn
from engine.records import report_jobs
from engine.records.access import Viewer, viewer_of
from engine.records.asking import marks
from engine.records.messages import NewMessage
from engine.records.report_jobs import NewJob
from engine.records.rhythm_recipients import Addressee
from engine.reports import issuing
from engine.reports.kinds import report
from engine.rules import periods

#: A week, a 旬, a day: said by their days.
_NAMED = (Every.MONTH, Every.QUARTER)


def ask(transaction: Transaction, job: Job, to: Addressee, told: Iterable[NewMessage], now: Instant) -> int:
    """Put a report in line for each of these people who may have it; how many those are.

    `told` are the messages that a list would have been; a report's own comes when it is there.
    """
    period, asked = before(job.when.every, moment(now).date()), 0
    for one in told:
        try:
            viewer = viewer_of(transaction, one.person_id, now)
            report(str(job.report)).expect(viewer)
        except (NotPermitted, NotSignedIn):
            continue  # a post that gets lists but watches over nothing, or somebody who has left
        asked += _ask(transaction, job, viewer, _area(transaction, to), period, one.origin, now)
    return asked


def _ask(
    transaction: Transaction, job: Job, viewer: Viewer, area: str, period: str, origin: str, now: Instant
) -> bool:  # fmt: skip
    if job.report is Reported.BULLETIN:
        issuing.begin(transaction, viewer, period, area, now, origin=origin)
        return True
    parameters = {"workflow": job.workflow, "period": period, "area": area}
    title = report(str(job.report)).called(transaction, viewer, parameters)
    new = NewJob(kind=str(job.report), parameters=parameters, title=title, person_id=viewer.person_id, origin=origin)
    return report_jobs.ask(transaction, new, now) is not None


def before(every: Every, day: date) -> str:
    """The period before that of a day, as reports write periods."""
    number = periods.number_of(every, day) - 1
    if every in _NAMED:
        return periods.name_of(every, number)
    return f"{periods.first_day(every, number)}..{periods.last_day(every, number)}"


def _area(transaction: Transaction, to: Addressee) -> str:
    """The code of the area for which the post is held; "" for a department's."""
    if not to.area:
        return ""
    mark, *_ = marks(transaction, 1)
    ((code,),) = transaction.rows(f"SELECT code FROM area WHERE id = {mark}", (to.id,))  # noqa: S608
    return str(code)
