"""The monthly bulletin 月度通报: counted once into one object, from which page, Excel and Word are written.

Every figure keeps the indicator it is, its numerator and denominator; its words are made here and nowhere else, so that
the three forms cannot differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions import thresholds
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.records.access import Viewer
from engine.records.areas import area_by_code
from engine.records.asking import among
from engine.records.breakdowns import By, Group, breakdown
from engine.records.frequent import busy, roots
from engine.records.indicators import Asked, Figure, figures, formula
from engine.records.registers import item_names
from engine.records.rollups import newest
from engine.records.watching import watched
from engine.reports import periods
from engine.reports.ledger import CHANNELS
from engine.rules.frequent import said
from engine.rules.likeness import item_of

#: Column → indicator. The first three share their denominator: what was sent.
COLUMNS: Mapping[str, str] = {
    "done": "sent_on_time",
    "late": "sent_overdue",
    "open": "sent_open",
    "closure": "closure_unit",
    "on_time": "closed_on_time",
    "unsatisfied": "unsatisfied",
}
_PER_CHANNEL = ("done", "late", "open")
#: Footnotes: column → its mark; those per channel share one.
MARKS: Mapping[str, str] = {
    "done": "①", "late": "②", "open": "③", "closure": "④", "on_time": "⑤", "unsatisfied": "⑥",
}  # fmt: skip
#: High frequencies and cases of one bulletin.
_MOST_FREQUENT, MOST_CASES = 10, 10
_MOST_ASKED = 60
_NOTED = ("mark", "title", "formula", "period", "as_of")
LONGEST_TEXT = 500


def gather(transaction: Transaction, viewer: Viewer, period: str, area: str, now: Instant) -> dict[str, Any]:
    """Everything that is counted for a bulletin, as the rollups know it now.

    Errors: `NotPermitted`, `NotFound`, `Malformed`.
    """
    month, known, now = periods.month(period), discover(), newest(transaction, now)
    asked = Asked(since=month.since, until=month.until, as_of=now, area=area, units=watched(viewer))
    indicators = [known[name] for name in COLUMNS.values()]
    channels = _channels(transaction, known, asked)
    governments = _governments(transaction)
    whole = _lines(transaction, indicators, asked, governments)
    per_channel = [known[COLUMNS[one]] for one in _PER_CHANNEL]
    by_channel = {
        channel: _lines(transaction, per_channel, replace(asked, channel=channel), governments) for channel in channels
    }
    units = _units(whole)
    rows = [_row(name, key, whole, by_channel) for key, name in units]
    place = area_by_code(transaction, area).name if area else ""
    return {
        "period": period, "period_zh": month.zh, "area": area, "unit": place, "as_of": now, "as_of_said": shown(now),
        "since": month.since, "until": month.until, "by": viewer.name,
        "title": f"{place}{month.zh}网格治理通报",
        "channels": [{"key": key, "name": _channel(key)} for key in channels],
        "rows": [row for row in rows if _counts_something(row)],
        "total": _total(transaction, known, asked, channels),
        "notes": [_note(column, known[name], month.zh, now) for column, name in COLUMNS.items()],
        "frequent": _frequent(transaction, viewer, area, min(now, month.until)),
    }  # fmt: skip


def _channels(transaction: Transaction, known: Mapping[str, Indicator], asked: Asked) -> list[str]:
    """The channels by which anything came that was sent out; "" (unnamed) cannot be asked for and is in the total."""
    found = breakdown(transaction, [known["sent_open"]], asked, By.CHANNEL)["sent_open"]
    return [group.key for group in found if group.key and group.figure.denominator]


def _lines(
    transaction: Transaction, indicators: Sequence[Indicator], asked: Asked, governments: Mapping[str, str]
) -> dict[str, list[Group]]:
    """Indicator → units. A government is told by what stands below it, and by what it does itself; together that is
    still everything."""
    found: dict[str, list[Group]] = {one.name: [] for one in indicators}
    tops = [""]
    while tops:
        top = tops.pop(0)
        whole = breakdown(transaction, indicators, replace(asked, department=top), By.DEPARTMENT)
        for name, groups in whole.items():
            for group in groups:
                if group.key == top and top:
                    found[name].append(replace(group, name=f"{governments[top]}本级"))
                elif group.key not in governments:
                    found[name].append(group)
        below = {group.key: None for groups in whole.values() for group in groups if group.key in governments}
        tops += [key for key in below if key != top]
    return found


def _governments(transaction: Transaction) -> dict[str, str]:
    rows = transaction.rows("SELECT code, name FROM department WHERE kind = 'government'")
    return {code: name.split(" / ")[0] for code, name in rows}


def _channel(key: str) -> str:
    return CHANNELS.get(key, key)


def _units(whole: Mapping[str, Sequence[Group]]) -> list[tuple[str, str]]:
    """Code and name of every department in any of the columns, in the order of the first."""
    found: dict[str, str] = {}
    for groups in whole.values():
        found |= {group.key: group.name for group in groups}
    return [(key, name.split(" / ")[0] or key or "（未派）") for key, name in found.items()]


def _row(
    name: str, key: str, whole: Mapping[str, Sequence[Group]], by_channel: Mapping[str, Mapping[str, Sequence[Group]]]
) -> dict[str, Any]:
    cells = {column: _of(whole[indicator], key) for column, indicator in COLUMNS.items()}
    per = {
        channel: {column: _of(groups[COLUMNS[column]], key) for column in _PER_CHANNEL}
        for channel, groups in by_channel.items()
    }
    return _told(key, name, cells, per)


def _of(groups: Sequence[Group], key: str) -> Figure:
    return next((group.figure for group in groups if group.key == key), Figure(numerator=0, denominator=0))


def _total(
    transaction: Transaction, known: Mapping[str, Indicator], asked: Asked, channels: Sequence[str]
) -> dict[str, Any]:
    found = figures(transaction, [known[name] for name in COLUMNS.values()], asked)
    per = {}
    for channel in channels:
        within = figures(transaction, [known[COLUMNS[one]] for one in _PER_CHANNEL], replace(asked, channel=channel))
        per[channel] = {column: within[COLUMNS[column]] for column in _PER_CHANNEL}
    return _told("", "合计", {column: found[name] for column, name in COLUMNS.items()}, per)


def _told(
    key: str, name: str, cells: Mapping[str, Figure], per: Mapping[str, Mapping[str, Figure]]
) -> dict[str, Any]:  # fmt: skip
    return {
        "key": key,
        "name": name,
        "sent": cells["open"].denominator,
        "cells": {column: _cell(figure) for column, figure in cells.items()},
        "channels": [
            {"key": channel, "name": _channel(channel),
             "text": "/".join(str(figures[column].numerator) for column in _PER_CHANNEL),
             "cells": {column: _cell(figure) for column, figure in figures.items()}}
            for channel, figures in per.items()
        ],
    }  # fmt: skip


def _cell(figure: Figure) -> dict[str, Any]:
    """A figure and how it is said; no fractions, whose last digits two machines may print differently."""
    return {"n": figure.numerator, "d": figure.denominator, "rate": rate(figure.numerator, figure.denominator)}


def rate(above: int, below: int) -> str:
    """A rate to a tenth of a percent, halves upward; a dash for what has no base."""
    if not below:
        return "—"
    tenths = (above * 2000 + below) // (2 * below)
    return f"{tenths // 10}.{tenths % 10}%"


def _counts_something(row: Mapping[str, Any]) -> bool:
    return bool(row["sent"]) or any(cell["d"] for cell in row["cells"].values())


def _note(column: str, indicator: Indicator, period: str, now: Instant) -> dict[str, Any]:
    return {
        "mark": MARKS[column],
        "indicator": indicator.name,
        "title": indicator.title.zh,
        "formula": indicator.formula.zh,
        "formula_en": indicator.formula.en,
        "counted": [f"{key}: {text}" for key, text in formula(indicator)],
        "period": period,
        "as_of": shown(now),
    }


def _frequent(transaction: Transaction, viewer: Viewer, area: str, at: Instant) -> list[dict[str, Any]]:
    rules = thresholds.shipped().frequent
    units = watched(viewer)
    found = busy(transaction, roots(transaction) if units is None else units, at, rules)
    below = _below(transaction, area) if area else None
    return [
        {"item": one.item_name, "area": one.area_name, "tickets": list(one.tickets),
         "text": f"{one.item_name} · {one.area_name}：{said(one.standout, rules.days).zh}"}
        for one in found if below is None or one.area in below
    ][:_MOST_FREQUENT]  # fmt: skip


def _below(transaction: Transaction, code: str) -> set[str]:
    """Codes of an area and of all below it, as the tree is now."""
    number = area_by_code(transaction, code).id
    rows = transaction.rows("SELECT code, lineage FROM area")
    return {one for one, lineage in rows if f"[{number}," in lineage.replace(" ", "")}


def candidates(transaction: Transaction, viewer: Viewer, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tickets that may serve as typical cases: those behind the high frequencies, each with what it is about."""
    numbers = [number for one in data["frequent"] for number in one["tickets"][:3]]
    return cases_of(transaction, viewer, dict.fromkeys(numbers))


