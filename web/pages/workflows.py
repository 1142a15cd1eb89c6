"""The loops themselves, for everybody to read: stages, who may do what, limits, and the diagram."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.analysis.diagram import Language, mermaid
from engine.definitions.model import CLOCK, RULE, Action, State, Title, Workflow
from engine.errors import NotFound
from engine.records import hands, registers, sheet
from engine.rules.case import Case
from engine.vocabulary import STAGE_TITLES, Stage
from web import board_flow, filing, language
from web.board_scope import Chosen, view
from web.dependencies import House
from web.masking import leads
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Kind = Annotated[str, Query(max_length=64, pattern=r"^[\w.-]*$")]

_ACTORS = {CLOCK: Title("到期自动", "when the time is up"), RULE: Title("条件满足时自动", "when its condition holds")}


@router.get("/workflows")
def workflows(request: Request, house: House, here: At) -> Response:
    """The loops that new tickets may start on."""
    with house.database.looking() as transaction:
        active = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
    return page(request, "workflows.html", here=here, workflows=active, files=filing.reads(here.viewer))


@router.get("/workflows/{key}")
def workflow(request: Request, house: House, here: At, key: Word, task: Kind = "", ticket: Kind = "") -> Response:
    """One loop: its stages as a table, and as a diagram where the browser can draw one.

    With a ticket that the reader may see: the version it runs on, and where it is and has been. For whoever leads or
    watches: how many tickets of their reach are in each state now.
    """
    way, case, live = None, None, None
    given = Chosen(workflow=key)
    with house.database.looking() as transaction:
        if ticket:
            seen = sheet.sight(transaction, here.viewer, ticket)
            case = house.door.case(transaction, seen.ticket_id)
            definition, way = case.definition, hands.way(transaction, case)
            if definition.key != key:
                raise NotFound(f"{ticket} 不走流程“{key}”", f"{ticket} does not run on '{key}'")
        else:
            definition = house.versions.active(transaction, key)
            if leads(here.viewer) and not task:
                live = board_flow.live(house, transaction, view(transaction, here.viewer, given), definition)
    if task and task not in definition.tasks:
        raise NotFound(f"没有任务种类“{task}”", f"there is no kind of task '{task}'")
    return page(
        request,
        "workflow.html",
        here=here,
        workflow=definition,
        task=task,
        ticket=ticket,
        diagram=mermaid(
            definition,
            task or None,
            language=Language.EN if language.chosen(request) == "en" else Language.ZH,
            here=_present(case, task) if case else (),
            visited=way.visited.get(task, ()) if way else (),
        ),
        flow=live,
        chosen=given,
        parts=_task_parts(definition, task) if task else _stage_parts(definition),
    )


def _present(case: Case, kind: str) -> set[str]:
    """The state of the ticket, or those of its tasks of a kind that are at work in the present round."""
    if not kind:
        return {case.ticket.state}
    present = case.ticket.memory.rounds.get(kind, 0)
    return {task.state for task in case.tasks.values() if task.kind == kind and task.round == present}


Part = tuple[Title, list[tuple[State, list[tuple[Action, list[Title], Title | None]]]]]


def _stage_parts(definition: Workflow) -> list[Part]:
    parts: list[Part] = []
    for stage in Stage:
        states = [state for state in definition.states.values() if state.stage is stage and not state.final]
        if states:
            parts.append((Title(*STAGE_TITLES[stage]), [(state, _actions(definition, "", state)) for state in states]))
    ends = [(state, _actions(definition, "", state)) for state in definition.states.values() if state.final]
    return [*parts, (Title("终态", "Ends"), ends)]


def _task_parts(definition: Workflow, kind: str) -> list[Part]:
    declared = definition.tasks[kind]
    return [(declared.title, [(state, _actions(definition, kind, state)) for state in declared.states.values()])]


def _actions(definition: Workflow, kind: str, state: State) -> list[tuple[Action, list[Title], Title | None]]:
    """Each action of a state with who may do it and where it leads."""
    states = definition.scope(kind or None).states
    return [
        (
            action,
            [_ACTORS.get(name) or definition.roles[name].title for name in sorted(action.by)],
            states[action.to].title if action.to else None,
        )
        for action in state.actions.values()
    ]
