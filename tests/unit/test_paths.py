"""Paths as values: loops are folded for reading, times are weighed, edges know whether the present file has them."""

import pytest

from engine.analysis.path_diagram import drawn, lasting
from engine.analysis.paths import Part, Use, digest, flows, folded, moves_of, quantile
from engine.clock import DAY, HOUR, MINUTE
from engine.definitions.machine import BEFORE
from engine.rules.moves import Move, Taken
from tests.support.door import BLOCK_CALLS, shipped

LOOP = next(one for one in shipped() if one.key == BLOCK_CALLS)
FIRST, *REST = moves_of(LOOP)


def _moves(word: str) -> list[Move]:
    return [(one, one, one) for one in word]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("", ""),
        ("abc", "a b c"),
        ("aab", "(a)2 b"),
        ("abcbcbcd", "a (bc)3 d"),
        ("abab", "(ab)2"),
        ("aabaab", "(a)2 b (a)2 b"),
        ("abcabd", "a b c a b d"),
    ],
)
def test_what_is_repeated_in_a_row_is_said_once_and_counted(word: str, told: str) -> None:
    parts = folded(_moves(word))
    assert [move for part in parts for move in part.moves * part.times] == _moves(word), "nothing is lost"

    def said(part: Part) -> str:
        names = "".join(move[0] for move in part.moves)
        return f"({names}){part.times}" if part.times > 1 else names

    assert " ".join(map(said, parts)) == told


def test_a_path_is_known_by_its_version_and_every_move() -> None:
    known = {digest("w", version, _moves(word)) for version in (1, 2) for word in ("ab", "abb", "ba", "")}
    assert len(known) == 8
    assert digest("w", 1, _moves("ab")) == digest("w", 1, tuple(_moves("ab")))


def test_quantiles_go_by_weight() -> None:
    assert quantile([], 0.5) is None
    assert quantile([(3, 1), (1, 1), (2, 1)], 0.5) == 2
    assert quantile([(1, 1), (9, 8)], 0.5) == 9
    assert quantile([(number, 1) for number in range(1, 11)], 0.9) == 9


def test_edges_are_used_never_or_former_and_each_pass_is_counted() -> None:
    former = ("gone", "act", "closed")
    taken = [
        Taken(digest="a", version=2, moves=(FIRST, REST[0], FIRST), tickets=4, waits=[[0, HOUR, 2 * HOUR]]),
        Taken(digest="b", version=1, moves=(FIRST, former), tickets=1, waits=[[0, DAY]]),
    ]
    found = {flow.move: flow for flow in flows(LOOP, taken)}
    assert list(found) == [*dict.fromkeys(moves_of(LOOP)), former], "the file's order, then what it does not have"
    assert (found[FIRST].passes, found[FIRST].tickets, found[FIRST].use) == (9, 5, Use.USED)
    assert (found[former].use, found[former].median) == (Use.FORMER, DAY)
    assert found[FIRST].most == 2 * HOUR
    assert {flow.use for move, flow in found.items() if move not in (FIRST, REST[0], former)} == {Use.NEVER}


def test_the_diagram_says_how_often_and_marks_what_never_was_and_what_is_no_more() -> None:
    taken = [
        Taken(digest="a", version=1, moves=(FIRST, ("gone", "act", "closed")), tickets=7, waits=[[0, 90 * MINUTE]])
    ]
    listed = flows(LOOP, taken)
    text = drawn(LOOP, listed)
    assert FIRST[0] == BEFORE
    assert "<br/>7" in text
    assert "act<br/>7 · 1 h 30 min" in text
    assert 'gone"]' in text
    never = {(move[0], move[2]) for move in moves_of(LOOP)} - {(FIRST[0], FIRST[2])}
    assert text.count("#adb5bd") == len(never)
    assert text.count("linkStyle") == text.count("-->") == len(never) + 2
    assert text.count("#c2255c") == 1
    assert drawn(LOOP, []) == drawn(LOOP, []), "an empty file is drawn too"


def test_spans_are_said_in_two_units() -> None:
    said = [lasting(one) for one in (None, 0, 59 * MINUTE, HOUR, 25 * HOUR, 2 * DAY, 2 * HOUR + MINUTE)]
    assert said == ["", "0 min", "59 min", "1 h", "1 d 1 h", "2 d", "2 h 1 min"]
