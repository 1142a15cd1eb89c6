"""Fixtures for drills: real processes at work on a fresh database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.drill import Drill
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
