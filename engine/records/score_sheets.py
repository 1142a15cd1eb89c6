"""Score sheets in force: those that are shipped, until another version is activated; versions and lines are added and
never changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from engine import resources
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import indicator_file, score_file, source
from engine.definitions.indicator import Indicator
from engine.errors import NotFound, Stale
from engine.records.asking import marks
from engine.records.columns import big_id, instant, link, text, word
from engine.rules.roll import Formulas

_DIGEST = 64


class ScoreVersion(SQLModel, table=True):
    """The text of one version of a sheet's file."""

    __tablename__ = "score_version"
    __table_args__ = (UniqueConstraint("sheet", "sha256"),)

    id: int | None = big_id()
    sheet: str = word()
    sha256: str = word(length=_DIGEST)
    source: str = text()
    stored_at: int = instant()
    person_id: int = link("person.id")


class ScoreActivation(SQLModel, table=True):
    """That a version was put in force."""

    __tablename__ = "score_activation"

    id: int | None = big_id()
    version_id: int = link("score_version.id", index=True)
    person_id: int = link("person.id")
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A stored version of a sheet."""

    id: int
    sheet: str
    sha256: str
    source: str
    at: Instant
    by: str
    #: When and by whom it was put in force, the newest last.
    activated: tuple[tuple[Instant, str], ...] = ()

    @property
    def formulas(self) -> Formulas:
        return Formulas.read(self.sheet, self.source, texts_of(self.sheet, self.source))


@cache
def indicator_texts() -> Mapping[str, str]:
    """File → text of every shipped file of indicators."""
    folder = resources.workflows() / "indicators"
    return {path.name: source.decode(source.read_file(path), file=path.name) for path in sorted(folder.glob("*.yaml"))}


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every shipped indicator."""
    return indicator_file.discover()


@cache
def shipped() -> Mapping[str, Formulas]:
    """Every shipped sheet by its name."""
    found = score_file.discover(indicators())
    return {name: Formulas.read(name, text, texts_of(name, text)) for name, (_, text) in found.items()}


@cache
def texts_of(name: str, sheet_text: str) -> Mapping[str, str]:
    """The files of indicators that a sheet names one of. Errors: as `score_file.loads`."""
    sheet = score_file.loads(sheet_text, indicators(), file=f"{name}.yaml")[name]
    wanted = set(sheet.indicators)
    return {
        file: text for file, text in indicator_texts().items() if wanted & indicator_file.loads(text, file=file).keys()
    }


def in_force(transaction: Transaction) -> dict[str, Formulas]:
    """Every sheet by its name, as it counts now."""
    rows = transaction.rows(
        "SELECT v.sheet, v.source FROM score_version v JOIN score_activation a ON a.version_id = v.id ORDER BY a.id"
    )
    newest = dict(rows)
    found = dict(shipped())
    found |= {name: Formulas.read(name, text, texts_of(name, text)) for name, text in newest.items()}
    return dict(sorted(found.items()))


def of(transaction: Transaction, name: str) -> Formulas:
    """The sheet of that name, as it counts now. Errors: `NotFound`."""
    found = in_force(transaction).get(name)
    if found is None:
        raise NotFound(f"没有考核表“{name[:60]}”", f"there is no score sheet '{name[:60]}'")
    return found


def store(transaction: Transaction, name: str, text: str, person_id: int, now: Instant) -> int:
    """Keep a version, once; its id."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    m, *_ = marks(transaction, 1)
    transaction.run(
        "INSERT INTO score_version (sheet, sha256, source, stored_at, person_id) "  # noqa: S608
        f"VALUES ({m}, {m}, {m}, {m}, {m}) ON CONFLICT (sheet, sha256) DO NOTHING",
        (name, sha256, text, now, person_id),
    )
    ((number,),) = transaction.rows(
        f"SELECT id FROM score_version WHERE sheet = {m} AND sha256 = {m}",  # noqa: S608
        (name, sha256),
    )
    return int(number)


def activate(transaction: Transaction, version_id: int, seen: str, person_id: int, now: Instant) -> None:
    """Put a version in force. `seen` is the digest of the formulas in force that the decision was made on.

    Errors: `NotFound`, `Stale` when another one was activated meanwhile.
    """
    if transaction.postgresql:
        transaction.run("LOCK TABLE score_activation IN SHARE ROW EXCLUSIVE MODE")
    found = version(transaction, version_id)
    if of(transaction, found.sheet).digest != seen:
        raise Stale(
            "考核表刚刚换成了另一个版本，请重新查看影响后再启用",
            "another version of this sheet has been activated meanwhile: look at what changes again",
        )
    m, *_ = marks(transaction, 1)
    transaction.run(
        f"INSERT INTO score_activation (version_id, person_id, at) VALUES ({m}, {m}, {m})",  # noqa: S608
        (version_id, person_id, now),
    )


def version(transaction: Transaction, number: int) -> Version:
    """A stored version. Errors: `NotFound`."""
    m, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT v.sheet FROM score_version v WHERE v.id = {m}", (number,))  # noqa: S608
    if not rows:
        raise NotFound("没有这个考核表版本", "there is no such version of a score sheet")
    return next(one for one in versions(transaction, rows[0][0]) if one.id == number)


def versions(transaction: Transaction, name: str) -> list[Version]:
    """Every stored version of a sheet, the newest first."""
    m, *_ = marks(transaction, 1)
    lines: dict[int, list[tuple[Instant, str]]] = {}
    for number, at, by in transaction.rows(
        "SELECT a.version_id, a.at, p.name FROM score_activation a JOIN score_version v ON v.id = a.version_id "  # noqa: S608
        f"JOIN person p ON p.id = a.person_id WHERE v.sheet = {m} ORDER BY a.id",
        (name,),
    ):
        lines.setdefault(number, []).append((Instant(at), by))
    rows = transaction.rows(
        "SELECT v.id, v.sheet, v.sha256, v.source, v.stored_at, p.name FROM score_version v "  # noqa: S608
        f"JOIN person p ON p.id = v.person_id WHERE v.sheet = {m} ORDER BY v.id DESC",
        (name,),
    )
    return [
        Version(id=row[0], sheet=row[1], sha256=row[2], source=row[3], at=Instant(row[4]), by=row[5],
                activated=tuple(lines.get(row[0], ())))
        for row in rows
    ]  # fmt: skip
