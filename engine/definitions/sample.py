"""A sample as its file declares it: from what it is drawn, how much of each stratum, and what the drawn ones bring."""

from dataclasses import dataclass

from engine.definitions.indicator import Condition
from engine.definitions.model import Title
from engine.definitions.occasions import Every

#: Words of `by` that are no level of areas.
DEPARTMENT, CHANNEL, WORKFLOW = "department", "channel", "workflow"
#: The least share that may be declared, in percent.
LEAST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample."""

    name: str
    title: Title
    #: What is drawn for each period when it is over.
    every: Every
    #: The moment of a ticket's facts that puts it into a period; "" for rows.
    cohort: str = ""
    #: Key of the register whose rows are drawn; "" for tickets.
    register: str = ""
    among: Condition | None = None
    without: Condition | None = None
    #: Of each stratum, rounded up.
    percent: int
    #: Words of levels of areas, `department`, `channel`, `workflow`.
    by: tuple[str, ...] = ()
    #: Tickets that make strata of their own.
    apart: Condition | None = None
    #: The loop and the start of it that each drawn one opens, and the start for those that stand apart.
    workflow: str
    start: str
    apart_start: str = ""
    line: int = 0
