"""Posts and deputies of people, the duty roster, and what grid leaders did."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from engine.application import Application
from engine.clock import DAY, Instant, instant, iso, moment
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import Malformed, NotFound, NotPermitted, NotSignedIn
from engine.records import deputies, registers, tenure
from engine.records.access import Viewer
from engine.records.activity import Activity, Kinds, activity, month, supervised
from engine.records.deputies import NewDeputy
from engine.records.post_words import posts_there
from engine.records.shifts import roster
from web.api import people_shapes, shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(tags=["人与岗位 / People and posts"])

Login = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$", description="账号 / Login")]
Word = Annotated[str, Path(max_length=64, pattern=r"^[a-z_0-9]+$", examples=["lead"])]
Code = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Days = Annotated[int, Query(ge=1, le=60)]
Month = Annotated[str | None, Query(max_length=7, examples=["2026-03"], description="本月缺省 / This month if missing")]


@router.get(
    "/people/{login}/posts",
    operation_id="read_posts",
    summary="任职与代理 / Posts held, and deputyships",
    responses=documented(NotSignedIn, NotFound),
)
def posts(house: House, me: Me, login: Login) -> people_shapes.TenuresOut:
    """Every post somebody has held, holds or will hold, in person or as a deputy.

    Other people's are for whoever has a post.
    """
    _for_officials(me, login)
    with house.database.looking() as transaction:
        titles = posts_there(transaction)
        return people_shapes.TenuresOut(items=[_tenure(one, titles) for one in tenure.posts_of(transaction, login)])


@router.get(
    "/posts/{post}/holders",
    operation_id="read_holders",
    summary="某时谁任某岗 / Who held a post at some time",
    responses=documented(NotSignedIn, NotFound, Malformed),
)
def holders(
    house: House, me: Me, post: Word, area: Code = None, department: Code = None, at: AwareDatetime | None = None
) -> people_shapes.HoldersOut:
    """Everybody who held a post for an area or in a department, deputies too; now if no moment is given."""
    _for_officials(me, "")
    when = house.clock.now() if at is None else instant(at)
    with house.database.looking() as transaction:
        found = tenure.who_held(transaction, post, when, area=area, department=department)
        titles = posts_there(transaction)
    return people_shapes.HoldersOut(
        items=[
            people_shapes.HolderOut(
                person=shapes.PersonOut(login=one.login, name=one.name), **_tenure(one, titles).model_dump()
            )
            for one in found
        ]
    )


@router.get(
    "/deputies", operation_id="read_deputies", summary="我的代理 / My deputyships", responses=documented(NotSignedIn)
)
def mine(house: House, me: Me) -> people_shapes.DeputiesOut:
    """Deputyships that run or are to come, in which you are on leave or the deputy."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        found, titles = deputies.deputyships(transaction, me.person_id, now), posts_there(transaction)
    return people_shapes.DeputiesOut(items=[_deputyship(one, titles) for one in found])


@router.post(
    "/deputies",
    operation_id="name_deputy",
    summary="请假，指定代理人 / Go on leave, name a deputy",
    responses=documented(NotSignedIn, NotFound, Malformed),
)
def leave(house: House, me: Me, body: people_shapes.LeaveIn) -> people_shapes.DeputiesOut:
    """Let somebody of the unit or above it hold your posts of that kind, 90 days at most; answers all deputyships."""
    now = house.clock.now()

    def work(transaction: Transaction) -> None:
        for holding in tenure.running(transaction, me.login, body.post, now):
            new = NewDeputy(
                holding_id=holding,
                login=body.deputy,
                since=now if body.since is None else instant(body.since),
                until=instant(body.until),
                reason=body.reason,
            )
            deputies.name_deputy(transaction, new, now, by=me.person_id)

    house.database.acting(work)
    return mine(house, me)


