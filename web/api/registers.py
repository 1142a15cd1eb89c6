"""What forms choose from, who one is, and the feed that other systems follow."""

from typing import Annotated

from fastapi import APIRouter, Query

from engine.clock import SECOND, Instant, iso
from engine.definitions.model import Title
from engine.errors import NotSignedIn
from engine.records import heartbeats, registers
from engine.records.messages import backlog
from engine.records.names import names
from engine.records.post_words import posts_there
from web.api import catalogue_shapes, people_shapes, shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter()

Text = Annotated[
    str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="包含的文字 / Text in it")
]
Code = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Limit = Annotated[int, Query(ge=1, le=registers.MOST)]

_LISTED = documented(NotSignedIn)


@router.get("/me", tags=["我 / Me"], operation_id="read_me", summary="我是谁 / Who I am", responses=_LISTED)
def me(house: House, me: Me) -> people_shapes.MeOut:
    """The person behind the token, with the posts held at this moment."""
    with house.database.looking() as transaction:
        called = names(
            transaction,
            areas=[held.area_id for held in me.posts],
            departments=[held.department_id for held in me.posts],
        )
        titles = posts_there(transaction)
    posts = [
        people_shapes.PostOut(
            post=held.post,
            title=views.title(titles.get(held.post, Title(held.post, held.post))),
            area=views.named(called.areas, held.area_id),
            department=views.named(called.departments, held.department_id),
        )
        for held in me.posts
    ]
    return people_shapes.MeOut(login=me.login, name=me.name, posts=posts)


_REGISTERS: list[str] = ["名录 / Registers"]


@router.get(
    "/catalogue/items", tags=[*_REGISTERS], operation_id="find_items", summary="立案事项 / Items", responses=_LISTED
)
def items(house: House, me: Me, q: Text = None, limit: Limit = 50) -> catalogue_shapes.ItemsOut:
    """Catalogue items with their standards; a form takes the code of either."""
    with house.database.looking() as transaction:
        found = registers.items(transaction, text=q, limit=limit)
    return catalogue_shapes.ItemsOut(
        items=[
            catalogue_shapes.ItemOut(
                code=item.code,
                name=item.name,
                kind=item.kind,
                class_name=item.class_name,
                standards=[
                    catalogue_shapes.StandardOut(
                        code=one.code,
                        filing_condition=one.filing_condition,
                        closing_condition=one.closing_condition,
                        limit=one.limit,
                    )
                    for one in item.standards
                ],
            )
            for item in found
        ]
    )


@router.get("/areas", tags=[*_REGISTERS], operation_id="list_areas", summary="区域 / Areas", responses=_LISTED)
def areas(
    house: House,
    me: Me,
    parent: Code = None,
    level: Code = None,
    q: Text = None,
    after: Code = None,
    limit: Limit = registers.MOST,
) -> catalogue_shapes.AreasOut:
    """Areas that are there, by code; a whole tree is read level by level."""
    with house.database.looking() as transaction:
        found = registers.areas(transaction, parent=parent, level=level, text=q, after=after, limit=limit)
    return catalogue_shapes.AreasOut(
        items=[
            catalogue_shapes.AreaOut(code=row.code, name=row.name, level=row.level, parent=row.parent) for row in found
        ],
        next=found[-1].code if len(found) == limit else None,
    )


@router.get(
    "/departments", tags=[*_REGISTERS], operation_id="list_departments", summary="部门 / Departments", responses=_LISTED
)
def departments(
    house: House, me: Me, kind: Code = None, q: Text = None, after: Code = None, limit: Limit = registers.MOST
) -> catalogue_shapes.DepartmentsOut:
    """Units that are there, by code."""
    with house.database.looking() as transaction:
        found = registers.departments(transaction, kind=kind, text=q, after=after, limit=limit)
    return catalogue_shapes.DepartmentsOut(
        items=[
            catalogue_shapes.DepartmentOut(
                code=row.code, name=row.name, kind=row.kind, parent=row.parent, area=row.area
            )
            for row in found
        ],
        next=found[-1].code if len(found) == limit else None,
    )


@router.get("/feed", tags=["动态 / Feed"], operation_id="read_feed", summary="动态 / Feed", responses=_LISTED)
def feed(
    house: House,
    me: Me,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="已读到的位置 / The last position read")] = 0,
    limit: Limit = 100,
) -> shapes.FeedOut:
    """Every act once, in the order of gap-free positions; those of tickets you may not see are passed over.

    Go on from `through`: positions are given in the order of commits, so nothing ever appears behind you.
    """
    with house.database.looking() as transaction:
        found, through = registers.feed(transaction, me, after, limit)
    return shapes.FeedOut(
        items=[
            shapes.FeedItemOut(
                position=row.position, case_no=row.case_no, seq=row.seq, last_seq=row.last_seq, at=iso(row.at)
            )
            for row in found
        ],
        through=through,
    )


@router.get(
    "/health",
    tags=["运行 / Operation"],
    operation_id="read_health",
    summary="运行状况 / Health",
    responses=documented(),
)
def health(house: House) -> shapes.HealthOut:
    """Whether the database answers, and how relay, sweep and delivery are doing; needs no token."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        count, oldest = registers.waiting(transaction)
        swept = heartbeats.health(transaction, now)
        left = backlog(transaction, now)
    return shapes.HealthOut(
        database="ok",
        relay_waiting=count,
        relay_lag_seconds=_seconds(now, oldest) or 0,
        sweep_age_seconds=_seconds(now, swept.swept_at),
        sweep_lag_seconds=_seconds(now, swept.oldest_unswept) or 0,
        sweep_left_out=swept.left_out,
        messages_waiting=left.waiting,
        messages_lag_seconds=left.lag,
        messages_dead=left.dead,
        notices_waiting=left.notices,
        notices_nobody=left.nobody,
    )


def _seconds(now: Instant, since: int | None) -> int | None:
    return None if since is None else max(0, now - since) // SECOND
