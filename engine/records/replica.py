"""Where boards and figures are read: a replica that lags by a minute at most, else the database itself.

How far it lags is read off the heartbeats of the background work, which are written at least every `EVERY` seconds:
the newest of them that has arrived says of when the replica is. ▸ What PostgreSQL tells of replay does not: a replica
that is cut off has replayed all that it was sent.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from engine.clock import MINUTE, Clock
from engine.database import Database, Transaction
from engine.errors import Busy

#: The newest heartbeat on the replica may be so old.
LAG: Final = MINUTE
#: Seconds for which the answer is believed.
ASKED_EVERY: Final = 5.0

_LOG = logging.getLogger("huying.replica")


class Replica:
    """A database and, if there is one, its replica. One per process; threads share it."""

    def __init__(
        self, database: Database, copy: Database | None, clock: Clock, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._copy, self._clock, self._ticks = database, copy, clock, ticks
        self._fit, self._until = False, float("-inf")
        self._asking = threading.Lock()

    @contextmanager
    def looking(self) -> Iterator[Transaction]:
        """Like `Database.looking`, of what may be a minute old, each question planned for its values.

        A replica that can't be had or lags is passed over. Errors: as `Database.looking`; `Busy` or `DatabaseAway` of a
        replica that goes in the middle, and then it is passed over for `ASKED_EVERY` seconds.
        """
        with ExitStack() as stack:
            copy = self._copy if self._is_fit() else None
            transaction = None if copy is None else self._entered(stack, copy)
            if transaction is None:
                yield stack.enter_context(self._database.looking(anew=True))
                return
            try:
                yield transaction
            except Busy:
                self._pass_over("went in the middle of a question")
                raise

    def close(self) -> None:
        """Close every connection to the replica; the database itself belongs to whoever made it."""
        if self._copy is not None:
            self._copy.close()

    def _entered(self, stack: ExitStack, copy: Database) -> Transaction | None:
        try:
            return stack.enter_context(copy.looking(anew=True))
        except Busy:
            self._pass_over("does not answer")
            return None

    def _is_fit(self) -> bool:
        """Whether the replica is of less than `LAG` ago; asked by one thread, while others go on with what is known."""
        if self._copy is not None and self._ticks() >= self._until and self._asking.acquire(blocking=False):
            try:
                self._ask(self._copy)
            finally:
                self._asking.release()
        return self._fit

    def _ask(self, copy: Database) -> None:
        try:
            with copy.looking() as transaction:
                ((beaten,),) = transaction.rows("SELECT max(at) FROM heartbeat")
        except Busy:
            self._pass_over("does not answer")
            return
        if beaten is None or self._clock.now() - beaten > LAG:
            self._pass_over("lags by more than a minute, or nothing runs in the background")
            return
        if not self._fit:
            _LOG.info("boards are read from the replica")
        self._fit, self._until = True, self._ticks() + ASKED_EVERY

    def _pass_over(self, why: str) -> None:
        if self._fit or self._until == float("-inf"):
            _LOG.warning("boards are read from the database itself: the replica %s", why)
        self._fit, self._until = False, self._ticks() + ASKED_EVERY
