"""Issued texts that mention a citizen whose data is erased: printed anew without that, or named where they must stay.

A letter, a slip or a bulletin is a copy of what stands elsewhere: it keeps its number, says when it was printed anew,
and has another digest, for the old one would tell a phone to whoever tries all of them. Signed minutes, lines of a
sitting and purposes in the access log are chained to what was hashed: they are named, for somebody to rule on.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from engine.clock import CIVIL_ZONE, Instant, moment
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records.asking import marks
from engine.records.documents import DocumentKind
from engine.rules.chain import canonical

#: What stands where a name or a phone was taken out of a text.
GONE = "〔已删除〕"
_MINUTES, _LOG = Title("会议记录、纪要", "Sitting and minutes"), Title("查阅记录", "Access log")
#: What stays: what it is called, table, what names a row of it, column.
_STAYING = (
    (_MINUTES, "sitting", "code", "minutes"),
    (_MINUTES, "sitting_entry x JOIN sitting s ON s.id = x.sitting_id", "s.code", "x.facts"),
    (_LOG, "unmasking", "id", "note"),
)


def mentioning(transaction: Transaction, column: str, called: Iterable[str]) -> tuple[str, list[str]]:
    """A condition that a text mentions one of these names and phones, and its parameters; of none it is never true."""
    mark, *_ = marks(transaction, 1)
    position = "strpos" if transaction.postgresql else "instr"
    listed = sorted(called)
    return " OR ".join(f"{position}({column}, {mark}) > 0" for _ in listed).join("()") if listed else "1 = 0", listed


def longest_first(called: Iterable[str]) -> list[str]:
    """In the order in which they are taken out: a phone with its country code contains the one without."""
    return sorted(called, key=lambda one: (-len(one), one))


def documents(transaction: Transaction, called: Iterable[str]) -> list[int]:
    """The issued documents, minutes apart, that mention one of these names and phones."""
    where, parameters = mentioning(transaction, "data", {canonical(one)[1:-1] for one in called})
    minutes = DocumentKind.MINUTES.value
    rows = transaction.rows(
        f"SELECT id FROM document WHERE kind <> '{minutes}' AND {where} ORDER BY id",  # noqa: S608 (constant words)
        parameters,
    )
    return [int(row[0]) for row in rows]


def reissue(transaction: Transaction, called: Iterable[str], now: Instant) -> int:
    """Take names and phones out of issued documents; how many were changed."""
    mark, *_ = marks(transaction, 1)
    found, words = documents(transaction, called), longest_first(called)
    for number in found:
        ((data,),) = transaction.rows(f"SELECT data FROM document WHERE id = {mark}", (number,))  # noqa: S608
        text = canonical(_noted(_without(json.loads(data), words), now))
        digest = hashlib.sha256(text.encode()).hexdigest()
        transaction.run(f"UPDATE document SET data = {mark}, digest = {mark} WHERE id = {mark}", (text, digest, number))  # noqa: S608
    return len(found)


def bulletin_files(
    transaction: Transaction, called: Iterable[str], since: Instant | None
) -> list[tuple[int, list[str]]]:
    """Files of bulletins that mention the citizen, and of drafts that may have since then: job and keys."""
    where, parameters = mentioning(transaction, "added", called)
    issued = {f"b:{row[0]}": int(row[0]) for row in transaction.rows("SELECT id FROM bulletin")}
    told = {int(row[0]) for row in transaction.rows(f"SELECT id FROM bulletin WHERE {where}", parameters)}  # noqa: S608
    mark, *_ = marks(transaction, 1)
    for number in documents(transaction, called):
        ((subject,),) = transaction.rows(f"SELECT subject FROM document WHERE id = {mark}", (number,))  # noqa: S608
        told |= {issued[subject]} if subject in issued else set()
    rows = transaction.rows(
        "SELECT id, parameters, ended_at, files FROM report_job WHERE kind = 'bulletin' AND state = 'done' ORDER BY id"
    )
    found = []
    for job, asked, ended, files in rows:
        of = json.loads(asked)
        draft = not of.get("stays") and since is not None and ended >= since
        if draft or of.get("bulletin") in told:
            found.append((int(job), [one["key"] for one in json.loads(files)]))
    return found


def staying(transaction: Transaction, called: Iterable[str]) -> list[tuple[Title, str]]:
    """What mentions the citizen and is signed or chained: its kind, and the sitting's code or the row's number."""
    found: dict[tuple[str, str], tuple[Title, str]] = {}
    for title, table, name, column in _STAYING:
        where, parameters = mentioning(transaction, column, called)
        rows = transaction.rows(f"SELECT DISTINCT {name} FROM {table} WHERE {where}", parameters)  # noqa: S608
        found |= {(title.zh, str(row[0])): (title, str(row[0])) for row in rows}
    return [found[key] for key in sorted(found)]


def _without(value: Any, words: Iterable[str]) -> Any:
    if isinstance(value, str):
        for one in words:
            value = value.replace(one, GONE)
        return value
    if isinstance(value, dict):
        return {key: _without(one, words) for key, one in value.items()}
    return [_without(one, words) for one in value] if isinstance(value, list) else value


def _noted(data: dict[str, Any], now: Instant) -> dict[str, Any]:
    """The same with a line that says why it is not what was printed first, wherever it is printed."""
    said = f"本件于 {moment(now, CIVIL_ZONE):%Y-%m-%d} 依法删除个人信息后重印，文本摘要随之更新。"
    if "added" in data:
        before = data["added"].get("remarks", "")
        return {**data, "added": {**data["added"], "remarks": f"{before}\n{said}".strip()}}
    return {**data, "facts": [*data.get("facts", ()), {"name": "说明", "text": said}]}
