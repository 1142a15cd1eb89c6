"""Walking over every action of a compiled definition."""

from collections.abc import Iterator, Mapping

from engine.definitions.model import Action, FormItem, Request, State, TaskKind, Workflow


def actions_of(*parts: Mapping[str, object]) -> Iterator[Action]:
    """Every action in mappings of actions, states, requests and kinds of task."""
    for part in parts:
        for value in part.values():
            if isinstance(value, Action):
                yield value
            elif isinstance(value, State):
                yield from value.actions.values()
            elif isinstance(value, Request):
                yield value.ask
                yield from value.answers.values()
            elif isinstance(value, TaskKind):
                yield from actions_of(value.states, value.requests)


def items_of(action: Action) -> Iterator[FormItem]:
    """Every field an action asks for."""
    yield from action.form
    for items in action.each.values():
        yield from items


def every_action(workflow: Workflow) -> Iterator[Action]:
    """Every action of a workflow, of its starts, states, requests and tasks."""
    return actions_of(workflow.starts, workflow.states, workflow.requests, workflow.tasks)
