"""The door: load → decide → write. Nothing else changes a ticket.

A click, an API call, a timer's rung, a command of another ticket, an import, a test: all pass here, by the same rules.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError as CoreIntegrityError

from engine.clock import DAY, Clock, Instant, moment
from engine.database import Database, Transaction
from engine.definitions.model import Action, Workflow
from engine.errors import Busy, HuyingError, KeyReused, Malformed, NotFound, Place
from engine.records import load, receipts, task_links, write
from engine.records.asking import Question, ask, ask_one
from engine.records.versions import Versions, asked_active
from engine.rules import decide
from engine.rules.acts import Act, Decision
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, ActorKind, Case, References, Ticket
from engine.rules.forms import shown
from engine.rules.sittings import SittingRef
from engine.stages import admissions, bounds, dispatch, letters, sittings
from engine.stages.calls import Call, Caller, Offer, Outcome, Proof
from engine.stages.references import CODES, Wanted, complete, hide, is_code, prove, questions
from engine.vocabulary import StateType

#: How often an act is decided again after it lost a race on a running counter.
MOST_TRIES = 3
#: How long an idempotency key is kept: longer than a phone stays offline.
KEY_KEPT = 90 * DAY
_LONGEST_CHANNEL = 64


#: Something done in the transaction before anything else; whether to go on.
First = Callable[[Transaction], bool]
#: An action's name and its facts.
Said = tuple[str, Mapping[str, Any]]


class _NeedsBoth(Exception):
    """Joining and splitting lock two tickets, in id order, before anything is read."""

    def __init__(self, other: int) -> None:
        self.other = other


@dataclass(slots=True, kw_only=True)
class Read:
    """What one journey brought for one call."""

    actor: Actor
    #: What the references were asked for.
    guessed: Wanted
    references: References
    #: Fingerprint and outcome of the key, if it was used before.
    repeated: tuple[str, str] | None
    #: For a start: the active version, and the new ticket's id and case serial.
    active: int | None
    numbers: tuple[int, int]
    case: Case | None = None


class Door:
    """The way into one database's tickets."""

    def __init__(self, database: Database, clock: Clock, versions: Versions, *, algorithm: str = "sha256") -> None:
        self.database, self.clock, self.versions, self.algorithm = database, clock, versions, algorithm

    def act(self, call: Call, *, now: Instant | None = None, proof: Proof | None = None) -> Outcome:
        """Do one act, or raise the refusal that names why not.

        With a `proof` the act's first journey asks also who is calling, instead of whoever calls having asked before.

        1. take the time once
        2. in one transaction: lock and load the ticket, the actor's posts, the key
        3. a repeated key answers what it answered before
        4. decide
        5. write everything, or nothing
        A race lost on a running counter alone is decided again, at most three times.
        Errors: every `HuyingError` of `decide`, `KeyReused`, `NotFound`, `NotSignedIn`, `Busy`; what the proof raises.
        """
        at = self.clock.now() if now is None else now
        self.versions.almanac()  # news of it is asked for before the act has a connection
        both: tuple[int, ...] = ()
        lost: BaseException | None = None

        def work(transaction: Transaction) -> Outcome:
            return self.within(transaction, call, at, both, proof)

        for _ in range(MOST_TRIES):
            try:
                return self.database.acting(work)
            except _NeedsBoth as pair:
                both = (pair.other,)
            except Exception as failure:
                if not isinstance(failure, write.LostRace) and not is_double(failure):
                    raise
                lost = failure
        raise Busy from lost

    def act_together(self, calls: Sequence[Call], transaction: Transaction, now: Instant) -> list[Outcome]:
        """Several acts in the caller's transaction, in order; the first refusal refuses all of them.

        Tickets are locked in the order of the calls: whoever calls this lines the calls up by ticket.
        """
        outcomes = []
        for call in calls:
            transaction.flush()
            try:
                outcomes.append(self.within(transaction, call, now, ()))
            except _NeedsBoth as pair:
                outcomes.append(self.within(transaction, call, now, (pair.other,)))
        return outcomes

    def within(
        self, transaction: Transaction, call: Call, now: Instant, both: tuple[int, ...], proof: Proof | None = None
    ) -> Outcome:
        """One act inside a transaction that somebody else commits."""
        refuse_unkeepable(call)
        read = self._read(transaction, call, now, both, proof)
        if read.repeated is not None:
            return _repeated(call, read.repeated)
        definition = self._definition_of(transaction, call, read)
        action = self.action_of(call, definition, read.case)
        wanted = Wanted.of(action, call.form, call.each)
        if call.area is not None:
            wanted.areas.add(call.area)
        if call.reporter:
            wanted.people.add(call.reporter)
        references = complete(transaction, wanted, read.guessed, read.references, now)
        hide(transaction, wanted, references, read.actor)
        case = read.case or self.newborn(transaction, call, definition, wanted, references, read, now)
        prove(transaction, wanted, references, case)
        other = self._other(transaction, call, case, references, both)
        bounds.look_up(transaction, action, case, read.actor, call.task, references, now)
        admissions.look_up(transaction, action, case, call.form, call.source, references, now)
        letters.look_up(transaction, action, case.definition, read.actor, call.source, references, now)
        touched = sittings.look_up(transaction, self.versions, action, case, call, references)
        noted = dispatch.noted(transaction, self.versions.almanac(), case, action, call.form, now)
        decision = self.decided(call, case, read.actor, wanted, references, now, noted)
        batch = write.Batch()
        self.add_to(batch, decision, case.definition, now)
        if other is not None:
            self.add_to(batch, self._echo(call, case, other, read.actor, now), other.definition, now)
        outcome = outcome_of(decision, case.definition)
        self.keep_key(batch, call, outcome, now)
        if call.caller.receipt and read.case is None:
            batch.add("receipt", (call.caller.receipt, outcome.ticket_id, now))
        sittings.keep(transaction, touched, case, decision, now, self.algorithm)
        write.write(transaction, batch)
        return outcome

    def reconsider(self, ticket_id: int, *, first: First | None = None, said: Said | None = None) -> bool:
        """Ask a ticket's rules again because another ticket moved; whether anything came of it.

        `first` is done in the same transaction; when it answers that somebody else was first, nothing else is done.
        `said` is a line that the ticket's history then gets, whatever its rules say.
        """
        now = self.clock.now()
        self.versions.almanac()
        action, facts = said or ("", None)

        def work(transaction: Transaction) -> bool:
            if first is not None and not first(transaction):
                return False
            case = self._cases(transaction, (ticket_id,), lock=True)[ticket_id]
            act = Act(action=action, actor=THE_RULE, salt=os.urandom(32), algorithm=self.algorithm)
            decision = decide.reconsider(case, act, now, self.versions.almanac(), facts)
            if decision is None:
                return False
            batch = write.Batch()
            self.add_to(batch, decision, case.definition, now)
            write.write(transaction, batch)
            return True

        for _ in range(MOST_TRIES):
            try:
                return self.database.acting(work)
            except write.LostRace:
                continue
        raise Busy

    def case(self, transaction: Transaction, ticket_id: int) -> Case:
        """A ticket as it is, to be looked at."""
        return self._cases(transaction, (ticket_id,), lock=False)[ticket_id]

    def offers(self, transaction: Transaction, ticket_id: int, caller: Caller) -> list[Offer]:
        """Every act that the present states declare, as this caller sees it: possible, or not and why.

        Drawn by the same `examine` that `act` asks, so that a button never promises what the door refuses.
        """
        now = self.clock.now()
        case = self.case(transaction, ticket_id)
        actor = _actor(transaction, caller, now)
        return list(_offers(case, actor, now, sittings.offered(transaction, self.versions, case)))

    # -- the steps of one act ------------------------------------------------------------------------------------

    def _read(
        self, transaction: Transaction, call: Call, now: Instant, both: tuple[int, ...], proof: Proof | None
    ) -> "Read":
        """Everything that can be asked for before the definition is known, in one journey."""
        guessed = Wanted.guess(self.versions.field_types(), call.form)
        asked: list[tuple[str, Question[Any]]] = []
        own = _own(transaction, call)
        ids = sorted({own, *both}) if own is not None else []
        if ids and transaction.postgresql:
            # ▸ First of all: what is asked before the lock is had (the key, the main ticket's state) may be of before
            # the wait, and crossed joins then join both.
            asked.append(("lock", load.asked_lock(transaction, ids)))
        if proof is not None:
            # Before anything else that may refuse: whoever is nobody, or may not know of the ticket, hears only that.
            asked += proof.asked(transaction, now)
        asked += questions(transaction, guessed, now)
        if call.caller.person_id is not None and proof is None:
            asked.append(("actor", load.asked_actor(transaction, call.caller.person_id, now)))
        if call.caller.link:
            asked.append(("actor", task_links.asked_actor(transaction, call.caller.link, now)))
        if call.caller.receipt and ids:
            asked.append(("actor", receipts.asked_actor(transaction, call.caller.receipt, now)))
        if call.key is not None:
            asked.append(("repeated", load.asked_key(transaction, call.caller.key, call.key)))
        if ids:
            asked.append(("cases", load.asked_cases(transaction, ids)))
        else:
            asked.append(("active", asked_active(transaction, _workflow(call))))
            asked.append(("numbers", write.asked_numbers(transaction, 1)))
        answers = dict(zip((name for name, _ in asked), ask(transaction, [q for _, q in asked]), strict=True))
        if proof is not None:
            answers["actor"] = proof.actor(answers)
        return self._as_read(transaction, call, own, guessed, answers)

    def _as_read(
        self, transaction: Transaction, call: Call, own: int | None, guessed: Wanted, answers: dict[str, Any]
    ) -> "Read":
        read = Read(
            actor=answers.get("actor") or hand_of(call.caller),
            guessed=guessed,
            references=References(**{kind: answers[kind] for kind in CODES if kind in answers}),
            repeated=answers.get("repeated"),
            active=answers.get("active"),
            numbers=answers.get("numbers", [(0, 0)])[0],
        )
        if own is not None:
            row = next((row for row in answers["cases"] if row[0] == own), None)
            if row is None:
                raise NotFound("没有这个案卷", "no such ticket")
            read.case = load.case_of(row, self._definition(transaction, row[load.WORKFLOW_AT]))
        return read

    def _definition_of(self, transaction: Transaction, call: Call, read: "Read") -> Workflow:
        if read.case is not None:
            return read.case.definition
        return self.versions.found(transaction, _workflow(call), read.active)

    def action_of(self, call: Call, definition: Workflow, case: Case | None) -> Action:
        """The declared action that the call means.

        Errors: `NotFound` for an unknown start, `NotAllowedNow` for an action that isn't there in this state.
        """
        if case is not None:
            act = Act(
                action=call.action, actor=THE_RULE, task=call.task, request=call.request, expected=call.expected
            )  # fmt: skip
            target = decide.stale(case, act) or decide.find(case, act)
            if isinstance(target, HuyingError):
                raise target
            return target.action
        start = definition.starts.get(call.action)
        if start is None:
            raise NotFound(
                f"流程“{definition.title.zh}”没有“{shown(call.action)}”这种上报",
                f"the workflow '{definition.title.en}' has no start '{shown(call.action)}'",
            )
        return start

    def _cases(self, transaction: Transaction, ids: Sequence[int], *, lock: bool) -> dict[int, Case]:
        return load.load(transaction, ids, self._definition, lock=lock)

    def _definition(self, transaction: Transaction, workflow_id: int) -> Workflow:
        return self.versions.definition(transaction, workflow_id)

    def newborn(
        self,
        transaction: Transaction,
        call: Call,
        definition: Workflow,
        wanted: Wanted,
        references: References,
        read: "Read",
        now: Instant,
    ) -> Case:
        """A ticket about to be born: its definition, its place in the tree, its numbers."""
        area = wanted.area(transaction, references, read.actor, call.parent_id)
        new_id, serial = read.numbers
        born = min(call.claimed_at or now, now)
        ticket = Ticket(
            id=new_id, case_no=f"{moment(born):%Y%m%d}-{serial:06d}", state="", version=0, state_version=0, last_seq=0,
            head="", head_at=Instant(0), visit=0, area=area, channel=call.channel, parent_id=call.parent_id,
            opened_at=born, entered_at=born,
        )  # fmt: skip
        return Case(definition=definition, ticket=ticket)

    def _other(
        self, transaction: Transaction, call: Call, case: Case, references: References, both: tuple[int, ...]
    ) -> Case | None:
        """The other ticket of a join or a split, locked; if it is not locked yet, the act starts again with both."""
        if not case.ticket.last_seq:
            return None
        target = decide.find(case, Act(action=call.action, actor=THE_RULE, task=call.task, request=call.request))
        if isinstance(target, HuyingError) or not (target.action.joins or target.action.splits):
            return None
        if target.action.splits:
            other = case.ticket.main_id
        else:
            named = call.form.get(target.action.joins or "")
            found = references.tickets.get(named) if isinstance(named, str) else None
            other = found.id if found and found.id != case.ticket.id else None
        if other is None:
            return None
        if other not in both:
            raise _NeedsBoth(other)
        return self._cases(transaction, (other,), lock=False)[other]

    def decided(
        self,
        call: Call,
        case: Case,
        actor: Actor,
        wanted: Wanted,
        references: References,
        now: Instant,
        noted: Mapping[str, Any] | None = None,
    ) -> Decision:
        act = Act(
            action=call.action, actor=actor, task=call.task, request=call.request,
            form=wanted.filled(call.form), each=call.each, expected=call.expected, references=references,
            claimed_at=call.claimed_at, source=call.source,
            salt=os.urandom(32), algorithm=self.algorithm, arm_from=call.arm_from,
            noted=noted or {}, given_as=call.given_as, reporter=call.reporter,
        )  # fmt: skip
        decision = decide.decide(case, act, now, self.versions.almanac())
        if isinstance(decision, HuyingError):
            raise decision
        return decision

    def _echo(self, call: Call, case: Case, other: Case, actor: Actor, now: Instant) -> Decision:
        """The main ticket's own line about a join or a split."""
        joined = case.ticket.main_id is None
        act = Act(
            action="joined_by" if joined else "split_from", actor=actor, claimed_at=call.claimed_at, source=call.source,
            algorithm=self.algorithm,
        )  # fmt: skip
        return decide.remark(other, act, now, self.versions.almanac(), {"ticket": case.ticket.case_no})

    def add_to(self, batch: write.Batch, decision: Decision, definition: Workflow, now: Instant) -> None:
        state = definition.states[decision.ticket.state]
        stage = state.stage.value if state.stage else ""
        workflow_id = self.versions.id_of(definition)
        batch.decision(decision, workflow_id, state.type.value, stage, now)

    def keep_key(self, batch: write.Batch, call: Call, outcome: Outcome, now: Instant) -> None:
        if call.key is not None:
            stored = json.dumps(outcome.to_json(), separators=(",", ":"))
            batch.add("idempotency_key", (call.caller.key, call.key, digest_of(call), stored, now + KEY_KEPT))


