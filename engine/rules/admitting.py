"""Admission at work: a number when a ticket comes to admit, the end when it ceases to, and no task without a basis."""

from engine.definitions.model import Admits
from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.rules import basis
from engine.rules.basis import Ended, Granted
from engine.rules.case import DepartmentRef, Task
from engine.rules.doing import Doing


def settle(doing: Doing) -> HuyingError | None:
    """Give the number when an action leads into the states that admit, end the admission when it leads out of them."""
    admits, action, draft = doing.draft.definition.admits, doing.action, doing.draft
    if admits is None or action.to is None or doing.task is not None:
        return None
    number, here = draft.ticket.memory.admission, action.to in admits.states
    if here and not number:
        return _grant(doing, admits)
    if number and not here:
        draft.decision.ended = Ended(number=number, at=draft.at, action=action.name)
        draft.ticket.memory.admission = ""
        doing.facts["admission_ended"] = number
    return None


def _grant(doing: Doing, admits: Admits) -> HuyingError | None:
    draft, kept = doing.draft, doing.draft.ticket.memory.kept
    number = draft.act.references.number
    for name in (admits.matter, admits.items, admits.units, admits.until):
        if not kept.get(name):
            title = draft.definition.fields[name].title
            return Malformed(
                f"准入前须填写“{title.zh}”", f"'{title.en}' must be filled before admission", place=Place(field=name)
            )
    if number is None:
        return NotAllowedNow("旧系统的准入不能导入，请重新登记", "an old system's admission cannot be imported")
    known = draft.act.references.departments
    units = tuple(code for code in _codes(kept[admits.units]) if code in known)
    if not units:
        return NotAllowedNow("所列单位均已撤销，不能准入", "none of the units it is for is there any more")
    granted = Granted(
        number=number.text,
        prefix=number.prefix,
        year=number.year,
        serial=number.serial,
        workflow=draft.definition.key,
        matter=str(kept[admits.matter])[:200],
        items=_codes(kept[admits.items]),
        until=kept[admits.until],
        since=draft.at,
        units=tuple(known[code].id for code in units),
    )
    draft.decision.granted = granted
    draft.ticket.memory.admission = granted.number
    # The history alone must give the same again.
    doing.facts["admission"] = {
        "number": granted.number, "prefix": granted.prefix, "year": granted.year, "serial": granted.serial,
        "matter": granted.matter, "until": granted.until, "items": list(granted.items), "units": list(units),
    }  # fmt: skip
    return None


def _codes(value: str | list[str]) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def carried(doing: Doing, task: Task, department: DepartmentRef, field: str) -> HuyingError | None:
    """Whether a task may go to a department; what carries it is noted in the event.

    Only departments that were looked up as bound are asked about.
    """
    references, ticket = doing.draft.act.references, doing.draft.ticket
    bound = references.bound.get(department.id)
    if bound is None:
        return None
    named = {ref.id for ref in references.tickets.values()}
    found = basis.basis(bound, ticket.item, named)
    if found is None:
        return basis.refusal(bound, ticket.item, references.matter or ticket.item or "—", field, named)
    if found.permit is not None:
        task.memory.admission = found.permit.number
    doing.note("basis", found.facts(task.seq))
    return None
