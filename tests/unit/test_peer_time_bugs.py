"""Bugs of time that peers are known for, each by its name. They are not to come here."""

from datetime import date, datetime, time

import pytest

from engine.clock import CIVIL_ZONE, DAY, HOUR, MINUTE, Instant, instant
from engine.definitions.spans import SpanError, parse_limit, parse_rung
from engine.errors import DefinitionError
from engine.rules.calendar_form import calendar_from_mapping
from engine.rules.calendars import CalendarError
from engine.rules.case import Run
from engine.rules.worktime import due, rung_at
from tests.support.cases import URBAN, WORKDAY, Cast, Story, calendar, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
deadlines: {work: {title: 办理 / Work, within: catalogue, default: 2 workdays, ladder: up}}
ladders:
  up:
    - {at: -1 day, light: blue, tells: [desk]}
    - {at: 70%, light: yellow, tells: [desk]}
    - {at: 100%, light: red, tells: [desk]}
    - {at: +1 workday, light: red, tells: [desk]}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work]
      actions:
        fix:   {title: 更正 / Fix, by: desk, form: [item!]}
        more:  {title: 延期 / More, by: desk, extends: work}
        wait:  {title: 挂账 / Wait, by: desk, form: [until!], suspends: until}
        close: {title: 办结 / Close, by: desk, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""
_ROUND_THE_CLOCK = {
    "title": "全天 / Always", "zone": "Asia/Shanghai", "daily": ["00:00-24:00"], "weekly": {"monday-sunday": "daily"},
    "statutory": "none",
}  # fmt: skip


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=CIVIL_ZONE))


def story(created: str = "2026-03-02 09:00") -> Story:
    told = Story(small(_LOOP), now=at(created))
    told.do(Cast.citizen, "report")
    return told


def test_a_calendar_that_loses_a_minute_at_midnight() -> None:
    always = calendar_from_mapping(_ROUND_THE_CLOCK)
    start = at("2026-03-02 23:30")
    assert always.measure(start, at("2026-03-03 00:30")) == HOUR
    assert always.add(start, 40 * DAY) == start + 40 * DAY


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("weekly", {"monday": "off"}),
        ("weekly", {}),
        ("daily", ["09:00-09:00"]),
        ("daily", ["17:00-09:00"]),
        ("daily", []),
    ],
)
def test_bad_working_hours_that_loop_a_background_job_for_ever(key: str, value: object) -> None:
    with pytest.raises(CalendarError):
        calendar_from_mapping({**_ROUND_THE_CLOCK, key: value})


def test_a_calendar_whose_every_day_is_off_ends_its_search_with_an_error() -> None:
    """Exceptions may leave a calendar without work for as long as anybody lists them; a search ends all the same."""
    never = calendar_from_mapping(
        {**_ROUND_THE_CLOCK, "weekly": {"monday": "daily"}, "days": {date(2026, 3, 2): "off"}}
    )
    with pytest.raises(CalendarError):
        never.add(at("2026-03-02 09:00"), 400_000 * DAY)


def test_a_rung_ahead_of_the_due_time_that_fires_at_midnight() -> None:
    """A warning a day ahead of a deadline that ends a day comes when people are at work."""
    limit = parse_limit("5 days").counted(parse_limit("5 days").counting.DAYS)
    start = at("2026-03-02 10:00")
    end = due(start, limit, calendar()).at
    comes = rung_at(parse_rung("-3 days"), start=start, limit=limit, due_at=end, calendar=calendar())
    shown = datetime.fromtimestamp(comes / 1_000_000, CIVIL_ZONE).time()
    assert time(9) <= shown < time(17, 30)


@pytest.mark.parametrize("text", ["P1D", "PT24H", "p1w", "P1DT2H"])
def test_p1d_read_as_24_business_hours(text: str) -> None:
    with pytest.raises(SpanError) as refusal:
        parse_limit(text)
    assert "1个自然日" in refusal.value.zh
    with pytest.raises(DefinitionError) as refused:
        small(_LOOP.replace("default: 2 workdays", f"default: {text}"))
    assert refused.value.place.line == 9


