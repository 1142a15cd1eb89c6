"""Links sent to units without accounts: once, again after a failure, never to a unit whose people sign in."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.links import LEASE, send_links
from engine.background.senders import NotSent, NullSender, Text
from engine.clock import HOUR
from engine.database import Database, Transaction
from engine.records import task_links
from engine.records.departments import NewDepartment, create_departments
from engine.settings import Settings
from tests.support.door import Told, World


@dataclass
class Hook:
    """A destination that takes what it is sent, or does not."""

    sends: bool = True
    deaf: bool = False
    taken: list[Text] = field(default_factory=list)

    def send(self, url: str, text: Text) -> None:
        if self.deaf:
            raise NotSent("无法连接", "no connection")
        self.taken.append(text)

    @property
    def secret(self) -> str:
        return self.taken[-1].body.rpartition("/t/")[2]


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def house(world: World, tmp_path: Path) -> Application:
    url = world.database.url.render_as_string(hide_password=False)
    settings = replace(
        Settings.from_environment({}), database_url=url, data=tmp_path, url="https://huying.example.cn", link_days=3
    )
    house = Application(settings=settings, database=world.database, clock=world.clock)
    units = [NewDepartment(code="estate", name="物业公司", kind="property", parent=None)]
    world.departments |= world.database.acting(lambda transaction: create_departments(transaction, units))
    world.database.acting(lambda transaction: addressed(transaction, world))
    return house


def addressed(transaction: Transaction, world: World) -> None:
    """One unit without accounts and one with them, both with a contact address."""
    for code in ("estate", "urban"):
        contact = ("Webhook", "json://nowhere.example/key")
        task_links.set_contact(transaction, world.departments[code], contact, world.clock.now())


def opens(world: World, secret: str) -> int:
    with world.database.looking() as transaction:
        return task_links.found(transaction, secret, world.clock.now()).task_seq


def called(world: World) -> Told:
    return world.ticket().called("estate", "urban")


def test_a_unit_without_accounts_is_sent_its_link_once(world: World, house: Application) -> None:
    told, hook = called(world), Hook()
    assert send_links(house, hook) == 1
    assert send_links(house, hook) == 0
    assert opens(world, hook.secret) == told.task_of("estate").seq
    assert hook.secret not in str(hook.taken[0].title)
    assert told.actions[-1] == "link_sent"
    assert world.verdict().sound
    assert world.differences(told.id) == []


def test_a_link_that_was_not_taken_is_sent_again_under_a_new_secret(world: World, house: Application) -> None:
    told, hook = called(world), Hook(deaf=True)
    assert send_links(house, hook) == 0
    ((error, first),) = world.rows("SELECT error, digest FROM task_link")
    assert "无法连接" in error
    assert "link_sent" not in told.actions
    hook.deaf = False
    world.later(HOUR)
    assert send_links(house, hook) == 1
    assert world.rows("SELECT error FROM task_link") == [(None,)]
    assert task_links.digest_of(hook.secret) != first
    world.later(LEASE)
    assert send_links(house, hook) == 0


def test_nothing_is_sent_by_an_installation_that_sends_nothing(world: World, house: Application) -> None:
    called(world)
    assert send_links(house, NullSender()) == 0
    house.settings = replace(house.settings, url="")
    assert send_links(house, Hook()) == 0
    assert world.rows("SELECT count(*) FROM task_link") == [(0,)]
