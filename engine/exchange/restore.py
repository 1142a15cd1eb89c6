"""A backup comes back: into an empty installation only, checked before anything is written, whole or not at all.

The rows are one transaction: the schema as it was, the rows, the counters, the migrations since. The files come first;
what was copied is taken back if anything fails, and no row speaks of it until the commit.
"""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

from engine.connecting import POSTGRESQL
from engine.database import Database
from engine.errors import HuyingError, Malformed, NotFound
from engine.exchange.backup import APART, FILES, ROWS, Tell, save
from engine.exchange.backup_manifest import Damaged, Manifest, Part, TablePart, key_of_file
from engine.exchange.copy_text import read
from engine.records import schema
from engine.records.structure import BOOKKEEPING
from engine.store import FileStore

#: Tables that are named first where a database is not empty.
_FIRST = ("ticket", "event", "person", "upload")
#: What is named of an installation that is not empty, and of damage.
_MOST = 10
_CHUNK = 1 << 20

CHECKING = "核对 / checking"


class NotEmpty(HuyingError):
    """只能恢复到空的安装 / A backup is restored into an empty installation only"""

    code = "not_empty"
    status = 409


@dataclass(frozen=True, slots=True)
class _File:
    """A line of the list of files."""

    sha256: str
    size: int
    key: str


def check(place: FileStore, manifest: Manifest, folder: Path, tell: Tell) -> None:
    """Read every part of a backup. Errors: `Damaged` naming each part that is not what the manifest says."""
    with tempfile.TemporaryDirectory(prefix="huying-restore-", dir=folder) as work:
        path = Path(work) / "part"
        parts = [manifest.files, *(table.part for table in manifest.tables if table.part)]
        bad = [fault for part in parts if (fault := _fault(place, part, path))]
        if not bad:
            kept = {one.sha256: one for one in _listed(place, manifest, path)}.values()
            for done, one in enumerate(kept, 1):
                fault = _fault(place, Part(key=key_of_file(one.sha256), size=one.size, sha256=one.sha256), path)
                bad += [fault] if fault else []
                tell(CHECKING, done, len(kept))
    if bad:
        named = "；".join(zh for zh, _ in bad[:_MOST])
        told = "; ".join(en for _, en in bad[:_MOST])
        raise Damaged(
            f"备份 {manifest.name} 有 {len(bad)} 处损坏：{named}",
            f"backup {manifest.name} is damaged in {len(bad)} places: {told}",
            parts=[en for _, en in bad],
        )


def restore(
    database: Database, files: FileStore, place: FileStore, manifest: Manifest, folder: Path, tell: Tell
) -> list[str]:
    """Bring a backup back; a line for each migration that came after it.

    Errors: `NotEmpty`, `Damaged`, `SchemaMismatch` for a backup of a newer release; then nothing has changed.
    """
    _expect_empty(database)
    with tempfile.TemporaryDirectory(prefix="huying-restore-", dir=folder) as work:
        path = Path(work) / "part"
        check(place, manifest, folder, tell)
        listed = list(_listed(place, manifest, path))
        there = _there(files, listed)
        copied: list[str] = []
        try:
            _copy(place, files, [one for one in listed if one.key not in there], copied, path, tell)
            with database.migrating() as connection:
                _schema(connection, manifest)
                _rows(connection, place, manifest, path, tell)
                _count_on(connection, manifest)
                since = schema.upgrade(connection)
        except BaseException:
            for key in copied:
                files.drop(key)
            raise
    database.acting(lambda writing: writing.run("ANALYZE"))
    return since


# -- what must be empty ------------------------------------------------------------------------------------------------


def _expect_empty(database: Database) -> None:
    with database.reading() as session:
        connection = session.connection()
        filled = []
        for name in sorted(_tables(connection), key=lambda one: (one not in _FIRST, one)):
            (count,) = connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').one()  # noqa: S608
            filled += [f"{name} ({count})"] if count else []
    if filled:
        told = ", ".join(filled[:_MOST]) + (" …" if len(filled) > _MOST else "")
        raise NotEmpty(
            f"数据库不是空的：{told}。只能恢复到空的安装",
            f"the database is not empty: {told}; a backup is restored into an empty installation only",
        )


def _tables(connection: Connection) -> list[str]:
    """The tables that hold what people did; an index of words is made of another table."""
    names = inspect(connection).get_table_names()
    return [name for name in names if name not in (*APART, BOOKKEEPING) and not name.startswith("ticket_search")]


def _there(files: FileStore, listed: list[_File]) -> set[str]:
    """Files that are in the store already, if all of them are the backup's own: a restore was cut off."""
    ours = {one.key: one.size for one in listed}
    there = dict(files.every())
    strange = sorted(key for key, size in there.items() if ours.get(key) != size)
    if strange:
        told = ", ".join(strange[:_MOST]) + (" …" if len(strange) > _MOST else "")
        raise NotEmpty(
            f"文件库不是空的，有 {len(strange)} 个不属于此备份的文件：{told}",
            f"the file store is not empty, {len(strange)} files in it are not of this backup: {told}",
        )
    return set(there)


# -- parts -------------------------------------------------------------------------------------------------------------


