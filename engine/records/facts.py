"""Facts: one row per ticket and one per task of a department, folded from the history; what indicators count by.

Nothing else writes them, and folding again makes the same rows. A moment is null while it has not come; a due time is
null while there is none or its clock stands still. `_by` is the person whose act reached it; null for the engine's own
acts, for citizens and for whoever came by a link.

What lies below an area is one range of `area_path`, which an index serves on both databases; a figure of a month is
served by the index of its cohort, whichever of the two is narrower.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records import rollups
from engine.records.areas import way
from engine.records.asking import among, marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_number,
    maybe_word,
    number,
    only_where,
    path,
    word,
    yes_no,
)
from engine.records.spans import StageSpan

READER = "facts"
Rows = list[dict[str, Any]]


class TicketFact(SQLModel, table=True):
    """What is counted of one ticket. Moments end in `_at`, due times in `_due`."""

    __tablename__ = "ticket_fact"
    __table_args__ = (
        # With the way, so that some days of a street are found without a look at those of all others.
        Index("ix_ticket_fact_reported", "reported_at", "area_path"),
        Index("ix_ticket_fact_filed", "filed_at", "area_path"),
        Index("ix_ticket_fact_closed", "first_closed_at", "area_path"),
        Index("ix_ticket_fact_area", "area_path", "filed_at"),
        Index("ix_ticket_fact_item", "item", "filed_at"),
        Index("ix_ticket_fact_department", "department_id", "filed_at"),
        *(
            Index(f"ix_ticket_fact_{one}", f"{one}_at", "area_path", **only_where(f"{one}_at"))
            for one in ("rated", "called", "called_back", "listed")
        ),
        # What else somebody reported about that time.
        Index("ix_ticket_fact_reporter", "reporter_key", "reported_at", **only_where("reporter_key")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    workflow: str = word()
    channel: str = word()
    item: str | None = maybe_word(bytewise=True)
    urgency: str | None = maybe_word()
    area_id: int = link()
    #: `/id/id/id/` from the root to its own area, as the tree was when it was filed, else reported.
    area_path: str = path()
    #: Who had the lead last.
    department_id: int | None = maybe_link()
    confidential: bool = yes_no()
    #: Whose report it is, as `reporters` tells people apart; null where that is not known (any more).
    reporter_key: str | None = maybe_word()
    reported_at: int = instant()
    reported_by: int | None = maybe_link()
    verified_at: int | None = maybe_instant()
    verified_by: int | None = maybe_link()
    verified_due: int | None = maybe_instant()
    filed_at: int | None = maybe_instant()
    filed_by: int | None = maybe_link()
    filed_due: int | None = maybe_instant()
    missed_at: int | None = maybe_instant()
    missed_by: int | None = maybe_link()
    visited_at: int | None = maybe_instant()
    visited_by: int | None = maybe_link()
    visited_due: int | None = maybe_instant()
    decided_at: int | None = maybe_instant()
    decided_by: int | None = maybe_link()
    decided_due: int | None = maybe_instant()
    self_handled_at: int | None = maybe_instant()
    self_handled_by: int | None = maybe_link()
    solved_together_at: int | None = maybe_instant()
    solved_together_by: int | None = maybe_link()
    dispatched_at: int | None = maybe_instant()
    dispatched_by: int | None = maybe_link()
    dispatched_due: int | None = maybe_instant()
    listed_at: int | None = maybe_instant()
    listed_by: int | None = maybe_link()
    listed_due: int | None = maybe_instant()
    cleared_at: int | None = maybe_instant()
    cleared_by: int | None = maybe_link()
    cleared_due: int | None = maybe_instant()
    #: Since when every department of the present round is done, and the last due time among them.
    handled_at: int | None = maybe_instant()
    handled_due: int | None = maybe_instant()
    checked_at: int | None = maybe_instant()
    checked_by: int | None = maybe_link()
    checked_due: int | None = maybe_instant()
    scored_at: int | None = maybe_instant()
    scored_by: int | None = maybe_link()
    #: Since when it is closed; null again when it is reopened.
    closed_at: int | None = maybe_instant()
    first_closed_at: int | None = maybe_instant()
    first_closed_by: int | None = maybe_link()
    called_back_at: int | None = maybe_instant()
    called_back_by: int | None = maybe_link()
    called_back_due: int | None = maybe_instant()
    responded_at: int | None = maybe_instant()
    rated_at: int | None = maybe_instant()
    #: What the reporter said last: choices of the standard fields.
    resolved: str | None = maybe_word()
    satisfaction: str | None = maybe_word()
    reworked_at: int | None = maybe_instant()
    reworked_by: int | None = maybe_link()
    rehandled_at: int | None = maybe_instant()
    rehandled_by: int | None = maybe_link()
    reworked_times: int = number()
    rehandled_times: int = number()
    returned_times: int = number()
    called_at: int | None = maybe_instant()
    called_by: int | None = maybe_link()
    invalid_at: int | None = maybe_instant()
    invalid_by: int | None = maybe_link()
    relapsed_at: int | None = maybe_instant()
    extended_at: int | None = maybe_instant()
    #: First suspended; and since when it is now.
    suspended_at: int | None = maybe_instant()
    waiting_at: int | None = maybe_instant()
    #: Since when another ticket carries it.
    joined_at: int | None = maybe_instant()
    void_at: int | None = maybe_instant()


class TaskFact(SQLModel, table=True):
    """What is counted of one department's task."""

    __tablename__ = "task_fact"
    __table_args__ = (
        Index("ix_task_fact_sent", "sent_at", "area_path"),
        Index("ix_task_fact_department", "department_id", "sent_at"),
        Index("ix_task_fact_area", "area_path", "sent_at"),
        Index("ix_task_fact_item", "item", "sent_at"),
        *(
            Index(f"ix_task_fact_{one}", f"{one}_at", "area_path", **only_where(f"{one}_at"))
            for one in ("handled", "scored", "returned")
        ),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    kind: str = word()
    #: Those of its ticket: what is asked for stands in the row itself, or every ticket would be looked at for it.
    workflow: str = word()
    channel: str = word()
    item: str | None = maybe_word(bytewise=True)
    area_path: str = path()
    department_id: int = link()
    lead: bool = yes_no()
    #: Whether tasks of this kind handle the matter, as the workflow file says.
    handling: bool = yes_no()
    #: Opened because finished work was sent back.
    again: bool = yes_no()
    sent_at: int = instant()
    sent_by: int | None = maybe_link()
    signed_at: int | None = maybe_instant()
    signed_by: int | None = maybe_link()
    signed_due: int | None = maybe_instant()
    contacted_at: int | None = maybe_instant()
    contacted_by: int | None = maybe_link()
    contacted_due: int | None = maybe_instant()
    arrived_at: int | None = maybe_instant()
    arrived_by: int | None = maybe_link()
    arrived_due: int | None = maybe_instant()
    handled_at: int | None = maybe_instant()
    handled_by: int | None = maybe_link()
    handled_due: int | None = maybe_instant()
    scored_at: int | None = maybe_instant()
    scored_by: int | None = maybe_link()
    #: Stars, 1 to 5, and whether it was resolved, as the block says.
    score: int | None = maybe_number()
    resolved: str | None = maybe_word()
    reworked_at: int | None = maybe_instant()
    rehandled_at: int | None = maybe_instant()
    #: Asked to be returned; let go because it was dispatched wrongly; another department named by that ruling.
    returned_at: int | None = maybe_instant()
    returned_by: int | None = maybe_link()
    wrong_at: int | None = maybe_instant()
    wrong_by: int | None = maybe_link()
    redispatched_at: int | None = maybe_instant()
    extended_at: int | None = maybe_instant()
    suspended_at: int | None = maybe_instant()
    waiting_at: int | None = maybe_instant()
    void_at: int | None = maybe_instant()


class AgendaFact(SQLModel, table=True):
    """What is counted of one item of an agenda that was decided: a decision in a sitting, and what came of it."""

    __tablename__ = "agenda_fact"
    __table_args__ = (Index("ix_agenda_fact_decided", "decided_at"), ONE_TREE)

    ticket_id: int = key_part()
    #: The event that decided it.
    seq: int = key_part()
    meeting: str = word()
    #: The action that decided it: assigned, shelved, raised, as the workflow file calls it.
    action: str = word()
    #: That of its ticket.
    area_path: str = path()
    #: Who had the lead when it was done, else has it now.
    department_id: int | None = maybe_link()
    decided_at: int = instant()
    decided_by: int | None = maybe_link()
    #: First handled, cleared or closed after it was decided, and until when that had to be.
    done_at: int | None = maybe_instant()
    done_due: int | None = maybe_instant()
    #: Decided anew before it was done.
    superseded_at: int | None = maybe_instant()


@dataclass(frozen=True, slots=True)
class Told:
    """The facts of some tickets, as the rows of the four tables."""

    tickets: Rows = field(default_factory=list)
    tasks: Rows = field(default_factory=list)
    spans: Rows = field(default_factory=list)
    agenda: Rows = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldState:
    """How far the facts have come."""

    tickets: int
    tasks: int
    #: Tickets that have no facts: not folded yet, or their history cannot be told.
    without: int
    #: The last act of the feed that they hold, and the last there is.
    position: int
    last: int
    #: When the oldest act that they do not hold was done; None when they hold all.
    behind_since: Instant | None


def columns(table: type[SQLModel]) -> tuple[str, ...]:
    """The columns of a table of facts, in its order."""
    return tuple(table.model_fields)


def write(transaction: Transaction, told: Told) -> None:
    """Put the facts of these tickets in the place of what was known of them."""
    match, parameters = among(transaction, [row["ticket_id"] for row in told.tickets])
    former = _former(transaction, match, parameters)
    spans = _spans(transaction, told, former, match, parameters)
    parts = (told.tickets, told.tasks, told.spans, told.agenda)
    moments = {value for rows in parts for row in rows for name, value in row.items() if name.endswith("_at")}
    rollups.wait(transaction, _with_reporters(transaction, told, former), spans, moments)
    for table, rows in (
        (TicketFact, told.tickets),
        (TaskFact, told.tasks),
        (StageSpan, told.spans),
        (AgendaFact, told.agenda),
    ):
        name, names = table.__tablename__, columns(table)
        transaction.run(f"DELETE FROM {name} WHERE ticket_id {match}", parameters)  # noqa: S608 (constant words)
        empty = {one: table.model_fields[one].get_default() for one in names}
        if rows:
            transaction.run_many(
                f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join(marks(transaction, len(names)))})",  # noqa: S608
                [tuple({**empty, **row}[one] for one in names) for row in rows],
            )


