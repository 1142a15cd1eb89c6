"""The administrators' pages: what there is, what lacks something, and who administered what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.database import Transaction
from engine.definitions.model import Title
from engine.exchange.accounts import is_administrator
from engine.exchange.tables import TABLES
from engine.records import administration, directory, registers, tenure
from engine.records.calendars import newest
from engine.records.directory import Reach, Wanted
from engine.records.forgetting import TITLES as TRACES
from engine.records.post_words import posts_there
from engine.rules import calendar_year
from engine.vocabulary import UNIT_KINDS
from web.administering import Administrator, Duties
from web.dependencies import House
from web.masking import watches
from web.rendering import page

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=100)]
Code = Annotated[str, Query(max_length=64)]
Tick = Annotated[str, Query(max_length=10)]

_PAGE: Final = directory.MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that lacks somebody: what, where it is listed, and how it is counted."""

    title: Title
    url: str
    count: Callable[[Transaction, Reach, Wanted], int]
    wanted: Wanted


#: Where else an administrator looks: address, and what is there.
OTHERS: tuple[tuple[str, str, str], ...] = (
    ("/registers", "名册", "Registers"),
    ("/rhythms", "督查节奏", "Rhythms"),
    ("/posts", "我的岗位与代理", "My posts and deputies"),
    ("/unmaskings", "查阅记录", "Access log"),
)
LACKING: dict[str, tuple[str, str]] = {"leader": ("grid", "grid_leader"), "worker": ("micro_grid", "grid_worker")}
GAPS: tuple[Gap, ...] = (
    Gap(
        title=Title("综合网格没有网格长", "Grids without a leader"), url="/admin/areas?lacking=leader",
        count=directory.count_areas, wanted=Wanted(lacking=LACKING["leader"]),
    ),
    Gap(
        title=Title("微网格没有网格员", "Micro-grids without a worker"), url="/admin/areas?lacking=worker",
        count=directory.count_areas, wanted=Wanted(lacking=LACKING["worker"]),
    ),
    Gap(
        title=Title("单位没有任何在岗人员", "Units without anybody"), url="/admin/departments?idle=1",
        count=directory.count_units, wanted=Wanted(idle=True),
    ),
    Gap(
        title=Title("人员没有任何岗位", "People without a post"), url="/admin/people?idle=1",
        count=directory.count_people, wanted=Wanted(idle=True),
    ),
)  # fmt: skip


def in_words(titles: Mapping[str, Title], told: str) -> str:
    """What an import says of a row, `login post place`, with the post's title."""
    login, *rest = told.split(" ")
    return " ".join([login, *(titles[part].zh if part in titles else part for part in rest)])


def shown_page(request: Request, template: str, me: Duties, **context: Any) -> Response:
    """One of the administrators' pages."""
    return page(request, template, here=me.here, me=me, tables=TABLES, **context)


@router.get("/admin")
def home(request: Request, house: House, me: Administrator) -> Response:
    """What there is, what lacks something, what was done last."""
    with house.database.looking() as transaction:
        counts = {
            "areas": directory.count_areas(transaction, me.reach, Wanted()),
            "departments": directory.count_units(transaction, me.reach, Wanted()),
            "people": directory.count_people(transaction, me.reach, Wanted()),
            **directory.count_rules(transaction),
            "calendars": len(newest(transaction)),
            "workflows": len(registers.active_keys(transaction)),
        }
        gaps = [(one, one.count(transaction, me.reach, one.wanted)) for one in GAPS]
        acts = administration.acts(transaction, limit=8) if me.whole else []
    awaited = bool(calendar_year.awaited(house.versions.almanac(), me.reach.now))
    others = [one for one in OTHERS if one[0] != "/unmaskings" or watches(me.here.viewer)]
    return shown_page(
        request, "admin.html", me, counts=counts, gaps=[gap for gap in gaps if gap[1]], acts=acts, others=others,
        awaited_year=awaited,
    )  # fmt: skip


