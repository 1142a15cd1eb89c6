"""The engine's values as the API shows them."""

from collections.abc import Iterable, Mapping

from engine.clock import SECOND, Instant, iso
from engine.definitions.model import FormItem, State, TaskKind, Title, Workflow
from engine.definitions.words import shipped
from engine.records.lists import Due, Row
from engine.records.names import Named
from engine.records.sheet import Clock, History, Line, Sheet
from engine.rules.case import Ask, Card, Task
from engine.stages.calls import Offer, Outcome
from web.api import shapes, workflow_shapes


def title(shown: Title) -> shapes.TitleOut:
    return shapes.TitleOut(zh=shown.zh, en=shown.en)


def coded(code: str, shown: Title) -> shapes.CodeOut:
    return shapes.CodeOut(code=code, title=title(shown))


def moment(at: Instant | None) -> str | None:
    return None if at is None else iso(at)


def named(found: Mapping[int, Named], key: int | None) -> shapes.NamedOut | None:
    return shapes.NamedOut(code=found[key].code, name=found[key].name) if key in found and key is not None else None


def person(found: Mapping[int, Named], key: int | None) -> shapes.PersonOut | None:
    return shapes.PersonOut(login=found[key].code, name=found[key].name) if key in found and key is not None else None


def row(listed: Row, definition: Workflow) -> shapes.RowOut:
    state = definition.states[listed.state]
    return shapes.RowOut(
        case_no=listed.case_no,
        workflow=coded(definition.key, definition.title),
        state=coded(state.name, state.title),
        state_type=listed.state_type,
        stage=listed.stage,
        area=shapes.AreaRefOut(code=listed.area_code, name=listed.area_name, level=listed.area_level),
        item=listed.item,
        urgency=listed.urgency,
        description=listed.description,
        address=listed.address,
        opened_at=iso(listed.opened_at),
        entered_at=iso(listed.entered_at),
        settled_at=moment(listed.settled_at),
        due=_due(listed.due, definition),
        confidential=listed.confidential,
        own_tasks=[
            shapes.OwnTaskOut(
                task=own.seq,
                kind=own.kind,
                state=coded(own.state, definition.tasks[own.kind].states[own.state].title),
            )
            for own in listed.own
        ],
    )


def _due(due: Due | None, definition: Workflow) -> shapes.DueOut | None:
    if due is None:
        return None
    shown = title(definition.deadlines[due.name].title)
    return shapes.DueOut(name=due.name, title=shown, at=iso(due.at), light=due.light, provisional=due.provisional)


def ticket(seen: Sheet) -> shapes.TicketOut:
    case, definition, called = seen.case, seen.definition, seen.names
    own = case.ticket
    state = definition.states[own.state]
    return shapes.TicketOut(
        case_no=own.case_no,
        workflow=coded(definition.key, definition.title),
        workflow_version=definition.version,
        state=coded(state.name, state.title),
        state_type=state.type.value,
        stage=state.stage.value if state.stage else "",
        state_version=own.state_version,
        area=shapes.AreaRefOut(code=seen.area_code, name=seen.area_path[0], level=seen.area_level),
        area_path=list(seen.area_path),
        item=own.item,
        urgency=own.urgency,
        channel=own.channel,
        reporter=person(called.people, own.reporter_id),
        department=named(called.departments, own.creator_department),
        description=seen.description,
        address=seen.address,
        contact_name=seen.shown_name,
        contact_phone=seen.shown_phone,
        counters=own.memory.counters,
        marks=sorted(own.memory.marks),
        main=called.tickets.get(own.main_id or 0),
        parent=called.tickets.get(own.parent_id or 0),
        joined=list(seen.joined),
        subs=list(seen.subs),
        opened_at=iso(own.opened_at),
        entered_at=iso(own.entered_at),
        settled_at=moment(own.settled_at),
        confidential=own.confidential,
        tasks=[task(seen, one) for one in case.tasks.values()],
        requests=[request(seen, one) for one in case.open_asks()],
        deadlines=[deadline(one) for one in seen.clocks],
        cards=[card(one) for one in case.cards.values()],
        level=own.level,
    )


def card(one: Card) -> shapes.CardOut:
    found = shipped().cards.get(one.card, Title(one.card, one.card))
    return shapes.CardOut(card=coded(one.card, found), task=one.task_seq, given_at=iso(one.given_at))


def task(seen: Sheet, one: Task) -> shapes.TaskOut:
    kind = seen.definition.tasks[one.kind]
    return shapes.TaskOut(
        task=one.seq,
        kind=coded(kind.name, kind.title),
        state=coded(one.state, kind.states[one.state].title),
        state_type=one.type.value,
        round=one.round,
        present=seen.in_present_round(one),
        lead=one.lead,
        version=one.version,
        department=named(seen.names.departments, one.department_id),
        person=person(seen.names.people, one.person_id),
        opened_at=iso(one.opened_at),
        entered_at=iso(one.entered_at),
        settled_at=moment(one.settled_at),
        counters=one.memory.counters,
        marks=sorted(one.memory.marks),
        previous=one.previous,
    )


