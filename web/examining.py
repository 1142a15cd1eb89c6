"""A workflow file laid out for its author: what is wrong, at which sign of which line; and the way to every trap."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.analysis import traces
from engine.analysis.difference import Part, compare
from engine.analysis.lines import Line, differing
from engine.analysis.soundness import Finding
from engine.analysis.traces import Told
from engine.application import Application
from engine.database import Transaction
from engine.definitions import source
from engine.definitions.loader import loads
from engine.definitions.model import Title, Workflow
from engine.errors import DefinitionError, HuyingError
from engine.records.activations import Loop, Stored
from engine.stages import going_live, judging

#: What is marked in a line: a word, with whatever hangs on it, or the sign that stands there.
_WORD = re.compile(r"[^\s,{}\[\]:#]+|.")
#: Characters of a line that are shown before and behind the mark.
_BEFORE, _BEHIND = 60, 120
#: Lines shown before and behind the one that is wrong.
_AROUND = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the file; `mark` is what is wrong in it, "" in the lines around."""

    number: int
    before: str
    mark: str
    behind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, with the lines where it stands."""

    zh: str
    en: str
    line: int
    column: int
    lines: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsound:
    """What the walk through a file has found, and the way there."""

    finding: Finding
    problem: Problem
    steps: tuple[Told, ...]
    #: What came of walking the way through the door.
    said: Title | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Everything that is known of a file before it goes live."""

    text: str
    #: None for what can't be read.
    definition: Workflow | None
    #: What is wrong in the file, or missing around it.
    problems: tuple[Problem, ...]
    unsound: tuple[Unsound, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it may go live."""
        return self.definition is not None and not self.problems and not self.unsound


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one version changes of another."""

    parts: tuple[Part, ...]
    passages: list[list[Line]]


def examine(house: Application, transaction: Transaction, data: bytes) -> Examined:
    """Read a file, walk through it, and ask for what it needs around it. Errors: none, they are what is answered."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        definition = loads(source.decode(data, file=""), file="")
    except DefinitionError as error:
        problems = tuple(_problem(text, one) for one in (error.problems or (error,)))
        return Examined(text=text, definition=None, problems=problems)
    return Examined(
        text=text,
        definition=definition,
        problems=tuple(
            _problem(text if one.place.file in ("", definition.key) else "", one)
            for one in going_live.missing(transaction, house.versions, definition)
        ),
        unsound=tuple(_unsound(text, definition)),
    )


def against(before: Workflow | None, after: Workflow) -> Compared:
    """What `after` changes of `before`."""
    return Compared(
        parts=compare(before, after), passages=differing(before.source, after.source) if before is not None else []
    )


def running_of(house: Application, transaction: Transaction, loop: Loop | None) -> tuple[Stored, Workflow] | None:
    """The version in force with its definition, if there is one."""
    if loop is None or loop.running is None:
        return None
    return loop.running, house.versions.definition(transaction, loop.running.id)


def _unsound(text: str, definition: Workflow) -> Iterator[Unsound]:
    judged = judging.judge(definition)
    found = judged.verdict.findings
    problems = judged.refusal(definition, "").problems if found else ()
    for finding, problem, walked in zip(found, problems, judged.walked, strict=True):
        steps = traces.told(definition, finding)
        yield Unsound(finding=finding, problem=_problem(text, problem), steps=steps, said=walked.said)


def _problem(text: str, error: HuyingError) -> Problem:
    place = error.place
    return Problem(
        zh=error.zh, en=error.en, line=place.line if text else 0, column=place.column,
        lines=tuple(_lines(text.splitlines(), place.line, place.column)) if place.line else (),
    )  # fmt: skip


def _lines(lines: list[str], number: int, column: int) -> Iterator[Shown]:
    for here in range(max(1, number - _AROUND), min(len(lines), number + _AROUND) + 1):
        text = lines[here - 1]
        if here != number:
            yield Shown(here, _cut(text, _BEFORE + _BEHIND), "", "")
            continue
        begin = column - 1 if column else len(text) - len(text.lstrip())
        found = _WORD.match(text, begin)
        end = (found.end() if found else begin) if column else len(text)
        before = text[:begin] if begin <= _BEFORE else "…" + text[begin - _BEFORE : begin]
        yield Shown(here, before, _cut(text[begin:end], _BEHIND) or " ", _cut(text[end:], _BEHIND))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"
