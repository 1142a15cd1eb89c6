"""Tables that officials send, in whatever form their office saves them."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.errors import HuyingError, Malformed, TooLarge
from engine.exchange import workbooks
from engine.exchange.spreadsheet import Column, NotATable, Row, open_table, renamed, write_table

WANTED = (
    Column(name="code", spellings=("编码", "小类代码")),
    Column(name="limit", spellings=("处置时限",)),
    Column(name="note", spellings=("备注",), required=False),
)
PLAIN = "编码,处置时限\n01,2小时\n02,3天\n"


def saved(folder: Path, content: str | bytes, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(folder: Path, rows: list[list[Any]], name: str = "t.xlsx") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / name)
    return folder / name


def read(path: Path, columns: tuple[Column, ...] = WANTED, sheet: str = "") -> list[Row]:
    with open_table(path, columns, sheet=sheet) as table:
        return list(table.rows)


def refused(path: Path, columns: tuple[Column, ...] = WANTED) -> HuyingError:
    with pytest.raises(HuyingError) as error:
        read(path, columns)
    assert error.value.place.file == path.name
    return error.value


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")]
)
def test_a_table_reads_the_same_in_every_encoding_and_says_which_it_was(
    tmp_path: Path, encoding: str, shown: str
) -> None:
    path = saved(tmp_path, PLAIN, encoding=encoding)
    with open_table(path, WANTED) as table:
        assert table.encoding == shown
        assert list(table.rows) == [
            Row(2, {"code": "01", "limit": "2小时"}, ()),
            Row(3, {"code": "02", "limit": "3天"}, ()),
        ]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "，"])
def test_any_usual_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = saved(tmp_path, PLAIN.replace(",", separator))
    assert [row.cells["limit"] for row in read(path)] == ["2小时", "3天"]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = saved(tmp_path, '编码,处置时限\n01,"2\n小时"\n\n02,3天\n')
    assert [(row.number, row.cells["limit"]) for row in read(path)] == [(2, "2\n小时"), (4, "3天")]


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = saved(tmp_path, "2026年立案标准,\n,\n编码,处置时限\n01,2小时\n")
    assert read(path) == [Row(4, {"code": "01", "limit": "2小时"}, ())]


def test_headers_are_known_by_any_spelling_width_and_case(tmp_path: Path) -> None:
    path = saved(tmp_path, "*小类 代码,ＬＩＭＩＴ,备注,别的\n01,2小时,急,x\n")
    assert read(path) == [Row(2, {"code": "01", "limit": "2小时", "note": "急", "别的": "x"}, ())]


def test_a_file_s_own_headers_can_be_mapped(tmp_path: Path) -> None:
    path = saved(tmp_path, "序号,多久\n01,2小时\n")
    assert read(path, renamed(WANTED, {"code": "序号", "limit": "多久"}))[0].cells == {"code": "01", "limit": "2小时"}
    with pytest.raises(Malformed, match="没有“kind”这一列"):
        renamed(WANTED, {"kind": "类型"})


def test_a_row_with_more_or_fewer_cells_than_the_header_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path, "编码,处置时限\n01,破损,2小时\n02\n")
    assert read(path) == [
        Row(2, {"code": "01", "limit": "破损"}, ("2小时",)),
        Row(3, {"code": "02", "limit": ""}, (), 1),
    ]


def test_an_excel_table_reads_like_the_same_csv(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["标准"], ["编码", "处置时限"], [1, "2小时"], [None, None], ["02", "3天"]])
    with open_table(path, WANTED) as table:
        assert table.encoding == "Excel"
        assert [(row.number, row.cells["code"]) for row in table.rows] == [(3, "1"), (5, "02")]


def test_an_excel_file_under_another_name_is_still_one(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["编码", "处置时限"], ["01", "2小时"]])
    assert read(path.rename(tmp_path / "t.csv"))[0].cells["limit"] == "2小时"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (2.5, "2.5"),
        (True, "TRUE"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 9, 30), "2026-03-02 09:30:00"),  # noqa: DTZ001 (a cell has no zone)
        (time(9, 30), "09:30:00"),
        (timedelta(hours=26, minutes=5), "26:05:00"),
        ("  文字 ", "文字"),
        ("=1+1", ""),
    ],
)
def test_a_cell_becomes_what_its_reader_would_type(tmp_path: Path, value: Any, text: str) -> None:
    path = workbook(tmp_path, [["编码", "处置时限", "备注"], ["01", "x", value]])
    assert read(path)[0].cells["note"] == text


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    book = Workbook()
    for title, code in (("部件", "01"), ("事件", "02")):
        sheet = book.create_sheet(title)
        sheet.append(["编码", "处置时限"])
        sheet.append([code, "2小时"])
    del book["Sheet"]
    book.save(tmp_path / "t.xlsx")
    assert read(tmp_path / "t.xlsx")[0].cells["code"] == "01"
    assert read(tmp_path / "t.xlsx", sheet="事件")[0].cells["code"] == "02"
    with pytest.raises(NotATable, match="只有：部件、事件"):
        read(tmp_path / "t.xlsx", sheet="其他")


def test_without_wanted_columns_the_headers_themselves_are_the_names(tmp_path: Path) -> None:
    assert read(saved(tmp_path, PLAIN), ())[0].cells == {"编码": "01", "处置时限": "2小时"}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "空的"),
        (b"\n\n,\n", "空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧版 Excel"),
        (b"<html><table><tr><td>", "网页"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "网页"),
        (b"%PDF-1.7", "PDF"),
        (b'{"rows": []}', "JSON"),
        (b"PK\x03\x04 and then nothing", "损坏"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "编码|二进制"),
        (b"a,b\x00,c\n", "二进制"),
        ("编码,限\n01,2小时\n".encode(), "缺少列：处置时限"),
        ("编码,处置时限,编码\n01,2,3\n".encode(), "第 A 列与第 C 列的表头重复"),
        ("编码,小类代码,处置时限\n".encode(), "表头重复"),
        ('编码,处置时限\n01,2小时\n02,"3天\n04,5\n'.encode(), "第 3 行的引号"),
        (b"a," * 400, "超过 300 列"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, word: str) -> None:
    assert any(part in refused(saved(tmp_path, content)).zh for part in word.split("|"))


def test_a_missing_file_is_refused_not_raised_as_something_else(tmp_path: Path) -> None:
    assert "无法读取" in refused(tmp_path / "none.csv").zh


@pytest.mark.parametrize("encoding", ["big5", "shift_jis", "cp1251"])
def test_another_country_s_encoding_is_not_passed_off_as_ours(tmp_path: Path, encoding: str) -> None:
    words = {
        "big5": "編號,處置時限,備註說明,標準處理",
        "shift_jis": "コード,期限のデータ,ァイルです",
        "cp1251": "Номер,срок,примечание",
    }
    path = saved(tmp_path, (words[encoding] + "\n") * 5, encoding=encoding)
    error = refused(path)
    assert "编码" in error.zh
    assert error.place.row == 1


def test_the_row_with_the_wrong_byte_is_named(tmp_path: Path) -> None:
    assert refused(saved(tmp_path, "编码,处置时限\n01,2小时\n".encode() + b"02,\xff\xff\n")).place.row == 3


def test_a_small_workbook_that_unpacks_into_a_huge_one_is_refused_at_once(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["编码", "处置时限"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/blank.bin", bytes(workbooks.SUSPICIOUS + 1))
    error = refused(path)
    assert isinstance(error, TooLarge)
    assert "解压后过大" in error.zh


def test_a_workbook_with_an_entity_declaration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><workbook/>')
    assert "声明" in refused(path).zh


def test_a_packed_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "不是 Excel" in refused(path).zh


def test_a_workbook_with_a_broken_sheet_is_refused_as_damaged(tmp_path: Path) -> None:
    good = workbook(tmp_path, [["编码", "处置时限"], ["01", "x"]])
    path = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.infolist():
            new.writestr(part, b"<worksheet><sheetData><row" if "sheet1" in part.filename else old.read(part))
    assert "损坏" in refused(path).zh


CELLS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_was_written_reads_back(tmp_path_factory: pytest.TempPathFactory, ending: str, rows: Any) -> None:
    path = tmp_path_factory.getbasetemp() / f"again{ending}"
    assert write_table(path, ["code", "limit"], rows) == len(rows)
    assert [(row.cells["code"], row.cells["limit"]) for row in read(path)] == rows


def test_a_cell_that_a_spreadsheet_would_execute_is_guarded(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table(path, ["code", "limit"], [("=1+1", "-3"), ("'@x", "+86-21")])
    assert "'=1+1,-3\r\n''@x,'+86-21\r\n" in path.read_bytes().decode("utf-8-sig")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=r"\.ods"):
        write_table(tmp_path / "t.ods", ["a"], [])
