"""History that nobody can quietly edit: canonical bytes, and each event's hash over the one before it."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.chain import canonical, event_hash, personal_digest
from engine.rules.draft import header
from engine.vocabulary import ALGORITHMS
from tests.support.cases import URBAN, Cast, Story

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(_VALUES)
def test_the_same_facts_are_always_the_same_bytes(value: object) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert unicodedata.is_normalized("NFC", text)


def test_the_order_of_keys_and_the_way_of_writing_accents_make_no_difference() -> None:
    assert canonical({"b": 1, "a": "e\u0301"}) == canonical({"a": "\u00e9", "b": 1}) == '{"a":"é","b":1}'


@pytest.mark.parametrize("value", [1.0, float("nan"), [0.5], {"a": {"b": 2.5}}])
def test_a_float_cannot_stand_in_the_history(value: object) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_part_of_an_event_is_under_its_hash(algorithm: str) -> None:
    parts = ["", "[1]", "{}", "d"]
    plain = event_hash(algorithm, *parts)
    assert len(plain) == 64
    for at in range(4):
        changed = [part + "x" if index == at else part for index, part in enumerate(parts)]
        assert event_hash(algorithm, *changed) != plain


def test_what_moves_from_one_part_to_the_next_changes_the_hash() -> None:
    assert event_hash("sha256", "a", "bc", "d", "") != event_hash("sha256", "ab", "c", "d", "")


def test_the_algorithm_is_under_the_hash_and_an_unknown_one_is_refused() -> None:
    assert event_hash("sm3", "", "[]", "{}", "") != event_hash("sha256", "", "[]", "{}", "")
    with pytest.raises(ValueError, match="md5"):
        event_hash("md5", "", "[]", "{}", "")


def test_the_same_words_have_another_digest_under_another_salt() -> None:
    """Without the random bytes a phone number could be found by trying all of them."""
    assert personal_digest("sha256", b"1" * 32, "13800000000") != personal_digest("sha256", b"2" * 32, "13800000000")


def test_each_event_is_chained_behind_the_one_before_it() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    previous = ""
    for event in story.events:
        columns = (
            story.case.ticket.id, event.seq, event.at, event.recorded_at, event.source, event.action, event.scope,
            event.task_seq, event.request_seq, event.actor, event.person_id, event.post, event.department_id,
            event.behalf_of, event.state_from, event.state_to, event.stage,
        )  # fmt: skip
        digest = personal_digest("sha256", event.salt, event.personal) if event.personal else ""
        assert digest == event.personal_digest
        assert event_hash("sha256", previous, header(columns), event.facts, digest) == event.hash
        previous = event.hash
    assert story.case.ticket.head == previous


def test_the_same_act_on_two_tickets_has_two_hashes() -> None:
    one, other = Story().reported(), Story().reported()
    assert one.events[0].hash != other.events[0].hash


def test_events_keep_the_algorithm_that_they_were_hashed_with() -> None:
    story = Story().reported()
    story.do(Cast.shen, "accept", algorithm="sm3")
    assert [event.algorithm for event in story.events] == ["sha256", "sm3"]
