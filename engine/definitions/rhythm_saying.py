"""When a job comes and who gets it, in words for lists and pages."""

from engine.definitions.model import Title
from engine.definitions.rhythm import DEPARTMENT, LAST, Every, Moves, Recipient, When
from engine.definitions.rhythm_days import WEEKDAYS
from engine.definitions.words import Words

_PERIODS = {
    Every.WORKDAY: Title("每个工作日", "every workday"),
    Every.DAY: Title("每天", "every day"),
    Every.WEEK: Title("每周", "every week"),
    Every.TEN_DAYS: Title("每旬", "every ten days"),
    Every.MONTH: Title("每月", "every month"),
    Every.QUARTER: Title("每季", "every quarter"),
}
_MOVES = {
    Moves.NEXT: Title("", ""),
    Moves.PREVIOUS: Title("，遇休提前", ", earlier before a day off"),
    Moves.SKIP: Title("，遇休不发", ", not on a day off"),
}
_DEPARTMENT = Title("部门", "department")


def when_said(when: When) -> Title:
    """`每周一 09:00 / every Monday 09:00`."""
    period, moves = _PERIODS[when.every], _MOVES[when.moves]
    time = f"{when.at // 60:02}:{when.at % 60:02}"
    day = _day(when)
    if when.every is Every.WEEK:
        return Title(f"{period.zh}{day.zh} {time}{moves.zh}", f"every {day.en} {time}{moves.en}")
    on = f" on the {day.en}" if day.en else ""
    return Title(f"{period.zh}{day.zh} {time}{moves.zh}", f"{period.en}{on} {time}{moves.en}")


def recipient_said(recipient: Recipient, words: Words) -> Title:
    """`部门 · 承办人、部门负责人 / department: handler, department lead`."""
    of = _DEPARTMENT if recipient.of == DEPARTMENT else words.levels[recipient.of]
    posts = [words.posts[post] for post in recipient.posts]
    return Title(f"{of.zh} · {'、'.join(post.zh for post in posts)}", f"{of.en}: {', '.join(p.en for p in posts)}")


def _day(when: When) -> Title:
    on = when.on
    if on is None:
        return Title("", "")
    if when.every is Every.WEEK:
        return Title("一二三四五六日"[on.day - 1], WEEKDAYS[on.day - 1].capitalize())
    month = Title(f"第{on.month}个月", f", month {on.month}") if on.month > 1 else Title("", "")
    if on.day == LAST:
        return Title("最后一个工作日" if on.workdays else "最后一日", "last workday" if on.workdays else "last day")
    if on.workdays:
        return Title("首个工作日" if on.day == 1 else f"第{on.day}个工作日", f"{_ordinal(on.day)} workday")
    return Title(f"{month.zh}{on.day if month.zh else f'第{on.day}'}日", f"{_ordinal(on.day)} day{month.en}")


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number // 10 != 1 else "th"
    return "first" if number == 1 else f"{number}{ending}"
