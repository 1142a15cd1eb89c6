"""What a program of the release before cannot live with, told from two schemas as their databases describe themselves.

A release only adds: tables, columns that may be left out, indexes that refuse nothing. What nobody has read or written
for a whole release, which that release declares (`releases.RETIRED`), may go.
"""

import re
from collections.abc import Collection, Iterator

from engine.records.structure import Structure

_COLUMN = re.compile(r"column (?P<name>\S+) (?P<rest>.*)")
_INDEX = re.compile(r"index create (?P<unique>unique )?index", re.IGNORECASE)
#: PostgreSQL says all of a constraint in one line, SQLite a name in one and a CHECK in another.
_CONSTRAINT = re.compile(r"constraint (?P<name>\S+) (?P<kind>CHECK|FOREIGN KEY|PRIMARY KEY|UNIQUE) (?P<rest>.+)")
_CHECK = re.compile(r"check (?P<name>\S+) (?P<rest>.+)")
_KEY = re.compile(r"foreign key \((?P<own>[^)]*)\)", re.IGNORECASE)
_LENGTH = re.compile(r"(?P<kind>character varying|VARCHAR)\((?P<length>\d+)\)")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_GIVEN = (" default ", " generated", " identity")


def breaking(old: Structure, new: Structure, retired: Collection[str] = ()) -> list[str]:
    """Each change that is more than an addition, in words; empty when the release before can go on."""
    found = []
    for table, lines in old.items():
        if table in new:
            gone, come = set(lines) - set(new[table]), set(new[table]) - set(lines)
            found += [f"{table}: {said}" for said in _changes(table, gone, come, retired)]
        elif table not in retired:
            found.append(f"{table}: the table is gone")
    return sorted(found)


def _changes(table: str, gone: set[str], come: set[str], retired: Collection[str]) -> Iterator[str]:
    were = {match["name"]: match["rest"] for line in gone if (match := _COLUMN.fullmatch(line))}
    are = {match["name"]: match["rest"] for line in come if (match := _COLUMN.fullmatch(line))}
    for name, rest in were.items():
        if name not in are and f"{table}.{name}" not in retired:
            yield f"column {name} is gone"
        elif name in are and not _wider(rest, are[name]):
            yield f"column {name} was {rest}, is {are[name]}"
    for name, rest in are.items():
        if name not in were and " not null" in rest and not any(word in rest for word in _GIVEN):
            yield f"column {name} must be given and has no default"
    checks = _checks(gone)
    for name, text in _checks(come).items():
        if name not in checks or not _admits_more(checks[name], text):
            yield f"check {name} may refuse what is written now"
    new = are.keys() - were.keys()
    for line in come:
        if (match := _INDEX.match(line)) and match["unique"]:
            yield f"a unique index may refuse what is written now: {line}"
        elif _refuses(line, new):
            yield f"new: {line}"
    for line in gone:
        if _needed(line) or ((match := _INDEX.match(line)) and match["unique"]):
            yield f"gone: {line}"


def _wider(old: str, new: str) -> bool:
    """Whether a column takes and gives what it did: a longer text, or the same with a default."""
    before, after = _LENGTH.search(old), _LENGTH.search(new)
    if before and after and int(after["length"]) >= int(before["length"]):
        new = new.replace(after[0], before[0])
    return new == old or (" default " in new and new.partition(" default ")[0] == old.partition(" default ")[0])


def _checks(lines: Collection[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = _CONSTRAINT.fullmatch(line) or _CHECK.fullmatch(line)
        if match and match.groupdict().get("kind", "CHECK") == "CHECK":
            found[match["name"]] = match["rest"]
    return found


def _admits_more(old: str, new: str) -> bool:
    """Whether a list of words only grew."""
    return set(_TEXT.findall(old)) <= set(_TEXT.findall(new)) and _without_words(old) == _without_words(new)


def _without_words(check: str) -> str:
    return re.sub(r"(W(::[a-z ]+)?[ ,]*)+", "W", _TEXT.sub("W", check))


def _refuses(line: str, new: Collection[str]) -> bool:
    """Whether a new key or trigger stands in the way of rows as they are written now."""
    key = _KEY.search(line)
    if key:
        return not {part.strip() for part in key["own"].split(",")} <= set(new)
    kept = ("unique (", "primary key", "trigger ", "table without rowid", "create virtual")
    match = _CONSTRAINT.fullmatch(line)
    return line.startswith(kept) or (match is not None and match["kind"] in ("PRIMARY KEY", "UNIQUE"))


def _needed(line: str) -> bool:
    """Whether statements of now need it, or rows would no longer be what they are."""
    match = _CONSTRAINT.fullmatch(line)
    kept = ("unique (", "primary key", "trigger ", "sequence ", "table without rowid", "create virtual")
    return line.startswith(kept) or (match is not None and match["kind"] in ("PRIMARY KEY", "UNIQUE"))
