"""Boards are read from a streaming replica while it is fresh, and from the database itself whenever it is not."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import make_url

from engine.application import Application
from engine.bench.servers import installation
from engine.clock import MINUTE, SetClock
from engine.database import Database
from engine.errors import DatabaseAway, Malformed
from engine.records.heartbeats import Pulse
from engine.records.replica import ASKED_EVERY, LAG, Replica
from engine.settings import Settings
from tests.support.replicas import Pair, pair
from tests.support.town import town


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    if installation() is None:
        pytest.skip("a replica is made of the wheel's PostgreSQL")
    with pair() as both:
        yield both


class Ticks:
    at = 0.0

    def __call__(self) -> float:
        return self.at


class Read:
    """The pair as one process reads it, at any moment of its own."""

    def __init__(self, both: Pair, database: Database, copy: Database, clock: SetClock) -> None:
        self.both, self.database, self.clock, self.ticks = both, database, clock, Ticks()
        self.replica = Replica(database, copy, clock, ticks=self.ticks)

    def beat(self) -> None:
        """Something runs in the background, and the replica has heard of it."""
        Pulse(self.database).beat("sweep", self.clock.now(), took=0, done=1)
        self.both.arrived(self.database)

    def from_copy(self) -> bool:
        with self.replica.looking() as transaction:
            ((recovering,),) = transaction.rows("SELECT pg_is_in_recovery()")
        return bool(recovering)

    def later(self) -> bool:
        """`from_copy` once the last answer is no longer believed."""
        self.ticks.at += ASKED_EVERY
        return self.from_copy()


@pytest.fixture
def read(both: Pair, clock: SetClock) -> Iterator[Read]:
    with closing(Database(both.primary_url)) as database, closing(Database(both.copy_url)) as copy:
        database.acting(lambda transaction: transaction.run("DELETE FROM heartbeat"))
        both.arrived(database)
        yield Read(both, database, copy, clock)


def test_a_replica_that_lags_is_passed_over_until_it_has_caught_up(read: Read) -> None:
    assert not read.from_copy()  # nothing says how old it is
    read.beat()
    assert not read.from_copy()
    assert read.later()
    read.clock.advance(LAG)
    assert read.later()
    read.clock.advance(1)
    assert read.from_copy()
    assert not read.later()
    read.beat()
    assert read.later()


def test_a_replica_that_is_gone_is_passed_over_and_found_again(read: Read) -> None:
    read.beat()
    assert read.from_copy()
    read.both.lose()
    try:
        # Whoever asks while its processes are still going is told so, once; whoever asks then finds out before anybody
        # asks again how old it is.
        with suppress(DatabaseAway):
            assert not read.from_copy()
        assert not read.from_copy()
        assert not read.later()
    finally:
        read.both.follow()
    assert read.later()


def test_boards_and_figures_ask_the_replica_and_lists_do_not(
    both: Pair, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    looking = Database.looking

    def seen(self: Database, **how: bool) -> object:
        looks.append(str(self.url.query["host"]))
        return looking(self, **how)

    with (
        closing(Database(both.primary_url)) as database,
        town(database, clock, tmp_path / "data", database_read=both.copy_url) as xidu,
    ):
        Pulse(database).beat("sweep", clock.now(), took=0, done=1)
        both.arrived(database)
        xidu.token("gu")
        monkeypatch.setattr(Database, "looking", seen)
        there = str(make_url(both.copy_url).query["host"])
        xidu.get("gu", "/api/tickets")
        assert there not in looks
        xidu.get("gu", "/api/figures")
        assert there in looks
        cast(Any, xidu.client.app).state.house.boards.close()


def test_only_postgresql_has_a_replica() -> None:
    there = "postgresql://u:secret@h/d"
    assert Settings.from_environment({"HUYING_DATABASE": there, "HUYING_DATABASE_READ": there}).database_read == there
    for more in ({}, {"HUYING_DATABASE": "sqlite:///x.db"}):
        with pytest.raises(Malformed, match="HUYING_DATABASE_READ") as refused:
            Settings.from_environment({"HUYING_DATABASE_READ": there, **more})
        assert "secret" not in str(refused.value)


def test_without_a_replica_boards_are_read_where_everything_is(sqlite_url: str, tmp_path: Path) -> None:
    application = Application.of(Settings(database_url=sqlite_url, data=tmp_path))
    with application.boards.looking() as transaction:
        assert transaction.rows("SELECT count(*) FROM heartbeat") == [(0,)]
    application.close()


def test_a_minute_is_what_is_promised() -> None:
    assert LAG == MINUTE
