"""The tables of the rollups: what is counted ahead, of which stretches, and where ways are cut."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import (
    ONE_TREE,
    big_id,
    big_number,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_number,
    number,
    only_where,
    path,
    text,
    where,
    word,
    yes_no,
)

#: Indicators of one series: so many have room in a row.
SLOTS = 16


class RollupMonth(SQLModel, table=True):
    """A month in which facts have moments, and how often all of it was to be counted anew."""

    __tablename__ = "rollup_month"
    __table_args__ = (ONE_TREE,)

    #: When it begins, local time.
    since: int = key_part()
    anew: int = link()


class RollupWaiting(SQLModel, table=True):
    """A ticket that was told anew since its facts were counted. A row each time: whoever counts meanwhile takes away
    those that it saw, and must not lose what came after it looked."""

    __tablename__ = "rollup_waiting"

    id: int | None = big_id()
    ticket_id: int = link()
    #: The last moment in what was told: before that nobody counts it, whose clock is behind.
    last_at: int = instant()


class SpanWaiting(SQLModel, table=True):
    """A span that comes or goes since spans were counted."""

    __tablename__ = "span_waiting"

    id: int | None = big_id()
    #: As in `RollupWaiting`.
    last_at: int = instant()
    #: 1 comes, -1 goes.
    sign: int = number()
    area_path: str = path()
    stage: str = word()
    #: 0 and "" for none.
    department_id: int = link()
    item: str = word(bytewise=True)
    channel: str = word()
    workflow: str = word()
    since_at: int = instant()
    until_at: int | None = maybe_instant()


class RollupBucket(SQLModel, table=True):
    """A month of a series as it was counted last."""

    __tablename__ = "rollup_bucket"
    __table_args__ = (ONE_TREE,)

    #: `ticket.filed.0`: unit, cohort and number of the part.
    series: str = word(key=True)
    since: int = key_part()
    #: How often its month was to be counted anew, when that was done.
    anew: int = link()
    as_of: int = instant()
    #: Up to when it looks ahead; only of what stands now.
    next_at: int | None = maybe_instant()
    #: The depths to which rows are cut, and the digests of the indicators in the order of their columns.
    layout: str = text()
    #: How many facts, or spans that ended, it counts.
    many: int = big_number()
    #: Whether its days are counted, too.
    days: bool = yes_no()


class RollupWay(SQLModel, table=True):
    """The steps by which rows lead to an area: at each depth the area that lies there on its way, and the one above.

    One step more, below the area, leads from it to itself: to what lies directly in it.
    """

    __tablename__ = "rollup_way"
    __table_args__ = (ONE_TREE,)

    entire: str = path(key=True)
    depth: int = key_part()
    above: str = path()
    way: str = path()


class CountedFact(SQLModel, table=True):
    """A fact as it was counted last: where it stands, for which indicators of a series it counts, and until when that
    holds while nothing happens. Rollups are sums of these rows.
    """

    __tablename__ = "counted_fact"
    __table_args__ = (
        Index("ix_counted_fact_since", "series", "since"),
        Index("ix_counted_fact_item", "series", "item", "since"),
        Index("ix_counted_fact_department", "series", "department_id", "since"),
        Index("ix_counted_fact_next", "next_at", **only_where("next_at")),
        ONE_TREE,
    )

    series: str = word(key=True)
    ticket_id: int = key_part()
    #: 0 for the ticket itself.
    seq: int = key_part()
    #: The day of its cohort, when that begins; in the key, since a fact that moves is counted anew in each month alone.
    since: int = key_part()
    area_path: str = path()
    #: 0 and "" for none.
    department_id: int = link()
    item: str = word(bytewise=True)
    channel: str = word()
    workflow: str = word()
    #: Who reached the milestones of the series, in their order.
    by0: int | None = maybe_link()
    by1: int | None = maybe_link()
    by2: int | None = maybe_link()
    by3: int | None = maybe_link()
    by4: int | None = maybe_link()
    by5: int | None = maybe_link()
    by6: int | None = maybe_link()
    by7: int | None = maybe_link()
    #: Four bits of each slot: how much it adds to the numerator, one, or of a mean its stars.
    counts: int = big_number()
    #: A bit of each slot, three times: of the denominator, of what is immature, of what is excluded.
    sides: int = big_number()
    next_at: int | None = maybe_instant()


class CountedChange(SQLModel, table=True):
    """What a round takes away and adds: empty between the rounds."""

    __tablename__ = "counted_change"
    __table_args__ = (ONE_TREE,)

    series: str = word(key=True)
    line: int = key_part()
    #: 1 adds, -1 takes away.
    sign: int = number()
    #: When its month begins, and whether the days of that are counted.
    month: int = link()
    days: bool = yes_no()
    since: int = link()
    area_path: str = path()
    department_id: int = link()
    item: str = word(bytewise=True)
    channel: str = word()
    workflow: str = word()
    by0: int | None = maybe_link()
    by1: int | None = maybe_link()
    by2: int | None = maybe_link()
    by3: int | None = maybe_link()
    by4: int | None = maybe_link()
    by5: int | None = maybe_link()
    by6: int | None = maybe_link()
    by7: int | None = maybe_link()
    counts: int = big_number()
    sides: int = big_number()


#: Milestones of a series that people answer for: so many have room in a row.
PEOPLE = 8
BY_COLUMNS = tuple(f"by{place}" for place in range(PEOPLE))
#: Where a fact stands, and what it counts.
FACT_COLUMNS = (
    "since", "area_path", "department_id", "item", "channel", "workflow", *BY_COLUMNS, "counts", "sides",
)  # fmt: skip


class Rollup(SQLModel, table=True):
    """Counts of a stretch in one area with everything below it; `above` is the way to the area above.

    A row whose `way` is its `above` counts what lies directly in that area. Of the indicator in each slot: numerator
    (of a mean the sum of the stars), denominator, what is immature and what is excluded; none stands for zero.
    """

    __tablename__ = "rollup"
    __table_args__ = (
        # Of an item, of which there is little among all that lies beside it in the key; a department is too much.
        Index("ix_rollup_item", "series", "item", "grain", "cut", "since", **where("item <> ''")),
        ONE_TREE,
    )

    grain: str = word(key=True)
    series: str = word(key=True)
    cut: str = word(key=True)
    above: str = path(key=True)
    #: When it begins, local time. Before the way: what is asked most is all that lies right below, in a few stretches.
    since: int = key_part()
    way: str = path(key=True)
    #: 0 and "" for none, and where it is not cut by these.
    department_id: int = key_part()
    item: str = word(key=True, bytewise=True)
    channel: str = word(key=True)
    workflow: str = word(key=True)
    person_id: int = key_part()
    n0: int | None = maybe_number()
    d0: int | None = maybe_number()
    m0: int | None = maybe_number()
    e0: int | None = maybe_number()
    n1: int | None = maybe_number()
    d1: int | None = maybe_number()
    m1: int | None = maybe_number()
    e1: int | None = maybe_number()
    n2: int | None = maybe_number()
    d2: int | None = maybe_number()
    m2: int | None = maybe_number()
    e2: int | None = maybe_number()
    n3: int | None = maybe_number()
    d3: int | None = maybe_number()
    m3: int | None = maybe_number()
    e3: int | None = maybe_number()
    n4: int | None = maybe_number()
    d4: int | None = maybe_number()
    m4: int | None = maybe_number()
    e4: int | None = maybe_number()
    n5: int | None = maybe_number()
    d5: int | None = maybe_number()
    m5: int | None = maybe_number()
    e5: int | None = maybe_number()
    n6: int | None = maybe_number()
    d6: int | None = maybe_number()
    m6: int | None = maybe_number()
    e6: int | None = maybe_number()
    n7: int | None = maybe_number()
    d7: int | None = maybe_number()
    m7: int | None = maybe_number()
    e7: int | None = maybe_number()
    n8: int | None = maybe_number()
    d8: int | None = maybe_number()
    m8: int | None = maybe_number()
    e8: int | None = maybe_number()
    n9: int | None = maybe_number()
    d9: int | None = maybe_number()
    m9: int | None = maybe_number()
    e9: int | None = maybe_number()
    n10: int | None = maybe_number()
    d10: int | None = maybe_number()
    m10: int | None = maybe_number()
    e10: int | None = maybe_number()
    n11: int | None = maybe_number()
    d11: int | None = maybe_number()
    m11: int | None = maybe_number()
    e11: int | None = maybe_number()
    n12: int | None = maybe_number()
    d12: int | None = maybe_number()
    m12: int | None = maybe_number()
    e12: int | None = maybe_number()
    n13: int | None = maybe_number()
    d13: int | None = maybe_number()
    m13: int | None = maybe_number()
    e13: int | None = maybe_number()
    n14: int | None = maybe_number()
    d14: int | None = maybe_number()
    m14: int | None = maybe_number()
    e14: int | None = maybe_number()
    n15: int | None = maybe_number()
    d15: int | None = maybe_number()
    m15: int | None = maybe_number()
    e15: int | None = maybe_number()


#: The counts of a row, in their order.
SIDES = "ndme"
SLOT_COLUMNS = tuple(f"{side}{number}" for number in range(SLOTS) for side in SIDES)
#: Bits of a slot in `counts` of a counted fact, and what they can hold.
BITS, _MOST = 4, 15


def unpacked(alias: str, slot: int) -> dict[str, str]:
    """What a counted fact of that alias counts in a slot, by the sides of a rollup."""
    apart = {side: f"({alias}.sides >> {place * SLOTS + slot}) & 1" for place, side in enumerate(SIDES[1:])}
    return {SIDES[0]: f"({alias}.counts >> {BITS * slot}) & {_MOST}"} | apart
