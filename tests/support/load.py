"""Clients at work over HTTP on servers that are killed: whoever gets no answer asks again with the same key."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.drill import Drill
from tests.support.drill_loops import DRILL
from tests.support.serving import Server, token

#: Seconds for which a client asks again before it says that nobody answers.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the answer that it got in the end."""

    login: str
    path: str
    body: Mapping[str, Any]
    key: str
    status: int
    answer: Mapping[str, Any]

    @property
    def done(self) -> bool:
        return self.status in (200, 201)


class Client(threading.Thread):
    """Somebody who reports, remarks, puts aside, resumes and closes, and now and then sends an old form again."""

    def __init__(self, servers: Sequence[Server], headers: Mapping[str, Mapping[str, str]], seed: int) -> None:
        super().__init__()
        self.servers, self.headers, self.chance = servers, headers, random.Random(seed)
        self.ends = threading.Event()
        self.asked: list[Asked] = []
        self.cases: list[str] = []
        #: Answers that never came or said "later", and old forms that were answered as before.
        self.unanswered = self.repeated = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                if self.asked and self.chance.random() < 0.15:
                    self._again(self.chance.choice(self.asked))
                elif not self.cases or self.chance.random() < 0.2:
                    self._report()
                else:
                    self._act()
        except BaseException as failure:
            self.failure = failure

    def _report(self) -> None:
        form = {"place": {"area": "micro"}}
        body = {"workflow": DRILL, "action": "report", "form": form}
        asked = self._ask("citizen", "/api/tickets", body, uuid.uuid4().hex)
        assert asked.done, asked
        self.asked.append(asked)
        self.cases.append(asked.answer["case_no"])

    def _act(self) -> None:
        action = self.chance.choices(("remark", "away", "back", "close"), (12, 2, 2, 1))[0]
        body = {"action": action, "form": {"note": "已催办"} if action == "remark" else {}}
        asked = self._ask("shen", f"/api/tickets/{self.chance.choice(self.cases)}/acts", body, uuid.uuid4().hex)
        assert asked.status in (200, 409), asked
        self.asked.append(asked)

    def _again(self, old: Asked) -> None:
        """The very same request, long after: what was done is answered as it was; what was refused is asked anew."""
        if not old.done:
            return
        again = self._ask(old.login, old.path, old.body, old.key)
        expected = {**old.answer, "repeated": True}
        assert (again.status, again.answer) == (200, expected), (again, old)
        self.repeated += 1

    def _ask(self, login: str, path: str, body: Mapping[str, Any], key: str) -> Asked:
        headers = {**self.headers[login], "Idempotency-Key": key}
        until = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < until, "nobody answers"
            try:
                answer = self.chance.choice(self.servers).ask("POST", path, json=body, headers=headers)
            except httpx.TransportError:
                self.unanswered += 1
                time.sleep(0.02)
                continue
            if answer.status_code != 503:
                return Asked(login, path, body, key, answer.status_code, answer.json())
            assert int(answer.headers["retry-after"]) > 0
            self.unanswered += 1
            time.sleep(0.02)


class Load:
    """Several clients at work at once."""

    def __init__(self, drill: Drill, servers: Sequence[Server], *, clients: int, seed: int) -> None:
        headers = {login: token(drill, login) for login in ("citizen", "shen")}
        self.clients = [Client(servers, headers, seed + number) for number in range(clients)]
        for client in self.clients:
            client.start()

    def check(self) -> None:
        """Whether all are still at work."""
        for client in self.clients:
            assert client.failure is None, repr(client.failure)

    def stop(self) -> None:
        """Let everybody finish what they are at."""
        for client in self.clients:
            client.ends.set()
        for client in self.clients:
            client.join(2 * PATIENCE)
            assert not client.is_alive()
        self.check()

    @property
    def asked(self) -> list[Asked]:
        return [asked for client in self.clients for asked in client.asked]

    @property
    def figures(self) -> str:
        unanswered = sum(client.unanswered for client in self.clients)
        repeated = sum(client.repeated for client in self.clients)
        done = sum(asked.done for asked in self.asked)
        return f"{done} acts acknowledged, {unanswered} requests unanswered, {repeated} sent again after the answer"

    def lost(self, drill: Drill) -> list[str]:
        """What was acknowledged and is not in the history where the answer said, once; and what nobody was told of."""
        there = {
            (case_no, seq): action
            for case_no, seq, action in drill.world.rows(
                "SELECT t.case_no, e.seq, e.action FROM event e JOIN ticket t ON t.id = e.ticket_id "
                "JOIN workflow_version w ON w.id = t.workflow_id WHERE w.key = ? AND e.person_id IS NOT NULL",
                DRILL,
            )
        }
        said = Counter(
            (one.answer["case_no"], one.answer["seq"], str(one.body["action"])) for one in self.asked if one.done
        )
        wrong = [f"{act} was acknowledged {times} times" for act, times in said.items() if times > 1]
        wrong += [f"{act} was acknowledged and is not there" for act in said if there.get(act[:2]) != act[2]]
        acknowledged = {act[:2] for act in said}
        return wrong + [f"{act} {there[act]} is there and nobody was told" for act in there.keys() - acknowledged]
