"""People act while time does its work and its processes are killed: what was acknowledged is there, once."""

import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest

from engine.clock import DAY, HOUR, MINUTE
from engine.errors import NotAllowedNow
from engine.records.access import issue_token
from tests.support.door import Told
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.processes import free_port

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))
HANDS = 3
#: Seconds of work, and between two kills.
LONG, APART = 3.0, 0.3
#: Acts that they must have got done.
LEAST = 40

#: Does one act with a key on a ticket; whether it was acknowledged, not refused.
Act = Callable[[Told, str, str], bool]


class Hand(threading.Thread):
    """Somebody who remarks on one ticket after the other, and closes one now and then."""

    def __init__(self, tickets: list[Told], number: int, act: Act, ends: threading.Event) -> None:
        super().__init__()
        self.tickets, self.act, self.ends, self.chance = tickets, act, ends, random.Random(SEED + number)
        self.done: Counter[tuple[int, str]] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                told = self.chance.choice(self.tickets)
                action = "close" if self.chance.random() < 0.03 else "remark"
                self.done[told.id, action] += self.act(told, action, uuid.uuid4().hex)
        except BaseException as failure:
            self.failure = failure


def work(
    drill: Drill, tickets: list[Told], act: Act, meanwhile: Callable[[random.Random], None]
) -> Counter[tuple[int, str]]:
    """Hands at work on the tickets for a while, and what else happens; what was acknowledged."""
    print(f"HUYING_TEST_SEED={SEED}")
    ends, chance = threading.Event(), random.Random(SEED)
    hands = [Hand(tickets, number, act, ends) for number in range(HANDS)]
    for hand in hands:
        hand.start()
    begun = time.monotonic()
    while time.monotonic() < begun + LONG or sum(hand.done.total() for hand in hands) < LEAST:
        assert time.monotonic() < begun + 180, "they get nothing done"
        time.sleep(APART)
        drill.clock.advance(chance.choice([11 * MINUTE, 31 * MINUTE, 3 * HOUR]))
        meanwhile(chance)
    ends.set()
    for hand in hands:
        hand.join(60)
        assert not hand.is_alive()
        assert hand.failure is None, repr(hand.failure)
    return sum((hand.done for hand in hands), Counter())


def nothing_is_lost(drill: Drill, tickets: list[Told], done: Counter[tuple[int, str]]) -> None:
    """Every acknowledged act is in the history once, and the ticket remembers each."""
    there = Counter(
        {
            (ticket, action): count
            for ticket, action, count in drill.world.rows(
                "SELECT ticket_id, action, count(*) FROM event WHERE action IN ('remark', 'close') GROUP BY 1, 2"
            )
        }
    )
    assert there == +done
    for told in tickets:
        assert told.case.ticket.memory.counters.get("remarks", 0) == done[told.id, "remark"]
        assert (told.state == "closed") >= (done[told.id, "close"] == 1)


def killing(drill: Drill, how: Callable[[random.Random], Hindrance]) -> Callable[[random.Random], None]:
    """Two schedulers, of which one is killed each time and another takes its place."""
    running = drill.schedule(how(random.Random(SEED))) + drill.schedule(how(random.Random(SEED + 1)))

    def strike(chance: random.Random) -> None:
        running.pop(chance.randrange(len(running))).kill()
        running.extend(drill.schedule(how(chance)))

    return strike


def slow(chance: random.Random) -> Hindrance:
    return Hindrance(pause=1, every=0.05, seed=chance.randrange(10**6))


def test_people_at_the_door_and_schedulers_that_are_killed(drill: Drill) -> None:
    tickets = drill.reported(40)

    def act(told: Told, action: str, key: str) -> bool:
        form = {"note": "已催办"} if action == "remark" else {}
        try:
            drill.world.act("shen", action, case_no=told.case_no, form=form, key=key)
        except NotAllowedNow:
            return False
        return True

    done = work(drill, tickets, act, killing(drill, slow))
    drill.clock.advance(DAY)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    nothing_is_lost(drill, tickets, done)


def test_people_on_the_web_while_the_server_is_killed_too(drill: Drill) -> None:
    """Whoever got no answer asks again with the same key."""
    tickets = drill.reported(30)
    port = free_port()
    token = issue_token(drill.world.database, "shen", "drill", drill.clock.now(), 90)
    serving = [drill.start("serve", "--port", str(port), "--scheduler", "inside", how=Hindrance(every=0.2))]
    with ExitStack() as stack:
        client = stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}/api", headers={"Authorization": f"Bearer {token}"}, timeout=60
            )
        )

        def act(told: Told, action: str, key: str) -> bool:
            body = {"action": action, "form": {"note": "已催办"} if action == "remark" else {}}
            until = time.monotonic() + 60
            while True:
                try:
                    answer = client.post(f"/tickets/{told.case_no}/acts", json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    assert time.monotonic() < until, "nobody answers"
                    time.sleep(0.05)
                    continue
                assert answer.status_code in (200, 409), answer.text
                return answer.status_code == 200

        strikes = killing(drill, slow)

        def answers() -> bool | None:
            try:
                return client.get("/health").status_code == 200 or None
            except httpx.TransportError:
                return None

        def strike(chance: random.Random) -> None:
            strikes(chance)
            if chance.random() < 0.4:
                # One that is killed before it has answered anybody proves nothing, however long it takes to start.
                drill.until(answers)
                serving.pop().kill()
                serving.append(
                    drill.start("serve", "--port", str(port), "--scheduler", "inside", how=Hindrance(every=0.2))
                )

        done = work(drill, tickets, act, strike)
    drill.clock.advance(DAY)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    nothing_is_lost(drill, tickets, done)
