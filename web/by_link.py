"""What a unit without accounts sees of its one task, and no more: the matter, its own part, what it is asked to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import FieldType, Title, Workflow
from engine.records import registers, sheet
from engine.records.access import Viewer
from engine.records.sheet import Clock, History, Line, Sheet, Sight
from engine.records.task_links import Found
from engine.records.unmasking import CONTACT, masked_name, masked_phone
from engine.records.versions import Versions
from engine.rules.case import Case, Held, Task
from web.telling import Meanings, Piece, Told, forms_of, told

#: Who else was called is no business of the unit's; who reported is told apart, masked.
_HIDDEN = frozenset({FieldType.DEPARTMENT, FieldType.PERSON})
_CONTACT = frozenset(CONTACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """One task as the holder of its link sees it."""

    case_no: str
    title: Title
    unit: str
    state: Title
    lead: bool
    #: 主办 or 协办, in the loop's own words.
    part: Title
    description: str
    area_path: tuple[str, ...]
    address: str
    item: str
    contact_name: str
    contact_phone: str
    #: Pictures of the matter.
    photos: tuple[str, ...]
    #: What the unit is asked, and why.
    asked: tuple[Piece, ...]
    clocks: tuple[Clock, ...]
    history: tuple[Told, ...]
    expires_at: Instant

    @property
    def pictures(self) -> frozenset[str]:
        """Every picture that is shown here."""
        shown = (piece for one in self.history for piece in one.pieces)
        return frozenset(self.photos).union(*(piece.photos for piece in (*self.asked, *shown)))


def stand_in(case: Case) -> Viewer:
    """Somebody who is nobody: of posts only the ticket's own area, for the choice of a place."""
    return Viewer(person_id=0, login="", name="", posts=(Held("", area_id=case.ticket.area[0].id),))


def seen_by_link(transaction: Transaction, versions: Versions, case: Case, found: Found, now: Instant) -> Sheet:
    """The ticket's sheet, of which a page by link shows a part."""
    sight = Sight(ticket_id=found.ticket_id, case_no=case.ticket.case_no, official=True)
    return sheet.sheet(transaction, versions, stand_in(case), sight, case, now)


def link_page(transaction: Transaction, whole: Sheet, found: Found) -> LinkPage:
    """Everything that the page of a link lays out."""
    case, task = whole.case, whole.case.tasks[found.task_seq]
    kind = case.definition.tasks[task.kind]
    history = sheet.recent(transaction, stand_in(case), whole.sight, case, limit=sheet.MOST_EVENTS)
    own = _own(case, task)
    meanings = _meanings(transaction, case.definition, history, case.ticket.case_no)
    name, phone = whole.contact_name, whole.contact_phone
    # Who has signed is the one who calls the citizen; before that, and on a screen shared by mistake, nobody needs it.
    signed = task.state != kind.first
    item = case.ticket.item
    return LinkPage(
        case_no=case.ticket.case_no,
        title=kind.title,
        unit=whole.names.departments[task.department_id].name if task.department_id is not None else "",
        state=kind.states[task.state].title,
        lead=task.lead,
        part=case.definition.words["lead" if task.lead else "co"],
        description=whole.description,
        area_path=whole.area_path,
        address=whole.address,
        item=registers.item_names(transaction, [item]).get(item, item) if item else "",
        contact_name=name if signed else masked_name(name),
        contact_phone=phone if signed else masked_phone(phone),
        photos=tuple(_photos(case.definition, history.lines)),
        asked=tuple(_asked(meanings, history.lines, own)),
        clocks=tuple(one for one in whole.clocks if one.timer.task_seq == task.seq),
        history=tuple(told(line, history, whole, meanings) for line in reversed(history.lines) if line.task in own),
        expires_at=found.expires_at,
    )


def _own(case: Case, task: Task) -> frozenset[int]:
    """The task and those of the same unit that it does again."""
    found, at = [], task
    while True:
        found.append(at.seq)
        before = case.tasks.get(at.previous) if at.previous is not None else None
        if before is None or before.department_id != task.department_id:
            return frozenset(found)
        at = before


def _meanings(transaction: Transaction, definition: Workflow, history: History, case_no: str) -> Meanings:
    found = Meanings.of(transaction, definition, forms_of(history.lines), case_no)
    found.fields = {
        name: field for name, field in found.fields.items() if field.type not in _HIDDEN and name not in _CONTACT
    }
    return found


def _photos(definition: Workflow, lines: Sequence[Line]) -> Iterator[str]:
    """Pictures that came with the report, and with what the reporter told later: fields that some start asks for."""
    asked = {item.name for start in definition.starts.values() for item in start.form}
    shown = [name for name in asked if definition.fields[name].type is FieldType.PHOTO]
    for line in lines:
        form = line.facts.get("form", {}) if not line.scope else {}
        for name in shown:
            if name in form:
                yield from form[name] if isinstance(form[name], list) else [form[name]]


def _asked(meanings: Meanings, lines: Sequence[Line], own: frozenset[int]) -> Iterator[Piece]:
    """What was said when the task was sent, or opened again: instructions, reasons, pictures of a check."""
    for line in lines:
        made = {one[0] for key in ("sent", "reopened") for one in line.facts.get(key, ())}
        if made & own:
            yield from meanings.pieces({**(line.words or {}), **line.facts.get("form", {})})
