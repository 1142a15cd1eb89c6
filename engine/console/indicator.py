"""`huying figures INDICATOR`: numerator, denominator, formula, and the tickets behind either."""

import argparse
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant, shown
from engine.console.printing import OUT
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.errors import Malformed, NotFound
from engine.records.breakdowns import By, Group, breakdown
from engine.records.indicators import MOST, Asked, Cursor, Figure, Line, Side, behind, figure, formula


def indicator_figure(application: Application, given: argparse.Namespace) -> int:
    """Print one indicator. Errors: `NotFound` for a name, area or department; `Malformed` for a day that is none."""
    indicator = _named(given.indicator)
    asked = _asked(given, application.clock.now())
    with application.database.looking() as transaction:
        if (given.json or not given.list) and not (given.json and given.by):
            found = figure(transaction, indicator, asked)
            _print(indicator, asked, found, json=given.json)
        if given.by and not given.list:
            _print_groups(indicator, breakdown(transaction, [indicator], asked, By(given.by))[indicator.name], given)
        if given.list:
            for line in _all(transaction, indicator, asked, Side(given.list)):
                task = f" #{line.seq} {line.department}" if line.seq else f" {line.department}".rstrip()
                OUT.print(f"{line.case_no}{task} · {shown(line.cohort_at)}", markup=False)
    return 0


def every_figure(application: Application, given: argparse.Namespace) -> int:
    """Print every indicator that counts something, broken down. Errors: as `indicator_figure`."""
    known = discover()
    asked = _asked(given, application.clock.now())
    with application.database.looking() as transaction:
        found = breakdown(transaction, list(known.values()), asked, By(given.by))
    if given.json:
        OUT.print_json(data={name: [_line(group) for group in groups] for name, groups in found.items()})
        return 0
    for name, groups in found.items():
        if any(group.figure.denominator for group in groups):
            _print_groups(known[name], groups, given)
    return 0


def _print_groups(indicator: Indicator, groups: list[Group], given: argparse.Namespace) -> None:
    if given.json:
        OUT.print_json(data={indicator.name: [_line(group) for group in groups]})
        return
    top = "★" if indicator.mean else "分子\nNumerator"
    table = Table(
        "", *(Column(name, justify="right") for name in (top, "分母\nDenominator", "值\nValue")), box=SIMPLE_HEAD
    )
    table.title = f"{indicator.title.zh} / {indicator.title.en} · {indicator.name}"
    for group in (one for one in groups if one.figure.denominator):
        over = group.figure.numerator if group.figure.total is None else group.figure.total
        name = f"{group.key} {group.name.split(' / ')[0]}".strip() or "—"
        table.add_row(name, f"{over:,}", f"{group.figure.denominator:,}", _value(indicator, group.figure))
    OUT.print(table)


def _line(group: Group) -> dict[str, Any]:
    return {
        "key": group.key, "name": group.name, "numerator": group.figure.numerator,
        "denominator": group.figure.denominator, "total": group.figure.total, "value": group.figure.value,
    }  # fmt: skip


def _value(indicator: Indicator, found: Figure) -> str:
    return "—" if found.value is None else f"{found.value:.2f}" if indicator.mean else f"{found.value:.1%}"


def _named(name: str) -> Indicator:
    known = discover()
    if name not in known:
        raise NotFound(
            f"没有指标“{name[:60]}”，现有：{'、'.join(known)}",
            f"there is no indicator '{name[:60]}'; there are {', '.join(known)}",
        )
    return known[name]


def _asked(given: argparse.Namespace, now: Instant) -> Asked:
    """By default the present month, as of now."""
    today = datetime.fromtimestamp(now / 1_000_000, CIVIL_ZONE).date()
    return Asked(
        since=_midnight(_day(given.since) if given.since else today.replace(day=1)),
        until=_midnight((_day(given.until) if given.until else today) + timedelta(days=1)),
        as_of=_moment(given.as_of) if given.as_of else now,
        area=given.area,
        department=given.department,
        item=given.item,
        channel=given.channel,
        workflow=given.workflow,
        person=given.person,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"“{text[:40]}”不是日期，如 2026-11-01", f"'{text[:40]}' is no day like 2026-11-01") from None


def _midnight(day: date) -> Instant:
    return instant(datetime.combine(day, time(), CIVIL_ZONE))


def _moment(text: str) -> Instant:
    """A day means its end."""
    if "T" not in text:
        return Instant(_midnight(_day(text) + timedelta(days=1)) - 1)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(
            f"“{text[:40]}”不是时刻，如 2026-11-30T17:00", f"'{text[:40]}' is no moment like 2026-11-30T17:00"
        ) from None
    return instant(given if given.tzinfo else given.replace(tzinfo=CIVIL_ZONE))


def _print(indicator: Indicator, asked: Asked, found: Figure, *, json: bool) -> None:
    if json:
        OUT.print_json(
            data={
                "indicator": indicator.name, "numerator": found.numerator, "denominator": found.denominator,
                "total": found.total, "value": found.value, "as_of": shown(asked.as_of),
                "formula": dict(formula(indicator)),
            }
        )  # fmt: skip
        return
    over = found.numerator if found.total is None else found.total
    OUT.print(f"{indicator.title.zh} / {indicator.title.en}", markup=False, style="bold")
    OUT.print(f"{over} ÷ {found.denominator} = {_value(indicator, found)}", markup=False)
    OUT.print(f"{indicator.formula.zh} / {indicator.formula.en}", markup=False)
    for key, text in formula(indicator):
        OUT.print(f"  {key}: {text}", markup=False)
    OUT.print(f"{shown(asked.since)} – {shown(asked.until)} · 截至 / as of {shown(asked.as_of)}", markup=False)


def _all(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side) -> Iterator[Line]:
    after: Cursor | None = None
    while True:
        lines = behind(transaction, indicator, asked, side, after=after)
        yield from lines
        if len(lines) < MOST:
            return
        after = (lines[-1].cohort_at, lines[-1].ticket_id, lines[-1].seq)
