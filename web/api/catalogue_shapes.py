"""Shapes of catalogue, areas and departments in the API."""

from pydantic import BaseModel, Field

from web.api.shapes import AreaRefOut, NamedOut


class StandardOut(BaseModel):
    code: str = Field(examples=["part-01-01/1"])
    filing_condition: str
    closing_condition: str
    limit: str


class ItemOut(NamedOut):
    kind: str
    class_name: str
    standards: list[StandardOut]


class ItemsOut(BaseModel):
    items: list[ItemOut]


class AreaOut(AreaRefOut):
    parent: str | None


class AreasOut(BaseModel):
    items: list[AreaOut]
    next: str | None = Field(description="Send it back as `after`; null at the end.")


class DepartmentOut(NamedOut):
    kind: str
    parent: str | None
    area: str | None


class DepartmentsOut(BaseModel):
    items: list[DepartmentOut]
    next: str | None
