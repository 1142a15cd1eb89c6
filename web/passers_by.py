"""What a passer-by is asked, where they stand, and how often one may come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from engine.application import Application
from engine.clock import MINUTE
from engine.database import Transaction
from engine.definitions.model import STREET, Action, FieldType, FormItem, Workflow
from engine.errors import Malformed, NotFound, Place
from engine.records import limits, places, receipts, registers
from engine.records.access import Viewer
from engine.records.grids import Grid, grid
from engine.records.limits import Limit
from engine.rules.case import Held
from engine.stages.calls import Call, Caller
from web import forms
from web.addresses import address_of
from web.forms import Typed
from web.sessions import Posted

#: How the history calls whoever reports without an account, and by which way it came.
CALLER, CHANNEL = "public:passer_by", "passer_by"
#: Reports from one address and about one grid: many phones share an address, and many see one burst pipe.
BY_ADDRESS = Limit(most=10, window=10 * MINUTE)
BY_GRID = Limit(most=100, window=10 * MINUTE)
#: Pictures of one report.
MOST_PHOTOS = 6
#: Metres; a position that is less exact than this does not say in which grid it lies.
EXACT = 200

#: What is looked at first is asked first.
_ORDER = (FieldType.PHOTO, FieldType.PLACE)
#: What the page says of a position that was found.
LON, LAT, ACCURACY = "place.lon", "place.lat", "place.accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A start that the workflow file opens to passers-by."""

    workflow: Workflow
    start: Action

    @property
    def items(self) -> tuple[FormItem, ...]:
        """What is asked in the street, in the order in which it is seen there."""
        known = [item for item in self.start.form if item.field.type in STREET]
        return tuple(sorted(known, key=lambda item: _rank(item.field.type)))


def _rank(kind: FieldType) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def opened(house: Application, transaction: Transaction) -> list[Open]:
    """The public starts of all active workflows. Errors: `NotFound` when no file opens one."""
    found = [
        Open(workflow=workflow, start=start)
        for key in registers.active_keys(transaction)
        for workflow in (house.versions.active(transaction, key),)
        for start in workflow.starts.values()
        if start.public
    ]
    if not found:
        raise NotFound("此处尚未开放扫码上报", "reports by passers-by are not open here")
    return found


def chosen(listed: Sequence[Open], kind: str) -> Open:
    """The one that was asked for as `workflow/start`, else the first."""
    return next((one for one in listed if f"{one.workflow.key}/{one.start.name}" == kind), listed[0])


def stand_in(here: Grid) -> Viewer:
    """Somebody who is nobody and stands in this grid."""
    return Viewer(person_id=0, login="", name="", posts=(Held("", area_id=here.id),))


def call(transaction: Transaction, here: Grid, asked: Open, typed: Typed, secret: str) -> Call:
    """The report as it goes to the door. Errors: `Malformed` for a position that cannot be."""
    form = forms.read(asked.items, typed)
    for item in asked.items:
        if item.field.type is FieldType.PLACE:
            form[item.name] = place(transaction, here, typed, item.name)
    return Call(
        # The secret is its own key: its digest names whose it is, so that nobody else's report can meet it.
        caller=Caller(name=CALLER, receipt=receipts.digest_of(secret)),
        key="report",
        workflow=asked.workflow.key,
        action=asked.start.name,
        form=form,
        channel=CHANNEL,
        area=here.code,
    )


def place(transaction: Transaction, here: Grid, typed: Typed, field: str) -> dict[str, Any]:
    """Where it is: the position if the phone gave one, in the grid that it clearly lies in, else in the poster's own.

    Errors: `Malformed` naming the field.
    """
    lon, lat, accuracy = (next(iter(typed.of(name)), "") for name in (LON, LAT, ACCURACY))
    if not lon and not lat:
        return {"area": here.code}
    point = {"lon": lon, "lat": lat, "datum": "WGS-84", **({"accuracy": accuracy} if accuracy else {})}
    stored = places.received(point, field=field)
    return {**point, "area": _around(transaction, here, stored)}


def _around(transaction: Transaction, here: Grid, stored: dict[str, Any]) -> str:
    exact = stored["accuracy_m"] is not None and stored["accuracy_m"] <= EXACT
    found = places.areas_at(transaction, stored["lon_e7"], stored["lat_e7"]) if exact else ()
    if len(found) != 1:
        return here.code
    try:
        return grid(transaction, found[0].code).code
    except NotFound:  # a street without drawn grids covers the point: the poster knows better
        return here.code


def refuse_too_many(asked: Open, form: Posted) -> None:
    """Errors: `Malformed` naming the field with more than `MOST_PHOTOS` pictures, before any is kept."""
    for item in asked.items:
        count = len(form.files.get(item.name, ())) + len(form.fields.get(item.name, ()))
        if item.field.type is FieldType.PHOTO and count > MOST_PHOTOS:
            raise Malformed(f"照片最多 {MOST_PHOTOS} 张", f"{MOST_PHOTOS} photos at most", place=Place(field=item.name))


def count(house: Application, request: Request, here: Grid, secret: str) -> None:
    """One more report from this address and about this grid. Errors: `TooOften`.

    What is sent again is counted apart: a report that arrived must not be answered with a refusal.
    """
    now = house.clock.now()

    def work(transaction: Transaction) -> None:
        for key, limit in _counted(transaction, request, here, secret, now):
            limits.count(transaction, key, limit, now)

    house.database.acting(work)


def _counted(
    transaction: Transaction, request: Request, here: Grid, secret: str, now: Any
) -> Iterator[tuple[str, Limit]]:
    digest = receipts.digest_of(secret)
    if receipts.known(transaction, digest):
        yield f"receipt:{digest[:32]}", receipts.ACTS
        return
    yield f"from:{address_of(request)}", BY_ADDRESS
    yield f"area:{here.id}", BY_GRID
