"""Windows: deadlines until which something may be asked, such as a return; that one has passed is nobody's lag."""

from functools import lru_cache

from engine.definitions.model import Workflow
from engine.definitions.walk import every_action


@lru_cache(maxsize=256)
def windows(workflow: Workflow) -> frozenset[str]:
    """The deadlines that some action must come before, and that neither a ladder nor the clock watches."""
    named = {action.before for action in every_action(workflow)}
    return frozenset(
        name
        for name, deadline in workflow.deadlines.items()
        if name in named and deadline.ladder is None and deadline.then is None
    )
