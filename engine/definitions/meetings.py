"""Bodies that decide over many tickets: their seats by post, quorum, regular day and agenda."""

from dataclasses import replace

from engine.definitions.births import civil_day
from engine.definitions.declarations import join_rule
from engine.definitions.model import CLOCK, RULE, AreaScope, Join, Meeting, Role, Seat, Title, Workflow
from engine.definitions.names import HERE, WITHIN, word
from engine.definitions.occasions import When
from engine.definitions.reading import Reader, Word
from engine.definitions.rhythm_days import parse_time
from engine.definitions.scopes import Book, Keys
from engine.definitions.source import Entry, Node
from engine.definitions.walk import every_action
from engine.errors import Malformed

#: Minutes after midnight of a regular sitting that says no time.
_NINE = 9 * 60
_HALF = Join("1/2", share=(1, 2))


def declare(reader: Reader, book: Book, top: dict[str, Entry]) -> None:
    """Read the bodies of a file, so that actions can name them; states and roles are known by now."""
    for entry in reader.named(top["meetings"].value, "会议", "meeting") if "meetings" in top else ():
        book.meetings[entry.key] = _meeting(reader, book, entry)


def _meeting(reader: Reader, book: Book, entry: Entry) -> Meeting:
    keys = reader.section(entry.value, "meeting")
    seats = {
        seat.key: _seat(reader, book, seat)
        for seat in (reader.named(keys["seats"].value, "席位", "seat") if "seats" in keys else ())
    }
    open_states = [state.name for state in book.ticket.states.values() if not state.final]
    chair = _known(reader, keys, "chair", seats, "席位", "seat")
    return Meeting(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        per=_level(reader, book, keys["per"].value, ()) if "per" in keys else "",
        seats=seats,
        chair=chair,
        convenes=tuple(dict.fromkeys((chair, *_convenes(reader, book, keys, seats)))),
        quorum=_quorum(reader, keys),
        agenda=tuple(
            given.text
            for given in (reader.words(keys["agenda"].value) if "agenda" in keys else ())
            if reader.known(given, open_states, "状态", "state")
        ),
        when=_when(reader, keys),
        carry=_known(reader, keys, "carry", book.action_names(), "动作", "action") or None,
        line=entry.line,
    )


def _seat(reader: Reader, book: Book, entry: Entry) -> Seat:
    keys = reader.section(entry.value, "seat")
    posts = {**book.words.posts, **book.posts}
    by_title = {title.zh: name for name, title in posts.items()}
    held = set()
    for given in reader.words(keys["post"].value) if "post" in keys else ():
        post = Word(by_title.get(given.text, given.text), given.line)
        if reader.known(post, posts, "岗位", "post"):
            held.add(post.text)
    return Seat(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        posts=frozenset(held),
        area=_level(reader, book, keys["area"].value, (HERE, WITHIN)) if "area" in keys else HERE,
    )


def _level(reader: Reader, book: Book, node: Node, also: tuple[str, ...]) -> str:
    levels = {**book.words.levels, **book.levels}
    text = reader.text(node)
    text = word("seat area", text) if also else text
    given = Word({title.zh: name for name, title in levels.items()}.get(text, text), node.line)
    known = given.text and reader.known(given, [*also, *levels], "区域层级", "level of areas")
    return given.text if known else ""


def _known(reader: Reader, keys: Keys, key: str, names: dict[str, Seat] | set[str], zh: str, en: str) -> str:
    if key not in keys:
        return ""
    given = Word(reader.text(keys[key].value), keys[key].line)
    return given.text if given.text and reader.known(given, sorted(names), zh, en) else ""


def _convenes(reader: Reader, book: Book, keys: Keys, seats: dict[str, Seat]) -> list[str]:
    """Seats, and roles that can be held against an area alone."""
    found = []
    for given in reader.words(keys["convenes"].value) if "convenes" in keys else ():
        role = book.roles.get(given.text)
        if given.text not in seats and role is not None and not by_area(role):
            reader.refuse(
                given.line,
                f"角色“{given.text}”不能召集会议：召集者应按岗位和区域认定",
                f"the role '{given.text}' can't convene: whoever does is known by post and area",
            )
        elif reader.known(given, [*seats, *book.roles], "席位或角色", "seat or role"):
            found.append(given.text)
    return found


def by_area(role: Role) -> bool:
    """Whether a role means holders of posts in the body's own area or one above it."""
    return bool(role.posts) and role.area is not None and role.department is None and role.person is None


