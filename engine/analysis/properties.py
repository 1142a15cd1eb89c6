"""Every property of a compiled workflow in words: what a difference compares and an explanation explains."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
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

#: Properties that are things of their own, or say where and not what.
_APART = frozenset(
    {"name", "title", "line", "actions", "states", "requests", "ask", "answers", "first", "counters", "marks", "steps"}
)
#: Where the compiled form calls a property otherwise than the file.
_KEYS = {"posts": "post", "not_who": "not", "not_about": "not about", "known_to": "known to", "at": "at"}
_SPECIAL = {"stage": Title("阶段", "stage"), "final": Title("终态", "end"), "owner": Title("归属", "of")}
_YES = Title("是", "yes")
_MACHINES = {CLOCK: Title("时钟", "the clock"), RULE: Title("规则", "a rule")}


@cache
def _labels() -> Mapping[str, Title]:
    return {key.name: Title(key.zh[0], key.name) for keys in reversed(GRAMMAR.values()) for key in keys}


def label(name: str) -> Title:
    zh, _, en = name.partition(" / ")
    return _SPECIAL.get(name) or _labels().get(_KEYS.get(name, name)) or Title(zh, en or zh)


@cache
def _words() -> Mapping[str, Title]:
    """The fixed words of the format by their own names."""
    words = {str(word): Title(zh, str(word)) for listed in reversed(WORDS.values()) for zh, word in listed.items()}
    return {**words, **{stage.value: Title(*STAGE_TITLES[stage]) for stage in Stage}}


def _vocabulary(name: str) -> Mapping[str, Title]:
    return {str(word): Title(zh, str(word)) for zh, word in reversed(WORDS[name].items())}


class Properties:
    """Reads the properties of things in one scope: the ticket's, or a kind of task's."""

    def __init__(self, workflow: Workflow, newer: Workflow, kind: str | None) -> None:
        self.workflow, self.kind = workflow, kind
        self.scope = workflow.scope(kind)
        both = (workflow, newer)
        scopes = (self.scope, newer.scope(kind)) if kind is None or kind in newer.tasks else (self.scope,)
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

    def general(self) -> dict[str, Title]:
        """What holds for the whole file."""
        one = self.workflow
        shown = {"calendar": Title(one.calendar, one.calendar)}
        if one.daily_points is not None:
            shown["daily_points"] = Title(str(one.daily_points), str(one.daily_points))
        for name, value in (("confidential", one.confidential), ("admits", one.admits)):
            if value is not None:
                shown[name] = self.say(name, value)
        for name, titles in (("words", one.words), ("counters", one.counters), ("marks", one.marks)):
            if titles:
                shown[name] = listed(list(titles.values()))
        return shown

    def properties(self, thing: Any) -> dict[str, Title]:
        """Every property that says something, in the order of the model."""
        shown = {}
        for one in fields(thing):
            value = getattr(thing, one.name)
            if one.name not in _APART and value not in (None, False, "", (), frozenset()) and value != {}:
                name = "owner" if isinstance(value, Owner) else one.name
                shown[name] = self.say(name, value)
        return shown

    def rungs(self, steps: tuple[Step, ...]) -> dict[str, Title]:
        """A ladder's rungs, each under its moment."""
        found: dict[str, list[Title]] = {}
        for step in steps:
            words = {name: word for name, word in self.properties(step).items() if name != "at"}
            found.setdefault(f"{step.at.zh} / {step.at.en}", []).extend(
                Title(f"{label(name).zh} {word.zh}", f"{name} {word.en}") for name, word in words.items()
            )
        return {moment: listed(words) for moment, words in found.items()}

    def asked_in(self, request: Request) -> Title:
        return listed([state.title for name, state in self.scope.states.items() if name in request.states])

    def say(self, name: str, value: Any) -> Title:
        if isinstance(value, Title):
            return value
        if value is True:
            return _YES
        if hasattr(value, "holds"):
            return said(value, self.workflow, self.kind)
        if isinstance(value, FormItem):
            title = self._fields[value.name]
            return Title(f"{title.zh}{value.need.value}", f"{title.en}{value.need.value}")
        if isinstance(value, Join):
            return self.named("join", value.word)
        if isinstance(value, Mapping):
            return listed([self._pair(name, key, inner) for key, inner in value.items()])
        if isinstance(value, tuple | frozenset):
            return listed([self.say(name, one) for one in (sorted(value) if isinstance(value, frozenset) else value)])
        if isinstance(value, str | Enum):
            return self.named(name, str(value))
        if isinstance(value, When):
            return when_said(value)
        if is_dataclass(value) and not hasattr(value, "zh") and not isinstance(value, Draw):
            parts = self.properties(value).items()
            return listed([Title(f"{label(key).zh} {word.zh}", f"{key} {word.en}") for key, word in parts], "；")
        return Title(str(getattr(value, "zh", value)), str(getattr(value, "en", value)))

    def _pair(self, name: str, key: str, inner: Any) -> Title:
        first, second = self.named(name, key), self.say(name, inner)
        return Title(f"{first.zh}（{second.zh}）", f"{first.en} ({second.en})")

    def named(self, name: str, text: str) -> Title:
        """What a name of the file stands for, where the property says of what kind it is."""
        return self._names.get(name, {}).get(text) or _words().get(text) or Title(text, text)


def _titles(parts: Iterable[Mapping[str, Any]]) -> dict[str, Title]:
    return {name: one.title for part in parts for name, one in part.items()}


def listed(titles: list[Title], sign: str = "、") -> Title:
    return Title(sign.join(one.zh for one in titles), ", ".join(one.en or one.zh for one in titles))
