"""Random acts through the door, against a model of the domain's rules: no state is lost, doubled or impossible.

Several people act on several tickets that are joined and split, worked on in parallel, returned, reworked; commands run
whenever they run, keys are repeated, pages are stale. A failing sequence is shrunk and printed with its seed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
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

from engine.background.commands import run_commands
from engine.background.facts import fold_facts, tell_facts
from engine.background.relay import relay
from engine.database import Database
from engine.errors import HuyingError, KeyReused, NotPermitted, Stale
from engine.records.facts import AgendaFact, TaskFact, TicketFact, columns
from engine.records.spans import StageSpan
from engine.stages.calls import Offer, Outcome
from tests.support.door import HANDLERS, LEADS, Told, World
from tests.support.reference import Model, tell

CODES = ("urban", "water", "power")
MOST_TICKETS = 6
#: What ends a ticket early comes seldom, what brings it on comes often.
SELDOM = ("refuse", "withdraw", "answer", "handle_on_the_spot", "call_off", "rate_answer")
CHANCE = st.randoms(use_true_random=False)
OFTEN = ("sign", "finish", "check", "score", "rework", "redo", "still_not", "archive", "give_up", "call", "accept")


@dataclass(frozen=True)
class Step:
    """One act as the model and as the door know it."""

    #: The model's method.
    means: str
    login: str
    action: str
    #: What the model's method is given.
    what: tuple[Any, ...] = ()
    form: dict[str, Any] = field(default_factory=dict, hash=False)
    #: The department whose task or return it is about.
    of: str = ""
    #: The request asked for an answer.
    answers: str = ""


def _on_the_ticket() -> list[Step]:
    plain = [
        ("accept", "shen"), ("refuse", "shen"), ("handle_on_the_spot", "wang"), ("answer", "shen"),
        ("withdraw", "citizen"), ("not_accepted", "citizen"), ("rate_answer", "citizen"), ("split", "shen"),
        ("consult", "shen"), ("unresolved", "shen"), ("to_city", "gu"), ("call_off", "shen"), ("carry_on", "gu"),
        ("check", "zhou"), ("rework", "zhou"), ("redo", "citizen"), ("still_not", "citizen"), ("rate", "citizen"),
        ("archive", "clock"),
    ]  # fmt: skip
    steps = [Step(action, login, action) for action, login in plain]
    return [*steps, Step("raise_", "shen", "raise"), Step("score", "liu", "pass")]


def _with_departments() -> list[Step]:
    steps = []
    for code in CODES:
        others = tuple(other for other in CODES if other != code)
        steps += [
            Step("call", "shen", "call", (code,), {"lead": code}),
            Step("call", "tang", "call", (code, *others), {"lead": code, "co": list(others)}),
            Step("call", "shen", "call", (code, others[0]), {"lead": code, "co": [others[0]]}),
            Step("call", "shen", "call", (code, code), {"lead": code, "co": [code]}),
            Step("add", "shen", "add", (code,), {"co": [code]}),
            Step("agree", "shen", "agree", (code,), {"lead": code}),
            Step("designate", "gu", "designate", (code,), {"lead": code}),
            Step("designate_by_city", "jin", "designate", (code,), {"lead": code}),
            Step("sign", HANDLERS[code], "sign", (code,), of=code),
            Step("finish", HANDLERS[code], "finish", (code,), of=code),
            Step("ask_return", LEADS[code], "return", (code,), of=code),
            Step("dispute", LEADS[code], "dispute", (code,), of=code),
            Step("release", "shen", "release", (code,), of=code),
            Step("uphold", "shen", "uphold", (code,), of=code, answers="return"),
            Step("let_go", "shen", "let_go", (code,), of=code, answers="return"),
            Step("give_up", "shen", "give_up", (code,), of=code, answers="return"),
        ]
        for other in CODES:
            to = {"department": other}
            steps.append(Step("replace", "shen", "replace", (code, other), to, of=code))
            steps.append(Step("redispatch", "shen", "redispatch", (code, other), to, of=code, answers="return"))
    return steps


STEPS = (*_on_the_ticket(), *_with_departments())
BY_ACTION = {step.action for step in STEPS}


class RandomActs(RuleBasedStateMachine):
    """The door and the model side by side."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.told: list[Told] = []
        self.models: list[Model] = []
        self.seen: dict[int, tuple[int, int]] = {}
        self.keyed: list[tuple[str, str, dict[str, Any], Outcome]] = []
        self.keys = 0

    # -- what may happen -----------------------------------------------------------------------------------------

    @initialize()
    def two_report(self) -> None:
        self.somebody_reports()
        self.somebody_reports()

    @precondition(lambda self: len(self.told) < MOST_TICKETS)
    @rule()
    def somebody_reports(self) -> None:
        self.told.append(self.world.ticket().reported("citizen"))
        self.models.append(Model())

    @rule(chance=CHANCE)
    def something_possible_is_done(self, chance: random.Random) -> None:
        at = self._some_ticket(chance)
        possible = self._possible(at)
        weights = [8 if step.means in OFTEN else 1 if step.means in SELDOM else 3 for step in possible]
        if possible:
            self._do(at, chance.choices(possible, weights)[0], keyed=chance.random() < 0.3)

    @rule(chance=CHANCE)
    def something_is_tried(self, chance: random.Random) -> None:
        self._do(self._some_ticket(chance), chance.choice(STEPS), keyed=False)

    @rule(chance=CHANCE)
    def one_is_joined_to_another(self, chance: random.Random) -> None:
        at, main = self._some_ticket(chance), self._some_ticket(chance)
        self._do(at, Step("join", "shen", "join", (main,), {"ticket": self.told[main].case_no}), keyed=False)

    @rule(chance=CHANCE)
    def somebody_without_the_post_tries(self, chance: random.Random) -> None:
        at = self._some_ticket(chance)
        for step in chance.sample(self._possible(at), k=1) if self._possible(at) else ():
            with pytest.raises(NotPermitted):
                self._call(at, chance.choice(["stranger", "neighbour", "he"]), step, {})

    @rule(chance=CHANCE)
    def somebody_acts_on_an_old_page(self, chance: random.Random) -> None:
        at = self._some_ticket(chance)
        possible = [step for step in self._possible(at) if not step.answers]
        for step in chance.sample(possible, k=1) if possible else ():
            told = self.told[at]
            present = told.task_of(step.of).version if step.of else told.case.ticket.state_version
            with pytest.raises(Stale):
                self._call(at, step.login, step, {"expected": present - 1})

    @precondition(lambda self: self.keyed)
    @rule(chance=CHANCE)
    def somebody_sends_the_same_again(self, chance: random.Random) -> None:
        login, action, options, outcome = chance.choice(self.keyed)
        again = self.world.act(login, action, **options)
        assert again == replace(outcome, repeated=True)
        with pytest.raises(KeyReused):
            self.world.act(login, action, **{**options, "channel": "another"})

    @rule()
    def commands_run(self) -> None:
        run_commands(self.world.door, self.world.database, self.world.clock)
        tell(self.models)

    @rule()
    def the_relay_runs(self) -> None:
        relay(self.world.database)

    @rule(chance=CHANCE)
    def what_is_offered_is_what_the_door_does(self, chance: random.Random) -> None:
        at = self._some_ticket(chance)
        login = chance.choice(["shen", "citizen", "chen", "lu-lead", "gu", "zhou", "liu"])
        told = self.told[at]
        offers = [offer for offer in self.world.offers(told.id, login) if offer.name in BY_ACTION]
        for offer in offers:
            if not offer.possible:
                refusal = told.refused(login, offer.name, task=offer.task, request=offer.request)
                assert (refusal.code, refusal.message) == (offer.code, offer.reason)
        named = {(offer.name, self._whose(told, offer)) for offer in offers if offer.possible}
        for step in self._possible(at):
            assert step.login != login or (step.action, step.of) in named, f"{step} is not offered"

    @rule(seed=st.integers(0, 2**32 - 1))
    def a_while_passes(self, seed: int) -> None:
        """Many acts at once: the generator of sequences alone would seldom get far."""
        chance = random.Random(seed)
        for _ in range(30):
            (happens,) = chance.choices(
                (
                    self.something_possible_is_done, self.something_is_tried, self.one_is_joined_to_another,
                    self.somebody_without_the_post_tries, self.somebody_acts_on_an_old_page,
                ),
                (24, 3, 1, 1, 1),
            )  # fmt: skip
            happens(chance)
            self.every_ticket_is_as_the_model_says()
            if chance.random() < 0.05:
                self.commands_run()
                self.every_ticket_is_as_the_model_says()

    # -- what must be true ---------------------------------------------------------------------------------------

    @invariant()
    def every_ticket_is_as_the_model_says(self) -> None:
        for told, model in zip(self.told, self.models, strict=True):
            case = told.case
            ticket, counters = case.ticket, case.ticket.memory.counters
            main = self.told[self._index(model.main)].id if model.main else None
            assert (ticket.state, ticket.main_id) == (model.state, main), f"{told.actions} left {model}"
            assert (case.ticket.settled_at is not None) == model.settled
            assert counters.get("returns", 0) == model.returns
            assert counters.get("reworks", 0) == model.reworks
            assert counters.get("disputes", 0) == model.disputes
            codes = {number: code for code, number in self.world.departments.items()}
            live = sorted(
                (codes[task.department_id or 0], task.lead, task.state, "designated" in task.memory.marks)
                for task in case.round_of("line")
                if task.live
            )
            parts = sorted((part.department, part.lead, part.state, part.designated) for part in model.live())
            assert live == parts, f"{told.actions} left {model}"
            returning = {codes[case.tasks[ask.task_seq or 0].department_id or 0] for ask in case.open_asks("return")}
            assert returning == {part.department for part in model.parts if part.returning}

    @invariant()
    def numbers_only_grow_and_none_is_given_twice(self) -> None:
        for told in self.told:
            ticket = told.case.ticket
            before = self.seen.get(told.id, (0, 0))
            assert (ticket.version, ticket.last_seq) >= before
            self.seen[told.id] = (ticket.version, ticket.last_seq)
            tables = ("event", "task", "request", "deadline", "notice", "command")
            union = " UNION ALL ".join(f"SELECT seq FROM {table} WHERE ticket_id = ?" for table in tables)
            seqs = [row[0] for row in self.world.rows(union, *[told.id] * len(tables))]
            assert len(seqs) == len(set(seqs))
            assert max(seqs) <= ticket.last_seq

    @invariant()
    def every_joined_ticket_has_a_root_that_is_not_joined(self) -> None:
        mains = {told.id: told.case.ticket.main_id for told in self.told}
        for ticket_id in mains:
            way, at = [ticket_id], mains[ticket_id]
            while at is not None:
                assert at not in way, f"joined in a ring: {way}"
                way.append(at)
                at = mains[at]

    def teardown(self) -> None:
        verdict = self.world.verdict()
        assert verdict.sound, verdict.broken
        relay(self.world.database)
        positions = [row[0] for row in self.world.rows("SELECT position FROM feed ORDER BY position")]
        assert positions == list(range(1, len(positions) + 1))
        for told in self.told:
            ((acts,),) = self.world.rows("SELECT count(*) FROM feed WHERE ticket_id = ?", told.id)
            assert acts == told.case.ticket.version
            assert self.world.differences(told.id) == []
        fold_facts(self.world.database, self.world.versions)
        assert self._facts_kept() == self._facts_told(), [told.actions for told in self.told]

    def _facts_kept(self) -> list[list[tuple[Any, ...]]]:
        """The rows of facts about these tickets, as they were folded act by act."""
        which = ", ".join(str(told.id) for told in self.told)
        return [
            [tuple(row) for row in self.world.rows(f"SELECT * FROM {table} WHERE ticket_id IN ({which}) ORDER BY 1, 2")]
            for table in ("ticket_fact", "task_fact", "stage_span", "agenda_fact")
        ]

    def _facts_told(self) -> list[list[tuple[Any, ...]]]:
        """The same, told at once from the whole histories."""
        with self.world.database.looking() as transaction:
            told = tell_facts(transaction, self.world.versions, sorted(told.id for told in self.told))
        return [
            sorted(
                tuple(({name: table.model_fields[name].get_default() for name in columns(table)} | row).values())
                for row in rows
            )
            for table, rows in (
                (TicketFact, told.tickets),
                (TaskFact, told.tasks),
                (StageSpan, told.spans),
                (AgendaFact, told.agenda),
            )
        ]

    # -- both sides of one act -----------------------------------------------------------------------------------

    def _do(self, at: int, step: Step, *, keyed: bool) -> None:
        """The door allows what the model allows, and refuses what it refuses."""
        before = self.models[at].twin()
        options: dict[str, Any] = {}
        if keyed:
            self.keys += 1
            options["key"] = f"{self.told[0].id}-{self.keys}"
        allowed = self._attempt(self.models, at, step)
        try:
            outcome = self._call(at, step.login, step, options)
        except HuyingError as failure:
            refusal: HuyingError | None = failure
        else:
            refusal = None
            assert (outcome.case_no, outcome.state) == (self.told[at].case_no, self.models[at].state)
        assert allowed == (refusal is None), f"{step} in {before}: {refusal or 'was allowed'}"

    def _possible(self, at: int) -> list[Step]:
        return [step for step in STEPS if getattr(self.models[at].twin(), step.means)(*step.what)]

    def _attempt(self, models: list[Model], at: int, step: Step) -> bool:
        what = (models[step.what[0]],) if step.means == "join" else step.what
        method: Callable[..., bool] = getattr(models[at], step.means)
        return method(*what)

    def _call(self, at: int, login: str, step: Step, options: dict[str, Any]) -> Outcome:
        told = self.told[at]
        options = {**options, "form": step.form}
        if step.of:
            tasks = [task for task in told.case.tasks.values() if task.department_id == self.world.departments[step.of]]
            task = next((task for task in tasks if task.open), tasks[-1] if tasks else None)
            asks = [ask.seq for ask in told.case.open_asks(step.answers or None, task.seq)] if task else []
            if step.answers:
                options["request"] = asks[0] if asks else 0
            else:
                options["task"] = task.seq if task else 0
        whole = told.options(step.action, options)
        outcome = self.world.act(login, step.action, **whole)
        if "key" in options:
            self.keyed.append((login, step.action, whole, outcome))
        return outcome

    def _some_ticket(self, chance: random.Random) -> int:
        return chance.randrange(len(self.told))

    def _index(self, model: Model) -> int:
        return next(at for at, other in enumerate(self.models) if other is model)

    def _whose(self, told: Told, offer: Offer) -> str:
        """The department whose task or request it is about."""
        case = told.case
        task = case.asks[offer.request].task_seq if offer.request is not None else offer.task
        codes = {number: code for code, number in self.world.departments.items()}
        return codes[case.tasks[task].department_id or 0] if task is not None else ""


def _walk(world: World, *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        partial(RandomActs, world),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_acts_on_sqlite_bring_about_what_the_domain_says(sqlite_database: Database) -> None:
    _walk(World(sqlite_database), examples=40, steps=25)


def test_random_acts_on_postgresql_bring_about_what_the_domain_says(postgresql_database: Database) -> None:
    _walk(World(postgresql_database), examples=15, steps=20)
