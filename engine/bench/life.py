"""The same six acts through the door and through the yardstick."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from sqlalchemy.engine import make_url

from engine import resources
from engine.bench.world import PHOTO, World
from engine.clock import Instant
from engine.errors import NotFound
from engine.stages.calls import Call, Caller
from engine.stages.door import Door

ACTS = 6
WORKFLOW = "block-calls-line-responds"
#: Which member of the cast does which of the six acts, and which of these are done on a task.
WHO = ("worker", "desk", "desk", "line", "line", "checker")
OF_TASKS = frozenset({"sign", "finish"})


class Liver(Protocol):
    """Something that lives ticket lives, one act at a time, on one connection."""

    def start(self) -> Any: ...
    def act(self, life: Any, number: int) -> Any: ...
    def close(self) -> None: ...


class Yard:
    """A connection of the frozen yardstick."""

    def __init__(self, yard: Any, at: Instant) -> None:
        self._yard, self._at = yard, at

    def start(self) -> int | None:
        return None

    def act(self, life: int | None, number: int) -> int:
        return int(self._yard.act(life, number, self._at + number))

    def close(self) -> None:
        self._yard.close()


class Through:
    """A client of the door: report, accept, call, sign, finish, check."""

    def __init__(self, door: Door, world: World) -> None:
        self._door, self._world = door, world

    def start(self) -> dict[str, int]:
        return {}

    def act(self, life: dict[str, int], number: int) -> dict[str, int]:
        action, form = form_of(self._world, number)
        caller = Caller(person_id=self._world.people[WHO[number]])
        if number == 0:
            call = Call(caller=caller, action=action, workflow=WORKFLOW, form=form)
        else:
            task = life["task"] if action in OF_TASKS else None
            call = Call(caller=caller, action=action, ticket_id=life["ticket"], task=task, form=form)
        outcome = self._door.act(call)
        life["ticket"] = outcome.ticket_id
        if action == "call":
            life["task"] = outcome.created[0]
        return life

    def close(self) -> None:
        """The door's connections belong to its database."""


def form_of(world: World, number: int) -> tuple[str, dict[str, Any]]:
    """The action and the form of one of the six acts: report, accept, call, sign, finish, check."""
    return (
        ("report", {"description": "路灯不亮", "place": {"area": world.area}, "before_photos": [PHOTO]}),
        ("accept", {"item": world.item, "urgency": "normal"}),
        ("call", {"kind": "appeal", "lead": "urban"}),
        ("sign", {}),
        ("finish", {"result": "已更换灯泡", "after_photos": [PHOTO]}),
        ("check", {"check_photos": [PHOTO]}),
    )[number]


def conninfo(url: str) -> str:
    """A URL as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def reference() -> ModuleType:
    """The frozen yardstick of the checkout.

    Errors: `NotFound` in an installed wheel, which carries no tests.
    """
    path: Path = resources.workflows().parent / "tests" / "bench" / "reference.py"
    spec = importlib.util.spec_from_file_location("huying_reference", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise NotFound("找不到基准文件 tests/bench/reference.py", "the yardstick tests/bench/reference.py is not here")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
