"""Whatever stands in a row, it refuses that row with its place and its reason, and leaves nothing half written."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.definitions.words import shipped as shipped_words
from engine.errors import DefinitionError
from engine.exchange.history import Report, import_tickets
from engine.exchange.spreadsheet import NotATable
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.boundaries import boundary
from engine.records.departments import NewDepartment, create_departments, end_department
from engine.stages.door import Door
from tests.support.importing import count, empty_house, everything, mapped, table, written

HEADERS = ("编号", "提出", "办结", "状态", "问题", "街道", "经度", "纬度", "部门", "类别")
GOOD = ("A-1", "2025-03-03 09:00", "2025-03-04 10:00", "办结", "路灯不亮", "东街", "121.41", "30.91", "水务所", "灯")
MAP = """
source: old
workflow: service-request
id: 编号
times: {zone: Asia/Shanghai, formats: ["%Y-%m-%d %H:%M"]}
department: {column: 部门}
place: {lon: 经度, lat: 纬度, datum: wgs84}
status: {column: 状态, values: {办结: done, 在办: open}}
steps:
  - {action: report, at: 提出, form: {description: 问题, place: {from: place}, old_number: 编号, category: 类别}}
  - {action: accept, at: 提出}
  - {action: dispatch, at: 提出, form: {lead: {from: department}}}
  - {action: finish, task: job, at: 办结, when: done}
