"""A catalogue's limits on named clocks: what the owner declared is read, what nobody declared is refused."""

from pathlib import Path

import pytest

from engine.errors import DefinitionError, Malformed
from engine.exchange.limit_units import CatalogueLimit, LimitUnits, read_units, shipped

UNITS = LimitUnits.of(
    {"小时": "工作小时", "紧急工作时": "小时", "天": "工作日", "紧急工作日": "自然日"},
    steps=["制止", "处置"],
    none=["无"],
)


@pytest.mark.parametrize(
    ("text", "limit", "first"),
    [
        ("4小时", "4 working hours", ""),
        ("1紧急工作时", "1 hour", ""),
        ("2 天", "2 workdays", ""),
        ("２紧急工作日", "2 days", ""),
        ("3天处置", "3 workdays", ""),
        ("1紧急工作时制止，5天处置", "5 workdays", "1 hour"),
        ("制止1紧急工作时；处置5天", "5 workdays", "1 hour"),
        ("1紧急工作时制止、5天", "5 workdays", "1 hour"),
        ("无", "", ""),
    ],
)
def test_a_limit_of_the_catalogue_gets_a_named_clock(text: str, limit: str, first: str) -> None:
    read = UNITS.read(text)
    assert (read.limit, read.first) == (limit, first)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1紧急工作时制止", "没有“处置”的时限"),
        ("3日", "单位“日”没有对应的时钟"),
        ("3天内", "单位“天内”没有对应的时钟"),
        ("5天处置，1紧急工作时制止", "不止一个时限"),
        ("1天，2天，3天", "不止一个时限"),
        ("1.5小时", "不是时限"),
        ("2-4小时", "单位|不是时限"),
        ("两小时", "不是时限"),
        ("制止、清除", "不是时限"),
        ("", "不是时限"),
        ("0天", "大于零|为零"),
        ("99999天", "过长"),
        ("天", "不是时限"),
    ],
)
def test_what_the_owner_did_not_declare_is_refused_not_guessed(text: str, word: str) -> None:
    with pytest.raises(Malformed, match=word):
        UNITS.read(text)


def test_a_unit_that_the_engine_finds_ambiguous_cannot_be_mapped_to() -> None:
    with pytest.raises(Malformed, match="有歧义"):
        LimitUnits.of({"天": "天"})


def test_without_steps_two_limits_are_one_too_many() -> None:
    with pytest.raises(Malformed, match="不止一个时限"):
        LimitUnits.of({"天": "工作日"}).read("1天，5天")


def test_steps_are_none_or_two() -> None:
    with pytest.raises(Malformed, match="两个词"):
        LimitUnits.of({"天": "工作日"}, steps=["制止"])


def test_the_shipped_mapping_says_how_each_unit_is_counted() -> None:
    units = read_units(shipped())
    assert {unit: units.read(f"1{unit}") for unit in ("小时", "紧急工作时", "天", "紧急工作日")} == {
        "小时": CatalogueLimit(limit="1 working hour", units=("小时",)),
        "紧急工作时": CatalogueLimit(limit="1 hour", units=("紧急工作时",)),
        "天": CatalogueLimit(limit="1 workday", units=("天",)),
        "紧急工作日": CatalogueLimit(limit="1 day", units=("紧急工作日",)),
    }


@pytest.mark.parametrize(
    ("text", "word", "line"),
    [
        ("units:\n  天: 天\n", "有歧义", 2),
        ("units: {天: 工作日}\nunit: {}\n", "unit", 2),
        ("steps: [制止, 处置]\n", "缺少 units", 1),
        ("units: {天: 工作日}\nsteps: [制止]\n", "两个词", 2),
        ("units:\n  天: 工作日\n  天: 自然日\n", "已经写过", 3),
    ],
)
def test_a_wrong_mapping_is_refused_at_its_line(tmp_path: Path, text: str, word: str, line: int) -> None:
    path = tmp_path / "limit-units.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=word) as refused:
        read_units(path)
    assert refused.value.place.line == line
