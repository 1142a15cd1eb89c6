"""The migrations build what the models say, on both databases."""

from engine.database import Database
from engine.records import schema


def test_a_fresh_database_is_at_the_newest_revision(database: Database) -> None:
    assert schema.pending(database) == []
    assert schema.migrate(database) == []


def test_an_empty_database_is_brought_up_to_date_once(empty_database: Database) -> None:
    assert schema.current(empty_database) is None

    waiting = schema.pending(empty_database)

    assert waiting
    assert schema.migrate(empty_database) == waiting
    assert schema.migrate(empty_database) == []
