"""API, door and scheduler together under one clock, against a model in plain dictionaries: nothing lost or doubled.

People act at the door and over HTTP, forms are sent again, sweeps, commands, relay and messages run whenever they run,
and time passes or steps back. A failing sequence is shrunk and printed with its seed.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from starlette.testclient import TestClient

from engine.background.commands import run_commands
from engine.background.deliver import Deliverer
from engine.background.fan_out import fan_out
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import HOUR, MINUTE
from engine.database import Database
from engine.errors import HuyingError
from engine.records.access import issue_token
from engine.settings import Settings
from engine.vocabulary import StateType
from tests.support import reference_together as reference
from tests.support.cases import MONDAY
from tests.support.delivering import Remembering, deliverer, reachable
from tests.support.door import HANDLERS, Told, World
from tests.support.drill_loops import BESIDE
from tests.support.together_loop import LOOP, TOGETHER
from web.app import create_app

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("HUYING_TEST_EXAMPLES", "4"))
STEPS = 12
CODES = ("urban", "water", "power")
#: Whom the model means, as a login.
PEOPLE = {"desk": "shen", "chief": "gu", "citizen": "citizen", **HANDLERS}
CHANCE = st.randoms(use_true_random=False)
ACTS = ("remark", "away", "back", "call", "sign", "finish", "close")


class Together(RuleBasedStateMachine):
    """The engine and the model side by side."""

    def __init__(self, house: "House") -> None:
        super().__init__()
        self.house, self.world = house, house.world
        self.told: list[Told] = []
        self.models: list[reference.Ticket] = []
        self.inbox: Counter[str] = Counter()
        self.keyed: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = []

    # -- what may happen -----------------------------------------------------------------------------------------

    @initialize()
    def two_report(self) -> None:
        # Every example at the same hour: what is held back over night would else depend on the examples before.
        self.world.clock.advance(MONDAY - self.world.clock.now())
        self.house.sign_in()
        self.somebody_reports(over_http=False)
        self.somebody_reports(over_http=True)

    @precondition(lambda self: len(self.told) < 4)
    @rule(over_http=st.booleans())
    def somebody_reports(self, over_http: bool) -> None:
        told = self.world.ticket(TOGETHER)
        if over_http:
            body = {"workflow": TOGETHER, "action": "report", "form": {"place": {"area": "micro"}}}
            told.case_no = self._post("citizen", "/api/tickets", body, 201)["case_no"]
            ((told.id,),) = self.world.rows("SELECT id FROM ticket WHERE case_no = ?", told.case_no)
        else:
            told.reported("citizen")
        self.told.append(told)
        self.models.append(reference.reported(self.world.clock.now()))

    @rule(chance=CHANCE, over_http=st.booleans())
    def somebody_acts(self, chance: random.Random, over_http: bool) -> None:
        at, name = chance.randrange(len(self.told)), chance.choice(ACTS)
        of = tuple(chance.sample(CODES, chance.randint(1, 3))) if name == "call" else (chance.choice(CODES),)
        allowed = reference.act(self.models[at], name, of, self.world.clock.now())
        (self._over_http if over_http else self._at_the_door)(self.told[at], name, of, allowed)

    @precondition(lambda self: self.keyed)
    @rule(chance=CHANCE)
    def somebody_sends_the_same_again(self, chance: random.Random) -> None:
        login, body, path, answer = chance.choice(self.keyed)
        assert self._post(login, path, body, 200, key=answer["key"]) == {**answer["body"], "repeated": True}

    @rule()
    def time_is_swept(self) -> None:
        swept = sweep(self.world.door, self.world.database, self.world.clock)
        assert swept.failures == {}
        for model in self.models:
            reference.sweep(model, self.world.clock.now())

    @rule()
    def commands_run(self) -> None:
        run_commands(self.world.door, self.world.database, self.world.clock)
        for model in self.models:
            reference.run_commands(model)

    @rule()
    def the_relay_runs(self) -> None:
        relay(self.world.database)
        assert self.world.rows("SELECT count(*) FROM outbox") == [(0,)]

    @rule()
    def notices_become_messages_and_go_out(self) -> None:
        fan_out(self.world.database, self.world.clock)
        reference.fan_out(self.models, self.inbox)
        self.house.hand.deliver()

    @rule(minutes=st.sampled_from([1, 11, 31, 61, 95, 190, -20]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(minutes * MINUTE)

    @rule(seed=st.integers(0, 2**32 - 1))
    def a_while_passes(self, seed: int) -> None:
        """Much at once: the generator of sequences alone would seldom get far."""
        chance = random.Random(seed)
        for _ in range(20):
            happens: Callable[[], None] = chance.choices(
                (
                    lambda: self.somebody_acts(chance, chance.random() < 0.5), self.time_is_swept, self.commands_run,
                    lambda: self.time_passes(chance.choice([1, 11, 31, 61, 190, -20])), self.the_relay_runs,
                    self.notices_become_messages_and_go_out,
                ),
                (12, 3, 1, 3, 1, 1),
            )[0]  # fmt: skip
            happens()
            self.every_ticket_is_as_the_model_says()

    # -- what must be true ---------------------------------------------------------------------------------------

    @invariant()
    def every_ticket_is_as_the_model_says(self) -> None:
        codes = {number: code for code, number in self.world.departments.items()}
        for told, model in zip(self.told, self.models, strict=True):
            case, history = told.case, told.actions
            assert history == model["events"]
            assert (case.ticket.state, case.ticket.state_version) == (model["state"], model["version"])
            assert case.ticket.version == model["acts"]
            assert +Counter(case.ticket.memory.counters) == +model["counts"]
            assert {codes[task.department_id or 0]: task.state for task in case.tasks.values()} == model["tasks"]
            open_tasks = sum(task.type is not StateType.CLOSED for task in case.tasks.values())
            assert open_tasks == sum(state != "done" for state in model["tasks"].values())
            self._time_is_as_the_model_says(told, model)

    def _time_is_as_the_model_says(self, told: Told, model: reference.Ticket) -> None:
        """Running clocks, rungs that came, whom they told."""
        running = self.world.rows(
            "SELECT name, started_at, next_at FROM deadline WHERE ticket_id = ? AND ended_at IS NULL", told.id
        )
        assert sorted(running, key=str) == sorted((self._clock(*each) for each in model["clocks"].items()), key=str)
        came = self.world.rows(
            "SELECT d.name, d.started_at, r.rung, count(*) FROM rung r JOIN deadline d ON d.ticket_id = r.ticket_id "
            "AND d.seq = r.deadline_seq WHERE r.ticket_id = ? GROUP BY 1, 2, 3", told.id,
        )  # fmt: skip
        rungs = Counter[tuple[Any, ...]]()
        for (key, start, rung), count in model["rungs"].items():
            rungs[key[0], start, rung] += count
        assert {tuple(row[:3]): row[3] for row in came} == rungs
        told_of = Counter(unit for (unit,) in self.world.rows("SELECT unit FROM notice WHERE ticket_id = ?", told.id))
        units = {"desk": "street", "chief": "district"}
        assert told_of == Counter({self.world.unit(units.get(who, who)): count for who, count in model["told"].items()})

    @staticmethod
    def _clock(key: tuple[str, str], clock: dict[str, Any]) -> tuple[str, int, int | None]:
        left = [minutes for rung, minutes in enumerate(reference.RUNGS[key[0]]) if rung not in clock["came"]]
        return key[0], clock["start"], clock["start"] + min(left) * MINUTE if left else None

    @invariant()
    def the_api_shows_the_same(self) -> None:
        for told, model in zip(self.told, self.models, strict=True):
            shown = self.house.get("shen", f"/api/tickets/{told.case_no}")
            assert (shown["state"]["code"], shown["state_version"]) == (model["state"], model["version"])
            history = self.house.get("shen", f"/api/tickets/{told.case_no}/history")["events"]
            assert len(history) == min(len(model["events"]), 200)

    @invariant()
    def everybody_has_what_they_were_told_once(self) -> None:
        if not self.told:
            return
        rows = self.world.rows(f"SELECT person_id, count(*) FROM message WHERE {self._own()} GROUP BY 1")
        assert dict(rows) == {self.world.people[PEOPLE[who]]: count for who, count in self.inbox.items()}
        children = self.world.rows(f"SELECT count(*) FROM ticket WHERE parent_id IN ({self._ids()})")
        assert children == [(sum(model["children"] for model in self.models),)]

    def teardown(self) -> None:
        self.commands_run()
        self.notices_become_messages_and_go_out()
        # Past the time in which texts are gathered, and in steps over the longest quiet hours.
        for _ in range(6):
            self.world.clock.advance(4 * HOUR)
            self.house.hand.deliver()
        sent = self.world.rows(f"SELECT delivery, attempts, count(*) FROM message WHERE {self._own()} GROUP BY 1, 2")
        assert {row[:2] for row in sent} <= {("sent", 1)}
        relay(self.world.database)
        verdict = self.world.verdict()
        assert verdict.sound, verdict.broken
        for told in self.told:
            assert self.world.differences(told.id) == []
            acts = self.world.rows("SELECT count(*) FROM feed WHERE ticket_id = ?", told.id)
            assert acts == [(told.case.ticket.version,)]
        positions = [row[0] for row in self.world.rows("SELECT position FROM feed ORDER BY position")]
        assert positions == list(range(1, len(positions) + 1))

    # -- both ways in --------------------------------------------------------------------------------------------

    def _at_the_door(self, told: Told, name: str, of: tuple[str, ...], allowed: bool) -> None:
        try:
            self.world.act(self._who(name, of), name, case_no=told.case_no, **self._what(told, name, of))
        except HuyingError as failure:
            refusal: HuyingError | None = failure
        else:
            refusal = None
        assert allowed == (refusal is None), f"{name} {of}: {refusal or 'was allowed'}"

    def _over_http(self, told: Told, name: str, of: tuple[str, ...], allowed: bool) -> None:
        path, login = f"/api/tickets/{told.case_no}/acts", self._who(name, of)
        body = {"action": name, **self._what(told, name, of)}
        # One who has no task there does not see the ticket at all.
        answer = self._post(login, path, body, *((200,) if allowed else (404, 409, 422)))
        if allowed:
            assert (answer["case_no"], answer["repeated"]) == (told.case_no, False)

    def _post(self, login: str, path: str, body: dict[str, Any], *expected: int, key: str = "") -> dict[str, Any]:
        used = key or self.house.next_key()
        answer = self.house.ask(login, "POST", path, json=body, headers={"Idempotency-Key": used})
        assert answer.status_code in expected, answer.text
        found: dict[str, Any] = answer.json()
        if not key and answer.status_code < 300:
            self.keyed.append((login, body, path, {"key": used, "body": found}))
        return found

    def _who(self, name: str, of: tuple[str, ...]) -> str:
        return HANDLERS[of[0]] if name in ("sign", "finish") else "shen"

    def _what(self, told: Told, name: str, of: tuple[str, ...]) -> dict[str, Any]:
        if name in ("sign", "finish"):
            mine = [
                task.seq for task in told.case.tasks.values() if task.department_id == self.world.departments[of[0]]
            ]
            return {"task": mine[0] if mine else 1}
        form = {"remark": {"note": "已催办"}, "call": {"lead": of[0], "co": list(of[1:])}}
        return {"form": form.get(name, {})}

    def _ids(self) -> str:
        return ", ".join(str(told.id) for told in self.told)

    def _own(self) -> str:
        return f"ticket_id IN ({self._ids()})"


class House:
    """A world, its API in this process, and the hand that delivers."""

    def __init__(self, world: World, client: TestClient, hand: Deliverer) -> None:
        self.world, self._client, self.hand = world, client, hand
        self._tokens: dict[str, str] = {}
        self._keys = 0

    @classmethod
    @contextmanager
    def open(cls, database: Database, folder: Path) -> Iterator["House"]:
        world = World(database)
        for loop in (BESIDE, LOOP):
            world.activate(loop)
        reachable(world, *PEOPLE.values())
        url = database.url.render_as_string(hide_password=False)
        app = create_app(Settings(database_url=url, data=folder, assets="local"), database, world.clock)
        hand = deliverer(world, Remembering())
        with TestClient(app) as client:
            yield cls(world, client, hand)
        hand.close()

    def sign_in(self) -> None:
        """A token for everybody, as of now: the clock may be months ahead of the last ones."""
        clock = self.world.clock.now()
        self._tokens = {login: issue_token(self.world.database, login, "t", clock, 30) for login in PEOPLE.values()}

    def next_key(self) -> str:
        self._keys += 1
        return f"together-{self._keys}"

    def ask(self, login: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[login]}", **options.pop("headers", {})}
        return self._client.request(method, path, headers=headers, **options)

    def get(self, login: str, path: str) -> Any:
        answer = self.ask(login, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_everything_together_is_as_the_model_says(database: Database, tmp_path: Path) -> None:
    with House.open(database, tmp_path) as house:
        run_state_machine_as_test(
            partial(Together, house),  # type: ignore[arg-type]
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
