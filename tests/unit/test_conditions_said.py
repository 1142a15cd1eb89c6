"""A condition in words for people."""

import pytest

from engine.definitions.loader import loads
from engine.definitions.model import Action, TaskKind, Workflow
from engine.definitions.said import said
from tests.support.loops import SHIPPED

WORKFLOWS = [loads(path.read_text(encoding="utf-8")) for path in SHIPPED]


def _conditions(definition: Workflow) -> list[tuple[Action, str | None]]:
    scopes: list[tuple[Workflow | TaskKind, str | None]] = [(definition, None)]
    scopes += [(kind, name) for name, kind in definition.tasks.items()]
    found = []
    for scope, kind in scopes:
        actions = [action for state in scope.states.values() for action in state.actions.values()]
        for request in scope.requests.values():
            actions += [request.ask, *request.answers.values()]
        found += [(action, kind) for action in actions if action.when is not None]
    return found


@pytest.mark.parametrize("definition", WORKFLOWS, ids=lambda definition: definition.key)
def test_every_condition_of_the_shipped_files_is_said_without_a_name_of_the_file(definition: Workflow) -> None:
    for action, kind in _conditions(definition):
        assert action.when is not None
        words = said(action.when, definition, kind)
        assert not any("a" <= letter <= "z" for letter in words.zh), (action.name, words.zh)
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in words.en), (action.name, words.en)


@pytest.mark.parametrize(
    ("kind", "action", "zh", "en"),
    [
        ("line", "dispute", "没有标记“指定承办，不得再退”", "not marked 'Designated'"),
        ("line", "protest", "有标记“指定承办，不得再退”", "marked 'Designated'"),
        ("line", "release", "不是主办任务", "not the task of the lead"),
        (None, "ask_back", "要求补充次数 < 2", "Times asked back < 2"),
        (None, "accept", "没有待答复的“核实”", "no open 'Verification'"),
        (None, "responded", "有“条线任务”处置中且没有待答复的“退单”", "some 'Line task' signed and no open 'Return'"),
        (
            None,
            "raised",
            "退单次数 ≥ 3或返工次数 ≥ 3或逾期未裁定 ≥ 1",
            "Returns ≥ 3 or Reworks ≥ 3 or Returns left unruled ≥ 1",
        ),
        (None, "follow", "主案已办结", "the main ticket is closed"),
    ],
)
def test_what_an_official_reads(kind: str | None, action: str, zh: str, en: str) -> None:
    definition = next(each for each in WORKFLOWS if each.key == "block-calls-line-responds")
    found = next(one for one, of in _conditions(definition) if (one.name, of) == (action, kind))
    assert found.when is not None
    words = said(found.when, definition, kind)
    assert (words.zh, words.en) == (zh, en)
