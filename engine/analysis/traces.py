"""A way that the walk through a file has found, in the file's own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from engine.analysis.soundness import Finding, Step
from engine.definitions.machine import BEFORE
from engine.definitions.model import CLOCK, RULE, Title, Workflow
from engine.errors import DefinitionError, Place

#: What another ticket does, as the actor of a step.
ANOTHER = "another"
_MACHINES = {
    CLOCK: Title("时钟", "the clock"),
    RULE: Title("规则", "a rule"),
    ANOTHER: Title("另一案件", "another ticket"),
}
_BEFORE = Title("（开始）", "(start)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One act of the way, as an official reads it."""

    #: Anyone of these.
    who: tuple[Title, ...]
    what: Title
    source: Title
    target: Title
    moves: bool
    line: int
    #: Whether the clock was to do it and may not.
    moot: bool = False
    #: Counters that it brings to a number, by being done so often.
    times: tuple[tuple[Title, int], ...] = ()

    @property
    def text(self) -> str:
        """One line, Chinese, for a terminal."""
        who = "、".join(one.zh for one in self.who)
        times = "".join(f"（至“{counter.zh}”满 {number} 次）" for counter, number in self.times)
        to = f" → {self.target.zh}" if self.moves else f"（仍在{self.target.zh}）"
        if self.moot:
            to = f"（在{self.source.zh}不能办理）"
        return f"{who} {self.what.zh}{times}{to}"


def told(workflow: Workflow, finding: Finding) -> tuple[Told, ...]:
    """The way to a finding."""
    return tuple(_told(workflow, finding.kind, step) for step in finding.trace)


def _told(workflow: Workflow, scope: str | None, step: Step) -> Told:
    scope = scope if step.of is None else step.of or None
    states, action, counters = workflow.scope(scope).states, step.action, workflow.scope(scope).counters
    request = workflow.scope(scope).requests.get(step.request or "")
    what = action.title
    if request is not None and action is not request.ask:
        what = Title(f"{request.title.zh}·{what.zh}", f"{request.title.en}: {what.en}")
    return Told(
        who=tuple(_MACHINES.get(name) or workflow.roles[name].title for name in sorted(action.by)),
        what=what,
        source=_BEFORE if step.source == BEFORE else states[step.source].title,
        target=states[step.target].title,
        moves=step.source != step.target,
        line=int(action.line),
        moot=step.moot,
        times=tuple((counters[name], number) for name, number in step.times),
    )


def refusal(
    workflow: Workflow, findings: tuple[Finding, ...], file: str, said: Sequence[Title | None] = ()
) -> DefinitionError:
    """What was found as a refusal of the file, every finding with its way and what was `said` of that."""
    problems = tuple(
        DefinitionError(found.zh, found.en, place=Place(file=file, line=int(found.line))) for found in findings
    )
    lines: list[str] = []
    for found, problem, of_way in zip_longest(findings, problems, said):
        lines.append(str(problem))
        lines += [f"    {of_way}"] if of_way is not None else []
        steps = enumerate(told(workflow, found), 1)
        lines += [f"    {number}. {step.text}（第 {step.line} 行 / line {step.line}）" for number, step in steps]
    error = DefinitionError(problems[0].zh, problems[0].en, place=problems[0].place, all=tuple(lines))
    error.problems = problems
    return error
