"""The same six acts through the door and through the yardstick."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from engine import resources
from engine.bench.world import PHOTO, World
from engine.clock import Instant
from engine.errors import NotFound
from engine.stages.calls import Call, Caller
from engine.stages.door import Door

ACTS = 6
_WORKFLOW = "block-calls-line-responds"


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
        call = (self._report, self._accept, self._call, self._sign, self._finish, self._check)[number](life)
        outcome = self._door.act(call)
        life["ticket"] = outcome.ticket_id
        if number == 2:
            life["task"] = outcome.created[0]
        return life

    def close(self) -> None:
        """The door's connections belong to its database."""

    def _by(self, login: str) -> Caller:
        return Caller(person_id=self._world.people[login])

    def _report(self, life: dict[str, int]) -> Call:
        form = {"description": "路灯不亮", "place": {"area": self._world.area}, "before_photos": [PHOTO]}
        return Call(caller=self._by("worker"), action="report", workflow=_WORKFLOW, form=form)

    def _accept(self, life: dict[str, int]) -> Call:
        form = {"item": self._world.item, "urgency": "normal"}
        return Call(caller=self._by("desk"), action="accept", ticket_id=life["ticket"], form=form)

    def _call(self, life: dict[str, int]) -> Call:
        form = {"kind": "appeal", "lead": "urban"}
        return Call(caller=self._by("desk"), action="call", ticket_id=life["ticket"], form=form)

    def _sign(self, life: dict[str, int]) -> Call:
        return Call(caller=self._by("line"), action="sign", ticket_id=life["ticket"], task=life["task"])

    def _finish(self, life: dict[str, int]) -> Call:
        form = {"result": "已更换灯泡", "after_photos": [PHOTO]}
        return Call(caller=self._by("line"), action="finish", ticket_id=life["ticket"], task=life["task"], form=form)

    def _check(self, life: dict[str, int]) -> Call:
        form = {"check_photos": [PHOTO]}
        return Call(caller=self._by("checker"), action="check", ticket_id=life["ticket"], form=form)


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
