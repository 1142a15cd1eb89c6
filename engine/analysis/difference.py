"""What changes from one version of a workflow to another, as an official reads it: roles, limits, states, acts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from engine.definitions.grammar import GRAMMAR
from engine.definitions.model import CLOCK, RULE, Draw, FormItem, Join, Owner, Request, Step, Title, Workflow
from engine.definitions.names import WORDS
from engine.definitions.occasions import When
from engine.definitions.rhythm_saying import when_said
from engine.definitions.said import said
from engine.definitions.walk import every_action
from engine.definitions.words import shipped
from engine.vocabulary import STAGE_TITLES, Stage


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
#: Properties that are things of their own, or say where and not what.
_APART = frozenset(
    {"name", "title", "line", "actions", "states", "requests", "ask", "answers", "first", "counters", "marks", "steps"}
)
#: Where the compiled form calls a property otherwise than the file.
_KEYS = {"posts": "post", "not_who": "not", "not_about": "not about", "known_to": "known to", "at": "at"}
_SPECIAL = {"stage": Title("阶段", "stage"), "final": Title("终态", "end"), "owner": Title("归属", "of")}
_YES = Title("是", "yes")
_MACHINES = {CLOCK: Title("时钟", "the clock"), RULE: Title("规则", "a rule")}


def compare(before: Workflow | None, after: Workflow) -> tuple[Part, ...]:
    """The chapters in which something differs, in the file's order; everything is new where there was no version."""
    # What has only been renamed is said once, where it stands, and not again wherever it is named.
    old, new = _things(before, after) if before else {}, _things(after, after)
    parts = (Part(title, tuple(_changes(old.get(name, {}), new.get(name, {})))) for name, title in _CHAPTERS)
    return tuple(part for part in parts if part.changes)


def _changes(old: Mapping[str, _Thing], new: Mapping[str, _Thing]) -> Iterator[Change]:
    for key, (title, properties) in new.items():
        if key not in old:
            yield Change(Sort.ADDED, title, tuple(Detail(_label(name), None, now) for name, now in properties.items()))
            continue
        was_called, was = old[key]
        names = [
            name for name in (*properties, *was.keys() - properties.keys()) if was.get(name) != properties.get(name)
        ]
        details = [Detail(_label(name), was.get(name), properties.get(name)) for name in names]
        if was_called != title:
            details.insert(0, Detail(_label("title"), was_called, title))
        if details:
            yield Change(Sort.CHANGED, title, tuple(details))
    for key in old.keys() - new.keys():
        yield Change(Sort.REMOVED, old[key][0], ())


@cache
def _labels() -> Mapping[str, Title]:
    return {key.name: Title(key.zh[0], key.name) for keys in reversed(GRAMMAR.values()) for key in keys}


def _label(name: str) -> Title:
    zh, _, en = name.partition(" / ")
    return _SPECIAL.get(name) or _labels().get(_KEYS.get(name, name)) or Title(zh, en or zh)


@cache
def _words() -> Mapping[str, Title]:
    """The fixed words of the format by their own names."""
    words = {str(word): Title(zh, str(word)) for listed in reversed(WORDS.values()) for zh, word in listed.items()}
    return {**words, **{stage.value: Title(*STAGE_TITLES[stage]) for stage in Stage}}


def _vocabulary(name: str) -> Mapping[str, Title]:
    return {str(word): Title(zh, str(word)) for zh, word in reversed(WORDS[name].items())}


def _things(workflow: Workflow, newer: Workflow) -> dict[str, dict[str, _Thing]]:
    """Chapter → name → what stands there, named as the newer version names it."""
    reading = _Reading(workflow, newer, None)
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
        _Reading(workflow, newer, kind).into(found)
    return found


