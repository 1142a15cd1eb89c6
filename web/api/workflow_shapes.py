"""Shapes of workflows in the API."""

from pydantic import BaseModel, Field

from web.api.shapes import FieldOut, TitleOut


class StateOut(BaseModel):
    name: str
    title: TitleOut
    type: str
    stage: str | None
    final: bool


class StartOut(BaseModel):
    action: str
    title: TitleOut
    form: list[FieldOut]


class WorkflowRowOut(BaseModel):
    key: str
    version: int
    title: TitleOut
    starts: list[StartOut]


class WorkflowsOut(BaseModel):
    items: list[WorkflowRowOut]


class VersionOut(BaseModel):
    version: int
    sha256: str
    stored_at: str
    activated_at: str | None


class WorkflowOut(WorkflowRowOut):
    """The version that new tickets start on."""

    calendar: str
    states: list[StateOut]
    tasks: dict[str, list[StateOut]]
    versions: list[VersionOut]
    source: str = Field(description="The exact text of the file.")
