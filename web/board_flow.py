"""A loop with its tickets: how many are in each state now, in the order of the file, and the diagram they stand on."""

from dataclasses import dataclass, replace

from engine.analysis.diagram import nodes
from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Title, Workflow
from engine.errors import NotFound
from engine.records import standing, standing_counts
from engine.records.rollups import newest
from engine.records.standing import InState
from engine.vocabulary import STAGE_TITLES, Stage
from web.board_scope import View

_NONE = InState(0, 0)
_ENDS = Title("其他", "Others")


@dataclass(frozen=True, slots=True)
class StateShown:
    """A state with its tickets."""

    name: str
    title: Title
    #: Its node on the diagram; "" for a state that the version in force has no more.
    node: str
    counted: InState


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A loop and its open tickets, by stage."""

    workflow: Workflow
    stages: tuple[tuple[Title, tuple[StateShown, ...]], ...]

    @property
    def tickets(self) -> int:
        return sum(one.counted.tickets for _, states in self.stages for one in states)

    @property
    def overdue(self) -> int:
        return sum(one.counted.overdue for _, states in self.stages for one in states)


def live(house: Application, transaction: Transaction, seen: View, definition: Workflow) -> Flow:
    """The loop of a definition in force with what stands in it, of all its versions."""
    scope = replace(seen.scope, workflow=definition.key)
    now = house.clock.now()
    counted = standing_counts.states(transaction, scope, newest(transaction, now))
    if counted is None:
        counted = standing.states(transaction, scope, standing.passed_windows(transaction, house.versions), now)
    return Flow(workflow=definition, stages=_stages(definition, counted))


def state_title(house: Application, transaction: Transaction, key: str, state: str) -> Title:
    """What a state is called in the loop in force; by its name where that has it no more. Errors: `NotFound`."""
    if not key:
        raise NotFound("没有说明是哪个流程的状态", "it is not said of which loop the state is")
    found = house.versions.active(transaction, key).states.get(state)
    return found.title if found else Title(state, state)


def _stages(definition: Workflow, counted: dict[str, InState]) -> tuple[tuple[Title, tuple[StateShown, ...]], ...]:
    numbered, found = nodes(definition), []
    told: set[str] = set()
    for stage in Stage:
        inside = [state for state in definition.states.values() if state.stage is stage and not state.final]
        if inside:
            told |= {one.name for one in inside}
            shown = (
                StateShown(one.name, one.title, numbered[one.name], counted.get(one.name, _NONE)) for one in inside
            )
            found.append((Title(*STAGE_TITLES[stage]), tuple(shown)))
    # Tickets go on by older versions, whose states the version in force may have no more.
    titles = {name: state.title for name, state in definition.states.items()}
    rest = tuple(
        StateShown(name, titles.get(name, Title(name, name)), numbered.get(name, ""), one)
        for name, one in counted.items()
        if name not in told
    )
    return (*found, (_ENDS, rest)) if rest else tuple(found)
