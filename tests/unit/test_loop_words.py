import pytest

from engine.definitions.loader import loads
from engine.definitions.model import Title, Workflow
from engine.definitions.names import LOOP_WORDS
from engine.definitions.said import said
from engine.errors import DefinitionError
from tests.support.loops import SMALL

OWN = """words:
  ticket: 线索 / Clue
  main: 主线索 / Main clue
  closed: 销号 / Struck off
  主办: 牵头 / Leading
  co: 配合 / Supporting
"""


def _with(words: str) -> Workflow:
    return loads(SMALL.replace("calendar: cn-mainland\n", "calendar: cn-mainland\n" + words))


def _condition(loop: Workflow, action: str) -> Title:
    found = next(state.actions[action] for state in loop.states.values() if action in state.actions)
    assert found.when is not None
    return said(found.when, loop, None)


def test_a_file_without_words_speaks_the_usual_ones() -> None:
    assert _with("").words == LOOP_WORDS


def test_own_words_stand_in_the_place_of_the_usual_ones() -> None:
    loop = _with(OWN)
    assert loop.words["closed"] == Title("销号", "Struck off")
    assert loop.words["lead"].zh == "牵头"
    assert loop.fields["lead"].title == Title("牵头部门", "Leading department")


def test_a_condition_is_said_in_them() -> None:
    assert _condition(_with(""), "follow") == Title("主案已办结", "the main ticket is closed")
    assert _condition(_with(OWN), "follow") == Title("主线索已销号", "the main clue is struck off")


@pytest.mark.parametrize(
    ("words", "zh"),
    [
        ("words: {tiket: 线索}\n", "是否想写“ticket”"),
        ('words: {ticket: " / Clue"}\n', "缺少中文"),
        ("words: [线索]\n", "应为"),
    ],
)
def test_a_word_that_nothing_uses_is_refused(words: str, zh: str) -> None:
    with pytest.raises(DefinitionError) as found:
        _with(words)
    assert zh in str(found.value.details.get("all", found.value))
