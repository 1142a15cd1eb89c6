"""What every report has: a name, what may be asked of it, who may ask, and how it is made from what they reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import Malformed, NotPermitted
from engine.records.access import Viewer

#: What may be asked of a report: canonical words by name.
Parameters = Mapping[str, Any]


class TakenOver(Exception):
    """Somebody else makes this report by now, or this process is to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file that a report has made."""

    #: `xlsx`, `docx` or `json`.
    form: str
    path: Path
    #: What it is called when somebody takes it, without its ending.
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A report while it is made: for whom, as of when, and whom to tell how far it is."""

    house: Application
    viewer: Viewer
    #: When it was begun: everything is counted as of then.
    now: Instant
    #: A folder of its own for files on their way.
    folder: Path
    #: Is told how many of how many rows are made, None for nobody knows. Errors: `TakenOver`.
    tell: Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One kind of report."""

    name: str
    title: Title
    about: Title
    #: What it is called for these parameters. Errors: `Malformed`, `NotFound` for what cannot be asked.
    called: Callable[[Transaction, Viewer, Parameters], str]
    make: Callable[[Making, Parameters], list[Made]]
    #: Who may ask, and take what was made. Errors: `NotPermitted`.
    expect: Callable[[Viewer], object]


def expect_official(viewer: Viewer) -> None:
    """Errors: `NotPermitted` for whoever holds no post in an area or a department."""
    if not viewer.official_units:
        raise NotPermitted("报表只对在岗人员开放", "reports are for those who hold a post", action="reports", roles=[])


def word_of(parameters: Parameters, name: str, most: int = 64) -> str:
    """A word among parameters; "" for none. Errors: `Malformed`."""
    value = parameters.get(name, "")
    if not isinstance(value, str) or len(value) > most or not (value == "" or value.isprintable()):
        raise Malformed(f"参数“{name}”无效", f"the parameter '{name}' is wrong")
    return value
