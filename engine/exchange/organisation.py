"""Areas and units come in as tables."""

from collections.abc import Mapping
from pathlib import Path

from sqlmodel import select

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import Malformed
from engine.exchange import importing
from engine.exchange.importing import Headers, Take, Work, each, fields_of, keep_sound
from engine.exchange.refusals import Outcome, Wrong, filled
from engine.exchange.spreadsheet import Column, Row, write_table
from engine.records.areas import Area, Level, NewArea, create_areas, move_area, rename_area
from engine.records.columns import TITLE, WORD
from engine.records.departments import Department, NewDepartment, alter_department, create_departments
from engine.vocabulary import UNIT_KINDS

AREA_COLUMNS = (
    Column(name="code", spellings=("编码", "区域编码", "代码")),
    Column(name="level", spellings=("层级",)),
    Column(name="name", spellings=("名称", "区域名称")),
    Column(name="parent", spellings=("上级编码", "上级"), required=False),
)
DEPARTMENT_COLUMNS = (
    Column(name="code", spellings=("编码", "单位编码", "代码")),
    Column(name="name", spellings=("名称", "单位名称")),
    Column(name="kind", spellings=("类别", "单位类别")),
    Column(name="parent", spellings=("上级编码", "上级"), required=False),
    Column(name="area", spellings=("区域编码", "区域", "派驻区域"), required=False),
)
#: What each kind of unit may be called in a table.
KIND_WORDS = {zh: kind for kind, zh in UNIT_KINDS.items()}


def take_areas(path: Path, now: Instant) -> Take:
    """A table of areas, read. Errors: `NotATable`, `TooLarge`."""
    return importing.taking(path, now, AREA_COLUMNS, None, _areas)


def take_departments(path: Path, now: Instant) -> Take:
    """A table of units, read. Errors: `NotATable`, `TooLarge`."""
    return importing.taking(path, now, DEPARTMENT_COLUMNS, None, _departments)


def export_areas(database: Database, path: Path) -> int:
    """Write the areas that are there as .xlsx or .csv, to be edited and applied again; how many."""
    with database.looking() as transaction:
        rows = transaction.rows(
            "SELECT a.code, l.title_zh, a.name, coalesce(u.code, '') FROM area a JOIN level l ON l.word = a.level "
            "LEFT JOIN area u ON u.id = a.parent_id WHERE a.valid_to IS NULL ORDER BY l.depth, a.code"
        )
    return write_table(path, [column.spellings[0] for column in AREA_COLUMNS], rows)


def export_departments(database: Database, path: Path) -> int:
    """Write the units that are there as .xlsx or .csv, to be edited and applied again; how many."""
    with database.looking() as transaction:
        rows = transaction.rows(
            "SELECT d.code, d.name, d.kind, coalesce(u.code, ''), coalesce(a.code, '') FROM department d "
            "LEFT JOIN department u ON u.id = d.parent_id LEFT JOIN area a ON a.id = d.area_id "
            "WHERE d.valid_to IS NULL ORDER BY d.code"
        )
    told = ((code, name, UNIT_KINDS[kind], above, area) for code, name, kind, above, area in rows)
    return write_table(path, [column.spellings[0] for column in DEPARTMENT_COLUMNS], told)


def preview_areas(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """What `apply_areas` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, AREA_COLUMNS, headers, _areas)


def apply_areas(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """Create, rename and move areas; one that is missing from the table stays (see `areas.end_area`)."""
    return importing.apply(database, path, now, AREA_COLUMNS, headers, _areas)


def preview_departments(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """What `apply_departments` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, DEPARTMENT_COLUMNS, headers, _departments)


def apply_departments(database: Database, path: Path, now: Instant, *, headers: Headers = None) -> Outcome:
    """Create and alter units; one that is missing from the table stays (see `departments.end_department`)."""
    return importing.apply(database, path, now, DEPARTMENT_COLUMNS, headers, _departments)


# --- areas ---


def _areas(transaction: Transaction, work: Work) -> None:
    there = {area.code: area for area in _all_areas(transaction).values()}
    codes_by_id = {area.id: area.code for area in there.values()}
    levels = {
        name: (row[0], row[2])
        for row in transaction.connection.execute(select(Level.word, Level.title_zh, Level.depth))
        for name in row[:2]
    }
    wanted = each(work, lambda row: _area(row, levels))
    keep_sound(work, wanted, lambda new: _check_area(new, wanted, there, levels))
    created = create_areas(transaction, [new for _, new in wanted.values() if new.code not in there], work.now)
    for code, (row, new) in wanted.items():
        if code in created:
            work.created(row, code)
            continue
        old = there[code]
        parent = codes_by_id.get(old.parent_id, "")
        fields = fields_of(("name", old.name, new.name), ("parent", parent, new.parent or ""))
        try:
            if "parent" in fields and new.parent:
                move_area(transaction, code, new.parent, work.now)
        except Malformed as error:
            work.refuse(row, Wrong.of(error.place.field, error))
            continue
        if "name" in fields:
            rename_area(transaction, code, new.name, work.now)
        work.compared(row, code, fields)
    work.vanished += sorted(code for code, area in there.items() if code not in wanted and area.valid_to is None)


