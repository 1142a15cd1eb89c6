"""The tables of the rollups: what is counted ahead, of which stretches, and where ways are cut."""

from sqlmodel import SQLModel

from engine.records.columns import (
    ONE_TREE,
    big_number,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_number,
    path,
    text,
    word,
)

#: Indicators of one series: so many have room in a row.
SLOTS = 16


class RollupStretch(SQLModel, table=True):
    """A month or a day in which facts have moments, and how often any of them was folded."""

    __tablename__ = "rollup_stretch"
    __table_args__ = (ONE_TREE,)

    grain: str = word(key=True)
    #: When it begins, local time.
    since: int = key_part()
    touched: int = link()


class RollupBucket(SQLModel, table=True):
    """A month or a day of a series as it was counted last."""

    __tablename__ = "rollup_bucket"
    __table_args__ = (ONE_TREE,)

    grain: str = word(key=True)
    #: `ticket.filed.0`: unit, cohort and number of the part.
    series: str = word(key=True)
    since: int = key_part()
    #: How often its stretch had been folded when it was counted.
    touched: int = link()
    as_of: int = instant()
    #: The next due time after that by which a figure may change; none while nothing runs.
    next_at: int | None = maybe_instant()
    #: The depths to which rows are cut, and the digests of the indicators in the order of their columns.
    layout: str = text()
    #: How many facts those indicators are about, as many as the one that is about most.
    many: int = big_number()


class RollupWay(SQLModel, table=True):
    """The way of an area down from the root, cut at each of the depths to which rows are cut."""

    __tablename__ = "rollup_way"
    __table_args__ = (ONE_TREE,)

    depth: int = key_part()
    entire: str = path(key=True)
    top: str = path()


class Rollup(SQLModel, table=True):
    """Counts of a stretch in one area with everything below it; `above` is the way to the area above.

    A row whose `way` is its `above` counts what lies directly in that area. Of the indicator in each slot: numerator
    (of a mean the sum of the stars), denominator, what is immature and what is excluded; none stands for zero.
    """

    __tablename__ = "rollup"
    __table_args__ = (ONE_TREE,)

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
