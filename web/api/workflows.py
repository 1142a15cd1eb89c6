"""Workflow files: what is active, every version, the diagram drawn from the compiled machine."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from engine.analysis.diagram import Language, mermaid
from engine.clock import iso
from engine.definitions.model import Workflow
from engine.errors import NotFound, NotSignedIn
from engine.records import registers as stored
from web.api import views, workflow_shapes
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(prefix="/workflows", tags=["流程 / Workflows"])

WorkflowKey = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$", examples=["block-calls-line-responds"])]


@router.get("", operation_id="list_workflows", summary="启用的流程 / Active", responses=documented(NotSignedIn))
def list_workflows(house: House, me: Me) -> workflow_shapes.WorkflowsOut:
    """The workflows that new tickets may start on, with their starts and what these ask for."""
    with house.database.looking() as transaction:
        definitions = [house.versions.active(transaction, key) for key in stored.active_keys(transaction)]
    return workflow_shapes.WorkflowsOut(items=[_row(definition) for definition in definitions])


@router.get("/{key}", operation_id="read_workflow", summary="流程 / Read", responses=documented(NotSignedIn, NotFound))
def read(house: House, me: Me, key: WorkflowKey) -> workflow_shapes.WorkflowOut:
    """The version that new tickets start on, its exact source, and every version stored."""
    with house.database.looking() as transaction:
        definition = house.versions.active(transaction, key)
        versions = stored.versions_of(transaction, key)
    return workflow_shapes.WorkflowOut(
        **_row(definition).model_dump(),
        calendar=definition.calendar,
        states=[views.state(state) for state in definition.states.values()],
        tasks=views.kinds(definition),
        versions=[
            workflow_shapes.VersionOut(
                version=one.version,
                sha256=one.sha256,
                stored_at=iso(one.stored_at),
                activated_at=views.moment(one.activated_at),
            )
            for one in versions
        ],
        source=definition.source,
    )


@router.get(
    "/{key}/diagram",
    operation_id="draw_workflow",
    summary="流程图 / Diagram",
    response_class=PlainTextResponse,
    responses=documented(NotSignedIn, NotFound)
    | {200: {"description": "Mermaid", "content": {"text/plain": {"example": "stateDiagram-v2\n  …"}}}},
)
def diagram(
    house: House,
    me: Me,
    key: WorkflowKey,
    task: Annotated[str | None, Query(max_length=64, description="任务种类 / A kind of task")] = None,
    lang: Language = Language.BOTH,
) -> str:
    """Mermaid source of the ticket's states, or of one kind of task's."""
    with house.database.looking() as transaction:
        definition = house.versions.active(transaction, key)
    if task is not None and task not in definition.tasks:
        raise NotFound(f"没有任务种类“{task}”", f"there is no kind of task '{task}'")
    return mermaid(definition, task, language=lang)


def _row(definition: Workflow) -> workflow_shapes.WorkflowRowOut:
    return workflow_shapes.WorkflowRowOut(
        key=definition.key,
        version=definition.version,
        title=views.title(definition.title),
        starts=views.starts(definition),
    )
