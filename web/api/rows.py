"""Rows of registers, for whoever's areas they lie in; and one's own points."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from engine.clock import iso
from engine.definitions import register_file
from engine.errors import Malformed, NotFound, NotPermitted, NotSignedIn, Stale
from engine.records import points, register_rows
from engine.records.register_rows import Row
from web.api import register_shapes, views
from web.dependencies import House, Me
from web.keeping import put, register_of, seen
from web.problems import documented

router = APIRouter()

Key = Annotated[str, Path(pattern=r"^[\w-]{1,64}$", examples=["special-care"])]
Code = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f/]+$", examples=["fx-001"])]
After = Annotated[str, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
_TAGS: list[Any] = ["名册 / Registers of rows"]


@router.get(
    "/registers", tags=_TAGS, operation_id="list_registers", summary="名册 / Registers",
    responses=documented(NotSignedIn),
)  # fmt: skip
def list_registers(house: House, me: Me) -> register_shapes.RowRegistersOut:
    """Every register with its fields."""
    return register_shapes.RowRegistersOut(
        items=[
            register_shapes.RowRegisterOut(
                key=one.key,
                title=views.title(one.title),
                fields=[
                    register_shapes.RowFieldOut(
                        name=field.name,
                        title=views.title(field.title),
                        type=field.type.value,
                        required=field.name in one.required,
                        personal=field.personal,
                    )
                    for field in one.fields.values()
                ],
            )
            for one in register_file.discover().values()
        ]
    )


@router.get(
    "/registers/{key}/rows", tags=_TAGS, operation_id="list_rows", summary="名册的行 / Rows",
    responses=documented(NotSignedIn, NotFound),
)  # fmt: skip
def list_rows(house: House, me: Me, key: Key, after: After = "") -> register_shapes.RegisterRowsOut:
    """The rows in force within one's areas, in order of code; `after` goes on behind a code."""
    register = register_of(key)
    with house.database.looking() as transaction:
        rows = register_rows.listed(transaction, register.key, house.clock.now(), within=me.areas, after=after)
    return register_shapes.RegisterRowsOut(items=[_row(row) for row in rows])


@router.get(
    "/registers/{key}/rows/{code}", tags=_TAGS, operation_id="read_row", summary="一行及其各版 / A row",
    responses=documented(NotSignedIn, NotFound),
)  # fmt: skip
def read_row(house: House, me: Me, key: Key, code: Code) -> register_shapes.RegisterRowsOut:
    """Every version of a row, the newest last."""
    register = register_of(key)
    with house.database.looking() as transaction:
        return register_shapes.RegisterRowsOut(items=[_row(row) for row in seen(transaction, register, me, code)])


@router.put(
    "/registers/{key}/rows/{code}", tags=_TAGS, operation_id="put_row", summary="录入一行 / Put in a row",
    responses=documented(NotSignedIn, NotFound, NotPermitted, Malformed, Stale),
)  # fmt: skip
def put_row(
    house: House, me: Me, key: Key, code: Code, body: register_shapes.RegisterRowIn
) -> register_shapes.RowPutOut:
    """Put in a row or its next version; `expected` refuses a change of what somebody has changed since."""
    register = register_of(key)
    done = put(house, me, register, code, body.form, since=body.since, until=body.until, expected=body.expected)
    return register_shapes.RowPutOut(result=done.value)


@router.get(
    "/points", tags=["我 / Me"], operation_id="read_points", summary="我的积分 / My points",
    responses=documented(NotSignedIn),
)  # fmt: skip
def my_points(house: House, me: Me) -> register_shapes.PointsOut:
    """The balance, and the newest lines that it is the sum of."""
    with house.database.looking() as transaction:
        total, lines = points.balance(transaction, me.person_id), points.lines(transaction, me.person_id)
    return register_shapes.PointsOut(
        balance=total,
        lines=[
            register_shapes.PointsLineOut(
                case_no=line.case_no, seq=line.event_seq, points=line.points, reason=line.reason, at=iso(line.at)
            )
            for line in lines
        ],
    )


def _row(row: Row) -> register_shapes.RegisterRowOut:
    return register_shapes.RegisterRowOut(
        code=row.code,
        version=row.version,
        area=row.area,
        fields={**row.facts, **row.personal},
        since=iso(row.valid_from),
        until=iso(row.valid_to) if row.valid_to is not None else None,
        recorded_at=iso(row.recorded_at),
        recorded_by=row.recorded_by,
    )
