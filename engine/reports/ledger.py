"""The ledger 台账 of a loop: every ticket of a period that its asker reaches, a row each, as a stream.

Tickets are read page by page, each in a transaction of its own: neither memory nor any transaction grows with the
number of rows. Contacts are masked as on pages; what few may know of is in nobody else's ledger.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, Title, Workflow
from engine.definitions.names import STANDARD_FIELDS
from engine.definitions.words import shipped
from engine.errors import NotFound
from engine.records import lists
from engine.records.access import Viewer
from engine.records.areas import area_by_code
from engine.records.asking import among, marks
from engine.records.lists import Row, Wanted
from engine.records.registers import item_names
from engine.records.unmasking import masked_name, masked_phone
from engine.records.versions import Versions
from engine.reports import periods
from engine.reports.making import Made, Making, Parameters, Report, expect_official, word_of
from engine.reports.periods import Period
from engine.reports.sheets import Book, Cell, Column, Written, book, day_time, ranges
from engine.rules.likeness import item_of
from engine.stages.minutes import Words
from engine.vocabulary import STAGE_TITLES, Stage, StateType

#: Tickets read at once.
AT_ONCE = lists.MOST
_COLUMNS = (
    Column(title="案卷号", width=18),
    Column(title="上报时间", width=17, kind="moment"),
    Column(title="立案时间", width=17, kind="moment"),
    Column(title="阶段", width=10),
    Column(title="状态", width=12),
    Column(title="区域", width=18),
    Column(title="事项", width=18),
    Column(title="紧急程度", width=10),
    Column(title="渠道", width=10),
    Column(title="问题描述", width=40),
    Column(title="联系人", width=10),
    Column(title="联系电话", width=14),
    Column(title="主办单位", width=18),
    Column(title="协办单位", width=18),
    Column(title="处置时限", width=17, kind="moment"),
    Column(title="处置时间", width=17, kind="moment"),
    Column(title="结案时间", width=17, kind="moment"),
    Column(title="当前时限", width=17, kind="moment"),
    Column(title="亮灯", width=8),
    Column(title="解决情况", width=10),
    Column(title="满意度", width=10),
    Column(title="返工次数", width=9, kind="number"),
    Column(title="重办次数", width=9, kind="number"),
    Column(title="退单次数", width=9, kind="number"),
    # One or nothing, so that sums count whatever a filter leaves.
    Column(title="已结", width=7, kind="number"),
    Column(title="按时处置", width=9, kind="number"),
    Column(title="超期", width=7, kind="number"),
)
_AT = {column.title: number for number, column in enumerate(_COLUMNS)}
#: What the columns above say, or what no column can hold.
_SAID = frozenset({"item", "urgency", "lead", "co", "place", "area", "resolved", "satisfaction"})
_NO_TEXT = (FieldType.PHOTO, FieldType.FILE, FieldType.PLACE)
CHANNELS: Mapping[str, str] = {
    "": "未注明", "grid": "网格", "hotline": "热线", "passer_by": "扫码", "round": "走访", "birth": "自动",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    loop: Workflow
    period: Period
    wanted: Wanted
    area: str


def _asked(transaction: Transaction, versions: Versions, parameters: Parameters) -> _Asked:
    period = periods.read(word_of(parameters, "period"))
    area = word_of(parameters, "area")
    key = word_of(parameters, "workflow")
    loop = versions.active(transaction, key)
    wanted = Wanted(workflow=key, area=area or None, opened_from=period.since, opened_to=period.until)
    name = area_by_code(transaction, area).name if area else ""
    return _Asked(loop, period, wanted, name)


def _called(transaction: Transaction, viewer: Viewer, parameters: Parameters) -> str:
    period = periods.read(word_of(parameters, "period"))
    mark, *_ = marks(transaction, 1)
    key, area = word_of(parameters, "workflow"), word_of(parameters, "area")
    rows = transaction.rows(f"SELECT title FROM workflow_version WHERE key = {mark} ORDER BY id DESC LIMIT 1", (key,))  # noqa: S608
    if not rows:
        raise NotFound(f"没有流程“{key[:60]}”", f"there is no workflow '{key[:60]}'")
    place = area_by_code(transaction, area).name if area else ""
    return f"{rows[0][0].split(' / ')[0]}台账 {place}{period.zh}"


def _make(making: Making, parameters: Parameters) -> list[Made]:
    house = making.house
    with house.database.looking() as transaction:
        asked = _asked(transaction, house.versions, parameters)
    own = own_fields(asked.loop)
    columns = [*_COLUMNS, *(Column(title=field.title.zh, width=18) for field in own)]
    name = f"{asked.loop.title.zh}台账{asked.area}{asked.period.text}"
    path = making.folder / "ledger.xlsx"
    with book(path, title=name, author=making.viewer.name) as made:
        counted = _Counted()
        written = made.table("台账", columns, _rows(making, asked, own, counted))
        _summary(made, written, counted, asked, making)
    return [Made(form="xlsx", path=path, name=name)]


def own_fields(loop: Workflow) -> list[Field]:
    """The fields of a loop that its ledger has a column for: its own first, then the usual ones that it asks for."""
    fields = [
        field
        for name, field in loop.fields.items()
        if not field.personal and field.type not in _NO_TEXT and name not in _SAID
    ]
    return sorted(fields, key=lambda field: field.name in STANDARD_FIELDS)


@dataclass(slots=True)
class _Counted:
    """What the formulas will say, for readers that do not calculate."""

    rows: int = 0
    closed: int = 0
    on_time: int = 0
    overdue: int = 0


def _rows(making: Making, asked: _Asked, own: Sequence[Field], counted: _Counted) -> Iterator[Sequence[Cell]]:
    cursor: str | None = None
    while True:
        with making.house.database.looking() as transaction:
            page = lists.page(
                transaction, making.house.versions, making.viewer, asked.wanted,
                now=making.now, cursor=cursor, limit=AT_ONCE,
            )  # fmt: skip
            lines = _Lines.of(transaction, making, asked, own, page.rows).lines(page.rows)
        for line in lines:
            counted.rows += 1
            counted.closed += line[_AT["已结"]] == 1
            counted.on_time += line[_AT["按时处置"]] == 1
            counted.overdue += line[_AT["超期"]] == 1
            yield line
        making.tell(counted.rows, None)
        cursor = page.cursor
        if cursor is None:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """What a page of tickets needs beside its rows, asked once for all of them."""

    making: Making
    loop: Workflow
    own: Sequence[Field]
    facts: Mapping[int, Mapping[str, Any]]
    contacts: Mapping[int, tuple[str, str]]
    units: Mapping[int, tuple[list[str], list[str]]]
    forms: Mapping[int, Mapping[str, Any]]
    items: Mapping[str, str]
    words: Words

    @classmethod
    def of(
        cls, transaction: Transaction, making: Making, asked: _Asked, own: Sequence[Field], rows: Sequence[Row]
    ) -> "_Lines":
        ids = [row.ticket_id for row in rows]
        named = {field.name for field in own}
        loops = [making.house.versions.definition(transaction, number) for number in {row.workflow_id for row in rows}]
        forms = _forms(transaction, ids, named)
        known = {name: field for loop in loops for name, field in loop.fields.items()}
        return cls(
            making=making, loop=asked.loop, own=own, facts=_facts(transaction, ids),
            contacts=_contacts(transaction, ids), units=_units(transaction, ids), forms=forms,
            items=item_names(transaction, {item_of(row.item) for row in rows if row.item}),
            words=Words.of(
                transaction, [replace(asked.loop, fields={**known, **asked.loop.fields})], forms.values()
            ),
        )  # fmt: skip

    def lines(self, rows: Sequence[Row]) -> list[list[Cell]]:
        return [self._line(row) for row in rows]

    def _line(self, row: Row) -> list[Cell]:
        facts = self.facts.get(row.ticket_id, {})
        name, phone = self.contacts.get(row.ticket_id, ("", ""))
        lead, co = self.units.get(row.ticket_id, ([], []))
        due, handled = facts.get("handled_due"), facts.get("handled_at")
        closed = row.state_type == StateType.CLOSED
        late = due is not None and (handled if handled is not None else self.making.now) > due
        state = self.loop.states.get(row.state)
        form = self.forms.get(row.ticket_id, {})
        return [
            row.case_no, day_time(row.opened_at), _at(facts, "filed_at"),
            STAGE_TITLES[Stage(row.stage)][0] if row.stage else "", state.title.zh if state else row.state,
            row.area_name, self.items.get(item_of(row.item), row.item) if row.item else "",
            _choice("urgency", row.urgency), CHANNELS.get(facts.get("channel", ""), facts.get("channel", "")),
            row.description, masked_name(name), masked_phone(phone), "、".join(lead), "、".join(co),
            day_time(due), day_time(handled), day_time(row.settled_at) if closed else None,
            day_time(row.due.at) if row.due else None, _light(row.due.light if row.due else None),
            _choice("resolved", facts.get("resolved")), _choice("satisfaction", facts.get("satisfaction")),
            facts.get("reworked_times", 0), facts.get("rehandled_times", 0), facts.get("returned_times", 0),
            int(closed), int(handled is not None and due is not None and not late), int(late),
            *(self._said(field, form.get(field.name)) for field in self.own),
        ]  # fmt: skip

    def _said(self, field: Field, value: Any) -> str:
        return "" if value is None else self.words.said(field, value)


def _at(facts: Mapping[str, Any], name: str) -> Cell:
    at = facts.get(name)
    return day_time(Instant(at)) if at is not None else None


def _choice(field: str, value: str | None) -> str:
    titles = STANDARD_FIELDS[field].of
    return titles[value].zh if value is not None and value in titles else value or ""


def _light(word: str | None) -> str:
    lights: Mapping[str, Title] = shipped().lights
    return lights[word].zh if word is not None and word in lights else ""


_FACTS = (
    "ticket_id", "channel", "filed_at", "handled_at", "handled_due", "resolved", "satisfaction", "reworked_times",
    "rehandled_times", "returned_times",
)  # fmt: skip


def _facts(transaction: Transaction, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(f"SELECT {', '.join(_FACTS)} FROM ticket_fact WHERE ticket_id {match}", parameters)  # noqa: S608
    return {int(row[0]): dict(zip(_FACTS, row, strict=True)) for row in rows}


def _contacts(transaction: Transaction, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        f"SELECT ticket_id, contact_name, contact_phone FROM particulars WHERE ticket_id {match}",  # noqa: S608
        parameters,
    )
    return {int(ticket): (name, phone) for ticket, name, phone in rows}


def _units(transaction: Transaction, ids: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    """Leading and joining departments, without those whose task came to nothing."""
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        "SELECT k.ticket_id, k.lead, d.name FROM task k JOIN department d ON d.id = k.department_id "  # noqa: S608
        f"WHERE k.ticket_id {match} AND k.state_type <> '{StateType.VOID.value}' ORDER BY k.ticket_id, k.seq",
        parameters,
    )
    found: dict[int, tuple[list[str], list[str]]] = {}
    for ticket, lead, name in rows:
        told = found.setdefault(int(ticket), ([], []))[0 if lead else 1]
        if name not in told:
            told.append(name)
    return found


def _forms(transaction: Transaction, ids: Sequence[int], names: set[str]) -> dict[int, dict[str, Any]]:
    """The last value of each of these fields, of the facts alone: what is personal is not among them."""
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        f"SELECT ticket_id, facts FROM event WHERE ticket_id {match} ORDER BY ticket_id, seq",  # noqa: S608
        parameters,
    )
    found: dict[int, dict[str, Any]] = {}
    for ticket, facts in rows:
        form = json.loads(facts).get("form") or {}
        found.setdefault(int(ticket), {}).update({name: form[name] for name in form if name in names})
    return found


def _summary(made: Book, written: Sequence[Written], counted: _Counted, asked: _Asked, making: Making) -> None:
    """Totals that follow whatever filters the table has, as formulas."""
    sheet = made.workbook.add_worksheet("汇总")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 60)
    made.put(sheet, 0, 0, f"{asked.loop.title.zh}台账", "text")
    for row, (label, said) in enumerate(
        (
            ("统计期（按上报时间）", asked.period.zh),
            ("区域", asked.area or "制表人所及"),
            ("截至", shown(making.now)),
            ("制表人", making.viewer.name),
        ),
        1,
    ):
        made.put(sheet, row, 0, label)
        made.put(sheet, row, 1, said)
    sums = (
        ("件数", f"=SUBTOTAL(103,{ranges(written, _AT['案卷号'])})", counted.rows),
        ("已结", f"=SUBTOTAL(109,{ranges(written, _AT['已结'])})", counted.closed),
        ("按时处置", f"=SUBTOTAL(109,{ranges(written, _AT['按时处置'])})", counted.on_time),
        ("超期", f"=SUBTOTAL(109,{ranges(written, _AT['超期'])})", counted.overdue),
    )
    for row, (label, formula, value) in enumerate(sums, 6):
        made.put(sheet, row, 0, label)
        made.formula(sheet, row, 1, formula, value, "number")
    rates = (("结案占比", "B8", counted.closed), ("超期占比", "B10", counted.overdue))
    for row, (label, above, over) in enumerate(rates, 10):
        made.put(sheet, row, 0, label)
        made.formula(sheet, row, 1, f'=IFERROR({above}/B7,"")', over / counted.rows if counted.rows else "", "percent")
    made.put(sheet, 13, 0, "以上数字随“台账”表的筛选变化；按时、超期按处置时限。时限停走的不计超期。")


LEDGER = Report(
    name="ledger",
    title=Title("台账", "Ledger"),
    about=Title("一个流程在统计期内的全部案卷，一件一行", "Every ticket of a loop in a period, a row each"),
    called=_called,
    make=_make,
    expect=expect_official,
)
