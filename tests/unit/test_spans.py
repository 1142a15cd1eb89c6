"""Time limits and rungs as they stand in workflow files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.spans import (
    Counting,
    Limit,
    Offset,
    Rung,
    Share,
    Side,
    SpanError,
    Unit,
    parse_limit,
    parse_rung,
)


def limit(amount: int, unit: Unit) -> Limit:
    return Limit(amount=amount, unit=unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 working minutes", limit(30, Unit.WORKING_MINUTES)),
        ("4 working hours", limit(4, Unit.WORKING_HOURS)),
        ("1 working hour", limit(1, Unit.WORKING_HOURS)),
        ("15 minutes", limit(15, Unit.MINUTES)),
        ("2 hours", limit(2, Unit.HOURS)),
        ("15 days", limit(15, Unit.DAYS)),
        ("1 day", limit(1, Unit.DAYS)),
        ("5 workdays", limit(5, Unit.WORKDAYS)),
        ("1 workday", limit(1, Unit.WORKDAYS)),
        ("5个工作日", limit(5, Unit.WORKDAYS)),
        ("5工作日", limit(5, Unit.WORKDAYS)),
        ("4个工作小时", limit(4, Unit.WORKING_HOURS)),
        ("30个工作分钟", limit(30, Unit.WORKING_MINUTES)),
        ("2小时", limit(2, Unit.HOURS)),
        ("2个小时", limit(2, Unit.HOURS)),
        ("30分钟", limit(30, Unit.MINUTES)),
        ("15个自然日", limit(15, Unit.DAYS)),
        (" 15  Days ", limit(15, Unit.DAYS)),
        ("５ 个工作日", limit(5, Unit.WORKDAYS)),
    ],
)
def test_a_limit_reads_in_english_and_chinese(text: str, expected: Limit) -> None:
    assert parse_limit(text) == expected


@pytest.mark.parametrize("text", ["7天", "7 天", "7个天", "15日"])
def test_a_day_that_may_be_either_is_refused_with_both_ways_out(text: str) -> None:
    with pytest.raises(SpanError) as refusal:
        parse_limit(text)
    assert "自然日" in refusal.value.zh
    assert "工作日" in refusal.value.zh
    assert "calendar days" in refusal.value.en
    assert "workdays" in refusal.value.en


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0 hours", "zero"),
        ("-3 days", "negative"),
        ("−3 days", "negative"),
        ("+3 days", "plus"),
        ("1.5 hours", "whole number"),
        ("1,000 hours", "whole number"),
        ("5", "no unit"),
        (7, "no unit"),
        (1.5, "no unit"),
        ("4000 days", "too long"),
        ("999999999999999999999999 hours", "too long"),
        ("9" * 5000 + " minutes", "too long"),
        ("2 weeks", "days or workdays"),
        ("1个月", "days or workdays"),
        ("1年", "days or workdays"),
        ("3 working days", "workdays"),
        ("3 business days", "workdays"),
        ("3 fortnights", "unknown unit"),
        ("2紧急工作时", "unknown unit"),
        ("5 h", "unknown unit"),
        ("P1D", "isn't read"),
        ("PT24H", "isn't read"),
        ("-p1d", "isn't read"),
        ("five days", "no time limit"),
        ("", "no time limit"),
        (None, "no time limit"),
        (True, "no time limit"),
        (["5 days"], "no time limit"),
    ],
)
def test_what_is_no_limit_is_refused_with_its_reason(value: object, why: str) -> None:
    with pytest.raises(SpanError) as refusal:
        parse_limit(value)
    assert why in refusal.value.en
    assert refusal.value.zh
    assert len(str(refusal.value)) < 400


def test_a_refusal_is_a_value_error_that_takes_its_place_from_the_loader() -> None:
    with pytest.raises(ValueError, match=r"没有单位.* / .*has no unit"):
        parse_limit("5")


def test_the_legal_convention_is_for_days_only() -> None:
    assert parse_limit("15 days", counting=Counting.DAYS).counting is Counting.DAYS
    with pytest.raises(SpanError, match="2 hours are not counted in days"):
        parse_limit("2 hours", counting=Counting.DAYS)


def test_a_catalogue_limit_in_hours_ignores_the_convention_of_its_deadline() -> None:
    assert parse_limit("4小时").counted(Counting.DAYS) == parse_limit("4 hours")
    assert parse_limit("3 workdays").counted(Counting.DAYS) == parse_limit("3 workdays", counting=Counting.DAYS)


def test_an_extension_adds_the_original_limit() -> None:
    assert parse_limit("5 workdays", counting=Counting.DAYS).times(2) == parse_limit(
        "10 workdays", counting=Counting.DAYS
    )


def test_a_limit_of_nothing_cannot_be_made_at_all() -> None:
    with pytest.raises(SpanError):
        Limit(amount=0, unit=Unit.DAYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("70%", Share(70)),
        ("70 %", Share(70)),
        ("７０％", Share(70)),
        ("100%", Share(100)),
        ("+5 workdays", Offset(Side.AFTER, limit(5, Unit.WORKDAYS))),
        ("+1 workday", Offset(Side.AFTER, limit(1, Unit.WORKDAYS))),
        ("-3 days", Offset(Side.BEFORE, limit(3, Unit.DAYS))),
        ("−3 days", Offset(Side.BEFORE, limit(3, Unit.DAYS))),
        ("- 3 days", Offset(Side.BEFORE, limit(3, Unit.DAYS))),
        ("+5个工作日", Offset(Side.AFTER, limit(5, Unit.WORKDAYS))),
        ("到期前3个自然日", Offset(Side.BEFORE, limit(3, Unit.DAYS))),
        ("到期后 2小时", Offset(Side.AFTER, limit(2, Unit.HOURS))),
    ],
)
def test_a_rung_is_a_share_or_lies_before_or_after_the_due_time(text: str, expected: Rung) -> None:
    assert parse_rung(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "0%",
        "101%",
        "-5%",
        "7.5%",
        "%",
        "5 workdays",
        "+5",
        "+5天",
        "+0 days",
        "--3 days",
        "+-3 days",
        "+P1D",
        70,
        None,
        "",
    ],
)
def test_what_is_no_rung_is_refused(value: object) -> None:
    with pytest.raises(SpanError) as refusal:
        parse_rung(value)
    assert refusal.value.zh
    assert refusal.value.en


amounts = st.integers(1, 3650)
limits = st.builds(Limit, amount=amounts, unit=st.sampled_from(Unit)) | st.builds(
    Limit, amount=amounts, unit=st.sampled_from([Unit.DAYS, Unit.WORKDAYS]), counting=st.just(Counting.DAYS)
)
rungs = st.builds(Share, st.integers(1, 100)) | st.builds(Offset, st.sampled_from(Side), limits)


@given(limits)
def test_a_limit_survives_being_written_in_either_language(one: Limit) -> None:
    assert parse_limit(str(one), counting=one.counting) == one
    assert parse_limit(one.zh, counting=one.counting) == one


@given(rungs)
def test_a_rung_survives_being_written_in_either_language(one: Rung) -> None:
    counting = one.limit.counting if isinstance(one, Offset) else None
    assert parse_rung(str(one), counting=counting) == one
    assert parse_rung(one.zh, counting=counting) == one


def read(text: str) -> Limit | SpanError:
    try:
        return parse_limit(text)
    except SpanError as refusal:
        return refusal


@given(st.text(max_size=30) | st.from_regex(r"[+-]?[0-9]{1,4} ?[a-z个工作日小时天%]{0,12}", fullmatch=True))
def test_any_text_is_read_or_refused_in_both_languages(text: str) -> None:
    answer = read(text)
    if isinstance(answer, SpanError):
        assert answer.zh
        assert answer.en
    else:
        assert read(str(answer)) == answer
