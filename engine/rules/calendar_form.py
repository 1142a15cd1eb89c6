"""The file form of a working calendar: a mapping, as YAML gives it, becomes a `WorkCalendar`.

Weekdays may be written `monday`, `周一`, or as a range `monday-friday`, `周一至周五`; hours as a list of
quoted `"09:00-11:30"`, or as one word: `daily` (an ordinary day), `off`. `of` and `areas` say in whose place it
stands, and where.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.rules.calendars import FIRST_YEAR, LAST_YEAR, WEEKDAYS, CalendarError, WorkCalendar, check_hours
from engine.rules.timeline import DaySpan, Hours

#: Where the holidays of a calendar may come from.
SOURCES: Final = ("none", "file", "chinesecalendar")

#: Keys without which no file is a calendar.
REQUIRED: Final = ("title", "zone", "daily", "weekly", "statutory")
#: Every key of a calendar file.
KEYS: Final = (*REQUIRED, "reaches_back", "published", "days", "of", "areas")

#: Characters of a title.
_LONGEST_TITLE = 200
_OFF = {"off", "休"}
_DAILY = {"daily", "班"}
_DAY_NAMES = {name: n for n, name in enumerate(WEEKDAYS)} | {
    name: n
    for n, names in enumerate(("周一", "周二", "周三", "周四", "周五", "周六", "周日"))
    for name in (names, names.replace("周", "星期"))
}
_RANGE = re.compile(r"(\S+?) ?(?:-|至|到) ?(\S+)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2}) ?[-–—~] ?([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """In whose place a calendar stands, and where."""

    #: Key of the calendar that workflow files name.
    of: str
    #: Codes of areas: for tickets within them the stand-in counts.
    areas: tuple[str, ...]


def calendar_from_mapping(mapping: Mapping[str, object], *, version: str = "") -> WorkCalendar:
    """Read a calendar file, refusing what is wrong by its key.

    Raises `CalendarError`: a key missing or unknown, hours that overlap or end before they start, a week
    without a working minute.
    """
    for key in mapping:
        if key not in KEYS:
            raise CalendarError(
                str(key), f"不认识，可用：{'、'.join(KEYS)}", f"is unknown; there are {', '.join(KEYS)}"
            )
    for key in REQUIRED:
        if mapping.get(key) in (None, ""):
            raise CalendarError(key, "必须填写", "is missing")
    statutory = _source(mapping["statutory"])
    daily = _hours("daily", mapping["daily"], ())
    if not daily:
        raise CalendarError("daily", "平日没有工作时间", "an ordinary day has no working minute")
    return WorkCalendar(
        zone=_zone(mapping["zone"]),
        title=_title(mapping["title"]),
        daily=daily,
        weekly=_week(mapping["weekly"], daily),
        days=_days(mapping.get("days") or {}, daily),
        statutory=statutory,
        published=_published(mapping.get("published"), statutory),
        reaches_back=_reaches_back(mapping.get("reaches_back", 0)),
        version=version,
    )


def stand_in_from_mapping(mapping: Mapping[str, object]) -> StandIn | None:
    """What a calendar file says with `of` and `areas`; None when it stands for itself.

    Raises `CalendarError`: one without the other, an area named twice or none at all.
    """
    of, areas = mapping.get("of"), mapping.get("areas")
    if of is None and areas is None:
        return None
    if of is None or areas is None:
        key, other = ("areas", "of") if of is None else ("of", "areas")
        raise CalendarError(key, f"须与 {other} 同写", f"needs `{other}` beside it")
    codes = [_code(f"areas[{n}]", code) for n, code in enumerate(_list("areas", areas))]
    if not codes:
        raise CalendarError("areas", "没有写任何区域", "names no area")
    for n, code in enumerate(codes):
        if code in codes[:n]:
            raise CalendarError(f"areas[{n}]", f"“{code}”写了两次", f"`{code}` is there twice")
    return StandIn(of=_text("of", of), areas=tuple(codes))


def read_date(key: str, value: object) -> date:
    """A day written `2026-10-01`, and in no other way: each day has one spelling, so that none is there twice."""
    text = value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else str(value)
    if _DATE.fullmatch(text):
        with suppress(ValueError):  # 2026-02-30
            day = date.fromisoformat(text)
            if FIRST_YEAR < day.year < LAST_YEAR:
                return day
    raise CalendarError(key, f"“{text}”不是日期，请写 2026-10-01", f"`{text}` is no date: write 2026-10-01")


def _code(key: str, value: object) -> str:
    # A code of digits alone may stand there without quotes.
    return str(value) if _whole(value) else _text(key, value)


def _title(value: object) -> str:
    text = _text("title", value)
    if len(text) > _LONGEST_TITLE:
        raise CalendarError("title", f"过长，最多 {_LONGEST_TITLE} 字", f"has more than {_LONGEST_TITLE} characters")
    return text


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise CalendarError(key, "应为文字", "must be text")
    return value


def _zone(value: object) -> ZoneInfo:
    name = _text("zone", value)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError("zone", f"没有时区“{name}”", f"there is no zone `{name}`") from error


def _source(value: object) -> str:
    if value not in SOURCES:
        raise CalendarError(
            "statutory",
            f"“{value}”不认识，节假日来源可为 {'、'.join(SOURCES)}",
            f"`{value}` is unknown; holidays may come from {', '.join(SOURCES)}",
        )
    return str(value)


def _published(value: object, statutory: str) -> frozenset[int] | None:
    if value is None:
        return None if statutory == "none" else frozenset()
    if statutory != "file":
        raise CalendarError(
            "published",
            "只有 statutory: file 的日历才写已公布年份",
            "belongs only to a calendar with `statutory: file`",
        )
    years = _list("published", value)
    for n, year in enumerate(years):
        if not _whole(year) or not 1949 <= year <= 2200:
            raise CalendarError(f"published[{n}]", f"“{year}”不是年份", f"`{year}` is no year")
    return frozenset(year for year in years if _whole(year))


def _reaches_back(value: object) -> int:
    if not _whole(value) or not 0 <= value <= 31:
        raise CalendarError("reaches_back", "应为 0 到 31 的天数", "must be a number of days from 0 to 31")
    return value


def _week(value: object, daily: Hours) -> tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]:
    week: dict[int, Hours] = {}
    for name, hours in _mapping("weekly", value).items():
        key = f"weekly.{name}"
        for n in _weekdays(key, str(name)):
            if n in week:
                raise CalendarError(key, f"{WEEKDAYS[n]} 重复", f"{WEEKDAYS[n]} is there twice")
            week[n] = _hours(key, hours, daily)
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (week.get(n, ()) for n in range(7))
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def _weekdays(key: str, name: str) -> Sequence[int]:
    name = name.strip().lower()
    if name in _DAY_NAMES:
        return [_DAY_NAMES[name]]
    form = _RANGE.fullmatch(name)
    if form is None or not {*form.groups()} <= _DAY_NAMES.keys():
        raise CalendarError(
            key, "不是星期几，请写 monday 或 monday-friday", "is no weekday: write monday or monday-friday"
        )
    first, last = (_DAY_NAMES[word] for word in form.groups())
    if first >= last:
        raise CalendarError(key, "次序颠倒，一周从周一到周日", "runs backwards: the week goes from Monday to Sunday")
    return range(first, last + 1)


def _days(value: object, daily: Hours) -> dict[date, Hours]:
    days: dict[date, Hours] = {}
    for name, hours in _mapping("days", value).items():
        key = f"days.{name}"
        day = read_date(key, name)
        if day in days:
            raise CalendarError(key, "写了两次", "is there twice")
        days[day] = _hours(key, hours, daily)
    return days


def _hours(key: str, value: object, daily: Hours) -> Hours:
    if isinstance(value, str) and value in _OFF:
        return ()
    if isinstance(value, str) and value in _DAILY and key != "daily":
        return daily
    spans = tuple(_span(f"{key}[{n}]", text) for n, text in enumerate(_list(key, value)))
    check_hours(key, spans)
    return spans


def _span(key: str, value: object) -> DaySpan:
    form = _SPAN.fullmatch(unicodedata.normalize("NFKC", value).strip()) if isinstance(value, str) else None
    if form is None:
        raise CalendarError(
            key,
            f'“{value}”不是时段，请加引号写成 "09:00-11:30"',
            f'`{value}` is no span of hours: write it quoted, "09:00-11:30"',
        )
    hour, minute, until_hour, until_minute = map(int, form.groups())
    opens, closes = hour * 60 + minute, until_hour * 60 + until_minute
    if max(minute, until_minute) > 59 or max(opens, closes) > 24 * 60:
        raise CalendarError(key, f"“{value}”没有这样的时刻", f"`{value}` names a time that no clock shows")
    return DaySpan(opens, closes)


def _list(key: str, value: object) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise CalendarError(key, f"“{value}”应为列表", f"`{value}` must be a list")
    return value


def _mapping(key: str, value: object) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise CalendarError(key, "应为键值对", "must be a mapping")
    return value


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
