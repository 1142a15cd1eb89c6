"""What templates are given: plain values with their words looked up, so that a template only lays out."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.database import Transaction
from engine.definitions.model import Title, Workflow
from engine.definitions.words import shipped
from engine.records import registers
from engine.records.lists import Row
from engine.records.sheet import Clock, History, Sheet
from engine.rules.case import Ask, Card, Case, Task
from engine.stages.calls import Offer
from engine.vocabulary import Stage, StateType
from web.telling import Meanings, Piece, Told, about, changing_hands, forms_of, told

#: How a state's type is coloured.
COLOURS = {
    StateType.WAITING: "blue", StateType.WORKING: "azure", StateType.SUSPENDED: "yellow", StateType.JOINED: "purple",
    StateType.CLOSED: "green", StateType.VOID: "secondary",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that can be done, or not and why, as a button."""

    offer: Offer
    #: Where its form is, and where it goes.
    url: str
    about: str = ""

    @property
    def plain(self) -> bool:
        """Needs no form: the button does it."""
        return not self.offer.form and not self.offer.each


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """A task with its deadlines and what can be done about it."""

    task: Task
    kind: Title
    state: Title
    colour: str
    who: str
    person: str
    present: bool
    clocks: tuple[Clock, ...]
    deeds: tuple[Deed, ...]
    marks: tuple[Title, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCard:
    """A request that waits, with what was asked and the answers that can be given."""

    ask: Ask
    title: Title
    who: str
    about: str
    pieces: tuple[Piece, ...]
    clocks: tuple[Clock, ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """A ticket's page."""

    sheet: Sheet
    definition: Workflow
    state: Title
    colour: str
    stage: Stage | None
    item: str
    #: Cards of the ticket itself, and the level of areas it has risen to.
    cards: tuple[Card, ...]
    level: Title | None
    clocks: tuple[Clock, ...]
    deeds: tuple[Deed, ...]
    tasks: tuple[TaskCard, ...]
    requests: tuple[RequestCard, ...]
    impossible: tuple[Deed, ...]
    history: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One ticket of a list."""

    row: Row
    workflow: Title
    state: Title
    colour: str
    due: Title | None
    #: The reader's own tasks: what they are and where they stand.
    own: tuple[tuple[Title, Title], ...]


def listed(row: Row, definition: Workflow) -> Listed:
    """A ticket of a list with its titles."""
    return Listed(
        row=row,
        workflow=definition.title,
        state=definition.states[row.state].title,
        colour=COLOURS[StateType(row.state_type)],
        due=definition.deadlines[row.due.name].title if row.due else None,
        own=tuple(
            (definition.tasks[own.kind].title, definition.tasks[own.kind].states[own.state].title) for own in row.own
        ),
    )


def ticket_page(transaction: Transaction, sheet: Sheet, history: History, offers: Sequence[Offer]) -> TicketPage:
    """Everything that a ticket's page lays out."""
    case, definition = sheet.case, sheet.definition
    state = definition.states[case.ticket.state]
    forms = [*forms_of(history.lines), *(ask.form for ask in case.open_asks())]
    meanings = Meanings.of(transaction, definition, forms, sheet.sight.case_no, changing_hands(history.lines))
    deeds = [deed(sheet, offer) for offer in offers]
    possible = [one for one in deeds if one.offer.possible]
    return TicketPage(
        sheet=sheet,
        definition=definition,
        state=state.title,
        colour=COLOURS[state.type],
        stage=state.stage,
        item=registers.item_names(transaction, [case.ticket.item] if case.ticket.item else []).get(
            case.ticket.item or "", case.ticket.item or ""
        ),
        cards=_cards(case, None),
        level={**shipped().levels, **definition.levels}.get(case.ticket.level),
        clocks=tuple(
            clock for clock in sheet.clocks if clock.timer.task_seq is None and clock.timer.request_seq is None
        ),
        deeds=tuple(one for one in possible if one.offer.task is None and one.offer.request is None),
        tasks=tuple(_task_card(sheet, task, possible) for task in reversed(case.tasks.values())),
        requests=tuple(_request_card(sheet, ask, possible, meanings) for ask in case.open_asks()),
        # What officials may not do is no business of whoever reported.
        impossible=tuple(one for one in deeds if not one.offer.possible and sheet.sight.official),
        history=tuple(told(line, history, sheet, meanings) for line in reversed(history.lines)),
    )


def deed(sheet: Sheet, offer: Offer) -> Deed:
    """An offer as a button on this ticket's page."""
    query = "&".join(f"{key}={value}" for key, value in (("task", offer.task), ("request", offer.request)) if value)
    return Deed(
        offer=offer,
        url=f"/tickets/{sheet.sight.case_no}/do/{offer.name}" + (f"?{query}" if query else ""),
        about=about(sheet, offer.task),
    )


def _task_card(sheet: Sheet, task: Task, possible: Sequence[Deed]) -> TaskCard:
    kind = sheet.definition.tasks[task.kind]
    person = sheet.names.people.get(task.person_id or 0)
    return TaskCard(
        task=task,
        kind=kind.title,
        state=kind.states[task.state].title,
        colour=COLOURS[task.type],
        who=about(sheet, task.seq),
        person=person.name if person and task.department_id else "",
        present=sheet.in_present_round(task),
        clocks=tuple(one for one in sheet.clocks if one.timer.task_seq == task.seq and one.timer.request_seq is None),
        deeds=tuple(one for one in possible if one.offer.task == task.seq and one.offer.request is None),
        marks=tuple(kind.marks[mark] for mark in sorted(task.memory.marks) if mark in kind.marks),
        cards=_cards(sheet.case, task.seq),
    )


def _cards(case: Case, task_seq: int | None) -> tuple[Card, ...]:
    return tuple(card for card in case.cards.values() if card.task_seq == task_seq)


def _request_card(sheet: Sheet, ask: Ask, possible: Sequence[Deed], meanings: Meanings) -> RequestCard:
    owner = sheet.case.tasks.get(ask.task_seq) if ask.task_seq is not None else None
    found = sheet.names.departments.get(ask.department_id or 0) or sheet.names.people.get(ask.person_id or 0)
    return RequestCard(
        ask=ask,
        title=sheet.case.scope(owner).requests[ask.name].title,
        who=found.name if found else "",
        about=about(sheet, ask.task_seq),
        pieces=tuple(meanings.pieces(ask.form)),
        clocks=tuple(one for one in sheet.clocks if one.timer.request_seq == ask.seq),
        deeds=tuple(one for one in possible if one.offer.request == ask.seq),
    )
