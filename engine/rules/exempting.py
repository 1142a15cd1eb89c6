"""Exemption 剔除: a record of its own that an indicator leaves something out, never an edited fact.

It is about one department where its task or its request is acted on, else about the ticket as a whole. What was done
stands in the event's facts (`exempts`, `restores`: lists of indicator and department), so that the table can be told
again from the history alone.
"""

from collections.abc import Iterable

from engine.definitions.model import Action
from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.rules.acts import ExemptionEntry
from engine.rules.case import Case
from engine.rules.doing import Doing
from engine.rules.memory import Exempt


def none_stands(case: Case, action: Action, department_id: int | None) -> NotAllowedNow | None:
    """Nothing can be counted again of which nothing is left out."""
    if action.restores is None or any(_reaches(one, department_id) for one in case.ticket.memory.exempt):
        return None
    return NotAllowedNow("没有被剔除的指标", "no indicator leaves this out")


def settle(doing: Doing) -> HuyingError | None:
    """`exempts` and `restores`, for the indicators that the form names."""
    action, memory = doing.action, doing.draft.ticket.memory
    owner = _owner(doing)
    if action.exempts is not None:
        wanted = _words(doing.value(action.exempts))
        twice = [word for word in wanted if Exempt(word, owner) in memory.exempt]
        if twice:
            return _refused(doing, action.exempts, twice[0], "已经剔除", "is exempted already")
        lines = [Exempt(word, owner) for word in wanted]
        memory.exempt = (*memory.exempt, *lines)
        _record(doing, "exempts", lines, restored=False)
    if action.restores is not None:
        wanted = _words(doing.value(action.restores))
        lines = [one for one in memory.exempt if one.indicator in wanted and _reaches(one, owner)]
        missing = [word for word in wanted if word not in {one.indicator for one in lines}]
        if missing:
            return _refused(doing, action.restores, missing[0], "没有剔除，无须恢复", "is not exempted")
        memory.exempt = tuple(one for one in memory.exempt if one not in lines)
        _record(doing, "restores", lines, restored=True)
    return None


def _owner(doing: Doing) -> int | None:
    """The department that it is about: whose task, or whose request, is acted on."""
    if doing.task is not None:
        return doing.task.department_id
    return doing.answered.department_id if doing.answered is not None else None


def _reaches(one: Exempt, department_id: int | None) -> bool:
    """An act on the ticket restores for everybody; one on a department's task or request for that one alone."""
    return department_id is None or one.department_id == department_id


def _words(value: str | list[str] | None) -> list[str]:
    return list(dict.fromkeys(value)) if isinstance(value, list) else [value] if value else []


def _record(doing: Doing, fact: str, lines: Iterable[Exempt], *, restored: bool) -> None:
    record = doing.draft.decision.exemptions
    for one in lines:
        doing.note(fact, [one.indicator, one.department_id])
        record.append(
            ExemptionEntry(
                event_seq=doing.event_seq,
                part=sum(entry.event_seq == doing.event_seq for entry in record),
                indicator=one.indicator,
                department_id=one.department_id,
                restored=restored,
                at=doing.draft.now,
            )
        )


def _refused(doing: Doing, field: str, word: str, zh: str, en: str) -> Malformed:
    title = doing.draft.definition.fields[field].of[word]
    return Malformed(f"“{title.zh}”{zh}", f"'{title.en}' {en}", place=Place(field=field))
