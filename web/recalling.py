"""Acts of programs in as few journeys as can be: who asks is proven in the journey in which the act itself reads.

That journey has to name a person, that person's units and a ticket's id before anything was asked. So a process
remembers what was last found behind a token and a case number. That is a guess and no more: the token, the posts held
at this moment and the sight of the ticket are asked again each time, under the ticket's lock, and if anything is not as
it was remembered, nothing is done and the long way is gone, as it is where nothing is remembered. On SQLite it always
is: there it reads beside the only writer, not in it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.errors import HuyingError, NotFound
from engine.records import access, sheet
from engine.records.access import Viewer
from engine.records.asking import Question, ask, ask_last
from engine.records.sheet import Sight
from engine.rules.case import Actor, ActorKind
from engine.stages.calls import Call, Outcome
from engine.stages.door import refuse_unkeepable
from web.guarding import Bearer, asked_bearer, guesses_counted

#: Tokens, and tickets, that a process remembers; whoever goes beyond it begins anew.
MOST = 10_000
#: The call of a person on a ticket; of nobody's ticket for a start.
CallOf = Callable[[int, int | None], Call]


class Outdated(Exception):
    """What was remembered is no longer so."""


class Recall:
    """What a process remembers; shared by its threads."""

    def __init__(self) -> None:
        #: By the digest of a token: what a stolen memory shows opens nothing.
        self._people: dict[str, Viewer] = {}
        self._tickets: dict[str, int] = {}

    def keep_person(self, bearer: Bearer, viewer: Viewer) -> None:
        """Remember whose token that is, and the posts held."""
        if len(self._people) >= MOST:
            self._people.clear()
        self._people[access.digest_of(bearer.secret)] = viewer

    def keep_ticket(self, case_no: str, ticket_id: int) -> None:
        """Remember the id behind a case number."""
        if len(self._tickets) >= MOST:
            self._tickets.clear()
        self._tickets[case_no] = ticket_id

    def proof(self, bearer: Bearer, case_no: str | None) -> "Remembered | None":
        """What is to be proven of a request; None if too little is remembered."""
        viewer = self._people.get(access.digest_of(bearer.secret))
        ticket_id = self._tickets.get(case_no) if case_no is not None else None
        if viewer is None or (case_no is not None and ticket_id is None):
            return None
        return Remembered(bearer, viewer, case_no, ticket_id)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A `Proof` for the door."""

    bearer: Bearer
    viewer: Viewer
    case_no: str | None
    ticket_id: int | None

    def asked(self, transaction: Transaction, now: Instant) -> Sequence[tuple[str, Question[Any]]]:
        """Room for guesses, whose token it is, and the sight of the ticket."""
        room, whose = asked_bearer(transaction, self.bearer, now)
        asked: list[tuple[str, Question[Any]]] = [("room", room), ("viewer", self._whose(whose))]
        if self.case_no is not None:
            asked.append(("seen", self._seen(transaction, self.case_no)))
        return asked

    def actor(self, answers: Mapping[str, Any], /) -> Actor:
        """The person, with the posts that were found."""
        viewer: Viewer = answers["viewer"]
        return Actor(kind=ActorKind.PERSON, person_id=viewer.person_id, name=viewer.login, posts=viewer.posts)

    def _whose(self, asked: Question[Viewer]) -> Question[Viewer]:
        viewer = yield from asked
        # By these units the sight was asked for.
        if viewer.units != self.viewer.units:
            raise Outdated
        return viewer

    def _seen(self, transaction: Transaction, case_no: str) -> Question[Sight]:
        try:
            seen = yield from sheet.asked_sight(transaction, self.viewer, case_no)
        except NotFound as gone:
            raise Outdated from gone
        if seen.ticket_id != self.ticket_id:
            raise Outdated
        return seen


async def recall(request: Request) -> Recall:
    """What this process remembers."""
    remembered: Recall = request.app.state.recall
    return remembered


Recalled = Annotated[Recall, Depends(recall)]


def done(house: Application, known: Recall, bearer: Bearer, call_of: CallOf, case_no: str | None = None) -> Outcome:
    """An act by whoever holds a token: a start, or on the ticket of that number.

    Errors: `NotSignedIn`; `TooOften` for an address that guesses; `NotFound` for a ticket that they may not see; then
    whatever `call_of` and the door raise.
    """
    now = house.clock.now()
    outcome = _shortly(house, known, bearer, call_of, case_no, now) if house.database.dialect == "postgresql" else None
    if outcome is None:
        viewer, ticket_id = _looked_up(house, bearer, case_no, now)
        outcome = house.door.act(call_of(viewer.person_id, ticket_id))
        known.keep_person(bearer, viewer)
    known.keep_ticket(outcome.case_no, outcome.ticket_id)
    return outcome


def _shortly(
    house: Application, known: Recall, bearer: Bearer, call_of: CallOf, case_no: str | None, now: Instant
) -> Outcome | None:
    """The act with all that is asked of its caller in one journey; None where that cannot be or was not so."""
    proof = known.proof(bearer, case_no)
    if proof is None:
        return None
    try:
        call = call_of(proof.viewer.person_id, proof.ticket_id)
        refuse_unkeepable(call)
    except HuyingError:
        # Whoever is nobody, or may not see the ticket, hears that first.
        return None
    with suppress(Outdated), guesses_counted(house, bearer, now):
        return house.door.act(call, proof=proof)
    return None


def _looked_up(house: Application, bearer: Bearer, case_no: str | None, now: Instant) -> tuple[Viewer, int | None]:
    """Who holds the token, and the id of the ticket that they may see."""
    with guesses_counted(house, bearer, now), house.database.looking() as transaction:
        room, whose = asked_bearer(transaction, bearer, now)
        if case_no is None:
            return ask_last(transaction, whose, before=[room]), None
        _, viewer = ask(transaction, [room, whose])
        return viewer, ask_last(transaction, sheet.asked_sight(transaction, viewer, case_no)).ticket_id
