"""The catalogue comes in as a table: previewed, refused by row, applied once however often it is applied."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.errors import Malformed
from engine.exchange.catalogue import (
    Applied,
    Preview,
    Vanished,
    apply_catalogue,
    export_catalogue,
    preview_catalogue,
)
from engine.exchange.limit_units import LimitUnits, read_units, shipped
from engine.exchange.refusals import write_refusals
from engine.records.catalogue import lookup_items
from engine.records.registers import items

HEADER = ("kind", "class_code", "class_name", "item_code", "item_name", "filing_condition", "closing_condition",
          "time_limit")  # fmt: skip
COVER = ("part", "01", "公用设施", "01", "上水井盖")
FELLING = ("event", "01", "市容环境", "22", "擅自伐树")
ROWS = [
    (*COVER, "缺失", "补装", "2紧急工作时"),
    (*COVER, "破损", "更换", "4小时"),
    (*FELLING, "正在砍伐", "制止", "1紧急工作时制止"),
    (*FELLING, "已经砍伐", "立案查处", "3天"),
    ("part", "01", "公用设施", "37", "路灯", "不亮", "修复", "2天"),
]


@pytest.fixture
def units() -> LimitUnits:
    return read_units(shipped())


def table(folder: Path, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> Path:
    path = folder / "catalogue.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def limits(database: Database, *codes: str) -> dict[str, str]:
    with database.looking() as transaction:
        return {code: item.limit for code, item in lookup_items(transaction, codes).items()}


def test_a_preview_says_what_would_be_new_and_refused_and_writes_nothing(
    database: Database, units: LimitUnits, tmp_path: Path
) -> None:
    preview = preview_catalogue(database, table(tmp_path, ROWS), units)
    assert preview.new == ("part-01-01/1", "part-01-01/2", "event-01-22/2", "part-01-37/1")
    assert (preview.rows, preview.items, preview.unchanged, preview.changed) == (5, 3, 0, ())
    assert [(one.row, one.field, one.value) for one in preview.refused] == [(4, "time_limit", "1紧急工作时制止")]
    assert [(use.unit, use.counted_in, use.times) for use in preview.units] == [
        ("天", "workdays", 2), ("小时", "working hours", 1), ("紧急工作时", "hours", 1),
    ]  # fmt: skip
    assert limits(database, "part-01-01/1") == {}


def applied(database: Database, path: Path, units: LimitUnits, clock: SetClock) -> Preview:
    done: Applied = apply_catalogue(database, path, units, clock.now())
    return done.preview


def test_applying_a_table_twice_changes_nothing(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    path = table(tmp_path, ROWS)
    assert len(applied(database, path, units, clock).new) == 4
    again = applied(database, path, units, clock)
    assert (again.new, again.changed, again.unchanged, again.vanished) == ((), (), 4, ())


def test_an_item_has_a_limit_only_where_its_standards_agree(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    assert limits(
        database, "part-01-01", "part-01-01/1", "part-01-01/2", "part-01-37", "part-99-99", "part-01-01/7"
    ) == {
        "part-01-01": "",
        "part-01-01/1": "2 hours",
        "part-01-01/2": "4 working hours",
        "part-01-37": "2 workdays",
    }


def test_a_mended_row_takes_the_place_that_it_had_in_the_table(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    mended = [*ROWS[:2], (*FELLING, "正在砍伐", "制止", "1紧急工作时制止，3天处置"), *ROWS[3:]]
    assert applied(database, table(tmp_path, mended), units, clock).new == ("event-01-22/1",)
    assert limits(database, "event-01-22/1", "event-01-22/2") == {
        "event-01-22/1": "3 workdays", "event-01-22/2": "3 workdays",
    }  # fmt: skip


def test_a_changed_standard_keeps_its_code_and_names_what_changed(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    moved = [(*COVER, "新增情形", "修复", "5天"), (*COVER, "破损", "更换或修复", "6小时"), *ROWS[3:]]
    changed = applied(database, table(tmp_path, moved), units, clock)
    assert [(change.code, change.row, change.fields) for change in changed.changed] == [
        (
            "part-01-01/2",
            3,
            {
                "closing_condition": ("更换", "更换或修复"),
                "limit_source": ("4小时", "6小时"),
                "limit": ("4 working hours", "6 working hours"),
            },
        )
    ]
    assert changed.new == ("part-01-01/3",)
    assert changed.vanished == ("part-01-01/1",)
    assert limits(database, "part-01-01/1", "part-01-01/3") == {"part-01-01/1": "2 hours", "part-01-01/3": "5 workdays"}


def test_what_vanished_goes_out_of_force_only_when_asked_and_comes_back_with_its_code(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    whole = [*ROWS[:2], *ROWS[3:]]
    applied(database, table(tmp_path, whole), units, clock)
    fewer = table(tmp_path, whole[1:-1])
    assert applied(database, fewer, units, clock).vanished == ("part-01-01/1", "part-01-37/1")
    assert limits(database, "part-01-37", "part-01-01/1") == {"part-01-37": "2 workdays", "part-01-01/1": "2 hours"}
    done = apply_catalogue(database, fewer, units, clock.now(), vanished=Vanished.DEACTIVATE)
    assert done.deactivated == ("part-01-01/1", "part-01-37/1")
    assert limits(database, "part-01-37", "part-01-37/1", "part-01-01/1") == {}
    assert limits(database, "part-01-01") == {"part-01-01": "4 working hours"}
    back = applied(database, table(tmp_path, whole), units, clock)
    assert [change.code for change in back.changed] == ["part-01-01/1", "part-01-37/1"]
    assert limits(database, "part-01-37", "part-01-01/1") == {"part-01-37": "2 workdays", "part-01-01/1": "2 hours"}


def test_nothing_goes_out_of_force_while_rows_are_refused(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    path = table(tmp_path, ROWS)
    with pytest.raises(Malformed, match="1 行被拒绝"):
        apply_catalogue(database, path, units, clock.now(), vanished=Vanished.DEACTIVATE)
    assert limits(database, "part-01-01/1") == {}


@pytest.mark.parametrize(
    ("row", "field", "word"),
    [
        (("part", "01", "公用设施", "01", "上水井盖", "坏", "修", "3日"), "time_limit", "没有对应的时钟"),
        (("part", "01", "公用设施", "01", "上水井盖", "坏", "修", ""), "time_limit", "不能为空"),
        (("part", "01", "公用设施", "01", "上水井盖", "坏", "", "3天"), "closing_condition", "不能为空"),
        (("thing", "01", "公用设施", "01", "上水井盖", "坏", "修", "3天"), "kind", "部件"),
        (("part", "A", "公用设施", "01", "上水井盖", "坏", "修", "3天"), "class_code", "数字"),
        (("part", "01", "公共设施", "01", "上水井盖", "坏", "修", "3天"), "class_name", "与第 2 行不一致"),
        (("part", "01", "公用设施", "01", "水井盖", "坏", "修", "3天"), "item_name", "与第 2 行不一致"),
        (("part", "01", "公用设施", "01", "上水井盖", "缺 失", "修", "3天"), "filing_condition", "与第 2 行重复"),
        (("part", "01", "公用设施", "01", "上水井盖", "坏", "停,修", "修", "3天"), "", "错位"),
        (("part", "01", "公" * 201, "02", "井", "坏", "修", "3天"), "class_name", "过长"),
        (("part", "01", "公用设施", "01", "上水井盖", "坏", "制止、清除", "恢复路面畅通"), "time_limit", "不是时限"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_by_its_number_in_the_author_s_words(
    database: Database, units: LimitUnits, tmp_path: Path, row: tuple[str, ...], field: str, word: str
) -> None:
    preview = preview_catalogue(database, table(tmp_path, [ROWS[0], row, ROWS[4]]), units)
    (refusal,) = preview.refused
    assert (refusal.row, refusal.field) == (3, field)
    assert word in refusal.zh
    assert refusal.en
    assert len(preview.new) == 2


def test_refusals_go_back_to_the_author_as_a_table(database: Database, units: LimitUnits, tmp_path: Path) -> None:
    preview = preview_catalogue(database, table(tmp_path, ROWS), units)
    assert write_refusals(tmp_path / "refused.csv", preview.refused) == 1
    written = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[1].startswith("4,time_limit,1紧急工作时制止,")


def test_another_city_s_headers_and_words_are_mapped(database: Database, units: LimitUnits, tmp_path: Path) -> None:
    header = ("部件事件", "大类代码", "大类", "小类代码", "小类", "什么情况立案", "结案标准", "处理时限")
    path = table(tmp_path, [("部件", "1", "公用设施", "1", "上水井盖", "缺失", "补装", "2 天")], header)
    preview = preview_catalogue(database, path, units, headers={"filing_condition": "什么情况立案"})
    assert preview.new == ("part-01-01/1",)
    assert preview.refused == ()


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv"])
def test_what_was_exported_can_be_edited_and_applied_again(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock, name: str
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    assert export_catalogue(database, tmp_path / name) == 4
    again = applied(database, tmp_path / name, units, clock)
    assert (again.new, again.changed, again.unchanged, again.refused) == ((), (), 4, ())


def test_with_its_ordinal_a_standard_may_be_reworded(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    header = (*HEADER, "标准序号")
    reworded = [(*COVER, "井盖缺失", "补装", "2紧急工作时", "1"), (*COVER, "破损", "更换", "4小时", "2")]
    (change,) = applied(database, table(tmp_path, reworded, header), units, clock).changed
    assert change.code == "part-01-01/1"
    assert change.fields == {"filing_condition": ("缺失", "井盖缺失")}


def test_a_renamed_item_is_one_change(database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)
    renamed = [*ROWS[:4], ("part", "01", "公用设施", "37", "道路照明灯", "不亮", "修复", "2天")]
    changed = applied(database, table(tmp_path, renamed), units, clock)
    assert [(change.code, change.fields) for change in changed.changed] == [
        ("part-01-37", {"name": ("路灯", "道路照明灯")})
    ]
    assert changed.unchanged == 4


def test_an_item_is_found_by_the_initials_of_its_sounds_also_when_it_is_renamed(
    database: Database, units: LimitUnits, tmp_path: Path, clock: SetClock
) -> None:
    applied(database, table(tmp_path, ROWS), units, clock)

    def found(text: str) -> list[str]:
        with database.looking() as transaction:
            return [item.name for item in items(transaction, text=text)]

    assert found("ssjg") == ["上水井盖"]
    assert found("JG") == ["上水井盖"]
    assert found("ld") == ["路灯"]
    assert found("zzz") == []
    renamed = [*ROWS[:4], ("part", "01", "公用设施", "37", "道路照明灯", "不亮", "修复", "2天")]
    applied(database, table(tmp_path, renamed), units, clock)
    assert found("dlzmd") == ["道路照明灯"]
    assert found("ld") == []
