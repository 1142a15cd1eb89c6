"""Which posts somebody may act by: their own, and those they hold as a deputy while its owner is on leave.

One text for everybody who asks (the door, pages, tokens), so that what a page shows is what the door permits.
The person is put into each part, so that both databases look the rows up by key whatever else is in the tables.
"""

from collections.abc import Sequence
from typing import Any

from engine.clock import Instant
from engine.rules.case import Held

#: Names of what `held` brings, in its order; `read` makes `Held` of them.
COLUMNS = "post area_id department_id behalf_of on_duty".split()


def held(who: str, mark: str) -> str:
    """A query for the posts of `who` (an expression for a person's id), own ones first; parameters: `parameters`."""
    running = _running("h", mark)
    mine, theirs = (on_duty("h", people, mark) for people in ("h.person_id", "h.person_id, y.deputy_id"))
    return (
        f"SELECT h.post, h.area_id, h.department_id, NULL AS behalf_of, {mine} AS on_duty, h.id AS own "  # noqa: S608
        f"FROM holding h WHERE h.person_id = {who} AND {running} UNION ALL "
        f"SELECT h.post, h.area_id, h.department_id, h.person_id, {theirs}, h.id "
        "FROM deputy y JOIN holding h ON h.id = y.holding_id "
        f"WHERE y.deputy_id = {who} AND {_now('y', mark)} AND {running}"
    )


def parameters(who: Any, now: Instant) -> tuple[Any, ...]:
    """What the marks of `held` stand for, when `who` is one mark."""
    return (*(now,) * 2, who, *(now,) * 4, who, *(now,) * 4)


def on_duty(holding: str, people: str, mark: str) -> str:
    """Whether any of these people has a shift of the holding's post and unit now, or nobody has: two moments."""
    unit = f"CASE WHEN {holding}.area_id IS NULL THEN 'd' || {holding}.department_id ELSE 'a' || {holding}.area_id END"
    there = f"s.post = {holding}.post AND s.unit = {unit} AND {_now('s', mark)}"
    one = f"CASE WHEN s.person_id IN ({people}) THEN 1 ELSE 0 END"
    return f"coalesce((SELECT max({one}) FROM shift s WHERE {there}), 1) = 1"  # noqa: S608


def _running(holding: str, mark: str) -> str:
    return f"{holding}.valid_from <= {mark} AND ({holding}.valid_to IS NULL OR {holding}.valid_to > {mark})"


def _now(alias: str, mark: str) -> str:
    return f"{alias}.valid_from <= {mark} AND {alias}.valid_to > {mark}"


def read(rows: Sequence[Sequence[Any]]) -> tuple[Held, ...]:
    """The posts in rows of `COLUMNS`, own ones first; a row without post is none."""
    found = [
        Held(post, area, department, behalf_of=behalf, on_duty=bool(duty))
        for post, area, department, behalf, duty in rows
        if post is not None
    ]
    return tuple(sorted(found, key=lambda one: one.behalf_of is not None))


def present(mark: str) -> str:
    """A query for the posts that somebody holds now: post, area, department. An owner on leave counts, a deputy too;
    whoever may not come in any more doesn't. Parameters: `present_parameters`."""
    deputed = (
        "EXISTS (SELECT 1 FROM deputy y JOIN person q ON q.id = y.deputy_id "  # noqa: S608
        f"WHERE y.holding_id = h.id AND q.active AND {_now('y', mark)})"
    )
    return (
        "SELECT DISTINCT h.post, h.area_id, h.department_id FROM holding h JOIN person p ON p.id = h.person_id "  # noqa: S608
        f"WHERE {_running('h', mark)} AND (p.active OR {deputed})"
    )


def present_parameters(now: Instant) -> tuple[Instant, ...]:
    """What the marks of `present` stand for."""
    return (now,) * 4
