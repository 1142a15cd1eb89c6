"""Task links: who may hand one out, and the line of history that says it was made, sent or revoked."""

from collections.abc import Mapping
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Action, Title, Workflow
from engine.rules.acts import Act, Decision
from engine.rules.almanac import Almanac
from engine.rules.case import Actor, ActorKind, Case, Task
from engine.rules.draft import Draft
from engine.rules.permissions import Standing, standing

MADE, SENT, REVOKED = "link_made", "link_sent", "link_revoked"


def hands_out(actor: Actor, case: Case, task: Task) -> Standing | None:
    """In which capacity somebody hands out the links of this task; None when they may not."""
    links = case.definition.tasks[task.kind].links
    if not links:
        return None
    if actor.kind in (ActorKind.CLOCK, ActorKind.RULE):
        return Standing(actor.kind.value)
    return standing(Action(name=MADE, title=Title("", ""), by=frozenset(links)), actor, case, task)


def linkable(definition: Workflow) -> bool:
    """Whether some kind of task has links at all."""
    return any(kind.links for kind in definition.tasks.values())


def line(
    case: Case, act: Act, capacity: Standing, task: Task, now: Instant, almanac: Almanac, facts: Mapping[str, Any]
) -> Decision:
    """A line about a task that moves nothing: open forms stay as good as they were."""
    draft = Draft(case, act, now, almanac)
    stage = draft.definition.states[draft.ticket.state].stage
    draft.record(
        seq=draft.seq(), action=act.action, scope=task.kind, task_seq=task.seq, request_seq=None, actor=act.actor,
        standing=capacity, moved=(task.state, task.state), stage=stage.value if stage else "",
        facts={"role": capacity.role, **facts}, personal={},
    )  # fmt: skip
    return draft.finish()
