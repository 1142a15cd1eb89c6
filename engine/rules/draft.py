"""A case being changed by one act: copies what it touches and gathers what the act brings about."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.clock import Instant
from engine.rules import knowing
from engine.rules.acts import Act, Command, CommandKind, Decision, Event, Notice, Source
from engine.rules.almanac import Almanac
from engine.rules.case import Actor, ActorKind, Ask, Card, Case, Task, Timer
from engine.rules.chain import canonical, canonical_row, event_hash, personal_digest
from engine.rules.memory import Memory
from engine.rules.permissions import Standing
from engine.rules.worktime import WorkCalendar


class Draft(Case):
    """A fork of a case. Reading is as on the case; whatever is changed goes through `task`, `ask` or `timer` first."""

    __slots__ = (
        "_calendars",
        "_changed_asks",
        "_changed_cards",
        "_changed_tasks",
        "_changed_timers",
        "_counted_by",
        "act",
        "almanac",
        "decision",
        "now",
    )

    def __init__(self, case: Case, act: Act, now: Instant, almanac: Almanac) -> None:
        ticket = case.ticket.clone()
        ticket.memory = ticket.memory.clone()
        super().__init__(
            definition=case.definition,
            ticket=ticket,
            tasks=dict(case.tasks),
            asks=dict(case.asks),
            timers=dict(case.timers),
            cards=dict(case.cards),
        )
        self.act, self.now, self.almanac = act, now, almanac
        self.decision = Decision(ticket=ticket, read_version=case.ticket.version if case.ticket.last_seq else None)
        self._changed_tasks: dict[int, Task] = {}
        self._changed_asks: dict[int, Ask] = {}
        self._changed_timers: dict[int, Timer] = {}
        self._changed_cards: dict[int, Card] = {}
        self._calendars: dict[str, WorkCalendar] = {}
        self._counted_by: dict[str, str] = {}

    @property
    def calendar(self) -> WorkCalendar:
        """The workflow's own calendar, as it is for this ticket's area; the event will name its version."""
        return self._calendar(self.definition.calendar)

    def calendar_of(self, deadline: str) -> WorkCalendar:
        """The calendar that a deadline is counted by; the event will name its version."""
        return self._calendar(self.definition.deadlines[deadline].calendar or self.definition.calendar)

    def _calendar(self, key: str) -> WorkCalendar:
        found = self._calendars.get(key)
        if found is None:
            found = self._calendars[key] = self.almanac.of(key, self.ticket.area)
        self._counted_by[key] = found.version
        return found

    @property
    def at(self) -> Instant:
        """When the act happened: as claimed, never before the ticket's newest event nor after it was written down."""
        return happened(self, self.act, self.now)

    def seq(self) -> int:
        """The next number of the ticket's one counter."""
        self.ticket.last_seq += 1
        return self.ticket.last_seq

    def task(self, seq: int) -> Task:
        """A task that may now be changed; its version is raised once per act."""
        if seq not in self._changed_tasks:
            task = self.tasks[seq].clone()
            task.memory = task.memory.clone()
            task.version += 1
            self.tasks[seq] = self._changed_tasks[seq] = task
        return self._changed_tasks[seq]

    def add_task(self, task: Task) -> None:
        self.tasks[task.seq] = self._changed_tasks[task.seq] = task

    def ask(self, seq: int) -> Ask:
        """A request that may now be changed."""
        if seq not in self._changed_asks:
            self.asks[seq] = self._changed_asks[seq] = self.asks[seq].clone()
        return self._changed_asks[seq]

    def add_ask(self, ask: Ask) -> None:
        self.asks[ask.seq] = self._changed_asks[ask.seq] = ask

    def timer(self, seq: int) -> Timer:
        """A deadline that may now be changed."""
        if seq not in self._changed_timers:
            self.timers[seq] = self._changed_timers[seq] = self.timers[seq].clone()
        return self._changed_timers[seq]

    def add_timer(self, timer: Timer) -> None:
        self.timers[timer.seq] = self._changed_timers[timer.seq] = timer

    def card(self, seq: int) -> Card:
        """A card that may now be changed."""
        if seq not in self._changed_cards:
            self._changed_cards[seq] = self.cards[seq] = self.cards[seq].clone()
        return self._changed_cards[seq]

    def add_card(self, card: Card) -> None:
        self.cards[card.seq] = self._changed_cards[card.seq] = card

    @property
    def touched(self) -> bool:
        """Whether anything that is kept was changed."""
        return bool(self._changed_tasks or self._changed_asks or self._changed_timers or self._changed_cards)

    def memory(self, task: Task | None, name: str, declared: str) -> Memory:
        """Where a counter or mark of that name lives: on the task whose kind declares it, else on the ticket."""
        if task is not None and name in getattr(self.definition.tasks[task.kind], declared):
            return self.task(task.seq).memory
        return self.ticket.memory

    def timers_of(self, task: Task | None, request: Ask | None = None) -> Iterator[Timer]:
        """The deadlines that still run or pause for a ticket, a task or a request."""
        task_seq, request_seq = (task.seq if task else None), (request.seq if request else None)
        for timer in list(self.timers.values()):
            own = timer.ended_at is None and timer.request_seq == request_seq
            if own and (request_seq is not None or timer.task_seq == task_seq):
                yield timer

    def notice(self, event_seq: int, role: str, unit: str, posts: tuple[str, ...], *, duty: bool = False) -> None:
        """Whoever is told twice in one act is told once: of what was done, or of the last that the clock did."""
        notices = self.decision.notices
        if self.act.arm_from is not None and self.ticket.head_at < self.act.arm_from:
            return
        for at, notice in enumerate(notices):
            # Whoever is told without looking at the roster is not told again by it.
            if (notice.unit, notice.posts) == (unit, posts) and notice.duty <= duty:
                if self.act.actor.kind is ActorKind.CLOCK:
                    # Of several rungs made up for at once the last is the gravest.
                    notices[at] = replace(notice, event_seq=event_seq, role=role)
                return
        notices.append(Notice(seq=self.seq(), event_seq=event_seq, role=role, unit=unit, posts=posts, duty=duty))

    def command(self, kind: CommandKind, target_id: int | None = None, payload: dict[str, Any] | None = None) -> None:
        self.decision.commands.append(
            Command(seq=self.seq(), kind=kind, target_id=target_id, payload=canonical(payload or {}))
        )

    def reach(self, *units: str) -> None:
        """These units know of the ticket from now on; where some may not, `finish` says who does."""
        if self.definition.confidential is None:
            known = self.decision.reach
            known.extend(unit for unit in units if unit not in known)

    def record(
        self,
        *,
        seq: int,
        action: str,
        scope: str,
        task_seq: int | None,
        request_seq: int | None,
        actor: Actor,
        standing: Standing,
        moved: tuple[str, str],
        stage: str,
        facts: dict[str, Any],
        personal: dict[str, Any],
    ) -> None:
        """Chain one event behind the ticket's newest; a claimed time that had to be moved stands in its facts."""
        act, ticket, at = self.act, self.ticket, self.at
        self._note(facts)
        words = canonical(personal) if personal else ""
        digest = personal_digest(act.algorithm, act.salt, words) if words else ""
        text = canonical(facts)
        # In the order in which they are hashed, behind the ticket's id.
        columns: dict[str, Any] = {
            "seq": seq, "at": at, "recorded_at": self.now, "source": act.source.value, "action": action, "scope": scope,
            "task_seq": task_seq, "request_seq": request_seq, "actor": actor.name, "person_id": actor.person_id,
            "post": standing.post, "department_id": standing.department_id, "behalf_of": standing.behalf_of,
            "state_from": moved[0], "state_to": moved[1], "stage": stage,
        }  # fmt: skip
        over = event_hash(act.algorithm, ticket.head, header((ticket.id, *columns.values())), text, digest)
        self.decision.events.append(
            Event(
                **columns, facts=text, personal=words, salt=act.salt if words else b"", personal_digest=digest,
                algorithm=act.algorithm, hash=over,
            )
        )  # fmt: skip
        ticket.head, ticket.head_at = over, at

    def _note(self, facts: dict[str, Any]) -> None:
        """What every event says of its own making."""
        act = self.act
        claimed = self.now if act.claimed_at is None else act.claimed_at
        if self.at != claimed:
            facts["claimed"] = claimed
        if self._counted_by:
            # By which versions the deadlines were counted: the history alone must give the same again.
            facts["calendars"] = dict(self._counted_by)
            self._counted_by.clear()
        if act.arm_from is not None:
            facts["arm_from"] = act.arm_from

    def finish(self) -> Decision:
        """The decision, with everything that was touched."""
        decision = self.decision
        decision.tasks = list(self._changed_tasks.values())
        decision.asks = list(self._changed_asks.values())
        decision.timers = list(self._changed_timers.values())
        decision.cards = list(self._changed_cards.values())
        if self.definition.confidential is not None:
            self._tell_only_who_may_know()
        self.ticket.version += 1
        return decision

    def _tell_only_who_may_know(self) -> None:
        """Who knows of the ticket is the same act's to change: whoever may no more is taken out, and is not told."""
        ticket, decision = self.ticket, self.decision
        before, after = set(ticket.memory.readers), knowing.readers(self)
        hidden = knowing.secret(self)
        if hidden != ticket.confidential:
            ticket.confidential = hidden
            ticket.state_version += 1
        decision.reach, decision.forgets = sorted(after - before), sorted(before - after)
        ticket.memory.readers = tuple(sorted(after))
        if hidden:
            decision.notices = [told for one in decision.notices if (told := _narrowed(one, after)) is not None]


def happened(case: Case, act: Act, now: Instant) -> Instant:
    """When an act happens: as claimed, drawn between the ticket's newest event and the engine's own clock.

    A phone whose clock runs ahead would else push every later event of the ticket ahead with it.
    """
    claimed = now if act.claimed_at is None else min(act.claimed_at, now)
    return max(claimed, case.ticket.head_at)


def binding(case: Case, act: Act, now: Instant) -> Instant:
    """The clock that limits go by: the engine's; for an old system's history, the time it claims."""
    return happened(case, act, now) if act.source is Source.IMPORT else now


def _narrowed(notice: Notice, readers: frozenset[str]) -> Notice | None:
    """A notice for those of its posts that may know of the ticket; None when nobody is left."""
    if notice.unit in readers:
        return notice
    posts = tuple(post for post in notice.posts if f"{notice.unit}/{post}" in readers)
    return replace(notice, posts=posts) if posts else None


def header(columns: tuple[Any, ...]) -> str:
    """The canonical bytes of an event's columns, in the order of the hash."""
    return canonical_row(columns)
