"""A sandbox worked out: a database made from the steps, which nobody but this sandbox has.

1. What a play has come to is a file, named by the digest of everything that made it, and never changed.
2. Whoever needs it copies that file; where it isn't there, the longest part of the play that is, and does the rest.
3. The file is written beside and renamed, so that any number of processes may do the same at once.

So every web process answers from the steps alone, a step back is another name, and what is lost is made again.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from engine import resources
from engine.application import Application
from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import HuyingError, Malformed
from engine.records import calendars, schema, versions
from engine.records.calendars import NewVersion
from engine.rules.calendar_file import read_calendar
from engine.rules.decrees import from_json
from engine.sandbox import cast, pictures
from engine.sandbox.clockwork import perform
from engine.sandbox.play import Play
from engine.settings import Settings

#: Files kept at once, about 1.5 MB each, and the seconds after which one that nobody asked for goes.
MOST_FILES, OLDEST = 40, 2 * 3600
_SUFFIX = ".db"


class Replay(Malformed):
    """已有的步骤不能再重做一遍，请退回一步或重新开始 / The steps so far can't be done again: step back or begin anew"""

    code = "replay"


@contextmanager
def played(play: Play, settings: Settings) -> Iterator[Application]:
    """The sandbox as its steps have left it, on a database that goes when the block ends.

    Errors: `DefinitionError` for a file that cannot go live here, `Replay` naming the step that is refused now.
    """
    folder = settings.data / "sandboxes"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="in-use-") as private:
        path = Path(private) / "sandbox.db"
        _make(play, settings, folder, path)
        with _opened(play, settings, path) as house:
            _recognise(house, play)
            yield house


def loops_of(play: Play) -> list[Workflow]:
    """The file that is played first, then those that it opens. Errors: `DefinitionError`."""
    return [compiled(source) for source in (play.source, *play.others)]


@lru_cache(maxsize=32)
def compiled(source: str) -> Workflow:
    """A file, compiled once per process. Errors: `DefinitionError`."""
    return loads(source, file="draft.yaml")


def _make(play: Play, settings: Settings, folder: Path, path: Path) -> None:
    """Put the database of a play at `path`, from the nearest file that is there."""
    names = _names(play)
    done = next((count for count in reversed(range(len(names))) if _copied(folder / names[count], path)), None)
    if done is None:
        _begin(play, settings, path)
        _keep(path, folder / names[0])
        done = 0
    if done == len(play.steps):
        return
    with _opened(play, settings, path, until=done) as house:
        _recognise(house, play)
        for number, step in enumerate(play.steps[done:], done + 1):
            try:
                perform(house, step)
            except HuyingError as refusal:
                # The newest step is somebody's act just now: its refusal is theirs to read.
                if number == len(play.steps):
                    raise
                raise Replay(
                    f"第 {number} 步不能再重做：{refusal.zh}", f"step {number} can't be done again: {refusal.en}"
                ) from refusal
    _keep(path, folder / names[-1])


def _begin(play: Play, settings: Settings, path: Path) -> None:
    """An empty installation with the made town, its calendars and pictures, and the files in force."""
    with _opened(play, settings, path) as house:
        schema.migrate(house.database)
        loops, now = loops_of(play), play.begins

        def build(transaction: Transaction) -> None:
            for one in play.calendars:
                file = read_calendar(one.source, key=one.key, file=one.key)
                new = NewVersion(file=file, decrees=from_json(one.decrees), at=now, by="sandbox")
                calendars.store(transaction, new, 1)
            cast.build(transaction, loops, now)
            for loop in loops:
                versions.store(transaction, loop, now, activate=True)

        house.database.acting(build)
        pictures.keep(house)


@contextmanager
def _opened(play: Play, settings: Settings, path: Path, *, until: int | None = None) -> Iterator[Application]:
    """The installation on a file. Nothing of it is sent anywhere, nothing of the real one is read."""
    steps = play.steps if until is None else play.steps[:until]
    clock = SetClock(Play(source="", begins=play.begins, steps=steps).now)
    own = Settings(
        database_url=f"sqlite:///{path}", data=path.parent, hash_algorithm=settings.hash_algorithm,
        assets=settings.assets,
    )  # fmt: skip
    house = Application(settings=own, database=Database(own.database_url), clock=clock)
    try:
        yield house
    finally:
        house.close()


def _recognise(house: Application, play: Play) -> None:
    """Give the installation its definitions compiled: they are the same in every sandbox of a file."""
    compiled = {loop.sha256: loop for loop in loops_of(play)}
    with house.database.looking() as transaction:
        stored = transaction.rows("SELECT id, sha256 FROM workflow_version")
    for number, sha256 in stored:
        house.versions.know(int(number), compiled[sha256])


def _names(play: Play) -> list[str]:
    """What the databases of a play are called, from its beginning to where it stands: all that each was made from."""
    digest = hashlib.sha256(_engine() + replace(play, steps=()).to_json()).digest()
    digests = [digest]
    for step in play.steps:
        digest = hashlib.sha256(digest + step.to_json()).digest()
        digests.append(digest)
    return [digest.hex() + _SUFFIX for digest in digests]


@cache
def _engine() -> bytes:
    """What stands for the tables of this engine: another release makes other files."""
    made = hashlib.sha256()
    for file in sorted((resources.migrations() / "versions").glob("*.py")):
        made.update(file.read_bytes())
    return made.digest()


def _copied(kept: Path, path: Path) -> bool:
    """Copy a file that is there; whether it was. Another process may drop it at any moment."""
    try:
        shutil.copyfile(kept, path)
        os.utime(kept)
    except FileNotFoundError:
        return False
    return True


def _keep(path: Path, kept: Path) -> None:
    """Keep a copy under its name, and drop what is old or too much."""
    beside = kept.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}.part")
    shutil.copyfile(path, beside)
    os.replace(beside, kept)
    sweep_out(kept.parent)


def sweep_out(folder: Path, now: float | None = None) -> None:
    """Drop the files that nobody asked for lately, those beyond `MOST_FILES`, and what a crash has left behind."""
    at = time.time() if now is None else now
    found = []
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append((file.stat().st_mtime, file))
    kept = sorted((one for one in found if one[1].suffix == _SUFFIX), reverse=True)
    old = [one for one in found if one[0] < at - OLDEST]
    for _, file in {*kept[MOST_FILES:], *old}:
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)
