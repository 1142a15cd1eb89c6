"""The migrations build what the models say, on both databases, and whoever compares them would notice if not."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    text,
)

from engine.database import Database, metadata
from engine.errors import SchemaMismatch
from engine.records import schema, search
from engine.records.structure import difference


@pytest.fixture
def bare(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, of the same kind as `database`."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'bare.db'}"
        if database.dialect == "postgresql":
            url = stack.enter_context(request.getfixturevalue("cluster").empty())
        yield stack.enter_context(closing(Database(url)))


def build(database: Database, tables: MetaData) -> None:
    with database.migrating() as connection:
        tables.create_all(connection)


def copied() -> MetaData:
    """The models once more, free to be changed."""
    copy = MetaData(naming_convention=metadata().naming_convention)
    for table in metadata().sorted_tables:
        table.to_metadata(copy)
    search.indexed(copy.tables["ticket_text"])
    Sequence(schema.CASE_SERIAL.name, metadata=copy)
    return copy


def test_the_migrations_build_what_the_models_say(database: Database, bare: Database) -> None:
    build(bare, metadata())

    assert difference(schema.catalogue(bare), schema.catalogue(database)) == []


def _change_predicate(tables: MetaData) -> None:
    table = tables.tables["deadline"]
    (index,) = (index for index in table.indexes if index.name == "ix_deadline_next")
    table.indexes.remove(index)
    other = text("next_at > 0")
    Index(index.name, table.c.next_at, sqlite_where=other, postgresql_where=other)


def _lose_predicate(tables: MetaData) -> None:
    table = tables.tables["deadline"]
    (index,) = (index for index in table.indexes if index.name == "ix_deadline_next")
    table.indexes.remove(index)
    Index(index.name, table.c.next_at)


def _check_of(table: Table) -> CheckConstraint:
    (check,) = (each for each in table.constraints if isinstance(each, CheckConstraint))
    return check


def _lose_check(tables: MetaData) -> None:
    table = tables.tables["deadline"]
    table.constraints.remove(_check_of(table))


def _widen_check(tables: MetaData) -> None:
    table = tables.tables["deadline"]
    check = _check_of(table)
    table.constraints.remove(check)
    words = str(check.sqltext).replace("'met'", "'met', 'forgotten'")
    table.append_constraint(CheckConstraint(words, name=check.name))


def _turn_index_round(tables: MetaData) -> None:
    table = tables.tables["holding"]
    (index,) = (index for index in table.indexes if index.name == "ix_holding_person")
    table.indexes.remove(index)
    Index(index.name, table.c.valid_from, table.c.person_id)


def _make_index_unique(tables: MetaData) -> None:
    (index,) = (index for index in tables.tables["token"].indexes if index.name == "ix_token_person_id")
    index.unique = True


def _lose_foreign_key(tables: MetaData) -> None:
    table = tables.tables["token"]
    (key,) = (each for each in table.constraints if isinstance(each, ForeignKeyConstraint))
    table.constraints.remove(key)


def _allow_nothing(tables: MetaData) -> None:
    tables.tables["token"].c.created_at.nullable = True


def _shorten(tables: MetaData) -> None:
    tables.tables["token"].c.purpose.type = String(100)


def _narrow(tables: MetaData) -> None:
    tables.tables["token"].c.created_at.type = Integer()


def _add_column(tables: MetaData) -> None:
    tables.tables["token"].append_column(Column("colour", String(10)))


def _add_table(tables: MetaData) -> None:
    Table("colour", tables, Column("word", String(10), primary_key=True))


def _lose_table(tables: MetaData) -> None:
    tables.remove(tables.tables["token"])


@pytest.mark.parametrize(
    "change",
    [
        _change_predicate,
        _lose_predicate,
        _lose_check,
        _widen_check,
        _turn_index_round,
        _make_index_unique,
        _lose_foreign_key,
        _allow_nothing,
        _shorten,
        _narrow,
        _add_column,
        _add_table,
        _lose_table,
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_model_that_no_migration_followed_is_noticed(
    database: Database, bare: Database, change: Callable[[MetaData], None]
) -> None:
    tables = copied()
    change(tables)
    build(bare, tables)

    assert difference(schema.catalogue(bare), schema.catalogue(database))


def test_a_copy_of_the_models_is_the_models(database: Database, bare: Database) -> None:
    build(bare, copied())

    assert difference(schema.catalogue(bare), schema.catalogue(database)) == []


def test_the_layout_of_a_statement_is_not_a_difference(sqlite_database: Database, tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        for database, sql in (
            (sqlite_database, "CREATE TABLE dot (x VARCHAR(5) NOT NULL, CONSTRAINT ck CHECK (x IN ('A', 'b')))"),
            (other, "create table dot (\n \"x\" VARCHAR(5) NOT NULL, -- note\n constraint ck check(X in ('A','b')))"),
        ):
            with database.migrating() as connection:
                connection.exec_driver_sql(sql)

        assert schema.catalogue(sqlite_database)["dot"] == schema.catalogue(other)["dot"]


def test_every_identity_has_64_bits(postgresql_database: Database) -> None:
    lines = [line for lines in schema.catalogue(postgresql_database).values() for line in lines]
    identities = [line for line in lines if " identity" in line]

    assert identities
    assert [line for line in identities if " bigint " not in line] == []


def test_columns_mean_the_same_on_both_databases(postgresql_database: Database) -> None:
    """No native enum, no jsonb that rewrites what was hashed, no float, no timestamp with a zone of the server's."""
    types = {
        re.sub(r"\(\d+\)| generated .*", "", " ".join(line.split()[2:]))
        .removesuffix(" identity")
        .removesuffix(" not null")
        for lines in schema.catalogue(postgresql_database).values()
        for line in lines
        if line.startswith("column ")
    }

    assert types <= {"bigint", "integer", "boolean", "bytea", "text", "tsvector", "character varying"}


