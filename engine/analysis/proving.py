"""What was found in a large file with limits let free, proven as the file is.

With one task of a kind far fewer cases are walked through. What went wrong in one of them goes wrong in the file. What
there can never come might with more tasks: so from where it cannot, and only from there, whole tickets are explored
with several. Where a walk does not come to its end, whatever lies beyond is taken to come out well.
"""

from engine.analysis import findings
from engine.analysis.exploring import Common, Space
from engine.analysis.soundness import Finding
from engine.definitions.model import Workflow

#: Cases after which it is asked if anything has been found, most faults being near the start.
_STAGES = (2_000, 8_000)


def proven(part: Workflow, common: Common, tasks: int, most: int) -> list[Finding]:
    """What is surely wrong in a part of a file, each with the shortest way with one task of a kind."""
    space = Space(part, tasks=1, most=min(_STAGES[0], most), common=common)
    for further in (*(one for one in _STAGES[1:] if one < most), most):
        found = _sure(space, tasks, most)
        if found or not space.too_many:
            return found
        space.go_on(further)
    return _sure(space, tasks, most)


def _sure(space: Space, tasks: int, most: int) -> list[Finding]:
    found, doubtful = findings.happened(space), findings.doubtful(space)
    if doubtful:
        found += findings.never(Space(space.workflow, tasks=tasks, most=most, since=(space, doubtful)))
    return found
