"""The departments, areas and items that an old system names: found by code or name, or made as imported ones."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.reading import Reader
from engine.definitions.words import shipped as shipped_words
from engine.exchange.history_map import Create, Named, TicketMap, Units
from engine.exchange.history_rows import Sought, SoughtItem, Story
from engine.exchange.refusals import Wrong
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.asking import among, marks
from engine.records.columns import TITLE, WORD
from engine.records.departments import NewDepartment, create_departments


@dataclass(slots=True)
class Known:
    """What was found so far, and what was made."""

    departments: dict[str, str] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)
    items: dict[SoughtItem, str] = field(default_factory=dict)
    #: `部门 la-bos（环卫局）`, in the order of making.
    made: list[str] = field(default_factory=list)

    def copy(self) -> "Known":
        """What one transaction may add to without anybody believing it before its commit."""
        return Known(dict(self.departments), dict(self.areas), dict(self.items), list(self.made))

    def units(self, table: str) -> dict[str, str]:
        """Cell → code."""
        return self.departments if table == "department" else self.areas

    def add(self, other: "Known") -> None:
        self.departments |= other.departments
        self.areas |= other.areas
        self.items |= other.items
        self.made += other.made


class Registry:
    """Looks up what the columns of one row mean; what it finds is believed only if the row is not refused."""

    def __init__(self, mapping: TicketMap, transaction: Transaction, known: Known, now: Instant) -> None:
        self.mapping, self.transaction, self.now = mapping, transaction, now
        self._known, self._fresh, self._saved = known, Known(), False

    def keep(self) -> None:
        """The row is in: what was found and made for it holds for the rows to come."""
        self._known.add(self._fresh)
        if self._saved:
            self.transaction.run("RELEASE SAVEPOINT made")

    def undo(self) -> bool:
        """The row is refused: what was made for it is made no more. Whether anything was."""
        if not self._saved:
            return False
        self.transaction.run("ROLLBACK TO SAVEPOINT made")
        self.transaction.run("RELEASE SAVEPOINT made")
        return True

    def department(self, story: Story) -> str | None:
        """The code of a row's department. Errors: `Wrong`."""
        return self._unit(story.department, self.mapping.department, "department")

    def area(self, story: Story) -> str | None:
        """The code of a row's area. Errors: `Wrong`."""
        return self._unit(story.area, self.mapping.area, "area")

    def item(self, story: Story) -> str | None:
        """The code of the standard or item of a row. Errors: `Wrong` where the catalogue leaves a choice."""
        sought = story.item
        if sought is None:
            return None
        code = self._known.items.get(sought)
        if code is None:
            code = self._fresh.items[sought] = self._standard(sought)
        return code

    def place(self, story: Story) -> Mapping[str, Any] | None:
        """The place of a row: its point, its area, or both."""
        area = self.area(story)
        place = {**(story.point or {}), **({"area": area} if area else {})}
        return place or None

    # -- departments and areas ---------------------------------------------------------------------------------------

    def _unit(self, sought: Sought | None, units: Units | None, table: str) -> str | None:
        if sought is None or units is None:
            return None
        code = self._known.units(table).get(sought.text) or self._fresh.units(table).get(sought.text)
        if code is None:
            code = self._fresh.units(table)[sought.text] = self._found(sought, units, table)
        return code

    def _found(self, sought: Sought, units: Units, table: str) -> str:
        if sought.code is not None:
            return self._named(sought, sought.code, units, table)
        if not sought.text:
            raise Wrong(sought.column, "为空", "is empty")
        rows = _by_code_or_name(self.transaction, table, sought.text)
        exact = [code for code, _ in rows if code == sought.text]
        named = exact or [code for code, _ in rows]
        if len(named) == 1:
            return str(named[0])
        if len(named) > 1:
            listed = "、".join(named)
            raise Wrong(
                sought.column,
                f"“{sought.text}”不止一个：{listed}，请在对照表中写明",
                f"'{sought.text}' is the name of {listed}: let the map say which",
            )
        if units.create is not None:
            cells = {"value": sought.text}
            return self._make(sought, units.create.code.fill(cells), units.create.name.fill(cells), units, table)
        if units.default is not None:
            return units.default.code
        raise Wrong(
            sought.column,
            f"没有叫“{sought.text[:60]}”的{_CALLED[table][0]}",
            f"there is no {_CALLED[table][1]} '{sought.text[:60]}'",
        )

    def _named(self, sought: Sought, code: Named, units: Units, table: str) -> str:
        if code.code in _there(self.transaction, table, [code.code]):
            return code.code
        return self._make(sought, code.code, code.name, units, table)

    def _make(self, sought: Sought, code: str, name: str, units: Units, table: str) -> str:
        if units.create is None:
            raise Wrong(sought.column, f"没有编码“{code}”", f"there is no code '{code}'")
        if len(code) > WORD or len(name) > TITLE or not (code + name).isprintable():
            raise Wrong(
                sought.column, f"“{sought.text[:60]}”不能用作名称", f"'{sought.text[:60]}' can't serve as a name"
            )
        self._save()
        _MAKERS[table](self, code, name, units.create)
        return code

    def _save(self) -> None:
        if not self._saved:
            self.transaction.run("SAVEPOINT made")
            self._saved = True

    def make_department(self, code: str, name: str, create: Create) -> None:
        create_departments(self.transaction, [NewDepartment(code=code, name=name, kind=create.kind)])
        self._note("department", code, name)

    def make_area(self, code: str, name: str, create: Create) -> None:
        """An area below those that the map wants above it, which are made where they are missing."""
        _levels(self.transaction)
        down = {above.code: (above.name, above.level) for above in create.under}
        down.setdefault(code, (name, create.kind))
        there = _there(self.transaction, "area", down.keys())
        parent: str | None = None
        for one, (called, level) in down.items():
            if one not in there:
                create_areas(self.transaction, [NewArea(code=one, level=level, name=called, parent=parent)], self.now)
                self._note("area", one, called)
            if one == code:
                return
            parent = one

    def _note(self, table: str, code: str, name: str) -> None:
        self._fresh.made.append(f"{_CALLED[table][0]} {code}" + (f"（{name}）" if name != code else ""))

    # -- the catalogue -----------------------------------------------------------------------------------------------

    def _standard(self, sought: SoughtItem) -> str:
        name = sought.code.code if sought.code is not None else sought.text
        if "/" in name:
            return name
        rows = _standards(self.transaction, name)
        items = sorted({row[0] for row in rows})
        if len(items) != 1:
            return self._no_item(sought, items)
        narrowed = [
            row for row in rows
            if (not sought.filing or _plain(row[2]) == _plain(sought.filing))
            and (not sought.limit or _plain(row[3]) == _plain(sought.limit))
        ]  # fmt: skip
        if not (sought.filing or sought.limit):
            return str(items[0])
        if len(narrowed) == 1:
            return f"{narrowed[0][0]}/{narrowed[0][1]}"
        return self._no_standard(sought, items[0], narrowed)

    def _no_item(self, sought: SoughtItem, items: list[str]) -> str:
        default = self.mapping.item.default if self.mapping.item else None
        if not items and default is not None and sought.code is None:
            return default.code
        if items:
            listed = "、".join(items)
            raise Wrong(
                sought.column,
                f"事项“{sought.text}”不止一个：{listed}，请在对照表中写明",
                f"'{sought.text}' is the name of {listed}: let the map say which",
            )
        raise Wrong(
            sought.column,
            f"目录里没有事项“{sought.text[:60]}”",
            f"the catalogue has no item '{sought.text[:60]}'",
        )

    def _no_standard(self, sought: SoughtItem, item: str, found: list[Any]) -> str:
        said = "、".join(filter(None, (sought.filing[:60], sought.limit)))
        if not found:
            raise Wrong(
                sought.column,
                f"事项“{sought.text}”（{item}）没有“{said}”的标准",
                f"the item '{sought.text}' ({item}) has no standard of '{said}'",
            )
        listed = "、".join(f"{row[0]}/{row[1]}" for row in found)
        raise Wrong(
            sought.column,
            f"事项“{sought.text}”有几条标准都是“{said}”：{listed}",
            f"several standards of '{sought.text}' say '{said}': {listed}",
        )