def test_counting_begins_at_one(database: Database) -> None:
    with database.reading() as session:
        if database.dialect == "postgresql":
            asked = text("SELECT last_value, is_called FROM case_serial")
            assert session.connection().execute(asked).one() == (1, False)
        else:
            asked = text("SELECT name, last FROM serial ORDER BY name")
            assert session.connection().execute(asked).all() == [("case", 0), ("ticket", 0)]


def test_a_fresh_database_is_at_the_newest_revision(database: Database) -> None:
    assert schema.pending(database) == []
    assert schema.migrate(database) == []


def test_an_empty_database_is_brought_up_to_date_once(empty_database: Database) -> None:
    assert schema.current(empty_database) is None

    waiting = schema.pending(empty_database)

    assert waiting
    assert schema.migrate(empty_database) == waiting
    assert schema.migrate(empty_database) == []


def test_of_two_who_migrate_at_the_same_time_one_does_the_work(empty_database: Database) -> None:
    waiting = schema.pending(empty_database)
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(schema.migrate, [empty_database] * 2))

    assert sorted(done) == [[], waiting]


def test_a_database_of_a_newer_release_is_refused(database: Database) -> None:
    with database.migrating() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '2099_01_01_the_future'")

    with pytest.raises(SchemaMismatch):
        schema.migrate(database)
    with pytest.raises(SchemaMismatch):
        schema.pending(database)


def test_a_migration_that_fails_leaves_nothing(empty_database: Database) -> None:
    def half_way() -> None:
        with empty_database.migrating() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()

    assert schema.catalogue(empty_database) == {}


def test_a_migration_cannot_leave_a_foreign_key_that_points_nowhere(sqlite_database: Database) -> None:
    def orphan() -> None:
        with sqlite_database.migrating() as connection:
            connection.exec_driver_sql("INSERT INTO holding (person_id, post, valid_from) VALUES (404, 'leader', 0)")

    with pytest.raises(RuntimeError, match="foreign key"):
        orphan()

    with sqlite_database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM holding").scalar_one() == 0
