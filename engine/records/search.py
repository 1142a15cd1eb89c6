"""Tickets found by words: Chinese of two characters and more, Latin words and numbers from their beginning.

Neither database cuts Chinese into words that people look for, so pairs of characters are indexed (`bigrams`), and what
somebody types is a phrase of pairs. The index is the database's own: FTS5 on SQLite, GIN over a tsvector on PostgreSQL.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import DDL, Table, event

from engine.database import Transaction, metadata
from engine.records.asking import among, marks
from engine.records.ticket_places import TicketText
from engine.rules.likeness import bigrams

#: Characters of a search that count.
LONGEST = 60
#: What matches no more tickets than this is looked up ticket by ticket; more, list by list.
_FEW = 3_000
_CASE_NUMBER = re.compile(r"[0-9]{8}-[0-9]{6,}")

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
#: ▸ The vector is stored: a phrase is checked again in each row that the index names, and making the vector of a row
#: anew takes ten times as long as reading it.
POSTGRESQL = (
    (
        "ALTER TABLE ticket_text ADD COLUMN words tsvector "
        "GENERATED ALWAYS AS (to_tsvector('simple', bigrams || ' ' || address)) STORED"
    ),
    "CREATE INDEX ix_ticket_text_words ON ticket_text USING gin (words)",
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a WHERE says to keep what was found, and its parameters."""

    where: str
    parameters: Sequence[object] = ()
    #: Named ticket by ticket: whoever joins them with a list should begin with them.
    few: bool = False


NOTHING = Match(where="1 = 0")


def match(transaction: Transaction, sought: Sequence[Phrase], ticket: str) -> Match:
    """The tickets in which all phrases stand, `ticket` being the column of their ids.

    Few are asked for at once and named by id, so that a rare word is not looked for in every row of a list. Many are
    soon met when the list is walked: PostgreSQL is kept from gathering all of them first.
    """
    asked, query = _QUESTIONS[transaction.dialect], _query(transaction, sought)
    few = transaction.rows(f"{asked} LIMIT {_FEW + 1}", (query,))
    if len(few) > _FEW:
        return Match(where=_WALKED[transaction.dialect].format(ticket=ticket), parameters=(query,))
    listed, parameters = among(transaction, {int(row[0]) for row in few})
    return Match(where=f"{ticket} {listed}", parameters=parameters, few=True)


def numbered(transaction: Transaction, number: str, ticket: str) -> Match:
    """The ticket of that case number."""
    mark, *_ = marks(transaction, 1)
    asked = f"SELECT ticket_id FROM case_number WHERE number = {mark}"  # noqa: S608
    return Match(where=f"{ticket} IN ({asked})", parameters=(number,), few=True)


_QUESTIONS = {
    "sqlite": "SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?",
    "postgresql": "SELECT ticket_id FROM ticket_text WHERE words @@ to_tsquery('simple', %s)",
}
_WALKED = {
    "sqlite": "{ticket} IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?)",
    "postgresql": "EXISTS (SELECT 1 FROM ticket_text x WHERE x.ticket_id = {ticket} "
    "AND x.words @@ to_tsquery('simple', %s) OFFSET 0)",
}


def forget_for_good(transaction: Transaction) -> None:
    """Merge the index, so that words that were deleted stand in no part of it. PostgreSQL does so when it vacuums.

    ▸ FTS5 only notes that a word is gone until its parts are merged; its own secure deletion needs SQLite 3.42.
    """
    if not transaction.postgresql:
        transaction.run("INSERT INTO ticket_search (ticket_search) VALUES ('optimize')")


def _query(transaction: Transaction, sought: Sequence[Phrase]) -> str:
    """The phrases in the language of the database; words hold letters and digits only, so nothing needs escaping."""
    if transaction.postgresql:
        parts = [
            " <-> ".join(f"'{word}'" for word in phrase.words) + (":*" if phrase.goes_on else "") for phrase in sought
        ]
        return " & ".join(f"({part})" for part in parts)
    return " AND ".join(f'"{" ".join(phrase.words)}"{" *" if phrase.goes_on else ""}' for phrase in sought)
