"""What the figures say of imported history is what plain code says of the same file, to the second."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from engine.clock import SECOND, SetClock
from engine.database import Database
from engine.exchange.figures import Figure, by_department
from engine.exchange.history import Report, import_tickets
from engine.exchange.history_reading import read_map
from engine.records.verify import verify
from engine.stages.door import Door
from tests.support.importing import city, empty_house, shared
from tests.support.old_systems import CASES_FROM, city_cases, la311
from tests.support.plain_figures import SHANGHAI, Case, Plain, due, plain_figures, weekend

LA = ZoneInfo("America/Los_Angeles")
LA_CODES = {"LADWP": "la-dwp"}


def figures_of(door: Door) -> tuple[dict[str, Figure], Figure]:
    """By the department's code."""
    with door.database.looking() as transaction:
        figures = by_department(transaction, door.versions, door.clock.now())
    return {figure.code: figure for figure in figures.departments}, figures.total


def agree(figure: Figure, plain: Plain) -> None:
    assert (figure.closed, figure.on_time, figure.open, figure.cancelled) == (
        plain.closed, plain.on_time, plain.open, plain.cancelled,
    )  # fmt: skip
    assert (None if figure.median is None else float(figure.median / SECOND)) == plain.median


def total_of(cases: list[Case]) -> Plain:
    whole = Plain()
    for case in cases:
        whole.add(case)
    return whole


# -- Los Angeles -----------------------------------------------------------------------------------------------------


def la_moment(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=LA).astimezone(UTC)


def la_cases(path: Path) -> Iterator[Case]:
    """The rows that say when they were closed, and not that this was before they were created.

    No year's holidays have been copied into this calendar, so only weekends are off.
    """
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            opened = la_moment(row["CreatedDate"])
            closed = la_moment(row["ClosedDate"]) if row["ClosedDate"] else None
            state = {"Cancelled": "cancelled", "Open": "open"}.get(row["Status"], "closed")
            if state == "closed" and (closed is None or closed < opened):
                continue
            yield Case(
                department=LA_CODES.get(row["Owner"], f"la-{row['Owner'].lower()}"), state=state, opened=opened,
                sent=opened, closed=None if state == "open" else closed, due=due(opened, "5天", weekend),
            )  # fmt: skip


def check_la(door: Door, path: Path, tmp_path: Path) -> Report:
    report = import_tickets(door, path, read_map(Path("la311")), refused=tmp_path / "refused.csv")
    cases = list(la_cases(path))
    departments, total = figures_of(door)
    plain = plain_figures(cases)
    assert departments.keys() == plain.keys()
    for code, figure in departments.items():
        agree(figure, plain[code])
    agree(total, total_of(cases))
    assert (report.imported, report.there) == (len(cases), 0)
    assert report.imported + report.refused == report.read
    assert verify(door.database).sound
    return report


def test_figures_of_requests_like_those_of_los_angeles_agree_with_plain_code(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    sample = la311(tmp_path / "requests.csv", 240)
    report = check_la(empty_house(database, clock), sample.path, tmp_path)
    assert (report.read, report.refused) == (sample.rows, len(sample.refused))


@pytest.mark.slow
def test_figures_of_los_angeles_agree_with_plain_code(database: Database, clock: SetClock, tmp_path: Path) -> None:
    path = shared("la311-2017.csv")
    if path is None:
        pytest.skip("没有真实数据 la311-2017.csv / the real file is not here: set HUYING_SHARED_DATA")
    report = check_la(empty_house(database, clock), path, tmp_path)
    assert (report.read, report.imported, report.refused) == (9_999, 9_987, 12)


# -- a Chinese city --------------------------------------------------------------------------------------------------

_READ: tuple[Callable[[str], datetime], ...] = tuple(
    lambda text, form=form: datetime.strptime(text, form)  # type: ignore[misc] # noqa: DTZ007 - given its zone below
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分")
)
_MEANS = {"城管": "chengguan", "城管中队": "chengguan", "绿容": "lvrong"}
_STATES = {"处置中": "open", "待派遣": "open", "待受理": "open", "作废": "cancelled", "不予立案": "cancelled"}


def cn_moment(cell: object) -> datetime | None:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=SHANGHAI).astimezone(UTC)
    text = str(cell or "").strip()
    for read in _READ:
        try:
            return read(text).replace(tzinfo=SHANGHAI).astimezone(UTC)
        except ValueError:
            continue
    return None


def city_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Row number and cells, as they stand in the workbook."""
    sheet = load_workbook(path)["案卷"]
    header = [str(cell.value or "").strip(" *") for cell in sheet[CASES_FROM - 1]]
    for number, row in enumerate(sheet.iter_rows(min_row=CASES_FROM, values_only=True), CASES_FROM):
        yield number, dict(zip(header, row, strict=True))


def city_plain(path: Path, left_out: set[int]) -> Iterator[Case]:
    seen: set[str] = set()
    for number, row in city_rows(path):
        name = str(row["案卷编号"] or "").strip()
        if number in left_out or not name or name in seen:
            continue
        seen.add(name)
        opened, sent, closed = (cn_moment(row[column]) for column in ("上报时间", "派遣时间", "处置完成时间"))
        department = str(row["处置部门"] or "").strip()
        assert opened is not None
        yield Case(
            department=_MEANS.get(department, department) if sent else "",
            state=_STATES.get(str(row["状态"]).strip(), "closed"),
            opened=opened,
            sent=sent,
            closed=closed,
            due=due(sent, str(row["处置时限"]), weekend) if sent else None,
        )


def test_figures_of_a_citys_workbook_agree_with_plain_code(database: Database, clock: SetClock, tmp_path: Path) -> None:
    sample = city_cases(tmp_path / "案卷.xlsx")
    door = city(database, clock, tmp_path)
    report = import_tickets(door, sample.path, read_map(Path("digital-city-cases")))
    cases = list(city_plain(sample.path, set(sample.refused)))
    departments, total = figures_of(door)
    plain = plain_figures(cases)
    assert departments.keys() == plain.keys()
    for code, figure in departments.items():
        agree(figure, plain[code])
    agree(total, total_of(cases))
    assert 0 < total.on_time < total.closed
    assert (report.read, report.there, report.refused) == (sample.rows, sample.repeated, len(sample.refused))
    assert report.imported == len(cases)
    assert report.disordered == sample.disordered
    assert verify(database).sound
