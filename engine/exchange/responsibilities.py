"""Who is responsible for what, where: item × area × level → lead, co-handlers, and the rule it stands in.

One row says it for an item (`part-01-02`), a class (`part-01`) or a kind (`part`); who wins where several fit is
decided with the proposal, not here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, update
from sqlmodel import col, select

from engine.database import Database, Transaction
from engine.exchange.refusals import Change, Outcome, Refusal, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row, open_table, renamed, write_table
from engine.records.areas import Area, Level
from engine.records.catalogue import KINDS, Item, Responsibility
from engine.records.columns import TITLE
from engine.records.departments import Department

COLUMNS = (
    Column(name="item", spellings=("事项", "事项代码", "立案事项")),
    Column(name="area", spellings=("区域", "区域代码", "适用区域")),
    Column(name="level", spellings=("层级", "处置层级"), required=False),
    Column(name="lead", spellings=("主办单位", "主办", "责任单位")),
    Column(name="co", spellings=("协办单位", "协办"), required=False),
    Column(name="basis", spellings=("依据", "权责依据"), required=False),
)

_BETWEEN = re.compile(r"[\s,，;；、]+")

#: Item, area id, level.
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row, checked."""

    row: int
    item: str
    area: str
    level: str
    lead: str
    co: tuple[str, ...]
    basis: str


