"""Fixtures for drills: real processes at work on a fresh database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import server
from tests.support.drill import Drill
from tests.support.own_server import OwnServer
from tests.support.processes import Keeper


@pytest.fixture(scope="session")
def keeper() -> Iterator[Keeper]:
    """Starts real processes, and ends them whatever becomes of the test."""
    with Keeper.begin() as keeper:
        yield keeper


@pytest.fixture
def drill(database_url: str, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    """A world on a fresh database, once for each kind."""
    with Drill.begin(database_url, tmp_path, keeper) as drill:
        yield drill


@pytest.fixture(scope="session")
def own_server() -> Iterator[OwnServer]:
    """A PostgreSQL that tests may stop and kill."""
    if server.installation() is None:
        pytest.skip(f"没有 PostgreSQL：请安装 {server.WHEEL} / no PostgreSQL of our own to stop: install it")
    with OwnServer.begin() as own:
        yield own
