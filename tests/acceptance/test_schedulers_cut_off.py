"""Time while the server goes away: wherever the line is cut, the sweep comes back by itself and no rung is doubled."""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from engine.clock import DAY, HOUR, MINUTE
from tests.support.drill import Drill
from tests.support.hindered import NO_ANSWER, Hindrance
from tests.support.processes import Keeper

pytestmark = pytest.mark.slow

CUTS = int(os.environ.get("HUYING_TEST_KILLS", "8"))
SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: Every COMMIT that brings a rung takes its time.
_LINGER = """
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON rung DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()"""


@pytest.fixture
def drill(postgresql_url: str, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    with Drill.begin(postgresql_url, tmp_path, keeper) as drill:
        yield drill


@pytest.fixture
def administrator(drill: Drill) -> Iterator["psycopg.Connection[tuple[int]]"]:
    """Somebody who ends other people's connections."""
    url = drill.world.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_a_server_that_hangs_up_on_everybody_again_and_again(
    drill: Drill, administrator: "psycopg.Connection[tuple[int]]"
) -> None:
    print(f"HUYING_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    drill.reported(60)
    running = [drill.schedule(Hindrance(pause=2, every=0.05, seed=SEED + number))[0] for number in range(2)]
    for process in running:
        process.says("调度已启动")
    hung_up = 0
    for _ in range(CUTS):
        if drill.at_rest():
            drill.reported(3)
            drill.clock.advance(chance.choice([31 * MINUTE, 95 * MINUTE, 3 * HOUR]))
        time.sleep(chance.uniform(0.005, 0.2))
        drill.forget_connections()
        hung_up += len(administrator.execute(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}").fetchall())
    drill.clock.advance(2 * DAY)
    drill.quiet()
    assert [process.status for process in running] == [None, None], "nobody gave up"
    assert drill.audit(drill.stop()) == []
    assert hung_up >= CUTS


def test_a_commit_that_is_cut_off_under_way_is_done_again(
    drill: Drill, administrator: "psycopg.Connection[tuple[int]]"
) -> None:
    drill.reported(20)
    administrator.execute(_LINGER)
    drill.clock.advance(35 * MINUTE)
    drill.schedule(Hindrance())

    def under_way() -> int | None:
        row = administrator.execute(f"SELECT pid {_OTHERS} AND query = 'COMMIT' AND wait_event = 'PgSleep'").fetchone()
        return row[0] if row else None

    for _ in range(3):
        administrator.execute("SELECT pg_terminate_backend(%s, 5000)", (drill.until(under_way),))
        assert drill.audit() == []
    administrator.execute("CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
                          "$$ BEGIN RETURN NULL; END $$")  # fmt: skip
    drill.quiet()
    assert drill.audit(drill.stop()) == []


def test_a_commit_whose_answer_never_arrives_is_not_done_twice(drill: Drill) -> None:
    drill.reported(20)
    drill.clock.advance(35 * MINUTE)
    (scheduler,) = drill.schedule(Hindrance(struck=NO_ANSWER, after=2))
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    assert "background job sweep failed" in scheduler.said, "it did not know what had become of its commit"


def test_a_sqlite_file_that_somebody_keeps_to_himself_for_a_while(
    sqlite_url: str, tmp_path: Path, keeper: Keeper
) -> None:
    with Drill.begin(sqlite_url, tmp_path, keeper) as drill:
        drill.reported(20)
        drill.clock.advance(35 * MINUTE)
        somebody = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
        somebody.execute("BEGIN IMMEDIATE")
        (scheduler,) = drill.schedule(Hindrance())
        scheduler.says("调度已启动")
        time.sleep(1)
        assert drill.unswept() == 20
        somebody.execute("ROLLBACK")
        somebody.close()
        drill.quiet()
        assert drill.audit(drill.stop()) == []
