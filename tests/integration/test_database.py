"""What `reading()` and `acting()` promise, on both databases."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlmodel import Session, col

import engine.connecting
from engine import connecting
from engine.database import Database, Transaction
from engine.errors import Busy, DatabaseAway, Malformed, NoRoom
from engine.records.areas import Level
from engine.writer import Escaped

CHECKOUT = Path(__file__).resolve().parents[2]


def add(word: str) -> Callable[[Transaction], str]:
    """An act that adds a level."""

    def work(transaction: Transaction) -> str:
        put(transaction, word)
        return word

    return work


def put(transaction: Transaction, word: str) -> None:
    transaction.connection.execute(insert(Level).values(word=word, title_zh="", title_en="", depth=0))


def words(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.connection().execute(select(col(Level.word))).scalars())


def marks(database: Database, sql: str) -> str:
    """SQL for the driver, with its own placeholders."""
    return sql.replace("?", "%s") if database.dialect == "postgresql" else sql


# --- reading ---


def test_a_reader_sees_one_state_from_its_first_look_to_its_last(database: Database) -> None:
    def count(session: Session) -> int:
        return session.connection().execute(select(func.count()).select_from(Level)).scalar_one()

    with database.reading() as session:
        before = count(session)
        database.acting(add("street"))
        assert count(session) == before == 0
    assert words(database) == {"street"}


def test_a_quick_look_sees_one_state_too(database: Database) -> None:
    with database.looking() as transaction:
        before = transaction.rows("SELECT count(*) FROM level")
        database.acting(add("street"))
        assert transaction.rows("SELECT count(*) FROM level") == before == [(0,)]


def test_after_the_last_question_of_a_look_nothing_is_asked(database: Database) -> None:
    database.acting(add("street"))

    with database.looking() as transaction:
        transaction.rows("SELECT 1")
        assert transaction.finally_together([("SELECT 2", ()), ("SELECT word FROM level", ())]) == [
            [(2,)],
            [("street",)],
        ]
        with pytest.raises(Escaped):
            transaction.rows("SELECT 1")

    assert in_use(database) == 0
    assert words(database) == {"street"}


def test_a_question_over_many_rows_is_planned_for_its_values(database: Database) -> None:
    """After five times PostgreSQL would take one plan for all values."""
    if database.dialect != "postgresql":
        pytest.skip("SQLite plans without looking at values")

    def kept(anew: bool) -> int:
        with database.looking(anew=anew) as transaction:
            for number in range(8):
                transaction.rows("SELECT %s::bigint + 20261127", (number,))
            ((found,),) = transaction.rows(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%20261127%%' "
                "AND statement NOT LIKE '%%pg_prepared%%'"
            )
            return int(found)

    assert kept(anew=True) == 0
    assert kept(anew=False) == 1


def test_a_last_question_that_fails_leaves_its_connection_usable(database: Database) -> None:
    for _ in range(20):
        with pytest.raises((sqlite3.OperationalError, psycopg.Error)), database.looking() as transaction:
            transaction.finally_together([("SELECT nothing FROM nowhere", ())])

    assert words(database) == set()


def test_a_reader_changes_nothing(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as session:
        session.connection().execute(insert(Level).values(word="street", title_zh="", title_en="", depth=0))
    with pytest.raises((sqlite3.OperationalError, psycopg.Error)), database.looking() as transaction:
        transaction.run("DELETE FROM level")

    assert words(database) == set()


def test_a_reader_that_fails_leaves_its_connection_usable(database: Database) -> None:
    for _ in range(20):
        with pytest.raises((OperationalError, ProgrammingError)), database.reading() as session:
            session.connection().exec_driver_sql("SELECT nothing FROM nowhere")

    assert words(database) == set()
    assert in_use(database) == 0


def in_use(database: Database) -> int:
    return database.db_engine.pool.checkedout()  # type: ignore[attr-defined,no-any-return]


# --- acting ---


def test_what_an_act_wrote_is_there_when_it_returns(database: Database) -> None:
    assert database.acting(add("street")) == "street"

    assert words(database) == {"street"}


def test_what_an_act_wrote_with_the_driver_alone_is_there_when_it_returns(database: Database) -> None:
    sql = marks(database, "INSERT INTO level (word, title_zh, title_en, depth) VALUES (?, '', '', 0)")

    assert database.acting(lambda transaction: transaction.run(sql, ("street",))) == 1
    database.acting(lambda transaction: transaction.run_many(sql, [("grid",), ("village",)]))
    database.acting(lambda transaction: transaction.last([(sql, ("city",))], LookupError))

    assert words(database) == {"street", "grid", "village", "city"}


def test_an_act_that_fails_leaves_nothing(database: Database) -> None:
    def half_way(transaction: Transaction) -> None:
        put(transaction, "street")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.acting(half_way)

    assert words(database) == set()
    assert database.acting(add("grid")) == "grid"


def test_a_last_statement_of_an_act_that_failed_is_never_sent(database: Database) -> None:
    sql = marks(database, "INSERT INTO level (word, title_zh, title_en, depth) VALUES (?, '', '', 0)")

    def half_way(transaction: Transaction) -> None:
        transaction.last([(sql, ("street",))], LookupError)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.acting(half_way)
    database.acting(add("grid"))

    assert words(database) == {"grid"}


def test_a_guard_that_fails_in_the_last_statement_loses_the_race(postgresql_database: Database) -> None:
    def work(transaction: Transaction) -> None:
        put(transaction, "street")
        transaction.last([("SELECT 1 / 0", ())], LookupError)

    with pytest.raises(LookupError):
        postgresql_database.acting(work)

    assert words(postgresql_database) == set()


def test_an_act_inside_an_act_is_refused(database: Database) -> None:
    def outer(transaction: Transaction) -> None:
        put(transaction, "outer")
        database.acting(add("inner"))

    with pytest.raises(RuntimeError, match="acting"):
        database.acting(outer)

    assert words(database) == set()
    assert database.acting(add("street")) == "street"


def test_an_act_cannot_commit_by_itself(database: Database) -> None:
    def hasty(transaction: Transaction) -> None:
        put(transaction, "street")
        transaction.connection.commit()

    with pytest.raises(RuntimeError, match="commit"):
        database.acting(hasty)

    assert database.acting(add("grid")) == "grid"


def test_a_session_inside_an_act_commits_with_the_act(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        with Session(transaction.connection) as session:
            session.add(Level(word="street", title_zh="街镇", title_en="Street", depth=2))
            session.commit()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.acting(work)

    assert words(database) == set()


def test_prepared_statements_survive_looks_and_acts(postgresql_database: Database) -> None:
    """psycopg forgets them on ROLLBACK, and a look or an act that went well has no reason for one."""
    question = "SELECT word FROM level WHERE word = %s"
    for _ in range(4):
        with postgresql_database.looking() as transaction:
            transaction.rows(question, ("street",))
        postgresql_database.acting(lambda transaction: transaction.rows(question, ("street",)))

    with postgresql_database.looking() as transaction:
        prepared = transaction.rows("SELECT statement FROM pg_prepared_statements")
    assert (question.replace("%s", "$1"),) in prepared


# --- constraints ---


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO department (code, name, kind) VALUES ('D1', '水务局', 'secret')",
        "INSERT INTO token (digest, person_id, purpose, created_at, expires_at) VALUES ('x', 404, '', 0, 0)",
        "INSERT INTO level (word, title_zh, depth) VALUES ('street', '街镇', 2)",
        "INSERT INTO level (word, title_zh, title_en, depth) VALUES ('city', '', '', 0), ('city', '', '', 0)",
    ],
    ids=["a kind that is none", "a person who is nobody", "a title that is missing", "a word twice"],
)
def test_the_database_itself_refuses(database: Database, sql: str) -> None:
    with pytest.raises(IntegrityError):
        database.acting(lambda transaction: transaction.connection.exec_driver_sql(sql))
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        database.acting(lambda transaction: transaction.run(sql))

    assert words(database) == set()


# --- many at once ---


def test_acts_of_eight_threads_are_all_written(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = set(threads.map(lambda number: database.acting(add(f"level {number}")), range(80)))

    assert words(database) == done
    assert len(done) == 80


def test_acts_of_eight_threads_are_written_one_at_a_time(sqlite_database: Database) -> None:
    inside: list[int] = []
    together: list[int] = []

    def who(transaction: Transaction) -> None:
        inside.append(threading.get_ident())
        put(transaction, f"level {len(transaction.rows('SELECT 1 FROM level'))}")
        together.append(len(inside))
        inside.pop()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: sqlite_database.acting(who), range(40)))

    assert together == [1] * 40
    assert len(words(sqlite_database)) == 40


@contextmanager
def waiting_together(database: Database, acts: list[Callable[[Transaction], Any]]) -> Iterator[list[Future[Any]]]:
    """Acts that reach the writer while it is busy, so that one commit carries them all, in this order."""
    busy, go = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        busy.set()
        assert go.wait(10)

    with ThreadPoolExecutor(len(acts) + 1) as threads:
        holder = threads.submit(database.acting, hold)
        assert busy.wait(10)
        answers = []
        for act in acts:
            answers.append(threads.submit(database.acting, act))
            until_waiting(database, len(answers))
        go.set()
        holder.result()
        yield answers


def until_waiting(database: Database, acts: int) -> None:
    for _ in range(5000):
        if database.waiting() == acts:
            return
        time.sleep(0.001)
    raise AssertionError(f"{database.waiting()} acts wait, not {acts}")


def test_a_failing_act_takes_nobody_elses_work_with_it(sqlite_database: Database) -> None:
    def half_way(transaction: Transaction) -> None:
        put(transaction, "half")
        raise ZeroDivisionError

    def double(transaction: Transaction) -> None:
        put(transaction, "other half")
        put(transaction, "first")

    acts = [add("first"), half_way, add("second"), double, add("third")]
    with waiting_together(sqlite_database, acts) as (first, failed, second, doubled, third):
        assert isinstance(failed.exception(), ZeroDivisionError)
        assert isinstance(doubled.exception(), IntegrityError)
        assert [first.result(), second.result(), third.result()] == ["first", "second", "third"]

    assert words(sqlite_database) == {"first", "second", "third"}


def test_an_act_whose_commit_fails_takes_nobody_elses_work_with_it(sqlite_database: Database) -> None:
    def orphan(transaction: Transaction) -> None:
        transaction.run("PRAGMA defer_foreign_keys = ON")
        transaction.run("INSERT INTO holding (person_id, post, valid_from) VALUES (404, 'leader', 0)")

    with waiting_together(sqlite_database, [add("first"), orphan, add("second")]) as (first, failed, second):
        assert isinstance(failed.exception(), IntegrityError)
        assert [first.result(), second.result()] == ["first", "second"]

    assert words(sqlite_database) == {"first", "second"}
    assert sqlite_database.acting(add("third")) == "third"


def test_an_act_sees_what_came_before_it_in_the_same_commit(sqlite_database: Database) -> None:
    def look(transaction: Transaction) -> int:
        return len(transaction.rows("SELECT 1 FROM level"))

    with waiting_together(sqlite_database, [look, add("first"), look, add("second"), look]) as answers:
        seen = [answers[place].result() for place in (0, 2, 4)]

    assert seen == [0, 1, 2]


def test_a_full_disk_answers_everybody_and_the_next_act_goes_on(sqlite_database: Database) -> None:
    def fill(transaction: Transaction) -> None:
        (pages,) = transaction.rows("PRAGMA page_count")[0]
        transaction.rows(f"PRAGMA max_page_count = {pages + 2}")
        put(transaction, "x" * 60)
        transaction.run("INSERT INTO level VALUES ('big', ?, '', 0)", ("x" * 100_000,))

    def empty(transaction: Transaction) -> None:
        transaction.rows("PRAGMA max_page_count = 1073741823")

    with waiting_together(sqlite_database, [add("first"), fill, add("second")]) as answers:
        assert isinstance(answers[1].exception(), NoRoom)
        answered = {answer.result() for answer in answers if answer.exception() is None}

    sqlite_database.acting(empty)
    assert words(sqlite_database) == answered
    assert sqlite_database.acting(add("street")) == "street"


def test_a_lock_that_does_not_go_away_answers_everybody(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.connecting, "BUSY_MS", 50)
    with closing(Database(sqlite_url)) as database, closing(sqlite3.connect(tmp_path / "huying.db")) as other:
        database.acting(add("before"))
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(8) as threads:
            answers = [threads.submit(database.acting, add(f"level {number}")) for number in range(8)]
        assert {type(answer.exception()) for answer in answers} == {Busy}
        other.execute("ROLLBACK")

        assert database.acting(add("after")) == "after"
        assert words(database) == {"before", "after"}


def test_processes_that_write_the_same_database_wait_for_each_other(database: Database, database_url: str) -> None:
    database.acting(add("all"))
    command = [sys.executable, "-m", "tests.support.writing", database_url]
    writers = [
        subprocess.Popen([*command, name, "60"], cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) for name in "abc"
    ]
    for number in range(20):
        database.acting(add(f"own {number}"))

    complaints = [writer.communicate(timeout=60)[1] for writer in writers]

    assert complaints == [""] * 3
    with database.looking() as transaction:
        assert transaction.rows("SELECT depth FROM level WHERE word = 'all'") == [(180,)]
    assert len(words(database)) == 1 + 20 + 180


# --- coming and going ---


def test_a_fresh_file_that_another_process_has_just_taken_is_waited_for(tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "fresh.db", check_same_thread=False)) as other,
        closing(Database(f"sqlite:///{tmp_path / 'fresh.db'}")) as database,
    ):
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE first (x)")
        release = threading.Timer(0.2, other.commit)
        release.start()
        database.acting(lambda transaction: transaction.run("CREATE TABLE second (x)"))
        release.join()

        with database.looking() as transaction:
            assert transaction.rows("SELECT name FROM sqlite_master ORDER BY name") == [("first",), ("second",)]


def test_a_database_that_was_closed_takes_no_acts(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.acting(add("street"))
    database.close()
    database.close()

    with pytest.raises(RuntimeError, match="closed"):
        database.acting(add("grid"))


def test_an_act_that_waits_when_the_database_closes_is_still_written(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        with waiting_together(database, [add("first"), add("second")]) as answers:
            database.close()
        assert {answer.result() for answer in answers} == {"first", "second"}
    with closing(Database(sqlite_url)) as database:
        assert words(database) == {"first", "second"}


def test_a_file_that_cannot_be_opened_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "huying.db").mkdir()
    with closing(Database(f"sqlite:///{tmp_path / 'huying.db'}")) as database:
        for _ in range(2):
            with pytest.raises(OperationalError):
                database.acting(add("street"))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "huying.db", ""])
def test_a_database_that_two_connections_cannot_share_is_refused(url: str) -> None:
    with pytest.raises(Malformed, match="HUYING_DATABASE"):
        Database(url)


@pytest.mark.parametrize("asked", ["?connect_timeout=2", ""], ids=["as the URL says", "as is usual"])
def test_a_server_that_never_answers_is_given_up(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its machine is off, or a firewall swallows what is sent: nobody hangs for minutes."""
    assert connecting._PATIENCE["connect_timeout"] == 10, "as docs/outages.md says"
    monkeypatch.setitem(connecting._PATIENCE, "connect_timeout", 2 if not asked else 600)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with closing(Database(f"postgresql://nobody@127.0.0.1:{port}/none{asked}")) as database:
            begun = time.monotonic()
            with pytest.raises(DatabaseAway):
                database.acting(add("street"))
            assert time.monotonic() - begun < 20


