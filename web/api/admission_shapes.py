"""The shapes of what the API says about admission."""

from pydantic import BaseModel, Field

from web.api.shapes import NamedOut, TitleOut


class DutyOut(BaseModel):
    """A row of a list that applies to the village."""

    on: TitleOut = Field(description="The list it stands on.")
    register_key: str = Field(description="The register it stands in.")
    code: str
    matter: str
    items: list[str] = Field(description="Codes of catalogue items, standards, classes or kinds.")


class AdmissionOut(BaseModel):
    """An admission."""

    number: str
    matter: str
    items: list[str]
    until: str = Field(description="The last day.", examples=["2026-12-31"])
    in_force: bool
    days_left: int = Field(description="Days to the end of the last day, that one included; 0 when it is over.")
    applicant: str
    case_no: str | None = Field(description="The ticket that admits it; null if you may not see it.")


class FiguresOut(BaseModel):
    """Case numbers behind the figures, among the tickets that you may see."""

    live: list[str] = Field(description="In force now.")
    admitted: list[str] = Field(description="Ever admitted.")
    refused: list[str]
    on_time: list[str] = Field(description="Decided within the limit.")
    late: list[str] = Field(description="Decided late, or overdue; what is not due yet is in neither.")
    stopped: list[str]


class VillageOut(BaseModel):
    """What a village may be asked now, and its figures."""

    unit: NamedOut
    duties: list[DutyOut]
    admissions: list[AdmissionOut]
    figures: FiguresOut


class VillageRowOut(BaseModel):
    """A village with its figures."""

    unit: NamedOut
    figures: FiguresOut


class VillagesOut(BaseModel):
    """The villages of your areas, or all of them, by code."""

    items: list[VillageRowOut]


class HandedBackOut(BaseModel):
    """The report that a hand-back opened."""

    case_no: str
    state: str
