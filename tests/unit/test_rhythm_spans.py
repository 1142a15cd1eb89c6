"""What spans mean in a list: days ahead end at midnight, workdays back are so many hours of work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE, Instant, shown
from engine.definitions.spans import parse_limit
from engine.rules.rhythm_spans import horizon, idle_since
from tests.support.rhythms import OFFICE, at


@pytest.mark.parametrize(
    ("now", "span", "until"),
    [
        ("2026-03-02 16:00", "1 workday", "2026-03-04 00:00"),
        ("2026-03-06 16:00", "1 workday", "2026-03-10 00:00"),
        ("2026-02-13 16:00", "1 workday", "2026-02-15 00:00"),  # Saturday is made up for
        ("2026-02-14 16:00", "1 workday", "2026-02-25 00:00"),  # Spring Festival lies between
        ("2026-03-06 16:00", "1 day", "2026-03-08 00:00"),
        ("2026-03-06 16:00", "3 hours", "2026-03-06 19:00"),
        ("2026-03-06 16:30", "2 working hours", "2026-03-09 10:00"),
    ],
)
def test_due_within_a_span_reaches_as_far_as_people_mean(now: str, span: str, until: str) -> None:
    assert shown(horizon(parse_limit(span), OFFICE, at(now))) == until


@pytest.mark.parametrize(
    ("now", "span", "since"),
    [
        ("2026-03-09 09:00", "5 workdays", "2026-03-02 09:00"),
        ("2026-02-24 09:00", "1 workday", "2026-02-14 09:00"),
        ("2026-03-09 09:00", "3 days", "2026-03-06 09:00"),
        ("2026-03-09 09:30", "1 working hour", "2026-03-06 17:00"),
    ],
)
def test_idle_for_a_span_begins_where_so_much_work_has_passed(now: str, span: str, since: str) -> None:
    assert shown(idle_since(parse_limit(span), OFFICE, at(now))) == since


@given(
    minutes=st.integers(0, 300 * 24 * 60),
    amount=st.integers(1, 15),
    unit=st.sampled_from(["minutes", "hours", "days", "working minutes", "working hours", "workdays"]),
)
def test_a_span_lies_ahead_and_behind_and_never_shrinks_with_time(minutes: int, amount: int, unit: str) -> None:
    span, now = parse_limit(f"{amount} {unit}"), Instant(at("2026-01-05 00:00") + minutes * MINUTE)
    later = Instant(now + HOUR)
    assert idle_since(span, OFFICE, now) < now < horizon(span, OFFICE, now)
    assert idle_since(span, OFFICE, now) <= idle_since(span, OFFICE, later)
    assert horizon(span, OFFICE, now) <= horizon(span, OFFICE, later)
