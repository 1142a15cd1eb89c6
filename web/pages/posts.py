"""My posts and deputies: entering one's leave; what grid leaders did, for whoever supervises them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.errors import HuyingError, Malformed, Place
from engine.records import deputies, tenure
from engine.records.access import Viewer
from engine.records.activity import SUPERVISORS
from engine.records.deputies import NewDeputy
from engine.records.post_words import posts_there
from web.api.people import of_month, this_month
from web.dependencies import House
from web.masking import watches
from web.rendering import go, page
from web.sessions import At, Form, Posted

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form of a leave, as it is filled in."""

    holding: int = 0
    deputy: str = ""
    since: str = ""
    until: str = ""
    reason: str = ""

    @classmethod
    def of(cls, form: Posted) -> "Typed":
        return cls(
            holding=form.number("holding") or 0,
            deputy=form.first("deputy")[:64],
            since=form.first("since")[:20],
            until=form.first("until")[:20],
            reason=form.first("reason")[:200],
        )

    def leave(self) -> NewDeputy:
        """What it asks for: both days whole. Errors: `Malformed` naming the field."""
        if not self.deputy:
            raise Malformed("请选择代理人", "choose a deputy", place=Place(field="deputy"))
        return NewDeputy(
            holding_id=self.holding,
            login=self.deputy,
            since=_midnight("since", self.since),
            until=_midnight("until", self.until, days=1),
            reason=self.reason,
        )


@router.get("/posts")
def show(request: Request, house: House, here: At, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """The posts one holds, who stands in for them, and for whom one stands in."""
    return _page(request, house, here, Typed(), done=bool(done))


@router.post("/posts")
def leave(request: Request, house: House, here: At, form: Form) -> Response:
    """Enter a leave. What is refused comes back as it was filled in."""
    typed, now, me = Typed.of(form), house.clock.now(), here.viewer.person_id
    try:
        new = typed.leave()
        house.database.acting(lambda transaction: deputies.name_deputy(transaction, new, now, by=me))
    except HuyingError as error:
        return _page(request, house, here, typed, error=error)
    return go(request, "/posts?done=1")


@router.post("/posts/end")
def end(request: Request, house: House, here: At, form: Form) -> Response:
    """A deputyship ends now, because its owner is back."""
    number, now, me = form.number("deputyship") or 0, house.clock.now(), here.viewer.person_id
    house.database.acting(lambda transaction: deputies.end_deputy(transaction, number, now, by=me))
    return go(request, "/posts?done=1")


@router.get("/activity")
def leaders(request: Request, house: House, here: At, month: Annotated[str, Query(max_length=7)] = "") -> Response:
    """What grid leaders did in a month."""
    wanted = month or this_month(house)
    return page(request, "activity.html", here=here, month=wanted, rows=of_month(house, here.viewer, wanted))


def _page(
    request: Request,
    house: Application,
    here: Any,
    typed: Typed,
    *,
    done: bool = False,
    error: HuyingError | None = None,
) -> Response:
    now = house.clock.now()
    with house.database.looking() as transaction:
        mine = _mine(transaction, here.viewer, now)
        ships = deputies.deputyships(transaction, here.viewer.person_id, now)
        titles = posts_there(transaction)
    return page(
        request,
        "posts.html",
        status=error.status if error else 200,
        here=here,
        mine=mine,
        away=[one for one in ships if one.owner == here.viewer.login],
        stands_in=[one for one in ships if one.deputy == here.viewer.login],
        typed=typed,
        today=moment(now).date().isoformat(),
        supervises=any(held.post in SUPERVISORS and held.area_id is not None for held in here.viewer.posts),
        titles=titles,
        watches=watches(here.viewer),
        done=done,
        error=error,
    )


def _mine(transaction: Transaction, viewer: Viewer, now: Instant) -> list[dict[str, Any]]:
    """The posts somebody holds now, each with those who may be the deputy."""
    return [
        {
            "id": one.id,
            "post": one.post,
            "unit": one.unit_name,
            "since": one.since,
            "until": one.until,
            "fit": deputies.eligible(transaction, one.id, now),
        }
        for one in tenure.holdings(transaction, viewer.person_id, now)
    ]


def _midnight(field: str, text: str, *, days: int = 0) -> Instant:
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE))
    except (ValueError, OverflowError) as failure:
        raise Malformed("请填写日期", "fill in the date", place=Place(field=field)) from failure
