"""The duty roster 值班表: who of those holding a post is on duty when."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import big_id, instant, link, word


class Shift(SQLModel, table=True):
    """One person's turn of duty for a post in a unit, from–to."""

    __tablename__ = "shift"
    __table_args__ = (
        Index("ix_shift_unit", "post", "unit", "valid_to"),
        Index("ix_shift_person", "person_id", "valid_to"),
    )

    id: int | None = big_id()
    #: `a<area id>` or `d<department id>`, as notices name units.
    unit: str = word()
    post: str = word()
    person_id: int = link("person.id")
    valid_from: int = instant()
    valid_to: int = instant()
