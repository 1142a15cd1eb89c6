"""What templates are given: plain values with their words looked up, so that a template only lays out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, Title, Workflow
from engine.definitions.words import shipped
from engine.records import names, registers
from engine.records.lists import Row
from engine.records.sheet import Clock, History, Line, Sheet
from engine.rules.case import Ask, Task
from engine.stages.calls import Offer
from engine.vocabulary import Stage, StateType

#: How a state's type is coloured.
COLOURS = {
    StateType.WAITING: "blue", StateType.WORKING: "azure", StateType.SUSPENDED: "yellow", StateType.JOINED: "purple",
    StateType.CLOSED: "green", StateType.VOID: "secondary",
}  # fmt: skip

_CLOCK = Title("时钟", "The clock")
_RULE = Title("规则", "A rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing somebody filled in: its name, and what it says or shows."""

    title: Title
    texts: tuple[Title | str, ...] = ()
    #: Digests of pictures, and of files.
    photos: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    stars: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the history as people read it."""

    seq: int
    at: Instant
    #: When it was written down, where that is another time than `at`.
    recorded_at: Instant | None
    title: Title
    #: The department or person whose task it was about.
    about: str
    who: Title | str
    post: Title | None
    unit: str
    moved: tuple[Title, Title] | None
    pieces: tuple[Piece, ...]
    automatic: bool


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


@dataclass(slots=True)
class Meanings:
    """What the codes in facts mean, asked once for a whole page."""

    fields: Mapping[str, Field]
    departments: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, transaction: Transaction, definition: Workflow, forms: Iterable[Mapping[str, Any]]) -> "Meanings":
        """The meanings of everything that these forms name."""
        wanted: dict[FieldType, set[str]] = {}
        for form in forms:
            for name, value in form.items():
                declared = definition.fields.get(name)
                for code in _codes(declared, value) if declared else ():
                    wanted.setdefault(declared.type if declared else FieldType.TEXT, set()).add(code)
        places = wanted.get(FieldType.PLACE, set()) | wanted.get(FieldType.AREA, set())
        return cls(
            definition.fields,
            names.by_code(transaction, "department", "code", wanted.get(FieldType.DEPARTMENT, ())),
            names.by_code(transaction, "person", "login", wanted.get(FieldType.PERSON, ())),
            names.by_code(transaction, "area", "code", places),
            registers.item_names(transaction, wanted.get(FieldType.ITEM, ())),
        )

    def pieces(self, form: Mapping[str, Any]) -> Iterator[Piece]:
        """A form as people read it, in the order of the file's fields: facts are stored in the order of their names."""
        for name, declared in self.fields.items():
            if form.get(name) not in (None, "", []):
                yield self._piece(declared, form[name])

    def _piece(self, declared: Field, value: Any) -> Piece:
        match declared.type:
            case FieldType.PHOTO:
                return Piece(title=declared.title, photos=tuple(value if isinstance(value, list) else [value]))
            case FieldType.FILE:
                return Piece(title=declared.title, files=tuple(value if isinstance(value, list) else [value]))
            case FieldType.STARS:
                return Piece(title=declared.title, stars=int(value))
            case _:
                values = value if isinstance(value, list) else [value]
                return Piece(title=declared.title, texts=tuple(self._text(declared, one) for one in values))

    def _text(self, declared: Field, value: Any) -> Title | str:
        names_of = {
            FieldType.DEPARTMENT: self.departments, FieldType.PERSON: self.people, FieldType.AREA: self.areas,
            FieldType.ITEM: self.items,
        }.get(declared.type)  # fmt: skip
        if names_of is not None:
            return names_of.get(str(value), str(value))
        if declared.type is FieldType.PLACE and isinstance(value, Mapping):
            return self.areas.get(str(value.get("area")), str(value.get("area")))
        if declared.type is FieldType.YES_NO:
            return Title("是", "Yes") if value else Title("否", "No")
        return declared.of.get(str(value), str(value))


