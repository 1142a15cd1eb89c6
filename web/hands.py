"""In whose hands a ticket was, in words and as shares of one bar."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.clock import MINUTE
from engine.definitions.model import Title
from engine.records.sheet import Sheet
from engine.rules.hands import Stretch
from web.clocks import WIDTH, duration

#: Colours of the bar; more holders share the last one.
_TONES = 8
_NOBODY = Title("无人", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One stretch between two lines of the history."""

    holder: Title
    text: Title
    ongoing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of the whole time that a ticket was in the same hands."""

    holder: Title
    text: Title
    percent: int
    #: Where it begins on the bar and how wide it is, in its units.
    x: int
    width: int
    tone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a ticket's page says of them."""

    #: The stretch that begins with an event, by its seq; what took less than a minute is not told.
    after: Mapping[int, Held]
    shares: tuple[Share, ...]


def hands(sheet: Sheet, stretches: Iterable[Stretch]) -> Hands:
    """The stretches told, and summed up by who held the ticket together."""
    told = [one for one in stretches if one.span >= MINUTE]
    return Hands(
        after={
            one.seq: Held(holder=_who(sheet, one.holders), text=_time(one.span, one.worked), ongoing=one.ongoing)
            for one in told
        },
        shares=tuple(_shares(sheet, told)),
    )


def _shares(sheet: Sheet, told: Sequence[Stretch]) -> Iterable[Share]:
    """The longest first. Several who held it at once are one share: nobody knows whose part was how long."""
    spans, worked = dict[frozenset[str], int](), dict[frozenset[str], int]()
    for one in told:
        key = frozenset(one.holders)
        spans[key] = spans.get(key, 0) + one.span
        worked[key] = worked.get(key, 0) + one.worked
    order = {frozenset(one.holders): one.holders for one in reversed(told)}
    whole, begun = max(1, sum(spans.values())), 0
    for number, key in enumerate(sorted(spans, key=lambda key: -spans[key])):
        x, begun = begun, begun + spans[key]
        left, right = round(WIDTH * x / whole), round(WIDTH * begun / whole)
        yield Share(
            holder=_who(sheet, order[key]),
            text=_time(spans[key], worked[key]),
            percent=round(100 * spans[key] / whole),
            x=left,
            width=right - left,
            tone=min(number, _TONES - 1),
        )


def _time(span: int, worked: int) -> Title:
    (zh, en), (worked_zh, worked_en) = duration(span), duration(worked)
    return Title(f"{zh}（工作 {worked_zh}）", f"{en} ({worked_en} of work)")


def _who(sheet: Sheet, holders: Sequence[str]) -> Title:
    titles = [_title(sheet, one) for one in holders] or [_NOBODY]
    return Title("、".join(one.zh for one in titles), ", ".join(one.en for one in titles))


def _title(sheet: Sheet, holder: str) -> Title:
    role = sheet.definition.roles.get(holder)
    if role is not None:
        return role.title
    known = {"d": sheet.names.departments, "p": sheet.names.people}.get(holder[0], {})
    found = known.get(int(holder[1:])) if holder[1:].isdecimal() else None
    return Title(found.name, found.name) if found else _NOBODY
