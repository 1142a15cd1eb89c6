"""Deadlines in words and as drawings."""

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.definitions.model import Title
from engine.definitions.words import shipped
from engine.records.sheet import Clock
from engine.records.strips import Mark, Strip
from engine.records.task_rows import TaskClock

#: The strip is drawn in so many units, whatever its width on the screen.
WIDTH = 1000


def left(clock: Clock | TaskClock) -> Title:
    """How much is left, or by how much it is overdue: workdays and hours of work where the limit counts these."""
    zh, en = worked(abs(clock.left), clock.workday) if clock.working else duration(abs(clock.left))
    of_work = " of working time" if clock.working else ""
    if clock.left < 0:
        return Title(f"超期 {zh}", f"{en}{of_work} overdue")
    return Title(f"剩 {zh}", f"{en}{of_work} left")


def worked(span: int, workday: int) -> tuple[str, str]:
    """A span of working time in words; a day is a workday of its calendar, not the time between two noons."""
    days, rest = divmod(span, workday)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    zh, en = [], []
    if days:
        zh.append(f"{days} 个工作日")
        en.append(f"{days} {'workday' if days == 1 else 'workdays'}")
    if hours:
        zh.append(f"{hours} 个工作时")
        en.append(f"{hours} h")
    if minutes or not zh:
        # Behind hours of work "minutes" says enough.
        zh.append(f"{minutes} 分" if zh else f"{minutes} 分钟")
        en.append(f"{minutes} min")
    return " ".join(zh), " ".join(en)


def duration(span: int) -> tuple[str, str]:
    """A span in words, Chinese and English."""
    days, rest = divmod(span, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        return f"{days} 天 {hours} 小时", f"{days} d {hours} h"
    if hours:
        return f"{hours} 小时 {minutes} 分", f"{hours} h {minutes} min"
    return f"{minutes} 分钟", f"{minutes} min"


def along(strip: Strip, at: Instant) -> int:
    """Where a moment stands on the drawing, 0 to `WIDTH`."""
    return round(strip.share(at) * WIDTH)


def brought(mark: Mark) -> Title:
    """A rung in words: where it stands and what comes with it."""
    return Title(
        "：".join(filter(None, (mark.place.zh, "、".join(one.zh for one in mark.brings)))),
        ": ".join(filter(None, (mark.place.en, ", ".join(one.en for one in mark.brings)))),
    )


def card_title(card: str) -> Title:
    """A card by its word."""
    return shipped().cards.get(card, Title(card, card))
