"""Exports of systems that never were: seeded, with the dirt of real ones, and what is wrong with each row."""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

#: What a cell may hold.
Cell = str | datetime | date | float | None


@dataclass(slots=True)
class Sample:
    """A table that was written."""

    path: Path
    #: Rows below the header that hold anything.
    rows: int = 0
    #: Row as a spreadsheet numbers it → a word of the reason for which it must be refused.
    refused: dict[int, str] = field(default_factory=dict)
    #: Rows that repeat an earlier one exactly.
    repeated: int = 0
    #: Times that lie before those of an earlier step.
    disordered: int = 0


# -- Los Angeles 311 -----------------------------------------------------------------------------------------------

LA_HEADERS = (
    "SRNumber", "CreatedDate", "UpdatedDate", "Owner", "RequestType", "Status", "RequestSource", "ClosedDate",
    "Address", "Latitude", "Longitude", "CD",
)  # fmt: skip
_LA_TIME = "%m/%d/%Y %I:%M:%S %p"
_LA_TYPES = {"Bulky Items": "BOS", "Graffiti Removal": "OCB", "Single Streetlight Issue": "BSL", "Feedback": "ITA"}


def la311(path: Path, rows: int, seed: int = 311) -> Sample:
    """Service requests like those of Los Angeles, as CSV; about one in twenty has something odd about it."""
    chance = random.Random(seed)
    sample = Sample(path, rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, LA_HEADERS)
        writer.writeheader()
        for number in range(rows):
            row = _la_row(chance, number)
            if number % 40 == 7:
                _swap(row, sample, number + 2)
            elif number % 40 == 23:
                row["ClosedDate"], sample.refused[number + 2] = "", "没有时间"
            writer.writerow(row)
    return sample


def _la_row(chance: random.Random, number: int) -> dict[str, str]:
    created = datetime.fromisoformat("2017-12-27T06:00") + timedelta(seconds=chance.randrange(4 * 86_400))
    # Some last into the summer time of the year after.
    closed = created + timedelta(seconds=chance.choice((5_000, 400_000, 9_000_000)) + chance.randrange(90_000))
    kind = chance.choice(tuple(_LA_TYPES))
    odd = {11: "Cancelled", 19: "Open", 31: "Referred Out"}
    status = odd.get(number % 40, "Closed")
    lon = f"{-118.5 + chance.random() / 4:.9f}" if chance.random() < 0.8 else ""
    return {
        "SRNumber": f"1-{870_000_000 + number}",
        "CreatedDate": created.strftime(_LA_TIME),
        "UpdatedDate": closed.strftime(_LA_TIME),
        "Owner": _LA_TYPES[kind],
        "RequestType": kind,
        "Status": status,
        "RequestSource": chance.choice(("Call", "Mobile App", "Email", "")),
        "ClosedDate": "" if status == "Open" else closed.strftime(_LA_TIME),
        "Address": f"{chance.randrange(100, 9_999)} W BELLEVUE AVE, 90026",
        "Latitude": f"{34 + chance.random() / 4:.9f}" if lon else "",
        "Longitude": lon,
        "CD": str(chance.randrange(1, 16)) if chance.random() < 0.98 else "",
    }


def _swap(row: dict[str, str], sample: Sample, number: int) -> None:
    """A closing date without its hours, as some offices keep it, lies before the request of that day."""
    row["Status"] = "Closed"
    row["ClosedDate"] = row["CreatedDate"][:10] + " 12:00:00 AM"
    sample.refused[number] = "早于"


# -- a Chinese city's cases ------------------------------------------------------------------------------------------

