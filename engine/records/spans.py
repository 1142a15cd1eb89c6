"""Spans: how long a ticket lay in a stage, in whose hands; folded from the history beside the other facts.

Each span belongs to a stage and to a holder, so that a ticket that is sent to and fro shows where its time went. While
several departments work at once each holds a span of its own; a null holder is the side of the block and the desk.
"""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import ONE_TREE, instant, key_part, maybe_instant, maybe_link, only_while, path, word


class StageSpan(SQLModel, table=True):
    """From one moment to another a ticket lay in a stage, in somebody's hands. Wall time."""

    __tablename__ = "stage_span"
    __table_args__ = (
        Index("ix_stage_span_ended", "until_at"),
        Index("ix_stage_span_lasting", "since_at", **only_while("until_at")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    #: 1, 2, … in the order in which they began.
    seq: int = key_part()
    stage: str = word()
    #: Null for the block and the desk.
    department_id: int | None = maybe_link()
    #: That of its ticket.
    area_path: str = path()
    since_at: int = instant()
    #: Null while it lasts.
    until_at: int | None = maybe_instant()