def _fault(place: FileStore, part: Part, path: Path) -> tuple[str, str] | None:
    """What is wrong with a part, in both languages."""
    try:
        sha256, size = save(place, part.key, path)
    except FileNotFoundError:
        return f"{part.key} 不见了", f"{part.key} is gone"
    if size != part.size:
        return f"{part.key} 应为 {part.size} 字节，实为 {size}", f"{part.key} has {size} bytes, not {part.size}"
    if sha256 != part.sha256:
        return f"{part.key} 内容被改", f"{part.key} has another content"
    return None


def _listed(place: FileStore, manifest: Manifest, path: Path) -> Iterator[_File]:
    with _opened(place, manifest.files, path) as lines:
        for line in lines:
            sha256, size, key = line.decode().rstrip("\n").split(" ", 2)
            yield _File(sha256, int(size), key)


def _opened(place: FileStore, part: Part, path: Path) -> gzip.GzipFile:
    """A part, unpacked. Errors: `Damaged` if it is no longer what the manifest says."""
    fault = _fault(place, part, path)
    if fault is not None:
        raise Damaged(*fault)
    return gzip.GzipFile(path, "rb")


def _copy(place: FileStore, files: FileStore, wanted: list[_File], copied: list[str], path: Path, tell: Tell) -> None:
    for done, one in enumerate(wanted, 1):
        sha256, _ = save(place, key_of_file(one.sha256), path)
        if sha256 != one.sha256:
            raise Damaged(f"{key_of_file(one.sha256)} 内容被改", f"{key_of_file(one.sha256)} has another content")
        copied.append(one.key)
        files.keep(one.key, path)
        tell(FILES, done, len(wanted))


# -- rows --------------------------------------------------------------------------------------------------------------


def _schema(connection: Connection, manifest: Manifest) -> None:
    """The tables as they were when the backup was made."""
    at = schema.revision(connection)
    if at is None:
        schema.upgrade(connection, manifest.revision)
    elif at != manifest.revision:
        raise NotEmpty(
            f"数据库的结构是 {at}，备份的是 {manifest.revision}：请恢复到没有表的数据库",
            f"the database is at {at}, the backup at {manifest.revision}: restore into a database without tables",
        )


def _rows(connection: Connection, place: FileStore, manifest: Manifest, path: Path, tell: Tell) -> None:
    known = {
        table: {column["name"] for column in inspect(connection).get_columns(table)} for table in _tables(connection)
    }
    total, done = sum(table.rows for table in manifest.tables), 0
    driver: Any = connection.connection.driver_connection
    for table in manifest.tables:
        unknown = {name for name, _ in table.columns} - known.get(table.name, set())
        if unknown or table.name not in known:
            named = ", ".join(f"{table.name}.{name}" for name in sorted(unknown)) or table.name
            raise Malformed(f"备份中有此版本没有的列：{named}", f"this release has no such columns: {named}")
        if table.part is not None:
            _load(driver, place, table, table.part, path, postgresql=connection.dialect.name == POSTGRESQL)
        done += table.rows
        tell(ROWS, done, total)


def _load(driver: Any, place: FileStore, table: TablePart, part: Part, path: Path, *, postgresql: bool) -> None:
    listed = ", ".join(f'"{name}"' for name, _ in table.columns)
    try:
        with _opened(place, part, path) as lines:
            if postgresql:
                came = _copied_in(driver, f'COPY "{table.name}" ({listed}) FROM STDIN', lines)
            else:
                marks = ", ".join("?" * len(table.columns))
                came = driver.executemany(
                    f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})',  # noqa: S608 (names of the manifest)
                    read(lines, [cell for _, cell in table.columns]),
                ).rowcount
    except (EOFError, zlib.error, ValueError) as failure:
        raise Damaged(f"{part.key} 读不出来", f"{part.key} cannot be read") from failure
    if came != table.rows:
        raise Damaged(f"{part.key} 应有 {table.rows} 行，实有 {came}", f"{part.key} has {came} rows, not {table.rows}")


def _copied_in(driver: Any, sql: str, lines: gzip.GzipFile) -> int:
    """How many rows PostgreSQL took."""
    with driver.cursor() as cursor:
        with cursor.copy(sql) as copy:
            while chunk := lines.read(_CHUNK):
                copy.write(chunk)
        return int(cursor.rowcount)


def _count_on(connection: Connection, manifest: Manifest) -> None:
    """Counters go on where they were: no case number and no identity is given twice."""
    counters = dict(manifest.counters)
    tables = {table.name for table in manifest.tables}
    if unknown := counters.keys() - tables - {"case"}:
        raise NotFound(f"备份中有不认识的计数：{sorted(unknown)}", f"unknown counters: {sorted(unknown)}")
    if connection.dialect.name != POSTGRESQL:
        for name in ("case", "ticket"):
            connection.exec_driver_sql("UPDATE serial SET last = ? WHERE name = ?", (counters.get(name, 0), name))
        return
    case = counters.pop("case", 0)
    if case:
        connection.exec_driver_sql(f"SELECT setval('{schema.CASE_SERIAL.name}', {case})")
    for table, last in counters.items():
        (most,) = connection.exec_driver_sql(f'SELECT coalesce(max(id), 0) FROM "{table}"').one()  # noqa: S608
        if max(most, last):
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), {max(most, last)})")
