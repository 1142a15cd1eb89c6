"""Links sent to units without accounts that have a contact address: each task's once, again after a failure.

A secret is stored nowhere, so every try has a new one in place of the last: a unit that hears twice holds one link that
opens and one that does not.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from engine.application import Application
from engine.background.senders import NotSent, Sender, Text
from engine.clock import DAY, MINUTE, Clock, Instant, shown
from engine.database import Database, Transaction
from engine.records import task_links
from engine.records.asking import marks
from engine.records.deliveries import LONGEST_ERROR
from engine.rules.mailing import next_try
from engine.stages import links
from engine.stages.door import Door
from engine.vocabulary import SETTLED

#: Whoever has not said so by then has not sent it.
LEASE = 5 * MINUTE
#: Links of one round: each waits for its destination.
AT_ONCE = 20

_SETTLED = ", ".join(f"'{state.value}'" for state in sorted(SETTLED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A link on its way, with its secret."""

    secret: str
    url: str
    kind: str
    case_no: str
    ticket_id: int
    task_seq: int
    unit: str
    expires_at: Instant
    attempts: int

    def __repr__(self) -> str:
        return f"Letter({self.case_no} #{self.task_seq})"

    def text(self, base: str) -> Text:
        """What the unit reads: nothing of the matter, for a chat has other readers."""
        until = shown(self.expires_at)
        return Text(
            title=f"呼应：{self.unit}有一项任务待办 / Huying: a task for {self.unit}",
            body=f"案卷 {self.case_no}，请凭此链接办理，{until} 前有效，请勿转给无关人员。 / "
            f"Case {self.case_no}: act by this link, good until {until}; pass it to nobody else.\n"
            f"{base}/t/{self.secret}",
        )


def send_links(application: Application, sender: Sender) -> int:
    """Send what is due; how many were taken. Nothing is due where nothing can be sent, or links have no base."""
    settings = application.settings
    if not sender.sends or not settings.url:
        return 0
    clock, taken = application.clock, 0
    lasts = settings.link_days * DAY
    for letter in application.database.acting(partial(_begin, door=application.door, now=clock.now(), lasts=lasts)):
        taken += _send(application.database, application.door, clock, sender, letter, settings.url)
    return taken


def _send(database: Database, door: Door, clock: Clock, sender: Sender, letter: Letter, base: str) -> int:
    try:
        sender.send(letter.url, letter.text(base))
    except NotSent as failure:
        database.acting(partial(_failed, letter=letter, why=str(failure), now=clock.now()))
        return 0
    database.acting(partial(_taken, letter=letter, now=clock.now()))
    links.sent(door, letter.ticket_id, letter.task_seq, clock, letter.kind)
    return 1


def _begin(transaction: Transaction, door: Door, now: Instant, lasts: int) -> list[Letter]:
    """Give each task that is due a new secret, under a lease."""
    if transaction.postgresql:
        # Two schedulers would each make a link for one task: whoever holds this makes them all.
        ((mine,),) = transaction.rows("SELECT pg_try_advisory_xact_lock(hashtext('huying/links'))")
        if not mine:
            return []
    return [*_again(transaction, now, lasts), *_first(transaction, door, now, lasts)][:AT_ONCE]


_OF = (
    "JOIN ticket t ON t.id = k.ticket_id JOIN unit_contact c ON c.department_id = k.department_id "
    "JOIN department d ON d.id = k.department_id"
)


def _first(transaction: Transaction, door: Door, now: Instant, lasts: int) -> Iterator[Letter]:
    """Open tasks of units with an address and without accounts, for which no link was ever made or one has expired."""
    kinds = list(_with_links(transaction, door))
    if not kinds:
        return
    mark, *_ = marks(transaction, 1)
    pairs = ", ".join([f"({mark}, {mark})"] * len(kinds))
    rows = transaction.rows(
        f"SELECT k.ticket_id, k.seq, t.case_no, c.url, c.kind, d.name FROM task k {_OF} "  # noqa: S608
        f"WHERE k.state_type NOT IN ({_SETTLED}) AND (t.workflow_id, k.kind) IN ({pairs}) AND NOT EXISTS ("
        f"SELECT 1 FROM task_link l WHERE l.ticket_id = k.ticket_id AND l.task_seq = k.seq AND l.expires_at > {mark}) "
        f"AND NOT EXISTS ({task_links.accounts('k.department_id', mark)}) ORDER BY k.ticket_id, k.seq LIMIT {mark}",
        (*(part for pair in kinds for part in pair), now, now, now, AT_ONCE),
    )
    for ticket_id, seq, case_no, url, kind, unit in rows:
        secret, until = task_links.new_secret(), Instant(now + lasts)
        task_links.keep(
            transaction, secret, ticket_id, seq, now, made_by=None, expires_at=until, next_at=Instant(now + LEASE)
        )
        yield Letter(
            secret=secret, url=url, kind=kind, case_no=case_no, ticket_id=ticket_id, task_seq=seq, unit=unit,
            expires_at=until, attempts=1,
        )  # fmt: skip


def _with_links(transaction: Transaction, door: Door) -> Iterator[tuple[int, str]]:
    """Stored versions of workflows, and those kinds of their tasks that have links."""
    for (workflow_id,) in transaction.rows("SELECT id FROM workflow_version ORDER BY id"):
        for kind in door.versions.definition(transaction, workflow_id).tasks.values():
            if kind.links:
                yield workflow_id, kind.name


def _again(transaction: Transaction, now: Instant, lasts: int) -> Iterator[Letter]:
    """What failed or was never answered, under a new secret."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT l.digest, l.ticket_id, l.task_seq, l.attempts, t.case_no, c.url, c.kind, d.name FROM task_link l "  # noqa: S608
        f"JOIN task k ON k.ticket_id = l.ticket_id AND k.seq = l.task_seq {_OF} WHERE l.next_at <= {mark} "
        f"AND l.revoked_at IS NULL AND k.state_type NOT IN ({_SETTLED}) ORDER BY l.next_at LIMIT {mark}",
        (now, AT_ONCE),
    )
    for digest, ticket_id, seq, attempts, case_no, url, kind, unit in rows:
        secret, until = task_links.new_secret(), Instant(now + lasts)
        transaction.run(
            f"UPDATE task_link SET digest = {mark}, expires_at = {mark}, next_at = {mark}, attempts = {mark} "  # noqa: S608
            f"WHERE digest = {mark}",
            (task_links.digest_of(secret), until, now + LEASE, attempts + 1, digest),
        )
        yield Letter(
            secret=secret, url=url, kind=kind, case_no=case_no, ticket_id=ticket_id, task_seq=seq, unit=unit,
            expires_at=until, attempts=attempts + 1,
        )  # fmt: skip


def _taken(transaction: Transaction, letter: Letter, now: Instant) -> None:
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE task_link SET next_at = NULL, sent_at = {mark}, error = NULL WHERE digest = {mark}",  # noqa: S608
        (now, task_links.digest_of(letter.secret)),
    )


def _failed(transaction: Transaction, letter: Letter, why: str, now: Instant) -> None:
    again = next_try(letter.attempts, now, random.random())  # noqa: S311 (a wait, no secret)
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE task_link SET next_at = {mark}, error = {mark} WHERE digest = {mark}",  # noqa: S608
        (again, why[:LONGEST_ERROR], task_links.digest_of(letter.secret)),
    )