def test_a_server_whose_disk_is_full_says_so(postgresql_database: Database) -> None:
    def fill(transaction: Transaction) -> None:
        put(transaction, "street")
        transaction.run("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$")

    with pytest.raises(NoRoom):
        postgresql_database.acting(fill)
    assert words(postgresql_database) == set()
    assert postgresql_database.acting(add("grid")) == "grid"


def test_an_act_goes_on_when_the_server_was_restarted(postgresql_database: Database) -> None:
    for word in ("street", "grid"):
        mine = postgresql_database.acting(lambda transaction: transaction.rows("SELECT pg_backend_pid()"))
        with psycopg.connect(_plain(postgresql_database), autocommit=True) as administrator:
            administrator.execute("SELECT pg_terminate_backend(%s, 5000)", mine[0])

        assert postgresql_database.acting(add(word)) == word

    assert words(postgresql_database) == {"street", "grid"}


def _plain(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_of_two_acts_that_lock_crosswise_both_are_done(postgresql_database: Database) -> None:
    for word in ("left", "right"):
        postgresql_database.acting(add(word))
    met = threading.Barrier(2, timeout=5)

    def raise_both(first: str, second: str) -> None:
        tries = []

        def work(transaction: Transaction) -> None:
            tries.append(first)
            transaction.run("UPDATE level SET depth = depth + 1 WHERE word = %s", (first,))
            if len(tries) == 1:
                met.wait()
            transaction.run("UPDATE level SET depth = depth + 1 WHERE word = %s", (second,))

        postgresql_database.acting(work)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(raise_both, ("left", "right"), ("right", "left")))

    with postgresql_database.looking() as transaction:
        assert transaction.rows("SELECT depth FROM level") == [(2,), (2,)]
