"""What an action brings about, word by word of the file: each function is one word of the grammar."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Action, FieldType, Workflow
from engine.definitions.walk import every_action
from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.rules import admitting, cards, deadlines, evidence, exempting, lettering, points, sending
from engine.rules.acts import Act, CommandKind
from engine.rules.arriving import settle_ask
from engine.rules.case import AreaLink, Ask, Case, RequestState, Run, Task
from engine.rules.doing import Doing
from engine.rules.draft import Draft
from engine.rules.forms import Filled, fill
from engine.rules.notices import units
from engine.vocabulary import SETTLED, StateType

#: Fields kept on lists and pages outside the history, erasable.
_PARTICULARS = ("description", "address", "contact_name", "contact_phone")


def fill_each(case: Case, action: Action, act: Act, now: Instant, *, evidence: bool) -> dict[int, Filled] | HuyingError:
    """`each`: the questions asked once per finished task of the present round, all of them answered."""
    answers: dict[int, Filled] = {}
    wanted = {
        task.seq: items
        for kind, items in action.each.items()
        for task in case.round_of(kind)
        if task.type is StateType.CLOSED
    }
    for seq in act.each:
        if seq not in wanted:
            return Malformed("没有这项待评价的任务", "there is no such task to score", place=Place(field=f"each.{seq}"))
    for seq, items in wanted.items():
        filled = fill(items, act.each.get(seq, {}), act.references, now, evidence=evidence)
        if isinstance(filled, HuyingError):
            return filled.at(Place(field=f"each.{seq}.{filled.place.field}"))
        answers[seq] = filled
    return answers


def apply(doing: Doing) -> HuyingError | None:
    """Every effect of an action but its move, in this order: words first, then requests, tasks, tickets, deadlines."""
    _keep(doing)
    _prove(doing)
    if doing.event_seq == 1:
        _begin(doing)
    _count(doing)
    for step in (
        _in_reach,
        _ask,
        _answer,
        sending.withdraw_tasks,
        sending.reopen,
        sending.send,
        sending.hand_over,
        sending.urge,
        _join,
        _split,
        _time,
        _card,
        _open,
        admitting.settle,
        points.settle,
        exempting.settle,
        lettering.settle,
        lettering.mention,
    ):
        error = step(doing)
        if error is not None:
            return error
    _mark(doing)
    return None


def _keep(doing: Doing) -> None:
    """Store the form: in the event, and what the ticket remembers of it."""
    draft, filled, ticket = doing.draft, doing.filled, doing.draft.ticket
    doing.facts["role"] = doing.capacity.role
    if doing.action.ruling is not None:
        doing.facts["ruling"] = doing.action.ruling.value
    if doing.action.appraises is not None:
        # The area for which the post is held is whose call, or whose score, it is.
        doing.facts["appraises"] = [doing.action.appraises.value, doing.capacity.area_id]
    if draft.act.given_as and doing.actor == draft.act.actor:
        doing.personal["answered_by"] = dict(draft.act.given_as)
    if filled.facts:
        doing.facts["form"] = dict(filled.facts)
    if doing.answers:
        doing.facts["each"] = {str(seq): dict(answer.facts) for seq, answer in doing.answers.items()}
        words = {str(seq): answer.personal for seq, answer in doing.answers.items() if answer.personal}
        if words:
            doing.personal["each"] = words
    if filled.waived:
        doing.facts["waived"] = list(filled.waived)
    doing.personal.update(filled.personal)
    sat = draft.act.references.sittings.get(doing.action.meeting or "")
    if sat is not None:
        doing.facts["sitting"] = [sat.code, sat.number]
    for name, value in filled.facts.items():
        _remember(doing, name, value)
    for name, value in _all_facts(doing):
        for upload in _uploads(doing, name, value):
            draft.decision.attachments.append((name, upload, doing.event_seq))
    for name in _PARTICULARS:
        value = filled.get(name)
        if value is not None:
            draft.decision.particulars[name] = value
    before = (ticket.item, ticket.urgency)
    if "item" in filled.facts:
        ticket.item = filled.facts["item"]
        ticket.memory.limit = draft.act.references.items[filled.facts["item"]].limit
        if ticket.memory.limit:
            # The catalogue may say otherwise later; what held now must stand in the history.
            doing.facts["limit"] = ticket.memory.limit
    ticket.urgency = filled.facts.get("urgency", ticket.urgency)
    if (ticket.item, ticket.urgency) != before:
        ticket.state_version += 1


def _remember(doing: Doing, name: str, value: Any) -> None:
    memory, definition = doing.draft.ticket.memory, doing.draft.definition
    if name in definition.tracked:
        branches = definition.fields[name].type in (FieldType.CHOICE, FieldType.YES_NO)
        memory.choices[name] = value if branches else ""
    called = (doing.draft.act.references.called or {}).get(str(value))
    if called is not None:
        # A sitting may be moved to another day later; what it was called for now must stand in the history.
        doing.facts.setdefault("days", {})[value] = called.day.isoformat()
    if name in _dated(definition):
        memory.dates[name] = called.day.isoformat() if called is not None else value
    if (definition.admits is not None and name in definition.admits.fields) or name in _mentioned(definition):
        memory.kept[name] = value
    # Where a handler arrived is no place of the ticket; a place may also be an area without a point.
    if doing.task is None and isinstance(value, dict) and "lon_e7" in value and "lat_e7" in value:
        doing.draft.decision.spot = value
    secret = definition.confidential
    if secret is not None and name == secret.not_about:
        known = doing.draft.act.references.departments
        memory.about = tuple(known[code].id for code in (value if isinstance(value, list) else [value]))


@lru_cache(maxsize=256)
def _dated(definition: Workflow) -> frozenset[str]:
    """Fields whose date some deadline runs until."""
    return frozenset(deadline.until for deadline in definition.deadlines.values() if deadline.until)


@lru_cache(maxsize=256)
def _mentioned(definition: Workflow) -> frozenset[str]:
    """Fields whose tickets some act tells: a later form of the loop begins with what an earlier one said."""
    return frozenset(action.mentions for action in every_action(definition) if action.mentions is not None)


def _all_facts(doing: Doing) -> Iterator[tuple[str, Any]]:
    """What the form holds, and what was filled in once per task."""
    yield from doing.filled.facts.items()
    for answer in doing.answers.values():
        yield from answer.facts.items()


def _uploads(doing: Doing, name: str, value: Any) -> Iterator[str]:
    field_type = doing.draft.definition.fields[name].type if name in doing.draft.definition.fields else ""
    if field_type in (FieldType.PHOTO, FieldType.FILE):
        yield from value if isinstance(value, list) else [value]


def _prove(doing: Doing) -> None:
    """Hold each photo against the act, and say in its event what came of it; see `evidence`."""
    draft, photos = doing.draft, doing.draft.act.references.photos
    told = []
    for name, value in _all_facts(doing):
        declared = draft.definition.fields.get(name)
        if declared is None or declared.type is not FieldType.PHOTO:
            continue
        since, until = _window(doing, name), Instant(draft.at + evidence.AHEAD)
        for sha256 in value if isinstance(value, list) else [value]:
            if sha256 in photos:
                judged = evidence.judge(
                    photos[sha256], since=since, until=until, spot=draft.act.references.spot
                )  # fmt: skip
                told.append({"photo": sha256, **judged})
    if told:
        doing.facts["evidence"] = told


def _window(doing: Doing, name: str) -> Instant:
    """The earliest moment at which a photo of this field may have been taken.

    What a start asks for shows the matter as it was found; everything else shows work, which began with its task.
    """
    draft = doing.draft
    opened = draft.at if doing.event_seq == 1 else draft.ticket.opened_at
    if any(item.name == name for start in draft.definition.starts.values() for item in start.form):
        return Instant(opened - evidence.BEFORE_REPORT)
    return Instant((doing.task.opened_at if doing.task else opened) - evidence.BEFORE_WORK)


def _begin(doing: Doing) -> None:
    """A ticket is born: whose it is, and who may know of it."""
    draft, ticket = doing.draft, doing.draft.ticket
    ticket.creator_department = doing.capacity.department_id
    ticket.opened_at = draft.at
    # Whoever records somebody else's words is not the reporter: they may neither withdraw nor rate in their place.
    for_another = any(doing.filled.get(name) for name in ("contact_name", "contact_phone"))
    if for_another:
        doing.facts["for_another"] = True
    reporter = draft.act.references.people.get(draft.act.reporter)
    if reporter is not None:
        ticket.reporter_id = reporter.id
        doing.facts["reporter"] = reporter.login
        draft.reach(f"p{reporter.id}")
    elif not for_another and doing.actor.person_id is not None:
        ticket.reporter_id = doing.actor.person_id
    if doing.actor.person_id is not None:
        draft.reach(f"p{doing.actor.person_id}")
    draft.reach(*(f"a{link.id}" for link in ticket.area))
    if ticket.creator_department is not None:
        draft.reach(f"d{ticket.creator_department}")


def _in_reach(doing: Doing) -> HuyingError | None:
    """A row of a register must lie in an area of the ticket: its own, one above, or one below."""
    for item in doing.action.form:
        if not item.field.register:
            continue
        value = doing.filled.get(item.name)
        for code in value if isinstance(value, list) else [value]:
            for row in doing.draft.act.references.rows.get(code, ()):
                if row.register == item.field.register and not _overlap(row.chain, doing.draft.ticket.area):
                    return Malformed(
                        f"“{code}”不在本案所在区域",
                        f"'{code}' lies in no area of this ticket",
                        place=Place(field=item.name),
                    )
    return None


def _overlap(one: Sequence[AreaLink], other: Sequence[AreaLink]) -> bool:
    return one[0].id in {link.id for link in other} or other[0].id in {link.id for link in one}


def _count(doing: Doing) -> None:
    draft, task = doing.draft, doing.task
    for name in doing.action.clears:
        draft.memory(task, name, "counters").counters.pop(name, None)
        draft.memory(task, name, "marks").marks -= {name}
    for name in doing.action.counts:
        counters = draft.memory(task, name, "counters").counters
        counters[name] = counters.get(name, 0) + 1


def _mark(doing: Doing) -> None:
    """A mark is the ticket's, the acted task's, or that of the tasks just sent: whichever declares it."""
    draft = doing.draft
    for name in doing.action.sets:
        if name in draft.definition.marks:
            draft.ticket.memory.marks |= {name}
        elif doing.task is not None and name in draft.definition.tasks[doing.task.kind].marks:
            doing.task.memory.marks |= {name}
        else:
            for task in doing.sent:
                if name in draft.definition.tasks[task.kind].marks:
                    task.memory.marks |= {name}


def _ask(doing: Doing) -> HuyingError | None:
    request, draft, task = doing.asked, doing.draft, doing.task
    if request is None:
        return None
    ask = Ask(
        seq=draft.seq(),
        name=request.name,
        task_seq=task.seq if task else None,
        state=RequestState.OPEN,
        asked_at=draft.at,
        person_id=doing.actor.person_id,
        department_id=doing.capacity.department_id,
        form=dict(doing.filled.facts),
    )
    draft.add_ask(ask)
    doing.request_seq = ask.seq
    for timer in draft.timers_of(task):
        if timer.name in request.pauses:
            deadlines.pause(draft, timer.seq)
    deadlines.start(draft, request.deadlines, task, ask)
    return None


def _answer(doing: Doing) -> HuyingError | None:
    if doing.answered is None:
        return None
    doing.request_seq = doing.answered.seq
    settle_ask(doing.draft, doing.answered, RequestState.ANSWERED, doing.action.name)
    return None


def _join(doing: Doing) -> HuyingError | None:
    """并案: this ticket is carried by the main one until it is split off."""
    if doing.action.joins is None:
        return None
    ticket, place = doing.draft.ticket, Place(field=doing.action.joins)
    main = doing.draft.act.references.tickets[doing.value(doing.action.joins)]
    words = doing.draft.definition.words
    if main.id == ticket.id:
        return Malformed("不能并入自身", "a ticket cannot be joined to itself", place=place)
    if main.confidential != ticket.confidential:
        return NotAllowedNow(
            "保密案卷只能与保密案卷合并，公开案卷只能与公开案卷合并",
            "a confidential ticket joins a confidential one only, an open one an open one",
            place=place,
        )
    if main.type is StateType.JOINED:
        return NotAllowedNow(
            f"{main.case_no} 已并入另一{words['ticket'].zh}，请并入其{words['main'].zh}",
            f"{main.case_no} is itself joined to another",
            place=place,
        )
    if main.type in SETTLED:
        closed = words["closed"]
        return NotAllowedNow(
            f"{main.case_no} 已{closed.zh}，不能再并入",
            f"{main.case_no} is {closed.en.lower()}, nothing joins it any more",
            place=place,
        )
    ticket.main_id, ticket.main_type = main.id, main.type
    ticket.state_version += 1
    doing.facts["main"] = main.case_no
    return None


def _split(doing: Doing) -> HuyingError | None:
    if not doing.action.splits:
        return None
    ticket = doing.draft.ticket
    doing.facts["was_joined"] = ticket.main_id is not None
    ticket.main_id = ticket.main_type = None
    ticket.state_version += 1
    return None


def _time(doing: Doing) -> HuyingError | None:
    """`meets`, `extends` and `suspends`, on the acted task's deadlines, else the ticket's."""
    draft, task, action = doing.draft, doing.task, doing.action
    if doing.event_seq > 1 and "item" in doing.filled.facts and (changed := deadlines.relimit(draft)):
        doing.facts["relimited"] = changed
    deadlines.end(draft, (t for t in draft.timers_of(task) if t.name in action.meets), Run.MET)
    if action.extends is not None:
        for timer in _named(draft, task, action.extends):
            deadlines.extend(draft, timer.seq)
            doing.facts["due"] = draft.timers[timer.seq].due_at
            if draft.timers[timer.seq].provisional:
                doing.facts["provisional"] = True
    if action.suspends is None:
        return None
    return _suspend(doing, action.suspends)


def _suspend(doing: Doing, name: str) -> HuyingError | None:
    draft, until = doing.draft, doing.value(name)
    resumes = deadlines.day_after(until, draft.calendar)
    if resumes <= draft.now and doing.actor.kind.value != "import":
        return Malformed("恢复日期应在今天之后", "the date of resumption must lie ahead", place=Place(field=name))
    for timer in draft.timers_of(doing.task):
        deadlines.pause(draft, timer.seq, resumes)
    doing.facts["resumes"] = resumes
    return None


def _card(doing: Doing) -> HuyingError | None:
    """`card` and `lifts`, on the acted task, else on the ticket; `examine` has asked whether they may be."""
    draft, action = doing.draft, doing.action
    if action.lifts and (lifted := cards.lift(draft, doing.task, doing.event_seq)):
        doing.facts["lifted"] = [lifted.seq, lifted.card]
    if action.card is not None:
        given = cards.give(draft, doing.task, action.card, doing.capacity, doing.event_seq)
        if given is not None:
            doing.facts["card"] = [given.seq, given.card, given.rank]
    return None


def _named(draft: Draft, task: Task | None, name: str) -> Iterable[Any]:
    own = [timer for timer in draft.timers_of(task) if timer.name == name]
    return own or [timer for timer in draft.timers_of(None) if timer.name == name]


def _open(doing: Doing) -> HuyingError | None:
    opens = doing.action.opens
    if opens is not None:
        # Its words are read from the history when it is born: what is erased until then must stand nowhere else.
        wanted = {
            "seq": doing.event_seq,
            "workflow": opens.workflow,
            "start": opens.start,
            "fills": dict(opens.fills),
            "takes": list(opens.takes),
            "same_reporter": opens.same_reporter,
        }
        doing.draft.command(CommandKind.OPEN, None, wanted)
        # It is born in the background; whoever waits for it waits from now on.
        doing.draft.ticket.open_subs += 1
    return None


def tell(doing: Doing) -> None:
    """`tells`: a notice per unit, written with the act."""
    stopped = [doing.draft.tasks[seq] for seq in doing.facts.get("withdrawn", ())]
    tell_roles(doing.draft, doing.action.tells, doing.task, doing.event_seq, stopped)


def tell_roles(
    draft: Draft, roles: Iterable[str], task: Task | None, event_seq: int, stopped: Sequence[Task] = ()
) -> None:
    """A notice for each unit that these roles mean now."""
    for name in roles:
        role = draft.definition.roles[name]
        for unit in units(role, draft, task, stopped):
            draft.notice(event_seq, name, unit, tuple(sorted(role.posts)), duty=role.duty)
