"""What is held on one citizen: found by phone, by name and phone, by login, or by one case number.

A name alone finds nothing: thousands share it, and who asks for a namesake's data must not get it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Malformed, NotFound, Place
from engine.records.asking import among, marks
from engine.rules.phones import dialled

#: Characters of a name that is looked for.
_SHORTEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """How a citizen is named by whoever asks in their place; at least one of phone, login and case number."""

    phone: str = ""
    name: str = ""
    login: str = ""
    case_no: str = ""

    def expect_enough(self) -> None:
        """Errors: `Malformed` naming the field."""
        if not (self.phone or self.login or self.case_no):
            raise Malformed(
                "请填写电话、账号或案卷号之一；只凭姓名不查，同名者众",
                "give a phone, a login or a case number: a name alone finds nothing, because many share it",
                place=Place(field="phone"),
            )
        if self.phone and not dialled(self.phone):
            raise Malformed("这不是电话号码", "this is no telephone number", place=Place(field="phone"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTicket:
    """A ticket that holds a citizen's data."""

    id: int
    case_no: str
    opened_at: Instant
    settled: bool
    confidential: bool


@dataclass(slots=True, kw_only=True)
class Held:
    """What is held on a citizen."""

    tickets: list[HeldTicket] = field(default_factory=list)
    #: Id and login of the account.
    account: tuple[int, str] | None = None
    #: Register and code of rows.
    rows: list[tuple[str, str]] = field(default_factory=list)
    #: Names and phones under which the citizen stands there, as they were written; for texts that mention them.
    called: set[str] = field(default_factory=set)

    @property
    def nothing(self) -> bool:
        return not (self.tickets or self.account or self.rows)


def find(transaction: Transaction, who: Who) -> Held:
    """What is held on a citizen. Tickets that were opened by one of theirs for their words are among it.

    Errors: `Malformed` for too little, `NotFound` for a login or a case number that is not there, `Malformed` for the
    account of an official, who is no citizen in this.
    """
    who.expect_enough()
    held = Held()
    ids: set[int] = set()
    phones = {dialled(who.phone)} - {""}
    if who.login:
        held.account, name, phone = _account(transaction, who.login)
        phones |= {dialled(phone)} - {""}
        held.called |= {phone} - {""}
        held.called |= {name} if len(name) >= _SHORTEST else set()
        ids |= _ids(transaction, "SELECT id FROM ticket WHERE reporter_id = @", held.account[0])
    if who.case_no:
        found = _ids(transaction, "SELECT ticket_id FROM case_number WHERE number = @", who.case_no)
        if not found:
            raise NotFound(f"没有案卷 {who.case_no[:40]}", f"there is no ticket {who.case_no[:40]}")
        ids |= found
    for phone in phones:
        ids |= _called_by(transaction, phone, who.name)
        held.rows += _rows_of(transaction, phone)
    held.tickets = _tickets(transaction, _with_opened(transaction, ids))
    held.called |= {who.phone, *phones} - {""} | _names(transaction, held)
    if len(who.name) >= _SHORTEST:
        held.called.add(who.name)
    return held


def _account(transaction: Transaction, login: str) -> tuple[tuple[int, str], str, str]:
    """Id and login, name, phone."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT p.id, p.login, p.name, p.phone, (SELECT count(*) FROM holding h WHERE h.person_id = p.id) "  # noqa: S608
        f"FROM person p WHERE p.login = {mark}",
        (login,),
    )
    if not rows:
        raise NotFound(f"没有账号“{login[:60]}”", f"there is no account '{login[:60]}'")
    number, found, name, phone, posts = rows[0]
    if posts:
        raise Malformed(
            "这是任职人员的账号，履职记录不按群众个人信息删除",
            "this is an official's account: what an official did is no citizen's data",
            place=Place(field="login"),
        )
    return (int(number), found), name, phone


def _ids(transaction: Transaction, sql: str, value: object) -> set[int]:
    mark, *_ = marks(transaction, 1)
    return {int(row[0]) for row in transaction.rows(sql.replace("@", mark), (value,))}


def _called_by(transaction: Transaction, phone: str, name: str) -> set[int]:
    """Tickets whose contact has this number now, and those in whose history it stands in plain digits."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT ticket_id, contact_name FROM particulars WHERE dialled = {mark} AND dialled <> ''",  # noqa: S608
        (phone,),
    )
    found = {int(ticket) for ticket, called in rows if not name or called == name}
    rows = transaction.rows(f"SELECT ticket_id, words FROM personal WHERE words LIKE {mark}", (f"%{phone}%",))  # noqa: S608
    for ticket, words in rows:
        said = json.loads(words)
        if dialled(str(said.get("contact_phone", ""))) == phone and name in ("", said.get("contact_name", "")):
            found.add(int(ticket))
    return found


def _with_opened(transaction: Transaction, ids: Iterable[int]) -> set[int]:
    """Tickets with those that were opened by one of them: they carry its words on."""
    found, new = set[int](), set(ids)
    while new:
        found |= new
        match, parameters = among(transaction, new)
        rows = transaction.rows(f"SELECT id FROM ticket WHERE parent_id {match}", parameters)  # noqa: S608
        new = {int(row[0]) for row in rows} - found
    return found


def _tickets(transaction: Transaction, ids: Iterable[int]) -> list[HeldTicket]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        f"SELECT id, case_no, opened_at, settled_at, confidential FROM ticket WHERE id {match} ORDER BY id",  # noqa: S608
        parameters,
    )
    return [
        HeldTicket(id=int(row[0]), case_no=row[1], opened_at=Instant(row[2]), settled=row[3] is not None,
                   confidential=bool(row[4]))
        for row in rows
    ]  # fmt: skip


def _rows_of(transaction: Transaction, phone: str) -> list[tuple[str, str]]:
    """Rows of registers in one of whose versions the number stands as a value."""
    rows = transaction.rows("SELECT register_key, code, personal FROM register_row WHERE personal IS NOT NULL")
    found = {
        (register, code)
        for register, code, personal in rows
        if any(dialled(value) == phone for value in json.loads(personal).values() if isinstance(value, str))
    }
    return sorted(found)


def _names(transaction: Transaction, held: Held) -> set[str]:
    """Every name and phone of a contact in these tickets, as it was written; no name that an official has, too."""
    match, parameters = among(transaction, [one.id for one in held.tickets])
    said: list[tuple[str, str]] = [
        (name, phone)
        for name, phone in transaction.rows(
            f"SELECT contact_name, contact_phone FROM particulars WHERE ticket_id {match}",  # noqa: S608
            parameters,
        )
    ]
    for (words,) in transaction.rows(f"SELECT words FROM personal WHERE ticket_id {match}", parameters):  # noqa: S608
        read = json.loads(words)
        said.append((str(read.get("contact_name", "")), str(read.get("contact_phone", ""))))
    names = {name for name, _ in said if len(name) >= _SHORTEST}
    match, parameters = among(transaction, names)
    officials = {
        row[0]
        for row in transaction.rows(
            f"SELECT p.name FROM person p JOIN holding h ON h.person_id = p.id WHERE p.name {match}",  # noqa: S608
            parameters,
        )
    }
    return (names - officials) | {phone for _, phone in said if dialled(phone)}
