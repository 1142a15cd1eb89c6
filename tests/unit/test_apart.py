"""间隔：`apart` as a file says it; what it does is told in `tests/acceptance/test_block_calls.py`."""

import pytest

from engine.clock import HOUR, Instant
from engine.definitions.spans import parse_limit
from engine.rules.memory import Memory
from engine.rules.worktime import continuous


@pytest.mark.parametrize(("text", "hours"), [("2 hours", 2), ("2小时", 2), ("1 days", 24)])
def test_apart_is_measured_on_the_clock_that_never_stands_still(text: str, hours: int) -> None:
    assert continuous(parse_limit(text)) == hours * HOUR


def test_the_moment_of_the_last_time_is_kept_on_the_row_and_never_shared() -> None:
    memory = Memory(moments={"no_answer": Instant(7)})
    assert Memory.from_json(memory.to_json()) == memory
    memory.clone().moments.clear()
    assert memory.moments == {"no_answer": Instant(7)}
