"""Lists of tickets that rhythms made, as they were then: the bodies of messages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One ticket of a list that a rhythm made."""

    case_no: str
    #: Only what is below may be shown to whoever may see the ticket.
    visible: bool
    title: Title
    deadline: Title
    due: Instant | None
    #: A year it depends on had no decreed holidays then.
    provisional: bool
    light: str
    card: str
    state: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that a rhythm made, as it was then."""

    title: Title
    period: str
    count: int
    tickets: tuple[Listed, ...]
    #: Instead of a list: the number of a report of its reader's that is there.
    report: int | None = None


def listing(body: str, visible: Callable[[str], bool]) -> Listing:
    """The list of a message's body; of tickets that are not visible only that they are there."""
    read = json.loads(body)
    return Listing(
        title=_title(read.get("title")),
        period=str(read.get("period", "")),
        count=int(read.get("count", 0)),
        tickets=tuple(_listed(one, visible(str(one.get("case_no")))) for one in read.get("tickets", ())),
        report=read["report"] if isinstance(read.get("report"), int) else None,
    )


def case_numbers(body: str) -> set[str]:
    """The case numbers that a list names."""
    return {str(one.get("case_no")) for one in json.loads(body).get("tickets", ())}


def _listed(one: Mapping[str, Any], visible: bool) -> Listed:
    due = one.get("due")
    shown = one if visible else {}
    return Listed(
        case_no=str(one.get("case_no", "")) if visible else "",
        visible=visible,
        title=_title(shown.get("title")),
        deadline=_title(shown.get("deadline")),
        due=Instant(due) if visible and isinstance(due, int) else None,
        provisional=shown.get("provisional") is True,
        light=word(shown, "light"),
        card=word(shown, "card"),
        state=_title(shown.get("state")),
    )


def word(said: Mapping[str, Any], key: str) -> str:
    """The word under a key, or nothing."""
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _title(value: Any) -> Title:
    """A title as lists hold it: both languages, or `中文 / English`."""
    if isinstance(value, Mapping):
        return Title(str(value.get("zh", "")), str(value.get("en", "")))
    zh, _, en = str(value or "").partition(" / ")
    return Title(zh, en or zh)
