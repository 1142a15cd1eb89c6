"""`huying calendar apply`: a file, the package's holidays or a decree become the next version of a calendar.

Former decrees stay, new ones are added. What has passed and was settled changes only by a correction with its reason.
"""

from typing import Final

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import Malformed, NotFound, Place
from engine.exchange.calendar_checks import claimed_once, odd, past_stays, same_zone
from engine.exchange.calendar_decree import check_decree
from engine.exchange.calendar_order import Applied, Order
from engine.exchange.calendar_package import PACKAGE, package_decrees
from engine.records.calendars import NewVersion, StoredCalendar, lock, newest, shipped, store, version_of
from engine.rules.calendar_changes import FIRST_DAY, changes
from engine.rules.calendar_file import CalendarFile
from engine.rules.decrees import Decree, merged, with_decrees

#: By whom the demo's calendars are applied.
DEMO: Final = "demo"


def apply_calendar(database: Database, order: Order) -> Applied:
    """Store the next version, unless nothing changes.

    Errors: `NotFound` for a key that is neither stored nor shipped; `CalendarError`, `DefinitionError` and `Malformed`
    for everything that is wrong with the file, the decree or the order. Then nothing is written.
    """

    def work(transaction: Transaction) -> Applied:
        lock(transaction)
        applied, version = _plan(transaction, order)
        if applied.changed:
            store(transaction, version, int(applied.new.rpartition("@")[2]))
        return applied

    return database.acting(work)


def preview_calendar(database: Database, order: Order) -> Applied:
    """What `apply_calendar` would do; nothing is written. Errors: the same."""
    with database.looking() as transaction:
        return _plan(transaction, order)[0]


def apply_package(database: Database, now: Instant) -> None:
    """Copy the package's decrees into every calendar that takes its holidays from there and has none yet."""
    with database.looking() as transaction:
        waiting = [row.key for row in newest(transaction) if not row.decrees and _from_package(row.file())]
    for key in waiting:
        apply_calendar(database, Order(key=key, now=now, by=DEMO))


def _plan(transaction: Transaction, order: Order) -> tuple[Applied, NewVersion]:
    """What an order comes to, in six steps.

    1. The version before, and the file: given, stored or shipped.
    2. The zone stays, and areas are claimed once.
    3. Decrees: those there are, and the new ones.
    4. Compiled and compared with the version before.
    5. The past needs a correction.
    6. What is odd is said.
    """
    old = version_of(transaction, order.key)
    file = order.file or _known_file(order.key, old)
    before = with_decrees(old.file().calendar, old.decrees, old.name) if old else None
    same_zone(file, before)
    claimed_once(transaction, file)
    decrees = _decrees(order, file, old)
    same = old is not None and (file.sha256, decrees) == (old.sha256, old.decrees)
    name = old.name if old and same else f"{order.key}@{old.version + 1 if old else 1}"
    calendar = with_decrees(file.calendar, decrees, name)
    compared = changes(before, calendar, calendar.day_of(order.now)) if before else None
    past_stays(order, compared)
    applied = Applied(
        key=order.key,
        old=old.name if old else None,
        new=name,
        earliest=compared.earliest if compared else FIRST_DAY,
        areas=_moved(file, old),
        changes=compared,
        calendar=calendar,
        warnings=tuple(odd(order, file, [decree for decree in decrees if old is None or decree not in old.decrees])),
    )
    return applied, NewVersion(file=file, decrees=decrees, at=order.now, by=order.by, reason=order.reason)


def _known_file(key: str, old: StoredCalendar | None) -> CalendarFile:
    if old is not None:
        return old.file()
    for file in shipped():
        if file.key == key:
            return file
    raise NotFound(f"没有日历“{key[:60]}”", f"no calendar '{key[:60]}'")


def _decrees(order: Order, file: CalendarFile, old: StoredCalendar | None) -> tuple[Decree, ...]:
    """Those that were there and the new ones; none for a calendar that keeps no holidays."""
    new = _new_decrees(order, file, old)
    return () if file.calendar.published is None else merged(old.decrees if old else (), new)


def _new_decrees(order: Order, file: CalendarFile, old: StoredCalendar | None) -> tuple[Decree, ...]:
    if order.decree is not None:
        if order.years is not None:
            raise Malformed(
                "--decree 与 --years 不能同用", "--decree and --years exclude each other", place=Place(field="--years")
            )
        check_decree(order.decree, file.calendar)
        return (order.decree.decree,)
    if not _from_package(file):
        if order.years is not None:
            raise Malformed(
                f"日历“{file.key}”的节假日不取自 {PACKAGE}",
                f"the calendar '{file.key}' does not take its holidays from {PACKAGE}",
                place=Place(field="--years"),
            )
        return ()
    found = package_decrees(file.calendar, order.years)
    if order.years is not None:
        return found
    # The document itself is stronger than a package that copies it.
    by_document = {decree.year for decree in (old.decrees if old else ()) if not decree.source.startswith(PACKAGE)}
    return tuple(decree for decree in found if decree.year not in by_document)


def _from_package(file: CalendarFile) -> bool:
    return file.calendar.statutory == PACKAGE


def _moved(file: CalendarFile, old: StoredCalendar | None) -> tuple[str, ...]:
    before = {(old.stands_for, code) for code in old.areas} if old else set()
    after = {(file.stands_in.of, code) for code in file.stands_in.areas} if file.stands_in else set()
    return tuple(sorted({code for _, code in before ^ after}))
