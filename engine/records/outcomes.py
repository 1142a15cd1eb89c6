"""What a proposed lead rests on: responsibilities that fit, and how alike tickets really ended."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.model import Ruling
from engine.definitions.thresholds import Outcomes
from engine.records.asking import Question, among, marks
from engine.rules.case import AreaLink
from engine.rules.likeness import class_of, item_of
from engine.rules.proposals import Duty
from engine.vocabulary import StateType

#: A department gave a task back, and was ruled to be right.
_GIVEN_BACK = (
    "EXISTS (SELECT 1 FROM precedent p WHERE p.ticket_id = k.ticket_id AND p.loser_id = k.department_id "  # noqa: S608
    f"AND p.kind IN ('{Ruling.RELEASE.value}', '{Ruling.REDISPATCH.value}'))"
)


class Settled(NamedTuple):
    """A department's task that came to an end; a plain row, because a dispatch looks at some hundreds of them."""

    department: int
    finished: bool
    opened_at: Instant
    settled_at: Instant


def asked_duties(transaction: Transaction, item: str, area: Sequence[AreaLink]) -> Question[list[Duty]]:
    """The responsibilities for an item, its class or its kind, in any of a ticket's areas; of units that are there."""
    exact = item_of(item)
    codes, named = among(transaction, {exact, class_of(exact), exact.split("-")[0]})
    listed = ", ".join(marks(transaction, len(area)))
    rows = yield (
        (
            "SELECT r.lead_id, r.co, r.item_code, a.name, r.area_id, r.basis FROM responsibility r "  # noqa: S608
            "JOIN area a ON a.id = r.area_id JOIN department d ON d.id = r.lead_id "
            f"WHERE r.active AND d.valid_to IS NULL AND r.item_code {codes} AND r.area_id IN ({listed})"
        ),
        (*named, *(link.id for link in area)),
    )
    distance = {link.id: steps for steps, link in enumerate(area)}
    return [
        Duty(
            lead=int(lead),
            co=tuple(json.loads(co)) if co else (),
            item=code,
            area=name,
            distance=distance[int(area_id)],
            basis=basis,
        )
        for lead, co, code, name, area_id, basis in rows
    ]


def settled(
    transaction: Transaction, codes: Sequence[str], unit: str, besides: int, now: Instant, rules: Outcomes
) -> list[Settled]:
    """How the tasks of departments on the newest tickets of these codes that a unit reaches came to an end."""
    # Each code by itself, and whom a ticket reaches as a value of its row, so that every plan reads the newest tickets
    # of the code from the index and stops: one that is made for any code at all would walk through all that a unit
    # reaches instead.
    mark, *_ = marks(transaction, 1)
    newest = " UNION ALL ".join(
        "SELECT * FROM (SELECT t.id, t.opened_at FROM ticket t "  # noqa: S608 (constant words)
        f"WHERE t.item = {mark} AND t.opened_at >= {mark} AND t.id <> {mark} AND (SELECT r.ticket_id FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit = {mark}) IS NOT NULL "
        f"ORDER BY t.opened_at DESC LIMIT {rules.tickets}) c{number}"
        for number in range(len(codes))
    )
    since = now - rules.days * DAY
    rows = transaction.rows(
        f"SELECT k.department_id, k.state_type = '{StateType.CLOSED.value}', k.opened_at, k.settled_at FROM "  # noqa: S608
        f"(SELECT y.id FROM ({newest}) y ORDER BY y.opened_at DESC LIMIT {rules.tickets}) x "
        "JOIN task k ON k.ticket_id = x.id WHERE k.department_id IS NOT NULL AND k.settled_at IS NOT NULL "
        f"AND (k.state_type = '{StateType.CLOSED.value}' OR {_GIVEN_BACK})",
        [value for code in codes for value in (code, since, besides, unit)],
    )
    return list(map(Settled._make, rows))


def asked_codes(transaction: Transaction, item: str) -> Question[list[str]]:
    """The item itself and each of its standards."""
    mark, *_ = marks(transaction, 1)
    rows = yield (
        f"SELECT s.ordinal FROM item i JOIN standard s ON s.item_id = i.id WHERE i.code = {mark} ORDER BY s.ordinal",  # noqa: S608
        (item,),
    )
    return [item, *(f"{item}/{ordinal}" for (ordinal,) in rows)]


def asked_names(transaction: Transaction, ids: Sequence[int]) -> Question[dict[int, tuple[str, str]]]:
    """Code and name of the departments of these ids that are there; one that is no more can't be proposed."""
    listed = ", ".join(marks(transaction, len(ids)))
    rows = yield (
        f"SELECT id, code, name FROM department WHERE valid_to IS NULL AND id IN ({listed})",  # noqa: S608
        list(ids),
    )
    return {int(number): (code, name) for number, code, name in rows}
