"""What was found in a large file with limits let free, proven as the file is.

With one task of a kind far fewer cases are walked through. What went wrong in one of them goes wrong in the file. What
there can never come might with more tasks: so from where it cannot, and only from there, whole tickets are explored
with several. Where a walk does not come to its end, whatever lies beyond is taken to come out well.
"""

from engine.analysis import findings
from engine.analysis.acting import Move
from engine.analysis.exploring import Space
from engine.analysis.soundness import Finding
from engine.definitions.model import Workflow

#: Cases after which it is asked if anything has been found, most faults being near the start.
_STAGES = (2_000, 8_000)
#: Cases that are walked through at most from where something can never come with one task of a kind.
_BEYOND = 5_000


class Proof:
    """A part of a large file as it is, walked through with one task of a kind no further than is needed."""

    def __init__(self, part: Workflow, tasks: int, most: int) -> None:
        self._part, self._tasks, self._most = part, tasks, most
        self._stages = [one for one in (*_STAGES, most) if one <= most]
        self._walked: Space | None = None

    def sure(self) -> list[Finding]:
        """What is surely wrong, each with the shortest way with one task of a kind."""
        while True:
            found = [*findings.happened(self._space()), *self._never()]
            if found or not self._further():
                return found

    def _never(self) -> list[Finding]:
        """What can never come with several tasks either."""
        found: list[Finding] = []
        for doubt in findings.doubts(self._space()):
            if doubt.spots:
                since, most = (self._space(), doubt.spots), min(_BEYOND, self._most)
                further = Space(self._part, tasks=self._tasks, most=most, since=since, within=doubt.within)
                found += doubt.said(further)
        return findings.once(found)

    def way_to(self, kind: str | None, state: str) -> tuple[Move, ...]:
        """A shortest way to a state of the ticket or of a kind of task, as far as one task of a kind comes there."""
        while not (way := findings.way_to(self._space(), kind, state)) and self._further():
            pass
        return way

    def _space(self) -> Space:
        if self._walked is None:
            self._walked = Space(self._part, tasks=1, most=self._stages.pop(0))
        return self._walked

    def _further(self) -> bool:
        """Walk on, if there is anything left to walk through."""
        space = self._space()
        if not (space.too_many and self._stages):
            return False
        space.go_on(self._stages.pop(0))
        return True
