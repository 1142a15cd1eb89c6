"""Windows: a deadline until which something may be asked is no duty; every other one is."""

import pytest

from engine.definitions.model import Workflow
from engine.definitions.windows import windows
from tests.support.door import shipped


@pytest.mark.parametrize("loop", [loop for loop in shipped() if "object" in loop.deadlines], ids=lambda loop: loop.key)
def test_the_time_for_a_return_is_a_window_and_the_limits_of_work_are_none(loop: Workflow) -> None:
    assert windows(loop) == {"object"}
    works = {"sign", "contact", "handle", "decide"} & loop.deadlines.keys()
    assert works
    assert not works & windows(loop)


@pytest.mark.parametrize(
    "loop", [loop for loop in shipped() if "object" not in loop.deadlines], ids=lambda loop: loop.key
)
def test_a_loop_without_a_time_for_return_has_no_window(loop: Workflow) -> None:
    assert windows(loop) == frozenset()
