"""The minutes of a sitting: gathered from its rows and the tickets' own history, told in words that are then signed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, Meeting, Title, Workflow
from engine.definitions.names import YES_NO
from engine.records import sittings
from engine.records.asking import among, marks
from engine.records.names import by_code, names
from engine.records.sittings import Held, ItemRow
from engine.records.versions import Versions
from engine.rules.sittings import ItemOutcome, Presence, SittingState

STATES = {
    SittingState.CALLED: Title("已通知", "Called"),
    SittingState.IN_SESSION: Title("会议中", "In session"),
    SittingState.CLOSED: Title("已闭会", "Closed"),
    SittingState.SIGNED: Title("纪要已签发", "Minutes signed"),
    SittingState.CANCELLED: Title("已取消", "Cancelled"),
}
PRESENCES = {
    Presence.AWAITED: Title("未到", "Not there yet"),
    Presence.PRESENT: Title("到会", "Present"),
    Presence.EXCUSED: Title("请假", "Excused"),
    Presence.ABSENT: Title("缺席", "Absent"),
}
OUTCOMES = {
    ItemOutcome.OPEN: Title("待议", "To be decided"),
    ItemOutcome.DECIDED: Title("已议决", "Decided"),
    ItemOutcome.CARRIED: Title("结转下次", "Carried over"),
    ItemOutcome.REMOVED: Title("已撤出议程", "Taken off"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A member in words."""

    person_id: int
    name: str
    seat: Title
    area: str
    presence: Presence
    #: Who came in the member's place; "" for nobody.
    stand_in: str = ""

    @property
    def said(self) -> str:
        """As minutes name somebody."""
        whole = f"{self.name}（{self.seat.zh}，{self.area}）"
        return f"{self.stand_in}（代{whole}）" if self.stand_in else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An item in words."""

    item: ItemRow
    #: What its loop calls a ticket.
    word: Title
    #: The action that decided it; None for an item that was not decided.
    decision: Title | None = None
    #: Title and value of every field of the decision that is no citizen's word.
    fields: tuple[tuple[Title, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sitting in words."""

    sitting: Held
    title: Title
    chair: str
    members: tuple[Present, ...]
    items: tuple[Decided, ...]


def number_of(sitting: Held) -> str:
    """`〔2026〕第3次`; "" before it is opened."""
    return f"〔{sitting.year}〕第{sitting.nth}次" if sitting.nth is not None else ""


def gather(transaction: Transaction, versions: Versions, meeting: Meeting, sitting: Held) -> Told:
    """Everything that a sitting's page and minutes say."""
    rows = sittings.seats(transaction, sitting.id)
    called = names(
        transaction,
        people=[sitting.chair_id, *(row.person_id for row in rows), *(row.stand_in_id for row in rows)],
        areas=[row.area_id for row in rows],
    )
    order = list(meeting.seats)
    members = [
        Present(
            person_id=row.person_id, name=called.people[row.person_id].name, seat=meeting.seats[row.seat].title,
            area=called.areas[row.area_id].name, presence=row.presence,
            stand_in=called.people[row.stand_in_id].name if row.stand_in_id is not None else "",
        )
        for row in sorted(rows, key=lambda row: (order.index(row.seat), row.person_id))
    ]  # fmt: skip
    found = sittings.items(transaction, sitting.id)
    return Told(
        sitting=sitting,
        title=meeting.title,
        chair=called.people[sitting.chair_id].name if sitting.chair_id is not None else "",
        members=tuple(members),
        items=tuple(_decided(transaction, versions, found)),
    )


def _decided(transaction: Transaction, versions: Versions, items: list[ItemRow]) -> Iterable[Decided]:
    forms = _forms(transaction, items)
    loops = {one.workflow_id: versions.definition(transaction, one.workflow_id) for one in items}
    words = Words.of(transaction, loops.values(), forms.values())
    for item in items:
        loop, form = loops[item.workflow_id], forms.get(item.ticket_id)
        if item.action is None or form is None:
            yield Decided(item=item, word=loop.words["ticket"])
            continue
        titles = (state.actions[item.action].title for state in loop.states.values() if item.action in state.actions)
        fields = tuple((loop.fields[name].title, words.said(loop.fields[name], form[name])) for name in form)
        yield Decided(item=item, word=loop.words["ticket"], decision=next(titles), fields=fields)