#: What spans say of their ticket, and who reported it.
_OF_TICKET = ("area_path", "item", "channel", "workflow", "confidential", "reporter_key")


def _former(transaction: Transaction, match: str, parameters: Sequence[Any]) -> dict[int, tuple[Any, ...]]:
    """Ticket → what was known of it, in the order of `_OF_TICKET`."""
    rows = transaction.rows(
        f"SELECT ticket_id, {', '.join(_OF_TICKET)} FROM ticket_fact WHERE ticket_id {match}",  # noqa: S608
        parameters,
    )
    return {int(ticket): tuple(more) for ticket, *more in rows}


def _with_reporters(transaction: Transaction, told: Told, former: Mapping[int, tuple[Any, ...]]) -> set[int]:
    """These tickets, and all that the same people reported: whether one is a repeat hangs on the others, too."""
    known = {row.get("reporter_key") for row in told.tickets} | {more[-1] for more in former.values()}
    theirs, listed = among(transaction, {key for key in known if key})
    rows = transaction.rows(f"SELECT ticket_id FROM ticket_fact WHERE reporter_key {theirs}", listed)  # noqa: S608
    return {row["ticket_id"] for row in told.tickets} | {int(ticket) for (ticket,) in rows}


def _spans(
    transaction: Transaction,
    told: Told,
    former: Mapping[int, tuple[Any, ...]],
    match: str,
    parameters: Sequence[Any],
) -> Iterator[rollups.Span]:
    """The spans that come and go, and all of a ticket of which what they say became another; but for what few may
    know of."""
    names = columns(StageSpan)
    rows = transaction.rows(f"SELECT {', '.join(names)} FROM stage_span WHERE ticket_id {match}", parameters)  # noqa: S608
    before: set[tuple[Any, ...]] = {tuple(row) for row in rows}
    after: set[tuple[Any, ...]] = {tuple(row.get(name) for name in names) for row in told.spans}
    now = {row["ticket_id"]: tuple(row.get(name) for name in _OF_TICKET) for row in told.tickets}
    for sign, spans, others, tickets, their in ((-1, before, after, former, now), (1, after, before, now, former)):
        for span in spans:
            one = dict(zip(names, span, strict=True))
            own = tickets.get(one["ticket_id"], ())
            if not own or (span in others and own[:-1] == their.get(one["ticket_id"], ())[:-1]):
                continue
            _, item, channel, workflow, confidential, _ = own
            if not confidential:
                heads = (one["area_path"], one["stage"], one["department_id"] or 0, item or "", channel, workflow)
                yield (sign, *heads, one["since_at"], one["until_at"])


