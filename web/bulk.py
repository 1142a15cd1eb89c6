"""One act on many tickets: what all of them allow, and each ticket's own call at the door."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import FieldType, FormItem, Title
from engine.errors import HuyingError, Malformed
from engine.records import sheet as sheets
from engine.records.access import Viewer
from engine.records.sheet import Sight
from engine.rules.case import Case
from engine.stages.calls import Call, Caller, Offer
from web.sessions import Posted

#: Tickets of one bulk act.
MOST = 50

_FILES = (FieldType.PHOTO, FieldType.FILE)
#: Between a case number and the task that is meant, where a list ticks tasks: `20260302-000001~4`.
_OF_TASK = "~"
#: Behind a field's name in the form: that it holds many values, that it is a place.
_MANY, _PLACE = "*", "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A ticket that was ticked, and what this person may do with it now."""

    #: What was ticked: a case number, or one with a task behind it.
    ref: str
    sight: Sight
    case: Case
    #: Name of the act and what it is on (the ticket, a kind of task, a kind of request) → the one offer of it.
    offers: Mapping[tuple[str, str], Offer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """An act that all of the ticked tickets allow, by one form."""

    name: str
    on: str
    title: Title
    form: tuple[FormItem, ...]
    #: What was ticked → what its own form would send: task, request and the version seen, with dots between.
    aims: Mapping[str, str]

    @property
    def shape(self) -> tuple[str, ...]:
        """The form's fields as they are read again, when the tickets may have moved on."""
        return tuple(
            item.name + (_PLACE if item.field.type is FieldType.PLACE else _MANY if item.many else "")
            for item in self.form
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of the act on one ticket."""

    case_no: str
    #: What was ticked.
    ref: str
    number: int
    #: The refusal, None when it is done.
    error: HuyingError | None = None
    #: Whether it had been done already under the same key.
    repeated: bool = False
    state: Title | None = None


def seen(house: Application, transaction: Transaction, viewer: Viewer, numbers: Sequence[str]) -> list[Seen]:
    """The tickets of these numbers that the reader may know of."""
    found = []
    for ref in dict.fromkeys(numbers):
        case_no, _, task = ref.partition(_OF_TASK)
        try:
            sight = sheets.sight(transaction, viewer, case_no)
        except HuyingError:
            continue
        case = house.door.case(transaction, sight.ticket_id)
        offers = house.door.offers(transaction, sight.ticket_id, Caller(person_id=viewer.person_id))
        if task:
            offers = [offer for offer in offers if str(offer.task) == task]
        found.append(Seen(ref=ref, sight=sight, case=case, offers=_single(case, offers)))
    return found[:MOST]


def shared(tickets: Sequence[Seen]) -> list[Shared]:
    """What all of them allow by the same form, in the order of the first ticket's acts."""
    if not tickets:
        return []
    return [
        Shared(
            name=name,
            on=on,
            title=first.title,
            form=_without_files(first.form),
            aims={one.ref: _aim(one.offers[name, on]) for one in tickets},
        )
        for (name, on), first in tickets[0].offers.items()
        if all((name, on) in one.offers and one.offers[name, on].form == first.form for one in tickets)
    ]


def left_out(tickets: Sequence[Seen], action: str | None, on: str) -> list[Seen]:
    """Those that do not allow an act which others of them allow; none where nobody allows it."""
    without = [one for one in tickets if (action, on) not in one.offers]
    return without if len(without) < len(tickets) and action is not None else []


def act(house: Application, viewer: Viewer, action: str, form: Posted) -> Iterator[Result]:
    """Do it ticket by ticket, each by itself: the next result comes when the next ticket is through the door."""
    key, filled = form.first("key")[:40], read(form)
    for number, ref in enumerate(form.fields.get("ticket", ())[:MOST], 1):
        try:
            yield _done(house, _call(house, viewer, action, ref, form, filled, key), ref, number)
        except HuyingError as error:
            yield Result(case_no=ref.partition(_OF_TASK)[0][:40], ref=ref[:60], number=number, error=error)


def read(form: Posted) -> dict[str, Any]:
    """What was filled in, as the door takes it, by the fields that the form says it has; the door checks all of it."""
    filled: dict[str, Any] = {}
    for shape in form.fields.get("field", ()):
        name = shape.rstrip(_MANY + _PLACE)
        values: list[Any] = [value for value in form.fields.get(name, ()) if value.strip()]
        if shape.endswith(_PLACE):
            values = [{"area": value} for value in values]
        if values:
            filled[name] = values if shape.endswith(_MANY) or len(values) > 1 else values[0]
    return filled


def _call(
    house: Application,
    viewer: Viewer,
    action: str,
    ref: str,
    form: Posted,
    filled: Mapping[str, Any],
    key: str,
) -> Call:
    task, request, expected = _aimed(form.first(f"aim.{ref}"))
    with house.database.looking() as transaction:
        sight = sheets.sight(transaction, viewer, ref.partition(_OF_TASK)[0])
    return Call(
        caller=Caller(person_id=viewer.person_id),
        ticket_id=sight.ticket_id,
        action=action,
        task=task if request is None else None,
        request=request,
        form=filled,
        expected=expected,
        key=f"{key}:{ref}" if key else None,
    )


def _done(house: Application, call: Call, ref: str, number: int) -> Result:
    outcome = house.door.act(call)
    with house.database.looking() as transaction:
        definition = house.door.case(transaction, outcome.ticket_id).definition
    state = definition.states[outcome.state].title
    return Result(case_no=outcome.case_no, ref=ref, number=number, repeated=outcome.repeated, state=state)


def _single(case: Case, offers: Sequence[Offer]) -> dict[tuple[str, str], Offer]:
    """Acts of which there is exactly one, that one form can do: without photos and without questions per task."""
    found: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        if offer.possible:
            found.setdefault((offer.name, _on(case, offer)), []).append(offer)
    return {key: listed[0] for key, listed in found.items() if len(listed) == 1 and _fits(listed[0])}


def _fits(offer: Offer) -> bool:
    needs_files = any(item.required and item.field.type in _FILES for item in offer.form)
    return not (offer.each or offer.meeting or needs_files)


def _on(case: Case, offer: Offer) -> str:
    if offer.request is not None:
        return f"request.{case.asks[offer.request].name}"
    return f"task.{case.tasks[offer.task].kind}" if offer.task is not None else ""


def _without_files(form: Sequence[FormItem]) -> tuple[FormItem, ...]:
    return tuple(item for item in form if item.field.type not in _FILES)


def _aim(offer: Offer) -> str:
    return ".".join("" if one is None else str(one) for one in (offer.task, offer.request, offer.expected))


def _aimed(text: str) -> tuple[int | None, int | None, int | None]:
    """Errors: `Malformed` for what no form of ours says."""
    parts = text.split(".")
    if len(parts) != 3 or not all(
        not part or (part.isascii() and part.isdecimal() and len(part) < 10) for part in parts
    ):
        raise Malformed("这一行没有随表单发来，请重新勾选", "this row did not come with the form; tick it again")
    task, request, expected = (int(part) if part else None for part in parts)
    return task, request, expected