class _Reading:
    """Reads the properties of things in one scope: the ticket's, or a kind of task's."""

    def __init__(self, workflow: Workflow, newer: Workflow, kind: str | None) -> None:
        self._workflow, self._kind = workflow, kind
        self._scope = workflow.scope(kind)
        both = (workflow, newer)
        scopes = (self._scope, newer.scope(kind)) if kind is None or kind in newer.tasks else (self._scope,)
        words = shipped()
        roles = {**_titles(one.roles for one in both), **_MACHINES}
        deadlines, tasks = _titles(one.deadlines for one in both), _titles(one.tasks for one in both)
        states = _titles(one.states for one in scopes)
        self._fields = _titles(one.fields for one in both)
        acts = {action.name: action.title for one in both for action in every_action(one)}
        posts = {**words.posts, **workflow.posts, **newer.posts}
        levels = {**_vocabulary("area scope"), **words.levels, **workflow.levels, **newer.levels}
        own = {name: title for one in (*both, *scopes) for name, title in {**one.counters, **one.marks}.items()}
        #: Property → what the names in it stand for.
        self._names: dict[str, Mapping[str, Title]] = {
            **dict.fromkeys(("by", "tells", "turn", "links", "known_to", "points", "convenes"), roles),
            **dict.fromkeys(("deadlines", "pauses", "meets", "extends", "before"), deadlines),
            **dict.fromkeys(("tasks", "withdraws", "reopens", "each"), tasks),
            **dict.fromkeys(("suspends", "joins", "exempts", "restores", "until"), self._fields),
            **dict.fromkeys(("counts", "clears", "sets"), own),
            **dict.fromkeys(("not_who", "then", "do", "reverses", "carry"), acts),
            "to": states, "agenda": states, "sends": {**self._fields, **tasks}, "posts": posts, "area": levels,
            "level": levels, "per": levels, "card": words.cards, "light": words.lights,
            "once": _vocabulary("once"), "owner": _vocabulary("owner"), "department": _vocabulary("department scope"),
        }  # fmt: skip

    def into(self, found: dict[str, dict[str, _Thing]]) -> None:
        prefix = self._workflow.tasks[self._kind].title if self._kind else None
        for state in self._scope.states.values():
            called = _under(prefix, state.title)
            found["states"][f"{self._kind}/{state.name}"] = (called, self.properties(state))
            for action in state.actions.values():
                there = Title(f"{called.zh}：{action.title.zh}", f"{called.en}: {action.title.en}")
                found["acts"][f"{self._kind}/{state.name}/{action.name}"] = (there, self.properties(action))
        for request in self._scope.requests.values():
            called = _under(prefix, request.title)
            shown = {**self.properties(request.ask), **self.properties(request), "in": self._states(request)}
            found["requests"][f"{self._kind}/{request.name}"] = (called, shown)
            for answer in request.answers.values():
                there = Title(f"{called.zh}·{answer.title.zh}", f"{called.en}: {answer.title.en}")
                found["requests"][f"{self._kind}/{request.name}/{answer.name}"] = (there, self.properties(answer))

    def general(self) -> dict[str, Title]:
        """What holds for the whole file."""
        one = self._workflow
        shown = {"calendar": Title(one.calendar, one.calendar)}
        if one.daily_points is not None:
            shown["daily_points"] = Title(str(one.daily_points), str(one.daily_points))
        for name, value in (("confidential", one.confidential), ("admits", one.admits)):
            if value is not None:
                shown[name] = self._say(name, value)
        for name, titles in (("words", one.words), ("counters", one.counters), ("marks", one.marks)):
            if titles:
                shown[name] = _listed(list(titles.values()))
        return shown

    def properties(self, thing: Any) -> dict[str, Title]:
        """Every property that says something, in the order of the model."""
        shown = {}
        for one in fields(thing):
            value = getattr(thing, one.name)
            if one.name not in _APART and value not in (None, False, "", (), frozenset()) and value != {}:
                name = "owner" if isinstance(value, Owner) else one.name
                shown[name] = self._say(name, value)
        return shown

    def rungs(self, steps: tuple[Step, ...]) -> dict[str, Title]:
        """A ladder's rungs, each under its moment."""
        found: dict[str, list[Title]] = {}
        for step in steps:
            words = {name: word for name, word in self.properties(step).items() if name != "at"}
            found.setdefault(f"{step.at.zh} / {step.at.en}", []).extend(
                Title(f"{_label(name).zh} {word.zh}", f"{name} {word.en}") for name, word in words.items()
            )
        return {moment: _listed(words) for moment, words in found.items()}

    def _states(self, request: Request) -> Title:
        return _listed([state.title for name, state in self._scope.states.items() if name in request.states])

    def _say(self, name: str, value: Any) -> Title:
        if isinstance(value, Title):
            return value
        if value is True:
            return _YES
        if hasattr(value, "holds"):
            return said(value, self._workflow, self._kind)
        if isinstance(value, FormItem):
            title = self._fields[value.name]
            return Title(f"{title.zh}{value.need.value}", f"{title.en}{value.need.value}")
        if isinstance(value, Join):
            return self._named("join", value.word)
        if isinstance(value, Mapping):
            return _listed([self._pair(name, key, inner) for key, inner in value.items()])
        if isinstance(value, tuple | frozenset):
            return _listed([self._say(name, one) for one in (sorted(value) if isinstance(value, frozenset) else value)])
        if isinstance(value, str | Enum):
            return self._named(name, str(value))
        if isinstance(value, When):
            return when_said(value)
        if is_dataclass(value) and not hasattr(value, "zh") and not isinstance(value, Draw):
            parts = self.properties(value).items()
            return _listed([Title(f"{_label(key).zh} {word.zh}", f"{key} {word.en}") for key, word in parts], "；")
        return Title(str(getattr(value, "zh", value)), str(getattr(value, "en", value)))

    def _pair(self, name: str, key: str, inner: Any) -> Title:
        first, second = self._named(name, key), self._say(name, inner)
        return Title(f"{first.zh}（{second.zh}）", f"{first.en} ({second.en})")

    def _named(self, name: str, text: str) -> Title:
        """What a name of the file stands for, where the property says of what kind it is."""
        return self._names.get(name, {}).get(text) or _words().get(text) or Title(text, text)


def _titles(parts: Iterable[Mapping[str, Any]]) -> dict[str, Title]:
    return {name: one.title for part in parts for name, one in part.items()}


def _under(prefix: Title | None, title: Title) -> Title:
    return Title(f"{prefix.zh}·{title.zh}", f"{prefix.en}: {title.en}") if prefix else title


def _listed(titles: list[Title], sign: str = "、") -> Title:
    return Title(sign.join(one.zh for one in titles), ", ".join(one.en or one.zh for one in titles))
