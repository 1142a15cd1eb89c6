"""One act on the tickets that were ticked in a list, with a result for each."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.errors import NotAllowedNow
from engine.records import lists, phrases
from engine.records.lists import Wanted
from web import bulk, forms
from web.contexts import listed
from web.dependencies import House
from web.forms import Drawing, Typed
from web.pages.ticket import Word
from web.rendering import page, streamed
from web.sessions import At, Form, Sitting

router = APIRouter(include_in_schema=False)

Ticked = Annotated[list[str], Query(max_length=10 * bulk.MOST)]
#: Groups of tasks that were ticked as a whole: their case numbers with commas between.
Groups = Annotated[list[str], Query(max_length=10 * bulk.MOST)]
On = Annotated[str, Query(max_length=160, pattern=r"^[\w.-]*$")]


@router.get("/bulk")
def choose(
    request: Request,
    house: House,
    here: At,
    ticket: Ticked = [],  # noqa: B006 (never changed)
    group: Groups = [],  # noqa: B006
) -> Response:
    """The tickets that were ticked, and the acts that all of them allow."""
    return _page(request, house, here, _ticked(ticket, group), None, "", Typed())


@router.get("/bulk/{action}")
def ask(
    request: Request,
    house: House,
    here: At,
    action: Word,
    on: On = "",
    ticket: Ticked = [],  # noqa: B006
    group: Groups = [],  # noqa: B006
) -> Response:
    """The one form of an act on all of them that allow it; those that do not are named and left out."""
    return _page(request, house, here, _ticked(ticket, group), action, on, Typed())


@router.post("/bulk/{action}")
def do(request: Request, house: House, here: At, action: Word, form: Form) -> Response:
    """Do it ticket by ticket; each row of the answer is sent when its ticket is through the door."""
    tickets, on = form.fields.get("ticket", ()), form.first("on")
    if form.first("look"):
        typed = forms.with_phrase(Typed(values=form.fields), form.first("look"))
        return _page(request, house, here, list(tickets), action, on, typed)
    return streamed(
        request,
        "bulk_done.html",
        after="</tr>",
        here=here,
        action=action,
        on=on,
        title=form.first("title")[:200],
        total=len(tickets[: bulk.MOST]),
        results=bulk.act(house, here.viewer, action, form),
    )


def _ticked(tickets: list[str], groups: list[str]) -> list[str]:
    """Every case number once: what was ticked by itself, then what was ticked with its group."""
    return list(dict.fromkeys([*tickets, *(number for one in groups for number in one.split(",") if number)]))


def _page(
    request: Request, house: Application, here: Sitting, numbers: list[str], action: str | None, on: str, typed: Typed
) -> Response:
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        tickets = bulk.seen(house, transaction, me, numbers[: bulk.MOST])
        left_out = bulk.left_out(tickets, action, on)
        tickets = [one for one in tickets if one not in left_out]
        acts = bulk.shared(tickets)
        chosen = next((one for one in acts if (one.name, one.on) == (action, on)), None)
        wanted = Wanted(ids=[one.sight.ticket_id for one in tickets])
        found = lists.page(transaction, house.versions, me, wanted, now=now, limit=bulk.MOST)
        rows = [listed(row, house.versions.definition(transaction, row.workflow_id)) for row in found.rows]
        drawing = Drawing(
            transaction=transaction,
            viewer=me,
            now=now,
            typed=typed,
            phrases=tuple(one.words for one in phrases.phrases(transaction, me)),
        )
        widgets = drawing.widgets(chosen.form) if chosen else []
    error = None
    if action is not None and chosen is None:
        error = NotAllowedNow("所选案卷现在不能都这样办理", "not all of these tickets allow that now")
    return page(
        request,
        "bulk.html",
        status=error.status if error else 200,
        here=here,
        rows=rows,
        acts=acts,
        chosen_act=chosen,
        tickets=[one.ref for one in tickets],
        widgets=widgets,
        error=error,
        left_out=[one.sight.case_no for one in left_out],
        beyond=len(numbers) - bulk.MOST,
        most=bulk.MOST,
        back="/tasks" if me.departments else "/queue",
        key=next(iter(typed.of("key")), ""),
    )
