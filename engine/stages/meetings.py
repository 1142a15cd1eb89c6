"""A body comes together: a sitting is called, prepared, opened, closed and its minutes signed.

What is decided about a ticket is no act of the sitting: it passes the door, which looks the sitting up. Every act here
is one transaction with the sitting locked, and one line of its chained history.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions.model import Meeting, Workflow
from engine.errors import Busy, Malformed, NotAllowedNow, NotFound, NotPermitted, Place
from engine.records import bodies, sitting_notices, sittings
from engine.records.access import Viewer
from engine.records.bodies import Member, Way
from engine.records.sittings import Hand, Held, ItemRow, SeatRow
from engine.rules.case import Held as Post
from engine.rules.forms import LONGEST_TEXT, clean_text
from engine.rules.rhythm import Occurrence, coming
from engine.rules.sittings import ItemOutcome, Presence, Quorum, SittingState, quorum_of
from engine.stages import minutes
from engine.stages.door import MOST_TRIES, Door, is_double, ticket_id
from engine.vocabulary import SETTLED

T = TypeVar("T")
#: Tickets that one agenda takes by itself.
MOST_ITEMS = 200
#: Characters of a place; a year ahead is the furthest that a sitting may be called for.
_PLACE, _AHEAD = 100, timedelta(days=366)
_CLOCK = Hand(login="clock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the attendance says of one member."""

    presence: Presence
    #: Login of the deputy who came in the member's place.
    stand_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body for one area, by the words of one version of its workflow."""

    workflow: Workflow
    workflow_id: int
    meeting: Meeting
    area: Way


class Meetings:
    """The acts on sittings; `door` lends the database, the clock and the versions."""

    def __init__(self, door: Door) -> None:
        self.door, self.database, self.clock, self.versions = door, door.database, door.clock, door.versions

    # -- calling -------------------------------------------------------------------------------------------------

    def call(self, viewer: Viewer, workflow: str, meeting: str, area: str, at: Instant, place: str = "") -> str:
        """An extraordinary sitting for an area; its code, and a notice with the agenda to every member.

        Errors: `NotFound` for no such body, `NotPermitted`, `Malformed` for a time that has passed or a place too long.
        """

        def work(transaction: Transaction, now: Instant) -> str:
            body = self._body(transaction, workflow, meeting, area)
            hand = self._convenor(transaction, body, viewer)
            self._ahead(at, now)
            return self._called(transaction, body, hand, "", at, _placed(place), now).code

        return self._acting(work)

    def call_regular(self, transaction: Transaction, body: Body, now: Instant) -> Held | None:
        """The next regular sitting; None when it is called already, or the body has no regular day."""
        due = self._due(transaction, body, now)
        return self._called(transaction, body, _CLOCK, due.period, due.at, "", now) if due is not None else None

    def regular_is_called(self, transaction: Transaction, body: Body, now: Instant) -> bool:
        """Whether there is nothing for `call_regular` to do."""
        return self._due(transaction, body, now) is None

    def _due(self, transaction: Transaction, body: Body, now: Instant) -> Occurrence | None:
        """The next regular day, if no sitting was called for its period."""
        if body.meeting.when is None:
            return None
        calendar = self.versions.almanac().of(body.workflow.calendar, body.area)
        due = next(coming(body.meeting.when, calendar, now), None)
        ours = "s.workflow = @ AND s.meeting = @ AND s.area_id = @ AND s.period = @"
        key = (body.workflow.key, body.meeting.name, body.area[0].id)
        there = due is None or sittings.listed(transaction, ours, *key, due.period)
        return None if there else due

    def _called(
        self, transaction: Transaction, body: Body, hand: Hand, period: str, at: Instant, place: str, now: Instant
    ) -> Held:
        sitting = sittings.create(
            transaction, workflow=body.workflow.key, workflow_id=body.workflow_id, meeting=body.meeting.name,
            area_id=body.area[0].id, period=period, planned_at=at, place=place,
        )  # fmt: skip
        self._line(transaction, sitting, "called", hand, {"at": at, "place": place, "period": period}, now)
        self._draw(transaction, body, sitting, hand, now)
        self._tell(transaction, body, sitting, "called", now)
        return sitting

    def move(self, viewer: Viewer, code: str, at: Instant, place: str, reason: str) -> None:
        """Another time or place; every member is told. Errors: as `call`, `NotAllowedNow` once it was opened."""

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.CALLED)
            hand = self._convenor(transaction, body, viewer)
            self._ahead(at, now)
            facts = {"at": at, "place": _placed(place), "was": sitting.planned_at, "reason": _reason(reason)}
            sittings.change(transaction, sitting, planned_at=at, place=_placed(place))
            self._line(transaction, sitting, "moved", hand, facts, now)
            self._tell(transaction, body, sitting, "moved", now)

        self._acting(work)

    def cancel(self, viewer: Viewer, code: str, reason: str) -> None:
        """It does not take place; what was on its agenda waits for the next. Errors: as `move`."""

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.CALLED)
            hand = self._convenor(transaction, body, viewer)
            self._line(transaction, sitting, "cancelled", hand, {"reason": _reason(reason)}, now)
            self._tell(transaction, body, sitting, "cancelled", now)
            for item in sittings.items(transaction, sitting.id):
                if item.outcome is ItemOutcome.OPEN:
                    sittings.settle_item(transaction, sitting.id, item.ticket_id, ItemOutcome.REMOVED, now)
            sittings.change(transaction, sitting, state=SittingState.CANCELLED)

        self._acting(work)

    # -- the agenda ----------------------------------------------------------------------------------------------

    def put(self, viewer: Viewer, code: str, case_no: str) -> None:
        """Put a ticket on the agenda. Errors: `NotAllowedNow` when it is none of the body's business, or waits
        elsewhere; `NotFound`, `NotPermitted`."""

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.CALLED, SittingState.IN_SESSION)
            hand = self._convenor(transaction, body, viewer)
            number = ticket_id(transaction, case_no)
            if number not in {one for one, _ in self._business(transaction, body)}:
                raise NotAllowedNow(
                    f"{case_no} 不在可上会的状态，或不属本辖区，或已在某次会议的议程上",
                    f"{case_no} is in no state for this agenda, lies elsewhere, or waits on an agenda already",
                    place=Place(field="ticket"),
                )
            times = sittings.put(transaction, sitting, number)
            self._line(transaction, sitting, "put", hand, {"ticket": case_no, "carried": times}, now)

        self._acting(work)

    def take_off(self, viewer: Viewer, code: str, case_no: str, reason: str) -> None:
        """Take an undecided ticket off the agenda. Errors: as `put`, `NotFound` for one that isn't on it."""

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.CALLED, SittingState.IN_SESSION)
            hand = self._convenor(transaction, body, viewer)
            item = self._item(transaction, sitting, case_no)
            sittings.settle_item(transaction, sitting.id, item.ticket_id, ItemOutcome.REMOVED, now)
            facts = {"ticket": case_no, "reason": _reason(reason)}
            self._line(transaction, sitting, "taken_off", hand, facts, now)

        self._acting(work)

    def first(self, viewer: Viewer, code: str, case_no: str) -> None:
        """An item is taken before all others. Errors: as `take_off`."""

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.CALLED, SittingState.IN_SESSION)
            hand = self._convenor(transaction, body, viewer)
            item = self._item(transaction, sitting, case_no)
            sittings.put_first(transaction, sitting.id, item.ticket_id)
            self._line(transaction, sitting, "ordered", hand, {"first": case_no}, now)

        self._acting(work)

    # -- in session ----------------------------------------------------------------------------------------------

    def open(self, viewer: Viewer, code: str) -> int:
        """Open it: who the members are is settled now, and the sitting gets its number of the year, without gaps.

        Errors: `NotPermitted` for whoever does not hold the chair's seat, `NotAllowedNow` when the body sits already.
        """

        def work(transaction: Transaction, now: Instant) -> int:
            body, sitting = self._taken(transaction, code, SittingState.CALLED)
            hand = self._chair(transaction, body, viewer)
            self._alone(transaction, sitting)
            year = moment(now).year
            nth = sittings.next_number(transaction, sitting, year)
            sittings.change(
                transaction, sitting, state=SittingState.IN_SESSION, year=year, nth=nth, opened_at=now,
                chair_id=viewer.person_id,
            )  # fmt: skip
            there = bodies.members(transaction, body.meeting, body.area, now)
            rows = [_seated(one, viewer.person_id, hand.behalf_of, now) for one in there]
            sittings.keep_seats(transaction, sitting.id, rows)
            facts = {"number": [year, nth], "seats": _seats_said(rows)}
            self._line(transaction, sitting, "opened", hand, facts, now)
            self._draw(transaction, body, sitting, hand, now)
            return nth

        return self._acting(work)

    def attend(self, viewer: Viewer, code: str, said: Mapping[str, Said]) -> Quorum:
        """Who is there: login of a member → presence, and who came in their place.

        A stand-in is the member's deputy by the roster. Answers the quorum as it is then.
        Errors: `Malformed` naming the login, `NotAllowedNow` unless in session.
        """

        def work(transaction: Transaction, now: Instant) -> Quorum:
            body, sitting = self._taken(transaction, code, SittingState.IN_SESSION)
            hand = self._convenor(transaction, body, viewer)
            seated = {row.person_id: row for row in sittings.seats(transaction, sitting.id)}
            known = {one.login: one for one in bodies.members(transaction, body.meeting, body.area, now)}
            changed = []
            for login, word in said.items():
                row = seated.get(known[login].person_id) if login in known else None
                if row is None:
                    raise _wrong(login, f"“{login[:40]}”不是本次会议的成员", f"'{login[:40]}' is no member")
                changed.append(_attending(row, known[login], word, now))
            sittings.keep_seats(transaction, sitting.id, changed)
            self._line(transaction, sitting, "attended", hand, {"seats": _seats_said(changed)}, now)
            present = [row.presence for row in sittings.seats(transaction, sitting.id)]
            return quorum_of(body.meeting, present)

        return self._acting(work)

    def close(self, viewer: Viewer, code: str) -> None:
        """Close it: what was not decided is carried over, whoever was not there is absent, the next one is called.

        Errors: `NotPermitted` for whoever does not preside, `NotAllowedNow` unless in session.
        """

        def work(transaction: Transaction, now: Instant) -> None:
            body, sitting = self._taken(transaction, code, SittingState.IN_SESSION)
            hand = self._chair(transaction, body, viewer)
            rows = sittings.seats(transaction, sitting.id)
            absent = [_with(row, Presence.ABSENT, None, now) for row in rows if row.presence is Presence.AWAITED]
            sittings.keep_seats(transaction, sitting.id, absent)
            carried, gone = self._carry(transaction, body, sitting, now)
            seats = _seats_said(sittings.seats(transaction, sitting.id))
            facts = {"seats": seats, "carried": carried, "gone": gone}
            sittings.change(transaction, sitting, state=SittingState.CLOSED, closed_at=now)
            self._line(transaction, sitting, "closed", hand, facts, now)
            self.call_regular(transaction, self._active(transaction, body), now)

        self._acting(work)

    def sign(self, viewer: Viewer, code: str, remarks: str = "") -> str:
        """Sign the minutes: their text is what it is from now on, and the history holds its sha256, which is answered.

        Errors: `NotPermitted` for whoever does not hold the chair's seat, `NotAllowedNow` unless closed and not signed.
        """

        def work(transaction: Transaction, now: Instant) -> str:
            body, sitting = self._taken(transaction, code, SittingState.CLOSED)
            hand = self._chair(transaction, body, viewer)
            told = minutes.gather(transaction, self.versions, body.meeting, sitting)
            text = minutes.text(told, remarks=_remarks(remarks), signed_by=viewer.name, signed_at=now)
            digest = hashlib.sha256(text.encode()).hexdigest()
            sittings.change(transaction, sitting, state=SittingState.SIGNED, signed_at=now, minutes=text)
            self._line(transaction, sitting, "signed", hand, {"sha256": digest}, now)
            return digest

        return self._acting(work)

    # -- the steps they share ------------------------------------------------------------------------------------

    def _acting(self, work: Callable[[Transaction, Instant], T]) -> T:
        """One transaction; again when a number or a place on an agenda was taken in between."""
        now, lost = self.clock.now(), None
        for _ in range(MOST_TRIES):
            try:
                return self.database.acting(lambda transaction: work(transaction, now))
            except Exception as failure:
                if not is_double(failure):
                    raise
                lost = failure
        raise Busy from lost

    def _line(
        self, transaction: Transaction, sitting: Held, kind: str, hand: Hand, facts: Mapping[str, Any], now: Instant
    ) -> None:
        sittings.append(transaction, sitting, kind, hand, facts, now, self.door.algorithm)

    def _tell(self, transaction: Transaction, body: Body, sitting: Held, what: str, now: Instant) -> None:
        there = bodies.members(transaction, body.meeting, body.area, now)
        sitting_notices.tell(transaction, self.versions, body.meeting, sitting, there, what, now)

    def _body(self, transaction: Transaction, workflow: str, meeting: str, area: str) -> Body:
        """A body of an active workflow. Errors: `NotFound`."""
        loop = self.versions.active(transaction, workflow)
        found = loop.meetings.get(meeting)
        there = {code: way for _, code, _, way in bodies.areas_of(transaction, found.per)} if found else {}
        if found is None or area not in there:
            raise NotFound("没有这个会议", "there is no such body")
        return Body(workflow=loop, workflow_id=self.versions.id_of(loop), meeting=found, area=there[area])

    def _active(self, transaction: Transaction, body: Body) -> Body:
        """The same body as new sittings of it are called."""
        loop = self.versions.active(transaction, body.workflow.key)
        meeting = loop.meetings.get(body.meeting.name)
        if meeting is None:
            return body
        return Body(workflow=loop, workflow_id=self.versions.id_of(loop), meeting=meeting, area=body.area)

    def _taken(self, transaction: Transaction, code: str, *states: SittingState) -> tuple[Body, Held]:
        """A sitting, locked, in one of these states. Errors: `NotFound`, `NotAllowedNow`."""
        sitting = sittings.find(transaction, code, lock=True)
        loop = self.versions.definition(transaction, sitting.workflow_id)
        if sitting.state not in states:
            zh, en = minutes.STATES[sitting.state].zh, minutes.STATES[sitting.state].en
            raise NotAllowedNow(f"{code} {zh}，不能这样办理", f"{code} is {en.lower()}: this can't be done now")
        meeting = loop.meetings[sitting.meeting]
        return Body(workflow=loop, workflow_id=sitting.workflow_id, meeting=meeting, area=sitting.area), sitting

    def _convenor(self, transaction: Transaction, body: Body, viewer: Viewer) -> Hand:
        return self._by(transaction, body, viewer, body.meeting.convenes)

    def _chair(self, transaction: Transaction, body: Body, viewer: Viewer) -> Hand:
        return self._by(transaction, body, viewer, (body.meeting.chair,))

    def _by(self, transaction: Transaction, body: Body, viewer: Viewer, names: Sequence[str]) -> Hand:
        held: Post | None = bodies.standing(transaction, body.workflow, body.meeting, body.area, viewer.posts, names)
        if held is None:
            raise NotPermitted
        return Hand(login=viewer.login, person_id=viewer.person_id, post=held.post, behalf_of=held.behalf_of)

    def _ahead(self, at: Instant, now: Instant) -> None:
        if not now < at <= now + _AHEAD // timedelta(microseconds=1):
            raise _wrong(
                "at", "开会时间应在此刻之后、一年之内", "a sitting is called for a time within a year from now"
            )

    def _alone(self, transaction: Transaction, sitting: Held) -> None:
        ours = "s.workflow = @ AND s.meeting = @ AND s.area_id = @ AND s.state = 'in_session'"
        running = sittings.listed(transaction, ours, sitting.workflow, sitting.meeting, sitting.area[0].id)
        if running:
            raise NotAllowedNow(
                f"{running[0].code} 正在开会，请先闭会", f"{running[0].code} is in session; close it first"
            )

    def _business(self, transaction: Transaction, body: Body) -> list[tuple[int, str]]:
        """Id and case number of what waits for the body and is on no agenda, the oldest first."""
        key, area, states = body.workflow.key, body.area[0].id, body.meeting.agenda
        return sittings.business(transaction, key, area, states=states, limit=MOST_ITEMS)

    def _draw(self, transaction: Transaction, body: Body, sitting: Held, hand: Hand, now: Instant) -> None:
        """Put on the agenda what waits for the body and is on no other."""
        drawn = [
            [case_no, sittings.put(transaction, sitting, number)]
            for number, case_no in self._business(transaction, body)
        ]
        if drawn:
            self._line(transaction, sitting, "drawn", hand, {"tickets": drawn}, now)

    def _item(self, transaction: Transaction, sitting: Held, case_no: str) -> ItemRow:
        for item in sittings.items(transaction, sitting.id):
            if item.case_no == case_no and item.outcome is ItemOutcome.OPEN:
                return item
        raise NotFound(f"议程上没有待议的 {case_no[:40]}", f"{case_no[:40]} is no open item of this agenda")

    def _carry(
        self, transaction: Transaction, body: Body, sitting: Held, now: Instant
    ) -> tuple[list[str], list[str]]:  # fmt: skip
        """What was not decided: carried over, or gone from the states of the agenda meanwhile."""
        carried, gone = list[str](), list[str]()
        for item in sittings.items(transaction, sitting.id):
            if item.outcome is not ItemOutcome.OPEN:
                continue
            state = self.versions.definition(transaction, item.workflow_id).states[item.state]
            stays = item.state in body.meeting.agenda and state.type not in SETTLED
            outcome = ItemOutcome.CARRIED if stays else ItemOutcome.REMOVED
            again = now if stays and body.meeting.carry else None
            sittings.settle_item(transaction, sitting.id, item.ticket_id, outcome, now, carry_at=again)
            (carried if stays else gone).append(item.case_no)
        return carried, gone


