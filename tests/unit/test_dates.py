"""Dates that a form asks for: not sooner and not later than the file says, by the working calendar."""

import pytest

from tests.support.cases import Cast, Story, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
fields:
  begins: {title: 开始日 / Begins, type: date, after: 5 workdays}
  resume: {title: 恢复日 / Resume, type: date, after: 1 day, latest: 366 days}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      actions:
        plan: {title: 计划 / Plan, by: desk, form: [begins*, resume]}
        drop: {title: 作废 / Drop, by: desk, to: dropped}
ends: {dropped: {title: 作废 / Dropped, type: void}}
"""


def _story() -> Story:
    """On Monday, 2 March 2026."""
    story = Story(small(_LOOP))
    story.do(Cast.citizen, "report")
    return story


def test_workdays_ahead_are_those_of_the_calendar() -> None:
    """Five days ahead is Saturday; five workdays ahead is Monday a week later."""
    story = _story()
    refusal = story.refused(Cast.shen, "plan", form={"begins": ["2026-03-07"]})
    assert refusal.place.field == "begins"
    assert (refusal.zh, refusal.en) == (
        "“开始日”至少应在5个工作日之后（2026-03-09）",
        "'Begins' must be at least 5 workdays ahead (2026-03-09)",
    )
    story.do(Cast.shen, "plan", form={"begins": ["2026-03-09"]})


def test_every_date_of_a_list_is_looked_at() -> None:
    refusal = _story().refused(Cast.shen, "plan", form={"begins": ["2026-03-20", "2026-03-06"]})
    assert "至少" in refusal.zh


@pytest.mark.parametrize(("day", "words"), [("2026-03-02", "at least 1 day ahead"), ("2027-03-04", "at most 366 days")])
def test_a_date_lies_between_its_bounds(day: str, words: str) -> None:
    assert words in _story().refused(Cast.shen, "plan", form={"resume": day}).en


@pytest.mark.parametrize("day", ["2026-03-03", "2027-03-03"])
def test_the_bounds_themselves_are_allowed(day: str) -> None:
    _story().do(Cast.shen, "plan", form={"resume": day})
