"""Two texts line by line: what is gone, what is new, and a little of what stands around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

#: Lines shown around a change.
AROUND = 3
#: Lines between the first and the last difference that are still compared one by one.
MOST = 4_000


class Sign(StrEnum):
    """What a line is, by the sign that stands before it."""

    SAME = " "
    GONE = "-"
    NEW = "+"


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its numbers, from 1, in the text before and after; None where it isn't there."""

    before: int | None
    after: int | None
    sign: Sign
    text: str


def differing(before: str, after: str, around: int = AROUND) -> list[list[Line]]:
    """The passages in which two texts differ, in order; nothing for equal ones."""
    lines = list(_lines(before.splitlines(), after.splitlines()))
    passages: list[list[Line]] = []
    shown = 0  # how many lines, from the first, are dealt with
    for place, line in enumerate(lines):
        if line.sign is Sign.SAME:
            continue
        first = max(shown, place - around)
        if first > shown or not passages:
            passages.append([])
        until = max(shown, place + around + 1)
        passages[-1] += lines[first:until]
        shown = until
    return passages


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    begin = 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < min(len(old), len(new)) - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    yield from (Line(n + 1, n + 1, Sign.SAME, old[n]) for n in range(begin))
    yield from _between(old[begin : len(old) - end], new[begin : len(new) - end], begin)
    for n in range(end, 0, -1):
        yield Line(len(old) - n + 1, len(new) - n + 1, Sign.SAME, old[-n])


def _between(old: Sequence[str], new: Sequence[str], begin: int) -> Iterator[Line]:
    if max(len(old), len(new)) > MOST:
        yield from _replaced(old, new, begin, begin)
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Line(begin + n + 1, begin + c + n - a + 1, Sign.SAME, old[n]) for n in range(a, b))
            continue
        yield from _replaced(old[a:b], new[c:d], begin + a, begin + c)


def _replaced(old: Sequence[str], new: Sequence[str], gone: int, come: int) -> Iterator[Line]:
    yield from (Line(number, None, Sign.GONE, text) for number, text in enumerate(old, gone + 1))
    yield from (Line(None, number, Sign.NEW, text) for number, text in enumerate(new, come + 1))
