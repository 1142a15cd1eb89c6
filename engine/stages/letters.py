"""What the door looks up for an act that is a letter: the next number of whoever may be sending it."""

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Action, Workflow
from engine.records import numbers
from engine.rules.acts import Source
from engine.rules.case import Actor, References


def look_up(
    transaction: Transaction, action: Action, definition: Workflow, actor: Actor, source: Source,
    references: References, now: Instant,
) -> None:  # fmt: skip
    """Add the number that each organisation would give for which the actor holds a post that may send the letter."""
    if not action.letter or source is Source.IMPORT:
        return
    posts = {post for role in action.by for post in definition.roles[role].posts}
    units = {
        f"a{held.area_id}" if held.area_id is not None else f"d{held.department_id}"
        for held in actor.posts
        if held.post in posts and (held.area_id, held.department_id) != (None, None)
    }
    for unit in sorted(units):
        references.letters[unit] = numbers.next_number(transaction, unit, action.letter, now)
