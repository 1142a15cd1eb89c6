"""A workflow as a Mermaid state diagram, drawn from the compiled machine."""

from collections.abc import Collection, Iterator
from enum import StrEnum

from engine.definitions.machine import BEFORE, Edge, Machine
from engine.definitions.model import CLOCK, RULE, State, Title, Workflow
from engine.vocabulary import STAGE_TITLES, Stage, StateType


class Language(StrEnum):
    """In which words the titles stand."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


#: How edges that no person makes are marked: Mermaid can't style single edges of a state diagram.
_MARKS = {RULE: Title("自动", "auto"), CLOCK: Title("到期", "timed")}
_ANSWER = Title("答复", "answer")
#: Signs that mean something to Mermaid, and what stands for them.
_ESCAPES = {ord(sign): f"#{ord(sign)};" for sign in "#\"':;{}<>[]()`%\\|&*_~-"}
#: Type of a state → how it is filled and outlined.
COLOURS = {
    StateType.CLOSED: ("#d3f9d8", "#2b8a3e"),
    StateType.VOID: ("#f1f3f5", "#868e96"),
    StateType.SUSPENDED: ("#fff3bf", "#e67700"),
    StateType.JOINED: ("#e7f5ff", "#1971c2"),
}
#: States that a ticket was in, and those it is in now.
_VISITED = "fill:#dbeafe,stroke:#1d4ed8,stroke-width:2px"
_HERE = "fill:#1d4ed8,stroke:#172554,stroke-width:4px,color:#ffffff"


def mermaid(
    definition: Workflow,
    kind: str | None = None,
    *,
    language: Language = Language.BOTH,
    here: Collection[str] = (),
    visited: Collection[str] = (),
) -> str:
    """The diagram of the ticket, or of one kind of task: stages as blocks, ends marked, who moves said on each edge.

    `here` and `visited` name states of one ticket to be marked. Actions that stay in their state aren't drawn. Returns
    Mermaid source ending in a newline.
    """
    drawing = _Drawing(definition, kind, language)
    return "\n".join((*drawing.lines(), *drawing.marks(here, visited))) + "\n"


def every(definition: Workflow, *, language: Language = Language.BOTH) -> dict[str, str]:
    """The diagrams of a workflow: the ticket's under ``""``, then one per kind of task."""
    return {kind or "": mermaid(definition, kind, language=language) for kind in (None, *definition.tasks)}


def nodes(definition: Workflow, kind: str | None = None) -> dict[str, str]:
    """State → the name of its node, so that something may be drawn beside it."""
    return {name: f"s{number}" for number, name in enumerate(definition.scope(kind).states, 1)}


class _Drawing:
    """One diagram; states are numbered, because their own names may be Chinese."""

    def __init__(self, definition: Workflow, kind: str | None, language: Language) -> None:
        self._scope = definition.scope(kind)
        self._kind, self._language = kind, language
        self._edges = Machine.of(definition, kind).edges()
        self._ids = nodes(definition, kind)

    def lines(self) -> Iterator[str]:
        yield "stateDiagram-v2"
        yield from self._states()
        yield from self._moves()
        yield from self._styles()

    def _states(self) -> Iterator[str]:
        states = self._scope.states.values()
        for stage in Stage:
            inside = [state for state in states if state.stage is stage and not state.final]
            if inside:
                yield f'  state "{self._text(Title(*STAGE_TITLES[stage]))}" as stage_{stage} {{'
                yield from (f"  {self._state(state)}" for state in inside)
                yield "  }"
        for state in states:
            if state.stage is None or state.final:
                yield self._state(state)

    def _state(self, state: State) -> str:
        return f'  state "{self._text(state.title)}" as {self._ids[state.name]}'

    def _moves(self) -> Iterator[str]:
        if self._kind is not None:
            first = next(name for name, state in self._scope.states.items() if not state.final)
            yield f"  [*] --> {self._ids[first]}"
        drawn = set()
        for edge in self._edges:
            line = self._move(edge)
            if edge.target is not None and line not in drawn:
                drawn.add(line)
                yield line
        for state in self._scope.states.values():
            if state.final:
                yield f"  {self._ids[state.name]} --> [*]"

    def _move(self, edge: Edge) -> str:
        source = "[*]" if edge.source == BEFORE else self._ids[edge.source]
        target = self._ids.get(edge.target or "", "")
        return f"  {source} --> {target} : {self._label(edge)}"

    def _label(self, edge: Edge) -> str:
        return "".join(f"〔{self._text(mark)}〕" for mark in marks_of(edge)) + self._text(edge.action.title)

    def _styles(self) -> Iterator[str]:
        for name, (fill, stroke) in COLOURS.items():
            here = [self._ids[state.name] for state in self._scope.states.values() if state.type is name]
            if here:
                yield f"  classDef {name} fill:{fill},stroke:{stroke}"
                yield f"  class {','.join(here)} {name}"

    def marks(self, here: Collection[str], visited: Collection[str]) -> Iterator[str]:
        """The lines that mark the states of one ticket; the later class wins over that of the state's type."""
        been = [name for name in visited if name not in here]
        for word, style, names in (("visited", _VISITED, been), ("here", _HERE, here)):
            known = [number for name, number in self._ids.items() if name in names]
            if known:
                yield f"  classDef {word} {style}"
                yield f"  class {','.join(known)} {word}"

    def _text(self, title: Title) -> str:
        return escaped(title, self._language)


def marks_of(edge: Edge) -> list[Title]:
    """That no person makes a move, or that it answers a request."""
    found = [mark for actor, mark in _MARKS.items() if actor in edge.action.by]
    return [*found, _ANSWER] if edge.request is not None else found


def spoken(title: Title, language: Language) -> str:
    """A title in one language or both."""
    return {Language.ZH: title.zh, Language.EN: title.en or title.zh, Language.BOTH: str(title)}[language]


def escaped(title: Title, language: Language) -> str:
    """A title in one language or both, without signs that mean something to Mermaid."""
    return spoken(title, language).translate(_ESCAPES)
