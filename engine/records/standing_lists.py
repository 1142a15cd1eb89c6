"""The lists behind what stands now, page by page: deadlines that passed or soon do, open tickets of a state, cards.

Each list is asked by the very WHERE that counts it (`standing`), so its length is the number.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title, Workflow
from engine.definitions.words import shipped
from engine.records import lights, standing_counts, strips
from engine.records.names import Names, names
from engine.records.rhythm_where import Asking
from engine.records.standing import CARDS, DEADLINES, Scope, inside, of_cards, of_deadlines, of_tickets
from engine.records.standing_cards import standing_cards
from engine.records.versions import Versions
from engine.rules.case import CardEnd, Run, Timer

#: Lines of one page.
MOST = 50
#: Deadlines that have passed beyond which they are walked through in their order and not sorted; about which share of
#: them is of one item.
_MANY, _OF_ITEM = 4_000, 1 / 50
#: Behind which line a page begins: what it is ordered by, its ticket, its number within the ticket.
Cursor = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """A ticket as these lists show it."""

    ticket_id: int
    case_no: str
    workflow: Title
    state: Title
    area: str
    #: The citizen's words or the address; "" when erased.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """A running deadline, in whose hands, and how long."""

    ticket: TicketLine
    seq: int
    title: Title
    due_at: Instant
    provisional: bool
    light: str
    #: Word of the gravest card that the holder has on this ticket; "" for none.
    card: str
    holder: Title
    #: Microseconds left, negative when overdue; working ones where its limit is counted in working time.
    left: int
    working: bool
    #: Microseconds of one workday of its calendar.
    workday: int

    @property
    def key(self) -> Cursor:
        return self.due_at, self.ticket.ticket_id, self.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """An open ticket of a state."""

    ticket: TicketLine
    entered_at: Instant
    #: On how many of its deadlines it is late.
    overdue: int
    holders: tuple[str, ...]

    @property
    def key(self) -> Cursor:
        return self.entered_at, self.ticket.ticket_id, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """A card: on what, whose, given and ended by whom. A name is empty where a rule or the clock did it."""

    ticket: TicketLine
    seq: int
    card: str
    department: str
    given_at: Instant
    given_by: str
    ended_at: Instant | None
    ended: CardEnd | None
    ended_by: str

    @property
    def key(self) -> Cursor:
        return self.given_at, self.ticket.ticket_id, self.seq


def due(
    transaction: Transaction,
    versions: Versions,
    scope: Scope,
    skip: Collection[str],
    *,
    now: Instant,
    since: Instant | None = None,
    until: Instant,
    after: Cursor | None = None,
) -> list[DueLine]:
    """Running deadlines that end from `since` on (None: ever) and before `until`, the oldest first, at most `MOST`."""
    asking = Asking(transaction)
    which = f"d.ended_at IS NULL AND d.run = 'running' AND d.due_at < {asking(until)}"
    if since is not None:
        which += f" AND d.due_at >= {asking(since)}"
    which += _after(asking, ("d.due_at", "d.ticket_id", "d.seq"), ">", after)
    columns = (
        f'SELECT {_TICKET}, d.seq, d.name, d.task_seq, d.request_seq, d."limit", d.started_at, d.due_at, d.consumed, '  # noqa: S608
        "d.extensions, d.provisional, d.calendar, d.holder, k.department_id, k.person_id FROM "
    )
    scope = inside(transaction, scope)
    if _wide(transaction, scope):
        # What is asked of its ticket is a value of each row, so that deadlines are read in their order until there are
        # enough: as a join it would be planned as if few were open, and all of them sorted.
        keys = (
            f"SELECT d.ticket_id, d.seq FROM deadline d WHERE {which} AND (SELECT t.id FROM ticket t "  # noqa: S608
            "LEFT JOIN task k ON k.ticket_id = d.ticket_id AND k.seq = d.task_seq "
            f"WHERE {of_deadlines(asking, scope, skip)}) IS NOT NULL "
            f"ORDER BY d.due_at, d.ticket_id, d.seq LIMIT {MOST}"
        )
        found = (
            f"({keys}) x JOIN deadline d ON d.ticket_id = x.ticket_id AND d.seq = x.seq "
            "JOIN ticket t ON t.id = d.ticket_id LEFT JOIN task k ON k.ticket_id = d.ticket_id AND k.seq = d.task_seq "
        )
        limits = ""
    else:
        # Few among many: found by the department's tasks or the item's tickets.
        found, limits = DEADLINES, f"WHERE {which} AND {of_deadlines(asking, scope, skip)} "
    rows = transaction.rows(
        f"{columns}{found} {_BESIDE} {limits}ORDER BY d.due_at, d.ticket_id, d.seq LIMIT {MOST}", asking.parameters
    )
    called = _called(transaction, rows)
    cards = _cards_of(transaction, {int(row[0]) for row in rows})
    return [_due(transaction, versions, row, called, cards, now) for row in rows]


def _wide(transaction: Transaction, scope: Scope) -> bool:
    """Whether so much has passed in a scope that walking through all that has passed soon fills a page."""
    if scope.units is not None:
        return False
    passed = standing_counts.overdue(transaction, scope)
    if passed is None:
        return scope.departments is None and scope.items is None
    return passed * (_OF_ITEM if scope.items is not None else 1) > _MANY


def opened(
    transaction: Transaction,
    versions: Versions,
    scope: Scope,
    skip: Collection[str],
    *,
    now: Instant,
    state: str = "",
    after: Cursor | None = None,
) -> list[OpenLine]:
    """Open tickets, or those of a state, longest in it first, at most `MOST`."""
    asking = Asking(transaction)
    late = (
        f"SELECT count(*) FROM deadline d WHERE d.ticket_id = t.id AND d.run = 'running' AND d.ended_at IS NULL "  # noqa: S608
        f"AND NOT CAST(t.workflow_id AS TEXT) || ':' || d.name {asking.among(skip)} AND d.due_at < {asking(now)}"
    )
    where = of_tickets(asking, scope)
    if state:
        where += f" AND t.state = {asking(state)}"
    where += _after(asking, ("t.entered_at", "t.id"), ">", after[:2] if after else None)
    rows = transaction.rows(
        f"SELECT {_TICKET}, t.entered_at, ({late}) FROM ticket t {_BESIDE} WHERE {where} "  # noqa: S608
        f"ORDER BY t.entered_at, t.id LIMIT {MOST}",
        asking.parameters,
    )
    held = _holders(transaction, {int(row[0]) for row in rows})
    return [
        OpenLine(
            ticket=_ticket(transaction, versions, row),
            entered_at=Instant(row[_OWN]),
            overdue=int(row[_OWN + 1]),
            holders=tuple(held.get(int(row[0]), ())),
        )
        for row in rows
    ]


def cards(
    transaction: Transaction,
    versions: Versions,
    scope: Scope,
    *,
    card: str = "",
    ended: bool = False,
    after: Cursor | None = None,
) -> list[CardLine]:
    """Cards that stand (or that have ended), those given last first, at most `MOST`."""
    asking = Asking(transaction)
    where = f"c.ended_at IS {'NOT ' if ended else ''}NULL AND {of_cards(asking, scope)}"
    if card:
        where += f" AND c.card = {asking(card)}"
    where += _after(asking, ("c.given_at", "c.ticket_id", "c.seq"), "<", after)
    rows = transaction.rows(
        f"SELECT {_TICKET}, c.seq, c.card, u.name, c.given_at, g.name, c.ended_at, c.ended_by, f.name FROM {CARDS} "  # noqa: S608
        f"{_BESIDE} LEFT JOIN department u ON u.id = c.department_id "
        "LEFT JOIN event v ON v.ticket_id = c.ticket_id AND v.seq = c.event_seq "
        "LEFT JOIN person g ON g.id = v.person_id "
        "LEFT JOIN event z ON z.ticket_id = c.ticket_id AND z.seq = c.ended_seq "
        "LEFT JOIN person f ON f.id = z.person_id "
        f"WHERE {where} ORDER BY c.given_at DESC, c.ticket_id DESC, c.seq DESC LIMIT {MOST}",
        asking.parameters,
    )
    return [_card(transaction, versions, row) for row in rows]


_TICKET = "t.id, t.case_no, t.workflow_id, t.state, a.name, p.description, p.address"
_BESIDE = "JOIN area a ON a.id = t.area_id LEFT JOIN particulars p ON p.ticket_id = t.id"
#: Where a list's own columns begin.
_OWN = 7


def _after(asking: Asking, columns: Sequence[str], sign: str, after: Sequence[int] | None) -> str:
    if after is None:
        return ""
    return f" AND ({', '.join(columns)}) {sign} ({', '.join(asking(value) for value in after)})"


def _ticket(transaction: Transaction, versions: Versions, row: Sequence[Any]) -> TicketLine:
    ticket_id, case_no, workflow_id, state, area, description, address = row[:_OWN]
    definition = versions.definition(transaction, int(workflow_id))
    return TicketLine(
        ticket_id=int(ticket_id), case_no=case_no, workflow=definition.title, state=definition.states[state].title,
        area=area, words=description or address or "",
    )  # fmt: skip


def _due(
    transaction: Transaction,
    versions: Versions,
    row: Sequence[Any],
    called: Names,
    held: Mapping[tuple[int, int | None], str],
    now: Instant,
) -> DueLine:
    (
        seq, name, task, request, limit, started, due_at, consumed, extensions, provisional, calendar, holder,
        department, _,
    ) = row[_OWN:]  # fmt: skip
    definition = versions.definition(transaction, int(row[2]))
    timer = Timer(
        seq=seq, name=name, task_seq=task, request_seq=request, run=Run.RUNNING, limit=limit, started_at=started,
        due_at=due_at, next_at=None, consumed=consumed, extensions=extensions, provisional=bool(provisional),
        calendar=calendar, holder=holder,
    )  # fmt: skip
    counted_by = versions.calendar_version(calendar)
    left, working = strips.left(timer, counted_by, now)
    if due_at < now:
        # Overdue since the office closed: no working time has passed, and none is left.
        left = min(left, -1)
    return DueLine(
        ticket=_ticket(transaction, versions, row),
        seq=seq,
        title=definition.deadlines[name].title,
        due_at=Instant(due_at),
        provisional=bool(provisional),
        light=lights.light(timer, definition, counted_by, now),
        card=held.get((int(row[0]), department), ""),
        holder=_holder(definition, row, called),
        left=left,
        working=working,
        workday=counted_by.workday,
    )


def _holder(definition: Workflow, row: Sequence[Any], called: Names) -> Title:
    """The unit or person whose clock it is; else whose task; else the roles whose move the ticket's state is."""
    unit, department, person = row[-3:]
    table: Mapping[int, Any] = {"d": called.departments, "a": called.areas, "p": called.people}.get(unit[:1], {})
    found = table.get(int(unit[1:])) if table else None
    found = found or called.departments.get(department or 0) or called.people.get(person or 0)
    if found is not None:
        return Title(found.name, found.name)
    roles = [definition.roles[role].title for role in definition.states[row[3]].turn]
    return Title("、".join(one.zh for one in roles), ", ".join(one.en for one in roles))


