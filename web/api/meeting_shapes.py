"""The shapes of what the API says about bodies and their sittings."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from web.api.shapes import CodeOut, In, NamedOut, PersonOut, TitleOut, Word

Words = Annotated[str, StringConstraints(max_length=5000)]


class SittingRowOut(BaseModel):
    """A sitting in a list."""

    code: str = Field(examples=["S20260306-0004"])
    workflow: str
    meeting: str
    title: TitleOut
    area: NamedOut
    state: CodeOut
    number: str = Field(description="Of the year, given when it is opened; empty before.", examples=["〔2026〕第3次"])
    planned_at: str
    place: str


class SittingsOut(BaseModel):
    items: list[SittingRowOut]


class QuorumOut(BaseModel):
    """Who is there, against who must be."""

    present: int
    needed: int
    members: int
    reached: bool


class SeatOut(BaseModel):
    """A member of an opened sitting."""

    member: PersonOut
    seat: TitleOut
    presence: CodeOut
    stand_in: str = Field(description="Who came in the member's place.")


class AgendaItemOut(BaseModel):
    """A ticket on the agenda."""

    case_no: str
    carried: int = Field(description="How often it was carried over before.")
    outcome: CodeOut
    decision: TitleOut | None
    decided_by: int | None = Field(description="The line of the ticket's history that decided it.")


class SittingOut(SittingRowOut):
    quorum: QuorumOut | None = Field(description="null before it is opened.")
    seats: list[SeatOut]
    agenda: list[AgendaItemOut]
    minutes: str = Field(description="The signed text; empty before it is signed.")


class CallIn(In):
    """An extraordinary sitting to be called."""

    workflow: Word
    meeting: Word
    area: Word
    at: AwareDatetime
    place: Annotated[str, StringConstraints(max_length=100)] = ""


class SittingActIn(In):
    """An act on a sitting; `put`, `first` and `off` name a ticket, `off`, `move` and `cancel` a reason."""

    act: Literal["open", "close", "sign", "cancel", "move", "put", "first", "off", "attend"]
    ticket: Annotated[str, StringConstraints(max_length=40)] = ""
    reason: Words = ""
    at: AwareDatetime | None = None
    place: Annotated[str, StringConstraints(max_length=100)] = ""
    remarks: Words = ""
    present: list[Word] = Field(default=[], max_length=500, description="Logins of members who are there.")
    excused: list[Word] = Field(default=[], max_length=500)