def _codes(declared: Field, value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield str(one.get("area"))
        else:
            yield str(one)


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
    meanings = Meanings.of(transaction, definition, [*_forms(history.lines), *(ask.form for ask in case.open_asks())])
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


def changed_since(transaction: Transaction, sheet: Sheet, history: History) -> tuple[Told, ...]:
    """The lines of a history, for somebody who was overtaken by them; the oldest first."""
    meanings = Meanings.of(transaction, sheet.definition, _forms(history.lines))
    return tuple(told(line, history, sheet, meanings) for line in history.lines)


def typed_before(transaction: Transaction, sheet: Sheet, values: Mapping[str, Sequence[str]]) -> tuple[Piece, ...]:
    """What somebody typed into a form that is no more, as people read it."""
    form = {name: [one for one in given if one.strip()] for name, given in values.items()}
    declared = sheet.definition.fields
    kept = {
        name: [{"area": one} for one in given] if declared[name].type is FieldType.PLACE else given
        for name, given in form.items()
        if name in declared and declared[name].type is not FieldType.STARS
    }
    return tuple(Meanings.of(transaction, sheet.definition, [kept]).pieces(kept))


def deed(sheet: Sheet, offer: Offer) -> Deed:
    """An offer as a button on this ticket's page."""
    query = "&".join(f"{key}={value}" for key, value in (("task", offer.task), ("request", offer.request)) if value)
    return Deed(
        offer=offer,
        url=f"/tickets/{sheet.sight.case_no}/do/{offer.name}" + (f"?{query}" if query else ""),
        about=about(sheet, offer.task),
    )


def about(sheet: Sheet, task_seq: int | None) -> str:
    """Whose task that is."""
    task = sheet.case.tasks.get(task_seq) if task_seq is not None else None
    if task is None:
        return ""
    found = sheet.names.departments.get(task.department_id or 0) or sheet.names.people.get(task.person_id or 0)
    return found.name if found else ""


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
    )


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


def _forms(lines: Iterable[Line]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        yield line.facts.get("form", {})
        yield from line.facts.get("each", {}).values()
        if line.words:
            yield line.words


def told(line: Line, history: History, sheet: Sheet, meanings: Meanings) -> Told:
    """One event in words."""
    person = history.names.people.get(line.person_id or 0)
    unit = history.names.departments.get(line.department_id or 0)
    automatic = line.actor in ("clock", "rule")
    who: Title | str = {"clock": _CLOCK, "rule": _RULE}.get(line.actor, person.name if person else line.actor)
    return Told(
        seq=line.seq,
        at=line.at,
        recorded_at=line.recorded_at if line.recorded_at != line.at else None,
        title=line.title,
        about=about(sheet, line.task),
        who=who,
        post=shipped().posts.get(line.post) or sheet.definition.posts.get(line.post),
        unit=unit.name if unit else "",
        moved=_moved(line, sheet),
        pieces=tuple(_pieces(line, sheet, meanings)),
        automatic=automatic,
    )


def _moved(line: Line, sheet: Sheet) -> tuple[Title, Title] | None:
    states = sheet.definition.scope(line.scope or None).states
    before, after = states.get(line.state_from), states.get(line.state_to)
    return (before.title, after.title) if before and after and before is not after else None


def _pieces(line: Line, sheet: Sheet, meanings: Meanings) -> Iterator[Piece]:
    facts, words = line.facts, line.words or {}
    yield from meanings.pieces({**words, **facts.get("form", {})})
    for seq, answers in facts.get("each", {}).items():
        spoken = {**words.get("each", {}).get(seq, {}), **answers}
        scored = about(sheet, int(seq))
        for piece in meanings.pieces(spoken):
            title = Title(f"{scored}：{piece.title.zh}", f"{scored}: {piece.title.en}")
            yield replace(piece, title=title)
    yield from _effects(facts, sheet, meanings)


def _effects(facts: Mapping[str, Any], sheet: Sheet, meanings: Meanings) -> Iterator[Piece]:
    """What an act brought about beyond its form."""
    for title, seqs in (
        (Title("撤下任务", "Tasks stopped"), facts.get("withdrawn", ())),
        (Title("返回办理", "To be done again"), [new for new, _ in facts.get("reopened", ())]),
    ):
        if seqs:
            yield Piece(title=title, texts=tuple(about(sheet, int(seq)) for seq in seqs))
    for title, key in ((Title("新的时限", "New due time"), "due"), (Title("恢复时间", "Resumes"), "resumes")):
        if key in facts:
            yield Piece(title=title, texts=(shown(Instant(int(facts[key]))),))
    for title, key in ((Title("主案", "Main ticket"), "main"), (Title("关联案卷", "The other ticket"), "ticket")):
        if isinstance(facts.get(key), str):
            yield Piece(title=title, texts=(facts[key],))
    if "reason" in facts:
        yield Piece(title=Title("原因", "Reason"), texts=(str(facts["reason"]),))