STREETS = {"南桥镇": (121.46, 30.92), "西渡街道": (121.44, 30.98), "奉城镇": (121.64, 30.92)}
#: What the catalogue must hold: the columns of a catalogue's table.
CATALOGUE = (
    ("部件", "01", "公用设施", "01", "上水井盖", "缺失、移位、开裂，存在安全隐患的", "恢复", "2紧急工作时"),
    ("部件", "01", "公用设施", "01", "上水井盖", "破损超过25c㎡", "更换或修复", "4小时"),
    ("部件", "01", "公用设施", "37", "路灯", "不亮", "恢复照明", "2天"),
    ("事件", "01", "市容环境", "02", "暴露垃圾", "暴露垃圾超过1㎡", "清理干净", "4小时"),
    ("事件", "01", "市容环境", "22", "乱搭建", "正在搭建", "拆除", "5天"),
)
CASE_HEADERS = (
    "案卷编号", "案件来源", "大类", "小类", "立案条件", "问题描述", "街道", "详细地址", "经度", "纬度",
    "上报时间", "受理时间", "派遣时间", "处置部门", "处置时限", "处置完成时间", "结案时间", "状态", "紧急程度",
    "办理结果",
)  # fmt: skip
#: Rows above the first case: a title merged over all columns, a note, the header.
CASES_FROM = 4
_WORDS = ("城管", "城管中队", "绿容", "市政水务中心", "南桥镇城建中心")
_TEXTS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分")
_TIMES = ("上报时间", "受理时间", "派遣时间", "处置完成时间", "结案时间")


def city_cases(path: Path, count: int = 240, seed: int = 2025) -> Sample:
    """Cases of March 2025 as a workbook that people have worked in: dates of both kinds, a title, notes, a sum."""
    chance = random.Random(seed)
    cases = [_case(chance, number) for number in range(count)]
    sample = Sample(path)
    sample.refused = {CASES_FROM + number: _spoil(cases, number) for number in _SPOILT}
    for earlier in (3, 5):
        cases.append(dict(cases[earlier]))
    sample.repeated = 2
    other = {**cases[8], "问题描述": "同一编号，另一件事"}
    cases.append(other)
    sample.refused[CASES_FROM + len(cases) - 1] = "另一内容"
    sample.disordered = _disorder(cases, chance)
    _write_workbook(path, cases, chance)
    # Two blank rows, then a sum that is no case.
    sample.refused[CASES_FROM + len(cases) + 2] = "状态为空"
    sample.rows = len(cases) + 1
    return sample


def _case(chance: random.Random, number: int) -> dict[str, Cell]:
    kind, _, class_name, _, item, filing, _, limit = chance.choice(CATALOGUE)
    street = chance.choice(tuple(STREETS))
    lon, lat = STREETS[street]
    reported = datetime.fromisoformat("2025-03-03T07:00") + timedelta(minutes=chance.randrange(14 * 24 * 60))
    accepted = reported + timedelta(minutes=chance.randrange(1, 20))
    sent = accepted + timedelta(minutes=chance.randrange(1, 30))
    done = sent + timedelta(minutes=chance.choice((40, 200, 1500, 6000)) + chance.randrange(120))
    status = chance.choices(
        ("已结案", "结案", "处置中", "待派遣", "待受理", "作废", "不予立案"), (70, 10, 8, 3, 3, 4, 2)
    )[0]
    closed = done + timedelta(minutes=chance.randrange(5, 300))
    case: dict[str, Cell] = {
        "案卷编号": f"CG202503{number:05d}",
        "案件来源": chance.choice(("巡查上报", "热线", "随手拍", "其他", "")),
        "大类": f"{kind} {class_name}",
        "小类": item,
        "立案条件": filing,
        "问题描述": f"{street}{item}：{filing}",
        "街道": street,
        "详细地址": f"{street}第{chance.randrange(1, 400)}号附近",
        "经度": round(lon + chance.random() / 100, 6),
        "纬度": round(lat + chance.random() / 100, 6),
        "上报时间": reported,
        "受理时间": accepted,
        "派遣时间": sent,
        "处置部门": chance.choice(_WORDS),
        "处置时限": limit,
        "处置完成时间": done,
        "结案时间": closed,
        "状态": status,
        "紧急程度": chance.choice(("一般", "一般", "紧急", "")),
        "办理结果": "已整改",
    }
    missing = {
        "处置中": ("处置完成时间", "结案时间", "办理结果"),
        "待派遣": ("派遣时间", "处置部门", "处置完成时间", "结案时间", "办理结果"),
        "待受理": ("受理时间", "派遣时间", "处置部门", "处置完成时间", "结案时间", "办理结果"),
        "作废": ("派遣时间", "处置完成时间", "办理结果"),
        "不予立案": ("派遣时间", "处置部门", "处置完成时间", "结案时间", "办理结果"),
    }
    for column in missing.get(status, ()):
        case[column] = chance.choice((None, "-", "无"))
    if chance.random() < 0.1:
        case["经度"] = case["纬度"] = 0
    return case