def _called(transaction: Transaction, rows: Sequence[Sequence[Any]]) -> Names:
    units = {row[-3] for row in rows if row[-3]}
    by_kind = {kind: [int(unit[1:]) for unit in units if unit[0] == kind] for kind in "dap"}
    return names(
        transaction,
        departments=[*(row[-2] for row in rows), *by_kind["d"]],
        people=[*(row[-1] for row in rows), *by_kind["p"]],
        areas=by_kind["a"],
    )


def _cards_of(transaction: Transaction, tickets: Collection[int]) -> dict[tuple[int, int | None], str]:
    """Ticket and holder → the gravest card that stands."""
    order = list(shipped().cards)
    found: dict[tuple[int, int | None], str] = {}
    for one in standing_cards(transaction, tickets) if tickets else ():
        key = one.ticket_id, one.department_id
        found[key] = max(found.get(key, ""), one.card, key=lambda card: order.index(card) if card in order else -1)
    return found


def _holders(transaction: Transaction, tickets: Collection[int]) -> dict[int, Iterable[str]]:
    """The departments at work on each of these tickets, the lead first."""
    if not tickets:
        return {}
    asking = Asking(transaction)
    rows = transaction.rows(
        "SELECT k.ticket_id, d.name FROM task k JOIN department d ON d.id = k.department_id "  # noqa: S608
        f"WHERE k.ticket_id {asking.among(tickets)} AND k.state_type IN ('waiting', 'working', 'suspended') "
        "ORDER BY k.ticket_id, CASE WHEN k.lead THEN 0 ELSE 1 END, k.seq",
        asking.parameters,
    )
    found: dict[int, dict[str, None]] = {}
    for ticket_id, name in rows:
        found.setdefault(int(ticket_id), {})[name] = None
    return {ticket_id: tuple(listed) for ticket_id, listed in found.items()}


def _card(transaction: Transaction, versions: Versions, row: Sequence[Any]) -> CardLine:
    seq, card, department, given_at, given_by, ended_at, ended, ended_by = row[_OWN:]
    return CardLine(
        ticket=_ticket(transaction, versions, row), seq=seq, card=card, department=department or "",
        given_at=Instant(given_at), given_by=given_by or "",
        ended_at=Instant(ended_at) if ended_at is not None else None, ended=CardEnd(ended) if ended else None,
        ended_by=ended_by or "",
    )  # fmt: skip
