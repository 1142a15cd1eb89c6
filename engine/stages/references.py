"""What the codes in a form mean: looked up before the decision, so that `decide` stays pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Action, FieldType, FormItem
from engine.errors import Malformed, Place
from engine.records import organisation, places, reuse
from engine.records.areas import chain
from engine.records.asking import Question, among_keys, ask
from engine.records.catalogue import asked_items
from engine.records.knowledge import hidden, units_of
from engine.records.register_rows import asked_rows
from engine.rules.case import Actor, ActorKind, AreaLink, Case, References, TicketRef
from engine.rules.forms import shown
from engine.vocabulary import StateType

#: Codes longer than this are nobody's.
_LONGEST_CODE = 128

_KINDS = {
    FieldType.DEPARTMENT: "departments",
    FieldType.PERSON: "people",
    FieldType.TICKET: "tickets",
    FieldType.ITEM: "items",
    FieldType.AREA: "areas",
    FieldType.PHOTO: "uploads",
    FieldType.FILE: "uploads",
    FieldType.ROW: "rows",
}


def is_code(value: Any) -> bool:
    """Whether something may be a code at all: what holds other characters is nobody's, and breaks a database."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_CODE and value.isprintable()


#: Every kind of code, in the order in which they are asked for.
CODES = ("departments", "people", "tickets", "items", "areas", "uploads", "rows")


