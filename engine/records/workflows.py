"""Versions of workflow files: immutable rows; a running ticket keeps the one it was started on."""

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from engine.records.columns import big_id, instant, maybe_instant, number, text, title, word

#: The format that the loader of this release writes; it keeps reading every earlier one.
FORMAT = 1


class WorkflowVersion(SQLModel, table=True):
    """The exact source of one version of one closed loop."""

    __tablename__ = "workflow_version"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: int | None = big_id()
    key: str = word(index=True)
    version: int = number()
    format: int = number()
    sha256: str = word()
    title: str = title()
    source: str = text()
    stored_at: int = instant()
    #: New tickets start on the version activated last; none until it is.
    activated_at: int | None = maybe_instant()
