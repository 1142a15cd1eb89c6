"""A ledger's memory does not grow with its rows: measured in a process of its own for few and for many."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.clock import DAY, SetClock
from engine.database import Database, Transaction
from tests.support.town import BLOCK_CALLS, Town, town

#: Rows of the larger one; a tenth of it is the smaller.
MANY = 2_200
#: Bytes by which the larger one's peak may be higher: buffers that fill up. Its rows kept as lists of their cells would
#: take more than twice that.
MOST = 1_500_000

_CHILD = """
import gc, json, sys, tracemalloc
from pathlib import Path
from engine.application import Application
from engine.background import reports
from engine.records import report_jobs
from engine.records.access import person_of_login
from engine.records.report_jobs import NewJob
from engine.settings import Settings
data, url, workflow, *periods = sys.argv[1:]
gc.set_threshold(200, 5, 2)  # what nobody holds any more does not count
house = Application.of(Settings(database_url=url, data=Path(data)))
person = person_of_login(house.database, "shen")
for number, period in enumerate(periods):
    if number == 1:  # whatever is loaded once is loaded by then
        tracemalloc.start()
    tracemalloc.reset_peak()
    new = NewJob(kind="ledger", parameters={"workflow": workflow, "period": period}, title="x", person_id=person)
    house.database.acting(lambda one: report_jobs.ask(one, new, house.clock.now()))
    assert reports.run_reports(house) == 1
    with house.database.looking() as transaction:
        job = report_jobs.of_person(transaction, person)[0]
    print(json.dumps([job.done, tracemalloc.get_traced_memory()[1]]))
"""


def _copies(xidu: Town, case_no: str, count: int) -> None:
    """So many more tickets like one, with what its ledger reads of each; one in eleven in February."""
    back = f"- CASE WHEN s.n <= {count // 11} THEN {26 * DAY} ELSE 0 END"
    numbers = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"

    def work(transaction: Transaction) -> None:
        ((first,),) = transaction.rows("SELECT id FROM ticket WHERE case_no = ?", (case_no,))
        for table in ("ticket", "particulars", "reach", "event"):
            key = "id" if table == "ticket" else "ticket_id"
            changed = {key: f"{first} + s.n", "case_no": "'20260302-' || (900000 + s.n)"}
            changed |= {name: f"o.{name} {back}" for name in ("opened_at", "sort_key")}
            names = [row[0] for row in transaction.rows("SELECT name FROM pragma_table_info(?)", (table,))]
            values = ", ".join(changed.get(name, f'o."{name}"') for name in names)
            listed = ", ".join(f'"{name}"' for name in names)
            transaction.run(
                f"INSERT INTO {table} ({listed}) {numbers} SELECT {values} FROM {table} o, s WHERE o.{key} = ?",
                (first,),
            )

    xidu.database.acting(work)


@pytest.mark.slow
def test_ten_times_the_rows_take_no_more_memory(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> None:
    with town(sqlite_database, clock, tmp_path / "data") as xidu:
        case_no = xidu.report("wang")
        _copies(xidu, case_no, MANY + MANY // 10)
        where = str(xidu.settings.data), xidu.settings.database_url
        command = [sys.executable, "-c", _CHILD, *where, BLOCK_CALLS, "2026-01", "2026-02", "2026-03"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    _, (few, low), (many, high) = (json.loads(line) for line in done.stdout.splitlines())
    assert few >= MANY // 11
    assert many > 9 * few
    assert high - low < MOST, f"{few} rows took {low:,} bytes, {many} took {high:,}"
