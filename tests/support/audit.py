"""What a drill must have left behind: every rung that had to come, once, with all that belongs to it, and no other.

Counted from the stored rows, the workflow files and the calendar alone (`rung_times`); the engine decides nothing here.
"""

from collections import Counter
from collections.abc import Iterator

from engine.clock import Instant
from tests.support.audit_ticket import Check
from tests.support.door import World
from tests.support.kept import Kept, kept


def audit(world: World, swept_until: Instant | None, now: Instant) -> list[str]:
    """What is wrong; nothing, if all is well.

    What was due by `swept_until` must have come (None: nothing must), and nothing that is due after `now`.
    """
    calendar = world.versions.almanac().calendars["cn-mainland"]
    wrong = [str(broken) for broken in world.verdict().broken or ()]
    stored = kept(world)
    for ticket_id, file in stored.files.items():
        check = Check(file, calendar, now, swept_until)
        wrong += [f"ticket {ticket_id}: {complaint}" for complaint in check.complaints(world)]
    return [*wrong, *_births(stored), *_feed(stored)]


def _births(stored: Kept) -> Iterator[str]:
    """Each act that opens a ticket has opened one, or its command still waits."""
    opening = Counter(source for source, kind, _ in stored.commands if kind == "open")
    done = Counter(source for source, kind, done in stored.commands if kind == "open" and done)
    born = Counter(file.parent for file in stored.files.values() if file.parent is not None)
    for ticket in opening | born:
        if not done[ticket] <= born[ticket] <= opening[ticket]:
            yield f"ticket {ticket}: opens {opening[ticket]}, of which {done[ticket]} done, and bore {born[ticket]}"
    for ticket, file in stored.files.items():
        opens = sum(event.action == "raise" and event.state_to == "above" for event in file.events)
        if opens != opening[ticket]:
            yield f"ticket {ticket}: raised {opens} times, with {opening[ticket]} commands"


def _feed(stored: Kept) -> Iterator[str]:
    if stored.positions != list(range(1, len(stored.positions) + 1)):
        yield "the feed has gaps"
