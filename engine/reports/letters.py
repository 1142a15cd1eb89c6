"""Letters about a ticket, numbered and frozen: 交办单 of a task, what an act of supervision sent, 会议纪要.

They hold officials' own words and the names of things, never what a citizen wrote: a letter outlives its erasure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions.model import FieldType, Title, Workflow
from engine.errors import NotAllowedNow, NotFound
from engine.records import documents
from engine.records.access import Viewer
from engine.records.areas import chain
from engine.records.asking import among, marks
from engine.records.documents import Document, DocumentKind, NewDocument
from engine.records.post_words import posts_there
from engine.records.registers import item_names
from engine.records.sheet import Sight
from engine.records.sittings import Held
from engine.records.versions import Versions
from engine.rules.likeness import item_of
from engine.stages.minutes import Words, number_of

#: What the number of a dispatch slip begins with.
SLIP_PREFIX = "交"
#: The level of areas whose desk sends tasks out.
_DESK = "street"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What a letter is about."""

    definition: Workflow
    case_no: str
    title: str
    #: Names from the largest area down to the ticket's own.
    place: str
    #: The area whose desk sends tasks out, and what it is called.
    desk_id: int
    desk: str
    opened_at: Instant


def slip(
    transaction: Transaction, versions: Versions, viewer: Viewer, seen: Sight, task: int, now: Instant
) -> Document:
    """The dispatch slip of a task, issued now or before.

    Errors: `NotFound` for a task that is none of a department's, and for whoever sees the ticket as a person only.
    """
    _expect_official(seen)
    subject = f"t:{seen.ticket_id}:{task}"
    found = documents.of_subject(transaction, subject)
    if found is not None:
        return found
    matter = _matter(transaction, versions, seen)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT k.kind, k.lead, k.opened_at, d.name FROM task k JOIN department d ON d.id = k.department_id "  # noqa: S608
        f"WHERE k.ticket_id = {mark} AND k.seq = {mark}",
        (seen.ticket_id, task),
    )
    if not rows:
        raise NotFound("没有这项任务", "there is no such task")
    kind, lead, at, unit = rows[0]
    sent = _event(transaction, seen.ticket_id, "seq < @ ORDER BY seq DESC LIMIT 1", task)
    told = _deadlines(transaction, matter.definition, seen.ticket_id, task)
    facts = [
        ("任务", matter.definition.tasks[kind].title.zh if kind in matter.definition.tasks else kind),
        ("承办方式", "主办" if lead else "协办"),
        ("派遣时间", shown(Instant(at))),
        *told,
        *_said(transaction, matter.definition, sent),
    ]
    data = _data("交办单", matter, unit, facts, _by(transaction, sent), shown(Instant(at)))
    new = NewDocument(
        kind=DocumentKind.SLIP, subject=subject, unit=f"a{matter.desk_id}", prefix=SLIP_PREFIX, data=data,
        person_id=viewer.person_id, ticket_id=seen.ticket_id,
    )  # fmt: skip
    return documents.issue(transaction, new, now)


def letter(
    transaction: Transaction, versions: Versions, viewer: Viewer, seen: Sight, seq: int, now: Instant
) -> Document:
    """The letter that an act has sent, under the number that stands in its event.

    Errors: `NotFound` for an event that is no letter, and for whoever sees the ticket as a person only.
    """
    _expect_official(seen)
    subject = f"e:{seen.ticket_id}:{seq}"
    found = documents.of_subject(transaction, subject)
    if found is not None:
        return found
    event = _event(transaction, seen.ticket_id, "seq = @", seq)
    numbered = event.facts.get("letter") if event else None
    if event is None or not isinstance(numbered, Mapping):
        raise NotFound("这一步不是编号的函件", "this act sent no numbered letter")
    matter = _matter(transaction, versions, seen)
    facts = [
        *_deadlines(transaction, matter.definition, seen.ticket_id, event.task),
        *_said(transaction, matter.definition, event),
    ]
    data = _data(_action(matter.definition, event), matter, _addressee(transaction, seen.ticket_id, event), facts,
                 _by(transaction, event), shown(event.at))  # fmt: skip
    new = NewDocument(
        kind=DocumentKind.LETTER, subject=subject, unit=str(numbered.get("unit", "")), prefix="", data=data,
        person_id=viewer.person_id, number=str(numbered.get("number", "")), ticket_id=seen.ticket_id,
    )  # fmt: skip
    return documents.issue(transaction, new, now)


