"""The tables of accounting periods 考核周期: lines that are frozen, acts in a chain, objections, rulings, restatements.

Lines, acts, objections, rulings and restatements are added and never changed. Each act's hash covers the one before it,
and the act of drafting holds the digest of all lines: whatever is changed behind the engine's back is found.
"""

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from engine.definitions.model import Title
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
    one_of,
    text,
    word,
)
from engine.records.columns import (
    number as whole,
)
from engine.rules.roll import Ground, Judgement

_DIGEST = 64


class State(StrEnum):
    """How far a period has come."""

    DRAFT = "draft"
    OBJECTING = "objecting"
    RULING = "ruling"  #: the window is over; what waits is ruled upon
    FINAL = "final"


STATES = {
    State.DRAFT: Title("初稿", "draft"),
    State.OBJECTING: Title("异议期", "open to objections"),
    State.RULING: Title("裁定中", "rulings"),
    State.FINAL: Title("已定稿", "final"),
}


class AccountingPeriod(SQLModel, table=True):
    """One sheet's period in one area. State and what is final change; the rest does not."""

    __tablename__ = "accounting_period"
    __table_args__ = (UniqueConstraint("sheet", "area_id", "label"), one_of("state", [one.value for one in State]))

    id: int | None = big_id()
    sheet: str = word()
    area_id: int = link("area.id")
    #: `2026-10`.
    label: str = word()
    since_at: int = instant()
    until_at: int = instant()
    as_of: int = instant()
    state: str = word()
    #: Objections are taken until then; none while it is a draft.
    window_until: int | None = maybe_instant()
    #: The canonical first line of its document: formulas, trees, units.
    head: str = text()
    lines: int = big_number()
    #: The canonical last line, once it is final, and the digest of the whole document.
    results: str = text()
    digest: str = word(length=_DIGEST)
    #: The newest seal when it became final.
    seal: int | None = maybe_link()


class PeriodLine(SQLModel, table=True):
    """One line of a roll, as it was frozen."""

    __tablename__ = "period_line"
    __table_args__ = (
        Index("ix_period_line_ticket", "ticket_id"),
        Index("ix_period_line_department", "period_id", "department"),
        Index("ix_period_line_area", "period_id", "area"),
        ONE_TREE,
    )

    period_id: int = key_part()
    number: int = key_part()
    indicator: str = word()
    ticket_id: int = link()
    case_no: str = word()
    seq: int = whole()
    area: str = word()
    department: str = word()
    person: str = word()
    at: int = instant()
    standing: str = word()
    why: str = word(length=200)
    stars: int | None = maybe_number()
    #: Of all that stands before it in the row, so that a changed line is named.
    hash: str = word(length=_DIGEST)


class PeriodAct(SQLModel, table=True):
    """What was done with a period, by whom and holding which post: a chain."""

    __tablename__ = "period_act"
    __table_args__ = (ONE_TREE,)

    period_id: int = key_part()
    seq: int = key_part()
    action: str = word()
    #: None for the engine itself.
    person_id: int | None = maybe_link("person.id")
    post: str = word()
    at: int = instant()
    #: Canonical JSON.
    facts: str = text()
    hash: str = word(length=_DIGEST)


class PeriodObjection(SQLModel, table=True):
    """That a unit objects to a line; `seq` is the act's. Words can be erased, their digest stays in the act."""

    __tablename__ = "period_objection"
    __table_args__ = (one_of("ground", [one.value for one in Ground]), ONE_TREE)

    period_id: int = key_part()
    seq: int = key_part()
    line: int = big_number()
    person_id: int = link("person.id")
    #: The unit that objects: `d7`, `a3` or `p12`.
    unit: str = word()
    ground: str = word()
    words: str = text()
    #: 32 random bytes, hex.
    salt: str = word()
    at: int = instant()


class PeriodRuling(SQLModel, table=True):
    """What was ruled on an objection; `seq` is the objection's."""

    __tablename__ = "period_ruling"
    __table_args__ = (one_of("verdict", [one.value for one in Judgement]), ONE_TREE)

    period_id: int = key_part()
    seq: int = key_part()
    #: The act that ruled.
    act_seq: int = whole()
    line: int = big_number()
    verdict: str = word()
    person_id: int = link("person.id")
    words: str = text()
    salt: str = word()
    at: int = instant()


class PeriodRestatement(SQLModel, table=True):
    """What later facts change of a final period; `seq` is the act's."""

    __tablename__ = "period_restatement"
    __table_args__ = (ONE_TREE,)

    period_id: int = key_part()
    seq: int = key_part()
    as_of: int = instant()
    #: Canonical JSON: differences, and the results that would come of them.
    document: str = text()
    digest: str = word(length=_DIGEST)
