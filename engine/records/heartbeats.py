"""When each background job last ran to its end: the pulse that operation watches."""

import time
from dataclasses import dataclass, field

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.records.columns import instant, maybe_text, number, word

#: Seconds between two beats of a job that has nothing to tell: a beat is a commit.
EVERY = 10.0


class Heartbeat(SQLModel, table=True):
    """The last run of a background job, by whichever process."""

    __tablename__ = "heartbeat"

    job: str = word(key=True)
    at: int = instant()
    #: Milliseconds it took, and what it did.
    took: int = number()
    done: int = number()
    #: What went wrong, if it did.
    error: str | None = maybe_text()


@dataclass(slots=True)
class Pulse:
    """Beats for the jobs of one process; not more often than `EVERY`, unless something was done or went wrong."""

    database: Database
    _last: dict[str, float] = field(default_factory=dict)

    def beat(self, job: str, now: Instant, *, took: float, done: int = 0, error: str | None = None) -> None:
        """A run of a job has ended; `took` in seconds.

        The beat that is written last counts, whatever its time: after the clock has stepped back the old one would
        else seem fresh for as long as it lies ahead.
        """
        last = self._last.get(job)
        if last is not None and not done and error is None and time.monotonic() - last < EVERY:
            return
        self._last[job] = time.monotonic()
        row = (job, now, round(took * 1000), done, error)

        def work(transaction: Transaction) -> None:
            mark = "%s" if transaction.postgresql else "?"
            transaction.run(
                "INSERT INTO heartbeat (job, at, took, done, error) "  # noqa: S608 (constant words)
                f"VALUES ({', '.join([mark] * 5)}) ON CONFLICT (job) DO UPDATE SET at = excluded.at, "
                "took = excluded.took, done = excluded.done, error = excluded.error",
                row,
            )

        self.database.acting(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What operation asks about the sweep."""

    #: When a sweep last ran to its end; None if none ever did.
    swept_at: Instant | None
    #: The oldest rung that has come and that nobody has swept; tickets left out after a failure are not counted.
    oldest_unswept: Instant | None
    #: Tickets left out because they could not be decided.
    left_out: int


def health(transaction: Transaction, now: Instant) -> Health:
    """How the sweep is doing."""
    mark = "%s" if transaction.postgresql else "?"
    swept = transaction.rows("SELECT at FROM heartbeat WHERE job = 'sweep'")
    oldest = transaction.rows(
        f"SELECT d.next_at FROM deadline d WHERE d.next_at IS NOT NULL AND d.next_at <= {mark} "  # noqa: S608
        "AND NOT EXISTS (SELECT 1 FROM sweep_failure f WHERE f.ticket_id = d.ticket_id) ORDER BY d.next_at LIMIT 1",
        (now,),
    )
    ((left_out,),) = transaction.rows("SELECT count(*) FROM sweep_failure")
    return Health(
        swept_at=Instant(swept[0][0]) if swept else None,
        oldest_unswept=Instant(oldest[0][0]) if oldest else None,
        left_out=int(left_out),
    )
