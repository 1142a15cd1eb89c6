"""Shapes of registers and points in the API."""

from typing import Literal

from pydantic import BaseModel, Field

from web.api.shapes import In, TitleOut


class RowFieldOut(BaseModel):
    name: str
    title: TitleOut
    type: str
    required: bool
    personal: bool


class RowRegisterOut(BaseModel):
    key: str
    title: TitleOut
    fields: list[RowFieldOut]


class RowRegistersOut(BaseModel):
    items: list[RowRegisterOut]


class RegisterRowOut(BaseModel):
    """One version of a row."""

    code: str
    version: int
    area: str
    fields: dict[str, str | int]
    since: str
    until: str | None
    recorded_at: str
    recorded_by: str


class RegisterRowsOut(BaseModel):
    items: list[RegisterRowOut]


class RegisterRowIn(In):
    form: dict[str, str | int | bool | None] = Field(description="Field → value, as the register declares them.")
    since: str | None = Field(default=None, max_length=10, description="First day, 2026-03-01.")
    until: str | None = Field(default=None, max_length=10, description="Last day, 2026-12-31.")
    expected: int | None = Field(default=None, ge=0, description="The version seen; 0 for a new row.")


class RowPutOut(BaseModel):
    result: Literal["new", "changed", "same"]


class PointsLineOut(BaseModel):
    case_no: str
    seq: int = Field(description="The event that gave them, or took them back.")
    points: int
    reason: str
    at: str


class PointsOut(BaseModel):
    balance: int
    lines: list[PointsLineOut]
