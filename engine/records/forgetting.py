"""Forgetting: the statements that take a citizen's data out of the tables, and how much of it there is.

Each kind of trace is named once: what it counts before is what it erases afterwards. Hashed parts of a history stay, so
chains and seals hold: facts, coordinates of the place, digests of pictures.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records.asking import among, marks
from engine.records.citizens import Held
from engine.records.reissuing import GONE, longest_first, mentioning


@dataclass(frozen=True, slots=True)
class _Trace:
    """A kind of trace of a ticket: `@` in its WHERE is the ticket's id."""

    title: Title
    table: str
    where: str
    #: What is set; "" for rows that are deleted.
    sets: str = ""

    @property
    def counting(self) -> str:
        return f"SELECT count(*) FROM {self.table} WHERE {self.where}"  # noqa: S608 (constant words)

    @property
    def erasing(self) -> str:
        if self.sets:
            return f"UPDATE {self.table} SET {self.sets} WHERE {self.where}"  # noqa: S608
        return f"DELETE FROM {self.table} WHERE {self.where}"  # noqa: S608


_LINES = (
    "EXISTS (SELECT 1 FROM period_line l WHERE l.period_id = {0}.period_id AND l.number = {0}.line AND l.ticket_id = @)"
)
#: What came from the citizen: the report itself, and what they did with it later.
_CITIZENS = (
    "EXISTS (SELECT 1 FROM event e JOIN ticket t ON t.id = e.ticket_id WHERE e.ticket_id = a.ticket_id "
    "AND e.seq = a.event_seq "
    "AND (e.state_from = '' OR substr(e.actor, 1, 6) = 'public' OR e.person_id = t.reporter_id))"
)
#: What the stored outcome of an act on the ticket begins with.
_OUTCOME = "'{\"ticket_id\":' || @ || ','"
#: Keys under which something was done to the ticket, by whoever did something there.
_KEYED = (
    "fingerprint <> '' AND actor IN ("  # noqa: S608 (constant words)
    "SELECT CASE WHEN e.person_id IS NULL THEN e.actor ELSE 'p' || e.person_id END "
    "FROM event e WHERE e.ticket_id = @ "
    "UNION SELECT 'receipt:' || substr(r.digest, 1, 32) FROM receipt r WHERE r.ticket_id = @ "
    "UNION SELECT 'link:' || substr(l.digest, 1, 32) FROM task_link l WHERE l.ticket_id = @) "
    f"AND substr(outcome, 1, length({_OUTCOME})) = {_OUTCOME}"
)
_TRACES: Mapping[str, _Trace] = {
    "words": _Trace(Title("历史中的个人信息", "Personal parts of the history"), "personal", "ticket_id = @"),
    "particulars": _Trace(
        Title("描述、地址、联系人", "Description, address, contact"), "particulars", "ticket_id = @",
        "description = '', address = '', contact_name = '', contact_phone = '', dialled = ''",
    ),
    "search": _Trace(Title("检索与相似比对", "Search and likeness"), "ticket_text", "ticket_id = @"),
    "receipts": _Trace(Title("扫码回执", "Receipts of passers-by"), "receipt", "ticket_id = @"),
    "objections": _Trace(
        Title("考核异议的文字", "Words of objections"), "period_objection",
        f"words <> '' AND {_LINES.format('period_objection')}", "words = '', salt = ''",
    ),
    "rulings": _Trace(
        Title("异议裁定的文字", "Words of rulings on objections"), "period_ruling",
        f"words <> '' AND {_LINES.format('period_ruling')}", "words = '', salt = ''",
    ),
    "commands": _Trace(
        Title("关联办理的出错信息", "Errors of commands"), "command",
        "error IS NOT NULL AND ticket_id = @", "error = NULL",
    ),
    "failures": _Trace(
        Title("巡检的出错信息", "Errors of the sweep"), "sweep_failure", "error <> '' AND ticket_id = @", "error = ''"
    ),
    "messages": _Trace(
        Title("消息的出错信息", "Errors of messages"), "message", "error IS NOT NULL AND ticket_id = @", "error = NULL"
    ),
    "keys": _Trace(
        # The key stays, so that a phone that sends the report again does not make a second one; no form meets it now.
        Title("防重复提交的指纹", "Fingerprints of what was sent"), "idempotency_key",
        _KEYED,
        "fingerprint = ''",
    ),
}  # fmt: skip
#: Texts of officials in which a name or a phone may stand: table and column.
_MENTIONS = (
    ("shift_handover", "words"), ("phrase", "words"), ("admin_act", "file"), ("period_objection", "words"),
    ("period_ruling", "words"), ("bulletin", "added"),
)  # fmt: skip
TITLES: Mapping[str, Title] = {
    "tickets": Title("案卷", "Tickets"),
    **{name: trace.title for name, trace in _TRACES.items()},
    "pictures": Title("照片及其原图、缩略图", "Pictures with originals and thumbnails"),
    "reports": Title("含案卷描述的台账文件", "Files of ledgers with descriptions"),
    "documents": Title("提到其姓名、电话的已签发文书（重印）", "Issued documents that mention them (printed anew)"),
    "bulletins": Title("通报的文件", "Files of bulletins"),
    "rows": Title("名册行（全部版本）", "Rows of registers (all versions)"),
    "account": Title("账号", "Account"),
    "mentions": Title("其他文字中提到之处", "Mentions in other texts"),
    "remains": Title("受哈希保护、不能删除而保留之处", "Places under a hash that stay"),
    "by_hand": Title("须由人处理的已签发纪要、查阅记录", "Signed minutes and access log, to be ruled on by hand"),
}


