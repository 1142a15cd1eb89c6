"""The schema as migrations build it: bring a database up to date, say how far it is, write the first one.

`python -m engine.records.schema rewrite` writes the tables of the first migration anew from the models, which
is allowed until the first release, while no database has to outlive a change.
"""

import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, Sequence, create_engine

from engine import resources
from engine.database import Database, metadata
from engine.errors import SchemaMismatch
from engine.records import releases
from engine.records.structure import Structure, structure

#: Gives out case numbers on PostgreSQL; SQLite counts in the table `serial`.
CASE_SERIAL = Sequence("case_serial", metadata=metadata())

FIRST = "2026-11-22_add_the_first_tables.py"
LINE = "# --- written from the models ---"


def migrate(database: Database) -> list[str]:
    """Bring the database to the newest revision; one line for each migration that ran, oldest first.

    All of it is one transaction; a second process that migrates meanwhile waits and finds nothing to do.
    Errors: `SchemaMismatch` if the database is of a newer release.
    """
    with database.migrating() as connection:
        return upgrade(connection)


def upgrade(connection: Connection, target: str = "head") -> list[str]:
    """Like `migrate`, on a connection of `Database.migrating` and up to a revision. Errors: as `migrate`."""
    coming = _after(revision(connection), target)
    if coming:
        command.upgrade(_config(connection), target)
        releases.note(connection, [(script.revision, script.module.release) for script in coming])
    return [_line(script) for script in coming]


def expect_current(database: Database) -> str | None:
    """The release that the database is ahead by, if it is one release ahead; None if it is not.

    Errors: `SchemaMismatch` when migrations are still to run, or when the database is ahead by more than one release.
    """
    with database.reading() as session:
        at = revision(session.connection())
        newest = _scripts().get_current_head()
        if at is not None and newest is not None and not _knows(at):
            return releases.behind(releases.told(session.connection()), newest)
    waiting = pending(database)
    if waiting:
        raise SchemaMismatch(
            "数据库结构尚未更新，请先运行 huying migrate",
            "the database's schema is not up to date; run huying migrate first",
            pending=waiting,
        )
    return None


def pending(database: Database) -> list[str]:
    """What `migrate` would do, oldest first. Errors: as `migrate`."""
    return [_line(script) for script in _after(current(database))]


def current(database: Database) -> str | None:
    """The revision the database is at; None before the first migration."""
    with database.reading() as session:
        return revision(session.connection())


def catalogue(database: Database) -> Structure:
    """Every table, column, key, CHECK, index, trigger and sequence, as the database describes itself.

    Two databases of one kind have the same schema if these are equal; `structure.difference` says what is not.
    """
    with database.reading() as session:
        return structure(session.connection())


def write_initial_migration() -> Path:
    """Write the tables of the first migration from the models, below its line; its path."""
    path = resources.migrations() / "versions" / FIRST
    by_hand = path.read_text(encoding="utf-8").split(LINE)[0]
    path.write_text(f"{by_hand}{LINE}\n\n\ndef add_tables() -> None:\n{_tables()}\n", encoding="utf-8")
    # This interpreter and a file of this checkout: nothing from outside is run.
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)  # noqa: S603
    return path


def _tables() -> str:
    """Alembic's code for all tables, against a database that has none."""
    db_engine = create_engine("sqlite://")
    with db_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata()})
        upgrade = produce_migrations(context, metadata()).upgrade_ops_list[0]
        code = render_python_code(upgrade, migration_context=context)
    db_engine.dispose()
    code = code.replace("sa.BigInteger().with_variant(sa.Integer(), 'sqlite')", "BIG").replace("(always=False)", "()")
    lines = (line for line in code.splitlines() if not line.strip().startswith("#"))
    return "\n".join(f"    {line.strip()}" if line.startswith("op.") else line for line in lines)


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(resources.migrations()).replace("%", "%%"))
    return config


def revision(connection: Connection) -> str | None:
    """The revision of the database behind a connection; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_of(release: str) -> str | None:
    """The last revision of a release; None where no migration belongs to it."""
    every = reversed(list(_scripts().walk_revisions()))
    found = [script.revision for script in every if script.module.release == release]
    return found[-1] if found else None


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _knows(revision: str) -> bool:
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


def _after(revision: str | None, target: str = "head") -> list[Script]:
    """The migrations after `revision` up to the target, oldest first."""
    try:
        found = list(_scripts().iterate_revisions(target, revision or "base"))
    except RevisionError as error:
        raise SchemaMismatch(revision=revision) from error
    return found[::-1]


def _line(script: Script) -> str:
    return f"{script.revision}: {script.doc}"


if __name__ == "__main__":
    if sys.argv[1:] != ["rewrite"]:
        sys.exit("python -m engine.records.schema rewrite")
    print(write_initial_migration())
