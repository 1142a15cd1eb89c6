"""The verdict on a file with its ways walked through the door: what `check`, activation and pages all ask."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from engine.analysis import proven, traces, verdict
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from engine.stages import rehearsal
from engine.stages.rehearsal import Walked

#: Verdicts that are kept, by the digest of their file.
_KEPT = 64


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
        said = verdict.judge(workflow)
        walked = tuple(rehearsal.walk(workflow, [one.way for one in said.findings]))
        found = Judged(verdict=said, walked=walked)
        with _lock:
            _known[workflow.sha256] = found
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return found
