"""A copy of what is held on a citizen, for the citizen: JSON for programs, a page for people, the pictures beside them.

It says also who was shown their data, when and what for (个人信息保护法 art. 45; the log itself names officials only).
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from engine.clock import Instant, iso
from engine.database import Database, Transaction
from engine.errors import NotFound
from engine.records import citizens, forgetting, unmasking, uploads
from engine.records.asking import marks
from engine.records.citizens import Held, HeldTicket, Who
from engine.records.unmasking import EVERYTHING, NewAccess, Purpose
from engine.records.versions import Versions
from engine.store import FileStore

_TITLES = {
    "case_no": "案卷号 / Ticket", "workflow": "事项流程 / Loop", "state": "状态 / State",
    "opened_at": "上报 / Reported", "settled_at": "办结 / Settled", "channel": "渠道 / Channel",
    "description": "描述 / Description",
    "address": "地址 / Address", "contact_name": "姓名 / Name", "contact_phone": "电话 / Phone",
    "events": "经过 / What happened", "at": "时间 / When", "action": "环节 / Act", "words": "内容 / Words",
    "place": "位置 / Place", "pictures": "照片 / Pictures", "accesses": "查阅记录 / Who was shown it",
    "by": "何人 / Who", "purpose": "用途 / Purpose", "field": "内容 / What", "page": "何处 / Where",
    "note": "说明 / Note", "account": "账号 / Account", "login": "登录名 / Login", "name": "姓名 / Name",
    "phone": "电话 / Phone", "registers": "名册 / Registers", "tickets": "案卷 / Tickets",
    "objections": "考核异议 / Objections", "made_at": "生成时间 / Made", "register": "名册 / Register",
    "code": "编号 / Code", "version": "版 / Version",
}  # fmt: skip
_STYLE = (
    "body{font-family:sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;line-height:1.5}"
    "section{border:1px solid #ccc;border-radius:4px;padding:.5rem 1rem;margin:.75rem 0}"
    "dt{color:#555;margin-top:.35rem}dd{margin:0 0 0 1rem;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What went into a copy."""

    tickets: int
    pictures: int


def write(
    database: Database, versions: Versions, store: FileStore, who: Who, path: Path, person_id: int | None, now: Instant
) -> Copied:
    """Write the copy as a ZIP; that each of the tickets was read whole is written into the access log first.

    Errors: those of `citizens.find`; `NotFound` when nothing is held.
    """

    def log(transaction: Transaction) -> Held:
        found = citizens.find(transaction, who)
        if found.nothing:
            raise NotFound("没有查到此人的个人信息", "nothing is held on this citizen")
        for one in found.tickets:
            new = NewAccess(ticket_id=one.id, person_id=person_id, purpose=Purpose.COPY, field=EVERYTHING, page="copy")
            unmasking.record(transaction, new, now)
        return found

    held = database.acting(log)
    with database.looking() as transaction:
        told = _told(transaction, versions, held, now)
        kept = _pictures(transaction, held)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=2))
        archive.writestr("index.html", _page(told))
        for name, sha256 in kept.items():
            try:
                archive.writestr(f"pictures/{name}", store.read(uploads.key_of(sha256)))
            except FileNotFoundError:
                archive.writestr(f"pictures/{name}.missing.txt", "文件已不在 / the file is no longer kept")
    return Copied(tickets=len(held.tickets), pictures=len(kept))


def _told(transaction: Transaction, versions: Versions, held: Held, now: Instant) -> dict[str, Any]:
    told: dict[str, Any] = {"made_at": iso(now)}
    mark, *_ = marks(transaction, 1)
    if held.account is not None:
        rows = transaction.rows(f"SELECT login, name, phone FROM person WHERE id = {mark}", (held.account[0],))  # noqa: S608
        told["account"] = dict(zip(("login", "name", "phone"), rows[0], strict=True))
    told["tickets"] = [_ticket(transaction, versions, one) for one in held.tickets]
    told["registers"] = [_row(transaction, register, code) for register, code in held.rows]
    return told