def ticket_id(transaction: Transaction, case_no: str) -> int:
    """The ticket of a case number.

    Errors: `NotFound`.
    """
    mark = "%s" if transaction.postgresql else "?"
    asked = f"SELECT ticket_id FROM case_number WHERE number = {mark}"  # noqa: S608 (constant words)
    rows = transaction.rows(asked, (case_no,)) if is_code(case_no) else []
    if not rows:
        raise NotFound(f"没有案卷 {shown(case_no)}", f"no such ticket: {shown(case_no)}")
    return int(rows[0][0])


def digest_of(call: Call) -> str:
    # A repeated key may come with what no form takes, e.g. half of a character.
    return hashlib.sha256(call.fingerprint().encode("utf-8", "surrogatepass")).hexdigest()


def _own(transaction: Transaction, call: Call) -> int | None:
    """The ticket the call is about; none for a start."""
    if call.ticket_id is not None or call.case_no is None:
        return call.ticket_id
    return ticket_id(transaction, call.case_no)


def _workflow(call: Call) -> str:
    """The key of the workflow that a start names."""
    return call.workflow if is_code(call.workflow) and call.workflow else ""


def _repeated(call: Call, stored: tuple[str, str]) -> Outcome:
    fingerprint, outcome = stored
    if fingerprint != digest_of(call):
        raise KeyReused
    return Outcome.from_json(json.loads(outcome))


