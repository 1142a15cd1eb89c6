"""Erasing a citizen's personal data: found, written down, then ticket by ticket through the door's own writing.

A ticket's traces go in the transaction in which its history says `erased`; that line names nobody. Files are deleted
once the transaction is over, by the list that it left; so whoever was interrupted goes on where it stopped.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import Busy, NotFound
from engine.records import (
    administration,
    citizens,
    erasures,
    forgetting,
    load,
    register_keeping,
    reissuing,
    report_jobs,
    search,
    thumbs,
    uploads,
    write,
)
from engine.records.administration import AdminDeed, NewAct
from engine.records.citizens import Held, Who
from engine.records.erasures import ErasedThing, ErasureGround, Item
from engine.rules import decide
from engine.rules.acts import Act
from engine.rules.case import THE_RULE
from engine.stages.door import MOST_TRIES, Door
from engine.store import FileStore

ERASED = "erased"
#: What the key of a file begins with that is no upload.
_REPORTS = "reports/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be erased, and why."""

    who: Who
    ground: ErasureGround
    #: Tickets that are still handled go too.
    running: bool = False
    #: Pictures of officials go too, not only those that came with the report.
    pictures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an erasure would take away."""

    held: Held
    #: Kind of trace → how many there are.
    counts: Mapping[str, int]
    #: Tickets left out because they are still handled.
    left_out: tuple[str, ...]
    #: Case number and seq of hashed facts that mention the citizen and stay.
    remains: tuple[tuple[str, int], ...]
    #: What else mentions the citizen and stays: its kind and its name.
    by_hand: tuple[tuple[Title, str], ...]


def preview(transaction: Transaction, wish: Wish) -> Preview:
    """What would be erased. Errors: those of `citizens.find`; `NotFound` when nothing is held."""
    held = citizens.find(transaction, wish.who)
    left = [one for one in held.tickets if not one.settled and not wish.running]
    held.tickets = [one for one in held.tickets if one not in left]
    if held.nothing and not left:
        raise NotFound("没有查到此人的个人信息", "nothing is held on this citizen")
    counts = {
        **({"tickets": len(held.tickets)} if held.tickets else {}),
        **forgetting.traces(transaction, [one.id for one in held.tickets]),
    }
    photos = {
        digest for one in held.tickets for digest in forgetting.pictures(transaction, one.id, every=wish.pictures)
    }
    staying = forgetting.remains(transaction, held)
    by_hand = reissuing.staying(transaction, held.called)
    since = min((one.opened_at for one in held.tickets), default=None)
    more = {
        "tickets": len(held.tickets),
        "pictures": len(photos),
        "reports": len(forgetting.ledgers(transaction, since)) if since is not None else 0,
        "documents": len(reissuing.documents(transaction, held.called)),
        "bulletins": len(reissuing.bulletin_files(transaction, held.called, since)),
        "rows": len(held.rows),
        "account": int(held.account is not None),
        "mentions": forgetting.mentions(transaction, held.called),
        "remains": len(staying),
        "by_hand": len(by_hand),
    }
    counts = {name: count for name, count in more.items() if count} | counts
    # A confidential ticket is erased like any other, but who rules on it need not know which it is.
    names = tuple(one.case_no if not one.confidential else "（保密 / confidential）" for one in left)
    return Preview(held=held, counts=counts, left_out=names, remains=tuple(staying), by_hand=tuple(by_hand))


def begin(transaction: Transaction, wish: Wish, person_id: int | None, now: Instant) -> int:
    """Write down what is to be erased, and take it out of texts of officials and issued documents at once; the
    erasure's number. Files of bulletins are dropped with the first item, and made anew behind the last.

    Errors: as `preview`.
    """
    found = preview(transaction, wish)
    items = [(ErasedThing.TICKET, str(one.id)) for one in found.held.tickets]
    items += [(ErasedThing.REGISTER, f"{register}/{code}") for register, code in found.held.rows]
    items += [(ErasedThing.ACCOUNT, str(found.held.account[0]))] if found.held.account is not None else []
    files = _bulletins(transaction, found.held) if items else []
    forgetting.take_out(transaction, found.held.called)
    reissuing.reissue(transaction, found.held.called, now)
    number = erasures.begin(
        transaction, person_id, wish.ground, items, found.counts, now, pictures=wish.pictures, files=files
    )
    new = NewAct(person_id=person_id, deed=AdminDeed.ERASE, subject=str(number), counts=found.counts)
    administration.record(transaction, new, now)
    return number


def go_on(door: Door, store: FileStore, data: Path, number: int | None = None) -> int:
    """Do what is left of one erasure, or of all; how many items were done.

    Errors: `StoreUnreachable`, `Busy`; what was done stays done, and whoever calls again goes on.
    """
    with door.database.looking() as transaction:
        left = erasures.waiting(transaction, number)
    for item in left:
        files = item.files if item.erased else _erase(door, item)
        for key in files:
            _drop(store, data, key)
        door.database.acting(partial(erasures.done, item=item, now=door.clock.now()))
    if left:
        door.database.acting(search.forget_for_good)
        door.database.settle()
    door.database.acting(partial(_end, now=door.clock.now()))
    return len(left)


def _end(transaction: Transaction, now: Instant) -> None:
    """What is done is over; when nothing is left, bulletins get the files anew that were dropped."""
    erasures.end(transaction, now)
    if not erasures.waiting(transaction):
        report_jobs.make_again(transaction, "bulletin")


def _bulletins(transaction: Transaction, held: Held) -> list[str]:
    """The files of bulletins that are to go: nobody may take them from now on, and whoever makes one begins anew."""
    report_jobs.begin_again(transaction, "bulletin")
    since = min((one.opened_at for one in held.tickets), default=None)
    files = []
    for job, keys in reissuing.bulletin_files(transaction, held.called, since):
        report_jobs.gone(transaction, job)
        files += keys
    return files


def tidy(database: Database, data: Path) -> int:
    """Write the database anew without what was deleted, and drop the thumbnails on this machine whose picture is kept
    no longer; of how many pictures those were."""
    database.vacuum()
    kept = list(thumbs.pictured(data))
    with database.looking() as transaction:
        known = uploads.known(transaction, [key.replace("/", "") for key in kept])
    gone = [key for key in kept if key.replace("/", "") not in known]
    for key in gone:
        thumbs.drop(data, key)
    return len(gone)


def _erase(door: Door, item: Item) -> Sequence[str]:
    """One item's rows, in one transaction; the files that are to go."""
    work: Mapping[ErasedThing, Callable[[Door, Transaction, Item], Sequence[str]]] = {
        ErasedThing.TICKET: _ticket, ErasedThing.REGISTER: _register, ErasedThing.ACCOUNT: _account,
    }  # fmt: skip

    def erase(transaction: Transaction) -> Sequence[str]:
        files = [*item.files, *work[item.thing](door, transaction, item)]
        if not erasures.erased(transaction, item, files, door.clock.now()):
            raise write.LostRace
        return files

    for _ in range(MOST_TRIES):
        try:
            return door.database.acting(erase)
        except write.LostRace:
            with door.database.looking() as transaction:
                now = [one for one in erasures.waiting(transaction, item.erasure_id) if one.subject == item.subject]
            if not now or now[0].erased:
                return now[0].files if now else ()
    raise Busy


