"""Tasks laid out by place or by standard: groups within groups, with counts, the worst light and what to tick."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.definitions.model import Title
from engine.definitions.words import shipped
from engine.records.catalogue import Classed
from engine.records.task_rows import TaskRow
from web.bulk import MOST

#: The lights from none to the gravest.
LIGHTS: tuple[str, ...] = ("", *shipped().lights)


_NOTHING = Title("", "")


@dataclass(frozen=True, slots=True)
class Step:
    """One heading on the way to a task: what tells it from others, and its words."""

    key: str
    title: str
    small: Title = _NOTHING


@dataclass(slots=True, kw_only=True)
class Group:
    """A heading with what is below it."""

    step: Step
    groups: dict[str, "Group"] = field(default_factory=dict)
    #: Tasks that belong to no group below.
    rows: list[TaskRow] = field(default_factory=list)
    count: int = 0
    urged: int = 0
    overdue: int = 0
    light: str = ""
    #: Case numbers of everything below, each once, the most pressing first.
    numbers: dict[str, None] = field(default_factory=dict)

    @property
    def ticked(self) -> str:
        """What its box sends: as many as one bulk act takes."""
        return ",".join(list(self.numbers)[:MOST])

    @property
    def light_title(self) -> Title:
        return shipped().lights.get(self.light, Title("未亮灯", "no light"))

    def take(self, row: TaskRow) -> None:
        """Count a task that lies somewhere below."""
        self.count += 1
        self.urged += bool(row.urged)
        self.numbers[row.case_no] = None
        if row.clock is not None:
            self.overdue += row.clock.left < 0
            self.light = max(self.light, row.clock.light, key=LIGHTS.index)


def grouped(rows: Iterable[TaskRow], way: Callable[[TaskRow], Sequence[Step]]) -> list[Group]:
    """The groups of the first steps, in the order in which their most pressing task comes."""
    root = Group(step=Step("", ""))
    for row in rows:
        group = root
        for step in way(row):
            group = group.groups.setdefault(step.key, Group(step=step))
            group.take(row)
        group.rows.append(row)
    return list(root.groups.values())


def by_place(row: TaskRow) -> list[Step]:
    """Street › grid › village and on; without street whatever there is."""
    levels = shipped().levels
    streets = list(levels).index("street")
    found = [
        Step(str(link.id), name, levels.get(link.level, _NOTHING))
        for link, name in reversed(row.area)
        if link.level not in list(levels)[:streets]
    ]
    return found or [Step(str(row.area[0][0].id), row.area_name)]


def by_standard(items: Mapping[str, Classed]) -> Callable[[TaskRow], list[Step]]:
    """Class › item › standard of the catalogue; what has no item yet comes under one heading of its own."""

    def way(row: TaskRow) -> list[Step]:
        code, _, _ = row.item.partition("/")
        item = items.get(code)
        if item is None:
            return [Step("", "未定立案事项", Title("", "no catalogue item yet"))]
        standard = item.standards.get(row.item)
        steps = [Step(item.class_code, item.class_name), Step(code, item.name)]
        return [*steps, Step(row.item, standard)] if standard else steps

    return way
