"""Precedents 裁定先例: rulings on who is to handle what, folded from the histories, so that alike cases find them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Ruling, Title
from engine.definitions.names import RULINGS
from engine.records import following
from engine.records.asking import Question, among, marks
from engine.records.columns import ONE_TREE, instant, key_part, maybe_link, one_of, text, word, yes_no
from engine.rules.likeness import class_of, item_of
from engine.rules.sending import LEAD

READER = "precedents"
MOST = 100


class PrecedentRow(SQLModel, table=True):
    """One ruling."""

    __tablename__ = "precedent"
    __table_args__ = (
        one_of("kind", Ruling),
        Index("ix_precedent_class", "class_code", "at"),
        Index("ix_precedent_at", "at"),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    #: The event that ruled.
    seq: int = key_part()
    at: int = instant()
    kind: str = word()
    #: The ticket's item when the ruling was folded; "" if none was known.
    item: str = word()
    class_code: str = word()
    #: Who is to handle it, and who is not.
    winner_id: int | None = maybe_link()
    loser_id: int | None = maybe_link()
    person_id: int | None = maybe_link()
    post: str = word()
    binding: bool = yes_no()
    #: The clause that was relied on, and the ruling's own words; officials' words, facts of the case.
    clause: str = text()
    words: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """A ruling as people read it."""

    case_no: str
    seq: int
    at: Instant
    kind: str
    item: str
    #: Ids, codes and names of departments.
    winner_id: int | None
    winner: str
    winner_name: str
    loser_id: int | None
    loser: str
    loser_name: str
    by: str
    post: str
    binding: bool
    clause: str
    words: str

    @property
    def title(self) -> Title:
        return RULINGS[Ruling(self.kind)]


_EVENT = "e.ticket_id, e.seq, e.at, e.task_seq, e.request_seq, e.person_id, e.post, e.facts"


def fold(transaction: Transaction) -> tuple[int, bool]:
    """Fold the next rulings of the feed: how many, and whether the feed may hold more."""
    return following.fold(transaction, READER, _EVENT, '"ruling":"', _keep)


def forget_all(transaction: Transaction) -> None:
    """Drop every precedent, to be folded again from the start of the feed."""
    transaction.run("DELETE FROM precedent")
    following.from_the_start(transaction, READER)


def asked_alike(transaction: Transaction, item: str, unit: str) -> Question[list[Precedent]]:
    """Rulings on tickets of an item's class that a unit reaches, the newest first."""
    mark, *_ = marks(transaction, 1)
    rows = yield (
        (
            f"{_READ} WHERE p.class_code = {mark} AND EXISTS (SELECT 1 FROM reach r WHERE "  # noqa: S608
            f"r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit = {mark}) "
            f"ORDER BY p.at DESC, p.ticket_id, p.seq LIMIT {MOST}"
        ),
        (class_of(item_of(item)), unit),
    )
    return [_precedent(row) for row in rows]


def search(transaction: Transaction, units: Iterable[str], given: str, before: Instant | None) -> list[Precedent]:
    """Rulings that these units reach, the newest first; with a text, those in whose item, departments, clause or words
    it stands. At most `MOST`."""
    mark, *_ = marks(transaction, 1)
    reached, parameters = among(transaction, units)
    conditions, values = [], list[Any](parameters)
    if before is not None:
        conditions.append(f"p.at < {mark}")
        values.append(before)
    if given:
        position = "strpos" if transaction.postgresql else "instr"
        columns = ("p.item", "i.name", "w.name", "l.name", "p.clause", "p.words", "t.case_no")
        found = " OR ".join(f"{position}(lower(coalesce({column}, '')), {mark}) > 0" for column in columns)
        conditions.append(f"({found})")
        values += [given.lower()] * len(columns)
    more = "".join(f" AND {condition}" for condition in conditions)
    rows = transaction.rows(
        f"{_READ} WHERE EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
        f"AND r.unit {reached}){more} ORDER BY p.at DESC, p.ticket_id, p.seq LIMIT {MOST}",
        values,
    )
    return [_precedent(row) for row in rows]


