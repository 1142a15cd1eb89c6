"""Every released schema comes to the newest with its data, and a program one release behind works on meanwhile."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from engine import resources
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.cli import main
from engine.clock import DAY, Instant, SetClock
from engine.database import Database
from engine.errors import SchemaMismatch
from engine.exchange.backup import back_up
from engine.exchange.restore import restore
from engine.records import releases, schema
from engine.records.structure import difference
from engine.records.verify import verify
from engine.store import FileStore
from tests.support.door import World
from tests.support.expansion import breaking
from tests.support.releases import Release, counted, recorded

RELEASES = recorded()
AGAIN = "record it again: python -m tests.support.releases (before the first release only)"


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks at a bar."""


# -- what was released -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.version)
def test_a_released_schema_comes_to_the_newest_with_everything_in_it(
    release: Release, empty_database: Database, tmp_path: Path
) -> None:
    files = FileStore.of(str(tmp_path / "uploads"), tmp_path)
    restore(empty_database, files, release.place, release.manifest, tmp_path, silent)
    assert schema.pending(empty_database) == []
    assert verify(empty_database).sound
    found = counted(empty_database)
    same = {name: found[name] for name in release.figures if name in found}
    assert same == {name: release.figures[name] for name in same}
    assert len(same) > 20, "nearly every formula has changed"
    world = World(empty_database, SetClock(Instant(release.manifest.made_at)), people=people(empty_database))
    with empty_database.looking() as transaction:
        tickets = [row[0] for row in transaction.rows("SELECT id FROM ticket")]
    assert [world.differences(one) for one in tickets] == [[]] * len(tickets)


