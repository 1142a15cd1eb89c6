"""Sensitive personal data of a ticket: which fields hold some, who may be shown them, and what they hold."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from engine.database import Transaction
from engine.definitions.model import Action, Field, Title, Workflow
from engine.errors import Malformed, NotPermitted, Place
from engine.records.asking import marks
from engine.rules.case import Actor, Case
from engine.rules.permissions import standing

#: Characters of a purpose as somebody states it.
SHORTEST, LONGEST = 4, 200


@cache
def fields(definition: Workflow) -> Mapping[str, Field]:
    """The sensitive fields of a workflow."""
    return {name: field for name, field in definition.fields.items() if field.sensitive is not None}


def held(transaction: Transaction, case: Case) -> dict[str, Any]:
    """The newest value of each sensitive field of a ticket; fields without any are left out."""
    known = fields(case.definition)
    if not known:
        return {}
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT words FROM personal WHERE ticket_id = {mark} ORDER BY seq", (case.ticket.id,))  # noqa: S608
    found: dict[str, Any] = {}
    for (words,) in rows:
        read = json.loads(words)
        for said in (read, *read.get("each", {}).values()):
            found |= {name: said[name] for name in known if name in said}
    return found


def may_see(case: Case, actor: Actor, field: Field) -> bool:
    """Whether somebody holds, for this ticket or a task of it, one of the posts that may be shown the field."""
    if field.sensitive is None:
        return False
    asked = Action(name="see", title=Title("", ""), by=frozenset(field.sensitive.seen_by))
    return any(standing(asked, actor, case, task) is not None for task in (None, *case.tasks.values()))


def expect(case: Case, actor: Actor, name: str, purpose: str) -> tuple[Field, str]:
    """The field that somebody asks to be shown, and the purpose as it is logged.

    Errors: `Malformed` for no such field or no purpose, `NotPermitted` for whoever holds no such post.
    """
    field = fields(case.definition).get(name)
    if field is None:
        raise Malformed("没有这个敏感字段", "there is no such sensitive field", place=Place(field="field"))
    if not may_see(case, actor, field):
        raise NotPermitted(action="sensitive", roles=list(field.sensitive.seen_by) if field.sensitive else [])
    said = " ".join(purpose.split())
    if not SHORTEST <= len(said) <= LONGEST:
        raise Malformed(
            f"请说明用途（{SHORTEST} 至 {LONGEST} 字）",
            f"say what it is for, in {SHORTEST} to {LONGEST} characters",
            place=Place(field="purpose"),
        )
    return field, said
