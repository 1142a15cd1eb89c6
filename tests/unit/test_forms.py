"""Forms: whatever comes in, the answer is clean values or the name of the first field at fault."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.definitions.model import Field, FieldType, FormItem, Need, Title
from engine.definitions.names import STANDARD_FIELDS
from engine.errors import HuyingError, Malformed
from engine.rules.acts import Decision
from engine.rules.case import DepartmentRef, TicketRef
from engine.rules.chain import canonical
from engine.rules.forms import LONGEST_NAME, LONGEST_TEXT, MOST_VALUES, Filled, fill
from engine.vocabulary import StateType
from tests.support.cases import MONDAY, PLACE, REFERENCES, Cast, Story


def _field(type_: FieldType, **options: Any) -> Field:
    return Field(name="it", title=Title("此项", "It"), type=type_, **options)


CHOICES = {"area": Title("属地不符", "Wrong area"), "beyond": Title("超出职责", "Beyond duty")}
FIELDS = {type_: _field(type_, of=CHOICES if type_ is FieldType.CHOICE else {}) for type_ in FieldType}


def _fill(field: Field, value: Any, need: Need = Need.ONE, **options: Any) -> Filled | HuyingError:
    return fill([FormItem(field, need)], {field.name: value}, REFERENCES, MONDAY, **options)


def _clean(field: Field, value: Any, need: Need = Need.ONE) -> Any:
    filled = _fill(field, value, need)
    assert isinstance(filled, Filled), filled
    return filled.get(field.name)


def _refused(field: Field, value: Any, need: Need = Need.ONE) -> Malformed:
    refusal = _fill(field, value, need)
    assert isinstance(refusal, Malformed), f"{value!r:.60} was taken"
    assert refusal.place.field == field.name
    assert refusal.zh
    assert refusal.en
    assert len(refusal.message) < 1000
    return refusal


BAD: list[tuple[FieldType, Any]] = [
    (FieldType.TEXT, "灯" * 100_000),
    (FieldType.TEXT, "灯" * (LONGEST_TEXT + 1)),
    (FieldType.TEXT, "   \n\t "),
    (FieldType.TEXT, "\u3000\u00a0"),
    (FieldType.TEXT, "一\x00二"),
    (FieldType.TEXT, "一\x1b[31m二"),
    (FieldType.TEXT, "一\x7f二"),
    (FieldType.TEXT, "一\x85二"),
    (FieldType.TEXT, "一\u202e二"),
    (FieldType.TEXT, "一\u2066二"),
    (FieldType.TEXT, "一\ufeff二"),
    (FieldType.TEXT, "一\ud800二"),
    (FieldType.TEXT, "\udfff"),
    (FieldType.TEXT, 17),
    (FieldType.TEXT, True),
    (FieldType.TEXT, {"zh": "一"}),
    (FieldType.TEXT, b"bytes"),
    (FieldType.CHOICE, "unclear"),
    (FieldType.CHOICE, "属地不符"),
    (FieldType.CHOICE, ["area", "beyond"]),
    (FieldType.CHOICE, {"area": True}),
    (FieldType.CHOICE, 0),
    (FieldType.DATE, "1900-01-01"),
    (FieldType.DATE, "1999-12-31"),
    (FieldType.DATE, "2100-01-02"),
    (FieldType.DATE, "9999-12-31"),
    (FieldType.DATE, "2026-02-30"),
    (FieldType.DATE, "2026-13-01"),
    (FieldType.DATE, "2026-3-1"),
    (FieldType.DATE, "20260301"),
    (FieldType.DATE, "2026-W10-1"),
    (FieldType.DATE, "2026-03-01T00:00"),
    (FieldType.DATE, "二〇二六年三月"),
    (FieldType.DATE, "２０２６-03-01"),
    (FieldType.DATE, 20260301),
    (FieldType.DATE, 1e9),
    (FieldType.MEETING, "1900-01-01"),
    (FieldType.NUMBER, float("nan")),
    (FieldType.NUMBER, float("inf")),
    (FieldType.NUMBER, 1e22),
    (FieldType.NUMBER, 10**5000),
    (FieldType.NUMBER, -(10**16)),
    (FieldType.NUMBER, True),
    (FieldType.NUMBER, "1,000"),
    (FieldType.NUMBER, "0x10"),
    (FieldType.NUMBER, "1e3"),
    (FieldType.NUMBER, "--1"),
    (FieldType.NUMBER, "1\n"),
    (FieldType.NUMBER, "٣"),
    (FieldType.NUMBER, [1, 2]),
    (FieldType.STARS, 0),
    (FieldType.STARS, 6),
    (FieldType.STARS, -1),
    (FieldType.STARS, 5.0),
    (FieldType.STARS, True),
    (FieldType.STARS, 10**5000),
    (FieldType.STARS, "五"),
    (FieldType.STARS, "²"),
    (FieldType.YES_NO, "maybe"),
    (FieldType.YES_NO, 1),
    (FieldType.YES_NO, {}),
    (FieldType.DEPARTMENT, "nobody"),
    (FieldType.DEPARTMENT, "URBAN"),
    (FieldType.DEPARTMENT, "urban\x00"),
    (FieldType.DEPARTMENT, 11),
    (FieldType.DEPARTMENT, {"code": "urban"}),
    (FieldType.AREA, "atlantis"),
    (FieldType.PERSON, "nobody"),
    (FieldType.TICKET, "20260302-999999"),
    (FieldType.ITEM, "part-99-99"),
    (FieldType.PHOTO, "a" * 64),
    (FieldType.PHOTO, "../../etc/passwd"),
    (FieldType.FILE, ["file-1", "file-1"]),
    (FieldType.PLACE, "micro"),
    (FieldType.PLACE, {}),
    (FieldType.PLACE, {"area": "atlantis"}),
    (FieldType.PLACE, {"area": ["micro"]}),
    (FieldType.PLACE, {"area": {"micro": 1}}),
    (FieldType.PLACE, {"area": None, "lon_e7": 1}),
    (FieldType.PLACE, {"area": "micro", "lon_e7": 1.5}),
    (FieldType.PLACE, {"area": "micro", "lon_e7": float("nan")}),
    (FieldType.PLACE, {"area": "micro", "lon_e7": 10**30, "lat_e7": 0}),
    (FieldType.PLACE, {"area": "micro", "lon_e7": 0, "lat_e7": 910_000_000}),
    (FieldType.PLACE, {"area": "micro", "anything": {"else": [1.5]}}),
    (FieldType.PLACE, {"area": "micro", "datum": "\ud800"}),
    (FieldType.PLACE, [{"area": "micro"}, {"area": "micro"}]),
]


@pytest.mark.parametrize(("type_", "value"), BAD, ids=[f"{bad[0]}-{at}" for at, bad in enumerate(BAD)])
def test_what_is_no_such_value_is_refused_naming_the_field(type_: FieldType, value: Any) -> None:
    _refused(FIELDS[type_], value)


@pytest.mark.parametrize("type_", FieldType)
@pytest.mark.parametrize("value", [None, "", []])
def test_an_empty_value_is_no_value(type_: FieldType, value: Any) -> None:
    _refused(FIELDS[type_], value)
    assert _clean(FIELDS[type_], value, Need.MAYBE) is None


_JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(min_value=10**300),
        st.floats(),
        st.text(st.characters()),
        st.binary(max_size=8),
        st.sampled_from(["urban", "micro", "2026-03-01", "5", "yes", "area", "photo-1", "\ud800", "\x00"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["area", "lon_e7", "lat_e7", "lon", "datum", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(FieldType)), st.sampled_from(list(Need)), _JUNK)
def test_nothing_that_comes_in_breaks_a_form_and_what_is_taken_can_be_hashed(
    type_: FieldType, need: Need, junk: Any
) -> None:
    answer = _fill(FIELDS[type_], junk, need)
    if isinstance(answer, HuyingError):
        assert isinstance(answer, Malformed)
        assert answer.place.field == "it"
        canonical(answer.message).encode()
        return
    canonical(answer.facts).encode()
    canonical(answer.personal).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*STANDARD_FIELDS, "x", "\ud800", "头" * 50]), _JUNK, max_size=6))
def test_nothing_that_comes_in_with_a_report_breaks_the_decision(form: dict[str, Any]) -> None:
    story = Story()
    answer = story.tried(Cast.wang, "report", form=form)
    if not isinstance(answer, Decision):
        assert isinstance(answer, Malformed)
        assert answer.place.field


def test_a_field_that_the_form_does_not_have_is_refused_and_not_dropped() -> None:
    items = [FormItem(FIELDS[FieldType.TEXT], Need.ONE)]
    for name in ("other", "", "it ", "头" * 100_000, "\x00", "\ud800"):
        refusal = fill(items, {"it": "一", name: "二"}, REFERENCES, MONDAY)
        assert isinstance(refusal, Malformed)
        assert len(refusal.message) < 1000
        refusal.message.encode()


def test_too_many_values_are_refused() -> None:
    departments = FIELDS[FieldType.DEPARTMENT]
    _refused(departments, ["urban", "water"])
    _refused(departments, ["urban"] * (MOST_VALUES + 1), Need.SOME)
    assert _clean(departments, ["urban", "water"], Need.SOME) == ["urban", "water"]


def test_a_value_given_twice_is_refused() -> None:
    _refused(FIELDS[FieldType.DEPARTMENT], ["urban", "urban"], Need.ANY)


def test_a_department_may_be_bound_to_kinds_of_unit() -> None:
    known = replace(REFERENCES, departments={"jw": DepartmentRef(7, "jw", None, "浦江居委", "village"),
                                             "sw": DepartmentRef(8, "sw", None, "水务局", "bureau")})  # fmt: skip
    item = FormItem(_field(FieldType.DEPARTMENT, kinds=frozenset({"village"})), Need.ONE)
    taken, refused = fill([item], {"it": "jw"}, known, MONDAY), fill([item], {"it": "sw"}, known, MONDAY)
    assert isinstance(taken, Filled)
    assert isinstance(refused, Malformed)
    assert "只能选居村组织，“水务局”不是" in refused.zh
    assert "village" in refused.en


def test_text_is_stored_in_one_form_with_its_ends_trimmed() -> None:
    text = FIELDS[FieldType.TEXT]
    assert _clean(text, "  路灯\r\n不亮\r ") == "路灯\n不亮"
    assert _clean(text, "e\u0301") == "\u00e9"
    assert _clean(text, "灯" * LONGEST_TEXT) == "灯" * LONGEST_TEXT
    assert _clean(text, "家庭 👨‍👩‍👧 与\t制表") == "家庭 👨‍👩‍👧 与\t制表"


@pytest.mark.parametrize("name", ["contact_name", "contact_phone"])
def test_a_persons_name_and_number_are_short(name: str) -> None:
    _refused(STANDARD_FIELDS[name], "张" * (LONGEST_NAME + 1))
    assert _clean(STANDARD_FIELDS[name], "张" * LONGEST_NAME)


def test_numbers_keep_their_digits_and_are_never_floats() -> None:
    number = FIELDS[FieldType.NUMBER]
    assert _clean(number, "0017") == 17
    assert _clean(number, -5) == -5
    assert _clean(number, "3.50") == "3.50"
    assert _clean(number, 2.5) == "2.5"


def test_stars_come_as_numbers_or_as_a_page_sends_them() -> None:
    assert [_clean(FIELDS[FieldType.STARS], value) for value in (1, 5, "3")] == [1, 5, 3]


@pytest.mark.parametrize(
    ("value", "word"),
    [(True, "yes"), ("yes", "yes"), ("on", "yes"), ("true", "yes"), (False, "no"), ("no", "no"), ("false", "no")],
)
def test_yes_and_no_are_stored_as_the_words_that_conditions_read(value: Any, word: str) -> None:
    assert _clean(FIELDS[FieldType.YES_NO], value) == word


def test_personal_values_stay_apart_from_the_facts() -> None:
    phone = _field(FieldType.TEXT, personal=True)
    filled = _fill(phone, "13800000000")
    assert isinstance(filled, Filled)
    assert (filled.facts, filled.personal) == ({}, {"it": "13800000000"})


def test_a_place_keeps_what_the_edge_made_of_it_and_nothing_else() -> None:
    place = {**PLACE, "lon_e7": 1_214_737_000, "lat_e7": 312_304_000, "datum": "gcj02", "accuracy_m": None}
    assert _clean(FIELDS[FieldType.PLACE], place) == {
        "area": "micro",
        "lon_e7": 1_214_737_000,
        "lat_e7": 312_304_000,
        "datum": "gcj02",
    }


@pytest.mark.parametrize("type_", [FieldType.PHOTO, FieldType.FILE])
def test_an_old_systems_history_may_lack_its_photos_and_says_which(type_: FieldType) -> None:
    filled = _fill(FIELDS[type_], None, Need.SOME, evidence=False)
    assert isinstance(filled, Filled)
    assert filled.waived == ["it"]


def test_an_old_systems_history_may_not_lack_anything_else() -> None:
    assert isinstance(_fill(FIELDS[FieldType.TEXT], None, evidence=False), Malformed)


def test_the_first_field_at_fault_is_named_in_the_order_of_the_form() -> None:
    story = Story()
    refusal = story.tried(Cast.wang, "report", form={"before_photos": ["no"]})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == "description"


def test_a_refused_form_changes_nothing() -> None:
    story = Story().reported()
    before = story.case.ticket.version
    assert story.refused(Cast.shen, "accept", form={"item": "part-99-99"}).place.field == "item"
    assert (story.state, story.case.ticket.version) == ("reported", before)


def test_a_main_ticket_that_is_not_there_cannot_be_joined() -> None:
    story = Story().reported()
    there = TicketRef(1, "20260302-000001", "filed", StateType.WAITING, None)
    story.references.tickets["20260302-000001"] = there
    refusal = story.refused(Cast.shen, "join", form={"ticket": "20260302-000002"})
    assert refusal.place.field == "ticket"
