"""`huying backup`, `huying restore`: everything to a safe place, and back."""

import argparse
import time
from pathlib import Path

from engine.application import Application
from engine.clock import Instant, shown
from engine.console.bars import bars
from engine.console.printing import ERR, OUT, REFUSED, Add
from engine.errors import Malformed, NotFound, Place
from engine.exchange import backup_manifest
from engine.exchange.backup import back_up
from engine.exchange.backup_manifest import Manifest
from engine.exchange.restore import check, restore
from engine.store import FileStore


def add(command: Add) -> None:
    """The two commands."""
    making = command("backup", _backup)
    making.add_argument("place", metavar="DEST", help="a folder, or s3://bucket/prefix?endpoint=…")
    coming = command("restore", _restore)
    coming.add_argument("place", metavar="SRC", help="where backups are: a folder, or s3://…")
    coming.add_argument("--name", help="which backup; else the newest")
    coming.add_argument("--list", action="store_true", help="list the backups, restore nothing")
    coming.add_argument("--check", action="store_true", help="read every part of the backup, restore nothing")
    coming.set_defaults(any_schema=True)


def _backup(application: Application, given: argparse.Namespace) -> int:
    """Save all rows of this moment and every file that they speak of, while people go on acting."""
    _expect_apart(application, given.place)
    place = FileStore.of(given.place, Path())
    began = time.monotonic()
    application.settings.data.mkdir(parents=True, exist_ok=True)
    with bars(ERR) as tell:
        manifest, digest = back_up(
            application.database, application.store, place, application.clock.now(), application.settings.data, tell
        )
    OUT.print(f"{_said(manifest)} · {time.monotonic() - began:.1f} s", markup=False)
    OUT.print(f"清单 / manifest sha256 {digest}", markup=False)
    ERR.print(
        f"封存私钥 {application.settings.seal_key_file} 不在备份中，请另行保管 / "
        "The key that signs seals is not in it: keep it elsewhere",
        style="yellow", markup=False,
    )  # fmt: skip
    for key in manifest.missing:
        ERR.print(
            f"文件缺失或已损坏，未能备份 / Missing or damaged, not in the backup: {key}", style="red", markup=False
        )
    return REFUSED if manifest.missing else 0


def _restore(application: Application, given: argparse.Namespace) -> int:
    """Bring a backup back into an empty installation; its parts are checked first."""
    place = _place(given.place)
    if given.list:
        for name in backup_manifest.names(place):
            OUT.print(_said(backup_manifest.load(place, name)), markup=False)
        return 0
    manifest = backup_manifest.load(place, given.name)
    settings = application.settings
    settings.data.mkdir(parents=True, exist_ok=True)
    for key in manifest.missing:
        ERR.print(f"备份时就缺的文件 / Missing when it was made: {key}", style="red", markup=False)
    if given.check:
        with bars(ERR) as tell:
            check(place, manifest, settings.data, tell)
        OUT.print(f"完好 / sound: {_said(manifest)}", markup=False)
        return 0
    with bars(ERR) as tell:
        since = restore(application.database, application.store, place, manifest, settings.data, tell)
    OUT.print(f"已恢复 / restored: {_said(manifest)}", markup=False)
    for line in since:
        OUT.print(line, markup=False)
    if not settings.seal_key_file.exists():
        ERR.print(
            "没有封存私钥：放回原来的，或用 huying seal key 另制 / There is no key for seals: put it back, or make one",
            style="yellow",
        )
    OUT.print("请运行 huying verify / Now run huying verify")
    return 0


def _place(address: str) -> FileStore:
    if "://" not in address and not Path(address).is_dir():
        raise NotFound(f"没有这个文件夹：{address}", f"there is no such folder: {address}", place=Place(field="SRC"))
    return FileStore.of(address, Path())


def _expect_apart(application: Application, address: str) -> None:
    """A backup inside the store that it copies would be lost with it."""
    data = application.settings.data.resolve()
    if "://" not in address and Path(address).resolve().is_relative_to(data):
        raise Malformed(
            f"备份不能放在数据目录 {data} 里",
            f"a backup cannot lie in the data folder {data}",
            place=Place(field="DEST"),
        )


def _said(manifest: Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables)
    return (
        f"{manifest.name} · {shown(Instant(manifest.made_at))} · {manifest.dialect} · {rows:,} 行 / rows · "
        f"{manifest.file_count:,} 个文件 / files · {manifest.revision}"
    )
