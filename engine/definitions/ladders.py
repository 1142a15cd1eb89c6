"""Ladders: what happens at which point of a deadline, each rung after the one before it."""

from dataclasses import replace
from itertools import pairwise

from engine.definitions.actions import Compiler
from engine.definitions.model import Step
from engine.definitions.scopes import Keys, Scope
from engine.definitions.sentences import Names
from engine.definitions.spans import Offset, Rung, Share, Side, SpanError, Unit, parse_rung

#: Minutes, to put rungs of different units in order; a workday counts as a day.
_MINUTES = {
    Unit.MINUTES: 1,
    Unit.WORKING_MINUTES: 1,
    Unit.HOURS: 60,
    Unit.WORKING_HOURS: 60,
    Unit.DAYS: 24 * 60,
    Unit.WORKDAYS: 24 * 60,
}


#: Rungs of one ladder; which of them have been handled is one number of 64 bits.
MOST_RUNGS = 60


def add_conditions(compiler: Compiler) -> None:
    """The conditions under which deadlines start; they wait until every name is known."""
    book = compiler.book
    for name, node in book.conditional.items():
        when = compiler.condition(node, _names(compiler, {name}))
        book.deadlines[name] = replace(book.deadlines[name], when=when)


def compile_ladders(compiler: Compiler) -> dict[str, tuple[Step, ...]]:
    """Every ladder of the file. Problems are noted with the compiler's reader."""
    return {name: _ladder(compiler, name, steps) for name, steps in compiler.book.ladders.items()}


def _ladder(compiler: Compiler, name: str, written: tuple[Keys, ...]) -> tuple[Step, ...]:
    climbing = {each.name for each in compiler.book.deadlines.values() if each.ladder == name}
    names = _names(compiler, climbing)
    if len(written) > MOST_RUNGS:
        compiler.reader.refuse(
            next(iter(written[MOST_RUNGS].values())).line,
            f"阶梯“{name}”超过 {MOST_RUNGS} 级",
            f"the ladder '{name}' has more than {MOST_RUNGS} rungs",
        )
    steps = [step for keys in written if (step := _step(compiler, keys, names)) is not None]
    for before, after in pairwise(steps):
        if not _ascends(before.at, after.at):
            compiler.reader.refuse(
                after.line,
                f"阶梯“{name}”应从早到晚：{after.at.zh} 不能在 {before.at.zh} 之后",
                f"the ladder '{name}' must go upward: {after.at} can't follow {before.at}",
            )
    return tuple(steps)


def _names(compiler: Compiler, deadlines: set[str]) -> Names:
    """The words a condition may use: those of the one scope where the deadlines run, else the ticket's."""
    book = compiler.book
    users = [scope for scope in book.scopes() if deadlines & _listed(scope)]
    if len(users) == 1:
        return compiler.names(users[0])
    return compiler.names(book.ticket)


def _listed(scope: Scope) -> set[str]:
    states = {word.text for state in scope.states.values() for word in state.deadlines}
    return states | {word.text for request in scope.requests.values() for word in request.deadlines}


def _step(compiler: Compiler, keys: Keys, names: Names) -> Step | None:
    reader, words = compiler.reader, compiler.book.words
    if "at" not in keys:
        return None
    node = keys["at"].value
    text = reader.text(node)
    if not text:
        return None
    try:
        at = parse_rung(text)
    except SpanError as error:
        reader.refuse(node.line, error.zh, error.en)
        return None
    if not keys.keys() & {"light", "card", "level", "do", "tells"}:
        reader.refuse(node.line, f"梯级“{text}”什么也不做", f"nothing happens at the rung '{text}'")
    return Step(
        at=at,
        light=compiler.titled(keys, "light", words.lights, "灯色", "light"),
        card=compiler.card(keys),
        level=compiler.titled(keys, "level", {**words.levels, **compiler.book.levels}, "层级", "level"),
        do=reader.text(keys["do"].value) if "do" in keys else None,
        when=compiler.condition(keys["when"].value, names) if "when" in keys else None,
        tells=compiler.roles(keys, "tells"),
        line=node.line,
    )


def _ascends(before: Rung, after: Rung) -> bool:
    """Whether one rung surely lies before another; a share and a time before the end can't be compared."""
    if isinstance(before, Share) and isinstance(after, Share):
        return before.percent < after.percent
    return _place(before) < _place(after) or (_side(before) == _side(after) == -1 and type(before) is not type(after))


def _side(rung: Rung) -> int:
    if isinstance(rung, Share):
        return 0 if rung.percent == 100 else -1
    return -1 if rung.side is Side.BEFORE else 1


def _place(rung: Rung) -> tuple[int, int]:
    if isinstance(rung, Offset):
        sign = _side(rung)
        return sign, sign * rung.limit.amount * _MINUTES[rung.limit.unit]
    return _side(rung), 0