@dataclass(slots=True)
class Wanted:
    """The codes a form names, by what they are codes of."""

    departments: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    tickets: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)
    #: The places of the form by field, in WGS-84; `look_up` adds the area each lies in.
    places: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, action: Action, form: Mapping[str, Any], each: Mapping[int, Mapping[str, Any]]) -> "Wanted":
        """The codes in an action's form.

        Errors: `Malformed` for a place off the earth or in an unknown datum.
        """
        wanted = cls()
        wanted._gather(action.form, form)
        for items in action.each.values():
            for answers in each.values():
                wanted._gather(items, answers)
        return wanted

    def _gather(self, items: Iterable[FormItem], form: Mapping[str, Any]) -> None:
        for item in items:
            value = form.get(item.name)
            if value is None:
                continue
            if item.field.type is FieldType.PLACE and isinstance(value, Mapping):
                self.places[item.name] = _received(item.name, value)
            kind = _KINDS.get(item.field.type)
            if kind is not None:
                self._add(kind, value)

    @classmethod
    def guess(cls, types: Mapping[str, FieldType], form: Mapping[str, Any]) -> "Wanted":
        """The codes a form probably names, from its fields' names alone, while its workflow is still unknown.

        Asking for them together with the ticket saves a journey; what the guess missed is asked for afterwards, what it
        found in vain is not looked at.
        """
        wanted = cls()
        for name, value in form.items():
            kind = _KINDS.get(types.get(name, FieldType.TEXT))
            if kind is not None:
                wanted._add(kind, value)
            elif isinstance(value, Mapping):
                wanted._add("areas", value.get("area"))
        return wanted

    def _add(self, kind: str, value: Any) -> None:
        codes = value if isinstance(value, list) else [value]
        getattr(self, kind).update(code for code in codes if is_code(code))

    def without(self, other: "Wanted") -> "Wanted":
        """What is wanted here and was not asked for there."""
        return Wanted(**{kind: getattr(self, kind) - getattr(other, kind) for kind in CODES})

    def filled(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The form with its places as they were found."""
        return {**form, **self.places}

    def area(
        self, transaction: Transaction, references: References, actor: Actor, parent_id: int | None = None
    ) -> tuple[AreaLink, ...]:
        """Where a new ticket lies: the area of its place, else the one its form names, else that of the ticket which
        opens it, else that of the reporter's post.

        Errors: `Malformed` when none of them says.
        """
        for name, place in self.places.items():
            code = place.get("area")
            if code is None:
                raise Malformed("不在任何网格内，请选择网格", "lies in no grid; choose one", place=Place(field=name))
            if not isinstance(code, str) or code not in references.areas:
                where = Place(field=name)
                raise Malformed(f"没有这个区域“{shown(code)}”", f"unknown area: '{shown(code)}'", place=where)
            return references.areas[code].chain
        for code in self.areas:
            if code in references.areas:
                return references.areas[code].chain
        home = _area_of(transaction, parent_id) if parent_id is not None else None
        home = home or organisation.home_area(transaction, actor.posts)
        if home is None:
            raise Malformed("请说明在哪个区域", "say in which area it is", place=Place(field="area"))
        return home


def _area_of(transaction: Transaction, ticket_id: int) -> tuple[AreaLink, ...] | None:
    mark = "%s" if transaction.postgresql else "?"
    asked = f"SELECT a.lineage FROM ticket t JOIN area a ON a.id = t.area_id WHERE t.id = {mark}"  # noqa: S608
    rows = transaction.rows(asked, (ticket_id,))
    return chain(rows[0][0]) if rows else None


def questions(transaction: Transaction, wanted: Wanted, now: Instant) -> list[tuple[str, Question[Any]]]:
    """A question per kind of code that is wanted."""
    asked: list[tuple[str, Question[Any]]] = []
    if wanted.departments:
        asked.append(("departments", organisation.asked_departments(transaction, wanted.departments)))
    if wanted.people:
        asked.append(("people", organisation.asked_people(transaction, wanted.people, now)))
    if wanted.tickets:
        asked.append(("tickets", _asked_tickets(transaction, wanted.tickets)))
    if wanted.items:
        asked.append(("items", asked_items(transaction, wanted.items)))
    if wanted.areas:
        asked.append(("areas", organisation.asked_areas(transaction, wanted.areas)))
    if wanted.uploads:
        asked.append(("uploads", _asked_uploads(transaction, wanted.uploads)))
    if wanted.rows:
        asked.append(("rows", asked_rows(transaction, wanted.rows, now)))
    return asked


def complete(
    transaction: Transaction, wanted: Wanted, asked: Wanted, references: References, now: Instant
) -> References:
    """Everything that is wanted: what `asked` brought already, the rest, and the grids of places given as points."""
    for name, place in wanted.places.items():
        _locate(transaction, name, place, wanted)
    missing = questions(transaction, wanted.without(asked), now)
    answers = ask(transaction, [question for _, question in missing])
    for (kind, _), answer in zip(missing, answers, strict=True):
        getattr(references, kind).update(answer)
    return references


def hide(transaction: Transaction, wanted: Wanted, references: References, actor: Actor) -> None:
    """A ticket that is kept from the actor is to them like one that isn't there.

    Asked whenever a form names tickets, whether they are there or not, so that not even the time taken tells.
    """
    if not wanted.tickets or actor.kind is not ActorKind.PERSON:
        return
    kept = hidden(transaction, units_of(actor.person_id or 0, actor.posts), wanted.tickets)
    references.tickets = {number: found for number, found in references.tickets.items() if number not in kept}


def prove(transaction: Transaction, wanted: Wanted, references: References, case: Case) -> None:
    """What is known of the uploads that a form names, and where they should have been taken."""
    named = wanted.uploads & references.uploads.keys()
    if not named:
        return
    ticket = case.ticket
    born = bool(ticket.last_seq)
    references.photos, references.spot = reuse.known(
        transaction, named, ticket.id if born else 0, (ticket.parent_id, ticket.main_id)
    )
    if not born:
        references.spot = next((spot for place in wanted.places.values() if (spot := reuse.spot_of(place))), None)


def _received(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    place = places.received(value, field=name) if "lon" in value or "lat" in value else {}
    return {**place, "area": value["area"]} if value.get("area") else place


def _locate(transaction: Transaction, name: str, place: dict[str, Any], wanted: Wanted) -> None:
    """The grid of a place: the one it names, else the one its point lies in."""
    if place.get("area"):
        wanted._add("areas", place["area"])
    elif "lon_e7" in place and "lat_e7" in place:
        found = places.find_area(transaction, int(place["lon_e7"]), int(place["lat_e7"]))
        if found is None:
            raise Malformed(
                f"位置（{place['lon_e7'] / 1e7:.5f}, {place['lat_e7'] / 1e7:.5f}）不在任何网格内",
                f"the point ({place['lon_e7'] / 1e7:.5f}, {place['lat_e7'] / 1e7:.5f}) lies in no grid",
                place=Place(field=name),
            )
        place["area"] = found
        wanted.areas.add(found)


def _asked_tickets(transaction: Transaction, codes: Collection[str]) -> Question[dict[str, TicketRef]]:
    match, parameters = among_keys(transaction, codes)
    sql = (
        "SELECT t.id, t.case_no, t.state, t.state_type, t.main_id, t.confidential FROM case_number c "  # noqa: S608 (constant words)
        f"JOIN ticket t ON t.id = c.ticket_id WHERE c.number {match}"
    )
    rows = yield sql, parameters
    return {row[1]: TicketRef(row[0], row[1], row[2], StateType(row[3]), row[4], bool(row[5])) for row in rows}


def _asked_uploads(transaction: Transaction, codes: Collection[str]) -> Question[dict[str, str]]:
    match, parameters = among_keys(transaction, codes)
    sql = f"SELECT sha256, media_type FROM upload WHERE sha256 {match}"  # noqa: S608 (constant words)
    rows = yield sql, parameters
    return {row[0]: row[1] for row in rows}
