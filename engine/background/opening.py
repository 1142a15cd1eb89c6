"""What a ticket that an act opens is told: the words of that act, and what the histories of both share."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.definitions.names import LEAD_FIELD
from engine.records.asking import marks
from engine.rules.case import THE_RULE
from engine.rules.forms import DEGREE
from engine.stages.calls import Call, Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an `open` command asks for, as the act that caused it wrote it."""

    #: The ticket that opens another, and its event that did.
    source: int
    seq: int
    workflow: str
    start: str
    #: Field of the start → field of the act's form.
    fills: Mapping[str, str]
    takes: tuple[str, ...]
    same_reporter: bool


def call(transaction: Transaction, definition: Workflow, asked: Opening, key: str) -> Call:
    """The act that gives birth to the ticket. `definition` is the active version of the workflow to be opened.

    A field of the start is filled by the field that `fills` names, else by the act's field of the same name, else, if
    `takes` says so, by what the source's history said of it last. Words that were erased meanwhile are not there.
    """
    start = definition.starts.get(asked.start)
    wanted = {item.name for item in start.form} if start else set()
    said = _said(transaction, asked.source, f"e.seq = {asked.seq}", {*wanted, *asked.fills.values()})
    form = _said(transaction, asked.source, f"e.seq <= {asked.seq} AND e.scope = ''", asked.takes)
    # Who is to handle the one need not handle the other.
    form |= {name: said[name] for name in wanted - {LEAD_FIELD, "co"} if name in said}
    form |= {name: said[own] for name, own in asked.fills.items() if own in said}
    channel, reporter = _ticket(transaction, asked.source)
    return Call(
        caller=Caller(name=THE_RULE.name),
        action=asked.start,
        workflow=asked.workflow,
        form={name: _sent(value) for name, value in form.items() if name in wanted},
        key=key,
        parent_id=asked.source,
        channel=channel,
        reporter=reporter if asked.same_reporter else "",
    )


def _said(transaction: Transaction, ticket_id: int, which: str, names: Collection[str]) -> dict[str, Any]:
    """What these events of a ticket say of these fields, the last word of each."""
    if not names:
        return {}
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT e.facts, w.words FROM event e LEFT JOIN personal w ON w.ticket_id = e.ticket_id AND w.seq = e.seq "  # noqa: S608
        f"WHERE e.ticket_id = {mark} AND {which} ORDER BY e.seq",
        (ticket_id,),
    )
    found: dict[str, Any] = {}
    for facts, words in rows:
        form = {**json.loads(facts).get("form", {}), **(json.loads(words) if words else {})}
        found |= {name: form[name] for name in names if name in form}
    return found


def _ticket(transaction: Transaction, ticket_id: int) -> tuple[str, str]:
    """By which way the ticket was reported, and the login of whoever did."""
    mark, *_ = marks(transaction, 1)
    ((channel, login),) = transaction.rows(
        "SELECT t.channel, p.login FROM ticket t LEFT JOIN person p ON p.id = t.reporter_id AND p.active "  # noqa: S608
        f"WHERE t.id = {mark}",
        (ticket_id,),
    )
    return channel, login or ""


def _sent(value: Any) -> Any:
    """A value of a history as a form sends it: histories keep points in WGS-84, as whole numbers."""
    if not isinstance(value, Mapping) or "lon_e7" not in value:
        return value
    point = {"lon": value["lon_e7"] / DEGREE, "lat": value["lat_e7"] / DEGREE, "datum": "wgs84"}
    more = {name: value[name] for name in ("area",) if value.get(name)}
    accuracy = {"accuracy": value["accuracy_m"]} if value.get("accuracy_m") is not None else {}
    return {**point, **more, **accuracy}
