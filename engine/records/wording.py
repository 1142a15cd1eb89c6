"""What a message says, in words of the workflow file alone: nothing that a citizen wrote ever leaves the house."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.clock import Instant, moment
from engine.definitions.model import Title, Workflow
from engine.definitions.spans import Share, SpanError, parse_rung
from engine.definitions.words import shipped
from engine.records.sheet import Spoken

#: What the clock writes when a deadline reaches a rung of its ladder.
RUNG = "rung"


def happened(
    definition: Workflow,
    *,
    action: str,
    scope: str,
    state_from: str,
    state_to: str,
    facts: Mapping[str, Any],
    unit: str = "",
) -> Title:
    """An event in a line: what was done, by which department's task (`unit`), and where it led."""
    if action == RUNG:
        return _rung(definition, scope, facts, unit)
    title = Spoken(definition).title(scope, action)
    states = definition.scope(scope or None).states
    after = states.get(state_to) if state_to != state_from else None
    to = after.title if after else None
    return Title(
        f"{title.zh}{_of(unit)}" + (f" → {to.zh}" if to else ""),
        f"{title.en}{f' ({unit})' if unit else ''}" + (f" → {to.en}" if to else ""),
    )


def _rung(definition: Workflow, scope: str, facts: Mapping[str, Any], unit: str) -> Title:
    declared = definition.deadlines.get(str(facts.get("deadline")))
    name = declared.title if declared else Title("时限", "Deadline")
    said = list(_said(definition, scope, facts)) or [_reached(str(facts.get("step", "")))]
    due = facts.get("due")
    doubtful = facts.get("provisional") is True
    when = due_time(Instant(due), provisional=doubtful) if isinstance(due, int) else ""
    return Title(
        f"{name.zh}{_of(unit)}：{'、'.join(one.zh for one in said)}" + (f"，到期 {when}" if when else ""),
        f"{name.en}{f' ({unit})' if unit else ''}: {', '.join(one.en for one in said)}"
        + (f", due {when}" if when else ""),
    )


def _said(definition: Workflow, scope: str, facts: Mapping[str, Any]) -> Iterator[Title]:
    words = shipped()
    if light := facts.get("light"):
        yield words.lights.get(light, Title(light, light))
    if card := facts.get("card"):
        yield words.cards.get(card, Title(card, card))
    if level := facts.get("level"):
        title = definition.levels.get(level) or words.levels.get(level) or Title(level, level)
        yield Title(f"升至{title.zh}", f"raised to {title.en}")
    if (do := facts.get("do")) and not facts.get("moot"):
        title = Spoken(definition).title(scope, do)
        yield Title(f"自动办理“{title.zh}”", f"done by itself: {title.en}")


def _reached(step: str) -> Title:
    try:
        rung = parse_rung(step)
    except SpanError:
        return Title("提醒", "a reminder")
    return Title(f"已到 {rung.zh}" if isinstance(rung, Share) else rung.zh, f"{rung} reached")


def _of(unit: str) -> str:
    return f"（{unit}）" if unit else ""


def due_time(at: Instant, *, provisional: bool = False) -> str:
    """A due time as a line has room for it, e.g. `11-26 17:30`; one that waits for a decree says so."""
    return moment(at).strftime("%m-%d %H:%M") + ("（暂定）" if provisional else "")
