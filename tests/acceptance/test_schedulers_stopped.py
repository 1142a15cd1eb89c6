"""Background work inside and apart: what runs where, what health says of it, and how it stops when it is told to."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from engine.clock import HOUR, MINUTE
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.processes import Process, free_port

pytestmark = pytest.mark.slow

#: Seconds in which a process must have stopped.
SOON = 5.0
#: So slow that a sweep of a hundred tickets takes many seconds.
SLOW = Hindrance(pause=20, every=0.1)
#: Everybody else in this database of PostgreSQL, and whoever holds an advisory lock in it.
_CONNECTED = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend' "
    "UNION SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
    "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
)


def rungs(drill: Drill) -> int:
    ((count,),) = drill.world.rows("SELECT count(*) FROM rung")
    return int(count)


def in_the_middle(drill: Drill) -> None:
    """Wait until a sweep has begun, and not ended."""
    drill.until(lambda: rungs(drill) or None)
    assert drill.unswept()


def nothing_is_locked(drill: Drill) -> bool:
    """Whether anybody could lock everything at once."""
    if drill.world.database.dialect == "sqlite":
        file = sqlite3.connect(str(drill.world.database.url.database), timeout=0, isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        file.execute("ROLLBACK")
        file.close()
        return True
    drill.forget_connections()
    # The server notices a moment after a process has ended that its client is gone.
    drill.until(lambda: not drill.world.rows(_CONNECTED) or None, SOON)
    return True


class Served:
    """A `huying serve` and its health."""

    def __init__(self, drill: Drill, *words: str, how: Hindrance | None = None) -> None:
        self.port = free_port()
        self.process: Process = drill.start("serve", "--port", str(self.port), *words, how=how)
        self.drill = drill
        drill.until(self.health)

    def health(self) -> dict[str, Any] | None:
        """What it says of itself; None while nobody answers."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/api/health", timeout=10)
        except httpx.TransportError:
            assert self.process.status is None, self.process.said
            return None
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def when(self, asked: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Its health, as soon as that is so."""
        return self.drill.until(lambda: health if (health := self.health()) and asked(health) else None)


class TestASignalToStop:
    def test_in_the_middle_of_a_sweep_lets_the_scheduler_finish_its_transaction_and_no_more(self, drill: Drill) -> None:
        drill.reported(60)
        drill.clock.advance(35 * MINUTE)
        (scheduler,) = drill.schedule(SLOW)
        in_the_middle(drill)
        assert scheduler.stop(SOON) == 0
        assert "正在收尾" in scheduler.said
        assert "调度已停止" in scheduler.said
        assert drill.unswept(), "it did not go on to the end"
        assert drill.audit() == []
        assert nothing_is_locked(drill)
        drill.schedule(Hindrance())
        assert drill.audit(drill.quiet()) == []

    def test_in_the_middle_of_a_sweep_lets_a_server_finish_it_too(self, drill: Drill) -> None:
        served = Served(drill, "--scheduler", "inside", how=SLOW)
        drill.reported(60)
        drill.clock.advance(35 * MINUTE)
        in_the_middle(drill)
        assert served.process.stop(SOON) == 0
        assert "Traceback" not in served.process.said
        assert drill.unswept(), "it did not go on to the end"
        assert drill.audit() == []
        assert nothing_is_locked(drill)

    def test_ends_what_has_nothing_to_do_at_once(self, drill: Drill) -> None:
        scheduler = drill.start("schedule")
        server = Served(drill).process
        for process in (scheduler.says("调度已启动"), server):
            assert process.stop(SOON) == 0
            assert "Traceback" not in process.said


def test_serving_sqlite_sweeps_by_itself_and_serving_postgresql_leaves_that_to_schedulers(drill: Drill) -> None:
    served = Served(drill, how=Hindrance())
    drill.reported(5)
    drill.clock.advance(35 * MINUTE)
    if drill.world.database.dialect == "sqlite":
        drill.quiet()
        assert "huying schedule" not in served.process.said
    else:
        assert "huying schedule" in served.process.said
        time.sleep(1)
        assert drill.unswept() > 0
        drill.schedule(Hindrance())
        drill.quiet()
    assert drill.audit(drill.stop()) == []


def test_postgresql_is_swept_inside_where_that_is_asked_for(drill: Drill) -> None:
    drill.reported(5)
    drill.clock.advance(35 * MINUTE)
    served = Served(drill, "--scheduler", "inside", how=Hindrance())
    drill.quiet()
    assert "huying schedule" not in served.process.said
    assert drill.audit(drill.stop()) == []


def test_health_tells_how_old_the_last_sweep_is_and_how_long_the_oldest_rung_waits(drill: Drill) -> None:
    served = Served(drill, "--scheduler", "apart", how=Hindrance())
    assert (served.health() or {}).items() >= {
        "database": "ok", "relay_waiting": 0, "relay_lag_seconds": 0, "sweep_age_seconds": None, "sweep_lag_seconds": 0,
        "sweep_left_out": 0,
    }.items()  # fmt: skip
    drill.reported(3)
    drill.clock.advance(13 * MINUTE)
    (scheduler,) = drill.schedule(Hindrance())
    drill.quiet()
    assert served.when(lambda health: health["sweep_age_seconds"] is not None)["sweep_age_seconds"] <= 10
    assert scheduler.stop() == 0
    drill.clock.advance(HOUR)
    without = served.when(lambda health: True)
    assert 3600 <= without["sweep_age_seconds"] <= 3660
    # The second rung came 30 minutes after the report, 43 minutes ago.
    assert 43 * 60 <= without["sweep_lag_seconds"] <= 44 * 60
    drill.schedule(Hindrance())
    served.when(lambda health: health["sweep_lag_seconds"] == 0 and health["sweep_age_seconds"] <= 10)


class TestAPoisonedTicket:
    @pytest.mark.parametrize(
        ("column", "poison"), [("memory", "{broken"), ("state", "nowhere")], ids=["memory", "state"]
    )
    def test_is_left_out_with_its_error_until_it_is_repaired(self, drill: Drill, column: str, poison: str) -> None:
        told = drill.reported(40)
        hurt = told[17]
        ((whole,),) = drill.world.rows(f"SELECT {column} FROM ticket WHERE id = ?", hurt.id)
        drill.world.change(f"UPDATE ticket SET {column} = ? WHERE id = ?", poison, hurt.id)
        drill.clock.advance(35 * MINUTE)
        schedulers = drill.schedule(Hindrance(batch=10), count=2)
        drill.quiet()
        swept = {row[0] for row in drill.world.rows("SELECT DISTINCT ticket_id FROM rung")}
        assert swept == {one.id for one in told} - {hurt.id}
        ((ticket, attempts, at, retry_at, error),) = _failures(drill)
        assert (ticket, attempts, retry_at - at) == (hurt.id, 1, 30_000_000)
        assert error.startswith(("JSONDecodeError", "KeyError"))
        drill.until(lambda: any(f"left out ticket {hurt.id}" in one.said for one in schedulers) or None)
        drill.clock.advance(MINUTE)
        drill.until(lambda: _failures(drill)[0][1] == 2 or None)
        ((_, _, at, retry_at, _),) = _failures(drill)
        assert retry_at - at == 60_000_000, "twice as long each time"
        drill.world.change(f"UPDATE ticket SET {column} = ? WHERE id = ?", whole, hurt.id)
        drill.clock.advance(2 * MINUTE)
        drill.until(lambda: not _failures(drill) or None)
        drill.quiet()
        assert drill.audit(drill.stop()) == []


def _failures(drill: Drill) -> list[Any]:
    return drill.world.rows("SELECT ticket_id, attempts, at, retry_at, error FROM sweep_failure")
