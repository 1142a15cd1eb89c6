"""Bodies come together in the small world: sittings called, opened and attended in one line each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.background.meetings import carry_over, keep_called
from engine.clock import DAY, Instant
from engine.records import sittings
from engine.records.access import Viewer, viewer_of
from engine.records.sittings import Held, ItemRow
from engine.rules.sittings import Presence, Quorum, SittingRef, SittingState
from engine.stages.meetings import Meetings, Said
from tests.support.cases import Cast, Story
from tests.support.door import MULTI_GRID, World


@dataclass
class Chamber:
    """One body of the small world, for one area."""

    world: World
    workflow: str = MULTI_GRID
    meeting: str = "joint"
    area: str = "grid"

    @property
    def acts(self) -> Meetings:
        return Meetings(self.world.door)

    def viewer(self, login: str) -> Viewer:
        with self.world.database.looking() as transaction:
            return viewer_of(transaction, self.world.people[login], self.world.clock.now())

    def called(self, by: str = "liu", *, days: int = 7) -> str:
        """An extraordinary sitting in so many days; its code."""
        at = Instant(self.world.clock.now() + days * DAY)
        return self.acts.call(self.viewer(by), self.workflow, self.meeting, self.area, at, "网格党群服务站")

    def opened(self, code: str, *present: str, chair: str = "liu") -> str:
        """The sitting in session, with these members there besides the chair."""
        self.acts.open(self.viewer(chair), code)
        if present:
            self.attended(code, *present, by=chair)
        return code

    def attended(self, code: str, *present: str, by: str = "liu", word: Presence = Presence.PRESENT) -> None:
        self.acts.attend(self.viewer(by), code, {login: Said(presence=word) for login in present})

    def in_session(self, *present: str, by: str = "liu") -> str:
        """Called for soon and opened at once."""
        return self.opened(self.called(by, days=1), *present, chair=by)

    def closed(self, code: str, chair: str = "liu") -> str:
        self.acts.close(self.viewer(chair), code)
        return code

    def clock(self) -> int:
        """A round of what the clock does for bodies."""
        called = keep_called(self.world.door, self.world.database, self.world.versions, self.world.clock)
        return called + carry_over(self.world.door, self.world.database, self.world.clock)

    # -- looking -------------------------------------------------------------------------------------------------

    def sitting(self, code: str) -> Held:
        with self.world.database.looking() as transaction:
            return sittings.find(transaction, code)

    def items(self, code: str) -> list[ItemRow]:
        with self.world.database.looking() as transaction:
            return sittings.items(transaction, sittings.find(transaction, code).id)

    def regular(self) -> Held:
        """The called regular sitting."""
        with self.world.database.looking() as transaction:
            found = sittings.listed(
                transaction,
                "s.workflow = @ AND s.meeting = @ AND s.area_id = @ AND s.state = 'called' AND s.period <> ''",
                self.workflow,
                self.meeting,
                self.world.areas[self.area],
            )
        return found[-1]


def sits(story: Story, **changed: Any) -> None:
    """The joint meeting is in session, quorate, with this ticket on its agenda and the grid leader in the chair."""
    said: dict[str, Any] = {
        "state": SittingState.IN_SESSION, "quorum": Quorum(present=2, needed=2, members=3),
        "chairs": frozenset({Cast.liu.person_id or 0}), **changed,
    }  # fmt: skip
    sitting = SittingRef(id=1, code="S20260309-1", meeting="joint", day=date(2026, 3, 9), number=4, **said)
    story.references.sittings["joint"] = sitting
