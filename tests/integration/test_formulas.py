"""Tables that leave the house: a cell that begins like a formula stays a text, in every format and every export."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.exchange.history_refused import HEADERS
from engine.exchange.registers import export_rows
from engine.exchange.spreadsheet import open_table, write_table
from engine.exchange.tables import TABLES
from engine.records import register_keeping
from engine.records.register_keeping import NewRow
from tests.support.administrators import administered
from tests.support.browser import Browser
from tests.support.registers import register
from tests.support.town import Town, town

#: What a program may begin to work out: the usual signs, the wide ones of a Chinese keyboard, and what hides them.
SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "\t=", "\n=")
_LURKING = ("=", "@", "＝", "＠", "\t", "\r")


def alive(cell: str) -> bool:
    """Whether a cell of a CSV file would be worked out where a program guesses."""
    bare = cell.strip(" \n")
    if bare[:1] in ("+", "-", "＋", "－"):
        return not bare[1:].replace(".", "", 1).isdigit()
    return bare[:1] in _LURKING


def insist(path: Path) -> int:
    """Insist that no cell of a file is a formula; how many cells were looked at."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [cell for row in csv.reader(file) for cell in row]
        assert [cell for cell in found if alive(cell)] == []
        return len(found)
    book = load_workbook(path)
    try:
        there = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in there} <= {"s", "n", "d"}
        return len(there)
    finally:
        book.close()


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield administered(served)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize("sign", SIGNS)
def test_a_cell_and_a_header_that_begin_like_a_formula_stay_texts(tmp_path: Path, ending: str, sign: str) -> None:
    path, text = tmp_path / f"t{ending}", f'{sign}HYPERLINK("http://evil",A1)'
    write_table(path, ["code", text], [(text, "1"), (f"'{text}", text)])
    assert insist(path) == 6
    with open_table(path) as read:
        assert next(iter(read.headers)) == "code"


@given(text=st.text(st.sampled_from("=+-@＝＋－＠\t\r\n' 1a.(")), rest=st.text(max_size=6))
@example(text="\n\r", rest="")
def test_whatever_a_cell_begins_with(tmp_path_factory: pytest.TempPathFactory, text: str, rest: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    write_table(path, ["a"], [(text + rest.replace("\0", ""),)])
    assert insist(path) >= 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_that_administrators_take_out_holds_no_formula(
    office: Town, tmp_path: Path, table: str, kind: str
) -> None:
    def spoil(transaction: Transaction) -> None:
        for name, column in (
            ("area", "name"), ("department", "name"), ("person", "name"), ("person", "phone"), ("item", "name"),
            ("item", "class_name"), ("standard", "filing_condition"), ("standard", "closing_condition"),
        ):  # fmt: skip
            transaction.run(f"UPDATE {name} SET {column} = '=1+1' || {column}")

    office.database.acting(spoil)
    answer = Browser(office, "qin").client.get(f"/admin/tables/{table}/file?kind={kind}")
    assert answer.status_code == 200
    path = tmp_path / f"t.{kind}"
    path.write_bytes(answer.content)
    assert insist(path) > 3
    if kind == "csv" and table in ("areas", "departments", "people"):
        assert "'=1+1" in answer.text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_register_that_is_taken_out_holds_no_formula(office: Town, tmp_path: Path, kind: str) -> None:
    now = office.clock.now()

    def put(transaction: Transaction) -> None:
        form = {"name": "=1+1", "area": "xd-v", "kind": "alone", "phone": "+1|cmd", "needs": "@SUM(A1)"}
        new = NewRow(code="-x", form=form, valid_from=now)
        checked = register_keeping.check(transaction, register(), new, now)
        register_keeping.put(transaction, register(), checked, "liu", now)

    office.database.acting(put)
    path = tmp_path / f"r.{kind}"
    assert export_rows(office.database, register(), path, now) == 1
    assert insist(path) > 5


def test_refused_rows_go_back_with_their_headers_guarded(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    write_table(path, (*HEADERS, "=cmd|' /C calc'!A0"), [("2", "=1", "", "")])
    assert insist(path)
    assert "=cmd" not in next(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
