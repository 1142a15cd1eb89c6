"""The figures of a department, reckoned without the product: plain rows, plain dates, `statistics.median`."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_HOURS = ((time(9), time(11, 30)), (time(13, 30), time(17, 30)))
_WORKDAY = 390


@dataclass(frozen=True)
class Case:
    """What a row says, in UTC."""

    department: str
    state: str
    opened: datetime
    sent: datetime | None = None
    closed: datetime | None = None
    due: datetime | None = None


@dataclass
class Plain:
    """One department."""

    closed: int = 0
    on_time: int = 0
    open: int = 0
    cancelled: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    def add(self, case: Case) -> None:
        if case.state == "cancelled":
            self.cancelled += 1
        elif case.closed is None:
            self.open += 1
        else:
            self.closed += 1
            self.on_time += case.due is not None and case.closed <= case.due
            self.seconds.append((case.closed - case.opened).total_seconds())


def plain_figures(cases: Iterable[Case]) -> dict[str, Plain]:
    """By department."""
    found: dict[str, Plain] = {}
    for case in cases:
        found.setdefault(case.department, Plain()).add(case)
    return found


def due(sent: datetime, limit: str, off: Callable[[date], bool]) -> datetime:
    """When `5天`, `4小时` or `2紧急工作时` end that began at `sent`; 天 are workdays, 小时 working hours."""
    number = int("".join(sign for sign in limit if sign.isdigit()))
    if "紧急" in limit:
        return sent + timedelta(hours=number)
    left = timedelta(minutes=number * (_WORKDAY if "天" in limit else 60))
    at = sent.astimezone(SHANGHAI)
    day = at.date()
    while True:
        for opens, closes in () if off(day) else _HOURS:
            start = max(at, datetime.combine(day, opens, SHANGHAI))
            room = datetime.combine(day, closes, SHANGHAI) - start
            if room >= left:
                return (start + left).astimezone(UTC)
            left -= max(room, timedelta(0))
        day += timedelta(days=1)


def weekend(day: date) -> bool:
    return day.weekday() > 4
