"""How often a password may be tried, by login, whether there is one or not, and by address; and a bearer token."""

import hashlib
from collections.abc import Iterator

from fastapi import Request

from engine.application import Application
from engine.clock import MINUTE
from engine.database import Transaction
from engine.errors import NotSignedIn
from engine.records import access, limits
from engine.records.access import Viewer
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


def by_token(house: Application, request: Request, secret: str) -> Viewer:
    """Whose bearer token that is. Errors: `NotSignedIn`; `TooOften` with `retry_after` for an address that guesses."""
    now, source = house.clock.now(), address_of(request)
    try:
        with house.database.looking() as transaction:
            limits.expect_room(transaction, f"token:{source}", TOKENS, now)
            return access.by_token(transaction, secret, now)
    except NotSignedIn:

        def missed(transaction: Transaction) -> None:
            if limits.count(transaction, f"again:{source}:{access.digest_of(secret)[:16]}", AGAIN, now) == 1:
                limits.count(transaction, f"token:{source}", TOKENS, now)

        house.database.acting(missed)
        raise


def _keys(request: Request, login: str) -> Iterator[tuple[str, Limit]]:
    digest = hashlib.sha256(login.casefold().encode("utf-8", "replace")).hexdigest()[:32]
    yield f"login:{digest}", BY_LOGIN
    yield f"signin:{address_of(request)}", BY_ADDRESS
