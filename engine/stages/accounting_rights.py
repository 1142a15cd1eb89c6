"""Who may do what with an accounting period: supervisors of its area, and units with what is their own."""

from collections.abc import Callable, Iterable

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.score import Of
from engine.errors import NotPermitted
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.cohorts import head_of
from engine.records.periods import Objection, Period
from engine.rules.case import Held
from engine.rules.roll import Line, Trees

SUPERVISOR = "supervisor"
AUDITOR = "audit_admin"


def supervises(transaction: Transaction, viewer: Viewer, area_id: int) -> bool:
    """Whether somebody holds the post of a supervisor for that area or one above it."""
    held = {one.area_id for one in viewer.posts if one.post == SUPERVISOR and one.area_id is not None}
    return bool(held & set(_upward(transaction, "area", area_id)))


def supervises_all(transaction: Transaction, viewer: Viewer, now: Instant) -> bool:
    """Whether somebody supervises the whole installation: by a post for no area in particular, or for every area that
    has none above it."""
    held = {one.area_id for one in viewer.posts if one.post == SUPERVISOR and one.department_id is None}
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT id FROM area WHERE parent_id IS NULL AND (valid_to IS NULL OR valid_to > {mark})",  # noqa: S608
        (now,),
    )
    return None in held or bool(rows and {int(number) for (number,) in rows} <= held)


def must_supervise(transaction: Transaction, viewer: Viewer, area_id: int) -> None:
    """Errors: `NotPermitted`."""
    if not supervises(transaction, viewer, area_id):
        raise NotPermitted(
            "只有该区域的督查员可以办理考核周期", "only a supervisor of the area moves its accounting periods",
            action="accounting period", roles=[SUPERVISOR],
        )  # fmt: skip


def reads(transaction: Transaction, viewer: Viewer, area_id: int) -> bool:
    """Whether somebody reads all of an area's periods: its supervisors, and who audits the whole installation."""
    return audits(viewer) or supervises(transaction, viewer, area_id)


def audits(viewer: Viewer) -> bool:
    """Whether somebody audits the whole installation."""
    return any(one.post == AUDITOR and one.area_id is one.department_id is None for one in viewer.posts)


def must_own(transaction: Transaction, viewer: Viewer, period: Period, line: Line) -> tuple[str, str]:
    """The unit that somebody speaks for, `d7`, `a3` or `p12`, and the post. Errors: `NotPermitted`."""
    found = owned(transaction, viewer, period, line)
    if found is None:
        raise NotPermitted(
            "只有责任单位自己的人可以提出异议", "only people of the unit that answers for it may object",
            action="object", roles=[],
        )  # fmt: skip
    return found


def owned(transaction: Transaction, viewer: Viewer, period: Period, line: Line) -> tuple[str, str] | None:
    """Likewise; None for somebody else's line."""
    return owner(transaction, viewer, period)(line)


def owner(transaction: Transaction, viewer: Viewer, period: Period) -> Callable[[Line], tuple[str, str] | None]:
    """What `owned` answers, for many lines of a period."""
    head = head_of(period)
    sheet, trees, seats = head.formulas.sheet, head.trees, head.seats
    departments = sheet.of is Of.DEPARTMENT
    codes = _codes(transaction, viewer, sheet.of)

    def of(line: Line) -> tuple[str, str] | None:
        if sheet.of is Of.PERSON:
            return (f"p{viewer.person_id}", sheet.post) if line.person == viewer.login else None
        answering = set(trees.above(sheet.of, line.department if departments else line.area))
        for held in viewer.posts:
            number = held.department_id if departments else held.area_id
            code = codes.get(number or 0, "")
            if code in answering and (departments or _seated(held, code, sheet.post, seats, trees)):
                return f"{'d' if departments else 'a'}{number}", held.post
        return None

    return of


def not_of(transaction: Transaction, viewer: Viewer, objection: Objection) -> None:
    """Errors: `NotPermitted` for whoever objected, or holds a post in the unit that did or above it."""
    kind, number = objection.unit[0], int(objection.unit[1:])
    if kind == "d":
        own = bool(set(viewer.departments) & set(_upward(transaction, "department", number)))
    else:
        own = kind == "a" and number in viewer.areas
    if own or viewer.person_id == objection.person_id:
        raise NotPermitted(
            "提出异议的单位不能自己裁定", "whoever belongs to the unit that objects cannot rule on it",
            action="rule", roles=[SUPERVISOR],
        )  # fmt: skip


def _seated(held: Held, code: str, post: str, seats: frozenset[str], trees: Trees) -> bool:
    """Whether a post stands for a ranked area: held in it or below it, by nobody who supervises."""
    if held.post == SUPERVISOR or (post and held.post != post):
        return False
    return bool(seats & set(trees.above(Of.AREA, code)))


def _codes(transaction: Transaction, viewer: Viewer, of: Of) -> dict[int, str]:
    table, numbers = ("department", viewer.departments) if of is Of.DEPARTMENT else ("area", viewer.areas)
    match, parameters = among(transaction, numbers)
    return {int(number): code for number, code in _rows(transaction, table, match, parameters)}


def _rows(transaction: Transaction, table: str, match: str, parameters: Iterable[object]) -> list[tuple[int, str]]:
    return transaction.rows(f"SELECT id, code FROM {table} WHERE id {match}", list(parameters))  # noqa: S608


def _upward(transaction: Transaction, table: str, number: int) -> list[int]:
    """A unit and everything above it, as the tree is now."""
    above = dict(transaction.rows(f"SELECT id, parent_id FROM {table}"))  # noqa: S608
    found = []
    while number in above and number not in found:
        found.append(number)
        number = above[number]
    return found
