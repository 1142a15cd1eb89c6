"""What changes from one version of a workflow to another, as an official reads it: roles, limits, states, acts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.properties import Properties, label
from engine.definitions.model import Title, Workflow


class Sort(StrEnum):
    """What became of a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One property that differs; None where there was or is none."""

    label: Title
    before: Title | None
    after: Title | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is new, gone or different."""

    sort: Sort
    name: Title
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The changes of one chapter of the file."""

    title: Title
    changes: tuple[Change, ...]


#: Name of a property → how it reads.
_Thing = tuple[Title, Mapping[str, Title]]

_CHAPTERS = (
    ("file", Title("总则", "The file")),
    ("roles", Title("角色", "Roles")),
    ("fields", Title("字段", "Fields")),
    ("deadlines", Title("时限", "Deadlines")),
    ("ladders", Title("预警阶梯", "Ladders")),
    ("starts", Title("发起", "Starts")),
    ("states", Title("状态", "States")),
    ("acts", Title("动作", "Acts")),
    ("requests", Title("申请", "Requests")),
    ("tasks", Title("任务", "Tasks")),
    ("meetings", Title("会议", "Meetings")),
)


def compare(before: Workflow | None, after: Workflow) -> tuple[Part, ...]:
    """The chapters in which something differs, in the file's order; everything is new where there was no version."""
    # What has only been renamed is said once, where it stands, and not again wherever it is named.
    old, new = _things(before, after) if before else {}, _things(after, after)
    parts = (Part(title, tuple(_changes(old.get(name, {}), new.get(name, {})))) for name, title in _CHAPTERS)
    return tuple(part for part in parts if part.changes)


def _changes(old: Mapping[str, _Thing], new: Mapping[str, _Thing]) -> Iterator[Change]:
    for key, (title, properties) in new.items():
        if key not in old:
            yield Change(Sort.ADDED, title, tuple(Detail(label(name), None, now) for name, now in properties.items()))
            continue
        was_called, was = old[key]
        names = [
            name for name in (*properties, *was.keys() - properties.keys()) if was.get(name) != properties.get(name)
        ]
        details = [Detail(label(name), was.get(name), properties.get(name)) for name in names]
        if was_called != title:
            details.insert(0, Detail(label("title"), was_called, title))
        if details:
            yield Change(Sort.CHANGED, title, tuple(details))
    for key in old.keys() - new.keys():
        yield Change(Sort.REMOVED, old[key][0], ())


def _things(workflow: Workflow, newer: Workflow) -> dict[str, dict[str, _Thing]]:
    """Chapter → name → what stands there, named as the newer version names it."""
    reading = Properties(workflow, newer, None)
    found: dict[str, dict[str, _Thing]] = {
        "file": {"": (workflow.title, reading.general())},
        "roles": {name: (role.title, reading.properties(role)) for name, role in workflow.roles.items()},
        "fields": {name: (one.title, reading.properties(one)) for name, one in workflow.fields.items()},
        "deadlines": {name: (one.title, reading.properties(one)) for name, one in workflow.deadlines.items()},
        "ladders": {name: (Title(name, name), reading.rungs(steps)) for name, steps in workflow.ladders.items()},
        "starts": {name: (start.title, reading.properties(start)) for name, start in workflow.starts.items()},
        "meetings": {name: (one.title, reading.properties(one)) for name, one in workflow.meetings.items()},
        "tasks": {name: (one.title, reading.properties(one)) for name, one in workflow.tasks.items()},
        "states": {}, "acts": {}, "requests": {},
    }  # fmt: skip
    for kind in (None, *workflow.tasks):
        _into(found, Properties(workflow, newer, kind))
    return found


def _into(found: dict[str, dict[str, _Thing]], reading: Properties) -> None:
    """What stands in one scope."""
    prefix = reading.workflow.tasks[reading.kind].title if reading.kind else None
    for state in reading.scope.states.values():
        called = _under(prefix, state.title)
        found["states"][f"{reading.kind}/{state.name}"] = (called, reading.properties(state))
        for action in state.actions.values():
            there = Title(f"{called.zh}：{action.title.zh}", f"{called.en}: {action.title.en}")
            found["acts"][f"{reading.kind}/{state.name}/{action.name}"] = (there, reading.properties(action))
    for request in reading.scope.requests.values():
        called = _under(prefix, request.title)
        shown = {**reading.properties(request.ask), **reading.properties(request), "in": reading.asked_in(request)}
        found["requests"][f"{reading.kind}/{request.name}"] = (called, shown)
        for answer in request.answers.values():
            there = Title(f"{called.zh}·{answer.title.zh}", f"{called.en}: {answer.title.en}")
            found["requests"][f"{reading.kind}/{request.name}/{answer.name}"] = (there, reading.properties(answer))


def _under(prefix: Title | None, title: Title) -> Title:
    return Title(f"{prefix.zh}·{title.zh}", f"{prefix.en}: {title.en}") if prefix else title
