"""Acts over HTTP: as many web processes as asked for on one database, beside as many bare handlers, in turns."""

import http.client
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from engine.bench.life import OF_TASKS, WHO, WORKFLOW, Liver, conninfo, form_of, reference
from engine.bench.lists import process, serving
from engine.bench.run import interleave, ratios
from engine.bench.world import World
from engine.clock import SystemClock
from engine.database import Database
from engine.records.access import issue_token

#: Clients that act at the same time, each with a connection of its own that stays open.
CLIENTS = 4


def webs(
    database: Database, world: World, counts: Sequence[int], *, lives: int, slices: int, tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """For each number of processes: acts per second of both, and the ratio slice by slice.

    Errors: `NotFound` in an installed wheel, which has no yardstick.
    """
    reference().prepare_postgresql(conninfo(database.url.render_as_string(hide_password=False)))
    now = SystemClock().now()
    tokens = {login: issue_token(database, login, "bench", now, 1) for login in world.people}
    rows = []
    for count in counts:
        with ExitStack() as stack:
            sites = [stack.enter_context(serving(database)) for _ in range(count)]
            bare = [stack.enter_context(process(database, ("engine.bench.bare", "{port}"))) for _ in range(count)]
            contestants: dict[str, list[Liver]] = {
                "bare": [ByBare(bare[number % count]) for number in range(CLIENTS)],
                "huying": [ByHttp(sites[number % count], world, tokens) for number in range(CLIENTS)],
            }
            for livers in contestants.values():
                for liver in livers:
                    stack.callback(liver.close)
            figures = interleave(contestants, lives=lives, slices=slices)
        row: dict[str, Any] = {
            "servers": count,
            "clients": CLIENTS,
            **{name: figure.to_json() for name, figure in figures.items()},
            "act": ratios(figures, "huying", "bare"),
        }
        tell(f"  {count}: {row['huying']['acts_per_s']} acts/s, {row['act']}")
        rows.append(row)
    return rows


class _Client:
    """A connection that stays open, as a reverse proxy keeps it."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)

    def close(self) -> None:
        self._connection.close()

    def post(self, path: str, body: object, headers: dict[str, str]) -> dict[str, Any]:
        """The answer. Errors: `RuntimeError` for any but a success."""
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
        told: dict[str, Any] = json.loads(content)
        return told


class ByBare(_Client):
    """A client of a bare handler."""

    def start(self) -> dict[str, Any]:
        return {"ticket": None}

    def act(self, life: dict[str, Any], number: int) -> dict[str, Any]:
        return self.post("/act", {"ticket": life["ticket"], "number": number}, {})


class ByHttp(_Client):
    """A client of the API: report, accept, call, sign, finish, check, each by who may."""

    def __init__(self, address: str, world: World, tokens: dict[str, str]) -> None:
        super().__init__(address)
        self._world, self._tokens = world, tokens

    def start(self) -> dict[str, Any]:
        return {}

    def act(self, life: dict[str, Any], number: int) -> dict[str, Any]:
        action, form = form_of(self._world, number)
        headers = {"Authorization": f"Bearer {self._tokens[WHO[number]]}"}
        if number == 0:
            body = {"workflow": WORKFLOW, "action": action, "channel": "grid", "form": form}
            life["case_no"] = self.post("/api/tickets", body, headers)["case_no"]
            return life
        task = {"task": life["task"]} if action in OF_TASKS else {}
        told = self.post(f"/api/tickets/{life['case_no']}/acts", {"action": action, "form": form, **task}, headers)
        if action == "call":
            life["task"] = told["created"][0]
        return life