def letters_of(transaction: Transaction, seen: Sight) -> list[tuple[int, str]]:
    """The events of a ticket that are letters: seq and number, the newest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT seq, facts FROM event WHERE ticket_id = {mark} AND facts LIKE '%\"letter\":{{%' ORDER BY seq DESC",  # noqa: S608
        (seen.ticket_id,),
    )
    found = ((int(seq), json.loads(facts).get("letter")) for seq, facts in rows)
    return [(seq, str(one.get("number", ""))) for seq, one in found if isinstance(one, Mapping)]


def minutes(transaction: Transaction, viewer: Viewer, held: Held, title: Title, now: Instant) -> Document:
    """The minutes of a sitting as they were signed. Errors: `NotAllowedNow` before that."""
    if not held.minutes:
        raise NotAllowedNow("纪要尚未签发", "the minutes are not signed yet")
    data = {
        "title": f"{title.zh}纪要", "to": "", "issuer": held.area_name, "case_no": held.code, "subject": held.code,
        "place": held.area_name, "facts": [], "lines": held.minutes.rstrip("\n").split("\n"), "by": "",
        "at": shown(held.signed_at),
    }  # fmt: skip
    new = NewDocument(
        kind=DocumentKind.MINUTES, subject=f"m:{held.code}", unit="", prefix="", data=data,
        person_id=viewer.person_id, number=number_of(held),
    )  # fmt: skip
    return documents.issue(transaction, new, now)


def _expect_official(seen: Sight) -> None:
    if not seen.official:
        raise NotFound("没有这份文书", "there is no such document")


def _data(
    title: str, matter: _Matter, to: str, facts: Sequence[tuple[str, str]], by: str, at: str
) -> dict[str, Any]:  # fmt: skip
    return {
        "title": title, "to": to, "issuer": matter.desk, "case_no": matter.case_no, "subject": matter.title,
        "place": matter.place, "facts": [{"name": name, "text": text} for name, text in facts if text], "lines": [],
        "by": by, "at": at,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    at: Instant
    action: str
    scope: str
    task: int | None
    person_id: int | None
    post: str
    facts: Mapping[str, Any]


def _event(transaction: Transaction, ticket_id: int, where: str, seq: int) -> _Event | None:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT at, action, scope, task_seq, person_id, post, facts FROM event "  # noqa: S608
        f"WHERE ticket_id = {mark} AND {where.replace('@', mark)}",
        (ticket_id, seq),
    )
    for at, action, scope, task, person, post, facts in rows:
        return _Event(
            at=Instant(at), action=action, scope=scope, task=task, person_id=person, post=post, facts=json.loads(facts)
        )
    return None


def _matter(transaction: Transaction, versions: Versions, seen: Sight) -> _Matter:
    mark, *_ = marks(transaction, 1)
    ((workflow, item, opened, lineage),) = transaction.rows(
        "SELECT t.workflow_id, t.item, t.opened_at, a.lineage FROM ticket t JOIN area a ON a.id = t.area_id "  # noqa: S608
        f"WHERE t.id = {mark}",
        (seen.ticket_id,),
    )
    way = chain(lineage)
    match, listed = among(transaction, {link.id for link in way})
    called = dict(transaction.rows(f"SELECT id, name FROM area WHERE id {match}", listed))  # noqa: S608
    desk = next((link for link in way if link.level == _DESK), way[0])
    definition = versions.definition(transaction, workflow)
    named = item_names(transaction, {item_of(item)}) if item else {}
    return _Matter(
        definition=definition, case_no=seen.case_no, title=named.get(item_of(item or ""), definition.title.zh),
        place="".join(called[link.id] for link in reversed(way)), desk_id=desk.id, desk=called[desk.id],
        opened_at=Instant(opened),
    )  # fmt: skip


def _deadlines(
    transaction: Transaction, definition: Workflow, ticket_id: int, task: int | None
) -> list[tuple[str, str]]:
    if task is None:
        return []
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT name, due_at FROM deadline WHERE ticket_id = {mark} AND task_seq = {mark} ORDER BY due_at",  # noqa: S608
        (ticket_id, task),
    )
    return [(definition.deadlines[name].title.zh, shown(Instant(due))) for name, due in rows]


def _said(transaction: Transaction, definition: Workflow, event: _Event | None) -> list[tuple[str, str]]:
    """What the act's form says in officials' words; photos and files are named, not shown."""
    form = event.facts.get("form") if event else None
    if not isinstance(form, Mapping):
        return []
    words = Words.of(transaction, [definition], [form])
    skipped = (FieldType.PHOTO, FieldType.FILE, FieldType.PLACE)
    fields = [definition.fields[name] for name in form if name in definition.fields]
    return [
        (field.title.zh, words.said(field, form[field.name]))
        for field in fields
        if not field.personal and field.type not in skipped
    ]


def _by(transaction: Transaction, event: _Event | None) -> str:
    """Who did it, and by which post."""
    if event is None or event.person_id is None:
        return ""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT name FROM person WHERE id = {mark}", (event.person_id,))  # noqa: S608
    titles = posts_there(transaction)
    post = titles[event.post].zh if event.post in titles else event.post
    return f"{rows[0][0]}（{post}）" if rows and post else str(rows[0][0]) if rows else ""


def _addressee(transaction: Transaction, ticket_id: int, event: _Event) -> str:
    """The department whose task it is about, or every department that works on the ticket."""
    mark, *_ = marks(transaction, 1)
    limit = f"k.seq = {mark}" if event.task is not None else "k.state_type NOT IN ('closed', 'void')"
    rows = transaction.rows(
        "SELECT d.name FROM task k JOIN department d ON d.id = k.department_id "  # noqa: S608
        f"WHERE k.ticket_id = {mark} AND {limit} ORDER BY k.lead DESC, k.seq",
        (ticket_id, event.task) if event.task is not None else (ticket_id,),
    )
    return "、".join(dict.fromkeys(name for (name,) in rows))


def _action(definition: Workflow, event: _Event) -> str:
    """What the act is called, as its sender reads it."""
    places: list[Mapping[str, Any]] = [state.actions for state in definition.states.values()]
    places += [state.actions for kind in definition.tasks.values() for state in kind.states.values()]
    found = next((actions[event.action].title.zh for actions in places if event.action in actions), None)
    asked = {
        **definition.requests,
        **{name: one for kind in definition.tasks.values() for name, one in kind.requests.items()},
    }
    if found is None and event.action in asked:
        found = asked[event.action].title.zh
    return f"{found or event.action}单"


def tasks_of(transaction: Transaction, versions: Versions, seen: Sight) -> list[tuple[int, str, str]]:
    """The tasks of departments of a ticket: seq, unit, what kind of task it is."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT k.seq, d.name, k.kind, t.workflow_id FROM task k JOIN department d ON d.id = k.department_id "  # noqa: S608
        f"JOIN ticket t ON t.id = k.ticket_id WHERE k.ticket_id = {mark} ORDER BY k.seq",
        (seen.ticket_id,),
    )
    found = []
    for seq, unit, kind, workflow in rows:
        kinds = versions.definition(transaction, workflow).tasks
        found.append((int(seq), unit, kinds[kind].title.zh if kind in kinds else kind))
    return found
