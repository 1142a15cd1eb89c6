"""Random walks through the loop of admission: whatever happens, what is in force is what the state says.

Everybody does anything that the door offers; tasks of another loop are sent to the villages in between, and then
handed back.
"""

from contextlib import suppress
from random import Random

import pytest

from engine.clock import DAY
from engine.database import Database
from engine.errors import HuyingError, NotAdmitted, NotAllowedNow
from engine.stages.calls import Offer
from engine.vocabulary import SETTLED
from tests.support import admission
from tests.support.admission import Application, asked_of, clock_runs, hand_back
from tests.support.cases import whole
from tests.support.door import Told, World

CAST = ("gu", "fang", "he", "bureau-lead", "tang", "ding", "an", "chen", "lu")
STEPS = 20


def _form(world: World, offer: Offer, dice: Random) -> dict[str, object]:
    chosen = dice.choice((["pujiang"], ["luqiao"], ["pujiang", "luqiao"]))
    filled = {"villages": chosen, "reviewers": dice.choice((["urban"], ["urban", "water"]))}
    asked = {item.name for item in offer.form}
    return whole(offer.form, {name: value for name, value in filled.items() if name in asked}, world.clock.now())


def _anybody_does_anything(world: World, told: Application, dice: Random) -> None:
    choices = [
        (login, offer)
        for login in CAST
        for offer in world.offers(told.id, login)
        if offer.possible and offer.name not in ("give_up", "turn_down", "reject")
    ]
    if not choices or dice.random() < 0.2:
        clock_runs(world, dice.choice((1, 3, 12, 70)))
        return
    login, offer = dice.choice(choices)
    form = _form(world, offer, dice)
    world.act(login, offer.name, ticket_id=told.id, task=offer.task, request=offer.request, form=form)


def _sent_as_the_state_says(world: World, told: Application) -> Told | None:
    """A task of another loop passes exactly while the admission is in force for the village."""
    rows = world.rows(
        "SELECT a.until FROM admission a JOIN admission_unit u ON u.number = a.number "
        "LEFT JOIN admission_end e ON e.number = a.number "
        "WHERE a.ticket_id = ? AND u.department_id = ? AND e.number IS NULL",
        told.id, world.departments["pujiang"],
    )  # fmt: skip
    in_force = bool(rows) and rows[0][0] >= admission.day(world, 0)
    assert not rows or told.state in ("admitted", "questioned")
    sent = asked_of(world)
    try:
        sent.do("shen", "call", form={"lead": "pujiang"})
    except NotAdmitted:
        assert not in_force
        return None
    assert in_force
    return sent


@pytest.mark.parametrize("seed", range(10))
def test_what_is_in_force_is_what_the_state_says(database: Database, seed: int) -> None:
    world, dice = World(database), Random(seed)
    admission.settle(world)
    told = Application(world).applied("pujiang", "luqiao", days=dice.choice((30, 90)))
    sent: list[Told] = []
    for _ in range(STEPS):
        _anybody_does_anything(world, told, dice)
        passed = _sent_as_the_state_says(world, told)
        sent += [passed] if passed else []
    live = told.state in ("admitted", "questioned")
    for one in sent:
        if not one.task_of("pujiang").open:
            continue
        if live:
            with suppress(NotAllowedNow):  # the last day may be over before the clock has come
                hand_back(world, one, "pujiang", "tang")
        else:
            assert hand_back(world, one, "pujiang", "tang").state == "unadmitted"
    for ticket in (told, *sent):
        assert world.differences(ticket.id) == []
    assert world.verdict().sound


@pytest.mark.parametrize("seed", range(4))
def test_every_application_comes_to_an_end_if_the_clock_runs_and_nobody_is_idle(database: Database, seed: int) -> None:
    world, dice = World(database), Random(seed)
    admission.settle(world)
    told = Application(world).applied("pujiang")
    for _ in range(40):
        if told.case.state_type in SETTLED and told.case.definition.states[told.state].final:
            break
        try:
            _anybody_does_anything(world, told, dice)
        except HuyingError as refusal:
            raise AssertionError(f"{told.actions}: {refusal}") from refusal
        world.later(DAY)
    else:
        clock_runs(world, 400)
        clock_runs(world, 60)
        assert told.case.definition.states[told.state].final, told.actions