def traces(transaction: Transaction, ticket_ids: Iterable[int]) -> dict[str, int]:
    """How many traces of each kind these tickets have; kinds without any are left out."""
    counts = dict.fromkeys(_TRACES, 0)
    for ticket_id in ticket_ids:
        for name, trace in _TRACES.items():
            counts[name] += int(transaction.rows(*_asked(transaction, trace.counting, ticket_id))[0][0])
    return {name: count for name, count in counts.items() if count}


def forget(transaction: Transaction, ticket_id: int) -> list[int]:
    """Delete a ticket's traces, pictures apart; the seqs of the events that had a personal part."""
    sql = "SELECT seq FROM personal WHERE ticket_id = @ ORDER BY seq"
    seqs = [int(row[0]) for row in transaction.rows(*_asked(transaction, sql, ticket_id))]
    # Receipts last: keys are found by them.
    for name in sorted(_TRACES, key=lambda one: one == "receipts"):
        transaction.run(*_asked(transaction, _TRACES[name].erasing, ticket_id))
    return seqs


def pictures(transaction: Transaction, ticket_id: int, *, every: bool) -> list[str]:
    """The digests of a ticket's pictures that came from the citizen, or of all of them."""
    only = "" if every else f" AND {_CITIZENS}"
    sql = f"SELECT DISTINCT a.sha256 FROM attachment a WHERE a.ticket_id = @{only} ORDER BY a.sha256"  # noqa: S608
    return [row[0] for row in transaction.rows(*_asked(transaction, sql, ticket_id))]


def forget_pictures(transaction: Transaction, ticket_id: int, digests: Sequence[str]) -> list[str]:
    """Take pictures from a ticket; the digests of those, with their originals, that no other ticket uses: their rows
    are gone and their files are to be deleted."""
    mark, *_ = marks(transaction, 1)
    match, listed = among(transaction, digests)
    transaction.run(f"DELETE FROM attachment WHERE ticket_id = {mark} AND sha256 {match}", (ticket_id, *listed))  # noqa: S608
    return forget_uploads(transaction, digests)