def _ticket(transaction: Transaction, versions: Versions, one: HeldTicket) -> dict[str, Any]:
    mark, *_ = marks(transaction, 1)
    ((workflow, state, channel, settled, *words),) = transaction.rows(
        "SELECT t.workflow_id, t.state, t.channel, t.settled_at, p.description, p.address, p.contact_name, "  # noqa: S608
        f"p.contact_phone FROM ticket t JOIN particulars p ON p.ticket_id = t.id WHERE t.id = {mark}",
        (one.id,),
    )
    definition = versions.definition(transaction, workflow)
    told: dict[str, Any] = {
        "case_no": one.case_no, "workflow": str(definition.title), "state": str(definition.states[state].title),
        "channel": channel, "opened_at": iso(one.opened_at),
        "settled_at": iso(Instant(settled)) if settled is not None else "",
        **dict(zip(("description", "address", "contact_name", "contact_phone"), words, strict=True)),
    }  # fmt: skip
    events = transaction.rows(
        "SELECT e.seq, e.at, e.action, e.facts, w.words FROM event e LEFT JOIN personal w "  # noqa: S608
        f"ON w.ticket_id = e.ticket_id AND w.seq = e.seq WHERE e.ticket_id = {mark} ORDER BY e.seq",
        (one.id,),
    )
    told["events"] = list(_events(events))
    told["pictures"] = [
        f"{one.case_no}-{sha256[:12]}" for sha256 in forgetting.pictures(transaction, one.id, every=False)
    ]
    objections = transaction.rows(
        "SELECT o.words FROM period_objection o JOIN period_line l ON l.period_id = o.period_id "  # noqa: S608
        f"AND l.number = o.line WHERE l.ticket_id = {mark} AND o.words <> ''",
        (one.id,),
    )
    told["objections"] = [row[0] for row in objections]
    told["accesses"] = [
        {"at": iso(row.at), "by": row.name, "purpose": str(row.purpose), "field": row.field, "page": row.page,
         "note": row.note}
        for row in unmasking.of_tickets(transaction, [one.id])
    ]  # fmt: skip
    return told


def _events(rows: list[Any]) -> Iterator[dict[str, Any]]:
    """What each act holds of the citizen: personal words, and the place; acts without either are only named."""
    for seq, at, action, facts, words in rows:
        told: dict[str, Any] = {"seq": seq, "at": iso(Instant(at)), "action": action}
        if words:
            told["words"] = json.loads(words)
        place = json.loads(facts).get("form", {}).get("place")
        if place is not None:
            told["place"] = place
        yield told


def _row(transaction: Transaction, register: str, code: str) -> dict[str, Any]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT version, facts, personal FROM register_row "  # noqa: S608
        f"WHERE register_key = {mark} AND code = {mark} ORDER BY version",
        (register, code),
    )
    told = [
        {"version": version, "words": {**json.loads(facts), **json.loads(personal or "{}")}}
        for version, facts, personal in rows
    ]
    return {"register": register, "code": code, "events": told}


def _pictures(transaction: Transaction, held: Held) -> dict[str, str]:
    """Name in the archive → digest, of what came from the citizen."""
    named: dict[str, str] = {}
    for one in held.tickets:
        digests = forgetting.pictures(transaction, one.id, every=False)
        known = uploads.known(transaction, digests)
        for sha256 in digests:
            kind = known[sha256].media_type.rpartition("/")[2] if sha256 in known else "bin"
            named[f"{one.case_no}-{sha256[:12]}.{'jpg' if kind == 'jpeg' else kind}"] = sha256
    return named


def _page(told: Mapping[str, Any]) -> str:
    heading = "个人信息副本 / A copy of your personal data"
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{heading}</title><style>{_STYLE}</style>'
        f"<h1>{heading}</h1>{_part(told)}</html>\n"
    )


def _part(value: Any) -> str:
    """Plain values as nested lists; what is empty is left out."""
    if isinstance(value, Mapping):
        return "<dl>" + "".join(f"<dt>{escape(_TITLES.get(key) or key)}</dt><dd>{_part(one)}</dd>"
                                for key, one in value.items() if one not in ("", [], {}, None)) + "</dl>"  # fmt: skip
    if isinstance(value, list):
        return "".join(f"<section>{_part(one)}</section>" for one in value)
    return escape(str(value))
