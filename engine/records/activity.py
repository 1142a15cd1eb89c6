"""What each grid leader did in a month, for whoever supervises them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.clock import CIVIL_ZONE, Instant, instant
from engine.database import Transaction
from engine.definitions.model import FieldType, TaskKind, Workflow
from engine.errors import Malformed, NotPermitted, Place
from engine.records.access import Viewer
from engine.records.asking import among, marks

#: Whose activity it is.
LEADERS = ("grid_leader", "deputy_grid_leader")
#: Who may look at it, within the areas for which they hold such a post.
SUPERVISORS = frozenset({"supervisor", "chief", "coordinator", "shift_leader"})
#: The mark that puts a ticket on the problem list.
_ON_LIST = "on_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One person's month."""

    login: str
    name: str
    #: Names of the grids led within the month, as far as the reader's posts reach.
    grids: tuple[str, ...]
    #: Acts in person or as a deputy; among them reports, calls, evaluations, problems listed.
    acts: int = 0
    reports: int = 0
    calls: int = 0
    evaluations: int = 0
    listed: int = 0
    #: The newest act ever; None for nobody who has acted.
    last_seen: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Which actions are calls, evaluations, problems listed; asked of the workflows, whatever they call them."""

    calls: frozenset[str]
    evaluations: frozenset[str]
    listed: frozenset[str]

    @classmethod
    def of(cls, definitions: Iterable[Workflow]) -> "Kinds":
        calls, evaluations, listed = set(), set(), set()
        for definition in definitions:
            scopes: list[Workflow | TaskKind] = [definition, *definition.tasks.values()]
            actions = [
                action for scope in scopes for state in scope.states.values() for action in state.actions.values()
            ]
            for action in actions:
                stars = any(item.field.type is FieldType.STARS for item in action.form)
                calls |= {action.name} if action.sends else set()
                evaluations |= {action.name} if action.each or stars else set()
                listed |= {action.name} if _ON_LIST in action.sets else set()
        return cls(calls=frozenset(calls), evaluations=frozenset(evaluations), listed=frozenset(listed))


def month(text: str) -> tuple[Instant, Instant]:
    """The first moment of a month `2026-03` and of the next. Errors: `Malformed`."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=CIVIL_ZONE)
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    except ValueError as error:
        raise Malformed(
            f"“{text[:20]}”不是月份，如 2026-03", f"'{text[:20]}' is no month like 2026-03", place=Place(field="month")
        ) from error
    return instant(first), instant(after)


def supervised(viewer: Viewer) -> tuple[int, ...]:
    """The areas whose leaders somebody may look at. Errors: `NotPermitted` when there are none."""
    areas = {held.area_id for held in viewer.posts if held.post in SUPERVISORS and held.area_id is not None}
    if not areas:
        raise NotPermitted("网格长履职情况只供督查、分管领导和城运中心查看", "only supervisors and leaders see this")
    return tuple(sorted(areas))


def activity(
    transaction: Transaction, kinds: Kinds, areas: Sequence[int], since: Instant, until: Instant
) -> list[Activity]:
    """Everybody who led a grid in or under these areas within that time, the most active first."""
    leaders = _leaders(transaction, areas, since, until)
    counted = _counted(transaction, kinds, list(leaders), since, until)
    names = ("acts", "reports", "calls", "evaluations", "listed")
    found = []
    for number, (login, name, last, grids) in leaders.items():
        sums = dict(zip(names, counted.get(number, (0,) * len(names)), strict=True))
        found.append(Activity(login=login, name=name, grids=tuple(grids), last_seen=last, **sums))
    return sorted(found, key=lambda one: (-one.acts, one.login))


def _leaders(
    transaction: Transaction, areas: Sequence[int], since: Instant, until: Instant
) -> dict[int, tuple[str, str, Instant | None, list[str]]]:
    mark, *_ = marks(transaction, 1)
    listed, posts = (", ".join(marks(transaction, count)) for count in (len(areas), len(LEADERS)))
    rows = transaction.rows(
        f"WITH RECURSIVE below (id) AS (SELECT id FROM area WHERE id IN ({listed}) "  # noqa: S608 (marks)
        "UNION SELECT a.id FROM area a JOIN below b ON a.parent_id = b.id) "
        "SELECT DISTINCT p.id, p.login, p.name, a.name, (SELECT max(e.at) FROM event e "
        "JOIN ticket t ON t.id = e.ticket_id WHERE e.person_id = p.id AND NOT t.confidential) "
        "FROM below b JOIN holding h ON h.area_id = b.id JOIN person p ON p.id = h.person_id "
        "JOIN area a ON a.id = b.id "
        f"WHERE h.post IN ({posts}) AND h.valid_from < {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark}) "
        "ORDER BY a.name",
        (*areas, *LEADERS, until, since),
    )
    found: dict[int, tuple[str, str, Instant | None, list[str]]] = {}
    for number, login, name, grid, last in rows:
        found.setdefault(int(number), (login, name, last, []))[3].append(grid)
    return found


def _counted(
    transaction: Transaction, kinds: Kinds, people: Sequence[int], since: Instant, until: Instant
) -> dict[int, tuple[int, ...]]:
    """Acts, reports, calls, evaluations and listed problems of these people, by the index of person and time.

    What was done on confidential tickets is nobody's to count.
    """
    if not people:
        return {}
    mark, *_ = marks(transaction, 1)
    sums, parameters = [], list[object]()
    for names in (kinds.calls, kinds.evaluations, kinds.listed):
        match, values = among(transaction, names)
        sums.append(f"sum(CASE WHEN e.action {match} THEN 1 ELSE 0 END)")
        parameters += values
    rows = transaction.rows(
        f"SELECT e.person_id, count(*), sum(CASE WHEN e.seq = 1 THEN 1 ELSE 0 END), {', '.join(sums)} FROM event e "  # noqa: S608
        "JOIN ticket t ON t.id = e.ticket_id AND NOT t.confidential "
        f"WHERE e.person_id IN ({', '.join(marks(transaction, len(people)))}) AND e.at >= {mark} AND e.at < {mark} "
        "GROUP BY e.person_id",
        (*parameters, *people, since, until),
    )
    return {int(row[0]): tuple(int(number) for number in row[1:]) for row in rows}
