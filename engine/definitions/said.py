"""A condition in words for people: with the titles of the file instead of its names, Chinese and English."""

from collections.abc import Callable
from typing import Any

from engine.definitions import conditions as c
from engine.definitions.model import TaskKind, Title, Workflow
from engine.definitions.names import YES_NO

_SIGNS = {">=": "≥", "<=": "≤"}
_TASK_WORDS = {
    "open": Title("未结", "open"),
    "done": Title("完成", "done"),
    "void": Title("作废", "void"),
}
_QUANTIFIERS = {"all": Title("全部", "all"), "some": Title("有", "some"), "no": Title("没有", "no")}


def said(condition: c.Condition, definition: Workflow, kind: str | None) -> Title:
    """What must hold, as an official reads it; `kind` is the kind of task that the condition stands in, if any."""
    return _Saying(definition, definition.tasks[kind] if kind is not None else None).of(condition)


class _Saying:
    """Knows the titles of one file, seen from the ticket or from a kind of task."""

    def __init__(self, definition: Workflow, kind: TaskKind | None) -> None:
        self._workflow, self._kind = definition, kind

    def of(self, condition: c.Condition) -> Title:
        return _SAYING[type(condition)](self, condition)

    def counter(self, counter: c.Counter) -> Title:
        named = self._own("counters", counter.name)
        sign = _SIGNS.get(counter.operator, counter.operator)
        return Title(f"{named.zh} {sign} {counter.value}", f"{named.en} {sign} {counter.value}")

    def mark(self, mark: c.Mark) -> Title:
        named = self._own("marks", mark.name)
        return Title(f"有标记“{named.zh}”", f"marked '{named.en}'")

    def lead(self, _: c.Lead) -> Title:
        word = self._workflow.words["lead"]
        return Title(f"{word.zh}任务", f"the task of the {word.en.lower()}")

    def choice(self, choice: c.Choice) -> Title:
        field = self._workflow.fields[choice.field]
        value = (field.of or YES_NO)[choice.value]
        return Title(f"{field.title.zh}为“{value.zh}”", f"{field.title.en} is '{value.en}'")

    def given(self, given: c.Given) -> Title:
        field = self._workflow.fields[given.field].title
        return Title(f"已填“{field.zh}”", f"'{field.en}' is given")

    def in_state(self, condition: c.InState) -> Title:
        states = self._kind.states if self._kind and condition.state in self._kind.states else self._workflow.states
        state = states[condition.state].title
        return Title(f"处于“{state.zh}”", f"in '{state.en}'")

    def joined(self, joined: c.Joined) -> Title:
        kind = self._workflow.tasks[joined.kind].title
        return Title(f"“{kind.zh}”已汇合", f"'{kind.en}' has joined")

    def nobody(self, nobody: c.Nobody) -> Title:
        kind = self._workflow.tasks[nobody.kind].title
        return Title(f"“{kind.zh}”无人承办", f"nobody has a '{kind.en}'")

    def tasks(self, tasks: c.Tasks) -> Title:
        kind = self._workflow.tasks[tasks.kind]
        words = {**_TASK_WORDS, "closed": self._workflow.words["closed"]}
        word = words.get(tasks.word) or kind.states[tasks.word].title
        many = _QUANTIFIERS[tasks.quantifier]
        return Title(f"{many.zh}“{kind.title.zh}”{word.zh}", f"{many.en} '{kind.title.en}' {word.en.lower()}")

    def asked(self, asked: c.Asked) -> Title:
        own = (self._kind,) if self._kind else ()
        scopes = (*own, self._workflow, *self._workflow.tasks.values())
        title = next(scope.requests[asked.request].title for scope in scopes if asked.request in scope.requests)
        many = _QUANTIFIERS[asked.quantifier]
        return Title(f"{many.zh}待答复的“{title.zh}”", f"{many.en} open '{title.en}'")

    def subs(self, subs: c.Subs) -> Title:
        many = _QUANTIFIERS[subs.quantifier]
        return Title(f"{many.zh}未结的子案", f"{many.en} open sub-ticket")

    def main(self, main: c.Main) -> Title:
        words = self._workflow.words
        state = words["closed"] if main.state_type == "closed" else _TASK_WORDS["void"]
        return Title(f"{words['main'].zh}已{state.zh}", f"the {words['main'].en.lower()} is {state.en.lower()}")

    def negated(self, condition: c.Not) -> Title:
        if isinstance(condition.inner, c.Mark):
            named = self._own("marks", condition.inner.name)
            return Title(f"没有标记“{named.zh}”", f"not marked '{named.en}'")
        inner = self._inner(condition.inner)
        return Title(f"不是{inner.zh}", f"not {inner.en}")

    def every(self, condition: c.Every) -> Title:
        parts = [self._inner(part) for part in condition.parts]
        return Title("且".join(part.zh for part in parts), " and ".join(part.en for part in parts))

    def either(self, condition: c.Either) -> Title:
        parts = [self.of(part) for part in condition.parts]
        return Title("或".join(part.zh for part in parts), " or ".join(part.en for part in parts))

    def _inner(self, condition: c.Condition) -> Title:
        words = self.of(condition)
        if isinstance(condition, c.Either | c.Every):
            return Title(f"（{words.zh}）", f"({words.en})")
        return words

    def _own(self, what: str, name: str) -> Title:
        """A counter's or mark's title: the task's own before the ticket's."""
        own = getattr(self._kind, what) if self._kind else {}
        found: Title = own[name] if name in own else getattr(self._workflow, what)[name]
        return found


_SAYING: dict[type, Callable[[_Saying, Any], Title]] = {
    c.Counter: _Saying.counter,
    c.Mark: _Saying.mark,
    c.Lead: _Saying.lead,
    c.Choice: _Saying.choice,
    c.Given: _Saying.given,
    c.InState: _Saying.in_state,
    c.Joined: _Saying.joined,
    c.Nobody: _Saying.nobody,
    c.Tasks: _Saying.tasks,
    c.Asked: _Saying.asked,
    c.Subs: _Saying.subs,
    c.Main: _Saying.main,
    c.Not: _Saying.negated,
    c.Every: _Saying.every,
    c.Either: _Saying.either,
}
