"""An indicator: what is counted among what, by which date, and who answers for it; and the words it may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.definitions.model import Title

#: What indicators of a file without a title are called.
OTHER = Title("其他", "Other")


class Counted(StrEnum):
    """What an indicator counts: one row of facts each."""

    TICKET = "ticket"
    TASK = "task"
    AGENDA_ITEM = "agenda_item"  #: an item of an agenda that was decided


class Attribution(StrEnum):
    """Who answers for what is counted."""

    AREA = "area"  #: the area it lies in
    LEAD = "lead"  #: the lead department only
    EACH = "each"  #: every department that was sent a task
    FINAL = "final"  #: the departments that were left with it: tasks that ended void count for nobody


#: Moments of a ticket's facts → whether a due time stands beside them.
TICKET_MOMENTS: Mapping[str, bool] = {
    "reported": False, "verified": True, "filed": True, "missed": False, "visited": True, "decided": True,
    "self_handled": False, "solved_together": False, "dispatched": True, "listed": True, "cleared": True,
    "handled": True, "checked": True, "scored": False, "closed": False, "first_closed": False, "called_back": True,
    "responded": False, "rated": False, "reworked": False, "rehandled": False, "called": False, "invalid": False,
    "relapsed": False, "extended": False, "suspended": False, "waiting": False, "joined": False, "void": False,
}  # fmt: skip
#: Likewise of a task's.
TASK_MOMENTS: Mapping[str, bool] = {
    "sent": False, "signed": True, "contacted": True, "arrived": True, "handled": True, "scored": False,
    "reworked": False, "rehandled": False, "returned": False, "wrong": False, "redispatched": False,
    "extended": False, "suspended": False, "waiting": False, "void": False,
}  # fmt: skip
#: Likewise of a decided item's.
AGENDA_MOMENTS: Mapping[str, bool] = {"decided": False, "done": True, "superseded": False}
MOMENTS: Mapping[Counted, Mapping[str, bool]] = {
    Counted.TICKET: TICKET_MOMENTS,
    Counted.TASK: TASK_MOMENTS,
    Counted.AGENDA_ITEM: AGENDA_MOMENTS,
}
#: Moments beside which stands the person whose act brought them about.
PERSONS: Mapping[Counted, tuple[str, ...]] = {
    Counted.TICKET: (
        "reported", "verified", "filed", "missed", "visited", "decided", "self_handled", "solved_together",
        "dispatched", "listed", "cleared", "checked", "scored", "first_closed", "called_back", "reworked",
        "rehandled", "called", "invalid",
    ),
    Counted.TASK: ("sent", "signed", "contacted", "arrived", "handled", "scored", "returned", "wrong"),
    Counted.AGENDA_ITEM: ("decided",),
}  # fmt: skip
#: Words whose value may be asked by `is`.
CHOICES: Mapping[Counted, tuple[str, ...]] = {
    Counted.TICKET: ("workflow", "channel", "item", "urgency", "resolved", "satisfaction"),
    Counted.TASK: ("kind", "resolved"),
    Counted.AGENDA_ITEM: ("meeting", "action"),
}
#: Yes or no.
FLAGS: Mapping[Counted, tuple[str, ...]] = {
    Counted.TICKET: (),
    Counted.TASK: ("lead", "handling", "again"),
    Counted.AGENDA_ITEM: (),
}


class How(StrEnum):
    """What is asked of a moment."""

    HAPPENED = ""  #: it has come
    ON_TIME = "on time"  #: it has come, and not after its due time
    DUE = "due"  #: it has come, or its due time has passed
    TIMED = "timed"  #: it has a due time
    GIVEN = "given"  #: a choice was made
    LASTED = "for"  #: it came so many days ago, or earlier


@dataclass(frozen=True, slots=True)
class Moment:
    """``filed``, ``filed on time``, ``handled due``, ``arrived timed``, ``listed for 90 days``."""

    unit: Counted
    name: str
    how: How = How.HAPPENED
    days: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """``satisfaction is satisfied``; with no value ``satisfaction given``."""

    unit: Counted
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Flag:
    """``lead``"""

    unit: Counted
    name: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """``repeated within 30 days``: whoever reported it had reported under the same standard that many days before, or
    less."""

    days: int


@dataclass(frozen=True, slots=True)
class Not:
    """``not joined``"""

    part: "Wanted"


@dataclass(frozen=True, slots=True)
class AllOf:
    """``filed and closed``"""

    parts: tuple["Wanted", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``void or joined``"""

    parts: tuple["Wanted", ...]


Wanted = Moment | Choice | Flag | Repeated | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and what it means."""

    text: str
    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator. Its numerator is always a part of its denominator."""

    name: str
    title: Title
    #: What officials read: numerator ÷ denominator in words.
    formula: Title
    unit: Counted
    #: The moment that puts it into a period.
    cohort: str
    #: What belongs to the denominator, once it is mature, and what is left out.
    among: Condition | None
    matures: Condition | None
    without: Condition | None
    #: What of the denominator the numerator counts; None for a mean.
    counts: Condition | None
    attribution: Attribution
    #: Words of exemptions 剔除 that leave something out.
    exempt: tuple[str, ...] = ()
    #: Instead of a rate: the mean of the stars of what is counted.
    mean: bool = False
    #: Percent that should be reached, or kept under.
    target: int | None = None
    most: int | None = None
    #: The milestone whose doer answers for it, in figures by person; "" for none.
    person: str = ""
    #: A stock, not a flow: everything that came before the end of the period, however long ago.
    standing: bool = False
    #: What its file calls the indicators that stand in it.
    group: Title = OTHER
    line: int = 0
