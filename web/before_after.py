"""The newest photos before, after and of the check, to be looked at side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.definitions.model import Title
from engine.records.sheet import History, Line, Sheet
from web.proofs import Badge, badges
from web.telling import about

BEFORE, AFTER, CHECK = FIELDS = ("before_photos", "after_photos", "check_photos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photo."""

    sha256: str
    at: Instant
    #: Whose task it is of, else who gave it.
    who: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The photos of one kind."""

    title: Title
    shots: tuple[Shot, ...]


def columns(sheet: Sheet, history: History) -> list[Column]:
    """One column per kind, an empty one where that is still to come; nothing while there is nothing to compare."""
    lines = {name: [line for line in history.lines if _photos(line, name)] for name in FIELDS}
    if not lines[AFTER] and not lines[CHECK]:
        return []
    after = list(_of_round(sheet, lines[AFTER]))
    # A check of what was handled before the newest round judged other work.
    checked = [line for line in lines[CHECK] if not after or line.seq > max(one.seq for one in after)]
    chosen = {BEFORE: lines[BEFORE][-1:], AFTER: after, CHECK: checked[-1:]}
    return [
        Column(
            title=sheet.definition.fields[name].title,
            shots=tuple(shot for line in chosen[name] for shot in _shots(sheet, history, line, name)),
        )
        for name in FIELDS
        if name in sheet.definition.fields
    ]


def _of_round(sheet: Sheet, lines: Sequence[Line]) -> Iterator[Line]:
    """Of each task of the newest round that shows anything the newest photos; photos of no task count as a round."""
    if not lines:
        return
    newest = _round(sheet, lines[-1])
    latest = {line.task: line for line in lines if _round(sheet, line) == newest}
    yield from latest.values()


def _round(sheet: Sheet, line: Line) -> tuple[str, int]:
    task = sheet.case.tasks.get(line.task) if line.task is not None else None
    return (task.kind, task.round) if task else ("", 0)


def _photos(line: Line, name: str) -> Sequence[str]:
    given = (line.facts.get("form") or {}).get(name, ())
    return [given] if isinstance(given, str) else given


def _shots(sheet: Sheet, history: History, line: Line, name: str) -> Iterator[Shot]:
    held: Mapping[str, tuple[Badge, ...]] = badges(line.facts, history.originals)
    person = history.names.people.get(line.person_id or 0)
    for sha256 in (one for one in _photos(line, name) if one not in history.erased):
        yield Shot(
            sha256=sha256,
            at=line.at,
            who=about(sheet, line.task) or (person.name if person else ""),
            badges=held.get(sha256, ()),
        )