#: Case → column, what is written there, a word of the refusal; all of them are closed cases first.
_SPOILT: Mapping[int, tuple[str, Cell, str]] = {
    20: ("结案时间", datetime.fromisoformat("2025-02-01T08:00"), "早于"),
    31: ("处置完成时间", None, "没有时间"),
    42: ("状态", "挂起", "对照表"),
    53: ("街道", "不存在镇", "没有叫"),
    64: ("上报时间", "1900-01-05 08:00:00", "早于 2000 年"),
    75: ("结案时间", datetime.fromisoformat("2099-01-01T08:00"), "将来"),
    86: ("小类", "飞碟", "没有事项"),
    97: ("处置时限", "9天", "标准"),
    108: ("派遣时间", "前天下午", "不是时间"),
    119: ("纬度", 131.2, "写反"),
    130: ("问题描述", "很长" * 3_000, "过长"),
    141: ("案卷编号", None, "编号为空"),
    152: ("处置完成时间", datetime.fromisoformat("2025-03-01T08:00"), "早于"),
}


def _spoil(cases: list[dict[str, Cell]], number: int) -> str:
    column, cell, word = _SPOILT[number]
    case = cases[number]
    case["状态"] = "已结案"
    sent = case["上报时间"]
    assert isinstance(sent, datetime)
    for hours, time in enumerate(_TIMES):
        case[time] = sent + timedelta(hours=hours)
    case["处置部门"], case[column] = "城管", cell
    return word


def _disorder(cases: Sequence[dict[str, Cell]], chance: random.Random) -> int:
    """Some desks write the acceptance after they have dispatched."""
    count = 0
    for number in (160, 170, 180):
        case = cases[number]
        sent = case["派遣时间"]
        if isinstance(sent, datetime):
            case["受理时间"] = sent + timedelta(minutes=chance.randrange(1, 10))
            count += 1
    return count


def _write_workbook(path: Path, cases: Sequence[Mapping[str, Cell]], chance: random.Random) -> None:
    with Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("案卷")
        workbook.add_worksheet("说明").write_string(0, 0, "本表由系统导出")
        formats = [workbook.add_format({"num_format": form}) for form in ("yyyy-mm-dd hh:mm:ss", "yyyy/m/d h:mm")]
        sheet.merge_range(0, 0, 0, len(CASE_HEADERS) - 1, "数字化城市管理案卷明细（2025年3月）")
        sheet.write_string(1, 0, "导出人：值班长；带 * 为必填")
        for column, header in enumerate(CASE_HEADERS):
            sheet.write_string(2, column, f"{header} *" if header == "案卷编号" else f"{header} ")
        for row, case in enumerate(cases, 3):
            for column, header in enumerate(CASE_HEADERS):
                _write_cell(sheet, row, column, case[header], chance, formats)
            # Blanks to the right, which somebody once deleted something from.
            sheet.write_string(row, len(CASE_HEADERS) + 2, "  ")
        sheet.write_string(3 + len(cases) + 2, 0, f"合计：{len(cases)} 件")


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, chance: random.Random, formats: Sequence[Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime) and chance.random() < 0.5:
        form = chance.choice(_TEXTS)
        sheet.write_string(row, column, f" {cell.strftime(form)} ")
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, chance.choice(formats))
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell + chance.choice(("", "", "  ", "\u3000")))
    else:
        sheet.write(row, column, cell)
