"""Receipts at the door: the holder is the reporter of one ticket, for as long as it may be known."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.clock import DAY
from engine.database import Database
from engine.errors import KeyReused, NotFound, NotPermitted
from engine.records import receipts
from engine.stages.calls import Caller
from tests.support.door import Told, World

DING, MA = "public:passer_by#ding", "public:passer_by#ma"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def offered(world: World, told: Told, secret: str) -> set[str]:
    caller = Caller(name="public:passer_by", receipt=receipts.digest_of(secret))
    with world.database.looking() as transaction:
        return {offer.name for offer in world.door.offers(transaction, told.id, caller) if offer.possible}


def test_the_holder_does_what_the_file_lets_the_reporter_do(world: World) -> None:
    told = world.ticket().reported(DING)
    assert offered(world, told, "ding") == {"withdraw"}
    told.do("shen", "ask_back", form={"message": "请补充门牌号"})
    assert offered(world, told, "ding") == {"supplement", "withdraw"}
    told.do(DING, "supplement", form={"description": "幸福路 12 号"})
    assert told.state == "reported"
    assert isinstance(told.refused(DING, "accept"), NotPermitted)
    assert world.verdict().sound
    assert world.differences(told.id) == []


def test_a_rating_is_given_once(world: World) -> None:
    told = world.ticket().filed(by=DING)
    told.do("shen", "call", form={"lead": "urban"})
    told.signed("urban").finished("urban")
    told.do("zhou", "check")
    told.do("liu", "pass")
    assert {"rate", "redo"} <= offered(world, told, "ding")
    told.do(DING, "rate")
    assert "rate" not in offered(world, told, "ding")


def test_no_other_receipt_and_no_person_stands_for_the_reporter(world: World) -> None:
    own, other = world.ticket().reported(DING), world.ticket().reported(MA)
    assert offered(world, own, "ma") == set()
    assert isinstance(own.refused(MA, "withdraw"), NotPermitted)
    assert isinstance(own.refused("public:passer_by", "withdraw"), NotPermitted)
    assert isinstance(own.refused("public:passer_by#nobody", "withdraw"), NotFound)
    assert isinstance(world.ticket().reported("citizen").refused(MA, "withdraw"), NotPermitted)
    other.do(MA, "withdraw")


def test_the_same_report_twice_has_one_receipt_and_another_report_under_it_is_refused(world: World) -> None:
    first = world.ticket().do(DING, "report", key="report")
    again = world.ticket().do(DING, "report", key="report")
    assert (again.case_no, again.repeated) == (first.case_no, True)
    assert isinstance(world.ticket().refused(DING, "report", key="report", form={"description": "另一件"}), KeyReused)
    world.ticket().do(MA, "report", key="report")
    assert world.rows("SELECT count(*) FROM receipt") == [(2,)]


def test_two_taps_at_the_same_moment_file_once(world: World) -> None:
    told = [world.ticket() for _ in range(4)]
    with ThreadPoolExecutor(4) as taps:
        filed = list(taps.map(lambda one: one.do(DING, "report", key="report").case_no, told))
    assert len({*filed}) == 1
    assert world.rows("SELECT count(*) FROM ticket") == world.rows("SELECT count(*) FROM receipt") == [(1,)]


def test_a_receipt_is_over_a_while_after_the_matter(world: World) -> None:
    told = world.ticket().reported(DING)
    world.later(receipts.KEPT + DAY)
    assert offered(world, told, "ding") == {"withdraw"}, "what is open stays open"
    told.do(DING, "withdraw")
    world.later(receipts.KEPT + DAY)
    with world.database.looking() as transaction, pytest.raises(NotFound):
        receipts.held(transaction, "ding", world.clock.now())


def test_a_ticket_that_turned_confidential_is_to_its_receipt_like_none(world: World) -> None:
    told = world.ticket().reported(DING)
    world.change("UPDATE ticket SET confidential = TRUE")
    with pytest.raises(NotFound):
        offered(world, told, "ding")
