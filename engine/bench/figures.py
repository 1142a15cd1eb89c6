"""Figures as people wait for them: the board's questions, from rollups and from the facts, among as many tickets.

Each question is asked as of the moment of the rollups; those of a month also as of the microsecond after it, which only
the facts can answer: the same counts, so that their ratio says what the rollups are worth.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.error import HTTPError

from engine.background.facts import tell_facts
from engine.background.rollups import refresh
from engine.bench.district import Shape, populate, spread
from engine.bench.lists import PASSWORD, serving, signed_in, timed
from engine.bench.run import percentile
from engine.bench.world import World
from engine.clock import DAY, Clock, Instant, SystemClock, moment
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.records import facts, rollups
from engine.records.access import set_password
from engine.records.breakdowns import By, breakdown
from engine.records.indicators import Asked, Side, figures, listed
from engine.records.versions import Versions
from engine.stages.door import Door

#: Pages that are timed over HTTP where they exist, and who looks.
READER = "centre"
PAGES = (
    "/board", "/board?by=department", "/board?by=item", "/board?item=part-77-07", "/board?channel=hotline",
    "/board?department=b1", "/board/overdue", "/board/open", "/board/flow?workflow=block-calls-line-responds",
    "/figures", "/figures/closed_on_time?by=area&side=rest", "/figures/closed_on_time?side=immature",
    "/figures/handled_on_time?by=department&side=excluded", "/figures/filed_on_time?by=person",
    "/figures?department=b1",
)  # fmt: skip
#: The same of days that are no whole months: of last week, and of an accounting month that begins on the 26th.
STRETCHES = (
    "/board?{week}", "/board?{month}", "/board?{month}&by=department", "/board?{month}&by=item",
    "/board?{month}&by=channel", "/board?{month}&item=part-77-07", "/board?{month}&channel=hotline",
    "/board?{month}&department=b1", "/board?{month}&department=b1&by=item", "/board?{month}&area=s1",
    "/board?{month}&area=s1&by=item", "/board?{month}&area=s1&channel=hotline", "/figures?{month}",
    "/figures/closed_on_time?{month}&by=area&side=rest", "/figures/filed_on_time?{month}&by=person",
    "/board?{month}&department=b1&item=part-77-07", "/board?{month}&department=b1&channel=hotline",
    "/board?{month}&item=part-77-07&channel=hotline", "/board?{month}&department=b1&channel=hotline&by=item",
    "/board?{month}&department=b1&item=part-77-07&channel=hotline",
)  # fmt: skip
#: The district in which they are asked.
SHAPE = Shape()
#: How often each question is asked.
_TRIES = 20
#: Indicators that one table of a board shows.
_SHOWN = ("closure_area", "closed_on_time", "closure_unit")
#: Tickets to which something happened since the last round, as in a minute of a busy district; among 500 times as many.
_STIRRED = 30
#: Months of a trend, and of a year.
_TREND, _YEAR = 24, 12
#: Days of a month before an accounting month begins.
_FROM = 25
Question = Callable[[Transaction, Instant], object]


def figures_timed(
    database: Database,
    door: Door,
    world: World,
    *,
    count: int,
    pages: Sequence[str] | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Milliseconds of every question, p50 and p95, from rollups and from facts, among about `count` tickets.

    `counting_s` is the first round of the rollups, `round_s` one after something happened to some tickets of the last
    months, `folded_per_s` how many tickets are told again in a second.
    """
    clock, indicators = SystemClock(), list(discover().values())
    began = time.perf_counter()
    total = populate(database, door, world, clock.now(), count, SHAPE)
    tell(f"{database.dialect}: {total:,} 件 / tickets, {time.perf_counter() - began:.0f} s")
    return {
        "tickets": total,
        **measured(database, door, clock, indicators, tell),
        **_pages(
            database,
            (*PAGES, *_in_days(clock.now())) if pages is None else pages,
            lambda: refresh(database, clock, door.versions, indicators),
            tell,
        ),
    }


def _in_days(now: Instant) -> Iterator[str]:
    """The pages of some days, up to the last month's end."""
    last = moment(Instant(rollups.month_of(now) - DAY))
    before = (last.replace(day=1) - timedelta(days=1)).replace(day=26)
    week = f"since={last - timedelta(days=6):%Y-%m-%d}&until={last:%Y-%m-%d}"
    for page in STRETCHES:
        # Boards name the last day, figures the day after it.
        until = last.replace(day=25 if page.startswith("/board") else 26)
        yield page.format(week=week, month=f"since={before:%Y-%m-%d}&until={until:%Y-%m-%d}")


def measured(
    database: Database, door: Door, clock: Clock, indicators: list[Indicator], tell: Callable[[str], None]
) -> dict[str, Any]:
    """The figures of a district that is filled already."""
    counting = _seconds(lambda: refresh(database, clock, door.versions, indicators))
    tell(f"  rollups: {counting:.1f} s")
    database.acting(lambda writing: writing.run("ANALYZE"))
    again = _round(database, clock, door.versions, indicators)
    with database.looking(anew=True) as transaction:
        ids = [int(row[0]) for row in transaction.rows("SELECT id FROM ticket ORDER BY id LIMIT 500")]
        told = _seconds(lambda: tell_facts(transaction, door.versions, ids))
        at = rollups.counted_at(transaction)
        if at is None:
            raise RuntimeError("the rollups were not counted to the end")
        rows = []
        for name, question in _questions(transaction, indicators, at):
            rows.append(_asked(transaction, name, question, at))
            tell(f"  {name}: {rows[-1]['p95_ms']} ms ({rows[-1]['facts_ms'] or '-'} ms)")
    return {
        "counting_s": round(counting, 1),
        "round_s": round(again, 2),
        "folded_per_s": round(len(ids) / told, 1),
        "p95_ms": max(row["p95_ms"] for row in rows),
        "ratio": round(statistics.median(row["ratio"] for row in rows if row["ratio"] is not None), 1),
        "questions": rows,
    }