def people(database: Database) -> dict[str, int]:
    with database.looking() as transaction:
        return dict(transaction.rows("SELECT login, id FROM person"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.version)
def test_nobody_has_touched_the_migrations_of_a_release(release: Release, empty_database: Database) -> None:
    newest = schema.newest_of(release.version)
    assert newest == release.manifest.revision
    with empty_database.migrating() as connection:
        schema.upgrade(connection, newest)
    assert difference(release.schemas[empty_database.dialect], schema.catalogue(empty_database)) == [], AGAIN


def test_each_release_only_adds_to_the_one_before(database: Database) -> None:
    dialect = database.dialect
    schemas = [(one.schemas[dialect], one.retired) for one in RELEASES]
    after = [schema_ for schema_, _ in schemas[1:]] + [schema.catalogue(database)]
    assert [breaking(old, new, retired) for (old, retired), new in zip(schemas, after, strict=True)] == [[]] * len(
        after
    )


# -- what an addition is -----------------------------------------------------------------------------------------------


def alter(table: str, change: Callable[[Any], None]) -> Callable[[Operations], None]:
    def altered(op: Operations) -> None:
        with op.batch_alter_table(table) as batch:
            change(batch)

    return altered


def _add(name: str, *, nullable: bool, default: str | None = None) -> Callable[[Operations], None]:
    column = sa.Column(name, sa.String(10), nullable=nullable, server_default=default)
    return alter("phrase", lambda batch: batch.add_column(column))


ADDITIONS: dict[str, Callable[[Operations], None]] = {
    "a column that may be empty": _add("colour", nullable=True),
    "a column with a default": _add("colour", nullable=False, default="blue"),
    "a table": lambda op: _table(op, "colour"),
    "an index": lambda op: op.create_index("ix_token_extra", "token", ["created_at", "purpose"]),
    "a longer text": alter(
        "token",
        lambda batch: batch.alter_column("purpose", existing_type=sa.String(200), type_=sa.String(300)),
    ),
    "a default": alter(
        "token",
        lambda batch: batch.alter_column("purpose", existing_type=sa.String(200), server_default=""),
    ),
    "a word more": lambda op: _check(op, "run IN ('running', 'paused', 'met', 'stopped', 'forgotten')"),
}
BREAKS: dict[str, Callable[[Operations], None]] = {
    "a column gone": alter("token", lambda batch: batch.drop_column("purpose")),
    "a column renamed": alter("token", lambda batch: batch.alter_column("purpose", new_column_name="aim")),
    "a table gone": lambda op: op.drop_table("heartbeat"),
    "a table renamed": lambda op: op.rename_table("heartbeat", "pulse"),
    "a column that must be given": _add("colour", nullable=False),
    "a shorter text": alter(
        "token",
        lambda batch: batch.alter_column("purpose", existing_type=sa.String(200), type_=sa.String(20)),
    ),
    "an empty one no more": alter(
        "token",
        lambda batch: batch.alter_column("revoked_at", existing_type=sa.BigInteger(), nullable=False),
    ),
    "a unique index": lambda op: op.create_index("ix_token_extra", "token", ["purpose"], unique=True),
    "a check": alter("token", lambda batch: batch.create_check_constraint("ck_token_one", "purpose <> 'x'")),
    "a word less": lambda op: _check(op, "run IN ('running', 'paused', 'met')"),
    "another key": alter(
        "token",
        lambda batch: batch.create_foreign_key("fk_token_extra", "person", ["created_at"], ["id"]),
    ),
}


def _table(op: Operations, name: str) -> None:
    op.create_table(name, sa.Column("word", sa.String(10), primary_key=True))


def _check(op: Operations, text: str) -> None:
    """Another list of words for the states of a deadline."""
    with op.batch_alter_table("deadline") as batch:
        batch.drop_constraint("ck_deadline_run", type_="check")
        batch.create_check_constraint("ck_deadline_run", text)


def changed(database: Database, change: Callable[[Operations], None]) -> list[str]:
    before = schema.catalogue(database)
    with database.migrating() as connection:
        change(Operations(MigrationContext.configure(connection)))
    assert difference(before, schema.catalogue(database)), "nothing has changed"
    return breaking(before, schema.catalogue(database))


@pytest.mark.parametrize("change", ADDITIONS)
def test_what_is_added_breaks_nobody(database: Database, change: str) -> None:
    assert changed(database, ADDITIONS[change]) == []


@pytest.mark.parametrize("change", BREAKS)
def test_what_the_release_before_cannot_live_with_is_named(database: Database, change: str) -> None:
    assert changed(database, BREAKS[change])


def test_what_a_release_no_longer_uses_may_go_with_the_next(sqlite_database: Database) -> None:
    before = schema.catalogue(sqlite_database)
    with sqlite_database.migrating() as connection:
        BREAKS["a column gone"](Operations(MigrationContext.configure(connection)))
    after = schema.catalogue(sqlite_database)
    assert breaking(before, after)
    assert breaking(before, after, {"token.purpose"}) == []


# -- one release behind ------------------------------------------------------------------------------------------------

NEXT = '''
"""Colours."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on, release = "{revision}", "{before}", None, None, "{release}"


def upgrade() -> None:
    op.create_table("{table}", sa.Column("word", sa.String(10), primary_key=True))
    with op.batch_alter_table("ticket") as batch:
        batch.add_column(sa.Column("{table}", sa.String(10), nullable=True))
    with op.batch_alter_table("event") as batch:
        batch.add_column(sa.Column("{table}", sa.String(10), nullable=False, server_default="none"))
    op.create_index("ix_ticket_{table}", "ticket", ["{table}", "id"])
'''


class Later:
    """Programs of later releases: their migrations, put before those of this one for a while."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = shutil.copytree(resources.migrations(), folder / "migrations"), monkeypatch
        self.newest = str(schema.newest_of(RELEASES[-1].version))

    def brings(self, release: str, table: str) -> "Later":
        revision = f"later_{table}"
        text = NEXT.format(revision=revision, before=self.newest, release=release, table=table)
        (self.folder / "versions" / f"{revision}.py").write_text(text)
        self.newest = revision
        return self

    @contextmanager
    def program(self) -> Iterator[None]:
        """The later program at work."""
        with self.monkeypatch.context() as patched:
            patched.setattr(resources, "migrations", lambda: self.folder)
            yield

    def migrates(self, database: Database) -> None:
        with self.program():
            assert schema.migrate(database)


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Later:
    return Later(tmp_path, monkeypatch)


def test_a_program_one_release_behind_goes_on_with_everything(
    database: Database, later: Later, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.migrating() as connection:
        connection.exec_driver_sql("DELETE FROM schema_step")
        releases.note(connection, [(str(schema.newest_of("0.1.0")), "0.1.0")])
    world = World(database)
    world.ticket().called("urban")
    later.brings("0.2.0", "colour").migrates(database)
    assert schema.expect_current(database) == "0.2.0"
    ticket = world.ticket().closed()
    world.later(20 * DAY)
    assert sweep(world.door, database, world.clock).failures == {}
    relay(database)
    assert fold_facts(database, world.versions)
    assert world.verdict().sound
    assert world.differences(ticket.id) == []
    monkeypatch.setenv("HUYING_DATABASE", database.url.render_as_string(hide_password=False))
    assert main(["verify"]) == 0
    said = capsys.readouterr()
    assert "0.2.0" in said.err
    # The later program takes what its elder wrote.
    with later.program():
        assert schema.expect_current(database) is None
    with database.looking() as transaction:
        assert transaction.rows("SELECT DISTINCT colour FROM event") == [("none",)]


def test_a_program_two_releases_behind_is_told_so_and_does_nothing(
    database: Database, later: Later, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.migrating() as connection:
        connection.exec_driver_sql("DELETE FROM schema_step")
        releases.note(connection, [(str(schema.newest_of("0.1.0")), "0.1.0")])
    later.brings("0.2.0", "colour").brings("0.2.0", "shade").migrates(database)
    assert schema.expect_current(database) == "0.2.0", "two migrations are one release"
    later.brings("0.3.0", "taste").migrates(database)
    monkeypatch.setenv("HUYING_DATABASE", database.url.render_as_string(hide_password=False))
    assert main(["show", "20260302-1"]) == 1
    said = capsys.readouterr().err
    assert "0.3.0" in said
    assert "0.1.0" in said
    with pytest.raises(SchemaMismatch):
        schema.migrate(database)


def test_a_program_that_is_ahead_asks_for_migrate_first(
    sqlite_database: Database, later: Later, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_database.url.render_as_string())
    with later.brings("0.2.0", "colour").program():
        assert main(["serve"]) == 1
        assert "huying migrate" in capsys.readouterr().err
        assert main(["migrate"]) == 0
        assert schema.expect_current(sqlite_database) is None


def test_a_program_that_is_behind_makes_no_backup_that_lacks_what_is_new(
    sqlite_database: Database, later: Later, tmp_path: Path
) -> None:
    later.brings("0.2.0", "colour").migrates(sqlite_database)
    place = FileStore.of(str(tmp_path / "place"), tmp_path)
    with pytest.raises(SchemaMismatch, match="newer one"):
        back_up(sqlite_database, place, place, Instant(1), tmp_path, silent)
    assert dict(place.every()) == {}
