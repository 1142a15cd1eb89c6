"""Several statements in one journey to PostgreSQL: answers in order, failures whole, connections fit for the next."""

import threading
from typing import Any

import psycopg
import pytest

from engine.database import Database, Transaction
from engine.journey import MOST_PREPARED, travel


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    return postgresql_database


def asked(database: Database, sql: str, *parameters: Any) -> Any:
    ((value,),) = database.acting(lambda transaction: transaction.rows(sql, parameters))
    return value


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT %s::text", "井盖“破损”\\ \n'\""),
        ("SELECT %s::bigint", 2**62),
        ("SELECT %s::bigint", -1),
        ("SELECT %s::boolean", True),
        ("SELECT %s::boolean", False),
        ("SELECT %s::text", None),
        ("SELECT %s::bytea", bytes(range(256))),
        ("SELECT %s::text[]", ['a"b', "c\\d", "{e,f}", "", "null", "呼应"]),
        ("SELECT %s::bigint[]", [1, 2, 3]),
    ],
)
def test_a_value_comes_back_as_it_went(database: Database, sql: str, value: Any) -> None:
    assert asked(database, sql, value) == value


def test_json_comes_back_read(database: Database) -> None:
    assert asked(database, "SELECT json_build_array(1, 'a', null)") == [1, "a", None]


def test_a_nul_is_refused_before_it_cuts_a_text_short(database: Database) -> None:
    with pytest.raises(psycopg.DataError):
        asked(database, "SELECT %s::text", "a\0b")
    assert asked(database, "SELECT 1") == 1


def test_a_per_cent_sign_is_doubled(database: Database) -> None:
    assert asked(database, "SELECT 100 %% 7 + %s::int", 1) == 3


def test_the_first_failure_fails_the_journey_and_the_connection_goes_on(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        transaction.together([("SELECT 1", ()), ("SELECT 1 / %s::int", (0,)), ("SELECT 2", ())])

    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            database.acting(work)
        assert asked(database, "SELECT 2") == 2


def test_a_statement_that_could_not_be_prepared_can_be_once_its_table_is_there(database: Database) -> None:
    sql = "SELECT count(*) FROM later WHERE id = %s"
    with pytest.raises(psycopg.errors.UndefinedTable):
        asked(database, sql, 1)
    database.acting(lambda transaction: transaction.run("CREATE TABLE later (id integer)"))
    assert asked(database, sql, 1) == 0


def test_prepared_statements_outlive_a_rollback(database: Database) -> None:
    def prepared(transaction: Transaction) -> int:
        return int(
            transaction.rows("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ("%kept%",))[0][0]
        )

    def refused(transaction: Transaction) -> None:
        transaction.rows("SELECT 'kept'")
        raise LookupError

    with pytest.raises(LookupError):
        database.acting(refused)
    assert database.acting(prepared) >= 1


def test_more_statements_than_a_connection_keeps(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        for number in range(MOST_PREPARED + 50):
            assert transaction.rows(f"SELECT {number}") == [(number,)]

    database.acting(work)


def test_neither_side_waits_for_the_other_for_ever(database: Database) -> None:
    words = "块" * 20_000
    statements = [("SELECT %s::text || %s::text", (words, words))] * 200
    answers = database.acting(lambda transaction: transaction.together(statements))
    assert len(answers) == 200
    assert all(answer == [(words + words,)] for answer in answers)


def test_the_number_of_rows_changed_is_told(database: Database) -> None:
    def work(transaction: Transaction) -> int:
        transaction.run_many("INSERT INTO serial (name, last) VALUES (%s, %s)", [("a", 1), ("b", 1), ("c", 2)])
        return transaction.run("UPDATE serial SET last = last + 1 WHERE last = %s", (1,))

    assert database.acting(work) == 2


def test_a_journey_that_is_broken_off_closes_its_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.db_engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        monkeypatch.setattr("engine.journey._answer", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            travel(driver, [("SELECT 1", ())])
        assert driver.closed
        connection.invalidate()
    monkeypatch.undo()
    assert asked(database, "SELECT 3") == 3


def _interrupt(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_eight_threads_travel_on_connections_of_their_own(database: Database) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            seen.append(asked(database, "SELECT %s::int", number) - number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0] * 160
