"""The working calendars of one moment: the newest version of each, and which of them stand in for another where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import NotFound
from engine.rules.calendars import WorkCalendar
from engine.rules.case import AreaLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """Every calendar a decision may count by. Immutable: a decision sees one state of all of them."""

    #: Key → its newest version; `WorkCalendar.version` is `<key>@<number>`.
    calendars: Mapping[str, WorkCalendar]
    #: Area → key of a calendar → key of the one that stands in its place for tickets within that area.
    local: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def of(self, key: str, area: Sequence[AreaLink] = ()) -> WorkCalendar:
        """The calendar that a file names, or the one that stands in for it nearest to a ticket.

        `area` is the ticket's way up to the root. Errors: `NotFound` when no calendar has that key.
        """
        if self.local:
            for link in area:
                instead = self.local.get(link.id, {}).get(key)
                if instead is not None:
                    key = instead
                    break
        found = self.calendars.get(key)
        if found is None:
            raise NotFound(f"没有日历“{key[:60]}”", f"no calendar '{key[:60]}'")
        return found
