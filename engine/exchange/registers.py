"""Rows of registers come in and go out as tables: previewed, refused by row, applied in one transaction."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.register import Register
from engine.errors import HuyingError
from engine.exchange import days, importing
from engine.exchange.importing import Work
from engine.exchange.refusals import Change, Outcome, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row, write_table
from engine.records import register_keeping, register_rows
from engine.records.columns import WORD
from engine.records.register_keeping import Checked, NewRow, Put

#: Who recorded what came in by a table.
BY = "import"


def columns(register: Register) -> tuple[Column, ...]:
    """The columns of a register's table: its own and one per field, under their Chinese titles."""
    return (
        Column(name="code", spellings=("编码", "代码")),
        *(
            Column(name=field.name, spellings=(field.title.zh,), required=field.name in register.required)
            for field in register.fields.values()
        ),
        Column(name="since", spellings=("起始日期",), required=False),
        Column(name="until", spellings=("截止日期",), required=False),
    )


def preview_rows(database: Database, register: Register, path: Path, now: Instant) -> Outcome:
    """What `apply_rows` would do. Errors: `NotATable`, `TooLarge`."""
    return importing.preview(database, path, now, columns(register), None, partial(_take_in, register))


def apply_rows(database: Database, register: Register, path: Path, now: Instant) -> Outcome:
    """Put in every row of a table; one that is there becomes a new version, one that vanished stays as it is.

    A row is in force from `since` (else as before, else from `now`) to the end of the day `until`.
    """
    return importing.apply(database, path, now, columns(register), None, partial(_take_in, register))


def _take_in(register: Register, transaction: Transaction, work: Work) -> None:
    seen: dict[str, int] = {}
    for row in work.rows:
        try:
            whole(row)
            code = filled(row, "code", most=WORD)
            first = seen.setdefault(code, row.number)
            if first != row.number:
                raise Wrong("code", f"与第 {first} 行重复", f"repeats row {first}")
            _one(register, transaction, work, row, code)
        except Wrong as wrong:
            work.refuse(row, wrong)
        except HuyingError as error:
            work.refuse(row, Wrong.of(error.place.field, error))
    there = register_rows.listed(transaction, register.key, work.now, limit=None)
    work.vanished += [one.code for one in there if one.code not in seen]


def _one(register: Register, transaction: Transaction, work: Work, row: Row, code: str) -> None:
    versions = register_rows.history(transaction, register.key, code)
    old = versions[-1] if versions else None
    new = NewRow(
        code=code,
        form={name: row.cells.get(name, "") for name in register.fields},
        valid_from=days.midnight(days.day(row, "since")) or (old.valid_from if old else work.now),
        valid_to=days.after(days.day(row, "until")),
    )
    checked: Checked = register_keeping.check(transaction, register, new, work.now)
    changed = register_keeping.changes(old, checked) if old else {}
    put = register_keeping.put(transaction, register, checked, BY, work.now)
    if put is Put.NEW:
        work.created(row, code)
    elif put is Put.CHANGED:
        work.changed.append(Change(row=row.number, code=code, fields=changed))
    else:
        work.unchanged += 1


def export_rows(database: Database, register: Register, path: Path, now: Instant) -> int:
    """Write the rows in force as .xlsx or .csv; what comes out can come in again. How many rows."""
    with database.looking() as transaction:
        rows = register_rows.listed(transaction, register.key, now, limit=None)
    headers = [column.spellings[0] for column in columns(register)]
    return write_table(path, headers, (_cells(register, row) for row in rows))


def _cells(register: Register, row: register_rows.Row) -> list[str]:
    return [row.code, *shown(register, row), days.first_day(row.valid_from), days.last_day(row.valid_to)]


def shown(register: Register, row: register_rows.Row) -> Iterator[str]:
    """The fields of a row as people read them, in the register's order."""
    for name, field in register.fields.items():
        value = row.get(name)
        choice = field.of.get(value) if isinstance(value, str) else None
        words = {"yes": "是", "no": "否"} if field.type.value == "yes_no" else {}
        yield choice.zh if choice else "" if value is None else words.get(value, str(value))