@pytest.mark.parametrize("created", ["2026-03-02 20:00", "2026-03-07 11:00", "2026-03-02 03:00", "2026-03-02 12:00"])
def test_escalated_at_creation_because_it_was_created_out_of_hours(created: str) -> None:
    told = story(created)
    assert told.tick() is None
    assert told.tick(MINUTE) is None


def test_a_warning_ahead_of_a_limit_shorter_than_itself_comes_at_creation() -> None:
    told = Story(small(_LOOP.replace("default: 2 workdays", "default: 2 hours")), now=at("2026-03-02 09:00"))
    told.do(Cast.citizen, "report")
    assert told.tick(HOUR) is None


def test_a_changed_limit_that_forgets_paused_time() -> None:
    told = story()
    told.later(HOUR).do(Cast.shen, "wait", form={"until": "2026-03-08"})
    told.tick_to(at("2026-03-09 09:00"))
    work = told.timer("work")
    assert (work.run, work.consumed) == (Run.RUNNING, HOUR)
    told.later(HOUR).do(Cast.shen, "fix", form={"item": "part-01-01"})
    changed = told.timer("work")
    assert changed.limit == "4 working hours"
    # The hour before the pause counts; the six days of the pause do not.
    assert changed.consumed == HOUR
    assert calendar().measure(at("2026-03-09 09:00"), changed.due_at) == 3 * HOUR


def test_a_changed_limit_of_another_unit_counts_what_ran_on_the_new_clock() -> None:
    told = story("2026-03-06 16:30")
    told.later(DAY).do(Cast.shen, "wait", form={"until": "2026-03-10"})
    told.tick_to(at("2026-03-11 09:00"))
    assert told.timer("work").consumed == HOUR, "an hour of Friday's work; Saturday is none"


def test_hundreds_of_mails_after_a_pause() -> None:
    told = story()
    told.later(HOUR).do(Cast.shen, "wait", form={"until": "2026-06-30"})
    before = len(told.notices)
    told.tick_to(at("2026-07-01 08:00"))
    assert len(told.notices) == before


def test_hundreds_of_mails_after_a_restart() -> None:
    """However many rungs were missed: one notice for each who is told, and nothing when the next sweep looks again."""
    told = story()
    decision = told.tick(60 * DAY)
    assert decision is not None
    assert len(decision.reached) == 3
    assert len({(notice.unit, notice.posts) for notice in decision.notices}) == len(decision.notices) == 1
    assert told.tick(MINUTE) is None


def test_a_second_reminder_suppressed() -> None:
    """Each rung tells, the second red one too; and yellow again after an extension."""
    told = story()
    last = told.timer("work").due_at
    told.tick_to(last)
    once = len(told.notices)
    told.tick_to(Instant(last + 2 * DAY))
    assert len(told.notices) == once + 1
    again = story()
    again.tick_to(at("2026-03-03 15:00"))
    told_before = len(again.notices)
    again.do(Cast.shen, "more")
    again.tick_to(Instant(again.timer("work").due_at - MINUTE))
    assert len(again.notices) > told_before


def test_a_deleted_action_that_crashes_the_clock() -> None:
    """A rung whose action the ticket's state does not have (any more) is moot, and the ladder goes on."""
    told = Story().called("urban", item="event-02-03").signed(URBAN)
    told.do(Cast.chen_lead, "return", of=URBAN)
    told.tick(60 * DAY)
    assert told.case.ticket.state in ("arbitration", "city_ruling")
    assert told.tick(60 * DAY) is None or told.case.ticket.state == "city_ruling"


def test_a_workday_of_another_length_is_that_calendars_own() -> None:
    short = calendar_from_mapping({**_ROUND_THE_CLOCK, "daily": ["09:00-12:00"]})
    assert short.workday == 3 * HOUR != WORKDAY
    assert due(at("2026-03-02 09:00"), parse_limit("2 workdays"), short).at == at("2026-03-03 12:00")
