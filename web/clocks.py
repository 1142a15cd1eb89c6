"""Deadlines in words and as drawings."""

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.definitions.model import Title
from engine.definitions.words import shipped
from engine.records.sheet import Clock
from engine.records.strips import Mark, Strip

#: The strip is drawn in so many units, whatever its width on the screen.
WIDTH = 1000


def left(clock: Clock) -> Title:
    """How much is left, or by how much it is overdue; working time says so."""
    zh, en = duration(abs(clock.left))
    if clock.left < 0:
        return Title(f"超期{_worked(clock, '工时')} {zh}", f"{en} overdue{_worked(clock, ' (working time)')}")
    return Title(f"剩余{_worked(clock, '工时')} {zh}", f"{en} left{_worked(clock, ' (working time)')}")


def _worked(clock: Clock, word: str) -> str:
    return word if clock.working else ""


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
