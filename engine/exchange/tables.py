"""The tables of an organisation: each goes out in the columns in which it comes in, and is rehearsed before it counts.

A rehearsal does all that applying does and is undone. What it answers has a digest; whoever applies the table names the
digest they saw, and if applying comes to anything else, because the data changed meanwhile, nothing is applied.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import Malformed, NotFound, Stale, TooLarge
from engine.exchange import catalogue, organisation, people, responsibilities
from engine.exchange.catalogue import Vanished
from engine.exchange.importing import Take
from engine.exchange.importing import rehearse as rehearse_take
from engine.exchange.limit_units import read_units, shipped
from engine.exchange.people import FULL, Powers
from engine.exchange.refusals import Outcome
from engine.exchange.spreadsheet import Column, open_table
from engine.records import administration
from engine.records.administration import AdminDeed, NewAct

#: Rows of a table that a page takes: the database waits while they are rehearsed.
MOST_ROWS = 20_000
#: Bytes of a file that cannot hold so many.
_SURELY_FEWER = 500_000
#: Fields that change without having a column of that name.
_OTHER_FIELDS = {
    "active": "在用",
    "name": "名称",
    "limit": "时限（换算）",
    "first_limit": "先行时限",
    "limit_source": "处置时限",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A file that is to be taken in, and by what right."""

    path: Path
    #: What its sender calls it.
    name: str
    sha256: str
    now: Instant
    powers: Powers = FULL
    #: What becomes of standards that the table doesn't have; other tables have no such choice.
    vanished: Vanished = Vanished.KEEP
    #: Which limit unit of a catalogue means which clock; the shipped file if missing.
    units: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgTable:
    """One of the tables."""

    key: str
    title: Title
    columns: tuple[Column, ...]
    take: Callable[[Incoming], Take]
    #: Database, path, now → how many rows were written.
    write: Callable[[Database, Path, Instant], int]

    def called(self, field: str) -> str:
        """What people call a field of a row: its column's header, else a word of ours, else its name."""
        own = {column.name: column.spellings[0] for column in self.columns}
        return own.get(field) or _OTHER_FIELDS.get(field, field)


def _catalogue(coming: Incoming) -> Take:
    return catalogue.take_catalogue(coming.path, read_units(coming.units or shipped()), vanished=coming.vanished)


