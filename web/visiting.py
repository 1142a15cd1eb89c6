"""Whoever comes without an account: how often from one address, and how often with a secret that nobody has."""

from collections.abc import Callable

from fastapi import Request

from engine.application import Application
from engine.clock import MINUTE
from engine.database import Transaction
from engine.errors import NotFound
from engine.records import limits
from engine.records.limits import Limit
from web.addresses import address_of

#: Pages from one address, which a whole office may share: five a second, again and again.
VIEWS = Limit(most=3_000, window=10 * MINUTE)
#: Secrets that open nothing, from one address: more than anybody mistypes. After that no secret is looked at, right or
#: wrong.
MISSES = Limit(most=30, window=10 * MINUTE)


def count_view(house: Application, request: Request) -> None:
    """One more page for somebody without an account. Errors: `TooOften`."""
    key, now = f"views:{address_of(request)}", house.clock.now()
    house.database.acting(lambda transaction: limits.count(transaction, key, VIEWS, now))


def look_up(house: Application, request: Request, look: Callable[[Transaction], object]) -> None:
    """Look up what a secret opens. Errors: those of `look`; `TooOften` for an address that has missed too often."""
    key, now = f"missed:{address_of(request)}", house.clock.now()
    try:
        with house.database.looking() as transaction:
            limits.expect_room(transaction, key, MISSES, now)
            look(transaction)
    except NotFound:
        house.database.acting(lambda transaction: limits.count(transaction, key, MISSES, now))
        raise
