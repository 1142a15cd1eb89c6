"""Tickets, and everything that is keyed (ticket, seq) and belongs to one: tasks, requests, deadlines."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import (
    ONE_TREE,
    big_id,
    big_number,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_number,
    maybe_word,
    number,
    one_of,
    only_where,
    only_while,
    text,
    title,
    where,
    word,
    yes_no,
)
from engine.rules.case import CardEnd, RequestState, Run
from engine.vocabulary import Stage, StateType

_TYPES = [kind.value for kind in StateType]


class Ticket(SQLModel, table=True):
    """One ticket. Its id is never shown: people see the case number."""

    __tablename__ = "ticket"
    __table_args__ = (
        one_of("state_type", _TYPES),
        one_of("stage", [*(stage.value for stage in Stage), ""]),
        Index("ix_ticket_main", "main_id", **only_where("main_id")),
        Index("ix_ticket_parent", "parent_id", **only_where("parent_id")),
        # The newest tickets of an item.
        Index("ix_ticket_item", "item", "opened_at", **only_where("item")),
        # What is open in an area, or of an item anywhere: the item is looked for in the index itself.
        Index("ix_ticket_open", "area_id", "item", **only_while("settled_at")),
        # What is open, longest in its state first.
        Index("ix_ticket_entered", "entered_at", "id", **only_while("settled_at")),
        # What waits in which state: few of all that ever were.
        Index("ix_ticket_state", "workflow_id", "state"),
    )

    id: int | None = big_id()
    workflow_id: int = link("workflow_version.id")
    case_no: str = word()
    state: str = word()
    state_type: str = word()
    stage: str = word()
    version: int = number()
    state_version: int = number()
    last_seq: int = number()
    #: Hash of the newest event, hex.
    head: str = word()
    head_at: int = instant()
    #: Seq of the event that entered the present state.
    visit: int = number()
    area_id: int = link("area.id")
    creator_department_id: int | None = maybe_link()
    reporter_id: int | None = maybe_link()
    channel: str = word()
    item: str | None = maybe_word()
    urgency: str | None = maybe_word()
    #: The ticket that carries this one; checked by the door, because a foreign key reaches one shard only.
    main_id: int | None = maybe_link()
    parent_id: int | None = maybe_link()
    opened_at: int = instant()
    entered_at: int = instant()
    settled_at: int | None = maybe_instant()
    #: The highest level of areas the matter has risen to; "" while it has not.
    level: str = word()
    #: Only those whom its workflow names may know that it exists; what is counted for everybody leaves it out.
    confidential: bool = yes_no()
    #: JSON of `rules.case.Memory`.
    memory: str = text()


class CaseNumber(SQLModel, table=True):
    """The case number people see; a table of its own, keyed by what must be unique."""

    __tablename__ = "case_number"

    number: str = word(key=True)
    ticket_id: int = link()


class Serial(SQLModel, table=True):
    """Counters of a database without sequences."""

    __tablename__ = "serial"

    name: str = word(key=True)
    last: int = big_number()


class Particulars(SQLModel, table=True):
    """What lists and pages show of a citizen's words; erased together with the history's personal part."""

    __tablename__ = "particulars"
    # What else somebody called about.
    __table_args__ = (Index("ix_particulars_dialled", "dialled", **where("dialled <> ''")),)

    ticket_id: int = key_part()
    description: str = text()
    address: str = text()
    contact_name: str = title()
    contact_phone: str = title()
    #: The phone as callers are compared by it.
    dialled: str = word()


class Task(SQLModel, table=True):
    """One department's or person's part of the work."""

    __tablename__ = "task"
    __table_args__ = (
        one_of("state_type", _TYPES),
        Index("ix_task_department", "department_id", "state_type", "ticket_id"),
        Index("ix_task_person", "person_id", "ticket_id", **only_where("person_id")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    kind: str = word()
    state: str = word()
    state_type: str = word()
    round: int = number()
    lead: bool = yes_no()
    version: int = number()
    department_id: int | None = maybe_link()
    person_id: int | None = maybe_link()
    previous: int | None = maybe_number()
    opened_at: int = instant()
    entered_at: int = instant()
    settled_at: int | None = maybe_instant()
    memory: str = text()


class Request(SQLModel, table=True):
    """Something asked, and its answer."""

    __tablename__ = "request"
    __table_args__ = (
        one_of("state", [state.value for state in RequestState]),
        Index("ix_request_open", "name", "ticket_id", **where("state = 'open'")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    name: str = word()
    task_seq: int | None = maybe_number()
    state: str = word()
    person_id: int | None = maybe_link()
    department_id: int | None = maybe_link()
    answer: str | None = maybe_word()
    asked_at: int = instant()
    settled_at: int | None = maybe_instant()
    form: str = text()


class Deadline(SQLModel, table=True):
    """A limit that runs, paused, was met or was stopped. The light is computed, never stored."""

    __tablename__ = "deadline"
    __table_args__ = (
        one_of("run", [run.value for run in Run]),
        # The sweep's candidates: as quick among ten million rows as among ten thousand.
        Index("ix_deadline_next", "next_at", **only_where("next_at")),
        # What has passed, the oldest first.
        Index("ix_deadline_running", "due_at", "ticket_id", "seq", **where("ended_at IS NULL AND run = 'running'")),
        # What waits for the decree of a year, and what an older version of a calendar counted.
        Index("ix_deadline_calendar", "calendar", "ticket_id", **where("ended_at IS NULL")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    name: str = word()
    task_seq: int | None = maybe_number()
    request_seq: int | None = maybe_number()
    run: str = word()
    limit: str = title()
    started_at: int = instant()
    due_at: int = instant()
    next_at: int | None = maybe_instant()
    consumed: int = big_number()
    generation: int = number()
    extensions: int = number()
    provisional: bool = yes_no()
    calendar: str = word()
    paused_at: int | None = maybe_instant()
    resumes_at: int | None = maybe_instant()
    ended_at: int | None = maybe_instant()
    #: Whose clock it is: `d<department id>`, `a<area id>`, `p<person id>`, or "".
    holder: str = word(length=24)
    #: Which rungs are dealt with in this generation, a bit each.
    handled: int = big_number()
    #: Canonical JSON of the stretches that ran before `started_at`, [from, to] each; "" for none.
    ran: str = text()


class Rung(SQLModel, table=True):
    """A rung of a ladder that was reached. The key lets it happen once in a generation, whatever crashes."""

    __tablename__ = "rung"
    __table_args__ = ONE_TREE

    ticket_id: int = key_part()
    deadline_seq: int = key_part()
    generation: int = key_part()
    #: From 0, in the order of the file; the number of steps for `then`.
    rung: int = key_part()
    #: When it came.
    at: int = instant()
    event_seq: int = number()


class Card(SQLModel, table=True):
    """A card that was given; it stands until it is raised, lifted, or cleared by closure."""

    __tablename__ = "card"
    __table_args__ = (
        one_of("ended_by", [how.value for how in CardEnd]),
        Index("ix_card_standing", "ticket_id", "seq", "department_id", "card", **where("ended_at IS NULL")),
        Index("ix_card_given", "given_at"),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    card: str = word()
    task_seq: int | None = maybe_number()
    department_id: int | None = maybe_link()
    rank: int = number()
    given_at: int = instant()
    event_seq: int = number()
    ended_at: int | None = maybe_instant()
    ended_by: str | None = maybe_word()
    ended_seq: int | None = maybe_number()


class SweepFailure(SQLModel, table=True):
    """A ticket that the sweep could not decide: left out until `retry_at`, longer each time, so that others go on."""

    __tablename__ = "sweep_failure"

    ticket_id: int = key_part()
    attempts: int = number()
    at: int = instant()
    retry_at: int = instant()
    error: str = text()


class Reach(SQLModel, table=True):
    """Which unit may know of which ticket, newest first: lists join this and never ask per ticket."""

    __tablename__ = "reach"
    __table_args__ = ONE_TREE

    #: `a<area id>`, `d<department id>` or `p<person id>`: every post there, or the person. Of a confidential ticket
    #: `a<area id>/<post>` or `d<department id>/<post>`: that post only; and `a<area id>/` for where it lies, which no
    #: reader is known by.
    unit: str = word(key=True, length=96)
    #: The ticket's `opened_at`.
    sort_key: int = key_part()
    ticket_id: int = key_part()