TABLES: Mapping[str, OrgTable] = {
    one.key: one
    for one in (
        OrgTable(
            key="areas", title=Title("区域", "Areas"), columns=organisation.AREA_COLUMNS,
            take=lambda coming: organisation.take_areas(coming.path, coming.now),
            write=lambda database, path, _: organisation.export_areas(database, path),
        ),
        OrgTable(
            key="departments", title=Title("单位", "Departments"), columns=organisation.DEPARTMENT_COLUMNS,
            take=lambda coming: organisation.take_departments(coming.path, coming.now),
            write=lambda database, path, _: organisation.export_departments(database, path),
        ),
        OrgTable(
            key="people", title=Title("人员与岗位", "People and posts"), columns=people.COLUMNS,
            take=lambda coming: people.take_people(coming.path, coming.now, coming.powers),
            write=people.export_people,
        ),
        OrgTable(
            key="catalogue", title=Title("事项目录", "Catalogue"), columns=catalogue.COLUMNS, take=_catalogue,
            write=lambda database, path, _: catalogue.export_catalogue(database, path),
        ),
        OrgTable(
            key="responsibilities", title=Title("权责清单", "Responsibilities"), columns=responsibilities.COLUMNS,
            take=lambda coming: responsibilities.take_responsibilities(coming.path),
            write=lambda database, path, _: responsibilities.export_responsibilities(database, path),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What applying a table would do."""

    outcome: Outcome
    #: Names this outcome of this file.
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The word of whoever saw a rehearsal: apply that, once."""

    person_id: int
    #: Of what they saw.
    digest: str
    #: Random; a form that is sent twice has the same.
    key: str


def table_of(key: str) -> OrgTable:
    """One of the tables. Errors: `NotFound`."""
    if key not in TABLES:
        raise NotFound(f"没有“{key[:40]}”这张表", f"there is no table '{key[:40]}'")
    return TABLES[key]


def rehearse(database: Database, table: OrgTable, coming: Incoming) -> Rehearsed:
    """What applying the file would do; nothing stays written. Errors: `NotATable`, `TooLarge`."""
    outcome = rehearse_take(database, table.take(coming))
    return Rehearsed(outcome=outcome, digest=_digest(table, coming, outcome))


def apply(database: Database, table: OrgTable, coming: Incoming, order: Order) -> int:
    """Apply exactly what was seen and write down who did; the number of that record.

    An order that was carried out before answers the same number.
    Errors: as `rehearse`; `Malformed` while rows are refused or when nothing would change; `Stale` if it would now do
    anything but what was seen. Then nothing is applied.
    """
    take = table.take(coming)

    def work(transaction: Transaction) -> int:
        administration.one_at_a_time(transaction)
        done = administration.by_key(transaction, order.person_id, order.key)
        if done is not None:
            return done
        outcome = take(transaction)
        if _digest(table, coming, outcome) != order.digest:
            raise Stale(
                "预览之后数据已有变化，未作任何改动；请重新查看预览",
                "the data changed since the preview and nothing was applied: look at the preview again",
            )
        if outcome.refused:
            raise Malformed("有错误的行，未作任何改动", "there are rows with errors; nothing was applied")
        if outcome.idle:
            raise Malformed("这张表没有带来任何变化", "this table changes nothing")
        return _record(transaction, table, coming, outcome, order.person_id, order.key)

    return database.acting(work)


def apply_at_the_machine(database: Database, table: OrgTable, coming: Incoming) -> Outcome:
    """Take in every row that can be, without a rehearsal, as commands do; that it was done is written down.

    Errors: as `rehearse`; `Malformed` when standards are to be deactivated while rows are refused, because a refused
    row may be the very standard that seems to have vanished.
    """
    take = table.take(coming)

    def work(transaction: Transaction) -> Outcome:
        administration.one_at_a_time(transaction)
        outcome = take(transaction)
        if coming.vanished is Vanished.DEACTIVATE and outcome.refused:
            raise catalogue.refused_first(len(outcome.refused))
        if not outcome.idle:
            _record(transaction, table, coming, outcome, None, None)
        return outcome

    return database.acting(work)


def refuse_too_many(path: Path) -> None:
    """Errors: `TooLarge` for a table of more than `MOST_ROWS`, before anybody waits for it; `NotATable`."""
    if path.stat().st_size < _SURELY_FEWER:
        return
    with open_table(path) as table:
        if sum(1 for _ in islice(table.rows, MOST_ROWS + 1)) > MOST_ROWS:
            raise TooLarge(
                f"超过 {MOST_ROWS:,} 行，请拆分，或在服务器上用 huying import 导入",
                f"more than {MOST_ROWS:,} rows: split it, or use huying import at the machine itself",
            )


def sha256_of(path: Path) -> str:
    """The digest of a file; of one that can't be read "": whoever opens it says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _record(
    transaction: Transaction,
    table: OrgTable,
    coming: Incoming,
    outcome: Outcome,
    person_id: int | None,
    key: str | None,
) -> int:
    counts = {
        "rows": outcome.rows,
        "new": len(outcome.new),
        "changed": len(outcome.changed),
        "ended": len(outcome.ended),
        "unchanged": outcome.unchanged,
        "refused": len(outcome.refused),
    }
    # Of what changed the fields only: what stood there may be somebody's telephone number.
    told = {
        "new": list(outcome.new),
        "changed": [[one.code, sorted(one.fields)] for one in outcome.changed],
        "ended": list(outcome.ended),
    }
    new = NewAct(
        person_id=person_id, deed=AdminDeed.IMPORT, subject=table.key, file=coming.name, sha256=coming.sha256,
        counts=counts, told=told, key=key,
    )  # fmt: skip
    return administration.record(transaction, new, coming.now)


def _digest(table: OrgTable, coming: Incoming, outcome: Outcome) -> str:
    # The name of the file differs from its name in the store, and says nothing of what it does.
    told = {name: value for name, value in asdict(outcome).items() if name != "file"}
    said = json.dumps([table.key, coming.sha256, coming.vanished.value, told], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
