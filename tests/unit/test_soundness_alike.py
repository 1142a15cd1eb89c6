"""An act that the checker does not do again, because it was done where all it heeds was the same, is as it is done."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from engine.analysis.asides import Parts
from engine.analysis.exploring import Common, Space
from engine.analysis.influence import freed, limits
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from tests.support.loops import SMALL
from tests.support.small_files import files

_OPTIONS: dict[str, Any] = {
    "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate],
}  # fmt: skip
SHIPPED = {workflow.key: workflow for workflow in (*discover(), loads(SMALL))}
#: Cases of one space whose acts are all done anew.
_LOOKED_AT = 250


def as_told(space: Space, number: int) -> Counter[Any]:
    """Where a case leads, as the space says."""
    spots = space.spots
    return Counter(
        (move.action, move.line, move.by, move.sure, move.lines, (spots[after].ground, spots[after].values))
        for move, after in spots[number].onward
    )


def as_done(space: Space, number: int) -> Counter[Any]:
    """Where it leads as every act is done there and then."""
    spot = space.spots[number]
    return Counter(
        (move.action, move.line, move.by, move.sure, move.lines, space.told_apart(move, case))
        for move, case in space.anew(spot.now(), spot.busy)
        if case is not None and move.fault is None and not any(line.moot == "action" for line in move.lines)
    )


def assert_told_as_done(space: Space) -> None:
    # Where a space was not walked to its end, its last cases lead nowhere yet.
    looked = [spot.number for spot in space.spots if spot.onward or not space.too_many]
    for number in looked[:: max(1, len(looked) // _LOOKED_AT)]:
        assert as_told(space, number) == as_done(space, number), space.spots[number]


def spaces_of(workflow: Workflow) -> list[Space]:
    """The spaces that a verdict may rest on, those of a large file too."""
    cut = Parts(workflow)
    main, common = cut.main(), Common(cut.whole(), tasks=1)
    free = freed(main, limits(main))[0]
    parts = [freed(part, limits(main))[0] for _, part in cut.asides()]
    return [
        Space(main, most=400),
        Space(free, roughly=True, most=2_000),
        *(Space(one, tasks=1, most=2_000, common=common) for one in (free, *parts)),
    ]


@pytest.mark.parametrize("key", sorted(SHIPPED))
def test_every_act_of_a_shipped_file_is_told_as_it_is_done(key: str) -> None:
    for space in spaces_of(SHIPPED[key]):
        assert_told_as_done(space)


@settings(max_examples=60, **_OPTIONS)
@given(files())
def test_every_act_of_files_drawn_by_chance_is_told_as_it_is_done(text: str) -> None:
    try:
        workflow = loads(text)
    except DefinitionError:
        assume(False)
    for space in spaces_of(workflow):
        assert_told_as_done(space)


@pytest.mark.parametrize("key", ["block-calls-line-responds", "multi-grid-in-one", "petitions", "weekly-relief"])
def test_spaces_that_share_acts_are_those_of_their_own(key: str) -> None:
    workflow = SHIPPED[key]
    cut = Parts(workflow)
    main, common = cut.main(), Common(cut.whole(), tasks=1)
    for part in (main, *(part for _, part in cut.asides())):
        free = freed(part, limits(main))[0]
        sharing, alone = Space(free, tasks=1, common=common), Space(free, tasks=1)
        assert sharing.common is common
        assert alone.common is not common
        assert len(sharing.spots) == len(alone.spots)
        assert sharing.done == alone.done
        told = [
            [[(move.action, move.line, move.lines, after) for move, after in spot.onward] for spot in space.spots]
            for space in (sharing, alone)
        ]
        assert told[0] == told[1]
