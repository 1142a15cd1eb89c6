"""What `huying calendar apply` is asked for, and what came of it."""

from dataclasses import dataclass
from datetime import date

from engine.clock import Instant
from engine.exchange.calendar_decree import DecreeFile
from engine.rules.calendar_changes import Changes
from engine.rules.calendar_file import CalendarFile
from engine.rules.calendars import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be applied, by whom, and why."""

    key: str
    #: The file that becomes the next version; None goes on with the stored one, or begins with the shipped one.
    file: CalendarFile | None = None
    #: The decree to add; None copies the package's, where the calendar says that its holidays come from there.
    decree: DecreeFile | None = None
    #: Which years of the package; None for all that no document has decreed.
    years: frozenset[int] | None = None
    #: Whether days that have passed may change; then there is a reason.
    correct: bool = False
    reason: str = ""
    now: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of it, or would."""

    key: str
    #: Name of the version before, `key@1`; None when there was none.
    old: str | None
    #: Name of the version that counts now; the same as `old` when nothing changed.
    new: str
    #: The earliest local day whose hours or decree changed: what was counted over it is to be counted again.
    earliest: date | None
    #: Codes of areas that count by another calendar from now on.
    areas: tuple[str, ...]
    #: Day by day, against the version before; None when there was none.
    changes: Changes | None
    calendar: WorkCalendar
    #: What is odd but harmless, 中文 / English.
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return self.old != self.new