_READ = (
    "SELECT t.case_no, p.seq, p.at, p.kind, p.item, p.winner_id, w.code, w.name, p.loser_id, l.code, l.name, h.name, "
    "p.post, p.binding, p.clause, p.words FROM precedent p JOIN ticket t ON t.id = p.ticket_id "
    "LEFT JOIN department w ON w.id = p.winner_id LEFT JOIN department l ON l.id = p.loser_id "
    "LEFT JOIN person h ON h.id = p.person_id "
    "LEFT JOIN item i ON i.code = p.item"
)


def _precedent(row: Sequence[Any]) -> Precedent:
    (
        case_no, seq, at, kind, item, winner_id, winner, winner_name, loser_id, loser, loser_name, by, post, binding,
        clause, words,
    ) = row  # fmt: skip
    return Precedent(
        case_no=case_no, seq=seq, at=Instant(at), kind=kind, item=item, winner_id=winner_id, winner=winner or "",
        winner_name=winner_name or "", loser_id=loser_id, loser=loser or "", loser_name=loser_name or "", by=by or "",
        post=post, binding=bool(binding), clause=clause, words=words,
    )  # fmt: skip


def _keep(transaction: Transaction, row: Sequence[Any]) -> bool:
    """Fold one event; whether it ruled."""
    ticket_id, seq, at, task_seq, request_seq, person_id, post, facts = row
    said = json.loads(facts)
    if "ruling" not in said:
        return False
    kind = Ruling(said["ruling"])
    form: Mapping[str, Any] = said.get("form", {})
    item = item_of(_one(transaction, "SELECT item FROM ticket WHERE id = {0}", ticket_id) or "")
    winner, loser = _parties(transaction, ticket_id, kind, task_seq, said)
    clause = form.get("clause") or _asked(transaction, ticket_id, request_seq).get("clause", "")
    values = (
        ticket_id, seq, at, kind.value, item, class_of(item), winner, None if loser == winner else loser,
        person_id, post, kind is Ruling.DESIGNATE, clause, form.get("ruling", ""),
    )  # fmt: skip
    listed = ", ".join(marks(transaction, len(values)))
    transaction.run(
        "INSERT INTO precedent (ticket_id, seq, at, kind, item, class_code, winner_id, loser_id, person_id, post, "  # noqa: S608
        f"binding, clause, words) VALUES ({listed}) ON CONFLICT DO NOTHING",
        values,
    )
    return True


def _parties(
    transaction: Transaction, ticket_id: int, kind: Ruling, task_seq: int | None, said: Mapping[str, Any]
) -> tuple[int | None, int | None]:
    """Whom a ruling names, and who lost: the department that asked to return, or the lead that was stopped."""
    asking = _task(transaction, ticket_id, task_seq)
    if kind is Ruling.UPHOLD:
        return asking, None
    sent = sorted(said.get("sent", ()), key=lambda one: one[3] != LEAD)
    winner = _department(transaction, sent[0][2]) if sent else None
    if asking is not None:
        return winner, asking
    stopped = [_task(transaction, ticket_id, seq) for seq in said.get("withdrawn", ())]
    return winner, next((one for one in stopped if one is not None), None)


def _task(transaction: Transaction, ticket_id: int, seq: int | None) -> int | None:
    sql = "SELECT department_id FROM task WHERE ticket_id = {0} AND seq = {0}"
    found = _one(transaction, sql, ticket_id, seq) if seq is not None else None
    return None if found is None else int(found)


def _department(transaction: Transaction, code: object) -> int | None:
    found = _one(transaction, "SELECT id FROM department WHERE code = {0}", code) if isinstance(code, str) else None
    return None if found is None else int(found)


def _asked(transaction: Transaction, ticket_id: int, seq: int | None) -> dict[str, str]:
    """The form of the request that was answered."""
    sql = "SELECT form FROM request WHERE ticket_id = {0} AND seq = {0}"
    found = _one(transaction, sql, ticket_id, seq) if seq is not None else None
    asked: dict[str, str] = json.loads(found) if found else {}
    return asked


def _one(transaction: Transaction, sql: str, *parameters: Any) -> Any:
    rows = transaction.rows(sql.format(*marks(transaction, 1)), parameters)
    return rows[0][0] if rows else None
