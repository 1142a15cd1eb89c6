"""Versions of workflow files: immutable rows; a running ticket keeps the one it was started on."""

from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from engine.records.columns import big_id, instant, link, maybe_instant, maybe_link, number, one_of, text, title, word

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


class Via(StrEnum):
    """By which way a version was activated."""

    COMMAND = "command"  #: the command line, by whoever runs the machine
    PAGE = "page"


class WorkflowActivation(SQLModel, table=True):
    """That a version was put in force, or again: a line that never changes."""

    __tablename__ = "workflow_activation"
    __table_args__ = (one_of("via", [via.value for via in Via]),)

    id: int | None = big_id()
    version_id: int = link("workflow_version.id", index=True)
    #: None for the command line.
    person_id: int | None = maybe_link("person.id")
    via: str = word()
    at: int = instant()
