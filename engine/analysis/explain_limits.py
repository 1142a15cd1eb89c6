"""Limits and what comes at each point of their ladders, as a table of an explanation."""

from collections.abc import Iterator

from engine.analysis import deed_words
from engine.analysis.explain_blocks import Block, Grid, Prose
from engine.analysis.properties import Properties, listed
from engine.definitions.model import Deadline, Title, Workflow
from engine.definitions.spans import Counting

_HEAD = (
    Title("时限", "Limit"),
    Title("多久", "How long"),
    Title("在哪里计时", "Where it runs"),
    Title("到哪一步", "At which point"),
    Title("发生什么", "What happens"),
)
_DUE = Title("到期", "when due")
_NOTHING = Title("只计快慢，不另处置", "only counted as on time or late")
_CIVIL = Title("（按日计算，当日不计）", " (in whole days, the first one not counted)")


def limits(workflow: Workflow) -> tuple[Block, ...]:
    """Every limit with every rung of its ladder."""
    if not workflow.deadlines:
        return ()
    note = Title(
        "到点只发生一次；挂账、会商等写明停走的期间不计。",
        "Each point comes once; while a suspension or a request stops the clock, nothing runs.",
    )
    reading = Properties(workflow, workflow, None)
    rows = [row for deadline in workflow.deadlines.values() for row in _rows(reading, deadline)]
    return Prose(note), Grid(_HEAD, tuple(rows))


def limit(workflow: Workflow, deadline: Deadline) -> Title:
    """A limit with how long it is: `受理时限（30个工作分钟） / Acceptance (30 working minutes)`."""
    long = _long(workflow, deadline)
    return Title(f"{deadline.title.zh}（{long.zh}）", f"{deadline.title.en} ({long.en})")


def _long(workflow: Workflow, deadline: Deadline) -> Title:
    """How long: fixed, of the catalogue's standard, or until the date that a form says."""
    within = deadline.within
    civil = _CIVIL if within is not None and within.counting is Counting.DAYS else Title("", "")
    fixed = Title(within.zh + civil.zh, within.en + civil.en) if within is not None else None
    if deadline.until is not None:
        field = workflow.fields[deadline.until].title
        return Title(f"至“{field.zh}”所填日期", f"until the date in '{field.en}'")
    if deadline.catalogue:
        return Title(
            f"按立案标准的时限；没有的，{fixed.zh if fixed else '不计'}",
            f"as the catalogue's standard says; where it says nothing, {fixed.en if fixed else 'none'}",
        )
    return fixed or Title("不限", "no limit")


def _rows(reading: Properties, deadline: Deadline) -> Iterator[tuple[tuple[Title, ...], ...]]:
    workflow = reading.workflow
    words = reading.properties(deadline)
    more = [deed_words.said(name, words[name]) for name in ("when", "extension", "calendar") if name in words]
    first = ((deadline.title,), (_long(workflow, deadline), *more), tuple(_where(workflow, deadline.name)))
    points = list(_points(reading, deadline, words)) or [((_DUE,), (_NOTHING,))]
    for number, (at, happens) in enumerate(points):
        yield (*(first if number == 0 else ((), (), ())), at, happens)


def _points(
    reading: Properties, deadline: Deadline, words: dict[str, Title]
) -> Iterator[tuple[tuple[Title, ...], tuple[Title, ...]]]:
    for step in reading.workflow.ladders.get(deadline.ladder or "", ()):
        yield (Title(step.at.zh, step.at.en),), tuple(deed_words.rung(reading, step))
    if "then" in words:
        yield (_DUE,), (deed_words.said("do", words["then"]),)


def _where(workflow: Workflow, name: str) -> Iterator[Title]:
    """The states and requests in which it runs."""
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        of = Title("", "") if kind is None else Title(f"{scope.title.zh}·", f"{scope.title.en}: ")
        found = [state.title for state in scope.states.values() if name in state.deadlines]
        found += [asked.title for asked in scope.requests.values() if name in asked.deadlines]
        if found:
            joined = listed(found)
            yield Title(of.zh + joined.zh, of.en + joined.en)