def forget_uploads(transaction: Transaction, digests: Sequence[str]) -> list[str]:
    """Delete the rows of uploads that no ticket uses, with their originals; the digests whose files are to go."""
    match, listed = among(transaction, digests)
    used = {
        row[0]
        for row in transaction.rows(f"SELECT DISTINCT sha256 FROM attachment WHERE sha256 {match}", listed)  # noqa: S608
    }
    free = sorted(set(digests) - used)
    match, listed = among(transaction, free)
    originals = transaction.rows(
        f"SELECT DISTINCT o.original FROM original o WHERE o.sha256 {match} "  # noqa: S608
        "AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = o.original)",
        listed,
    )
    gone = sorted({*free, *(row[0] for row in originals)})
    match, listed = among(transaction, gone)
    for table, column in (
        ("upload", "sha256"), ("original", "sha256"), ("upload_print", "sha256"), ("upload_alike", "sha256"),
        ("upload_alike", "other"),
    ):  # fmt: skip
        transaction.run(f"DELETE FROM {table} WHERE {column} {match}", listed)  # noqa: S608
    return gone


def ledgers(transaction: Transaction, since: Instant) -> list[tuple[int, list[str]]]:
    """Ledgers whose files are kept and may show what was reported at `since` or later: job and keys of files."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT id, files FROM report_job WHERE kind = 'ledger' AND state = 'done' AND ended_at >= {mark}",  # noqa: S608
        (since,),
    )
    return [(int(number), [one["key"] for one in json.loads(files)]) for number, files in rows]


def mentions(transaction: Transaction, called: Iterable[str]) -> int:
    """How many texts of officials mention one of these names and phones."""
    return sum(
        int(transaction.rows(f"SELECT count(*) FROM {table} WHERE {where}", parameters)[0][0])  # noqa: S608
        for table, column in _MENTIONS
        for where, parameters in (mentioning(transaction, column, called),)
    )


def take_out(transaction: Transaction, called: Iterable[str]) -> int:
    """Take names and phones out of the texts of officials; how many texts were changed."""
    mark, *_ = marks(transaction, 1)
    changed = 0
    called = longest_first(called)
    for table, column in _MENTIONS:
        where, parameters = mentioning(transaction, column, called)
        value = column
        for _ in called:
            value = f"replace({value}, {mark}, '{GONE}')"
        # What was taken out of hashed words cannot be proved by its digest any more: the salt goes with it.
        salt = ", salt = ''" if table.startswith("period_") else ""
        if called:
            sql = f"UPDATE {table} SET {column} = {value}{salt} WHERE {where}"  # noqa: S608
            changed += transaction.run(sql, (*called, *parameters))
    return changed


def remains(transaction: Transaction, held: Held) -> list[tuple[str, int]]:
    """Case number and seq of the events whose hashed facts, officials' own words, mention the citizen: they stay."""
    where, parameters = mentioning(transaction, "e.facts", held.called)
    match, ids = among(transaction, [one.id for one in held.tickets])
    rows = transaction.rows(
        "SELECT t.case_no, e.seq FROM event e JOIN ticket t ON t.id = e.ticket_id "  # noqa: S608
        f"WHERE e.ticket_id {match} AND {where} ORDER BY e.ticket_id, e.seq",
        (*ids, *parameters),
    )
    return [(row[0], int(row[1])) for row in rows]


def forget_account(transaction: Transaction, person_id: int) -> list[str]:
    """Close a citizen's account and forget whose it was; the digests of uploads whose files are to go.

    The login stays as a pseudonym, because the hashes of histories are over it.
    """
    mark, *_ = marks(transaction, 1)
    for table in ("token", "message", "destination", "wish"):
        transaction.run(f"DELETE FROM {table} WHERE person_id = {mark}", (person_id,))  # noqa: S608
    transaction.run(f"UPDATE idempotency_key SET fingerprint = '' WHERE actor = {mark}", (f"p{person_id}",))  # noqa: S608
    transaction.run(
        f"UPDATE person SET name = '{GONE}', phone = '', password_hash = NULL, active = {mark} WHERE id = {mark}",  # noqa: S608
        (False, person_id),
    )
    rows = transaction.rows(f"SELECT sha256 FROM upload WHERE uploader_id = {mark}", (person_id,))  # noqa: S608
    return forget_uploads(transaction, [row[0] for row in rows])


def _asked(transaction: Transaction, sql: str, ticket_id: int) -> tuple[str, tuple[int, ...]]:
    """A statement of one ticket in the words of the database."""
    mark, *_ = marks(transaction, 1)
    return sql.replace("@", mark), (ticket_id,) * sql.count("@")
