"""Reports are made one after the other by whichever process is free; each is limited by what its asker reaches by now.

A maker renews its lease while it works. Whoever is killed leaves a lease that runs out; the next one begins anew, and
after `report_jobs.MOST_ATTEMPTS` the asker is told that it did not work.
"""

import hashlib
import logging
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.errors import HuyingError
from engine.records import report_jobs
from engine.records.access import viewer_of
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.report_jobs import MOST_ATTEMPTS, File, Job
from engine.reports.kinds import report
from engine.reports.making import Made, Making, TakenOver
from engine.rules.chain import canonical

_LOG = logging.getLogger(__name__)
#: Seconds between two signs of life: each is a commit.
BEAT = 1.0
_CHUNK = 1 << 16


def run_reports(house: Application, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Make what waits, and delete what was kept long enough; how many reports were made."""
    tidy(house)
    made = 0
    while not stopping():
        now, name = house.clock.now(), secrets.token_hex(8)
        job = house.database.acting(partial(_claim, name=name, now=now))
        if job is None:
            break
        made += _Work(house, job, stopping).run()
    return made


def tidy(house: Application) -> int:
    """Delete files whose time is over; how many reports that were."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        old = report_jobs.expired(transaction, now)
    for job in old:
        for file in job.files:
            house.store.drop(file.key)
        house.database.acting(partial(report_jobs.gone, number=job.id))
    return len(old)


def _claim(transaction: Transaction, name: str, now: Instant) -> Job | None:
    return report_jobs.claim(transaction, name, now)


@dataclass(slots=True)
class _Work:
    """One job in the hands of this process."""

    house: Application
    job: Job
    stopping: Callable[[], bool]
    _last: float = 0.0
    _done: int = 0

    def run(self) -> int:
        """Make it, or say why not; 1 when it is made."""
        try:
            if self.job.attempts > MOST_ATTEMPTS:
                return self._failed("多次中断，未能生成", "it was cut off several times")
            return self._make()
        except TakenOver:
            self.house.database.acting(lambda transaction: report_jobs.give_back(transaction, self.job, None))
        except HuyingError as refusal:
            if refusal.status >= 500:
                return self._later(refusal)
            return self._failed(refusal.zh, refusal.en)
        except Exception as failure:  # the next report is not to blame
            return self._later(failure)
        return 0

    def _make(self) -> int:
        now = self.house.clock.now()
        kind = report(self.job.kind)
        with self.house.database.looking() as transaction:
            # Who has lost a post since asking gets what is left.
            viewer = viewer_of(transaction, self.job.person_id, now)
        kind.expect(viewer)
        with tempfile.TemporaryDirectory(prefix="huying-") as folder:
            making = Making(house=self.house, viewer=viewer, now=now, folder=Path(folder), tell=self._tell)
            files = [self._keep(one) for one in kind.make(making, self.job.parameters)]
        ended = self.house.clock.now()

        def work(transaction: Transaction) -> bool:
            stays = self.job.parameters.get("stays") is True
            mine = report_jobs.finish(transaction, self.job, files, ended, done=self._done, stays=stays)
            if mine:
                post(transaction, self._told(kind.title.zh))
            return mine

        done = self.house.database.acting(work)
        return int(done)

    def _told(self, title: str) -> list[NewMessage]:
        """Whoever did not ask themselves hears that it is there."""
        if self.job.origin is None:
            return []
        period = str(self.job.parameters.get("period", ""))
        body = {"report": self.job.id, "title": {"zh": self.job.title, "en": title}, "period": period, "count": 0}
        return [
            NewMessage(
                person_id=self.job.person_id, origin=f"r:report:{self.job.id}", kind=MessageKind.LIST,
                at=self.house.clock.now(), body=canonical(body),
            )
        ]  # fmt: skip

    def _keep(self, made: Made) -> File:
        digest = hashlib.sha256()
        with made.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        # The same key whoever makes it, so that a second attempt leaves nothing behind.
        key = f"reports/{self.job.id}/{made.form}"
        self.house.store.keep(key, made.path)
        return File(
            form=made.form, key=key, name=f"{made.name}.{made.form}", size=made.path.stat().st_size,
            sha256=digest.hexdigest(),
        )  # fmt: skip

    def _tell(self, done: int, total: int | None) -> None:
        if self.stopping():
            raise TakenOver
        self._done = done
        if time.monotonic() - self._last < BEAT and done != total:
            return
        self._last = time.monotonic()
        now = self.house.clock.now()
        if not self.house.database.acting(
            lambda transaction: report_jobs.beat(transaction, self.job, done, total, now)
        ):
            raise TakenOver

    def _failed(self, zh: str, en: str) -> int:
        now = self.house.clock.now()
        self.house.database.acting(lambda transaction: report_jobs.fail(transaction, self.job, f"{zh} / {en}", now))
        return 0

    def _later(self, failure: Exception) -> int:
        """Another attempt, or none that would help."""
        _LOG.error("report %s failed", self.job.id, exc_info=failure)
        if self.job.attempts >= MOST_ATTEMPTS:
            return self._failed("生成时出错，请联系管理员", "it went wrong while it was made: tell an administrator")
        self.house.database.acting(
            lambda transaction: report_jobs.give_back(transaction, self.job, f"{type(failure).__name__}: {failure}")
        )
        return 0
