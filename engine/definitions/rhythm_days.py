"""Days and times as a rhythm file writes them: `monday`, `last workday`, `第3个工作日`, `month 2 day 15`, `"08:30"`."""

import re
import unicodedata

from engine.definitions.rhythm import LAST, Every, On
from engine.definitions.rhythm_grammar import MOST_DAYS, MOST_WORKDAYS
from engine.errors import Malformed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE = ("一", "二", "三", "四", "五", "六", "日")
_WEEKDAY = {
    spelt: number
    for number, (english, chinese) in enumerate(zip(WEEKDAYS, _CHINESE, strict=True), 1)
    for spelt in (english, f"周{chinese}", f"星期{chinese}")
} | {"周天": 7, "星期天": 7}
#: Periods whose days are numbered.
_NUMBERED = (Every.TEN_DAYS, Every.MONTH, Every.QUARTER)
_NAMED = {
    "first day": On(day=1),
    "第一日": On(day=1),
    "last day": On(day=LAST),
    "最后一日": On(day=LAST),
    "最后一天": On(day=LAST),
    "first workday": On(day=1, workdays=True),
    "首个工作日": On(day=1, workdays=True),
    "第一个工作日": On(day=1, workdays=True),
    "last workday": On(day=LAST, workdays=True),
    "最后一个工作日": On(day=LAST, workdays=True),
    "末个工作日": On(day=LAST, workdays=True),
}
_DAY = re.compile(r"(?:day )?([0-9]{1,9}) ?(?:日|号)?")
_WORKDAY = re.compile(r"workday ([0-9]{1,9})|第 ?([0-9]{1,9}) ?个工作日")
_MONTH_DAY = re.compile(r"month ([0-9]) day ([0-9]{1,9})|第 ?([0-9]) ?个月 ?([0-9]{1,9}) ?(?:日|号)")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


def parse_time(text: str) -> int:
    """Minutes after midnight. Errors: `Malformed`, without a place: the reader knows the line."""
    form = _TIME.fullmatch(_plain(text))
    hours, minutes = (int(part) for part in form.groups()) if form else (24, 0)
    if hours > 23 or minutes > 59:
        raise Malformed(
            f'“{text[:40]}”不是 00:00 到 23:59 之间的时刻，请写 "08:30"',
            f"'{text[:40]}' is no time from 00:00 to 23:59: write \"08:30\"",
        )
    return hours * 60 + minutes


def parse_day(text: str, every: Every) -> On:
    """Which day of the period. Errors: `Malformed` for one that is none, or that not every period has."""
    plain = _plain(text)
    if every is Every.WEEK:
        if plain not in _WEEKDAY:
            raise _none(text, "请写 monday 或 周一", "write monday")
        return On(day=_WEEKDAY[plain])
    if plain in _WEEKDAY:
        raise _none(text, "星期几只用于 every: week", "days of the week belong to `every: week`")
    return _checked(text, _numbered(text, plain, every), every)


def _numbered(text: str, plain: str, every: Every) -> On:
    if plain in _NAMED:
        return _NAMED[plain]
    if form := _WORKDAY.fullmatch(plain):
        return On(day=int(form[1] or form[2]), workdays=True)
    if form := _DAY.fullmatch(plain):
        return On(day=int(form[1]))
    if form := _MONTH_DAY.fullmatch(plain):
        if every is not Every.QUARTER:
            raise _none(text, "第几个月只用于 every: quarter", "the month belongs to `every: quarter`")
        return On(month=int(form[1] or form[3]), day=int(form[2] or form[4]))
    raise _none(
        text,
        "请写 15、last day、first workday、workday 3 或 month 2 day 15",
        "write 15, last day, first workday, workday 3, or month 2 day 15",
    )


def _checked(text: str, on: On, every: Every) -> On:
    most = (MOST_WORKDAYS if on.workdays else MOST_DAYS)[every]
    if not 1 <= on.month <= 3:
        raise _none(text, "一季只有三个月", "a quarter has three months")
    if on.day == LAST or 1 <= on.day <= most:
        return on
    if on.day < 1:
        raise _none(text, "从 1 数起", "days are counted from 1")
    unit_zh, unit = ("个工作日", "workday") if on.workdays else ("日", "day")
    raise _none(
        text,
        f"不是每一期都有，最多写到第 {most} {unit_zh}；期末请写 last {unit}",
        f"isn't in every period: the most is {most}; for the end write `last {unit}`",
    )


def _plain(text: str) -> str:
    """Full-width digits and colons come from Chinese keyboards."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _none(text: str, zh: str, en: str) -> Malformed:
    return Malformed(f"“{text[:40]}”：{zh}", f"'{text[:40]}': {en}")
