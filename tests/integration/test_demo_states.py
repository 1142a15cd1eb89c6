"""The demo district holds a ticket in every state of both flagship loops, and of weekly relief."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.commands import run_commands
from engine.background.sweep import sweep
from engine.serving import prepare_demo
from engine.settings import Settings


def test_every_state_of_the_flagship_loops_can_be_looked_at(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = prepare_demo(replace(Settings.from_environment(), database_url=database_url, data=tmp_path))
    capsys.readouterr()
    application = Application.of(demo)
    try:
        for _ in range(6):
            sweep(application.door, application.database, application.clock)
            run_commands(application.door, application.database, application.clock)
        with application.database.looking() as transaction:
            rows = transaction.rows(
                "SELECT DISTINCT w.key, t.state FROM ticket t JOIN workflow_version w ON w.id = t.workflow_id"
            )
            there = {tuple(row) for row in rows}
            for key in ("block-calls-line-responds", "multi-grid-in-one", "weekly-relief"):
                loop = application.versions.active(transaction, key)
                assert [state for state in loop.states if (key, state) not in there] == [], key
    finally:
        application.close()
