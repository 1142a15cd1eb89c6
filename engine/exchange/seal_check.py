"""Hold a sealed file against a database: what was changed, removed, moved or cut off since it was sealed, by name.

A file holds every seal up to its own, so the newest file guards all that was sealed before it as well: the database's
own leaves are believed as far as their root is the one that stands in the file.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from engine.database import Database, Transaction
from engine.errors import Malformed
from engine.exchange.seal_file import SealFile
from engine.exchange.seal_findings import Finding, Kind, judged
from engine.records import seals, unmasking
from engine.records.seals import Sealed
from engine.records.verify import events, heads
from engine.rules.seal import Leaf, Statement, Tree
from engine.signing import key_id, signed

#: Tickets between two tellings of how far it is.
_OFTEN = 500


@dataclass(slots=True)
class Check:
    """What was found, and how much was held against it."""

    findings: list[Finding] = field(default_factory=list)
    seals: int = 0
    tickets: int = 0
    events: int = 0
    #: Public keys that made the signatures, in the order in which they first did.
    keys: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    def add(self, kind: Kind, *, seal: int | None = None, case_no: str = "", note: tuple[str, str] = ("", "")) -> None:
        self.findings.append(Finding(kind, seal=seal, case_no=case_no, note=note))


def alone(file: SealFile, trusted: frozenset[str] = frozenset()) -> Check:
    """Check a file by itself: every signature, the chain of seals, and the root over its leaves.

    `trusted` are the public keys that the second organisation was given; with none, every signature is held against
    the key that its own seal names.
    """
    return _alone(file, trusted)[0]


def _alone(file: SealFile, trusted: frozenset[str]) -> tuple[Check, bool]:
    """What was found in a file, and whether its leaves are those that were sealed."""
    check = Check()
    _chain(check, file.chain, trusted)
    return check, _root(check, file.seal.statement, file.leaves())


def against(
    database: Database,
    file: SealFile,
    trusted: frozenset[str] = frozenset(),
    *,
    tell: Callable[[int], None] = lambda done: None,
) -> Check:
    """Check a file by itself, and everything that it and the seals before it say against the database.

    One consistent state of the database, in constant memory. `tell` is told how many tickets are done.
    """
    check, whole = _alone(file, trusted)
    with database.looking() as transaction:
        believed = _seals(check, transaction, file, trusted)
        _accesses(check, transaction, file.seal.statement)
        own = ((leaf, file.seal.number) for leaf in file.leaves() if whole)
        theirs = (one for one in seals.by_ticket(transaction) if one[1] in believed)
        _tickets(check, transaction, merge(theirs, own, key=lambda one: one[0].ticket_id), tell)
    return check


def kept(
    database: Database, trusted: frozenset[str] = frozenset(), *, tell: Callable[[int], None] = lambda done: None
) -> Check:
    """Check the seals that lie in a database by themselves, and what they say against it. `tell` as above.

    Whoever can write the database can take seals away from its end, and with no `trusted` key make others: only the
    file of a second organisation knows better.
    """
    check = Check()
    with database.looking() as transaction:
        chain = list(seals.every(transaction))
        _chain(check, chain, trusted)
        # What follows hangs on the signatures: a statement that cannot be read was named above.
        believed = frozenset(
            sealed.number
            for sealed in chain
            if (statement := _readable(sealed)) is not None
            and _root(check, statement, seals.leaves(transaction, sealed.number))
        )
        if chain and (statement := _readable(chain[-1])) is not None:
            _accesses(check, transaction, statement)
        leaves = (one for one in seals.by_ticket(transaction) if one[1] in believed)
        _tickets(check, transaction, leaves, tell)
    return check


def _readable(sealed: Sealed) -> Statement | None:
    try:
        return sealed.statement
    except Malformed:
        return None


def _chain(check: Check, chain: Iterable[Sealed], trusted: frozenset[str], before: Statement | None = None) -> None:
    """Signatures and links of seals in their order."""
    for sealed in chain:
        check.seals += 1
        try:
            statement = sealed.statement
        except Malformed:
            check.add(Kind.SEAL_REPLACED, seal=sealed.number)
            return
        if not signed(statement.key, sealed.text, sealed.signature):
            check.add(Kind.SIGNATURE_WRONG, seal=sealed.number)
        elif trusted and statement.key not in trusted:
            note = (
                f"密钥 {key_id(statement.key)} 不在所给公钥之中",
                f"key {key_id(statement.key)} is none of those given",
            )
            check.add(Kind.SIGNATURE_WRONG, seal=sealed.number, note=note)
        elif statement.key not in check.keys:
            check.keys.append(statement.key)
        number, link = (before.number + 1, before.hash) if before else (1, "")
        if statement.number != number:
            check.add(Kind.SEAL_REMOVED, seal=number)
        elif statement.previous != link:
            check.add(
                Kind.SEAL_REPLACED, seal=number - 1, note=("其后的封存不认它", "the one after it does not know it")
            )
        before = statement


def _root(check: Check, statement: Statement, leaves: Iterable[Leaf]) -> bool:
    tree = Tree(statement.algorithm)
    for leaf in leaves:
        tree.add(leaf)
    whole = (tree.root(), tree.leaves, tree.events) == (statement.root, statement.tickets, statement.events)
    if not whole:
        check.add(Kind.ROOT_WRONG, seal=statement.number)
    return whole


def _accesses(check: Check, transaction: Transaction, statement: Statement) -> None:
    """The access log goes at least as far as it did then, and is the same up to there: it is a chain."""
    if unmasking.hash_at(transaction, statement.accesses) != statement.access:
        check.add(Kind.ACCESS_LOG, seal=statement.number)
    for number, note in unmasking.faults(transaction):
        if number <= statement.accesses:
            check.add(Kind.ACCESS_LOG, seal=statement.number, note=note)


def _seals(check: Check, transaction: Transaction, file: SealFile, trusted: frozenset[str]) -> frozenset[int]:
    """The numbers of the seals whose leaves in the database are those that were sealed."""
    believed = set()
    kept = seals.every(transaction)
    there = next(kept, None)
    for sealed in file.chain:
        if there is None or there.number != sealed.number:
            check.add(Kind.SEAL_REMOVED, seal=sealed.number)
            continue
        if there != sealed:
            check.add(Kind.SEAL_REPLACED, seal=sealed.number)
        if _root(check, sealed.statement, seals.leaves(transaction, sealed.number)):
            believed.add(sealed.number)
        there = next(kept, None)
    later = [*([there] if there else []), *kept]
    before = len(check.findings)
    _chain(check, later, trusted, file.seal.statement)
    if len(check.findings) == before:
        for sealed in later:
            if _root(check, sealed.statement, seals.leaves(transaction, sealed.number)):
                believed.add(sealed.number)
    return frozenset(believed)


def _tickets(
    check: Check, transaction: Transaction, leaves: Iterator[tuple[Leaf, int]], tell: Callable[[int], None]
) -> None:
    """Walk leaves, tickets and events side by side, all in the order of tickets."""
    known, told = _Ahead(heads(transaction)), _Ahead(groupby(events(transaction), key=itemgetter(0)))
    for ticket_id, sealed in groupby(leaves, key=lambda one: one[0].ticket_id):
        head, group = known.at(ticket_id), told.at(ticket_id)
        rows = list(group[1]) if group else []
        check.tickets += 1
        check.events += len(rows)
        found = judged(list(sealed), head[1] if head else None, rows)
        check.findings.extend(found)
        if check.tickets % _OFTEN == 0:
            tell(check.tickets)
    tell(check.tickets)


class _Ahead:
    """What is asked for in rising order of tickets from what comes in that order."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self._next: Any = next(items, None)

    def at(self, ticket_id: int) -> Any:
        """The item of a ticket; None if there is none."""
        while self._next is not None and self._next[0] < ticket_id:
            self._next = next(self._items, None)
        return self._next if self._next is not None and self._next[0] == ticket_id else None
