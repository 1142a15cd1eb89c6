"""One tap against what was never admitted: the task goes back, and the office hears of it, in one transaction."""

import os
from collections.abc import Mapping

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import admission_rules
from engine.definitions.admission_rules import AdmissionRules
from engine.errors import Busy, HuyingError, NotAllowedNow, NotPermitted
from engine.records import admissions, load, write
from engine.records.asking import ask_one, marks
from engine.records.registers import item_names
from engine.rules.acts import Act
from engine.rules.basis import Basis, Bound, basis, refusal
from engine.rules.case import Actor, Case, Task
from engine.rules.permissions import Standing
from engine.rules.refusing import HANDED_BACK, hand_back
from engine.stages.calls import Call, Caller, Outcome
from engine.stages.door import MOST_TRIES, Door


def refuse(door: Door, caller: Caller, ticket_id: int, task: int) -> Outcome:
    """A village hands back a task that stands on no list and rests on no admission in force.

    The task ends, the ticket's own rules say who is asked instead, and a report of the unadmitted task is opened at the
    office by the same person. Answers the report.
    Errors: `NotPermitted` for whoever holds no post of the unit; `NotAllowedNow` for a task that is over, or that does
    rest on something, which is named; those of the report's start.
    """
    now = door.clock.now()

    def work(transaction: Transaction) -> Outcome:
        return _refuse(door, transaction, caller, ticket_id, task, now)

    for _ in range(MOST_TRIES):
        try:
            return door.database.acting(work)
        except write.LostRace:
            continue
    raise Busy


def _refuse(door: Door, transaction: Transaction, caller: Caller, ticket_id: int, seq: int, now: Instant) -> Outcome:
    rules = admission_rules.shipped()
    case = load.load(transaction, (ticket_id,), door.versions.definition, lock=True)[ticket_id]
    actor = ask_one(transaction, load.asked_actor(transaction, caller.person_id or 0, now))
    capacity = _capacity(rules, actor, case.tasks.get(seq))
    resting = resting_on(transaction, rules, case, now)
    if seq not in resting:
        raise NotAllowedNow("这不是居村组织的在办任务", "this is no open task of a bound unit")
    bound, found = resting[seq]
    if found is not None:
        raise NotAllowedNow(
            f"此任务有依据，不能按未准入退回：{found.said().zh}", f"this task rests on something: {found.said().en}"
        )
    item = case.ticket.item or ""
    matter = item_names(transaction, [item]).get(item, item) or case.definition.title.zh
    why = refusal(bound, item or None, matter, "")
    act = Act(action=HANDED_BACK, actor=actor, task=seq, salt=os.urandom(32), algorithm=door.algorithm)
    sender = _sender(transaction, ticket_id, seq)
    decision = hand_back(case, act, capacity, {"reason": why.zh}, sender, now, door.versions.almanac())
    if isinstance(decision, HuyingError):
        raise decision
    batch = write.Batch()
    door.add_to(batch, decision, case.definition, now)
    write.write(transaction, batch)
    transaction.flush()
    return door.within(transaction, _report(rules, caller, case, bound, matter), now, ())


def _capacity(rules: AdmissionRules, actor: Actor, task: Task | None) -> Standing:
    for held in actor.posts:
        if task is not None and held.department_id == task.department_id and held.post in rules.refusing:
            return Standing(held.post, held.post, None, held.department_id, held.behalf_of)
    raise NotPermitted(action=HANDED_BACK, roles=sorted(rules.refusing))


def _sender(transaction: Transaction, ticket_id: int, task: int) -> int | None:
    """Who sent a task: of the events before its number the newest is the act that made it. None for clock and rule."""
    ticket, number = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT person_id FROM event WHERE ticket_id = {ticket} AND seq < {number} "  # noqa: S608
        "ORDER BY seq DESC LIMIT 1",
        (ticket_id, task),
    )
    return int(rows[0][0]) if rows and rows[0][0] is not None else None


def _report(rules: AdmissionRules, caller: Caller, case: Case, bound: Bound, matter: str) -> Call:
    told = f"未经准入，{bound.name}拒办：{matter}"
    return Call(
        caller=caller, action=rules.report.start, workflow=rules.report.workflow, parent_id=case.ticket.id,
        form={rules.report.matter: f"{matter}（{case.ticket.case_no}）", "description": told},
    )  # fmt: skip


def resting_on(
    transaction: Transaction, rules: AdmissionRules, case: Case, now: Instant
) -> Mapping[int, tuple[Bound, Basis | None]]:
    """What each open task of a bound unit rests on today, by seq; None when on nothing any more.

    A task may outlive what it was sent by: it stays, marked, until the unit finishes it or hands it back.
    """
    there = {task.seq: task for task in case.tasks.values() if task.open and task.department_id is not None}
    if not there or case.definition.key in rules.admitted_by:
        return {}
    units = admissions.units(transaction, rules, {task.department_id or 0 for task in there.values()})
    if not units:
        return {}
    bound = admissions.bounds(transaction, rules, units, now)
    return {
        seq: (one, basis(one, case.ticket.item, _carrying(one, task)))
        for seq, task in there.items()
        if (one := bound.get(task.department_id or 0)) is not None
    }


def _carrying(bound: Bound, task: Task) -> set[int]:
    """The ticket of the admission that the task was sent under: it counts whatever the item has become since."""
    return {one.ticket_id for one in bound.permits if one.number == task.memory.admission}
