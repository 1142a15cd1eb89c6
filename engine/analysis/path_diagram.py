"""The diagram of a file with what tickets made of it: how often each edge was taken, how long they waited before it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.analysis.diagram import Language, escaped
from engine.analysis.paths import Flow, Use
from engine.clock import DAY, HOUR, MINUTE
from engine.definitions.machine import BEFORE, Machine
from engine.definitions.model import Title, Workflow
from engine.vocabulary import STAGE_TITLES, Stage

#: Pixels of the edges that are taken least and most.
_THIN, _THICK = 1, 9
_NEVER = "stroke:#adb5bd,stroke-width:1px,stroke-dasharray:2 4"
_FORMER = "stroke:#c2255c,stroke-dasharray:6 3"
_USED = "stroke:#1d4ed8"


def drawn(definition: Workflow, flows: Sequence[Flow], language: Language = Language.ZH) -> str:
    """Mermaid source: thick edges are taken often, grey ones never, dashed red ones are those of older versions."""
    spoken = _Spoken(definition, language)
    states = [*definition.states, *sorted(_former(definition, flows))]
    ids = {BEFORE: "start", **{name: f"s{number}" for number, name in enumerate(states, 1)}}
    return "\n".join((*_nodes(definition, ids, spoken), *_edges(flows, ids, spoken))) + "\n"


def lasting(microseconds: int | None) -> str:
    """A span in its two largest units: `3 d 4 h`, `2 h 5 min`, `12 min`; "" for none."""
    if microseconds is None:
        return ""
    days, rest = divmod(microseconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def _former(definition: Workflow, flows: Iterable[Flow]) -> set[str]:
    """States that tickets of older versions were in and the present file does not have."""
    named = {state for flow in flows for state in (flow.move[0], flow.move[2])}
    return named - set(definition.states) - {BEFORE}


def _nodes(definition: Workflow, ids: Mapping[str, str], spoken: "_Spoken") -> Iterator[str]:
    yield "flowchart TD"
    yield "  start((●))"
    inside = {
        stage: [one for one in definition.states.values() if one.stage is stage and not one.final] for stage in Stage
    }
    for stage, states in inside.items():
        if states:
            yield f'  subgraph stage_{stage}["{spoken.text(Title(*STAGE_TITLES[stage]))}"]'
            yield from (f'    {ids[one.name]}["{spoken.text(one.title)}"]' for one in states)
            yield "  end"
    placed = {one.name for states in inside.values() for one in states}
    for name, number in ids.items():
        if name != BEFORE and name not in placed:
            yield f'  {number}(["{spoken.state(name)}"])'


def _edges(flows: Sequence[Flow], ids: Mapping[str, str], spoken: "_Spoken") -> Iterator[str]:
    most = max((flow.passes for flow in flows), default=0)
    shown = [flow for flow in flows if flow.passes]
    for flow in shown:
        source, action, target = flow.move
        median = f" · {lasting(flow.median)}" if flow.median is not None and source != BEFORE else ""
        yield f'  {ids[source]} -->|"{spoken.action(action)}<br/>{flow.passes}{median}"| {ids[target]}'
    # What nobody took is one line between two states, without words: the list beside the diagram has them.
    used = {(flow.move[0], flow.move[2]) for flow in shown}
    never = [pair for pair in dict.fromkeys((flow.move[0], flow.move[2]) for flow in flows) if pair not in used]
    for source, target in never:
        yield f"  {ids[source]} --> {ids[target]}"
    for number, flow in enumerate(shown):
        width = _THIN + round((_THICK - _THIN) * flow.passes / most)
        yield f"  linkStyle {number} {_FORMER if flow.use is Use.FORMER else _USED},stroke-width:{width}px"
    for number in range(len(shown), len(shown) + len(never)):
        yield f"  linkStyle {number} {_NEVER}"


class _Spoken:
    """Titles of states and actions, safe for Mermaid; what the file does not have is said by its name."""

    def __init__(self, definition: Workflow, language: Language) -> None:
        self._language = language
        self._states = {name: state.title for name, state in definition.states.items()}
        self._actions = {edge.action.name: edge.action.title for edge in Machine.of(definition).edges()}

    def text(self, title: Title) -> str:
        return escaped(title, self._language)

    def state(self, name: str) -> str:
        return self.text(self._states.get(name) or Title(name, name))

    def action(self, name: str) -> str:
        return self.text(self._actions.get(name) or Title(name, name))