def _actor(transaction: Transaction, caller: Caller, now: Instant) -> Actor:
    if caller.link:
        return ask_one(transaction, task_links.asked_actor(transaction, caller.link, now))
    if caller.receipt:
        return ask_one(transaction, receipts.asked_actor(transaction, caller.receipt, now))
    if caller.person_id is None:
        return hand_of(caller)
    return ask_one(transaction, load.asked_actor(transaction, caller.person_id, now))


def hand_of(caller: Caller) -> Actor:
    """The actor of a caller that is no person."""
    if caller.name == THE_CLOCK.name:
        return THE_CLOCK
    if caller.name == THE_RULE.name:
        return THE_RULE
    kind = ActorKind.IMPORT if caller.name.startswith(ActorKind.IMPORT.value) else ActorKind.PUBLIC
    return Actor(kind=kind, name=caller.name)


def outcome_of(decision: Decision, definition: Workflow | None = None) -> Outcome:
    ticket = decision.ticket
    first = decision.events[0].seq
    return Outcome(
        ticket_id=ticket.id,
        case_no=ticket.case_no,
        state=ticket.state,
        state_version=ticket.state_version,
        seq=first,
        last_seq=decision.events[-1].seq,
        created=tuple(
            seq for seq in (*(t.seq for t in decision.tasks), *(a.seq for a in decision.asks)) if seq > first
        ),
        definition=definition,
    )


