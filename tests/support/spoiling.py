"""Tables that take no row for a while: what fails in the middle must leave nothing."""

from typing import Any

from engine.records import write
from tests.support.door import World


def spoil(world: World, table: str) -> None:
    """From now on the table takes no row."""
    if world.database.dialect == "postgresql":
        world.change(f'ALTER TABLE "{table}" ADD CONSTRAINT spoiled CHECK (false) NOT VALID')
        return
    for what in ("INSERT", "UPDATE"):
        world.change(
            f"CREATE TRIGGER spoiled_{what} BEFORE {what} ON \"{table}\" BEGIN SELECT RAISE(ABORT, 'spoiled'); END"
        )


def mend(world: World, table: str) -> None:
    if world.database.dialect == "postgresql":
        world.change(f'ALTER TABLE "{table}" DROP CONSTRAINT spoiled')
        return
    for what in ("INSERT", "UPDATE"):
        world.change(f"DROP TRIGGER spoiled_{what}")


def everything(world: World) -> dict[str, list[Any]]:
    """All rows of all tables that an act may write, but for the counters of a database without sequences."""
    return {table: sorted(map(repr, world.rows(f'SELECT * FROM "{table}"'))) for table in write.TABLES}
