"""One ticket as its readers see it: the sheet of the case and its history.

Whoever reaches a ticket through a post sees all of it. Whoever reaches it as a person only (who reported it, who
claimed a task) sees the words they wrote and those addressed to them. Everybody else is told that there is no such
ticket.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Action, PersonScope, TaskKind, Title, Workflow
from engine.definitions.windows import windows
from engine.errors import NotFound
from engine.records import lights, sensitive, strips
from engine.records.access import Viewer
from engine.records.asking import Question, among, ask_one, marks
from engine.records.knowledge import hidden, numbers_in, without
from engine.records.names import Names, names
from engine.records.originals import Promised, of_ticket
from engine.records.strips import Strip
from engine.records.unmasking import masked_name, masked_phone, masked_words
from engine.records.versions import Versions
from engine.rules.almanac import Almanac
from engine.rules.case import Case, Task, Timer

#: Events of one page of history.
MOST_EVENTS = 200

#: Behind every event.
_END = 2**31 - 1

#: Lines that the engine writes by itself.
_OWN_LINES = {
    "rung": Title("时限到级", "A rung of a deadline came"),
    "resumed": Title("挂账期满，恢复计时", "The suspension is over; the clock goes on"),
    "recounted": Title("工作日历更新，时限重算", "The calendar has a new version; deadlines were counted again"),
    "handed_over": Title("岗位交接，在办任务移交", "The post passed on; open work went to the successor"),
    "handed_back": Title("居村拒办：未经准入，退回", "Handed back by the village: not admitted"),
    "relapsed": Title("系统提示：同处同类问题复发", "The same matter has come back at the same place"),
    "period_ruling": Title("考核周期裁定：剔除", "Left out by a ruling in an accounting period"),
    "link_made": Title("生成任务链接", "A task link was made"),
    "link_sent": Title("任务链接已发送承办单位", "A task link was sent to the unit"),
    "link_revoked": Title("任务链接已撤销", "The task link was revoked"),
    "erased": Title("依法删除个人信息", "Personal data was erased by law"),
    "mentioned": Title("函件提及本案", "A letter names this ticket"),
    "command_refused": Title("关联办理未成功", "What this act asked of another ticket was refused"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A ticket that its reader may see."""

    ticket_id: int
    case_no: str
    #: Through a post; otherwise as a person only.
    official: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A deadline that runs or stands still, with its light."""

    timer: Timer
    title: Title
    light: str
    #: Whose clock it is: the name of a department, an area or a person; "" when nobody is waited for.
    holder: str
    #: Microseconds left, negative when overdue, and whether they are working time.
    left: int
    working: bool
    #: Microseconds of one workday of its calendar.
    workday: int
    strip: Strip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A ticket as it is now."""

    sight: Sight
    workflow_id: int
    case: Case
    names: Names
    area_code: str
    area_level: str
    #: Names of the areas from the ticket's own up to the root.
    area_path: tuple[str, ...]
    description: str
    address: str
    #: Who reported it and how to reach them; empty for whoever sees the ticket as a person only.
    contact_name: str
    contact_phone: str
    clocks: tuple[Clock, ...]
    #: Case numbers of the tickets joined to this one and of those it opened.
    joined: tuple[str, ...]
    subs: tuple[str, ...]

    #: The reader reported it.
    own: bool = False

    @property
    def shown_name(self) -> str:
        """The contact's name as it is shown without a purpose: whole to whose it is."""
        return self.contact_name if self.own else masked_name(self.contact_name)

    @property
    def shown_phone(self) -> str:
        return self.contact_phone if self.own else masked_phone(self.contact_phone)

    @property
    def definition(self) -> Workflow:
        return self.case.definition

    def in_present_round(self, task: Task) -> bool:
        """Whether a task belongs to the round that is being worked on."""
        return task.round == self.case.ticket.memory.rounds.get(task.kind, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event of the history."""

    seq: int
    at: Instant
    recorded_at: Instant
    source: str
    action: str
    title: Title
    #: Kind of task; "" for the ticket.
    scope: str
    task: int | None
    request: int | None
    actor: str
    person_id: int | None
    post: str
    department_id: int | None
    behalf_of: int | None
    state_from: str
    state_to: str
    stage: str
    facts: Mapping[str, Any]
    #: None where they are erased or this reader may not see them.
    words: Mapping[str, Any] | None
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A part of a ticket's history, the oldest first."""

    lines: tuple[Line, ...]
    names: Names
    #: Whether there are events beyond this part.
    more: bool = False
    #: The originals behind its pictures, by the digest of the picture that is stored.
    originals: Mapping[str, Promised] = field(default_factory=dict)
    #: Digests of pictures that were erased by law.
    erased: frozenset[str] = frozenset()


def sight(transaction: Transaction, viewer: Viewer, case_no: str) -> Sight:
    """The ticket of a case number, if this reader may know of it. Errors: `NotFound`, whichever it is."""
    return ask_one(transaction, asked_sight(transaction, viewer, case_no))


def asked_sight(transaction: Transaction, viewer: Viewer, case_no: str) -> Question[Sight]:
    """Like `sight`, for whoever asks more in the same journey or nothing else."""
    mark, *_ = marks(transaction, 1)
    units, parameters = among(transaction, viewer.units)
    sql = (
        "SELECT t.id, t.case_no, r.unit FROM case_number c JOIN ticket t ON t.id = c.ticket_id "  # noqa: S608
        f"JOIN reach r ON r.sort_key = t.opened_at AND r.ticket_id = t.id WHERE c.number = {mark} AND r.unit {units}"
    )
    rows = yield sql, (case_no, *parameters)
    if not rows:
        raise NotFound(f"没有案卷 {case_no[:40]}", f"there is no ticket {case_no[:40]}")
    return Sight(
        ticket_id=int(rows[0][0]), case_no=rows[0][1], official=any(not row[2].startswith("p") for row in rows)
    )


def sheet(transaction: Transaction, versions: Versions, viewer: Viewer, seen: Sight, case: Case, now: Instant) -> Sheet:
    """Everything about a ticket that its page shows; `case` is what the door loaded of it."""
    ticket = case.ticket
    called = names(
        transaction,
        departments=[ticket.creator_department, *(task.department_id for task in case.tasks.values())]
        + [ask.department_id for ask in case.asks.values()],
        people=[ticket.reporter_id, *(task.person_id for task in case.tasks.values())]
        + [ask.person_id for ask in case.asks.values()],
        areas=[link.id for link in ticket.area],
        tickets=[ticket.main_id, ticket.parent_id],
    )
    joined, subs = _beside(transaction, viewer, seen, case, called)
    words = _particulars(transaction, seen.ticket_id)
    own_words = seen.official or ticket.reporter_id == viewer.person_id
    almanac = versions.almanac()
    return Sheet(
        sight=seen,
        workflow_id=versions.id_of(case.definition),
        case=case,
        names=called,
        area_code=called.areas[ticket.area[0].id].code,
        area_level=ticket.area[0].level,
        area_path=tuple(called.areas[link.id].name for link in ticket.area),
        description=words["description"],
        address=words["address"],
        contact_name=words["contact_name"] if own_words else "",
        contact_phone=words["contact_phone"] if own_words else "",
        clocks=tuple(
            _clock(timer, case, called, almanac, now)
            for timer in sorted(case.timers.values(), key=lambda timer: (timer.due_at, timer.seq))
            # A window that has passed is of no interest to anybody.
            if not (timer.name in windows(case.definition) and timer.due_at < now)
        ),
        joined=joined,
        subs=subs,
        own=ticket.reporter_id == viewer.person_id,
    )


def _beside(
    transaction: Transaction, viewer: Viewer, seen: Sight, case: Case, called: Names
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Case numbers of the tickets joined to this one and opened by it, without those that are kept from the reader;
    these are taken out of `called` and of what was asked as well."""
    columns = ("main_id", "parent_id")
    joined, subs = (_case_numbers(transaction, one, seen) if seen.official else () for one in columns)
    asked = numbers_in([ask.form for ask in case.asks.values()])
    kept = hidden(transaction, viewer.units, (*called.tickets.values(), *joined, *subs, *asked))
    for ask in case.asks.values():
        ask.form = without(ask.form, kept)
    called.tickets = {key: number for key, number in called.tickets.items() if number not in kept}
    return tuple(one for one in joined if one not in kept), tuple(one for one in subs if one not in kept)


def _clock(timer: Timer, case: Case, called: Names, almanac: Almanac, now: Instant) -> Clock:
    deadline = case.definition.deadlines[timer.name]
    calendar = almanac.of(deadline.calendar or case.definition.calendar, case.ticket.area)
    left, working = strips.left(timer, calendar, now)
    return Clock(
        timer=timer,
        title=deadline.title,
        light=lights.light(timer, case.definition, calendar, now),
        holder=_holder(timer.holder, called),
        left=left,
        working=working,
        workday=calendar.workday,
        strip=strips.strip(timer, case.definition, calendar, now),
    )


def _holder(unit: str, called: Names) -> str:
    if not unit:
        return ""
    known = {"d": called.departments, "a": called.areas, "p": called.people}[unit[0]]
    found = known.get(int(unit[1:]))
    return found.name if found else ""


def history(
    transaction: Transaction, viewer: Viewer, seen: Sight, case: Case, *, after: int = 0, limit: int = MOST_EVENTS
) -> History:
    """Events after a seq, at most `limit`, the oldest first; `more` says that there are later ones."""
    mark, *_ = marks(transaction, 1)
    return _history(transaction, viewer, seen, case, f"e.seq > {mark} ORDER BY e.seq", limit, after)


def recent(
    transaction: Transaction, viewer: Viewer, seen: Sight, case: Case, *, before: int = _END, limit: int = 100
) -> History:
    """The last events before a seq, at most `limit`, the oldest first; `more` says that there are earlier ones."""
    mark, *_ = marks(transaction, 1)
    found = _history(transaction, viewer, seen, case, f"e.seq < {mark} ORDER BY e.seq DESC", limit, before)
    return replace(found, lines=found.lines[::-1])


def pictured(transaction: Transaction, viewer: Viewer, seen: Sight, case: Case, fields: Sequence[str]) -> History:
    """The newest events whose forms hold photos in one of these fields, the oldest first."""
    mark, *_ = marks(transaction, 1)
    named = " OR ".join(f"e.facts LIKE {mark}" for _ in fields)
    part = f"({named}) ORDER BY e.seq DESC"
    found = _history(transaction, viewer, seen, case, part, MOST_EVENTS, *(f'%"{name}"%' for name in fields))
    return replace(found, lines=found.lines[::-1])


def _history(
    transaction: Transaction, viewer: Viewer, seen: Sight, case: Case, part: str, limit: int, *parameters: Any
) -> History:
    mark, *_ = marks(transaction, 1)
    bounded = max(1, min(limit, MOST_EVENTS))
    rows = transaction.rows(
        "SELECT e.seq, e.at, e.recorded_at, e.source, e.action, e.scope, e.task_seq, e.request_seq, e.actor, "  # noqa: S608
        "e.person_id, e.post, e.department_id, e.behalf_of, e.state_from, e.state_to, e.stage, e.facts, w.words, "
        "e.hash FROM event e LEFT JOIN personal w ON w.ticket_id = e.ticket_id AND w.seq = e.seq "
        f"WHERE e.ticket_id = {mark} AND {part} LIMIT {bounded + 1}",
        (seen.ticket_id, *parameters),
    )
    shown = rows[:bounded]
    spoken = Spoken(case.definition)
    said = [_facts(row[16], seen) for row in shown]
    kept = hidden(transaction, viewer.units, numbers_in(said))
    told = [without(facts, kept) if kept else facts for facts in said]
    lines = tuple(_line(row, facts, spoken, viewer, seen, case) for row, facts in zip(shown, told, strict=True))
    called = names(
        transaction,
        departments=[line.department_id for line in lines],
        people=[person for line in lines for person in (line.person_id, line.behalf_of)],
    )
    promised = of_ticket(transaction, seen.ticket_id) if any('"original"' in row[16] for row in shown) else {}
    gone = _erased(transaction, seen.ticket_id) if any("photo" in row[16] for row in shown) else frozenset()
    return History(lines=lines, names=called, more=len(rows) > len(shown), originals=promised, erased=gone)


def _erased(transaction: Transaction, ticket_id: int) -> frozenset[str]:
    """The pictures that erasures took from a ticket, as its history says."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT facts FROM event WHERE ticket_id = {mark} AND action = 'erased'",  # noqa: S608 (constant words)
        (ticket_id,),
    )
    return frozenset(sha256 for (facts,) in rows for sha256 in json.loads(facts).get("pictures", ()))


def _beside_lines(definition: Workflow) -> dict[str, Title]:
    """Lines of joining and splitting, in the loop's own word for a ticket."""
    word = definition.words["ticket"]
    return {
        "joined_by": Title(f"另一{word.zh}并入本案", f"Another {word.en.lower()} was joined to this one"),
        "split_from": Title(f"另一{word.zh}从本案拆出", f"A {word.en.lower()} was split off this one"),
    }


class Spoken:
    """The titles of a definition's actions, and which of them address the reporter."""

    def __init__(self, definition: Workflow) -> None:
        self._own = {**_OWN_LINES, **_beside_lines(definition)}
        self._titles: dict[tuple[str, str], Title] = {}
        self._told: set[tuple[str, str]] = set()
        self._reporters = {role.name for role in definition.roles.values() if role.person is PersonScope.REPORTER}
        for start in definition.starts.values():
            self._take("", start)
        for action in _actions(definition):
            self._take("", action)
        for kind in definition.tasks.values():
            for action in _actions(kind):
                self._take(kind.name, action)

    def _take(self, scope: str, action: Action) -> None:
        self._titles.setdefault((scope, action.name), action.title)
        if self._reporters & {*action.tells}:
            self._told.add((scope, action.name))

    def title(self, scope: str, action: str) -> Title:
        return self._titles.get((scope, action)) or self._own.get(action) or Title(action, action)

    def tells_reporter(self, scope: str, action: str) -> bool:
        return (scope, action) in self._told


def _actions(scope: Workflow | TaskKind) -> Iterable[Action]:
    for state in scope.states.values():
        yield from state.actions.values()
    for request in scope.requests.values():
        yield request.ask
        yield from request.answers.values()


def _line(
    row: Sequence[Any], facts: Mapping[str, Any], spoken: Spoken, viewer: Viewer, seen: Sight, case: Case
) -> Line:
    (
        seq, at, recorded, source, action, scope, task, request, actor, person, post, department, behalf, before, after,
        stage, _, words, digest,
    ) = row  # fmt: skip
    told = case.ticket.reporter_id == viewer.person_id and spoken.tells_reporter(scope, action)
    readable = seen.official or person == viewer.person_id or told
    return Line(
        seq=seq, at=at, recorded_at=recorded, source=source, action=action, title=spoken.title(scope, action),
        scope=scope, task=task, request=request, actor=actor, person_id=person, post=post, department_id=department,
        behalf_of=behalf, state_from=before, state_to=after, stage=stage, facts=facts,
        words=_words(words, case, own=case.ticket.reporter_id == viewer.person_id) if words and readable else None,
        hash=digest,
    )  # fmt: skip


def _facts(text: str, seen: Sight) -> dict[str, Any]:
    """The facts of an event; what was held against its photos, and which other tickets they show, is for officials."""
    facts: dict[str, Any] = json.loads(text)
    if not seen.official:
        facts.pop("evidence", None)
    return facts


def _words(words: str, case: Case, *, own: bool) -> dict[str, Any]:
    """Personal words of an event; contact and sensitive fields in them are masked for everybody but whose it is."""
    read: dict[str, Any] = json.loads(words)
    return read if own else masked_words(read, sensitive.fields(case.definition))


def _particulars(transaction: Transaction, ticket_id: int) -> dict[str, str]:
    mark, *_ = marks(transaction, 1)
    columns = ("description", "address", "contact_name", "contact_phone")
    rows = transaction.rows(
        f"SELECT {', '.join(columns)} FROM particulars WHERE ticket_id = {mark}",  # noqa: S608
        (ticket_id,),
    )
    return dict(zip(columns, rows[0] if rows else ("",) * len(columns), strict=True))


def _case_numbers(transaction: Transaction, column: str, seen: Sight) -> tuple[str, ...]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT case_no FROM ticket WHERE {column} = {mark} ORDER BY id LIMIT 200",  # noqa: S608
        (seen.ticket_id,),
    )
    return tuple(row[0] for row in rows)
