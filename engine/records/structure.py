"""The schema as a database describes itself, in lines that can be compared.

Alembic's own comparison overlooks a changed predicate of a partial index, and every CHECK on SQLite. So two schemas
are compared by what each database says of itself once both are built: pg_catalog, or sqlite_master with its pragmas.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

#: Table or sequence → its lines, sorted: one for each column, key, CHECK, index and trigger.
Structure = dict[str, tuple[str, ...]]

#: Alembic's own table.
BOOKKEEPING = "alembic_version"

_Lines = Iterator[tuple[str, str]]


def structure(connection: Connection) -> Structure:
    """Everything in the database's default schema, but what alembic keeps for itself."""
    lines = _postgresql if connection.dialect.name == "postgresql" else _sqlite
    found: dict[str, list[str]] = {}
    for owner, line in lines(connection):
        found.setdefault(owner, []).append(line)
    found.pop(BOOKKEEPING, None)
    return {owner: tuple(sorted(found[owner])) for owner in sorted(found)}


def difference(one: Structure, other: Structure) -> list[str]:
    """What only `one` has (``-``) and what only `other` has (``+``); empty if they are the same."""
    ours = {f"{owner}: {line}" for owner in one for line in one[owner]}
    theirs = {f"{owner}: {line}" for owner in other for line in other[owner]}
    return [f"- {line}" for line in sorted(ours - theirs)] + [f"+ {line}" for line in sorted(theirs - ours)]


# --- PostgreSQL: its own functions write each definition in one normal form ---

_COLUMNS = """
SELECT c.relname, 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || CASE a.attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity' ELSE '' END
    || CASE a.attgenerated WHEN '' THEN '' ELSE ' generated' END
    || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
"""
# A NOT NULL stands with its column; PostgreSQL 18 lists it here as well.
_CONSTRAINTS = """
SELECT c.relname, 'constraint ' || n.conname || ' ' || pg_get_constraintdef(n.oid)
FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND n.contype <> 'n'
"""
_INDEXES = """
SELECT c.relname, 'index ' || pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = current_schema()::regnamespace
"""
_TRIGGERS = """
SELECT c.relname, 'trigger ' || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
"""
_SEQUENCES = """
SELECT sequencename, 'sequence ' || data_type || ' from ' || start_value || ' by ' || increment_by
    || ' up to ' || max_value
FROM pg_sequences WHERE schemaname = current_schema()
"""
_VIEWS = "SELECT viewname, 'view ' || definition FROM pg_views WHERE schemaname = current_schema()"


def _postgresql(connection: Connection) -> _Lines:
    for question in (_COLUMNS, _CONSTRAINTS, _INDEXES, _TRIGGERS, _SEQUENCES, _VIEWS):
        for owner, line in connection.exec_driver_sql(question):
            yield str(owner), str(line)


# --- SQLite: pragmas say all but CHECKs, names and predicates, which are read from the statements it keeps ---

_TABLES = """
SELECT l.name, m.sql, l.type, l.wr, l.strict FROM pragma_table_list AS l JOIN sqlite_master AS m USING (name)
WHERE l.schema = 'main' AND m.type = 'table' AND l.type IN ('table', 'virtual') AND substr(l.name, 1, 7) <> 'sqlite_'
"""
_OTHERS = "SELECT tbl_name, type, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"

_TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | --[^\n]* | /\*.*?\*/ )
  | (?P<text> '(?:[^']|'')*' )
  | (?P<name> "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] )
  | (?P<rest> \w+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def _sqlite(connection: Connection) -> _Lines:
    for table, sql, kind, without_rowid, strict in connection.exec_driver_sql(_TABLES).all():
        tokens = _tokens(sql)
        if kind == "virtual":
            yield table, " ".join(tokens)
            continue
        yield table, f"table without rowid {without_rowid}, strict {strict}"
        yield from ((table, line) for line in _columns(connection, table))
        yield from ((table, line) for line in _keys(connection, table))
        yield from ((table, line) for line in _written(tokens))
    for table, kind, sql in connection.exec_driver_sql(_OTHERS):
        yield table, f"{kind} {' '.join(_tokens(sql))}"


def _columns(connection: Connection, table: str) -> Iterator[str]:
    rows = connection.exec_driver_sql(
        'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (table,)
    ).all()
    for name, type_, not_null, default, _, hidden in rows:
        marks = [" not null" if not_null else "", f" default {default}" if default is not None else ""]
        yield f"column {name} {type_}{''.join(marks)}{' generated' if hidden else ''}"
    key = [row.name for row in sorted(rows, key=lambda row: row.pk) if row.pk]
    if key:
        yield f"primary key ({', '.join(key)})"


def _keys(connection: Connection, table: str) -> Iterator[str]:
    links: dict[int, list[tuple[str, str, str]]] = {}
    for id_, target, own, theirs, updated, deleted in connection.exec_driver_sql(
        'SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq',
        (table,),
    ):
        links.setdefault(id_, []).append((own, f"{target}.{theirs}", f"update {updated}, delete {deleted}"))
    for parts in links.values():
        own = ", ".join(part[0] for part in parts)
        theirs = ", ".join(part[1] for part in parts)
        yield f"foreign key ({own}) references ({theirs}) on {parts[0][2]}"
    uniques = connection.exec_driver_sql("SELECT name FROM pragma_index_list(?) WHERE origin = 'u'", (table,)).all()
    for (index,) in uniques:
        columns = connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,))
        yield f"unique ({', '.join(str(name) for (name,) in columns)})"


def _written(words: list[str]) -> Iterator[str]:
    """Names of constraints, CHECKs with their text, and AUTOINCREMENT, wherever in the statement they stand."""
    for place, word in enumerate(words):
        if word == "constraint":
            yield f"constraint {words[place + 1]} {words[place + 2]}"
        elif word == "autoincrement":
            yield word
        elif word == "check" and words[place + 1] == "(":
            name = words[place - 1] if place > 1 and words[place - 2] == "constraint" else ""
            yield f"check {name} {' '.join(_bracketed(words, place + 1))}"


def _bracketed(words: list[str], start: int) -> Iterator[str]:
    """From an opening bracket to the one that closes it."""
    depth = 0
    for word in words[start:]:
        depth += (word == "(") - (word == ")")
        yield word
        if depth == 0:
            return


def _tokens(sql: str) -> list[str]:
    """A statement in words: without layout, comments and quotes of names, lower case but for its texts."""
    found = []
    for match in _TOKEN.finditer(sql):
        if match["text"]:
            found.append(match["text"])
        elif match["name"]:
            found.append(match["name"][1:-1].lower())
        elif match["rest"]:
            found.append(match["rest"].lower())
    return found