def _round(database: Database, clock: Clock, versions: Versions, indicators: list[Indicator]) -> float:
    """How long a round takes after some tickets were closed, seconds; they are as before afterwards."""
    with database.looking() as transaction:
        rows = transaction.rows(f"SELECT ticket_id FROM ticket_fact ORDER BY reported_at DESC LIMIT {_STIRRED * 500}")  # noqa: S608
        as_they_are = tell_facts(transaction, versions, sorted(int(ticket) for (ticket,) in rows[::500]))
    changed = deepcopy(as_they_are)
    for row in (*changed.tickets, *changed.tasks):
        row["handled_at"] = clock.now()
        if "closed_at" in row:
            row["closed_at"] = row["first_closed_at"] = clock.now()
    for row in changed.spans:
        row["until_at"] = row["until_at"] or clock.now()
    took = 0.0
    for told in (changed, as_they_are):
        database.acting(partial(facts.write, told=told))
        took = max(took, _seconds(lambda: refresh(database, clock, versions, indicators)))
    return took


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _asked(transaction: Transaction, name: str, question: Question, at: Instant) -> dict[str, Any]:
    question(transaction, at)
    quick = sorted(_seconds(lambda: question(transaction, at)) for _ in range(_TRIES))
    p50 = percentile(quick, 50)
    # A district's year takes the facts half a minute: what the rollups are worth is asked of months, and not of lists.
    compared = name.endswith("month") and not name.startswith("list")
    facts = round(_seconds(lambda: question(transaction, Instant(at + 1))) * 1000, 3) if compared else None
    return {
        "question": name, "p50_ms": p50, "p95_ms": percentile(quick, 95), "facts_ms": facts,
        "ratio": round(facts / p50, 2) if facts is not None else None,
    }  # fmt: skip


def _questions(transaction: Transaction, indicators: list[Indicator], now: Instant) -> Iterator[tuple[str, Question]]:
    """Name → what is asked: all indicators, every breakdown, a trend and lists, at every level."""
    shown = [one for one in indicators if one.name in _SHOWN]
    places = {"district": "district", **dict(spread(transaction))}
    every = Asked(since=now, until=rollups.next_month(now), as_of=now)
    last = rollups.month_of(rollups.month_of(now) - DAY)
    periods = {
        "month": (_back(now, 1), every.until),
        "year": (_back(now, _YEAR), every.until),
        "days": (Instant(rollups.month_of(last - DAY) + _FROM * DAY), Instant(last + _FROM * DAY)),
    }
    scopes = {level: replace(every, area=code) for level, code in places.items()}
    scopes["department"] = replace(every, department="b1")
    scopes["department+item"] = replace(every, department="b1", item="part-77-07")
    for level, scope in scopes.items():
        for period, (since, until) in periods.items():
            asked = replace(scope, since=since, until=until)
            yield f"figures {level} {period}", _figures(indicators, asked)
            for by in By:
                yield f"by {by.value} {level} {period}", _breakdown(shown, asked, by)
        trend = replace(scope, since=_back(now, _TREND))
        yield f"trend {level}", _breakdown(shown, trend, By.MONTH)
        for side in Side:
            yield f"list {side.value} {level}", _list(shown[1], trend, side)


def _back(now: Instant, months: int) -> Instant:
    """When the month so many before the next begins."""
    month = rollups.month_of(now)
    for _ in range(months - 1):
        month = rollups.month_of(month - DAY)
    return month


def _figures(indicators: list[Indicator], asked: Asked) -> Question:
    return lambda transaction, at: figures(transaction, indicators, replace(asked, as_of=at))


def _breakdown(indicators: list[Indicator], asked: Asked, by: By) -> Question:
    return lambda transaction, at: breakdown(transaction, indicators, replace(asked, as_of=at), by)


def _list(indicator: Indicator, asked: Asked, side: Side) -> Question:
    return lambda transaction, at: listed(transaction, indicator, replace(asked, as_of=at), side, most=200)


def _pages(
    database: Database, pages: Sequence[str], keep: Callable[[], object], tell: Callable[[str], None]
) -> dict[str, Any]:
    """The pages over HTTP, one request at a time; one that this installation does not have is left out.

    `keep` does what a scheduler would do meanwhile: pages believe only rollups of the last minutes.
    """
    rows = []
    set_password(database, READER, PASSWORD)
    with serving(database) as address:
        browser = signed_in(address, READER)
        for path in pages:
            keep()
            try:
                rows.append({"path": path, **timed(browser, address + path)})
            except HTTPError as failure:
                if failure.code != 404:
                    raise
                tell(f"  {path}: 没有这一页 / no such page")
                continue
            tell(f"  {path}: {rows[-1]['p95_ms']} ms")
    return {"pages": rows}
