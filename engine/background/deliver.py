"""Delivery: what waits for people is taken under a lease, sent outside of any transaction, and marked.

Whoever dies in between has sent it or not, nobody knows: the lease runs out and it is sent (again). So a text arrives
at least once. Nobody waits for somebody else's broken destination: each person's text has a slot of its own, with a
limit of time, and those who failed before get at most half of the slots.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from engine.application import Application
from engine.background.digest import MOST_LINES, text_of
from engine.background.senders import NotSent, Sender, Text, sender_of
from engine.clock import Clock
from engine.database import Database, Transaction
from engine.records import deliveries, inbox, wishes
from engine.records.access import viewer_of
from engine.records.deliveries import Claim
from engine.records.versions import Versions
from engine.rules.wishes import QuietHours, quiet_hours

_LOG = logging.getLogger(__name__)

#: Texts under way at a time, in one process.
SLOTS = 32
#: Seconds that one destination may take. Some services need several requests for one text.
PATIENCE = 15.0
#: People looked at in one round.
_PEOPLE = 200


@dataclass(kw_only=True)
class Deliverer:
    """Delivers for one process; `round` is called again and again, and never waits for a destination that hangs."""

    database: Database
    versions: Versions
    clock: Clock
    sender: Sender
    #: The quiet hours of whoever wished none of their own.
    quiet: QuietHours
    #: Where links begin, e.g. `https://huying.example.cn`; empty for none.
    base: str = ""
    slots: int = SLOTS
    patience: float = PATIENCE
    _under_way: dict[int, "Future[None]"] = field(default_factory=dict)
    _failing: set[int] = field(default_factory=set)
    #: Destinations whose last try still hangs, long after it was given up: no second thread waits for them.
    _hanging: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def of(cls, application: Application) -> "Deliverer":
        """The deliverer that an installation's settings ask for."""
        return cls(
            database=application.database,
            versions=application.versions,
            clock=application.clock,
            sender=sender_of(application.settings),
            quiet=quiet_hours(application.settings.quiet),
            base=application.settings.url,
        )

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="deliver")

    def begin(self) -> int:
        """Begin to deliver whatever is due, as far as there are slots; for how many people.

        Errors: the first failure of an earlier delivery that was not the destination's.
        """
        self._reap()
        now = self.clock.now()
        with self.database.looking() as transaction:
            people = deliveries.due_people(transaction, now, _PEOPLE)
        if not people:
            return 0
        homeless = not self.sender.sends
        self.database.acting(lambda transaction: deliveries.keep_homeless(transaction, now, everybody=homeless))
        return sum(self._take(person_id, failing=failing) for person_id, failing in people if not homeless)

    def round(self, seconds: float) -> int:
        """Fill the slots as they come free, for so long at most; for how many people. Errors: as `begin`."""
        until, done = time.monotonic() + seconds, 0
        while True:
            done += self.begin()
            left = until - time.monotonic()
            if len(self._under_way) < self.slots or left <= 0:
                return done
            wait(self._under_way.values(), timeout=left, return_when=FIRST_COMPLETED)

    def deliver(self) -> int:
        """Deliver until nothing is due; for how many people. Errors: as `begin`."""
        done = 0
        while True:
            begun = self.begin()
            done += begun
            if not begun and not self._under_way:
                return done
            wait(self._under_way.values(), return_when=FIRST_COMPLETED)

    def close(self) -> None:
        """Wait for what is under way; a destination that hangs is waited for no longer than `patience`."""
        self._pool.shutdown(wait=True)

    def _reap(self) -> None:
        done = {person_id: future for person_id, future in self._under_way.items() if future.done()}
        for person_id in done:
            del self._under_way[person_id]
            self._failing.discard(person_id)
        failures = [failure for future in done.values() if (failure := future.exception()) is not None]
        for failure in failures[1:]:
            _LOG.error("a delivery could not be marked", exc_info=failure)
        if failures:
            raise failures[0]

    def _take(self, person_id: int, *, failing: bool) -> bool:
        if len(self._under_way) >= self.slots or person_id in self._under_way:
            return False
        if failing and len(self._failing) >= max(1, self.slots // 2):
            return False
        now, token = self.clock.now(), secrets.token_hex(16)
        claimed = self.database.acting(
            lambda transaction: deliveries.claim(transaction, person_id, token, self.quiet, now)
        )
        if claimed is None:
            return False
        if failing:
            self._failing.add(person_id)
        self._under_way[person_id] = self._pool.submit(self._carry, claimed)
        return True

    def _carry(self, claimed: Claim) -> None:
        """Send one claimed text and mark what came of it. Any destination that took it makes it sent."""
        told: list[tuple[int, str | None]] = []
        try:
            text = self._text(claimed)
            told = [(goal.ordinal, self._sent_to(claimed.person_id, goal, text)) for goal in claimed.goals]
            why = None if any(error is None for _, error in told) else "；".join(error or "" for _, error in told)
        except Exception as failure:
            # It waits for its next try like everything that fails; what failed must be seen.
            _LOG.exception("the text for person %s could not be made", claimed.person_id)
            why = f"无法成文 / the text could not be made: {type(failure).__name__}"
        self.database.acting(lambda transaction: self._marked(transaction, claimed, told, why))

    def _marked(
        self, transaction: Transaction, claimed: Claim, told: list[tuple[int, str | None]], why: str | None
    ) -> None:
        now = self.clock.now()
        wishes.note(transaction, claimed.person_id, told, now)
        if why is None:
            deliveries.sent(transaction, claimed, now)
        else:
            chance = secrets.randbelow(1_000) / 1_000
            deliveries.failed(transaction, claimed, why, now, chance)

    def _text(self, claimed: Claim) -> Text:
        with self.database.looking() as transaction:
            viewer = viewer_of(transaction, claimed.person_id, self.clock.now())
            first = claimed.origins[:MOST_LINES]
            return text_of(inbox.of_origins(transaction, self.versions, viewer, first), len(claimed.origins), self.base)

    def _sent_to(self, person_id: int, goal: wishes.Goal, text: Text) -> str | None:
        """Why one destination did not take the text; None when it did."""
        key = (person_id, goal.ordinal)
        if key in self._hanging:
            return f"{goal.kind}：上次发送仍无回应 / the last try still hangs"
        self._hanging.add(key)
        try:
            _within(self.patience, lambda: self.sender.send(goal.url, text), lambda: self._hanging.discard(key))
        except NotSent as failure:
            return f"{goal.kind}：{failure}"
        return None


def _within(seconds: float, work: Callable[[], None], ended: Callable[[], None]) -> None:
    """Do it in a thread of its own and wait at most so long. Errors: `NotSent`; whatever `work` raises is one.

    A thread that hangs cannot be stopped; it is left behind and never keeps the process from ending.
    """
    failures: list[NotSent] = []
    over = threading.Event()

    def run() -> None:
        try:
            work()
        except NotSent as failure:
            failures.append(failure)
        except Exception as failure:
            # Its words may quote an address.
            failures.append(NotSent(f"发送出错（{type(failure).__name__}）", f"failed: {type(failure).__name__}"))
        finally:
            ended()
            over.set()

    threading.Thread(target=run, name="send", daemon=True).start()
    if not over.wait(seconds):
        raise NotSent(f"{seconds:g} 秒内无回应", f"no answer within {seconds:g} seconds")
    if failures:
        raise failures[0]
