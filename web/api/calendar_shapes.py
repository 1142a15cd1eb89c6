"""Shapes of working calendars in the API."""

from pydantic import BaseModel, Field

from web.api.shapes import TitleOut


class CalendarVersionOut(BaseModel):
    """One stored version: its file and the decrees that count with it."""

    name: str = Field(examples=["cn-mainland@2"])
    version: int
    sha256: str
    applied_at: str
    applied_by: str
    reason: str


class CalendarRowOut(BaseModel):
    """The newest version of a working calendar."""

    key: str = Field(examples=["cn-mainland"])
    version: int
    title: TitleOut
    zone: str = Field(examples=["Asia/Shanghai"])
    daily: list[str] = Field(description="Hours of an ordinary day.", examples=[["09:00-11:30", "13:30-17:30"]])
    weekly: dict[str, list[str]] = Field(description="Weekday → its hours; empty for a day of rest.")
    decreed: list[int] | None = Field(
        description="Years whose holidays are decreed; null for a calendar that keeps none."
    )
    stands_for: str | None = Field(description="The calendar in whose place it stands.")
    areas: list[str] = Field(description="Codes of the areas in which it does.")


class CalendarsOut(BaseModel):
    items: list[CalendarRowOut]


class CalendarDayOut(BaseModel):
    """A day that is not what its weekday says."""

    date: str = Field(examples=["2026-10-01"])
    kind: str = Field(description="holiday, make_up or special.", examples=["holiday"])
    hours: list[str]


class CalendarOut(CalendarRowOut):
    """A calendar with one year of it."""

    year: int
    provisional: bool = Field(description="Whether the year, or a part of it, is not decreed.")
    basis: str | None = Field(description="The document or package that decreed the year.")
    days: list[CalendarDayOut]
    versions: list[CalendarVersionOut]
    source: str = Field(description="The exact text of the file.")
