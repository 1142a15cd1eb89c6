"""Backups: what is in them, what damage is called, and a restore that is whole or not at all, on both databases."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.clock import SetClock
from engine.database import Database
from engine.errors import NotFound, SchemaMismatch
from engine.exchange import backup_manifest
from engine.exchange.backup import back_up
from engine.exchange.backup_manifest import Damaged, Manifest
from engine.exchange.copy_text import Cell, read, written
from engine.exchange.restore import NotEmpty, check, restore
from engine.records import schema
from engine.records.uploads import key_of
from engine.records.verify import verify
from engine.store import FileStore
from tests.support.door import World

#: Photos that the small world speaks of and nobody ever sent.
NEVER_SENT = {key_of(name) for name in ("photo-1", "photo-2", "file-1")}


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks at a bar."""


class House:
    """An installation with tickets, its files, and a place for backups."""

    def __init__(self, database: Database, clock: SetClock, folder: Path) -> None:
        self.world = World(database, clock)
        self.database, self.clock, self.folder = database, clock, folder
        self.world.ticket().called("urban", "water")
        self.world.ticket().reported()
        self.files = FileStore.of(str(folder / "uploads"), folder)
        self.place = FileStore.of(str(folder / "backups"), folder)
        self.photo = self.upload("窨井盖\t\\".encode())

    def upload(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.files.keep(key_of(sha256), content)
        self.note(sha256)
        return sha256

    def note(self, sha256: str) -> None:
        self.database.acting(
            lambda writing: writing.run(
                f"INSERT INTO upload (sha256, media_type, size, uploaded_at) VALUES ('{sha256}', 'image/png', 1, 1)"
            )
        )

    def back_up(self) -> Manifest:
        manifest, _ = back_up(self.database, self.files, self.place, self.clock.now(), self.folder, silent)
        return manifest

    def contents(self, database: Database) -> dict[str, list[Any]]:
        """Every row of every table, but what counts and what migrations tell."""
        found = {}
        with database.looking() as transaction:
            for name in (part.name for part in backup_manifest.load(self.place, None).tables):
                rows = transaction.rows(f'SELECT * FROM "{name}"')
                plain = [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows]
                found[name] = sorted(plain, key=repr)
        return found


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path)


