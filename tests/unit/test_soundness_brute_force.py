"""The verdict is what brute force says: on files drawn by chance, and on shipped ones with something taken out."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from engine import resources
from engine.analysis import verdict
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from tests.support.brute import Brute, Found, TooMany
from tests.support.small_files import files

#: A file that differs is small as it is; making it smaller would take minutes.
_OPTIONS: dict[str, Any] = {
    "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate],
}  # fmt: skip
_STUCK = {Fault.TRAP, Fault.CIRCLE, Fault.NOBODY}


def faults(said: Verdict) -> set[Fault]:
    return {one.fault for one in said.findings}


def agree(workflow: Workflow, said: Verdict, found: Found) -> None:
    """Fault by fault. What a kind of task cannot leave by itself is not brute force's to say."""
    told = [one for one in said.findings if one.kind is None or one.fault not in _STUCK]
    mine = {one.fault for one in told}
    assert said.outcome is not Outcome.UNDECIDED
    assert (not told) == found.sound, (said.findings, found)
    assert bool(mine & (_STUCK | {Fault.VAIN})) == bool(found.stuck or found.vain), (said.findings, found)
    assert (Fault.ENDLESS in mine) == found.endless, (said.findings, found)
    assert (Fault.UNDONE in mine) == bool(found.undone), (said.findings, found)
    assert (Fault.MOOT in mine) == bool(found.moot), (said.findings, found)
    assert (Fault.UNANSWERED in mine) == bool(found.unanswered), (said.findings, found)
    reached = {f"{one.kind or ''}/{one.state}" for one in told if one.fault is Fault.UNREACHED}
    assert reached == found.unreached, (said.findings, found)
    dead = {int(one.line) for one in told if one.fault is Fault.DEAD}
    assert dead == {line for line, _ in found.dead}, (said.findings, found)


def compared(text: str, **options: int) -> None:
    try:
        workflow = loads(text)
    except DefinitionError:
        assume(False)
    try:
        found = Brute(workflow, most=500).run()
    except TooMany:
        assume(False)
    agree(workflow, verdict.judge(workflow, **options), found)


def mutants() -> list[tuple[str, str]]:
    """A shipped file without one of its actions, each in turn."""
    path = resources.workflows() / "burden-visits.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    acts = [
        number for number, line in enumerate(lines) if " by: " in line and "{title:" in line and line[:8] == " " * 8
    ]
    return [(lines[number].split(":")[0].strip(), "".join(lines[:number] + lines[number + 1 :])) for number in acts]


@pytest.mark.parametrize(("gone", "text"), mutants(), ids=[gone for gone, _ in mutants()])
def test_a_shipped_file_without_one_of_its_actions(gone: str, text: str) -> None:
    try:
        workflow = loads(text)
    except DefinitionError:
        return
    agree(workflow, verdict.judge(workflow), Brute(workflow, most_tasks=2).run())


@settings(max_examples=30, **_OPTIONS)
@given(files())
def test_with_limits_let_free_the_verdict_is_the_same(text: str) -> None:
    """As in a file too large to be explored exactly at once: only what is proven either way may be said."""
    try:
        workflow = loads(text)
    except DefinitionError:
        assume(False)
    exact, free = verdict.judge(workflow), verdict.judge(workflow, small=1)
    assert free.outcome in (exact.outcome, Outcome.UNDECIDED)


@settings(max_examples=60, **_OPTIONS)
@given(files())
def test_files_drawn_by_chance(text: str) -> None:
    compared(text)
