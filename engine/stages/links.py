"""Task links handed out, renewed and revoked: by the desk, or by the engine for a unit with a contact address."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.errors import Busy, NotAllowedNow, NotFound, NotPermitted
from engine.records import load, task_links, write
from engine.records.asking import ask_one
from engine.records.task_links import State
from engine.rules import linking
from engine.rules.acts import Act
from engine.rules.case import THE_RULE, Actor, Case, Task
from engine.rules.permissions import Standing
from engine.stages.door import MOST_TRIES, Door

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A new link: its secret is answered once and stored nowhere."""

    secret: str
    expires_at: Instant

    def __repr__(self) -> str:
        return f"Handed({self.expires_at})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What somebody who hands out links knows of a task's."""

    task: Task
    #: What people may see of the unit's contact address; "" when it has none.
    contact: str
    #: The newest link; None when there was none.
    state: State | None


def make(door: Door, ticket_id: int, task_seq: int, person_id: int, now: Instant, lasts: int) -> Handed:
    """A new link for a task, in place of those before; it lasts so many microseconds.

    Errors: `NotFound` for an unknown task, `NotPermitted`, `NotAllowedNow` for a settled task or a unit whose people
    sign in.
    """
    secret, until = task_links.new_secret(), Instant(now + lasts)

    def work(transaction: Transaction) -> Handed:
        actor = ask_one(transaction, load.asked_actor(transaction, person_id, now))
        case, task, capacity = _permitted(transaction, door, ticket_id, task_seq, actor)
        _refuse_accounts(transaction, task, now)
        task_links.revoke(transaction, ticket_id, task_seq, now)
        task_links.keep(transaction, secret, ticket_id, task_seq, now, made_by=person_id, expires_at=until)
        _say(transaction, door, case, task, capacity, actor, linking.MADE, now, {"until": until})
        return Handed(secret=secret, expires_at=until)

    return _tried(door.database, work)


def revoke(door: Door, ticket_id: int, task_seq: int, person_id: int, now: Instant) -> None:
    """The links of a task open nothing any more. Errors: as `make`, and `NotAllowedNow` when there is none."""

    def work(transaction: Transaction) -> None:
        actor = ask_one(transaction, load.asked_actor(transaction, person_id, now))
        case, task, capacity = _permitted(transaction, door, ticket_id, task_seq, actor)
        if not task_links.revoke(transaction, ticket_id, task_seq, now):
            raise NotAllowedNow("没有可撤销的链接", "there is no link to revoke")
        _say(transaction, door, case, task, capacity, actor, linking.REVOKED, now, {})

    _tried(door.database, work)


def sent(door: Door, ticket_id: int, task_seq: int, clock: Clock, kind: str) -> None:
    """Say in the history that the engine sent a link; a task that was settled meanwhile needs no word of it."""
    now = clock.now()

    def work(transaction: Transaction) -> None:
        case = load.load(transaction, [ticket_id], door.versions.definition, lock=True)[ticket_id]
        task = case.tasks[task_seq]
        if task.open:
            facts = {"kind": kind}
            _say(transaction, door, case, task, Standing(THE_RULE.name), THE_RULE, linking.SENT, now, facts)

    _tried(door.database, work)


def handed_out(transaction: Transaction, door: Door, case: Case, person_id: int, now: Instant) -> dict[int, Desk]:
    """The open tasks whose links this person hands out, because their units have no accounts."""
    waiting = [task for task in case.tasks.values() if task.open and case.definition.tasks[task.kind].links]
    if not waiting:
        return {}
    actor = ask_one(transaction, load.asked_actor(transaction, person_id, now))
    mine = [task for task in waiting if linking.hands_out(actor, case, task) is not None]
    if not mine:
        return {}
    own = {task.department_id for task in mine if task.department_id is not None}
    signing_in = task_links.with_accounts(transaction, own, now)
    known = task_links.states(transaction, case.ticket.id)
    return {
        task.seq: Desk(
            task=task,
            contact=task_links.contact_kind(transaction, task.department_id),
            state=known.get(task.seq),
        )
        for task in mine
        if task.department_id is not None and task.department_id not in signing_in
    }


def _permitted(
    transaction: Transaction, door: Door, ticket_id: int, task_seq: int, actor: Actor
) -> tuple[Case, Task, Standing]:
    case = load.load(transaction, [ticket_id], door.versions.definition, lock=True)[ticket_id]
    task = case.tasks.get(task_seq)
    if task is None:
        raise NotFound("本案没有这项任务", "this ticket has no such task")
    capacity = linking.hands_out(actor, case, task)
    if capacity is None:
        raise NotPermitted
    if not task.open:
        raise NotAllowedNow("任务已办结，不需要链接", "the task is settled and needs no link")
    return case, task, capacity


def _refuse_accounts(transaction: Transaction, task: Task, now: Instant) -> None:
    department = task.department_id
    if department is None or task_links.with_accounts(transaction, {department}, now):
        raise NotAllowedNow("承办单位有账号，请其登录办理", "the unit has accounts: its people sign in")


def _say(
    transaction: Transaction, door: Door, case: Case, task: Task, capacity: Standing, actor: Actor, action: str,
    now: Instant, facts: Mapping[str, Any],
) -> None:  # fmt: skip
    act = Act(action=action, actor=actor, salt=os.urandom(32), algorithm=door.algorithm)
    batch = write.Batch()
    decision = linking.line(case, act, capacity, task, now, door.versions.almanac(), facts)
    door.add_to(batch, decision, case.definition, now)
    write.write(transaction, batch)


def _tried(database: Database, work: Callable[[Transaction], T]) -> T:
    for _ in range(MOST_TRIES):
        try:
            return database.acting(work)
        except write.LostRace:
            continue
    raise Busy