def _all_areas(transaction: Transaction) -> dict[str, Area]:
    found = transaction.connection.execute(select(Area)).mappings()
    return {row["code"]: Area(**row) for row in found}


def _area(row: Row, levels: Mapping[str, tuple[str, int]]) -> NewArea:
    level = filled(row, "level", most=TITLE)
    if level not in levels:
        known = ", ".join(levels)
        raise Wrong("level", f"没有这个层级，可用：{known}", f"there is no such level; there are {known}")
    return NewArea(
        code=filled(row, "code", most=WORD),
        level=levels[level][0],
        name=filled(row, "name", most=TITLE),
        parent=row.cells.get("parent") or None,
    )


def _check_area(
    new: NewArea,
    wanted: Mapping[str, tuple[Row, NewArea]],
    there: Mapping[str, Area],
    levels: Mapping[str, tuple[str, int]],
) -> None:
    if new.code in there and there[new.code].valid_to is not None:
        raise Wrong("code", "这个区域已撤销，编码不能再用", "this area is no more; its code is not given again")
    if new.code in there and there[new.code].level != new.level:
        raise Wrong("level", f"层级不能改变，原为 {there[new.code].level}", "the level of an area cannot change")
    if new.code in there and there[new.code].parent_id is not None and new.parent is None:
        raise Wrong("parent", "缺少上级", "its area above is missing")
    if new.parent is None:
        return
    above = wanted[new.parent][1].level if new.parent in wanted else None
    if above is None and new.parent in there:
        above = there[new.parent].level
    if above is None:
        raise Wrong("parent", "没有这个上级，或它所在的行被拒绝", "there is no such area above, or its row is refused")
    if levels[new.level][1] <= levels[above][1]:
        raise Wrong("level", f"不在上级的层级 {above} 之下", f"is not below its parent's level, {above}")


# --- departments ---


def _departments(transaction: Transaction, work: Work) -> None:
    there = {row["code"]: Department(**row) for row in transaction.connection.execute(select(Department)).mappings()}
    codes = {unit.id: unit.code for unit in there.values()}
    areas = _all_areas(transaction)
    area_codes = {area.id: area.code for area in areas.values()}
    wanted = each(work, _department)
    keep_sound(work, wanted, lambda new: _check_department(new, wanted, there, areas))
    created = create_departments(transaction, [new for _, new in wanted.values() if new.code not in there])
    for code, (row, new) in wanted.items():
        if code in created:
            work.created(row, code)
            continue
        old = there[code]
        fields = fields_of(
            ("name", old.name, new.name),
            ("kind", old.kind, new.kind),
            ("parent", codes.get(old.parent_id, ""), new.parent or ""),
            ("area", area_codes.get(old.area_id, ""), new.area or ""),
        )
        try:
            if fields:
                alter_department(transaction, new)
        except Malformed as error:
            work.refuse(row, Wrong.of(error.place.field, error))
            continue
        work.compared(row, code, fields)
    work.vanished += sorted(code for code, unit in there.items() if code not in wanted and unit.valid_to is None)


def _department(row: Row) -> NewDepartment:
    kind = filled(row, "kind", most=TITLE)
    known = KIND_WORDS | {word: word for word in KIND_WORDS.values()}
    if kind not in known:
        raise Wrong(
            "kind",
            f"没有这个类别，可用：{'、'.join(KIND_WORDS)}",
            f"there is no such kind; there are {', '.join(KIND_WORDS.values())}",
        )
    return NewDepartment(
        code=filled(row, "code", most=WORD),
        name=filled(row, "name", most=TITLE),
        kind=known[kind],
        parent=row.cells.get("parent") or None,
        area=row.cells.get("area") or None,
    )


def _check_department(
    new: NewDepartment,
    wanted: Mapping[str, tuple[Row, NewDepartment]],
    there: Mapping[str, Department],
    areas: Mapping[str, Area],
) -> None:
    if new.code in there and there[new.code].valid_to is not None:
        raise Wrong("code", "这个单位已撤销，编码不能再用", "this unit is no more; its code is not given again")
    if new.area is not None and new.area not in areas:
        raise Wrong("area", "没有这个区域", "there is no such area")
    seen, above = {new.code}, new.parent
    while above is not None and above in wanted:
        if above in seen:
            raise Wrong("parent", "上级关系成环", "the units above form a ring")
        seen.add(above)
        above = wanted[above][1].parent
    if above is not None and above not in there:
        raise Wrong("parent", "没有这个上级，或它所在的行被拒绝", "there is no such unit above, or its row is refused")
