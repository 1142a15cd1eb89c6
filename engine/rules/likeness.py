"""How likely two tickets are one matter: by place, time, item and words. Pure, and the same in either order."""

import unicodedata
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Indel

from engine.clock import HOUR, MINUTE, Instant
from engine.definitions.model import Title
from engine.definitions.thresholds import Duplicates
from engine.rules.ground import Spot, metres, reach

#: Points that place, time, item and words can bring.
PLACE, TIME, ITEM, WORDS = 40, 15, 25, 20
#: Characters of a text that are compared; longer ones begin with what matters.
_COMPARED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is compared of a ticket."""

    spot: Spot
    opened_at: Instant
    #: Code of an item or of one of its standards.
    item: str | None
    #: As `bigrams` makes them.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Points of 100, with the reasons in words and figures."""

    points: int
    metres: int
    reasons: tuple[Title, ...]


def bigrams(text: str) -> str:
    """A text as words to be compared: NFKC in lower case, Chinese runs cut into pairs, others whole."""
    folded = unicodedata.normalize("NFKC", text[:_COMPARED]).lower()
    words: list[str] = []
    for kind, run in groupby(folded, _kind):
        signs = "".join(run)
        if kind == "han":
            words += [signs[at : at + 2] for at in range(max(1, len(signs) - 1))]
        elif kind:
            words.append(signs)
    return " ".join(words)


def _kind(sign: str) -> str:
    if "㐀" <= sign <= "鿿" or "豈" <= sign <= "﫿" or sign >= "\U00020000":
        return "han"
    return "word" if sign.isalnum() else ""


def item_of(code: str) -> str:
    """The item of a standard's code."""
    return code.partition("/")[0]


def class_of(code: str) -> str:
    """The class of an item's code: kind and class."""
    return "-".join(code.split("-")[:2])


def same_standard(a: str, b: str) -> bool:
    """Whether two codes name one standard; an item without a standard is any of its own."""
    return a == b or (item_of(a) == item_of(b) and ("/" not in a or "/" not in b))


def likeness(a: Matter, b: Matter, rules: Duplicates) -> Likeness | None:
    """How alike two matters are; None when they are too far apart, in place or time, to be one.

    What one of them does not say (no item, no words) counts neither for nor against. The nearer, the more points.
    """
    apart, within = metres(a.spot, b.spot), reach(a.spot, b.spot, rules.metres, rules.accuracy)
    between, window = abs(a.opened_at - b.opened_at), rules.hours * HOUR
    if apart > within or between > window:
        return None
    parts = [(PLACE, 1 - apart / (within or 1)), (TIME, 1 - between / window)]
    reasons = [_distance(apart, a.spot, b.spot), _interval(between)]
    for weight, share, reason in (_by_item(a.item, b.item), _by_words(a.words, b.words)):
        if weight:
            parts.append((weight, share))
        if reason is not None:
            reasons.append(reason)
    points = 100 * sum(weight * share for weight, share in parts) / sum(weight for weight, _ in parts)
    return Likeness(points=round(points), metres=round(apart), reasons=tuple(reasons))


Part = tuple[int, float, Title | None]


def _by_item(a: str | None, b: str | None) -> Part:
    if not a or not b:
        return 0, 0.0, None
    if item_of(a) == item_of(b):
        return ITEM, 1.0, Title("同一事项", "the same item")
    if class_of(a) == class_of(b):
        return ITEM, 0.5, Title("同一大类", "the same class of items")
    return ITEM, 0.0, None


def _by_words(a: str, b: str) -> Part:
    if not a or not b:
        return 0, 0.0, None
    first, second = sorted(a.split(" ")), sorted(b.split(" "))
    # Whoever describes at length and whoever says three words may mean the same: half for the whole, half for what
    # the shorter one shares with the longer.
    shared = len({*first} & {*second}) / min(len({*first}), len({*second}))
    share = (Indel.normalized_similarity(first, second) + shared) / 2
    percent = round(100 * share)
    return WORDS, share, Title(f"文字相似 {percent}%", f"{percent}% alike in words") if percent >= 30 else None


def _distance(apart: float, a: Spot, b: Spot) -> Title:
    known = [spot.accuracy_m for spot in (a, b) if spot.accuracy_m is not None]
    give = f"（精度 ±{sum(known)} 米）" if known else "（精度不详）"
    given = f" (±{sum(known)} m)" if known else " (accuracy unknown)"
    return Title(f"相距 {round(apart)} 米{give}", f"{round(apart)} m apart{given}")


def _interval(between: int) -> Title:
    minutes = between // MINUTE
    if minutes < 120:
        return Title(f"相隔 {minutes} 分钟", f"{minutes} minutes apart")
    return Title(f"相隔 {minutes // 60} 小时", f"{minutes // 60} hours apart")