def request(seen: Sheet, one: Ask) -> shapes.RequestOut:
    owner = seen.case.tasks[one.task_seq] if one.task_seq is not None else None
    return shapes.RequestOut(
        request=one.seq,
        name=coded(one.name, seen.case.scope(owner).requests[one.name].title),
        task=one.task_seq,
        asked_at=iso(one.asked_at),
        department=named(seen.names.departments, one.department_id),
        person=person(seen.names.people, one.person_id),
        form=one.form,
    )


def deadline(one: Clock) -> shapes.DeadlineOut:
    timer = one.timer
    return shapes.DeadlineOut(
        name=timer.name,
        title=title(one.title),
        task=timer.task_seq,
        request=timer.request_seq,
        run=timer.run.value,
        limit=timer.limit,
        started_at=iso(timer.started_at),
        due_at=iso(timer.due_at),
        light=one.light,
        holder=one.holder,
        left_seconds=one.left // SECOND,
        working=one.working,
        rungs=[
            shapes.RungOut(
                at=iso(mark.at),
                place=title(mark.place),
                brings=[title(brought) for brought in mark.brings],
                light=mark.light,
                card=mark.card,
                come=mark.come,
            )
            for mark in one.strip.marks
        ],
        extensions=timer.extensions,
        provisional=timer.provisional,
        paused_at=moment(timer.paused_at),
        resumes_at=moment(timer.resumes_at),
    )


def form(items: Iterable[FormItem]) -> list[shapes.FieldOut]:
    return [
        shapes.FieldOut(
            name=item.name,
            title=title(item.field.title),
            type=item.field.type.value,
            required=item.required,
            many=item.many,
            personal=item.field.personal,
            choices=[coded(code, shown) for code, shown in item.field.of.items()],
        )
        for item in items
    ]


def offer(one: Offer) -> shapes.OfferOut:
    return shapes.OfferOut(
        action=one.name,
        title=title(one.title),
        kind=one.kind,  # type: ignore[arg-type]  # one of three words, which the door knows as text
        task=one.task,
        request=one.request,
        expected=one.expected,
        to=one.to,
        form=form(one.form),
        each={str(seq): form(items) for seq, items in one.each.items()},
        possible=one.possible,
        code=one.code,
        reason=one.reason,
    )


def outcome(one: Outcome, definition: Workflow) -> shapes.OutcomeOut:
    return shapes.OutcomeOut(
        case_no=one.case_no,
        state=coded(one.state, definition.states[one.state].title),
        state_version=one.state_version,
        seq=one.seq,
        last_seq=one.last_seq,
        created=list(one.created),
        repeated=one.repeated,
    )


def history(case_no: str, seen: History) -> shapes.HistoryOut:
    return shapes.HistoryOut(
        case_no=case_no,
        events=[event(line, seen) for line in seen.lines],
        next=seen.lines[-1].seq if seen.more else None,
    )


def event(line: Line, seen: History) -> shapes.EventOut:
    return shapes.EventOut(
        seq=line.seq,
        at=iso(line.at),
        recorded_at=iso(line.recorded_at),
        source=line.source,
        action=line.action,
        title=title(line.title),
        task=line.task,
        task_kind=line.scope,
        request=line.request,
        actor=line.actor,
        person=person(seen.names.people, line.person_id),
        post=line.post,
        department=named(seen.names.departments, line.department_id),
        behalf_of=person(seen.names.people, line.behalf_of),
        state_from=line.state_from,
        state_to=line.state_to,
        stage=line.stage,
        facts=dict(line.facts),
        words=None if line.words is None else dict(line.words),
        hash=line.hash,
    )


def state(one: State) -> workflow_shapes.StateOut:
    return workflow_shapes.StateOut(
        name=one.name,
        title=title(one.title),
        type=one.type.value,
        stage=one.stage.value if one.stage else None,
        final=one.final,
    )


def starts(definition: Workflow) -> list[workflow_shapes.StartOut]:
    return [
        workflow_shapes.StartOut(action=start.name, title=title(start.title), form=form(start.form))
        for start in definition.starts.values()
    ]


def kinds(definition: Workflow) -> dict[str, list[workflow_shapes.StateOut]]:
    return {kind.name: states(kind) for kind in definition.tasks.values()}


def states(scope: Workflow | TaskKind) -> list[workflow_shapes.StateOut]:
    return [state(one) for one in scope.states.values()]
