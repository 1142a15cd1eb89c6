"""How often a password may be tried, by login, whether there is one or not, and by address; and a bearer token."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request

from engine.application import Application
from engine.clock import MINUTE, Instant
from engine.database import Transaction
from engine.errors import NotSignedIn
from engine.records import access, limits
from engine.records.access import Viewer
from engine.records.asking import Question
from engine.records.limits import Limit
from web.addresses import address_of

#: The sixth try of a login waits until the window is over, with the right password too: else the answer would tell.
BY_LOGIN = Limit(most=5, window=15 * MINUTE)
#: A whole office may share an address, so only what failed stays counted.
BY_ADDRESS = Limit(most=30, window=10 * MINUTE)
#: Different tokens that open nothing, from one address. After that none is looked at, right or wrong.
TOKENS = Limit(most=30, window=10 * MINUTE)
#: The same one again is no other guess: a program whose token has ended must not shut out those that share its address.
AGAIN = Limit(most=300, window=10 * MINUTE)


def check(house: Application, request: Request, login: str, password: str) -> int:
    """The id of whoever has this login and password; a right one forgets the wrong ones before it.

    Errors: `TooOften` with `retry_after`, before anything is compared; `NotSignedIn`.
    """
    now, keys = house.clock.now(), dict(_keys(request, login))

    def begin(transaction: Transaction) -> None:
        for key, limit in keys.items():
            limits.count(transaction, key, limit, now)

    # Counted before the password is compared: many tries at once are many tries.
    house.database.acting(begin)
    person_id = access.check_password(house.database, login, password)
    by_login, by_address = keys

    def forget(transaction: Transaction) -> None:
        limits.forget(transaction, by_login)
        limits.take_back(transaction, by_address)

    house.database.acting(forget)
    return person_id


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token that came with a request, and the address that it came from."""

    secret: str
    source: str

    @property
    def key(self) -> str:
        """Under which wrong tokens of that address are counted."""
        return f"token:{self.source}"


def asked_bearer(transaction: Transaction, bearer: Bearer, now: Instant) -> tuple[Question[None], Question[Viewer]]:
    """What asks whether more tokens are looked at for that address, and whose this one is.

    Errors: `TooOften` with `retry_after` for an address that guesses; `NotSignedIn`, within `guesses_counted`.
    """
    return (
        limits.asked_room(transaction, bearer.key, TOKENS, now),
        access.asked_token(transaction, bearer.secret, now),
    )


@contextmanager
def guesses_counted(house: Application, bearer: Bearer, now: Instant) -> Iterator[None]:
    """A token that opens nothing is counted, in a transaction of its own."""
    try:
        yield
    except NotSignedIn:

        def missed(transaction: Transaction) -> None:
            again = f"again:{bearer.source}:{access.digest_of(bearer.secret)[:16]}"
            if limits.count(transaction, again, AGAIN, now) == 1:
                limits.count(transaction, bearer.key, TOKENS, now)

        house.database.acting(missed)
        raise


def _keys(request: Request, login: str) -> Iterator[tuple[str, Limit]]:
    digest = hashlib.sha256(login.casefold().encode("utf-8", "replace")).hexdigest()[:32]
    yield f"login:{digest}", BY_LOGIN
    yield f"signin:{address_of(request)}", BY_ADDRESS