@dataclass(slots=True, kw_only=True)
class _Known:
    """What codes mean, and what is there already."""

    items: set[str] = field(default_factory=set)
    areas: dict[str, int] = field(default_factory=dict)
    levels: set[str] = field(default_factory=set)
    #: Code or name → code; a name that two units have is missing.
    departments: dict[str, str] = field(default_factory=dict)
    department_ids: dict[str, int] = field(default_factory=dict)
    there: dict[Key, Responsibility] = field(default_factory=dict)
    #: Codes by id, of what is no more as well.
    area_codes: dict[int, str] = field(default_factory=dict)
    department_codes: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Plan:
    new: list[Rule] = field(default_factory=list)
    changed: list[tuple[Rule, Change]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    said: dict[Key, int] = field(default_factory=dict)


def preview_responsibilities(database: Database, path: Path, *, headers: Mapping[str, str] | None = None) -> Outcome:
    """What applying a table would do; nothing is written. Errors: `NotATable`, `TooLarge`."""
    encoding, rows = _rows(path, headers or {})
    with database.looking() as transaction:
        known = _known(transaction)
    return _outcome(path, encoding, rows, _plan(rows, known), known)


def apply_responsibilities(database: Database, path: Path, *, headers: Mapping[str, str] | None = None) -> Outcome:
    """Write every row that can be taken, in one transaction; twice changes nothing. Errors: as the preview."""
    return database.acting(take_responsibilities(path, headers=headers))


def take_responsibilities(path: Path, *, headers: Mapping[str, str] | None = None) -> Callable[[Transaction], Outcome]:
    """Read a table, to be taken in by a transaction of the caller's. Errors: as the preview."""
    encoding, rows = _rows(path, headers or {})

    def take(transaction: Transaction) -> Outcome:
        known = _known(transaction)
        planned = _plan(rows, known)
        _write(transaction, planned, known)
        return _outcome(path, encoding, rows, planned, known)

    return take


def write_rules(transaction: Transaction, rules: Sequence[Rule]) -> int:
    """Write rules that were made elsewhere (the demo district); how many were new.

    Errors: `KeyError` for a code that is not there.
    """
    known = _known(transaction)
    planned = _Plan()
    for rule in rules:
        _compare(rule, planned, known)
    _write(transaction, planned, known)
    return len(planned.new)


def export_responsibilities(database: Database, path: Path) -> int:
    """Write what is in force as .xlsx or .csv, to be edited and applied again; how many rows."""
    with database.looking() as transaction:
        known = _known(transaction)
    rows = (
        (
            rule.item_code,
            known.area_codes[rule.area_id],
            rule.level or "",
            known.department_codes[rule.lead_id],
            " ".join(json.loads(rule.co)),
            rule.basis,
        )
        for _, rule in sorted(known.there.items())
        if rule.active
    )
    return write_table(path, [column.spellings[0] for column in COLUMNS], rows)


def _rows(path: Path, headers: Mapping[str, str]) -> tuple[str, list[Row]]:
    with open_table(path, renamed(COLUMNS, headers)) as table:
        return table.encoding, list(table.rows)


def _known(transaction: Transaction) -> _Known:
    connection = transaction.connection
    known = _Known()
    for code, kind in connection.execute(select(Item.code, Item.kind)):
        known.items |= {code, kind, code.rpartition("-")[0]}
    known.items |= set(KINDS)
    known.levels = set(connection.execute(select(Level.word)).scalars())
    for code, number, ended in connection.execute(select(Area.code, Area.id, Area.valid_to)):
        known.area_codes[int(number or 0)] = code
        if ended is None:
            known.areas[code] = int(number or 0)
    names: dict[str, list[str]] = {}
    present = select(Department.code, Department.name, Department.id, Department.valid_to)
    for code, name, number, ended in connection.execute(present):
        known.department_codes[int(number or 0)] = code
        if ended is None:
            known.department_ids[code] = int(number or 0)
            names.setdefault(name, []).append(code)
    known.departments = {name: codes[0] for name, codes in names.items() if len(codes) == 1}
    known.departments |= {code: code for code in known.department_ids}
    for row in connection.execute(select(Responsibility)).mappings():
        known.there[(row["item_code"], row["area_id"], row["level"] or "")] = Responsibility(**row)
    return known


def _plan(rows: Sequence[Row], known: _Known) -> _Plan:
    planned = _Plan()
    for row in rows:
        try:
            rule = _rule(row, known)
            key = (rule.item, known.areas[rule.area], rule.level)
            if key in planned.said:
                raise Wrong("item", f"与第 {planned.said[key]} 行重复", f"repeats row {planned.said[key]}")
        except Wrong as wrong:
            planned.refused.append(wrong.refusal(row))
            continue
        planned.said[key] = rule.row
        _compare(rule, planned, known)
    return planned


def _rule(row: Row, known: _Known) -> Rule:
    whole(row)
    item = filled(row, "item", most=TITLE)
    if item not in known.items:
        raise Wrong("item", "目录中没有这个事项、大类或类别", "the catalogue has no such item, class or kind")
    area = filled(row, "area", most=TITLE)
    if area not in known.areas:
        raise Wrong("area", "没有这个区域", "there is no such area")
    level = row.cells.get("level", "")
    if level and level not in known.levels:
        raise Wrong("level", f"没有这个层级，可用：{'、'.join(sorted(known.levels))}", "there is no such level")
    lead = _department(known, "lead", filled(row, "lead", most=TITLE))
    named = [word for word in _BETWEEN.split(row.cells.get("co", "")) if word]
    co = tuple(dict.fromkeys(_department(known, "co", word) for word in named))
    if lead in co:
        raise Wrong("co", "主办单位不能同时是协办单位", "the lead cannot be a co-handler as well")
    basis = row.cells.get("basis", "")
    if len(basis) > TITLE:
        raise Wrong("basis", f"过长，最多 {TITLE} 字", f"is too long: {TITLE} characters at most")
    return Rule(row=row.number, item=item, area=area, level=level, lead=lead, co=co, basis=basis)


def _department(known: _Known, field: str, word: str) -> str:
    if word not in known.departments:
        raise Wrong(field, f"没有单位“{word}”，或有同名单位，请写编码", f"no unit '{word}', or several: write its code")
    return known.departments[word]


def _compare(rule: Rule, planned: _Plan, known: _Known) -> None:
    old = known.there.get((rule.item, known.areas[rule.area], rule.level))
    if old is None:
        planned.new.append(rule)
        return
    pairs = {
        "lead": (known.department_codes[old.lead_id], rule.lead),
        "co": (" ".join(json.loads(old.co)), " ".join(rule.co)),
        "basis": (old.basis, rule.basis),
        "active": ("yes" if old.active else "no", "yes"),
    }
    fields = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if fields:
        planned.changed.append((rule, Change(row=rule.row, code=_code(rule), fields=fields)))
    else:
        planned.unchanged += 1


def _write(transaction: Transaction, planned: _Plan, known: _Known) -> None:
    rows = [
        {"item_code": rule.item, "area_id": known.areas[rule.area], "level": rule.level or None, **_values(rule, known)}
        for rule in planned.new
    ]
    if rows:
        transaction.connection.execute(insert(Responsibility), rows)
    for rule, _ in planned.changed:
        old = known.there[(rule.item, known.areas[rule.area], rule.level)]
        transaction.connection.execute(
            update(Responsibility).where(col(Responsibility.id) == old.id).values(**_values(rule, known))
        )


def _values(rule: Rule, known: _Known) -> dict[str, object]:
    co = json.dumps(list(rule.co), ensure_ascii=False)
    return {"lead_id": known.department_ids[rule.lead], "co": co, "basis": rule.basis, "active": True}


def _outcome(path: Path, encoding: str, rows: Sequence[Row], planned: _Plan, known: _Known) -> Outcome:
    return Outcome(
        file=path.name,
        encoding=encoding,
        rows=len(rows),
        new=tuple(_code(rule) for rule in planned.new),
        new_rows=tuple(rule.row for rule in planned.new),
        changed=tuple(change for _, change in planned.changed),
        unchanged=planned.unchanged,
        vanished=tuple(_vanished(planned, known)),
        refused=tuple(planned.refused),
    )


def _vanished(planned: _Plan, known: _Known) -> Iterator[str]:
    for (item, area, level), rule in sorted(known.there.items()):
        if rule.active and (item, area, level) not in planned.said:
            yield " ".join(part for part in (item, known.area_codes[area], level) if part)


def _code(rule: Rule) -> str:
    return " ".join(part for part in (rule.item, rule.area, rule.level) if part)