@router.get("/admin/areas")
def areas(
    request: Request, house: House, me: Administrator, under: Code = "", q: Text = "", lacking: Tick = "",
    after: Code = "",
) -> Response:  # fmt: skip
    """The tree of areas, one step at a time; or those that are searched for."""
    flat = bool(q or lacking)
    with house.database.looking() as transaction:
        tops = [] if flat else directory.tops(transaction, me.reach)
        top = under or (tops[0] if len(tops) == 1 else "")
        way = directory.way(transaction, me.reach, top) if top and not flat else []
        wanted = Wanted(text=q, lacking=LACKING.get(lacking), after=after, area="" if flat else top)
        if not flat and not top:
            wanted = replace(wanted, codes=tuple(tops))
        found = directory.areas(transaction, me.reach, wanted, _PAGE + 1)
    return shown_page(
        request, "admin_areas.html", me, found=found[:_PAGE], way=way, q=q, lacking=lacking, under=under, flat=flat,
        more=found[_PAGE - 1].code if len(found) > _PAGE else "",
    )  # fmt: skip


@router.get("/admin/departments")
def departments(
    request: Request, house: House, me: Administrator, under: Code = "", q: Text = "", idle: Tick = "",
    after: Code = "",
) -> Response:  # fmt: skip
    """Units by code; those below one of them, or those that are searched for."""
    wanted = Wanted(text=q, department=under, idle=bool(idle), after=after)
    with house.database.looking() as transaction:
        found = directory.units(transaction, me.reach, wanted, _PAGE + 1)
    return shown_page(
        request, "admin_departments.html", me, found=found[:_PAGE], q=q, idle=idle, under=under,
        kinds=UNIT_KINDS, more=found[_PAGE - 1].code if len(found) > _PAGE else "",
    )  # fmt: skip


@router.get("/admin/people")
def people(
    request: Request, house: House, me: Administrator, q: Text = "", post: Code = "", area: Code = "",
    department: Code = "", idle: Tick = "", after: Code = "",
) -> Response:  # fmt: skip
    """People by login, with the posts that they hold."""
    asked = {"q": q, "post": post, "area": area, "department": department, "idle": idle}
    wanted = Wanted(text=q, post=post, area=area, department=department, idle=bool(idle), after=after)
    with house.database.looking() as transaction:
        found = directory.people(transaction, me.reach, wanted, _PAGE + 1)
        titles = posts_there(transaction)
    return shown_page(
        request, "admin_people.html", me, found=found[:_PAGE], asked=asked, titles=titles,
        more=found[_PAGE - 1].login if len(found) > _PAGE else "",
    )  # fmt: skip


@router.get("/admin/people/{login}")
def person(request: Request, house: House, me: Administrator, login: str) -> Response:
    """Somebody with every post that they held, hold and will."""
    return person_page(request, house, me, login)


def person_page(request: Request, house: House, me: Duties, login: str, *, password: str = "") -> Response:
    """Somebody's page; `password` is shown once, on the answer that made it."""
    with house.database.looking() as transaction:
        one = directory.person(transaction, me.reach, login)
        held = tenure.posts_of(transaction, login)
        acts = administration.acts(transaction, subject=login) if me.whole else []
        titles = posts_there(transaction)
        keeps = me.system and not is_administrator(transaction, login, me.reach.now)
    now = me.reach.now
    return shown_page(
        request, "admin_person.html", me, one=one, titles=titles, acts=acts, keeps=keeps, password=password,
        present=[post for post in held if post.until is None or post.until > now],
        past=[post for post in reversed(held) if post.until is not None and post.until <= now],
    )  # fmt: skip


@router.get("/admin/acts")
def acts(
    request: Request, house: House, me: Administrator, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """Everything that administrators did, the newest first."""
    me.expect_whole()
    with house.database.looking() as transaction:
        found = administration.acts(transaction, before=before)
    more = found[-1].id if len(found) == administration.MOST else None
    return shown_page(request, "admin_acts.html", me, found=found, more=more)


@router.get("/admin/acts/{number}")
def act(request: Request, house: House, me: Administrator, number: int) -> Response:
    """What came of one of them."""
    me.expect_whole()
    with house.database.looking() as transaction:
        done = administration.act(transaction, number)
        titles = posts_there(transaction) if done.subject == "people" else {}
    return shown_page(request, "admin_act.html", me, done=done, told=partial(in_words, titles), traces=TRACES)
