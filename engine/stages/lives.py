"""Whole lives at once: tickets that are born and grow old in one transaction, as an import brings them.

Each act is decided on what the act before it left, by the very steps of the door; only then everything is written, set
by set. A newborn ticket is nobody else's yet, so there is nothing to lock and nothing to read again. What one life asks
about (departments, areas, items) the next ones know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import KeyReused
from engine.records import write
from engine.records.asking import among, ask_one, marks
from engine.records.versions import asked_active
from engine.rules.acts import Decision
from engine.rules.case import Case, References, RequestState, Task
from engine.stages.calls import Call, Outcome
from engine.stages.door import Door, Read, digest_of, hand_of, outcome_of, refuse_unkeepable
from engine.stages.references import CODES, Wanted, complete


@dataclass(slots=True)
class Life:
    """One ticket that is not written yet."""

    case: Case
    #: The act that began it, and what came of that.
    call: Call
    outcome: Outcome
    decisions: list[Decision] = field(default_factory=list)

    def open_tasks(self, kind: str) -> list[Task]:
        """The unfinished tasks of a kind, in the order of sending."""
        return [task for task in self.case.tasks.values() if task.kind == kind and task.open]


class Lives:
    """Lives that are written together. Whatever refuses one of them leaves nothing of it behind."""

    def __init__(self, door: Door, transaction: Transaction, now: Instant, keys: Sequence[tuple[str, str]]) -> None:
        """`keys` are the actors and idempotency keys of all lives that may begin."""
        self.door, self.transaction, self.now = door, transaction, now
        self._stored = _stored(transaction, keys)
        self._numbers: Iterator[tuple[int, int]] = iter(
            ask_one(transaction, write.asked_numbers(transaction, len(keys)))
        )
        self._active: dict[str, int | None] = {}
        self._asked, self._references = Wanted(), References()
        self._batch = write.Batch()

    def begin(self, call: Call) -> Life | None:
        """A ticket is born; None when the call's key has been answered before.

        Errors: as `Door.act`.
        """
        refuse_unkeepable(call)
        fingerprint = self._stored.get((call.caller.key, call.key or ""))
        if fingerprint is not None:
            if fingerprint != digest_of(call):
                raise KeyReused
            return None
        workflow = call.workflow or ""
        if workflow not in self._active:
            self._active[workflow] = ask_one(self.transaction, asked_active(self.transaction, workflow))
        definition = self.door.versions.found(self.transaction, workflow, self._active[workflow])
        wanted = Wanted.of(self.door.action_of(call, definition, None), call.form, call.each)
        references = self._complete(wanted)
        read = Read(
            actor=hand_of(call.caller), guessed=wanted, references=references, repeated=None, active=None,
            numbers=next(self._numbers),
        )  # fmt: skip
        case = self.door.newborn(self.transaction, call, definition, wanted, references, read, self.now)
        decision = self.door.decided(call, case, read.actor, wanted, references, self.now)
        return Life(_after(case, decision), call, outcome_of(decision), [decision])

    def act(self, life: Life, call: Call) -> Outcome:
        """One more act of a life, on what the acts before it left. Errors: as `Door.act`."""
        wanted = Wanted.of(self.door.action_of(call, life.case.definition, life.case), call.form, call.each)
        references = self._complete(wanted)
        decision = self.door.decided(call, life.case, hand_of(call.caller), wanted, references, self.now)
        life.case = _after(life.case, decision)
        life.decisions.append(decision)
        return outcome_of(decision)

    def keep(self, life: Life) -> None:
        """Take a life into what will be written."""
        self.door.add_to(self._batch, _whole(life.decisions), life.case.definition, self.now)
        self.door.keep_key(self._batch, life.call, life.outcome, self.now)
        if life.call.key is not None:
            self._stored[(life.call.caller.key, life.call.key)] = digest_of(life.call)

    def forget(self) -> None:
        """What was looked up may have been undone."""
        self._asked, self._references = Wanted(), References()

    def write(self) -> None:
        """Write every life that was kept."""
        write.write(self.transaction, self._batch)
        self._batch = write.Batch()

    def _complete(self, wanted: Wanted) -> References:
        """Everything that is wanted; only what no life before has asked for is asked."""
        references = complete(self.transaction, wanted, self._asked, self._references, self.now)
        for kind in CODES:
            found: Mapping[str, object] | set[str] = getattr(references, kind)
            getattr(self._asked, kind).update(code for code in getattr(wanted, kind) if code in found)
        return references


def _stored(transaction: Transaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The fingerprints of those keys that were used before."""
    found: dict[tuple[str, str], str] = {}
    (mark,) = marks(transaction, 1)
    for actor in {actor for actor, _ in keys}:
        match, parameters = among(transaction, {key for one, key in keys if one == actor})
        rows = transaction.rows(
            f"SELECT key, fingerprint FROM idempotency_key WHERE actor = {mark} AND key {match}",  # noqa: S608
            (actor, *parameters),
        )
        found |= {(actor, key): fingerprint for key, fingerprint in rows}
    return found


def _after(case: Case, decision: Decision) -> Case:
    """The case as it would be read if the decision had been written."""
    tasks = case.tasks | {task.seq: task for task in decision.tasks}
    asks = case.asks | {ask.seq: ask for ask in decision.asks}
    timers = case.timers | {timer.seq: timer for timer in decision.timers}
    cards = case.cards | {card.seq: card for card in decision.cards}
    return Case(
        definition=case.definition,
        ticket=decision.ticket,
        tasks=dict(sorted(tasks.items())),
        asks={seq: ask for seq, ask in sorted(asks.items()) if ask.state is RequestState.OPEN},
        timers={seq: timer for seq, timer in sorted(timers.items()) if timer.ended_at is None},
        cards={seq: card for seq, card in sorted(cards.items()) if card.ended_at is None},
    )


def _whole(decisions: Sequence[Decision]) -> Decision:
    """All acts of a life as one decision about a new ticket."""
    whole = Decision(ticket=decisions[-1].ticket, read_version=None)
    whole.tasks = list({task.seq: task for one in decisions for task in one.tasks}.values())
    whole.asks = list({ask.seq: ask for one in decisions for ask in one.asks}.values())
    whole.timers = list({timer.seq: timer for one in decisions for timer in one.timers}.values())
    whole.cards = list({card.seq: card for one in decisions for card in one.cards}.values())
    for one in decisions:
        whole.events += one.events
        whole.reached += one.reached
        whole.notices += one.notices
        whole.commands += one.commands
        whole.attachments += one.attachments
        whole.reach = [unit for unit in whole.reach if unit not in one.forgets]
        whole.reach += [unit for unit in one.reach if unit not in whole.reach]
        whole.particulars |= one.particulars
        whole.spot = one.spot or whole.spot
    return whole
