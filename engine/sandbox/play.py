"""What a sandbox keeps: the file, what stands around it, and the steps. Everything else is worked out from these.

A step is an act of one of the cast, or the clock moved on. Taking the last step back is leaving it out.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.clock import DAY, Instant
from engine.errors import Malformed

#: Steps of one sandbox; a ticket has some twenty.
MOST_STEPS = 200
#: Bytes of a sandbox as it is kept: the file, those it opens, calendars, and what was typed.
MOST_BYTES = 4 * 1024 * 1024
#: How far the clock may be moved from where it began.
FARTHEST = 5 * 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act, or with `until` the clock moved to a moment."""

    who: str = ""
    action: str = ""
    #: The ticket acted on; "" for a start.
    case_no: str = ""
    #: The workflow of a start.
    workflow: str = ""
    task: int | None = None
    request: int | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    until: int | None = None

    def to_json(self) -> bytes:
        """As it is kept."""
        return _json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A calendar of the installation, as its newest version has it."""

    key: str
    source: str
    #: Canonical JSON.
    decrees: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One sandbox."""

    #: The text of the file that is played, and of those in force that it opens.
    source: str
    others: tuple[str, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    #: When its clock began.
    begins: Instant
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> "Play":
        """The play with one step more. Errors: `Malformed` for too many, or a clock that goes too far or back."""
        if len(self.steps) >= MOST_STEPS:
            raise Malformed(f"最多 {MOST_STEPS} 步，请重新开始", f"at most {MOST_STEPS} steps; begin anew")
        if step.until is not None and not self.now <= step.until <= self.begins + FARTHEST:
            raise Malformed("时钟只能向后拨，最多五年", "the clock goes forward only, five years at most")
        return replace(self, steps=(*self.steps, step))

    @property
    def back(self) -> "Play":
        """Without its last step."""
        return replace(self, steps=self.steps[:-1])

    @property
    def now(self) -> Instant:
        """What its clock says."""
        return Instant(max((step.until for step in self.steps if step.until is not None), default=self.begins))

    def to_json(self) -> bytes:
        """As it is kept. Errors: `Malformed` when it has grown too large."""
        data = _json(self)
        if len(data) > MOST_BYTES:
            raise Malformed("沙盘内容过大，请重新开始", "this sandbox has grown too large; begin anew")
        return data

    @classmethod
    def from_json(cls, data: bytes) -> "Play":
        given = json.loads(data)
        return cls(
            source=given["source"],
            others=tuple(given["others"]),
            calendars=tuple(Calendar(**one) for one in given["calendars"]),
            begins=Instant(given["begins"]),
            steps=tuple(Step(**one) for one in given["steps"]),
        )


def _json(value: "Step | Play") -> bytes:
    return json.dumps(asdict(value), ensure_ascii=False, sort_keys=True).encode()