"""
#: The same with streets by name.
BY_STREET = MAP.replace("place: {lon", "area: {column: 街道}\nplace: {lon")


def square(west: float, south: float) -> dict[str, object]:
    east, north = west + 0.1, south + 0.1
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


@pytest.fixture
def door(database: Database, clock: SetClock) -> Door:
    """Two streets of a district, one of which has a boundary, and a department."""
    door = empty_house(database, clock)

    def build(transaction: Transaction) -> None:
        set_levels(transaction, shipped_words().levels)
        streets = [
            NewArea(code="d", level="district", name="区"),
            NewArea(code="east", level="street", name="东街", parent="d", boundary=boundary(square(121.4, 30.9))),
            NewArea(code="west", level="street", name="西街", parent="d"),
            NewArea(code="west-2", level="grid", name="西街", parent="west"),
        ]
        create_areas(transaction, streets, clock.now())
        departments = [
            NewDepartment(code="water", name="水务所", kind="bureau"),
            NewDepartment(code="gone", name="撤并办", kind="bureau"),
        ]
        create_departments(transaction, departments)
        end_department(transaction, "gone", clock.now())

    database.acting(build)
    return door


def changed(**cells: str) -> tuple[str, ...]:
    names = dict(zip(HEADERS, GOOD, strict=True)) | cells
    return tuple(names.values())


def brought(door: Door, folder: Path, rows: Sequence[Sequence[str]], text: str = MAP) -> Report:
    return import_tickets(door, written(folder / "old.csv", HEADERS, rows), mapped(folder, text))


BAD = {
    "a title of 100,000 characters": (MAP, {"问题": "灯" * 100_000}, "问题", "过长（100000 字"),
    "a control character": (MAP, {"问题": "路灯\x07不亮"}, "问题", "控制字符（U+0007）"),
    "signs that turn the writing round": (MAP, {"问题": "路灯\u202e不亮"}, "问题", "U+202E"),
    "coordinates off the earth": (MAP, {"经度": "500"}, "经度、纬度", "不在地球上"),
    "coordinates swapped": (MAP, {"经度": "30.91", "纬度": "121.41"}, "经度、纬度", "写反"),
    "coordinates that are words": (MAP, {"经度": "东经"}, "经度、纬度", "应为数字"),
    "half a place": (MAP, {"经度": ""}, "经度", "只写了一个"),
    "a point in no grid": (MAP, {"经度": "120"}, "经度、纬度", "不在任何网格内"),
    "no place at all": (MAP, {"经度": "", "纬度": ""}, "", "区域"),
    "a date of 1900": (MAP, {"提出": "1900-01-05 08:00"}, "提出", "早于 2000 年"),
    "a date to come": (MAP, {"办结": "2031-01-05 08:00"}, "办结", "在将来"),
    "a word for a date": (MAP, {"提出": "昨天"}, "提出", "不是时间"),
    "a day that never was": (MAP, {"提出": "2025-02-30 08:00"}, "提出", "不是时间"),
    "closed before it was opened": (MAP, {"办结": "2025-03-03 08:59"}, "办结", "早于“提出”的“2025-03-03 09:00”"),
    "closed without a date": (MAP, {"办结": ""}, "办结", "没有时间"),
    "an unknown status": (MAP, {"状态": "挂起"}, "状态", "（已有：办结、在办）"),
    "no status": (MAP, {"状态": ""}, "状态", "状态为空"),
    "an unknown area": (BY_STREET, {"街道": "南街"}, "街道", "没有叫“南街”的区域"),
    "an area of which there are two": (BY_STREET, {"街道": "西街"}, "街道", "不止一个：west、west-2"),
    "an unknown department": (MAP, {"部门": "飞碟办"}, "部门", "没有叫“飞碟办”的部门"),
    "a department that is no more": (MAP, {"部门": "gone"}, "部门", "没有叫“gone”的部门"),
    "no department": (MAP, {"部门": ""}, "部门", "为空"),
    "no identifier": (MAP, {"编号": ""}, "编号", "编号为空"),
    "an identifier that nobody sees": (MAP, {"编号": "A\u200b"}, "编号", "可见字符"),
    "an identifier without end": (MAP, {"编号": "9" * 200}, "编号", "至多 117 个可见字符"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_refused_with_its_place_and_nothing_of_it_stays(door: Door, tmp_path: Path, name: str) -> None:
    text, cells, column, reason = BAD[name]
    before = everything(door.database)
    report = brought(door, tmp_path, [changed(**cells)], text)
    assert (report.read, report.imported, report.refused) == (1, 0, 1)
    assert everything(door.database) == before
    assert report.refused_file is not None
    (row,) = table(report.refused_file)
    assert (row["行 / Row"], row["编号 / Identifier"]) == ("2", changed(**cells)[0])
    assert row["原因"].startswith(f"{column}：" if column else "")
    assert reason in row["原因"]
    assert row["问题"] == changed(**cells)[4]


def test_bad_rows_refuse_no_good_one_beside_them(door: Door, tmp_path: Path) -> None:
    bad = [changed(**cells) for text, cells, *_ in BAD.values() if text is MAP]
    good = [changed(编号=f"B-{number}") for number in range(len(bad))]
    report = brought(door, tmp_path, [row for pair in zip(good, bad, strict=True) for row in pair])
    assert (report.imported, report.refused) == (len(good), len(bad))
    assert count(door.database, "ticket") == len(good)
    assert count(door.database, "ticket", "state = 'finished'") == len(good)
    assert count(door.database, "department") == 2


def test_a_row_that_is_refused_late_takes_back_what_its_first_acts_wrote(door: Door, tmp_path: Path) -> None:
    made = MAP.replace("department: {column: 部门}", "department: {column: 部门, create: true}")
    late = made.replace("form: {lead: {from: department}}", "form: {lead: {from: department}, message: 问题2}")
    path = tmp_path / "late.csv"
    long = "很长" * 3_000
    written(path, (*HEADERS, "问题2"), [
        (*changed(部门="新所"), long), (*changed(编号="A-2", 部门="新所"), "请尽快"),
    ])  # fmt: skip
    before = everything(door.database)
    report = import_tickets(door, path, mapped(tmp_path, late))
    assert (report.imported, report.refused, report.made) == (1, 1, ("部门 新所",))
    after = everything(door.database)
    assert (after["ticket"], after["department"]) == (1, before["department"] + 1)
    assert after["case_number"] == after["particulars"] == after["task"] == after["idempotency_key"] == 1


@pytest.mark.parametrize(
    ("line", "reason"), [("A-9,2025-03-03 09:00,2025-0", "少了 7 个"), (",".join((*GOOD, "x")), "多出 1 个")]
)
def test_a_row_with_too_few_or_too_many_cells_is_refused(door: Door, tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "old.csv"
    path.write_text("\n".join([",".join(HEADERS), line, ",".join(changed(编号="A-2")), ""]), encoding="utf-8")
    report = import_tickets(door, path, mapped(tmp_path, MAP))
    assert (report.imported, report.refused) == (1, 1)
    assert report.refused_file is not None
    (row,) = table(report.refused_file)
    assert row["行 / Row"] == "2"
    assert reason in row["原因"]


def test_a_file_broken_by_another_encoding_in_its_middle_is_refused_whole_and_names_the_row(
    door: Door, tmp_path: Path
) -> None:
    path = written(tmp_path / "old.csv", HEADERS, [changed(编号=f"A-{number}") for number in range(300)])
    content = path.read_bytes().splitlines(keepends=True)
    content[150] = content[150].replace("路灯".encode(), b"\xff\xfe")
    path.write_bytes(b"".join(content))
    with pytest.raises(NotATable, match="第 151 行"):
        import_tickets(door, path, mapped(tmp_path, MAP))
    assert count(door.database, "ticket") == 0


def test_a_file_that_cannot_be_read_on_keeps_what_came_before(door: Door, tmp_path: Path) -> None:
    path = written(tmp_path / "old.csv", HEADERS, [changed(编号=f"A-{number}") for number in range(130)])
    with path.open("a", encoding="utf-8") as file:
        file.write('A-999,"2025-03-03 09:00\n')
    report = import_tickets(door, path, mapped(tmp_path, MAP))
    assert (report.read, report.imported) == (130, 130)
    assert report.broken is not None
    assert "引号不成对" in report.broken.zh


def test_a_table_without_a_wanted_column_is_refused_whole(door: Door, tmp_path: Path) -> None:
    path = written(tmp_path / "old.csv", HEADERS[1:], [GOOD[1:]])
    with pytest.raises(NotATable, match="缺少列：编号"):
        import_tickets(door, path, mapped(tmp_path, MAP))


def test_codes_that_a_map_writes_out_must_be_there(door: Door, tmp_path: Path) -> None:
    text = MAP.replace("{column: 部门}", "{column: 部门, values: {水务: watr}}")
    with pytest.raises(DefinitionError, match="没有编码为“watr”的部门") as refused:
        brought(door, tmp_path, [GOOD], text)
    assert refused.value.place.line == 6


def test_zero_zero_is_no_place(door: Door, tmp_path: Path) -> None:
    report = brought(door, tmp_path, [changed(经度="0", 纬度="0.0", 街道="东街")], BY_STREET)
    assert report.imported == 1
    with door.database.looking() as transaction:
        ((facts,),) = transaction.rows("SELECT facts FROM event WHERE action = 'report'")
    assert '"place":{"area":"east"}' in facts


def test_a_workbooks_own_dates_and_numbers_are_read(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "old.xlsx"
    with Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet()
        day = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, HEADERS)
        sheet.write_row(1, 0, GOOD)
        sheet.write_number(1, 0, 20250001)
        sheet.write_datetime(1, 1, datetime.fromisoformat("2025-03-03T09:00"), day)
        sheet.write_number(1, 6, 121.41)
    report = import_tickets(door, path, mapped(tmp_path, MAP))
    assert report.imported == 1
    assert count(door.database, "idempotency_key", "key = 'import:old:20250001'") == 1