@pytest.fixture
def other(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, FileStore]]:
    """An installation without anything, of the same kind as `database`."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'other.db'}"
        if database.dialect == "postgresql":
            url = stack.enter_context(request.getfixturevalue("cluster").empty())
        copy = stack.enter_context(closing(Database(url)))
        yield copy, FileStore.of(str(tmp_path / "other"), tmp_path)


def bring(house: House, other: tuple[Database, FileStore], manifest: Manifest) -> None:
    restore(*other, house.place, manifest, house.folder, silent)


def test_everything_comes_back_on_either_database_and_counting_goes_on(
    house: House, empty_database: Database, tmp_path: Path
) -> None:
    copy, files = empty_database, FileStore.of(str(tmp_path / "other"), tmp_path)
    bring(house, (copy, files), house.back_up())
    assert verify(copy).sound
    assert verify(copy).tickets == 2
    ours, theirs = house.contents(house.database), house.contents(copy)
    if house.database.dialect == copy.dialect:
        assert theirs == ours
    assert {name: len(rows) for name, rows in theirs.items()} == {name: len(rows) for name, rows in ours.items()}
    assert files.read(key_of(house.photo)) == "窨井盖\t\\".encode()
    with copy.reading() as session:
        assert schema.revision(session.connection()) == schema.current(house.database)
    # What is given out next is what the first installation would have given out.
    ours_again = house.world
    copied = World(copy, house.clock, ours_again.people, ours_again.areas, ours_again.departments)
    first, second = (one.ticket().reported() for one in (ours_again, copied))
    assert (first.id, first.case_no) == (second.id, second.case_no)


def test_words_are_found_in_what_was_restored(house: House, other: tuple[Database, FileStore]) -> None:
    house.world.change("UPDATE ticket_text SET bigrams = '路灯 灯不 不亮'")
    bring(house, other, house.back_up())
    asked = {
        "sqlite": "SELECT count(*) FROM ticket_search WHERE ticket_search MATCH '灯不'",
        "postgresql": "SELECT count(*) FROM ticket_text WHERE words @@ to_tsquery('simple', '灯不')",
    }
    with other[0].looking() as transaction:
        assert transaction.rows(asked[transaction.dialect]) == [(2,)]


def test_a_damaged_part_is_named_and_nothing_is_restored(house: House, other: tuple[Database, FileStore]) -> None:
    manifest = house.back_up()
    (events,) = (table.part for table in manifest.tables if table.name == "event")
    assert events is not None
    content = bytearray(house.place.read(events.key))
    content[len(content) // 2] ^= 1
    house.place.keep(events.key, bytes(content))
    house.place.drop(backup_manifest.key_of_rows(manifest.name, "task"))
    with pytest.raises(Damaged) as refusal:
        bring(house, other, manifest)
    assert f"{events.key} has another content" in refusal.value.en
    assert f"rows/{manifest.name}/task.gz is gone" in refusal.value.en
    assert schema.current(other[0]) is None
    assert dict(other[1].every()) == {}


def test_a_photo_that_rotted_in_the_backup_is_named(house: House) -> None:
    manifest = house.back_up()
    key = backup_manifest.key_of_file(house.photo)
    house.place.keep(key, b"rotten")
    with pytest.raises(Damaged, match=key):
        check(house.place, manifest, house.folder, silent)


def test_a_manifest_that_cannot_be_read_is_damage_too(house: House) -> None:
    manifest = house.back_up()
    house.place.keep(f"manifests/{manifest.name}.json", b'{"format": 1}')
    with pytest.raises(Damaged):
        backup_manifest.load(house.place, manifest.name)


def test_what_is_lost_already_is_named_and_all_else_is_saved(house: House) -> None:
    house.note("ab" * 32)
    wrong = house.upload(b"right")
    house.files.keep(key_of(wrong), b"wrong")
    manifest = house.back_up()
    assert set(manifest.missing) == {key_of("ab" * 32), key_of(wrong), *NEVER_SENT}
    assert manifest.file_count == 1
    check(house.place, manifest, house.folder, silent)


def test_files_lie_in_a_place_once_however_many_backups_it_holds(house: House) -> None:
    first = house.back_up()
    house.clock.advance(1)
    house.upload(b"later")
    second = house.back_up()
    assert backup_manifest.names(house.place) == [second.name, first.name]
    assert len(list(house.place.every("files"))) == 2
    assert (first.file_count, second.file_count) == (1, 2)


def test_an_installation_that_is_not_empty_is_refused_and_says_what_is_in_it(
    house: House, other: tuple[Database, FileStore]
) -> None:
    manifest = house.back_up()
    with pytest.raises(NotEmpty, match=r"ticket \(2\)"):
        restore(house.database, other[1], house.place, manifest, house.folder, silent)
    other[1].keep("ab/strange", b"?")
    with pytest.raises(NotEmpty, match="ab/strange"):
        bring(house, other, manifest)


def test_a_restore_that_fails_at_its_end_leaves_nothing_and_can_be_done_again(
    house: House, other: tuple[Database, FileStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = house.back_up()
    with monkeypatch.context() as patched:
        patched.setattr("engine.exchange.restore._count_on", _fail)
        with pytest.raises(ZeroDivisionError):
            bring(house, other, manifest)
    assert schema.catalogue(other[0]) == {}
    assert dict(other[1].every()) == {}
    bring(house, other, manifest)
    assert verify(other[0]).sound


def _fail(*_: object) -> None:
    raise ZeroDivisionError


def test_files_that_a_restore_left_when_the_power_went_are_no_strangers(
    house: House, other: tuple[Database, FileStore]
) -> None:
    manifest = house.back_up()
    other[1].keep(key_of(house.photo), house.files.read(key_of(house.photo)))
    bring(house, other, manifest)
    assert verify(other[0]).sound


def test_rows_that_do_not_fit_their_count_are_refused(house: House, other: tuple[Database, FileStore]) -> None:
    """A manifest and its part may agree with one another and still not with the rows."""
    manifest = house.back_up()
    told = json.loads(house.place.read(f"manifests/{manifest.name}.json"))
    (table,) = (one for one in told["tables"] if one["name"] == "notice")
    lines = gzip.decompress(house.place.read(table["part"]["key"])).splitlines(keepends=True)
    packed = gzip.compress(b"".join(lines[:-1]))
    house.place.keep(table["part"]["key"], packed)
    table["part"] |= {"size": len(packed), "sha256": hashlib.sha256(packed).hexdigest()}
    house.place.keep(f"manifests/{manifest.name}.json", json.dumps(told).encode())
    with pytest.raises(Damaged, match=f"{len(lines) - 1} rows, not {len(lines)}"):
        bring(house, other, backup_manifest.load(house.place, None))
    assert schema.catalogue(other[0]) == {}


def test_a_backup_of_a_newer_release_is_refused(house: House, other: tuple[Database, FileStore]) -> None:
    manifest = house.back_up()
    newer = Manifest(**{name: getattr(manifest, name) for name in manifest.__slots__} | {"revision": "2099_the_future"})
    with pytest.raises(SchemaMismatch):
        bring(house, other, newer)
    assert schema.catalogue(other[0]) == {}


def test_a_place_without_backups_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backup_manifest.load(FileStore.of(str(tmp_path / "nothing"), tmp_path), None)


@pytest.mark.parametrize("value", ["", "\\N", "\\", "a\tb\nc\rd", "\\t", "窨井盖\b\f\v", None])
def test_a_text_is_the_same_after_copying(value: str | None) -> None:
    rows = [(value, b"\x00\\\xff", True, -(2**63))]
    cells = [Cell.TEXT, Cell.BYTES, Cell.TRUTH, Cell.WHOLE]
    lines = list(written(rows, cells))
    assert len(lines) == len(b"".join(lines).splitlines(keepends=True)) or value in ("窨井盖\b\f\v",)
    assert list(read(lines, cells)) == [[value, b"\x00\\\xff", 1, -(2**63)]]


def test_postgresql_reads_and_writes_the_same_lines(postgresql_database: Database) -> None:
    texts = ["", "\\N", "\\", "a\tb\nc\rd", "\\t", "窨井盖\b\f\v", "\x01\x7f", None]
    rows = [(number, text, bytes([number]), number % 2 == 0) for number, text in enumerate(texts)]
    cells = [Cell.WHOLE, Cell.TEXT, Cell.BYTES, Cell.TRUTH]
    lines = list(written(rows, cells))

    def there_and_back(transaction: Any) -> tuple[list[Any], bytes]:
        transaction.run("CREATE TEMPORARY TABLE copied (n bigint, t text, b bytea, y boolean)")
        with transaction.driver.cursor() as cursor:
            with cursor.copy("COPY copied FROM STDIN") as copy:
                copy.write(b"".join(lines))
            with cursor.copy("COPY copied TO STDOUT") as copy:
                back = b"".join(bytes(piece) for piece in copy)
        return transaction.rows("SELECT n, t, b, y FROM copied ORDER BY n"), back

    found, back = postgresql_database.acting(there_and_back)
    assert [tuple(row) for row in found] == rows
    assert back == b"".join(lines)


def test_a_backup_inside_the_folder_that_it_saves_is_refused(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    assert main(["backup", str(tmp_path / "uploads" / "backups")]) == 1
    assert "DEST" in capsys.readouterr().err
    assert not (tmp_path / "uploads").exists()
    assert main(["restore", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_backups_are_listed_and_checked_by_the_command(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = house.back_up()
    monkeypatch.setenv("HUYING_DATABASE", f"sqlite:///{house.folder / 'nothing.db'}")
    monkeypatch.setenv("HUYING_DATA", str(house.folder / "nothing"))
    assert main(["restore", str(house.folder / "backups"), "--list"]) == 0
    assert manifest.name in capsys.readouterr().out
    assert main(["restore", str(house.folder / "backups"), "--check"]) == 0
    house.place.drop(manifest.files.key)
    assert main(["restore", str(house.folder / "backups"), "--check"]) == 1
    assert manifest.files.key in capsys.readouterr().err