def _quorum(reader: Reader, keys: Keys) -> Join:
    if "quorum" not in keys:
        return _HALF
    node = keys["quorum"].value
    if word("join", reader.text(node)) in ("any", "lead"):
        reader.refuse(
            node.line,
            "法定人数应为人数（5）、分数（1/2）、百分比（60%）或 all（全部）",
            "a quorum is a number (5), a fraction (1/2), a percentage (60%) or `all`",
        )
        return _HALF
    return join_rule(reader, node)


def _when(reader: Reader, keys: Keys) -> When | None:
    at = _NINE
    if "at" in keys:
        node = keys["at"].value
        try:
            at = parse_time(reader.text(node))
        except Malformed as error:
            reader.refuse(node.line, error.zh, error.en)
        if "on" not in keys:
            reader.refuse(node.line, "时刻（at）应与例会日（on）同写", "`at` belongs to `on`")
    day = civil_day(reader, keys["on"].value) if "on" in keys else None
    return replace(day, at=at) if day is not None else None


def examine(reader: Reader, workflow: Workflow) -> None:
    """Note what is wrong with the bodies of a compiled file, and with what is to be done in their sittings."""
    if workflow.meetings and workflow.confidential is not None:
        # Agendas and minutes are read by every member and whoever is above them.
        reader.refuse(
            next(iter(workflow.meetings.values())).line,
            "有保密（confidential）的流程不能设会议：议程和纪要全体成员可见",
            "a file with `confidential` can't have meetings: every member reads agendas and minutes",
        )
    for meeting in workflow.meetings.values():
        _carried(reader, workflow, meeting)
        _seats_reach(reader, workflow, meeting)
        if not any(action.meeting == meeting.name for action in every_action(workflow)):
            reader.refuse(
                meeting.line,
                f"没有任何动作写明在会议“{meeting.name}”上办理（meeting），它什么也议决不了",
                f"no action has `meeting: {meeting.name}`, so it can decide nothing",
            )
    _decided_on_the_agenda(reader, workflow)


def _decided_on_the_agenda(reader: Reader, workflow: Workflow) -> None:
    for state in workflow.states.values():
        for action in state.actions.values():
            meeting = workflow.meetings.get(action.meeting or "")
            if meeting is not None and state.name not in meeting.agenda:
                reader.refuse(
                    action.line,
                    f"“{action.name}”在会议“{meeting.name}”上办理，但状态“{state.name}”不在其议程（agenda）中",
                    f"'{action.name}' is done in '{meeting.name}', whose `agenda` lacks the state '{state.name}'",
                )
            if meeting is not None and action.by & {CLOCK, RULE}:
                reader.refuse(
                    action.line,
                    f"“{action.name}”在会上议决，不能由时钟或规则办理",
                    f"'{action.name}' is decided in a sitting, not by clock or rule",
                )


def _carried(reader: Reader, workflow: Workflow, meeting: Meeting) -> None:
    """Whatever state of the agenda a ticket is in, the clock can carry it over."""
    for name in meeting.agenda if meeting.carry else ():
        action = workflow.states[name].actions.get(meeting.carry or "")
        if action is None or CLOCK not in action.by:
            reader.refuse(
                meeting.line,
                f"会议“{meeting.name}”的结转“{meeting.carry}”应是状态“{name}”中由时钟（clock）办理的动作",
                f"'{meeting.carry}' of '{meeting.name}' must be an action by `clock` in the state '{name}'",
            )


def _seats_reach(reader: Reader, workflow: Workflow, meeting: Meeting) -> None:
    """Posts below the body's area sit by `within`; a level names areas at or above it."""
    ranks, own = workflow.ranks, workflow.ranks.get(meeting.per)
    for seat in meeting.seats.values():
        level = ranks.get(seat.area)
        if own is not None and level is not None and level < own:
            reader.refuse(
                meeting.line,
                f"席位“{seat.name}”的层级“{seat.area}”低于会议的层级“{meeting.per}”，请写 within（区内）",
                f"the seat '{seat.name}' is at '{seat.area}', below '{meeting.per}': write `within`",
            )
    areas = (role.area for name, role in workflow.roles.items() if name in meeting.convenes)
    for area in areas:
        level = ranks.get(area or "")
        if area != AreaScope.TICKET and own is not None and level is not None and level < own:
            reader.refuse(
                meeting.line,
                f"会议“{meeting.name}”的召集角色所在层级“{area}”低于会议的层级",
                f"a role that convenes '{meeting.name}' is at '{area}', below the body's own level",
            )
