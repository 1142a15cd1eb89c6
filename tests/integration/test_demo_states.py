"""The demo district holds a ticket in every state of its loops, at whatever hour it is opened."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine import application as put_together
from engine.application import Application
from engine.background.commands import run_commands
from engine.background.sweep import sweep
from engine.clock import SetClock, instant
from engine.definitions.loader import discover
from engine.serving import prepare_demo
from engine.settings import Settings

#: Limits run in working hours: what was filed an hour ago stands otherwise at noon than in the evening.
HOURS = {
    "morning": "2026-11-26T09:10:00+08:00",
    "afternoon": "2026-11-26T16:45:00+08:00",
    "evening": "2026-11-26T18:20:00+08:00",
    "weekend": "2026-11-28T23:30:00+08:00",
    "holiday": "2026-10-03T11:00:00+08:00",
}


def _missing(database_url: str, tmp_path: Path) -> dict[str, list[str]]:
    """The states without a ticket, per loop, after both background services looked round."""
    demo = prepare_demo(replace(Settings.from_environment(), database_url=database_url, data=tmp_path))
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
            loops = [loop.key for loop in discover()]
            return {
                key: missing
                for key in loops
                if (
                    missing := [
                        state
                        for state in application.versions.active(transaction, key).states
                        if (key, state) not in there
                    ]
                )
            }
    finally:
        application.close()


@pytest.mark.parametrize("hour", HOURS)
def test_every_state_can_be_looked_at_whenever_the_demo_is_opened(
    hour: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_together, "SystemClock", lambda: SetClock(instant(datetime.fromisoformat(HOURS[hour]))))
    assert _missing(sqlite_url, tmp_path) == {}


def test_every_state_can_be_looked_at_now(database_url: str, tmp_path: Path) -> None:
    assert _missing(database_url, tmp_path) == {}
