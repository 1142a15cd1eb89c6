"""The verdict on a file with its ways walked through the door: what `check`, activation and pages all ask."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from engine.analysis import findings, proven, soundness, traces, verdict
from engine.analysis.asides import Parts
from engine.analysis.exploring import Space
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from engine.stages import rehearsal
from engine.stages.rehearsal import Replay, Walked

#: Verdicts that are kept, by the digest of their file.
_KEPT = 64
#: Cases among which the way to a trap is looked for at first.
_AT_FIRST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, and for each finding what came of walking its way."""

    verdict: Verdict
    walked: tuple[Walked, ...]
    #: Whether the very code that would judge it had found this text sound before.
    before: bool = False

    @property
    def sound(self) -> bool:
        """Whether the file may go live; an undecided one may not."""
        return self.verdict.outcome is Outcome.SOUND

    def refusal(self, workflow: Workflow, file: str) -> DefinitionError:
        """Everything that was found as a refusal of the file."""
        return traces.refusal(workflow, self.verdict.findings, file, [one.said for one in self.walked])


_known: "OrderedDict[str, Judged]" = OrderedDict()
_lock = threading.Lock()


def judge(workflow: Workflow, *, anew: bool = False) -> Judged:
    """The verdict on a file; what was proven before is not explored again, unless that is asked for."""
    with _lock:
        found = None if anew else _known.get(workflow.sha256)
    if found is None and not anew and (before := proven.known(workflow)) is not None:
        return Judged(verdict=before, walked=(), before=True)
    if found is None:
        found = _trapped(workflow) or _explored(workflow)
        with _lock:
            _known[workflow.sha256] = found
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return found


def _trapped(workflow: Workflow) -> Judged | None:
    """A trap that the quick walk has found and the door comes to: a large file need not be explored to be refused.

    The quick walk takes more for possible than there is, so what it finds no way out of has none; only whether a
    ticket ever comes there is left open, and that is walked.
    """
    traps = [one for one in soundness.examine(workflow) if one.fault is Fault.TRAP and one.kind is None]
    if not traps:
        return None
    space = Space(Parts(workflow).main(), most=_AT_FIRST)
    ways = [(one, findings.way_to(space, None, one.state)) for one in traps]
    found = [replace(one, way=way, trace=findings.steps_of(space.workflow, way)) for one, way in ways if way]
    walked = tuple(rehearsal.walk(workflow, [one.way for one in found]))
    if not found or any(one.replay is not Replay.WALKED for one in walked):
        return None
    said = Verdict(outcome=Outcome.UNSOUND, findings=tuple(found), cases=len(space.spots))
    return Judged(verdict=said, walked=walked)


def _explored(workflow: Workflow) -> Judged:
    said = verdict.judge(workflow)
    return Judged(verdict=said, walked=tuple(rehearsal.walk(workflow, [one.way for one in said.findings])))
