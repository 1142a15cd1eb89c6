"""Registers: lists with fields of their own, for whoever's areas they lie in; and one's own points."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.model import Title
from engine.definitions.register import Register
from engine.errors import HuyingError
from engine.exchange.registers import shown
from engine.records import births, points, register_keeping, register_rows
from engine.records.names import names
from engine.records.register_rows import Row
from web.dependencies import House
from web.forms import Drawing, Typed, Widget
from web.keeping import put, register_of, seen
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False)

Key = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]
Code = Annotated[str, Path(max_length=64)]
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A version of a row in words."""

    row: Row
    name: str
    #: Title and value of every field that is filled, the name left out.
    fields: tuple[tuple[Title, str], ...]
    area: str
    #: The first of them that are not personal, for lists.
    brief: tuple[tuple[Title, str], ...]


def _shown(register: Register, row: Row, areas: dict[int, str]) -> Shown:
    area = areas.get(row.area_id, row.area)
    pairs = [
        (field, text)
        for field, text in zip(register.fields.values(), shown(register, row), strict=True)
        if text and field.name not in (register.name, register.area)
    ]
    return Shown(
        row=row,
        name=str(row.get(register.name) or "（已删除 / erased）"),
        fields=tuple((field.title, text) for field, text in pairs),
        area=area,
        brief=tuple((field.title, text) for field, text in pairs if not field.personal)[:3],
    )


def _in_words(transaction: Transaction, register: Register, rows: list[Row]) -> list[Shown]:
    called = names(transaction, areas=[row.area_id for row in rows], departments=[]).areas
    areas = {number: named.name for number, named in called.items()}
    return [_shown(register, row, areas) for row in rows]


@router.get("/registers")
def registers(request: Request, house: House, here: At) -> Response:
    """Every register, with how many rows lie in one's areas."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        rows = [
            (
                one,
                len(register_rows.listed(transaction, one.key, now, within=here.viewer.areas, limit=None)),
                bool(register_keeping.kept_areas(transaction, one, here.viewer)),
            )
            for one in register_file.discover().values()
        ]
    return page(request, "registers.html", here=here, registers=rows)


@router.get("/registers/{key}")
def rows(
    request: Request, house: House, here: At, key: Key, after: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The rows of a register within one's areas, page by page."""
    register, now = register_of(key), house.clock.now()
    with house.database.looking() as transaction:
        found = register_rows.listed(
            transaction, key, now, within=here.viewer.areas, after=after.replace("\0", ""), limit=_PAGE + 1
        )
        listed = _in_words(transaction, register, found[:_PAGE])
        keeps = bool(register_keeping.kept_areas(transaction, register, here.viewer))
    more = listed[-1].row.code if len(found) > _PAGE else ""
    return page(request, "register.html", here=here, register=register, rows=listed, keeps=keeps, more=more)


@router.get("/registers/{key}/new")
def new(request: Request, house: House, here: At, key: Key) -> Response:
    """An empty form for who keeps the register."""
    return _form(request, house, here, register_of(key), "", Typed(), expected=0)


@router.post("/registers/{key}/new")
def create(request: Request, house: House, here: At, form: Form, key: Key) -> Response:
    """Put in a new row; what is refused comes back as it was filled in."""
    return _put(request, house, here, form, register_of(key), form.first("code").strip()[:200], 0)


@router.get("/registers/{key}/rows/{code}")
def row(request: Request, house: House, here: At, key: Key, code: Code) -> Response:
    """A row with its versions and the tickets born for it."""
    register = register_of(key)
    with house.database.looking() as transaction:
        versions = seen(transaction, register, here.viewer, code)
        told = _in_words(transaction, register, versions)
        tickets = births.tickets_of(transaction, key, code, here.viewer.units)
        area = register_rows.area_of(transaction, versions[-1])
        keeps = bool(register_keeping.kept_areas(transaction, register, here.viewer) & {link.id for link in area})
    return page(
        request, "register_row.html", here=here, register=register, one=told[-1], versions=told[::-1], keeps=keeps,
        tickets=tickets,
    )  # fmt: skip


@router.get("/registers/{key}/rows/{code}/change")
def change(request: Request, house: House, here: At, key: Key, code: Code) -> Response:
    """The newest version as a form."""
    register = register_of(key)
    with house.database.looking() as transaction:
        newest = seen(transaction, register, here.viewer, code)[-1]
    values = {name: [str(value)] for name in register.fields if (value := newest.get(name)) is not None}
    values |= {"since": [_day(newest.valid_from)]}
    if newest.valid_to is not None:
        values |= {"until": [_day(Instant(newest.valid_to - 1))]}
    return _form(request, house, here, register, code, Typed(values=values), expected=newest.version)


def _day(at: Instant) -> str:
    return moment(at).date().isoformat()


@router.post("/registers/{key}/rows/{code}/change")
def changed(request: Request, house: House, here: At, form: Form, key: Key, code: Code) -> Response:
    """Put in the next version; what is refused comes back as it was filled in. Errors: `NotFound`, as for reading."""
    register = register_of(key)
    with house.database.looking() as transaction:
        seen(transaction, register, here.viewer, code)
    return _put(request, house, here, form, register, code, form.number("expected"))


def _put(
    request: Request, house: Application, here: Sitting, form: Posted, register: Register, code: str,
    expected: int | None,
) -> Response:  # fmt: skip
    values = {name: form.first(name) for name in register.fields}
    since, until = form.first("since"), form.first("until")
    try:
        if not form.first("look"):
            put(house, here.viewer, register, code, values, since=since, until=until, expected=expected)
            return go(request, f"/registers/{register.key}/rows/{code}")
        error = None
    except HuyingError as refusal:
        error = refusal
    typed = Typed(values={**form.fields, "code": [code]})
    shown_code = "" if expected == 0 else code
    return _form(request, house, here, register, shown_code, typed, expected=expected or 0, error=error)


def _form(
    request: Request, house: Application, here: Sitting, register: Register, code: str, typed: Typed, *,
    expected: int, error: HuyingError | None = None,
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        drawing = Drawing(
            transaction=transaction, viewer=here.viewer, now=house.clock.now(), typed=typed, error=error
        )  # fmt: skip
        widgets = [_one_line(widget) for widget in drawing.widgets(register.form)]
    return page(
        request, "register_form.html", status=error.status if error else 200, here=here, register=register, code=code,
        typed=typed, widgets=widgets, expected=expected, error=error,
    )  # fmt: skip


def _one_line(widget: Widget) -> Widget:
    return replace(widget, kind="line") if widget.kind == "text" else widget


@router.get("/points")
def my_points(request: Request, house: House, here: At) -> Response:
    """One's own balance and the newest lines behind it."""
    with house.database.looking() as transaction:
        total = points.balance(transaction, here.viewer.person_id)
        lines = points.lines(transaction, here.viewer.person_id)
        titles = points.titles(transaction, house.versions, lines)
    return page(request, "points.html", here=here, total=total, lines=lines, titles=titles)
