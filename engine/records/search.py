"""Tickets found by words: Chinese of two characters and more, Latin words and numbers from their beginning.

Neither database cuts Chinese into words that people look for, so pairs of characters are indexed (`bigrams`), and what
somebody types is a phrase of pairs. The index is the database's own: FTS5 on SQLite, GIN over a tsvector on PostgreSQL.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import DDL, Table, event

from engine.database import Transaction, metadata
from engine.records.asking import among
from engine.records.ticket_places import TicketText
from engine.rules.likeness import bigrams

#: Characters of a search that count.
LONGEST = 60
#: What matches no more tickets than this is looked up ticket by ticket; more, list by list.
_FEW = 2_000
_CASE_NUMBER = re.compile(r"[0-9]{8}-[0-9]{6,}")
_VECTOR = "to_tsvector('simple', bigrams || ' ' || address)"

#: What keeps the index beside the table: statements of SQLite, and of PostgreSQL.
SQLITE = (
    "CREATE VIRTUAL TABLE ticket_search USING fts5(bigrams, address, content='ticket_text', content_rowid='ticket_id')",
    (
        "CREATE TRIGGER ticket_search_added AFTER INSERT ON ticket_text BEGIN "
        "INSERT INTO ticket_search (rowid, bigrams, address) VALUES (new.ticket_id, new.bigrams, new.address); END"
    ),
    (
        "CREATE TRIGGER ticket_search_gone AFTER DELETE ON ticket_text BEGIN "
        "INSERT INTO ticket_search (ticket_search, rowid, bigrams, address) "
        "VALUES ('delete', old.ticket_id, old.bigrams, old.address); END"
    ),
    (
        "CREATE TRIGGER ticket_search_changed AFTER UPDATE ON ticket_text BEGIN "
        "INSERT INTO ticket_search (ticket_search, rowid, bigrams, address) "
        "VALUES ('delete', old.ticket_id, old.bigrams, old.address); "
        "INSERT INTO ticket_search (rowid, bigrams, address) VALUES (new.ticket_id, new.bigrams, new.address); END"
    ),
)
POSTGRESQL = (f"CREATE INDEX ix_ticket_text_words ON ticket_text USING gin ({_VECTOR})",)


def indexed(table: Table) -> None:
    """Have the index made whenever this table is."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            ddl: DDL = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


indexed(metadata().tables[TicketText.__tablename__])


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one behind the other; the last may go on if it is no pair of characters."""

    words: tuple[str, ...]
    goes_on: bool


def phrases(text: str) -> tuple[Phrase, ...]:
    """What is looked for, one phrase for each part between blanks; a single Chinese character finds nothing."""
    found = []
    for part in text[:LONGEST].split():
        words = bigrams(part).split(" ")
        # A character alone stands in no index: what was indexed of `淮海路5号` is 淮海, 海路, 5.
        kept = tuple(word for word in words if word and not (len(word) == 1 and not word.isascii()))
        if kept:
            found.append(Phrase(kept, goes_on=kept[-1].isascii() and words[-1] == kept[-1]))
    return tuple(found)


def case_number(text: str) -> str | None:
    """The case number that somebody typed instead of words."""
    given = text.strip()
    return given if _CASE_NUMBER.fullmatch(given) else None


def condition(transaction: Transaction, sought: Sequence[Phrase], ticket: str) -> tuple[str, Sequence[object]]:
    """What a WHERE says to keep the tickets in which all phrases stand, `ticket` being the column of their ids, and
    its parameters.

    Few matches are asked for at once and named by id, so that a rare word is not looked for in every row of a list.
    """
    asked, query = _QUESTIONS[transaction.dialect], _query(transaction, sought)
    few = transaction.rows(f"{asked} LIMIT {_FEW + 1}", (query,))
    if len(few) > _FEW:
        return f"{ticket} IN ({asked})", (query,)
    match, parameters = among(transaction, {int(row[0]) for row in few})
    return f"{ticket} {match}", parameters


_QUESTIONS = {
    "sqlite": "SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?",
    "postgresql": f"SELECT ticket_id FROM ticket_text WHERE {_VECTOR} @@ to_tsquery('simple', %s)",  # noqa: S608
}


def _query(transaction: Transaction, sought: Sequence[Phrase]) -> str:
    """The phrases in the language of the database; words hold letters and digits only, so nothing needs escaping."""
    if transaction.postgresql:
        parts = [
            " <-> ".join(f"'{word}'" for word in phrase.words) + (":*" if phrase.goes_on else "") for phrase in sought
        ]
        return " & ".join(f"({part})" for part in parts)
    return " AND ".join(f'"{" ".join(phrase.words)}"{" *" if phrase.goes_on else ""}' for phrase in sought)