@router.post(
    "/deputies/{number}/end",
    operation_id="end_deputy",
    summary="结束代理 / End a deputyship",
    responses=documented(NotSignedIn, NotFound),
)
def end(house: House, me: Me, number: Annotated[int, Path(ge=1, lt=2**63)]) -> people_shapes.DeputiesOut:
    """Somebody is back: the deputyship of their post ends now."""
    now = house.clock.now()
    house.database.acting(lambda transaction: deputies.end_deputy(transaction, number, now, by=me.person_id))
    return mine(house, me)


@router.get(
    "/roster",
    operation_id="read_roster",
    summary="值班表 / Duty roster",
    responses=documented(NotSignedIn, NotFound),
)
def duty(house: House, me: Me, days: Days = 7) -> people_shapes.RosterOut:
    """Who is on duty now and in the days to come."""
    _for_officials(me, "")
    now = house.clock.now()
    with house.database.looking() as transaction:
        turns, titles = roster(transaction, now, Instant(now + days * DAY)), posts_there(transaction)
    return people_shapes.RosterOut(
        items=[
            people_shapes.ShiftOut(
                person=shapes.PersonOut(login=one.login, name=one.name),
                post=one.post,
                title=views.title(_post(one.post, titles)),
                unit=shapes.NamedOut(code=one.unit, name=one.unit_name),
                since=iso(one.since),
                until=iso(one.until),
            )
            for one in turns
        ]
    )


@router.get(
    "/activity",
    operation_id="read_activity",
    summary="网格长履职 / What grid leaders did",
    responses=documented(NotSignedIn, NotPermitted, Malformed),
)
def leaders(house: House, me: Me, month: Month = None) -> people_shapes.ActivityOut:
    """Per grid leader and month, in the areas for which you are supervisor, chief or at the desk."""
    wanted = month or this_month(house)
    return people_shapes.ActivityOut(
        month=wanted,
        items=[
            people_shapes.ActiveOut(
                person=shapes.PersonOut(login=one.login, name=one.name),
                grids=list(one.grids),
                acts=one.acts,
                reports=one.reports,
                calls=one.calls,
                evaluations=one.evaluations,
                listed=one.listed,
                last_seen=views.moment(one.last_seen),
            )
            for one in of_month(house, me, wanted)
        ],
    )


def this_month(house: Application) -> str:
    """The present month as `2026-03`."""
    return f"{moment(house.clock.now()):%Y-%m}"


def of_month(house: Application, viewer: Viewer, wanted: str) -> list[Activity]:
    """What the viewer may see of that month. Errors: `NotPermitted`, `Malformed`."""
    areas, (since, until) = supervised(viewer), month(wanted)
    with house.database.looking() as transaction:
        return activity(transaction, _kinds(house, transaction), areas, since, until)


def _kinds(house: Application, transaction: Transaction) -> Kinds:
    return Kinds.of(house.versions.active(transaction, key) for key in registers.active_keys(transaction))


def _for_officials(me: Viewer, login: str) -> None:
    """Whoever has no post sees their own only; nobody else is there for them."""
    if not me.posts and login != me.login:
        raise NotFound("没有这个账号", "there is no such account")


def _deputyship(one: deputies.Deputyship, titles: Mapping[str, Title]) -> people_shapes.DeputyOut:
    return people_shapes.DeputyOut(
        number=one.id,
        post=one.post,
        title=views.title(_post(one.post, titles)),
        unit=one.unit,
        owner=shapes.PersonOut(login=one.owner, name=one.owner_name),
        deputy=shapes.PersonOut(login=one.deputy, name=one.deputy_name),
        since=iso(one.since),
        until=iso(one.until),
        reason=one.reason,
    )


def _tenure(one: tenure.Tenure, titles: Mapping[str, Title]) -> people_shapes.TenureOut:
    return people_shapes.TenureOut(
        post=one.post,
        title=views.title(_post(one.post, titles)),
        unit=shapes.NamedOut(code=one.unit, name=one.unit_name) if one.unit else None,
        since=iso(one.since),
        until=views.moment(one.until),
        behalf_of=one.behalf_of,
    )


def _post(word: str, titles: Mapping[str, Title]) -> Title:
    """What a post is called; its word where no file brings it any more."""
    return titles.get(word, Title(word, word))