def forget_all(transaction: Transaction) -> None:
    """Drop every row."""
    rollups.touch_all(transaction)
    transaction.run("DELETE FROM agenda_fact")
    transaction.run("DELETE FROM stage_span")
    transaction.run("DELETE FROM task_fact")
    transaction.run("DELETE FROM ticket_fact")


def paths(transaction: Transaction, wanted: Iterable[tuple[int, Instant]]) -> dict[tuple[int, Instant], str]:
    """Area and moment → its way down from the root as it was then, `/1/4/9/`."""
    wanted = set(wanted)
    match, parameters = among(transaction, {area for area, _ in wanted})
    now = dict(transaction.rows(f"SELECT id, lineage FROM area WHERE id {match}", parameters))  # noqa: S608
    former = transaction.rows(
        f"SELECT area_id, valid_to, lineage FROM former_area WHERE area_id {match} ORDER BY valid_to",  # noqa: S608
        parameters,
    )
    found: dict[tuple[int, Instant], str] = {}
    for area, at in wanted:
        then = next((lineage for one, until, lineage in former if one == area and at < until), now[area])
        found[area, at] = way(then)
    return found


def state(transaction: Transaction) -> FoldState:
    """How far the facts have come."""
    mark, *_ = marks(transaction, 1)
    ((tickets,),) = transaction.rows("SELECT count(*) FROM ticket_fact")
    ((without,),) = transaction.rows(
        "SELECT count(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM ticket_fact f WHERE f.ticket_id = t.id)"
    )
    ((tasks,),) = transaction.rows("SELECT count(*) FROM task_fact")
    at = transaction.rows(f"SELECT position FROM cursor WHERE reader = {mark}", (READER,))  # noqa: S608
    position = int(at[0][0]) if at else 0
    ((last,),) = transaction.rows("SELECT coalesce(max(position), 0) FROM feed")
    ((waits,),) = transaction.rows("SELECT min(at) FROM outbox")
    ((oldest,),) = transaction.rows(f"SELECT min(at) FROM feed WHERE position > {mark}", (position,))  # noqa: S608
    behind = min((moment for moment in (waits, oldest) if moment is not None), default=None)
    return FoldState(
        tickets=tickets, tasks=tasks, without=without, position=position, last=int(last),
        behind_since=Instant(behind) if behind is not None else None,
    )  # fmt: skip
