"""The unit's own Word templates: the newest of a kind counts, what was brought before stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import big_id, instant, link, number, one_of, title, word
from engine.records.documents import DocumentKind

_MOST = 20


class ReportTemplate(SQLModel, table=True):
    """A template that an administrator brought; an empty digest goes back to the one that is shipped."""

    __tablename__ = "report_template"
    __table_args__ = (
        one_of("kind", [kind.value for kind in DocumentKind]),
        Index("ix_report_template_kind", "kind", "id"),
    )

    id: int | None = big_id()
    kind: str = word()
    sha256: str = word()
    name: str = title()
    size: int = number()
    person_id: int = link("person.id")
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it was brought."""

    kind: DocumentKind
    sha256: str
    name: str
    size: int
    person_id: int
    at: Instant


def bring(transaction: Transaction, new: Template) -> None:
    """From now on this one counts."""
    transaction.run(
        "INSERT INTO report_template (kind, sha256, name, size, person_id, at) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 6))})",
        (new.kind.value, new.sha256, new.name[:200], new.size, new.person_id, new.at),
    )


def brought(transaction: Transaction, kind: DocumentKind) -> list[Template]:
    """What was brought of a kind, the newest first."""
    mark, *_ = marks(transaction, 1)
    rows: Sequence[Any] = transaction.rows(
        "SELECT kind, sha256, name, size, person_id, at FROM report_template "  # noqa: S608
        f"WHERE kind = {mark} ORDER BY id DESC LIMIT {_MOST}",
        (kind.value,),
    )
    return [
        Template(
            kind=DocumentKind(row[0]), sha256=row[1], name=row[2], size=row[3], person_id=int(row[4]),
            at=Instant(row[5]),
        )
        for row in rows
    ]  # fmt: skip


def key(sha256: str) -> str:
    """Where the store keeps a template."""
    return f"templates/{sha256}.docx"
