"""A ticket in its reporter's words: how far it is, what was answered, what is asked; nothing of the work inside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, PersonScope, State, Title, Workflow
from engine.records import sheet
from engine.records.access import Viewer
from engine.records.sheet import Line, Sheet, Sight, Spoken
from engine.records.versions import Versions
from engine.rules.case import Case, Held, Run
from engine.vocabulary import STAGE_TITLES, Stage, StateType
from web.telling import Meanings, Piece, forms_of

#: Whoever answers a citizen writes it here.
_REPLY = ("reply",)
#: What the reporter is asked, where it is the reporter's move.
_ASKED = ("message",)
_WANTED = Title("需要您", "Asked of you")
#: A citizen's word for every picture.
PHOTOS = Title("照片", "Photos")
#: Why a matter ends unhandled.
_WHY = ("reason", "referral")
#: Who works on it is no word of the reporter's, even if a form of theirs had it.
_HIDDEN = frozenset({FieldType.DEPARTMENT, FieldType.PERSON, FieldType.ITEM, FieldType.TICKET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that came about, as the reporter is told."""

    at: Instant
    title: Title
    own: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Everything that a receipt shows."""

    case_no: str
    description: str
    address: str
    area_path: tuple[str, ...]
    state: Title
    type: StateType
    #: None at an end.
    stage: Stage | None
    #: Whether it is the reporter's move, and until when.
    awaited: bool
    until: Instant | None
    steps: tuple[Step, ...]


def stand_in(case: Case) -> Viewer:
    """Somebody who is nobody: of posts only the ticket's own area, for the choice of a place."""
    return Viewer(person_id=0, login="", name="", posts=(Held("", area_id=case.ticket.area[0].id),))


def progress(transaction: Transaction, versions: Versions, case: Case, now: Instant) -> Progress:
    """How far a ticket is, for whoever holds its receipt."""
    sight = Sight(ticket_id=case.ticket.id, case_no=case.ticket.case_no, official=True)
    whole = sheet.sheet(transaction, versions, stand_in(case), sight, case, now)
    lines = sheet.history(transaction, stand_in(case), sight, case).lines
    meanings = Meanings.of(transaction, case.definition, forms_of(lines), sight.case_no)
    meanings.fields = {name: _plainly(one) for name, one in meanings.fields.items() if one.type not in _HIDDEN}
    state = case.definition.states[case.ticket.state]
    awaited = bool(reporters(case.definition) & {*state.turn})
    return Progress(
        case_no=sight.case_no,
        description=whole.description,
        address=whole.address,
        area_path=whole.area_path,
        state=state.title,
        type=state.type,
        stage=None if state.final else state.stage,
        awaited=awaited,
        until=_until(whole) if awaited else None,
        steps=tuple(_steps(case.definition, lines, meanings)),
    )


def _plainly(field: Field) -> Field:
    """A field by a citizen's word for it: forms call things by what they are to officials."""
    if field.type is FieldType.PHOTO:
        return replace(field, title=PHOTOS)
    return replace(field, title=_WANTED) if field.name in _ASKED else field


def reporters(definition: Workflow) -> frozenset[str]:
    """The roles of a file that mean the reporter."""
    return frozenset(role.name for role in definition.roles.values() if role.person is PersonScope.REPORTER)


def _until(whole: Sheet) -> Instant | None:
    running = (one.timer for one in whole.clocks if one.timer.task_seq is None and one.timer.request_seq is None)
    return min((timer.due_at for timer in running if timer.run is Run.RUNNING), default=None)


def _steps(definition: Workflow, lines: tuple[Line, ...], meanings: Meanings) -> Iterator[Step]:
    spoken, stage = Spoken(definition), ""
    for line in lines:
        state = definition.states.get(line.state_to)
        if line.scope or state is None:
            continue
        own = line.actor.startswith("public:")
        moved, told = line.state_to != line.state_from, spoken.tells_reporter("", line.action)
        if own or told or (moved and (state.type is not StateType.WORKING or line.stage != stage)):
            words = _own(line) if own else _for_reporter(definition, line, state, told=told)
            title = _title(line, state, moved=moved, plain=own or told)
            yield Step(at=line.at, title=title, own=own, pieces=tuple(map(_shown, meanings.pieces(words))))
            stage = line.stage


def _title(line: Line, state: State, *, moved: bool, plain: bool) -> Title:
    """The state come to; of moves that nobody need tell only the stage; of the rest what was done."""
    if not moved:
        return line.title
    if plain or state.type in (StateType.CLOSED, StateType.VOID, StateType.JOINED) or state.stage is None:
        return state.title
    return Title(*STAGE_TITLES[state.stage])


def _own(line: Line) -> dict[str, Any]:
    return {**(line.words or {}), **line.facts.get("form", {})}


def _for_reporter(definition: Workflow, line: Line, state: State, *, told: bool) -> Mapping[str, Any]:
    """Of what officials wrote that alone which is meant for the reporter."""
    if not told:
        return {}
    asked = _ASKED if reporters(definition) & {*state.turn} else ()
    why = _WHY if state.type is StateType.VOID else ()
    said = _own(line)
    return {name: said[name] for name in (*_REPLY, *asked, *why) if name in said}


def _shown(piece: Piece) -> Piece:
    """Pictures are counted: whoever sent them has them, and whoever finds the address need not."""
    if piece.photos or piece.files:
        return replace(piece, photos=(), files=(), texts=(f"{len(piece.photos) or len(piece.files)} 份",))
    return piece
