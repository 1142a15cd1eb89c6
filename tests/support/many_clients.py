"""Many clients at work on the same few tickets, and what each of them did and saw, for `serial`."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, NamedTuple, Protocol

from engine.errors import HuyingError
from engine.records.sheet import MOST_EVENTS
from tests.support.cases import small
from tests.support.door import Told, World
from tests.support.serial import Key, Op
from tests.support.serving import Server

LOOP = small(
    """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      actions:
        away: {title: 搁置 / Away, by: desk, to: aside}
        join: {title: 并案 / Join, by: desk, to: joined, form: [ticket!], joins: ticket}
    aside:
      title: 搁置 / Aside
      actions:
        back: {title: 恢复 / Back, by: desk, to: one}
        join: {by: desk, to: joined, form: [ticket!], joins: ticket}
    joined:
      title: 已并案 / Joined
      type: joined
      actions:
        split: {title: 拆案 / Split, by: desk, to: one, splits: true}
common:
  remark: {title: 批注 / Remark, in: [one, aside, joined], by: desk, form: [note!]}
  close:  {title: 办结 / Close, in: [one, aside], by: desk, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
""",
    key="serial",
)
#: What an act on one ticket leaves on another, and of which act it is.
_BESIDE = {"joined_by": "join", "split_from": "split"}
#: The first and the last event of every act on a ticket.
_ACTS = """
    SELECT seq, last_seq FROM outbox WHERE ticket_id = ? UNION ALL SELECT seq, last_seq FROM feed WHERE ticket_id = ?"""


class Line(NamedTuple):
    """A line of a history as a reader is shown it."""

    seq: int
    hash: str
    action: str
    state_from: str
    state_to: str

    @property
    def changes(self) -> bool:
        """Whether it makes what was seen before it stale."""
        return self.state_from != self.state_to or self.action in _BESIDE


class Way(Protocol):
    """How clients reach the engine."""

    def act(self, told: Told, action: str, form: Mapping[str, Any], expected: int | None) -> tuple[int, int] | None:
        """Its first and last event; None if it was refused."""

    def version(self, told: Told) -> int:
        """What `expected` must be."""

    def histories(self, tickets: Sequence[Told]) -> list[list[Line]]:
        """Read together, at one moment."""

    #: How many tickets it can read at one moment.
    together: int


@dataclass
class AtTheDoor:
    """In this process."""

    world: World
    together: int = 3

    def act(self, told: Told, action: str, form: Mapping[str, Any], expected: int | None) -> tuple[int, int] | None:
        try:
            done = self.world.act("shen", action, case_no=told.case_no, form=form, expected=expected)
        except HuyingError as refusal:
            if refusal.status != 409:
                raise
            return None
        return done.seq, done.last_seq

    def version(self, told: Told) -> int:
        return told.case.ticket.state_version

    def histories(self, tickets: Sequence[Told]) -> list[list[Line]]:
        with self.world.database.looking() as transaction:
            mark = "%s" if transaction.postgresql else "?"
            asked = f"SELECT seq, hash, action, state_from, state_to FROM event WHERE ticket_id = {mark} ORDER BY seq"
            found = []
            for told in tickets:
                found.append([Line(*row) for row in transaction.rows(asked, (told.id,))])
                # Slowly, or hardly anybody would get in between.
                time.sleep(0.003)
            return found


@dataclass
class OverHttp:
    """One after the other of several servers."""

    servers: Sequence[Server]
    headers: Mapping[str, str]
    together: int = 1

    def __post_init__(self) -> None:
        self._turns = cycle(self.servers)

    def act(self, told: Told, action: str, form: Mapping[str, Any], expected: int | None) -> tuple[int, int] | None:
        body = {"action": action, "form": form, "expected": expected}
        answer = self._ask("POST", f"/api/tickets/{told.case_no}/acts", json=body)
        if answer.status_code != 200:
            assert answer.status_code == 409, answer.text
            return None
        return answer.json()["seq"], answer.json()["last_seq"]

    def version(self, told: Told) -> int:
        return int(self._ask("GET", f"/api/tickets/{told.case_no}").json()["state_version"])

    def histories(self, tickets: Sequence[Told]) -> list[list[Line]]:
        (told,) = tickets
        events = self._ask("GET", f"/api/tickets/{told.case_no}/history").json()["events"]
        assert len(events) < MOST_EVENTS, "a page is not a whole history"
        return [[Line(*(event[name] for name in Line._fields)) for event in events]]

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        return next(self._turns).ask(method, path, headers=dict(self.headers), **options)


@dataclass
class Did:
    """One thing a client did, and when by its watch."""

    began: float
    ended: float
    reads: dict[Key, list[Line]] = field(default_factory=dict)
    #: The ticket that it acted on, its first and last event; None for a read.
    act: tuple[int, int, int] | None = None


class Client(threading.Thread):
    """Somebody who does one thing after the other, some of them on what was read before."""

    def __init__(self, way: Way, tickets: Sequence[Told], seed: int, count: int) -> None:
        super().__init__()
        self.way, self.tickets, self.chance, self.count = way, tickets, random.Random(seed), count
        self.did: list[Did] = []
        self.refused: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for number in range(self.count):
                (self._reads, self._acts, self._reads_and_acts)[self.chance.choices((0, 1, 2), (3, 4, 3))[0]](number)
        except BaseException as failure:
            self.failure = failure

    def _reads(self, _: int) -> None:
        those = self.chance.sample(self.tickets, self.chance.randint(1, self.way.together))
        did = Did(time.monotonic(), 0)
        read = self.way.histories(those)
        did.reads = {("all", told.id): lines for told, lines in zip(those, read, strict=True)}
        self._done(did)

    def _acts(self, number: int) -> None:
        told, other = self.chance.sample(self.tickets, 2)
        action = self.chance.choice(("remark", "remark", "away", "back", "join", "split", "split"))
        form = {"remark": {"note": str(number)}, "join": {"ticket": other.case_no}}.get(action, {})
        self._act(Did(time.monotonic(), 0), told, action, form, None)

    def _reads_and_acts(self, _: int) -> None:
        """Whoever acts on what was seen must have seen the newest, or is refused."""
        told = self.chance.choice(self.tickets)
        did = Did(time.monotonic(), 0)
        version = self.way.version(told)
        (lines,) = self.way.histories([told])
        did.reads = {("changes", told.id): [line for line in lines if line.changes]}
        self._act(did, told, self.chance.choice(("away", "back", "split")), {}, version)

    def _act(self, did: Did, told: Told, action: str, form: Mapping[str, Any], expected: int | None) -> None:
        done = self.way.act(told, action, form, expected)
        if done is None:
            self.refused[action] += 1
            return
        did.act = (told.id, *done)
        self._done(did)

    def _done(self, did: Did) -> None:
        did.ended = time.monotonic()
        self.did.append(did)


def work(way: Way, tickets: Sequence[Told], seed: int, *, clients: int, each: int) -> list[Did]:
    """What so many clients have done who were at it at once."""
    hands = [Client(way, tickets, seed + number, each) for number in range(clients)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(120)
        assert not hand.is_alive()
        assert hand.failure is None, repr(hand.failure)
    return [did for hand in hands for did in hand.did]


def history(world: World, tickets: Sequence[Told], did: Sequence[Did]) -> tuple[list[Op], dict[Key, list[Any]]]:
    """The operations and the lists in the end. What is stored and was answered to nobody is an operation as well."""
    kept = dict(zip((told.id for told in tickets), AtTheDoor(world).histories(tickets), strict=True))
    final: dict[Key, list[Any]] = {("all", ticket): lines for ticket, lines in kept.items()}
    final |= {("changes", ticket): [line for line in lines if line.changes] for ticket, lines in kept.items()}
    beside = dict(_beside(world, tickets, kept))
    ops, answered = [], set()
    for number, one in enumerate(did):
        appends = _appends(one.act, kept, beside) if one.act else {}
        answered |= {(one.act[0], one.act[1])} if one.act else set()
        name = f"{number} {'acts' if one.act else 'reads'}"
        ops.append(Op(name, appends, one.reads, one.began, one.ended))
    theirs = set(beside.values())
    for ticket in kept:
        for first, last in world.rows(_ACTS, ticket, ticket):
            if (ticket, first) not in answered | theirs:
                ops.append(Op(f"nobody's {ticket}#{first}", _appends((ticket, first, last), kept, beside)))
    return ops, final


def _appends(
    act: tuple[int, int, int], kept: Mapping[int, list[Line]], beside: Mapping[tuple[int, int], tuple[int, int]]
) -> dict[Key, list[Any]]:
    ticket, first, last = act
    lines = {ticket: [line for line in kept[ticket] if first <= line.seq <= last]}
    if (ticket, first) in beside:
        other, seq = beside[ticket, first]
        lines[other] = [line for line in kept[other] if line.seq == seq]
    # An act that was answered and of which nothing is there is one that was lost.
    missing = Line(first, "", "answered, but not there", "", "")
    found: dict[Key, list[Any]] = {("all", number): those or [missing] for number, those in lines.items()}
    for number, those in lines.items():
        if changing := [line for line in those if line.changes]:
            found["changes", number] = changing
    return found


def _beside(
    world: World, tickets: Sequence[Told], kept: Mapping[int, list[Line]]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Each joining and splitting with its line on the main ticket: of two tickets they come in the same order."""
    names = {told.case_no: told.id for told in tickets}
    facts = "SELECT seq, facts FROM event WHERE ticket_id = ?"
    by_ticket = {ticket: dict(world.rows(facts, ticket)) for ticket in kept}
    for ticket, lines in kept.items():
        main, count = 0, Counter[tuple[int, str]]()
        for line in lines:
            if line.action == "join":
                main = names[_word(by_ticket[ticket][line.seq], "main")]
            if line.action in _BESIDE.values():
                there = [
                    other.seq
                    for other in kept[main]
                    if _BESIDE.get(other.action) == line.action
                    and names[_word(by_ticket[main][other.seq], "ticket")] == ticket
                ]
                yield (ticket, line.seq), (main, there[count[main, line.action]])
                count[main, line.action] += 1


def _word(facts: str, name: str) -> str:
    return str(json.loads(facts)[name])
