"""A workflow drawn as one SVG by ourselves: for paper, and wherever no script may run.

Every state is a box that lists the acts which leave it; from each act a line runs to the right, along the lane of the
state it leads to, and back into that box. Lines only cross or join at a dot, whatever the file holds.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape

from engine.analysis.diagram import COLOURS, Language, marks_of, spoken
from engine.definitions.machine import BEFORE, Edge, Machine
from engine.definitions.model import State, Title, Workflow
from engine.vocabulary import STAGE_TITLES, Stage

#: Pixels: a box, the line of its title, the line of an act, what is between boxes, the heading of a stage.
_WIDE, _HEAD, _LINE, _GAP, _HEADING = 370, 26, 18, 10, 28
_LEFT, _TOP, _LANE, _FIRST_LANE = 8, 8, 11, 16
#: Characters of a line, a Chinese one counting two.
_LONGEST, _LONGEST_ACT, _LONGEST_END = 50, 33, 26
_INK, _AT_END = "#212529", ' text-anchor="end"'
_BOLD = ' font-weight="bold"'
_PLAIN = ("#ffffff", "#495057")
_HERE, _VISITED = ("#1d4ed8", "#172554"), ("#dbeafe", "#1d4ed8")
#: Lanes that lie side by side differ.
_INKS = ("#1c7ed6", "#c2255c", "#2b8a3e", "#e8590c", "#5f3dc4", "#0b7285", "#343a40")
_STARTS, _ENDS = Title("发起", "Starts"), Title("终态", "Ends")


@dataclass(slots=True)
class _Box:
    """A state, or the starts, where it stands on the page."""

    name: str
    title: str
    #: What leaves it: the act, the state it leads to, and how that is called.
    acts: list[tuple[str, str, str]]
    colours: tuple[str, str]
    top: int = 0

    @property
    def high(self) -> int:
        return _HEAD + _LINE * len(self.acts) + (4 if self.acts else 0)

    @property
    def enters(self) -> int:
        """Where arrows come in."""
        return self.top + _HEAD // 2

    def leaves(self, number: int) -> int:
        """Where the line of an act goes out."""
        return self.top + _HEAD + _LINE * number + _LINE // 2


@dataclass(slots=True)
class _Lane:
    """Everything that leads to one state."""

    target: _Box
    sources: list[int] = field(default_factory=list)
    number: int = 0

    @property
    def span(self) -> tuple[int, int]:
        ends = (*self.sources, self.target.enters)
        return min(ends), max(ends)


def svg(
    definition: Workflow,
    kind: str | None = None,
    *,
    language: Language = Language.ZH,
    here: Collection[str] = (),
    visited: Collection[str] = (),
) -> str:
    """The diagram of the ticket or of a kind of task, as an SVG element without scripts, styles or anything outside.

    `here` and `visited` name states to be marked. Acts that stay in their state are left out, as in `mermaid`.
    """
    boxes, headings, high = _placed(definition, kind, language, here, visited)
    lanes = _lanes(boxes)
    wide = _LEFT + _WIDE + _FIRST_LANE + _LANE * (max((lane.number for lane in lanes), default=0) + 2)
    name = escape(spoken(definition.scope(kind).title, language), {'"': "&quot;"})
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'role="img" aria-label="{name}" font-family="sans-serif" font-size="12">'
    )
    parts = [head]
    parts += [_text(_LEFT, y + 19, title, size=13, more=_BOLD) for y, title in headings]
    parts += [part for lane in lanes for part in _drawn_lane(lane)]
    parts += [part for box in boxes for part in _drawn_box(box)]
    return "\n".join((*parts, "</svg>"))


def _placed(
    definition: Workflow, kind: str | None, language: Language, here: Collection[str], visited: Collection[str]
) -> tuple[list[_Box], list[tuple[int, str]], int]:
    """The boxes from top to bottom, headings of stages between them, and how high all of it is."""
    edges = Machine.of(definition, kind).edges()
    y, boxes, headings = _TOP, [], []
    for title, states in _groups(definition, kind):
        if title is not None:
            headings.append((y, spoken(title, language)))
            y += _HEADING
        for state in states:
            box = _box(state, definition.scope(kind).states, edges, language, here, visited)
            box.top = y
            boxes.append(box)
            y += box.high + _GAP
    return boxes, headings, y


def _groups(definition: Workflow, kind: str | None) -> Iterator[tuple[Title | None, list[State | None]]]:
    """The starts (None), then states by stage, then ends; a task has no stages."""
    states = list(definition.scope(kind).states.values())
    if kind is None:
        yield None, [None]
        for stage in Stage:
            inside: list[State | None] = [state for state in states if state.stage is stage and not state.final]
            if inside:
                yield Title(*STAGE_TITLES[stage]), inside
    else:
        yield None, [state for state in states if not state.final]
    ends: list[State | None] = [state for state in states if state.final]
    if ends:
        yield _ENDS, ends


def _box(
    state: State | None,
    states: Mapping[str, State],
    edges: Collection[Edge],
    language: Language,
    here: Collection[str],
    visited: Collection[str],
) -> _Box:
    name = BEFORE if state is None else state.name
    acts = dict.fromkeys(
        (_label(edge, language), edge.target, spoken(states[edge.target].title, language))
        for edge in edges
        if edge.source == name and edge.target is not None
    )
    colours = COLOURS.get(state.type, _PLAIN) if state is not None else _PLAIN
    colours = _HERE if name in here else _VISITED if name in visited else colours
    return _Box(name, spoken(_STARTS if state is None else state.title, language), list(acts), colours)


def _label(edge: Edge, language: Language) -> str:
    return "".join(f"〔{spoken(mark, language)}〕" for mark in marks_of(edge)) + spoken(edge.action.title, language)


def _lanes(boxes: list[_Box]) -> list[_Lane]:
    """One lane per state that something leads to; the shorter, the nearer to the boxes."""
    lanes = {box.name: _Lane(box) for box in boxes}
    for box in boxes:
        for number, (_, target, __) in enumerate(box.acts):
            if target != box.name:
                lanes[target].sources.append(box.leaves(number))
    used = sorted((lane for lane in lanes.values() if lane.sources), key=lambda lane: lane.span[1] - lane.span[0])
    taken: list[list[tuple[int, int]]] = []
    for lane in used:
        low, high = lane.span
        free = (n for n, spans in enumerate(taken) if all(high + 4 < a or b + 4 < low for a, b in spans))
        lane.number = next(free, len(taken))
        if lane.number == len(taken):
            taken.append([])
        taken[lane.number].append(lane.span)
    return used


def _drawn_lane(lane: _Lane) -> Iterator[str]:
    right, x = _LEFT + _WIDE, _LEFT + _WIDE + _FIRST_LANE + _LANE * lane.number
    ink, y = _INKS[lane.number % len(_INKS)], lane.target.enters
    ends = sorted((*lane.sources, y))
    path = "".join(f"M{right} {source}H{x}" for source in lane.sources)
    path += "".join(f"M{x} {low}V{high}" for low, high in pairwise(ends)) + f"M{x} {y}H{right + 5}"
    yield f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="1.2"/>'
    yield f'<path d="M{right} {y}l8 -4v8z" fill="{ink}"/>'
    yield from (
        f'<circle cx="{x}" cy="{at}" r="2.2" fill="{ink}"/>' for at in lane.sources if at not in (ends[0], ends[-1])
    )


def _drawn_box(box: _Box) -> Iterator[str]:
    fill, stroke = box.colours
    place = f'x="{_LEFT}" y="{box.top}" width="{_WIDE}" rx="4" stroke="{stroke}"'
    # The title stands on the colour of the state, the acts below it on white.
    yield f'<rect {place} height="{box.high}" fill="#ffffff"/>'
    yield f'<rect {place} height="{_HEAD}" fill="{fill}"/>'
    ink = "#ffffff" if box.colours == _HERE else _INK
    yield _text(_LEFT + 8, box.top + 17, box.title, ink=ink, more=_BOLD)
    for number, (label, _, to) in enumerate(box.acts):
        y = box.leaves(number) + 4
        yield _text(_LEFT + 14, y, label, most=_LONGEST_ACT)
        yield _text(_LEFT + _WIDE - 6, y, f"→ {to}", size=10, ink="#868e96", most=_LONGEST_END, more=_AT_END)


def _text(x: int, y: int, words: str, *, ink: str = _INK, size: int = 12, most: int = _LONGEST, more: str = "") -> str:
    shown = _cut(words, most)
    title = f"<title>{escape(words)}</title>" if shown != words else ""
    return f'<text x="{x}" y="{y}" fill="{ink}" font-size="{size}"{more}>{title}{escape(shown)}</text>'


def _cut(words: str, most: int) -> str:
    """Words that fit into a box, by their width."""
    wide = 0
    for at, sign in enumerate(words):
        wide += 2 if ord(sign) > 0x2E7F else 1
        if wide > most:
            return words[:at] + "…"
    return words