_CALLED = {"department": ("部门", "department"), "area": ("区域", "area")}
_MAKERS: Mapping[str, Callable[[Registry, str, str, Create], None]] = {
    "department": Registry.make_department,
    "area": Registry.make_area,
}


def check_codes(mapping: TicketMap, transaction: Transaction) -> None:
    """Every code that a map writes out is there, or can be made. Errors: `DefinitionError` with file and line."""
    reader = Reader(mapping.file)
    for table, units in (("department", mapping.department), ("area", mapping.area)):
        if units is None or units.create is not None:
            continue
        codes = [*units.values.values(), *([units.default] if units.default else [])]
        there = _there(transaction, table, [code.code for code in codes])
        for code in codes:
            if code.code not in there:
                zh, en = _CALLED[table]
                reader.refuse(code.line, f"没有编码为“{code.code}”的{zh}", f"there is no {en} '{code.code}'")
    reader.finish()


def _there(transaction: Transaction, table: str, codes: Collection[str]) -> set[str]:
    match, parameters = among(transaction, codes)
    rows = transaction.rows(f"SELECT code FROM {table} WHERE valid_to IS NULL AND code {match}", parameters)  # noqa: S608
    return {row[0] for row in rows}


def _by_code_or_name(transaction: Transaction, table: str, text: str) -> list[Any]:
    code, name = marks(transaction, 2)
    return transaction.rows(
        f"SELECT code, name FROM {table} WHERE valid_to IS NULL AND (code = {code} OR name = {name}) ORDER BY code",  # noqa: S608
        (text, text),
    )


def _standards(transaction: Transaction, name: str) -> list[Any]:
    """Item code, ordinal, filing condition and limit as the source writes it, of the standards in force."""
    code, called = marks(transaction, 2)
    return transaction.rows(
        "SELECT i.code, s.ordinal, s.filing_condition, s.limit_source FROM item i "  # noqa: S608
        f"JOIN standard s ON s.item_id = i.id AND s.active WHERE i.active AND (i.code = {code} OR i.name = {called}) "
        "ORDER BY i.code, s.ordinal",
        (name, name),
    )


def _levels(transaction: Transaction) -> None:
    """An installation without any levels gets those that the product comes with."""
    if not transaction.rows("SELECT word FROM level LIMIT 1"):
        set_levels(transaction, shipped_words().levels)


def _plain(text: str) -> str:
    return "".join(text.split())