def _seated(member: Member, chair: int, behalf_of: int | None, now: Instant) -> SeatRow:
    """A member at the opening: whoever opens is there, in person or in the member's place."""
    opens = member.person_id == (behalf_of or chair)
    return SeatRow(
        person_id=member.person_id, seat=member.seat, post=member.post, area_id=member.area_id,
        presence=Presence.PRESENT if opens else Presence.AWAITED,
        stand_in_id=chair if opens and behalf_of is not None else None, at=now if opens else None,
    )  # fmt: skip


def _attending(row: SeatRow, member: Member, said: Said, now: Instant) -> SeatRow:
    if not said.stand_in:
        return _with(row, said.presence, None, now)
    ids = {login: number for number, login, _ in member.deputies}
    if said.stand_in not in ids or said.presence is not Presence.PRESENT:
        raise _wrong(
            member.login,
            f"“{said.stand_in[:40]}”现在不是{member.name}的代理人",
            f"'{said.stand_in[:40]}' is no deputy of {member.name} now",
        )
    return _with(row, said.presence, ids[said.stand_in], now)


def _with(row: SeatRow, presence: Presence, stand_in: int | None, now: Instant) -> SeatRow:
    return SeatRow(
        person_id=row.person_id, seat=row.seat, post=row.post, area_id=row.area_id, presence=presence,
        stand_in_id=stand_in, at=now,
    )  # fmt: skip


def _seats_said(rows: Sequence[SeatRow]) -> list[list[Any]]:
    """Members as entries say them, by id."""
    ordered = sorted(rows, key=lambda row: row.person_id)
    return [[row.person_id, row.seat, row.post, row.presence.value, row.stand_in_id] for row in ordered]


def _placed(place: str) -> str:
    text = " ".join(clean_text(place).split())
    if len(text) > _PLACE or not (text.isprintable() or not text):
        raise _wrong("place", f"地点应为 {_PLACE} 字以内的文字", f"a place has at most {_PLACE} characters")
    return text


def _reason(text: str) -> str:
    """Why, as its history says it."""
    return _worded(text, "reason", needed=True)


def _remarks(text: str) -> str:
    return _worded(text, "remarks", needed=False)


def _worded(text: str, field: str, *, needed: bool) -> str:
    clean = clean_text(text)
    if needed and not clean:
        raise _wrong(field, "请填写理由", "a reason is required")
    if len(clean) > LONGEST_TEXT or any(not (sign.isprintable() or sign in "\n\t") for sign in clean):
        raise _wrong(field, "文字过长或含控制字符", "the text is too long or has control characters")
    return clean


def _wrong(field: str, zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field=field))