def cases_of(transaction: Transaction, viewer: Viewer, numbers: Iterable[str]) -> list[dict[str, str]]:
    """Number and matter of these tickets, as far as their reader reaches them and everybody may know of them."""
    wanted = list(numbers)[:_MOST_ASKED]
    units = watched(viewer)
    match, listed = among(transaction, wanted)
    reached, parameters = among(transaction, roots(transaction) if units is None else units)
    rows = transaction.rows(
        "SELECT t.case_no, t.item, a.name FROM ticket t JOIN area a ON a.id = t.area_id "  # noqa: S608
        f"WHERE t.case_no {match} AND NOT t.confidential AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached})",
        (*listed, *parameters),
    )
    items = item_names(transaction, {item_of(item) for _, item, _ in rows if item})
    found = {number: f"{items.get(item_of(item or ''), '案卷')} · {place}" for number, item, place in rows}
    return [{"case_no": number, "title": found[number]} for number in wanted if number in found]


def values(data: Mapping[str, Any], added: Mapping[str, Any], *, number: str, digest: str) -> dict[str, Any]:
    """What a Word template may name (`samples.py` lists it), in the words of the page."""

    def line(row: Mapping[str, Any]) -> dict[str, Any]:
        cells = row["cells"]
        return {
            "name": row["name"], "sent": str(row["sent"]), "closure": cells["closure"]["rate"],
            "on_time": cells["on_time"]["rate"], "unsatisfied": str(cells["unsatisfied"]["n"]),
            "channels": [{"name": one["name"], "text": one["text"]} for one in row["channels"]],
        }  # fmt: skip

    return {
        "title": data["title"], "number": number or "（未编号）", "unit": data["unit"], "period": data["period_zh"],
        "as_of": data["as_of_said"], "by": data["by"], "channels": data["channels"],
        "rows": [line(row) for row in data["rows"]], "total": line(data["total"]),
        "marks": {**MARKS, "sent": "".join(MARKS[one] for one in _PER_CHANNEL)},
        "notes": [{key: note[key] for key in _NOTED} for note in data["notes"]],
        "frequent": [{key: one[key] for key in ("item", "area", "text")} for one in data["frequent"]],
        "cases": list(added.get("cases", ())), "remarks": added.get("remarks", ""), "digest": digest,
    }  # fmt: skip
