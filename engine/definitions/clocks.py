"""What deadlines and ladders make the clock do must be possible, and what the clock may do must be made by one."""

from collections.abc import Iterable, Mapping

from engine.definitions.model import CLOCK, Action, Workflow
from engine.definitions.reading import Reader
from engine.definitions.walk import actions_of


def examine(reader: Reader, workflow: Workflow) -> None:
    """Note every problem with the reader."""
    for kind in (None, *workflow.tasks):
        _Clocks(reader, workflow, kind).examine()
    _clock_is_heard(reader, workflow)


class _Clocks:
    """What deadlines and ladders make the clock do must be possible where they run."""

    def __init__(self, reader: Reader, workflow: Workflow, kind: str | None) -> None:
        self._reader, self._workflow = reader, workflow
        self._scope = workflow.scope(kind)

    def examine(self) -> None:
        for state in self._scope.states.values():
            for name in state.deadlines:
                self._then(name, state.actions, f"状态“{state.name}”", f"the state '{state.name}'")
                self._rungs(name, {})
        for request in self._scope.requests.values():
            for name in request.deadlines:
                self._then(name, request.answers, f"申请“{request.name}”", f"the request '{request.name}'")
                self._rungs(name, request.answers)

    def _then(self, name: str, actions: Mapping[str, Action], where_zh: str, where_en: str) -> None:
        deadline = self._workflow.deadlines[name]
        if deadline.then is None or _clock_may(actions.values(), deadline.then):
            return
        self._reader.refuse(
            deadline.line,
            f"时限“{name}”到期要由时钟办理“{deadline.then}”，但{where_zh}没有这个由 clock 办理的动作",
            f"'{name}' makes the clock do '{deadline.then}', but {where_en} has no such action by clock",
        )

    def _rungs(self, name: str, answers: Mapping[str, Action]) -> None:
        deadline = self._workflow.deadlines[name]
        if deadline.ladder is None:
            return
        if deadline.ladder not in self._workflow.ladders:
            self._reader.unknown(deadline.ladder, deadline.line, "阶梯", "ladder", self._workflow.ladders)
            return
        possible = [*answers.values(), *actions_of(self._scope.states, self._workflow.states)]
        for step in self._workflow.ladders[deadline.ladder]:
            if step.do is not None and not _clock_may(possible, step.do):
                self._reader.refuse(
                    step.line,
                    f"梯级要由时钟办理“{step.do}”，但没有任何状态有这个由 clock 办理的动作",
                    f"the rung makes the clock do '{step.do}', but no state has such an action by clock",
                )


def _clock_may(actions: Iterable[Action], name: str) -> bool:
    return any(action.name == name and CLOCK in action.by for action in actions)


def _clock_is_heard(reader: Reader, workflow: Workflow) -> None:
    """An action by clock that no deadline, ladder or body names would never happen."""
    fired = {deadline.then for deadline in workflow.deadlines.values()}
    fired |= {meeting.carry for meeting in workflow.meetings.values()}
    fired |= {step.do for ladder in workflow.ladders.values() for step in ladder}
    for deadline in workflow.deadlines.values():
        if deadline.ladder is not None and deadline.ladder not in workflow.ladders:
            reader.unknown(deadline.ladder, deadline.line, "阶梯", "ladder", workflow.ladders)
    for action in actions_of(workflow.states, workflow.requests, workflow.tasks):
        if CLOCK in action.by and action.name not in fired:
            reader.refuse(
                action.line,
                f"“{action.name}”由时钟办理，但没有时限或阶梯触发它",
                f"'{action.name}' is done by the clock, but no deadline or ladder makes it",
            )