def _offers(case: Case, actor: Actor, now: Instant, sat: Mapping[str, SittingRef]) -> Iterator[Offer]:
    for target in decide.targets(case):
        action, task = target.action, target.task
        if not action.by_people():
            continue
        answer = decide.examine(case, target, actor, now, sat)
        refused = isinstance(answer, HuyingError)
        yield Offer(
            name=action.name,
            title=action.title,
            task=task.seq if task and not target.answered else None,
            request=target.answered.seq if target.answered else None,
            kind="answer" if target.answered else "ask" if target.asked else "act",
            expected=None if target.answered else task.version if task else case.ticket.state_version,
            form=action.form,
            each={
                other.seq: items
                for kind, items in action.each.items()
                for other in case.round_of(kind)
                if other.type is StateType.CLOSED
            },
            possible=not refused,
            reason=answer.message if isinstance(answer, HuyingError) else "",
            code=answer.code if isinstance(answer, HuyingError) else "",
            to=action.to,
            meeting=action.meeting or "",
        )


def is_double(failure: BaseException) -> bool:
    """Whether a unique key was taken in between (the same idempotency key, by a concurrent twin)."""
    failed = failure.orig if isinstance(failure, CoreIntegrityError) else failure
    taken = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")
    return type(failed).__name__ == "UniqueViolation" or getattr(failed, "sqlite_errorname", "") in taken


def refuse_unkeepable(call: Call) -> None:
    """What the idempotency key and the channel hold must fit into their columns on both databases.

    Errors: `Malformed` naming the field.
    """
    if call.key is not None and not is_code(call.key):
        raise Malformed(
            "幂等键应为 1 至 128 个可见字符", "a key has 1 to 128 visible characters", place=Place(field="key")
        )
    if call.channel and not (is_code(call.channel) and len(call.channel) <= _LONGEST_CHANNEL):
        raise Malformed("渠道名过长或含控制字符", "the channel's name cannot be kept", place=Place(field="channel"))
