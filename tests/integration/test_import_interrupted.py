"""An import that is killed in the middle is simply run again: what is in is in once, whole, and the rest follows."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.clock import SetClock
from engine.database import Database
from engine.exchange.history import ROWS_PER_COMMIT
from engine.records.verify import verify
from tests.support.importing import count, empty_house, table
from tests.support.old_systems import la311

ROOT = Path(__file__).resolve().parents[2]
ROWS = 300
#: Seconds until the first rows must be in.
PATIENCE = 60


def command(url: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", *arguments],
        env={**os.environ, "HUYING_DATABASE": url, "PYTHONIOENCODING": "utf-8"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def test_an_import_killed_in_the_middle_goes_on_where_it_stood(
    database: Database, database_url: str, clock: SetClock, tmp_path: Path
) -> None:
    empty_house(database, clock)
    sample = la311(tmp_path / "requests.csv", ROWS)
    importing = command(database_url, "import", "tickets", str(sample.path), "--map", "la311")
    until = time.monotonic() + PATIENCE
    while importing.poll() is None and not count(database, "ticket") and time.monotonic() < until:
        time.sleep(0.01)
    importing.send_signal(signal.SIGKILL)
    said, _ = importing.communicate()
    assert importing.returncode == -signal.SIGKILL, said
    there = count(database, "ticket")
    refused = len(sample.refused)
    assert 0 < there < ROWS - refused
    # Batches are in as a whole or not at all, and so are the paths of their rows.
    complete = [row for number, row in enumerate(table(sample.path), 2) if number not in sample.refused]
    batches = range(ROWS_PER_COMMIT, ROWS, ROWS_PER_COMMIT)
    assert there in {rows - sum(number < rows + 2 for number in sample.refused) for rows in batches}
    assert count(database, "ticket", "state = 'closed'") == sum(
        row["Status"] in ("Closed", "Referred Out") for row in complete[:there]
    )
    again = command(database_url, "import", "tickets", str(sample.path), "--map", "la311")
    said, _ = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, said
    numbers = re.search(r"(\d+) rows read: (\d+) imported, (\d+) already there, (\d+) refused", said)
    assert numbers is not None, said
    assert [int(number) for number in numbers.groups()] == [ROWS, ROWS - refused - there, there, refused]
    assert count(database, "ticket") == count(database, "case_number") == ROWS - refused
    verdict = verify(database)
    assert (verdict.sound, verdict.tickets) == (True, ROWS - refused)
    assert len(table(tmp_path / "requests.refused.csv")) == refused
