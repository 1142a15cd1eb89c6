"""Shapes of lists and messages in the API."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from web.api.shapes import In, TitleOut


class ListedOut(BaseModel):
    """One ticket of a list, as it was when the list was made; empty where you may not see it any more."""

    case_no: str | None
    visible: bool
    title: TitleOut
    deadline: TitleOut
    due: str | None
    provisional: bool = Field(description="A year it depends on had no decreed holidays then.")
    light: str
    card: str
    state: TitleOut


class ListingOut(BaseModel):
    """A list that a rhythm made."""

    period: str = Field(examples=["2026-W48"])
    count: int
    tickets: list[ListedOut]


class MessageOut(BaseModel):
    """One thing you were told."""

    message: str = Field(description="Its name: send it back to mark it as read.", examples=["20260302-000017.9"])
    kind: str = Field(description="notice: an act on a ticket; list: a list of tickets.")
    at: str
    urgent: bool
    read_at: str | None
    visible: bool = Field(description="Whether you may see what it is about; if not, everything below is empty.")
    case_no: str | None
    what: TitleOut
    light: str
    card: str
    description: str
    behalf_of: str = Field(description="Who is on leave and in whose place you were told; empty otherwise.")
    deputy: str = Field(description="Who is told in your place while you are on leave; empty otherwise.")
    listing: ListingOut | None


class InboxOut(BaseModel):
    """A part of the inbox."""

    items: list[MessageOut]
    unread: int = Field(description="Counted up to 100.")
    next: str | None = Field(description="Send it back as `cursor` for the next part; null at the end.")


Ref = Annotated[str, StringConstraints(pattern=r"^[0-9a-f.-]{1,60}$")]


class ReadIn(In):
    """Either some messages, or everything up to a moment."""

    messages: list[Ref] = Field([], max_length=100)
    until: AwareDatetime | None = None


class ReadOut(BaseModel):
    read: int = Field(description="How many were unread before.")
    unread: int = Field(description="How many still are, counted up to 100.")


class WishesIn(In):
    """How somebody wants to be told."""

    quiet: str = Field("default", max_length=20, description="`22:00-07:30`, `none` or `default`.")
    digest: str = Field("once", max_length=20, description="`once`, `hourly` or `daily@08:30`.")
    urgent: bool = Field(False, description="What is urgent comes at once, at night and between digests too.")


class DestinationOut(BaseModel):
    """Where messages go beyond the inbox: its kind, never its address."""

    kind: str = Field(examples=["WeCom Bot"])
    set_at: str
    failed_at: str | None


class WishesOut(BaseModel):
    quiet: str
    installation_quiet: str = Field(description="What `default` means.")
    digest: str
    urgent: bool
    destinations: list[DestinationOut]
