"""`huying reports`: a report made at once into a file, within what a person's posts reach."""

import argparse
import shutil
import tempfile
from pathlib import Path

from engine.application import Application
from engine.console.printing import OUT, Add
from engine.errors import Malformed, Place
from engine.records.access import person_of_login, viewer_of
from engine.reports.bulletin_files import draft_files
from engine.reports.kinds import report
from engine.reports.making import Made, Making
from engine.reports.periods import last_month


def add(command: Add) -> None:
    """The command that makes reports."""
    made = command("reports", _reports)
    made.add_argument("name", help="ledger or bulletin")
    made.add_argument("file", type=Path, metavar="FILE", help="its ending says which: .xlsx or .docx")
    made.add_argument("--as", dest="as_", required=True, metavar="LOGIN", help="whose posts limit what is in it")
    made.add_argument("--period", metavar="PERIOD", help="2026-10, 2026-Q3, 2026, …; the month before if missing")
    made.add_argument("--workflow", default="", metavar="KEY", help="of a ledger")
    made.add_argument("--area", default="", metavar="CODE")


def _reports(application: Application, given: argparse.Namespace) -> int:
    """Make a ledger 台账 or a draft of the monthly bulletin 月度通报 into a file."""
    now, kind = application.clock.now(), report(given.name)
    person = person_of_login(application.database, given.as_)
    with application.database.looking() as transaction:
        viewer = viewer_of(transaction, person, now)
    kind.expect(viewer)
    parameters = {"period": given.period or last_month(now), "workflow": given.workflow, "area": given.area}
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        making = Making(house=application, viewer=viewer, now=now, folder=Path(folder), tell=_tell)
        files = draft_files(making, parameters) if kind.name == "bulletin" else kind.make(making, parameters)
        shutil.copyfile(_chosen(files, given.file).path, given.file)
    OUT.print(f"{given.file}: {given.file.stat().st_size:,} 字节 / bytes", markup=False)
    return 0


def _tell(done: int, total: int | None) -> None:
    """Progress is for pages; a command is waited for."""


def _chosen(files: list[Made], file: Path) -> Made:
    for one in files:
        if file.suffix == f".{one.form}":
            return one
    forms = "、".join(f".{one.form}" for one in files)
    raise Malformed(f"文件名应以 {forms} 结尾", f"the file's name must end in {forms}", place=Place(field="FILE"))
