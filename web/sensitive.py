"""Sensitive fields of a ticket as its page shows them: masked, but for one that is just shown for a purpose."""

from dataclasses import dataclass

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, Title
from engine.records import sensitive, unmasking
from engine.records.access import Viewer
from engine.records.sheet import Sight
from engine.records.unmasking import MASK, NewAccess, Purpose
from engine.rules.case import Actor, ActorKind, Case
from web.sessions import Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A sensitive field that holds something."""

    name: str
    title: Title
    purpose: Title
    #: `MASK`, or what it holds.
    text: str
    #: Whether this reader may ask to be shown it.
    may: bool


def secret_fields(transaction: Transaction, here: Sitting, case: Case, shown: str) -> list[Secret]:
    """The sensitive fields of a ticket that hold something; the one called `shown` as it is."""
    told = []
    for name, value in sensitive.held(transaction, case).items():
        field = sensitive.fields(case.definition)[name]
        if field.sensitive is not None:
            text = in_words(field, value) if name == shown else MASK
            may = sensitive.may_see(case, actor_of(here.viewer), field)
            told.append(Secret(name=name, title=field.title, purpose=field.sensitive.purpose, text=text, may=may))
    return told


def show(house: Application, viewer: Viewer, seen: Sight, name: str, purpose: str, page: str) -> str:
    """What a sensitive field holds, written into the access log before it is answered. Errors: `sensitive.expect`."""
    now = house.clock.now()

    def work(transaction: Transaction) -> str:
        case = house.door.case(transaction, seen.ticket_id)
        field, said = sensitive.expect(case, actor_of(viewer), name, purpose)
        new = NewAccess(
            ticket_id=seen.ticket_id, person_id=viewer.person_id, purpose=Purpose.STATED, field=name, page=page,
            note=said,
        )  # fmt: skip
        unmasking.record(transaction, new, now)
        value = sensitive.held(transaction, case).get(name)
        return in_words(field, value) if value is not None else ""

    return house.database.acting(work)


def in_words(field: Field, value: object) -> str:
    """Values as people read them."""
    each = value if isinstance(value, list) else [value]
    if field.type is FieldType.CHOICE:
        return "、".join(field.of[str(one)].zh if str(one) in field.of else str(one) for one in each)
    if field.type is FieldType.YES_NO:
        return "、".join({"yes": "是", "no": "否"}.get(str(one), str(one)) for one in each)
    return "、".join(str(one) for one in each)


def actor_of(viewer: Viewer) -> Actor:
    return Actor(kind=ActorKind.PERSON, person_id=viewer.person_id, name=viewer.login, posts=viewer.posts)