def _ticket(door: Door, transaction: Transaction, item: Item) -> Sequence[str]:
    """1. lock and load  2. delete traces, pictures and kept ledgers  3. the line of history that says so."""
    ticket_id, now = int(item.subject), door.clock.now()
    case = load.load(transaction, [ticket_id], door.versions.definition, lock=True)[ticket_id]
    every = erasures.erasure(transaction, item.erasure_id).pictures
    photos = forgetting.pictures(transaction, ticket_id, every=every)
    files = [uploads.key_of(one) for one in forgetting.forget_pictures(transaction, ticket_id, photos)]
    report_jobs.begin_again(transaction, "ledger")
    for job, keys in forgetting.ledgers(transaction, case.ticket.opened_at):
        report_jobs.gone(transaction, job)
        files += keys
    facts = {"erasure": item.erasure_id, "events": forgetting.forget(transaction, ticket_id), "pictures": photos}
    act = Act(action=ERASED, actor=THE_RULE, salt=os.urandom(32), algorithm=door.algorithm)
    batch = write.Batch()
    door.add_to(batch, decide.remark(case, act, now, door.versions.almanac(), facts), case.definition, now)
    write.write(transaction, batch)
    return files


def _register(door: Door, transaction: Transaction, item: Item) -> Sequence[str]:
    register, _, code = item.subject.partition("/")
    register_keeping.erase(transaction, register, code)
    return ()


def _account(door: Door, transaction: Transaction, item: Item) -> Sequence[str]:
    return [uploads.key_of(one) for one in forgetting.forget_account(transaction, int(item.subject))]


def _drop(store: FileStore, data: Path, key: str) -> None:
    store.drop(key)
    if not key.startswith(_REPORTS):
        thumbs.drop(data, key)
