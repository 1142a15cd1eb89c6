"""Who is responsible for what, where: a table of item × area × level, applied by row."""

from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.definitions.words import shipped as words
from engine.exchange.catalogue import apply_catalogue
from engine.exchange.limit_units import read_units, shipped
from engine.exchange.responsibilities import (
    apply_responsibilities,
    export_responsibilities,
    preview_responsibilities,
)
from engine.records.areas import NewArea, create_areas, end_area, set_levels
from engine.records.departments import NewDepartment, create_departments

CATALOGUE = """类别,大类代码,大类名称,小类代码,小类名称,立案条件,结案条件,处置时限
部件,01,公用设施,37,路灯,不亮,修复,2天
事件,01,市容环境,10,暴露垃圾,有垃圾,清除,4小时
"""
RULES = """事项,区域,层级,主办单位,协办单位,依据
part-01-37,310120,district,gd,"jt, cg",权责清单第一项
event-01,310120001,street,西渡城管中队,,权责清单第二项
event,310120,,cg,,
"""


@pytest.fixture(autouse=True)
def district(database: Database, tmp_path: Path, clock: SetClock) -> None:
    def work(transaction: Transaction) -> None:
        set_levels(transaction, words().levels)
        areas = [
            NewArea(code="310120", level="district", name="奉贤区"),
            NewArea(code="310120001", level="street", name="西渡街道", parent="310120"),
        ]
        create_areas(transaction, areas, clock.now())
        units = [
            NewDepartment(code="cg", name="城管执法局", kind="bureau"),
            NewDepartment(code="cg-001", name="西渡城管中队", kind="field_office", parent="cg"),
            NewDepartment(code="gd", name="供电公司", kind="utility"),
            NewDepartment(code="jt", name="交通委", kind="bureau"),
            NewDepartment(code="wy1", name="物业公司", kind="property"),
            NewDepartment(code="wy2", name="物业公司", kind="property"),
        ]
        create_departments(transaction, units)

    database.acting(work)
    apply_catalogue(database, table(tmp_path, CATALOGUE), read_units(shipped()), clock.now())


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_responsibilities_is_previewed_applied_and_then_unchanged(
    database: Database, tmp_path: Path
) -> None:
    path = table(tmp_path, RULES)
    codes = ("part-01-37 310120 district", "event-01 310120001 street", "event 310120")
    assert preview_responsibilities(database, path).new == codes
    assert apply_responsibilities(database, path).new == codes
    again = apply_responsibilities(database, path)
    assert (again.new, again.changed, again.unchanged, again.vanished) == ((), (), 3, ())


def test_another_lead_is_a_change_of_the_same_rule(database: Database, tmp_path: Path) -> None:
    apply_responsibilities(database, table(tmp_path, RULES))
    changed = apply_responsibilities(database, table(tmp_path, RULES.replace("gd,", "jt,").replace("jt, cg", "gd")))
    (change,) = changed.changed
    assert change.fields == {"lead": ("gd", "jt"), "co": ("jt cg", "gd")}
    assert apply_responsibilities(database, table(tmp_path, RULES)).changed[0].fields["lead"] == ("jt", "gd")


@pytest.mark.parametrize(
    ("row", "field", "word"),
    [
        ("part-09-09,310120,,cg,,", "item", "目录中没有"),
        ("part-01-37,310121,,cg,,", "area", "没有这个区域"),
        ("part-01-37,310120,town,cg,,", "level", "没有这个层级"),
        ("part-01-37,310120,,xx,,", "lead", "没有单位“xx”"),
        ("part-01-37,310120,,物业公司,,", "lead", "同名单位"),
        ("part-01-37,310120,,cg,jt yy,", "co", "没有单位“yy”"),
        ("part-01-37,310120,,cg,jt cg,", "co", "不能同时"),
        ("part-01-37,310120,,,,", "lead", "不能为空"),
        ("event,310120,,cg,,", "item", "与第 2 行重复"),
        ("part,310120,,cg,,,多", "", "错位"),
    ],
)
def test_a_rule_that_names_what_is_not_there_is_refused_by_row(
    database: Database, tmp_path: Path, row: str, field: str, word: str
) -> None:
    head = RULES.splitlines()[0]
    preview = preview_responsibilities(database, table(tmp_path, f"{head}\nevent,310120,,cg,,\n{row}\n"))
    (refusal,) = preview.refused
    assert (refusal.row, refusal.field) == (3, field)
    assert word in refusal.zh


def test_exported_responsibilities_apply_without_a_change(database: Database, tmp_path: Path) -> None:
    apply_responsibilities(database, table(tmp_path, RULES))
    assert export_responsibilities(database, tmp_path / "out.xlsx") == 3
    assert apply_responsibilities(database, tmp_path / "out.xlsx").unchanged == 3


def test_a_rule_for_an_area_that_is_no_more_is_still_exported(
    database: Database, tmp_path: Path, clock: SetClock
) -> None:
    apply_responsibilities(database, table(tmp_path, RULES))
    database.acting(lambda transaction: end_area(transaction, "310120001", clock.now()))
    assert export_responsibilities(database, tmp_path / "out.csv") == 3
    assert apply_responsibilities(database, tmp_path / "out.csv").refused[0].field == "area"