def _forms(transaction: Transaction, items: list[ItemRow]) -> dict[int, dict[str, Any]]:
    """Ticket → the form of the event that decided it, without what is personal: that is erasable, minutes are not."""
    mark, *_ = marks(transaction, 1)
    found = {}
    for item in items:
        if item.outcome is ItemOutcome.DECIDED:
            ((facts,),) = transaction.rows(
                f"SELECT facts FROM event WHERE ticket_id = {mark} AND seq = {mark}",  # noqa: S608
                (item.ticket_id, item.event_seq),
            )
            found[item.ticket_id] = json.loads(facts).get("form", {})
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """Names behind the codes of forms."""

    departments: Mapping[str, str]
    people: Mapping[str, str]
    items: Mapping[str, str]

    @classmethod
    def of(cls, transaction: Transaction, loops: Iterable[Workflow], forms: Iterable[Mapping[str, Any]]) -> "Words":
        kinds = {name: field.type for loop in loops for name, field in loop.fields.items()}
        named: dict[FieldType, set[str]] = {}
        for form in forms:
            for name, value in form.items():
                values = value if isinstance(value, list) else [value]
                named.setdefault(kinds[name], set()).update(one for one in values if isinstance(one, str))
        match, listed = among(transaction, {code.split("/")[0] for code in named.get(FieldType.ITEM, ())})
        return cls(
            by_code(transaction, "department", "code", named.get(FieldType.DEPARTMENT, ())),
            by_code(transaction, "person", "login", named.get(FieldType.PERSON, ())),
            dict(transaction.rows(f"SELECT code, name FROM item WHERE code {match}", listed)),  # noqa: S608
        )

    def said(self, field: Field, value: Any) -> str:
        """A value of a form in words."""
        return "、".join(self._one(field, one) for one in (value if isinstance(value, list) else [value]))

    def _one(self, field: Field, value: Any) -> str:
        match field.type:
            case FieldType.CHOICE:
                return field.of[value].zh
            case FieldType.YES_NO:
                return YES_NO[value].zh
            case FieldType.DEPARTMENT:
                return self.departments.get(value, value)
            case FieldType.PERSON:
                return self.people.get(value, value)
            case FieldType.ITEM:
                return self.items.get(value.split("/")[0], value)
            case FieldType.PHOTO | FieldType.FILE:
                return f"附件 {value[:12]}"
            case FieldType.PLACE:
                return str(value.get("area", ""))
            case _:
                return str(value)


def text(told: Told, *, remarks: str, signed_by: str, signed_at: Instant) -> str:
    """The minutes as they are signed, in Chinese, a line each; the same rows make the same text."""
    sitting = told.sitting
    by = {one: [member.said for member in told.members if member.presence is one] for one in Presence}
    lines = [
        f"{told.title.zh}纪要",
        f"{number_of(sitting)}　{sitting.code}",
        f"会议区域：{sitting.area_name}",
        f"会议时间：{shown(sitting.opened_at)} 至 {shown(sitting.closed_at)}",
        f"会议地点：{sitting.place or '未记录'}",
        f"主持人：{told.chair}",
        f"应到 {len(told.members)} 人，实到 {len(by[Presence.PRESENT])} 人",
        f"到会：{'、'.join(by[Presence.PRESENT]) or '无'}",
        f"请假：{'、'.join(by[Presence.EXCUSED]) or '无'}",
        f"缺席：{'、'.join(by[Presence.ABSENT]) or '无'}",
        "",
        f"议题共 {len(told.items)} 件：",
    ]
    for number, one in enumerate(told.items, 1):
        lines += _item_lines(number, one)
    if remarks:
        lines += ["", f"补充记录：{remarks}"]
    lines += ["", f"签发：{signed_by}　{shown(signed_at)}"]
    return "\n".join(lines) + "\n"


def _item_lines(number: int, one: Decided) -> list[str]:
    again = f"（第 {one.item.carried + 1} 次上会）" if one.item.carried else ""
    verdict = one.decision.zh if one.decision else OUTCOMES[one.item.outcome].zh
    return [
        f"{number}. {one.word.zh} {one.item.case_no}{again}",
        f"   议决：{verdict}",
        *(f"   {title.zh}：{value}" for title, value in one.fields),
    ]
