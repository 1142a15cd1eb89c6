"""Facts as rows, to be held against each other."""

from typing import Any

from engine.database import Database


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables of facts, by its key."""
    with database.looking() as transaction:
        return {
            table: [tuple(row) for row in transaction.rows(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in ("ticket_fact", "task_fact", "stage_span", "agenda_fact")
        }


def fact(database: Database, ticket_id: int, *names: str) -> tuple[Any, ...]:
    """Some columns of a ticket's facts."""
    return _one(database, f"SELECT {', '.join(names)} FROM ticket_fact WHERE ticket_id = @", ticket_id)


def task_fact(database: Database, ticket_id: int, seq: int, *names: str) -> tuple[Any, ...]:
    """Some columns of the facts of one of its tasks."""
    return _one(database, f"SELECT {', '.join(names)} FROM task_fact WHERE ticket_id = @ AND seq = @", ticket_id, seq)


def _one(database: Database, sql: str, *parameters: Any) -> tuple[Any, ...]:
    with database.looking() as transaction:
        (row,) = transaction.rows(sql.replace("@", "%s" if transaction.postgresql else "?"), parameters)
    return tuple(row)
