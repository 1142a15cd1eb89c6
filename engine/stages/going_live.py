"""How a workflow file goes live: what it needs around it is there, it is sound, and nobody else was quicker."""

from collections.abc import Callable, Iterable, Mapping

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions import checks, opening, register_file
from engine.definitions.model import Workflow
from engine.definitions.walk import every_action
from engine.errors import HuyingError, Stale
from engine.records import activations, versions
from engine.records.versions import By, Versions
from engine.stages import judging


def activate(
    database: Database,
    stored: Versions,
    definitions: Iterable[Workflow],
    now: Instant,
    by: By,
    *,
    seen: str | None = None,
) -> list[Workflow]:
    """Start new tickets on these versions, all of them or none; those that were not in force already.

    1. What was never in force must be sound; what is undecided is not.
    2. From here on nobody else puts a version in force.
    3. What is in force already is left as it is, so that a second click does nothing.
    4. With `seen`: the version in force must still be the one of that sha256 ("" for none).
    5. What the files name outside themselves must be there, and what others name of them.
    6. They are stored and put in force, each with a line that says by whom.

    Errors: `DefinitionError`, `Malformed` for a version stored with another text, `Stale`.
    """
    given = list(definitions)
    with database.looking() as looking:
        # Before anybody waits: a large file takes a second or more. What was in force once may come back as it was.
        judged = {
            one.sha256: judging.judge(one)
            for one in given
            if not activations.was_in_force(looking, one.key, one.version)
        }

    def work(transaction: Transaction) -> list[Workflow]:
        activations.lock(transaction)
        running = activations.in_force(transaction)
        new = [one for one in given if running.get(one.key, (0, ""))[1] != one.sha256]
        for one in new:
            there = running.get(one.key, (0, ""))[1]
            if seen is not None and seen != there:
                raise Stale(
                    f"“{one.title.zh}”刚刚换成了另一个版本，请重新查看差异后再启用",
                    f"another version of '{one.key}' has been activated meanwhile: look at the differences again",
                )
            found = judged.get(one.sha256)
            if found is not None and not found.sound:
                raise found.refusal(one, one.key)
        _opened_exist(transaction, stored, new, running)
        for one in new:
            versions.store(transaction, one, now, activate=True, by=by)
        return new

    return database.acting(work)


def missing(transaction: Transaction, stored: Versions, definition: Workflow) -> list[HuyingError]:
    """What stands in the way of a file that reads well and is sound: each as the refusal that activating would meet."""
    running = activations.in_force(transaction)
    tried: list[Callable[[], object]] = [
        lambda: _opened_exist(transaction, stored, [definition], running),
        lambda: versions.calendars_exist(transaction, definition),
        lambda: checks.registers_exist(definition, register_file.discover()),
        lambda: versions.never_changes(transaction, definition),
    ]
    found: list[HuyingError] = []
    for check in tried:
        try:
            check()
        except HuyingError as refusal:
            found.append(refusal)
    return found


def _opened_exist(
    transaction: Transaction, stored: Versions, given: Iterable[Workflow], running: Mapping[str, tuple[int, str]]
) -> None:
    """What these open is there; and what others, that stay in force, open of these still is."""
    new = {one.key: one for one in given}
    kept = {key: stored.definition(transaction, number) for key, (number, _) in running.items() if key not in new}
    known = {**kept, **new}
    for one in new.values():
        opening.opened_exist(one, known)
    for one in kept.values():
        if any(action.opens is not None and action.opens.workflow in new for action in every_action(one)):
            opening.opened_exist(one, known)
