"""Which ways tickets really took, beside the diagram of their file; and the history for process mining."""

from dataclasses import dataclass
from typing import IO, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from engine.analysis.diagram import Language
from engine.analysis.path_diagram import drawn, lasting
from engine.clock import Instant
from engine.definitions.machine import BEFORE, Machine
from engine.definitions.model import Title, Workflow
from engine.exchange.conformance import conformance, through
from engine.exchange.mining import Format, pack
from engine.records import paths, registers
from engine.records.mined import Selected
from engine.records.paths import Cursor, Wanted
from engine.rules.days import begins, ends
from engine.rules.moves import Move
from web import language
from web.dependencies import House
from web.masking import watched
from web.rendering import page
from web.sessions import At
from web.spooled import spooled

router = APIRouter(include_in_schema=False)

Key = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Code = Annotated[str, Query(max_length=64, pattern=r"^[\w./-]*$")]
Day = Annotated[str, Query(max_length=10, pattern=r"^(|\d{4}-\d{2}-\d{2})$")]

_START = Title("（开始）", "(start)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was typed above the paths, as it was typed."""

    since: str
    until: str
    version: str
    area: str
    department: str
    item: str
    channel: str

    def wanted(self, key: str, units: tuple[str, ...] | None) -> Wanted:
        """Errors: `Malformed` for a day that is none."""
        return Wanted(
            workflow=key, since=begins(self.since, "since"), until=ends(self.until, "until"),
            version=int(self.version) if self.version else None, area=self.area, department=self.department,
            item=self.item, channel=self.channel, units=units,
        )  # fmt: skip

    def query(self, **more: str) -> str:
        """For an address; "" where nothing is asked."""
        typed = {name: getattr(self, name) for name in self.__slots__}
        given = {name: value for name, value in {**typed, **more}.items() if value}
        return f"?{urlencode(given)}" if given else ""

    def moved(self, move: Move) -> str:
        """For the address of the tickets that made a move."""
        return f"?{urlencode([*_given(self), *(('move', word) for word in move)])}"


def _filters(
    since: Day = "",
    until: Day = "",
    version: Annotated[str, Query(max_length=9, pattern=r"^\d*$")] = "",
    area: Code = "",
    department: Code = "",
    item: Code = "",
    channel: Code = "",
) -> Filters:
    return Filters(
        since=since, until=until, version=version, area=area, department=department, item=item, channel=channel
    )


Filtered = Annotated[Filters, Depends(_filters)]


@router.get("/paths")
def every(request: Request, house: House, here: At) -> Response:
    """The loops whose paths are looked at. Errors: `NotPermitted` for whoever watches over nothing."""
    watched(here.viewer)
    with house.boards.looking() as transaction:
        active = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
    return page(request, "paths.html", here=here, workflows=active)


@router.get("/paths/{key}")
def one(request: Request, house: House, here: At, key: Key, filters: Filtered) -> Response:
    """The paths of one loop. Errors: as `every`, `NotFound` for a loop or a code, `Malformed` for a day."""
    wanted = filters.wanted(key, watched(here.viewer))
    with house.boards.looking() as transaction:
        definition = house.versions.active(transaction, key)
        found = conformance(transaction, definition, wanted)
    spoken = Language.EN if language.chosen(request) == "en" else Language.ZH
    return page(
        request,
        "path.html",
        here=here,
        workflow=definition,
        found=found,
        filters=filters,
        diagram=drawn(definition, found.flows, spoken),
        state=_states(definition),
        action=_actions(definition),
        lasting=lasting,
    )


@router.get("/paths/{key}/tickets")
def tickets(
    request: Request,
    house: House,
    here: At,
    key: Key,
    filters: Filtered,
    path: Annotated[str, Query(max_length=64, pattern=r"^[0-9a-f]*$")] = "",
    move: Annotated[list[str] | None, Query(max_length=3)] = None,
    after: Annotated[str, Query(max_length=60, pattern=r"^(|\d{1,18}\.\d{1,18})$")] = "",
) -> Response:
    """The very tickets behind a number: of a path, of a move, or those whose history cannot be told again.

    Errors: as `one`.
    """
    wanted = filters.wanted(key, watched(here.viewer))
    with house.boards.looking() as transaction:
        definition = house.versions.active(transaction, key)
        among = [path]
        if move is not None and len(move) == 3:
            among = list(through(transaction, wanted, (move[0], move[1], move[2])))
        lines = paths.listed(transaction, wanted, among, after=_cursor(after))
    more = f"{lines[-1].reported_at}.{lines[-1].ticket_id}" if len(lines) == paths.MOST else ""
    asked = [("path", path)] if path else [("move", word) for word in move or ()]
    return page(
        request,
        "path_tickets.html",
        here=here,
        workflow=definition,
        lines=lines,
        filters=filters,
        lasting=lasting,
        more=f"?{urlencode([*_given(filters), *asked, ('after', more)])}" if more else "",
        faulty=among == [""],
    )


@router.get("/paths/{key}/file")
def download(house: House, here: At, key: Key, filters: Filtered, made: Format = Format.XES) -> Response:
    """The history of a loop as XES or OCEL 2.0, packed: only tickets that the reader watches over.

    Errors: as `one`.
    """
    units = watched(here.viewer)
    selected = Selected(
        workflow=key, since=begins(filters.since, "since"), until=ends(filters.until, "until"), area=filters.area,
        units=units,
    )  # fmt: skip

    def write(file: IO[bytes]) -> None:
        with house.boards.looking() as transaction:
            pack(transaction, made, selected, file)

    return spooled(write, name=f"{key}.{made.ending}.gz", media_type="application/gzip")


def _given(filters: Filters) -> list[tuple[str, str]]:
    return [(name, getattr(filters, name)) for name in filters.__slots__ if getattr(filters, name)]


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    at, _, ticket = text.partition(".")
    return Instant(int(at)), int(ticket)


class _Titles(dict[str, Title]):
    """Titles by names; what the present file does not have is said by its name."""

    def __missing__(self, name: str) -> Title:
        return Title(name, name)


def _states(definition: Workflow) -> _Titles:
    return _Titles({BEFORE: _START, **{name: state.title for name, state in definition.states.items()}})


def _actions(definition: Workflow) -> _Titles:
    return _Titles({edge.action.name: edge.action.title for edge in Machine.of(definition).edges()})
