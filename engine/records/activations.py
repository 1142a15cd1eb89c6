"""Which version of each workflow is in force, since when and by whom; and on which versions open tickets still run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import marks
from engine.records.workflows import Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One line of the history."""

    #: They are numbered as they were written, and none is ever changed.
    id: int
    version: int
    at: Instant
    via: Via
    #: Name of the person; "" for the command line.
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored version."""

    id: int
    key: str
    version: int
    title: str
    sha256: str
    stored_at: Instant
    #: Open tickets that run on it, confidential ones left out.
    open: int
    #: Every time that it was put in force, the newest first.
    activations: tuple[Activation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A workflow with its versions, the newest number first."""

    key: str
    versions: tuple[Stored, ...]
    #: The one that new tickets start on.
    running: Stored | None

    @property
    def history(self) -> tuple[Activation, ...]:
        """Every activation, the newest first."""
        lines = [line for version in self.versions for line in version.activations]
        return tuple(sorted(lines, key=lambda line: line.id, reverse=True))

    @property
    def older(self) -> tuple[Stored, ...]:
        """Versions not in force on which tickets still run."""
        return tuple(one for one in self.versions if one.open and one != self.running)

    def numbered(self, version: int) -> Stored:
        """The version of that number. Errors: `NotFound`."""
        for one in self.versions:
            if one.version == version:
                return one
        raise NotFound(f"流程“{self.key}”没有第 {version} 版", f"'{self.key}' has no version {version}")


def lock(transaction: Transaction) -> None:
    """Let nobody else put a version in force until this transaction ends. New tickets go on.

    On SQLite whoever writes is alone anyway.
    """
    if transaction.postgresql:
        transaction.run("LOCK TABLE workflow_version IN SHARE ROW EXCLUSIVE MODE")


def loops(transaction: Transaction) -> list[Loop]:
    """Every workflow that a version is stored of, by key."""
    return list(_loops(transaction, "", ()))


def loop(transaction: Transaction, key: str) -> Loop:
    """One workflow with its versions. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    for found in _loops(transaction, f"WHERE v.key = {mark} ", (key,)):
        return found
    raise NotFound(f"没有流程“{key[:60]}”", f"no workflow '{key[:60]}'")


def in_force(transaction: Transaction) -> dict[str, tuple[int, str]]:
    """Key → id and sha256 of the version that new tickets start on."""
    rows = transaction.rows(
        "SELECT key, id, sha256 FROM workflow_version v WHERE activated_at = "
        "(SELECT max(activated_at) FROM workflow_version w WHERE w.key = v.key) ORDER BY version"
    )
    return {key: (int(number), sha256) for key, number, sha256 in rows}


def was_in_force(transaction: Transaction, key: str, version: int) -> bool:
    """Whether that version has been put in force before."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT 1 FROM workflow_version WHERE key = {mark} AND version = {mark} AND activated_at IS NOT NULL",  # noqa: S608
        (key, version),
    )
    return bool(rows)


def source_of(transaction: Transaction, version_id: int) -> str:
    """The exact text of a stored version."""
    mark, *_ = marks(transaction, 1)
    ((source,),) = transaction.rows(f"SELECT source FROM workflow_version WHERE id = {mark}", (version_id,))  # noqa: S608
    return str(source)


def _loops(transaction: Transaction, where: str, parameters: Sequence[Any]) -> Iterator[Loop]:
    lines = _lines(transaction, where, parameters)
    counts = dict(
        transaction.rows(
            "SELECT workflow_id, count(*) FROM ticket "
            "WHERE settled_at IS NULL AND NOT confidential GROUP BY workflow_id"
        )
    )
    rows = transaction.rows(
        "SELECT v.id, v.key, v.version, v.title, v.sha256, v.stored_at FROM workflow_version v "  # noqa: S608
        f"{where}ORDER BY v.key, v.version DESC",
        parameters,
    )
    running = in_force(transaction)
    for key, found in groupby(rows, key=lambda row: str(row[1])):
        versions = tuple(
            Stored(
                id=row[0], key=key, version=row[2], title=row[3], sha256=row[4], stored_at=row[5],
                open=counts.get(row[0], 0), activations=tuple(lines.get(row[0], ())),
            )
            for row in found
        )  # fmt: skip
        now, _ = running.get(key, (0, ""))
        yield Loop(key=key, versions=versions, running=next((one for one in versions if one.id == now), None))


def _lines(transaction: Transaction, where: str, parameters: Sequence[Any]) -> dict[int, list[Activation]]:
    rows = transaction.rows(
        "SELECT a.id, a.version_id, v.version, a.at, a.via, p.name FROM workflow_activation a "  # noqa: S608
        "JOIN workflow_version v ON v.id = a.version_id LEFT JOIN person p ON p.id = a.person_id "
        f"{where}ORDER BY a.id DESC",
        parameters,
    )
    found: dict[int, list[Activation]] = {}
    for number, version_id, version, at, via, name in rows:
        line = Activation(id=number, version=version, at=at, via=Via(via), name=name or "")
        found.setdefault(version_id, []).append(line)
    return found
