"""Behind PgBouncer in transaction pooling: everybody works, on fewer connections than there are hands."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from psycopg.errors import InvalidSqlStatementName

from engine.background.relay import relay
from engine.background.rollups import refresh
from engine.background.sweep import sweep
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records import schema
from engine.records.calendar_book import CalendarBook
from engine.records.verify import verify
from engine.records.versions import Versions
from engine.stages.door import Door
from tests.support.databases import Cluster
from tests.support.pooler import pooler, possible
from tests.support.town import Town, town

#: Connections to the server, for twice as many threads that all read and write.
SERVERS, THREADS, LIVES = 3, 6, 4


@pytest.fixture
def pooled_url(cluster: Cluster) -> Iterator[str]:
    """The URL of an empty database behind a pooler."""
    if not possible():
        why = "没有 PgBouncer：apt-get install pgbouncer / no PgBouncer here"
        if os.environ.get("HUYING_TEST_POOLER") == "required":
            pytest.fail(why)
        pytest.skip(why)
    with cluster.empty() as url, pooler(url, SERVERS) as through:
        yield through


@pytest.fixture
def pooled(pooled_url: str) -> Iterator[Database]:
    """A database that knows of its pooler, migrated through it."""
    with closing(Database(pooled_url, pool=THREADS, pooled=True)) as database:
        schema.migrate(database)
        yield database


def test_whole_lives_go_through_the_pooler(pooled: Database, clock: SetClock, tmp_path: Path) -> None:
    with town(pooled, clock, tmp_path / "data") as xidu:
        for login in ("wang", "shen", "chen"):
            xidu.token(login)
        # As `huying serve` does before it takes requests: what is asked in the middle of an act takes one more.
        cast(Any, xidu.client.app).state.house.versions.book.look_again()
        failures: list[BaseException] = []

        def live() -> None:
            try:
                for _ in range(LIVES):
                    _live(xidu)
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=live) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(xidu.get("shen", "/api/tickets")["items"]) == THREADS * LIVES

    assert verify(pooled).sound


def _live(xidu: Town) -> None:
    case_no = xidu.report()
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "message": "请速办"})
    task = xidu.task_of(case_no, "urban")
    xidu.act("chen", case_no, "sign", task=task["task"], expected=task["version"])


def test_the_background_goes_through_the_pooler(pooled: Database, clock: SetClock, tmp_path: Path) -> None:
    with town(pooled, clock, tmp_path / "data") as xidu:
        xidu.report()
        versions = Versions(CalendarBook(pooled))
        clock.advance(3 * DAY)

        swept = sweep(Door(pooled, clock, versions), pooled, clock)
        moved = relay(pooled)
        refresh(pooled, clock, versions, list(discover().values()))

    assert swept.rungs > 0
    assert swept.failures == {}
    assert moved > 0


def test_whoever_keeps_statements_prepared_is_not_answered_there(pooled: Database, pooled_url: str) -> None:
    """What the setting is for: another connection of the server knows nothing of them."""
    sql = "SELECT count(*) FROM level WHERE depth = %s"
    with closing(Database(pooled_url, pool=SERVERS)) as keeping:
        with keeping.looking() as one:
            one.rows(sql, (0,))
        # Whoever is first in the queue gets the connection that was given back last: then another one is lent.
        with pooled.looking() as first, keeping.looking() as one:
            first.rows("SELECT 1")
            with pytest.raises(InvalidSqlStatementName):
                one.rows(sql, (0,))
