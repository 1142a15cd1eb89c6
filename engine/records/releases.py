"""Which release a database is of, and which programs may work on it.

A schema grows in steps: each release only adds what the one before it can do without, so a program may stay one release
behind the database while its servers are brought up to date one after the other. What has come since is told by rows,
because a program knows nothing of migrations that are younger than itself.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, inspect, select
from sqlmodel import SQLModel

from engine.errors import SchemaMismatch
from engine.records.columns import key_part, word

#: `table.column` that this release neither reads nor writes any more, so that the next one may drop it.
RETIRED: frozenset[str] = frozenset()


class SchemaStep(SQLModel, table=True):
    """A migration that ran, and the release that it belongs to."""

    __tablename__ = "schema_step"

    number: int = key_part()
    revision: str = word()
    release: str = word()


def note(connection: Connection, steps: Iterable[tuple[str, str]]) -> None:
    """Write down migrations that ran, oldest first: revision and release."""
    known = len(told(connection))
    rows = [
        {"number": known + place, "revision": revision, "release": release}
        for place, (revision, release) in enumerate(steps, 1)
    ]
    if rows:
        connection.execute(SchemaStep.__table__.insert(), rows)  # type: ignore[attr-defined]


def told(connection: Connection) -> list[tuple[str, str]]:
    """Revision and release of every migration that ran, oldest first."""
    if not inspect(connection).has_table(str(SchemaStep.__tablename__)):
        return []
    table = SchemaStep.__table__  # type: ignore[attr-defined]
    rows = connection.execute(select(table.c.revision, table.c.release).order_by(table.c.number))
    return [(str(revision), str(release)) for revision, release in rows]


def behind(steps: Sequence[tuple[str, str]], newest: str) -> str:
    """The release that the database is ahead by, for a program whose newest revision is `newest`.

    Errors: `SchemaMismatch` where it is ahead by more than one, or never was where this program is.
    """
    revisions = [revision for revision, _ in steps]
    if newest not in revisions:
        raise SchemaMismatch
    at = revisions.index(newest)
    own = steps[at][1]
    ahead = list(dict.fromkeys(release for _, release in steps[at + 1 :] if release != own))
    if len(ahead) > 1:
        raise SchemaMismatch(
            f"数据库已是 {ahead[-1]} 版的结构，本程序是 {own} 版，最多只能落后一版（{ahead[0]}），请先升级程序",
            f"the database's schema is of release {ahead[-1]}, this program of {own}: it may be one release behind "
            f"({ahead[0]}), no more; upgrade the program first",
        )
    return ahead[0] if ahead else own
