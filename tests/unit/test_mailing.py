"""What becomes of the messages that wait for one person."""

from typing import Any

import pytest

from engine.clock import DAY, HOUR, MINUTE, SECOND, Instant
from engine.rules.mailing import FIRST_WAIT, LONGEST_TOGETHER, MOST_TRIES, Plan, Waiting, next_try, plan
from engine.rules.wishes import Digest, Wishes, quiet_hours
from tests.support.cases import MONDAY

QUIET = quiet_hours("21:30-07:30")
NIGHT = Instant(MONDAY + 14 * HOUR)  # 23:00
MORNING = Instant(MONDAY + 22 * HOUR + 30 * MINUTE)  # 07:30 of the next day


def message(origin: str = "one", now: Instant = MONDAY, **more: Any) -> Waiting:
    """One that is due."""
    return Waiting(origin=origin, **{"posted": Instant(now - MINUTE), "next_at": now, **more})


def planned(*rows: Waiting, now: Instant = MONDAY, **wished: Any) -> Plan:
    return plan(rows, Wishes(**wished), QUIET, now)


def sent(made: Plan) -> list[str]:
    return [one.origin for one in made.send]


def test_everything_due_goes_together() -> None:
    assert sent(planned(message("a"), message("b"), message("c"))) == ["a", "b", "c"]


def test_what_is_about_to_come_due_is_waited_for() -> None:
    coming = message("b", next_at=Instant(MONDAY + 5 * SECOND))
    assert planned(message("a"), coming) == Plan()
    later = Instant(MONDAY + 5 * SECOND)
    assert sent(planned(message("a"), coming, now=later)) == ["a", "b"]


def test_what_is_due_waits_for_others_a_minute_at_most() -> None:
    waits = message("a", next_at=Instant(MONDAY - LONGEST_TOGETHER))
    assert sent(planned(waits, message("b", next_at=Instant(MONDAY + SECOND)))) == ["a"]


def test_what_comes_much_later_is_not_waited_for() -> None:
    assert sent(planned(message("a"), message("b", next_at=MORNING))) == ["a"]


def test_at_night_everything_waits_for_the_morning() -> None:
    made = planned(message("a", now=NIGHT), message("b", now=NIGHT), now=NIGHT)
    assert (sent(made), made.later) == ([], {MORNING: ["a", "b"]})


def test_what_is_urgent_comes_at_night_alone_if_its_person_allows_it() -> None:
    urgent, other = message("a", now=NIGHT, urgent=True), message("b", now=NIGHT)
    made = planned(urgent, other, now=NIGHT, urgent=True)
    assert (sent(made), made.later) == (["a"], {MORNING: ["b"]})
    made = planned(urgent, other, now=NIGHT)
    assert (sent(made), made.later) == ([], {MORNING: ["a", "b"]})


def test_a_digest_puts_each_off_to_its_own_time() -> None:
    old = message("a", posted=Instant(MONDAY - DAY))
    made = planned(old, message("b", posted=MONDAY), digest=Digest.DAILY)
    assert (sent(made), made.later) == (["a"], {Instant(MONDAY + DAY - 30 * MINUTE): ["b"]})


def test_nobody_gets_two_texts_at_a_time() -> None:
    under_way = message("a", claimed=True, attempts=1, next_at=Instant(MONDAY + MINUTE))
    assert planned(under_way, message("b")) == Plan()


def test_a_claim_that_was_never_answered_is_taken_again() -> None:
    lost = message("a", claimed=True, attempts=1)
    assert sent(planned(lost, message("b"))) == ["a", "b"]


def test_a_claim_that_was_never_answered_eight_times_is_given_up() -> None:
    made = planned(message("a", claimed=True, attempts=MOST_TRIES), message("b"))
    assert (made.dead, sent(made)) == (["a"], ["b"])


def test_after_a_failure_what_comes_new_waits_for_the_next_try() -> None:
    again = Instant(MONDAY + 10 * MINUTE)
    made = planned(message("a", attempts=2, next_at=again), message("b"))
    assert (sent(made), made.later) == ([], {again: ["b"]})
    made = planned(message("a", attempts=2, next_at=again), message("b", next_at=again), now=again)
    assert sent(made) == ["a", "b"]


def test_what_is_urgent_and_allowed_tries_at_once_whatever_failed_before() -> None:
    failed = message("a", attempts=2, next_at=MORNING)
    assert sent(planned(failed, message("b", now=NIGHT, urgent=True), now=NIGHT, urgent=True)) == ["b"]


@pytest.mark.parametrize("settled", [message("a", read=True), message("a", visible=False)])
def test_what_was_read_or_may_not_be_seen_any_more_stays_in_the_inbox(settled: Waiting) -> None:
    made = planned(settled, message("b"))
    assert (made.keep, sent(made)) == (["a"], ["b"])


def test_what_was_read_is_not_waited_for() -> None:
    read = message("a", read=True, next_at=Instant(MONDAY + SECOND))
    assert sent(planned(read, message("b"))) == ["b"]


def test_each_wait_is_three_times_the_one_before_and_the_eighth_failure_is_the_last() -> None:
    waits = [next_try(attempts, MONDAY, 0.5) for attempts in range(1, MOST_TRIES + 1)]
    assert waits == [*(Instant(MONDAY + FIRST_WAIT * 3**power) for power in range(MOST_TRIES - 1)), None]
    assert 9 * HOUR < sum(at - MONDAY for at in waits if at is not None) < 10 * HOUR


def test_what_failed_together_is_not_tried_again_together() -> None:
    earliest, latest = next_try(1, MONDAY, 0.0), next_try(1, MONDAY, 1.0)
    assert (earliest, latest) == (MONDAY + FIRST_WAIT * 3 // 4, MONDAY + FIRST_WAIT * 5 // 4)
