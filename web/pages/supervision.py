"""The supervisor's desk: what waits for a ruling, what is overdue and can be supervised in writing at once.

Beside it letters that wait for their answer, cards of the month, samples; each act is one or two clicks away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from engine.application import Application
from engine.background.samples import standings
from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.definitions.model import Action, FieldType, TaskKind, Title, Workflow
from engine.definitions.walk import every_action
from engine.definitions.words import shipped
from engine.errors import HuyingError, NotFound
from engine.records import queues, registers, samples, supervision
from engine.records.access import Viewer
from engine.records.supervision import Given, Overdue, Unanswered
from engine.records.turns import On
from engine.rules.case import CardEnd
from web import clocks
from web.dependencies import House
from web.forms import FILL
from web.masking import watched
from web.pages.desk import rows_of
from web.pages.report import starts_for
from web.pages.samples import title_of
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

#: Rulings shown here; the queue has all of them.
_SECTION = 12
#: Tickets that one notice may be drafted about.
_MOST = 50

_ENDS = {
    CardEnd.RAISED.value: Title("已升牌", "raised"),
    CardEnd.LIFTED.value: Title("已撤", "lifted"),
    CardEnd.CLEARED.value: Title("随结案消", "cleared by closure"),
    CardEnd.VOID.value: Title("随作废消", "void"),
}

Ticked = Annotated[list[str], Query(max_length=_MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRow:
    """An overdue task in words."""

    one: Overdue
    workflow: Title
    state: Title
    deadline: Title
    late: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Overdue tasks of one kind, and what can be done to the ticked ones at once."""

    key: str
    title: Title
    #: Name and title of each act.
    acts: tuple[tuple[str, Title], ...]
    rows: tuple[OverdueRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A letter that waits, in words."""

    one: Unanswered
    title: Title
    #: How much is left or by how much it is late; None without a limit.
    left: Title | None
    late: bool


@router.get("/supervision")
def desk(request: Request, house: House, here: At) -> Response:
    """Everything a supervisor acts on, by reach. Errors: `NotPermitted` for whoever watches over nothing."""
    units, now, me = watched(here.viewer), house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        queue = queues.queue(transaction, house.versions, me, now, only=On.REQUEST)
        rulings = rows_of(house, transaction, me, list(queue.waiting[:_SECTION]), now)
        piles = list(_piles(house, transaction, me, supervision.overdue(transaction, units, now), now))
        letters = [_letter(house, transaction, one, now) for one in supervision.unanswered(transaction, units)]
        cards = supervision.given(transaction, units, _month(now))
        notice = next(_notices(house, transaction, me), None)
        drawn = [(one, title_of(one)) for one in samples.draws(transaction, most=4)]
    waits, wrong = _samples(house, now)
    return page(
        request, "supervision.html", here=here, rulings=rulings, more=len(queue.waiting) > len(rulings), piles=piles,
        letters=letters, cards=cards, ends=_ENDS, colours=shipped().cards, notice=notice, drawn=drawn, waits=waits,
        wrong=wrong, most=supervision.MOST, counts=_counts(cards),
    )  # fmt: skip


@router.get("/supervision/notice")
def notice(house: House, here: At, ticket: Ticked = []) -> Response:  # noqa: B006 (never changed)
    """To the form of a notice with the ticked tickets in it. Errors: `NotFound` where the reader may draft none."""
    with house.database.looking() as transaction:
        found = next(_notices(house, transaction, here.viewer), None)
    if found is None:
        raise NotFound("没有可拟的提醒函流程", "no loop has a notice that you may draft")
    workflow, start, field = found
    numbers = dict.fromkeys(one.partition("~")[0] for one in ticket)
    named = [number for number in numbers if len(number) < 40 and number.replace("-", "").isalnum()]
    query = "&".join(f"{FILL}{field}={number}" for number in named)
    return RedirectResponse(f"/report/{workflow.key}/{start.name}" + (f"?{query}" if query else ""), status_code=303)


def _notices(house: Application, transaction: Transaction, viewer: Viewer) -> Iterator[tuple[Workflow, Action, str]]:
    """Starts by which the reader drafts a letter about several tickets, and the field that names them."""
    for key in registers.active_keys(transaction):
        loop = house.versions.active(transaction, key)
        if not any(action.letter and action.mentions for action in every_action(loop)):
            continue
        for start in starts_for(loop, viewer):
            for item in start.form:
                if item.field.type is FieldType.TICKET and item.many:
                    yield loop, start, item.name


def _piles(
    house: Application, transaction: Transaction, viewer: Viewer, found: Sequence[Overdue], now: Instant
) -> Iterator[Pile]:
    """Overdue tasks by loop and kind, in the order of the longest overdue."""
    for workflow_id, kind in dict.fromkeys((one.workflow_id, one.kind) for one in found):
        loop = house.versions.definition(transaction, workflow_id)
        rows = tuple(
            OverdueRow(
                one=one,
                workflow=loop.title,
                state=loop.tasks[kind].states[one.state].title,
                deadline=loop.deadlines[one.deadline].title if one.deadline in loop.deadlines else Title("", ""),
                late=_late(now - one.due_at),
            )
            for one in found
            if (one.workflow_id, one.kind) == (workflow_id, kind)
        )
        title = Title(
            f"{loop.title.zh} · {loop.tasks[kind].title.zh}", f"{loop.title.en} · {loop.tasks[kind].title.en}"
        )
        acts = tuple(_acts(loop, loop.tasks[kind], viewer))
        yield Pile(key=f"{workflow_id}-{kind}", title=title, acts=acts, rows=rows)


def _late(span: int) -> Title:
    zh, en = clocks.duration(span)
    return Title(f"超 {zh}", f"over by {en}")


def _acts(loop: Workflow, kind: TaskKind, viewer: Viewer) -> Iterator[tuple[str, Title]]:
    """Letters and cards that the reader's posts may give to tasks of a kind, each once."""
    held = {post.post for post in viewer.posts}
    asks = [request.ask for request in kind.requests.values() if request.ask.letter]
    cards = [action for state in kind.states.values() for action in state.actions.values() if action.card]
    seen = set()
    for action in (*asks, *cards):
        if action.name not in seen and any(loop.roles[name].posts & held for name in action.by_people()):
            seen.add(action.name)
            yield action.name, action.title


def _letter(house: Application, transaction: Transaction, one: Unanswered, now: Instant) -> LetterRow:
    loop = house.versions.definition(transaction, one.workflow_id)
    kinds = [*loop.tasks.values()] if one.kind else []
    names = {request.ask.name: request.title for kind in kinds for request in kind.requests.values()}
    names |= {request.ask.name: request.title for request in loop.requests.values()}
    title = names.get(one.action) or next(
        (action.title for action in every_action(loop) if action.name == one.action), loop.title
    )
    if one.due_at is None:
        return LetterRow(one=one, title=title, left=None, late=False)
    late = one.due_at < now
    zh, en = clocks.duration(abs(one.due_at - now))
    left = Title(f"超期 {zh}", f"{en} overdue") if late else Title(f"剩 {zh}", f"{en} left")
    return LetterRow(one=one, title=title, left=left, late=late)


def _samples(house: Application, now: Instant) -> tuple[list[tuple[Title, str, Title]], str]:
    """Samples that are not drawn yet, with why; and what is wrong with their files."""
    try:
        found = standings(house.database, house.settings.samples, now)
    except HuyingError as error:
        return [], str(error)
    due = Title("即将抽取", "to be drawn within a minute")
    return [(one.sample.title, one.period, one.waits or due) for one in found if not one.drawn], ""


def _month(now: Instant) -> Instant:
    """The beginning of the civil month."""
    today = moment(now, CIVIL_ZONE)
    return instant(datetime(today.year, today.month, 1, tzinfo=CIVIL_ZONE))


def _counts(cards: Sequence[Given]) -> dict[str, int]:
    """Cards of the month by colour."""
    return {word: sum(one.card == word for one in cards) for word in shipped().cards}
