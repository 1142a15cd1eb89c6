"""`huying seal`, `seals`, and `verify --seal FILE`: the daily seal, and what a second organisation does with it."""

import argparse
from pathlib import Path

from rich.table import Table

from engine.application import Application
from engine.background.seal import seal
from engine.clock import shown
from engine.console.bars import bar
from engine.console.printing import ERR, OUT, REFUSED, Add, nested
from engine.errors import Malformed, Place
from engine.exchange import seal_check, seal_file
from engine.exchange.seal_check import Check
from engine.records import seals
from engine.signing import Key, key_id, public_keys


def add(command: Add) -> None:
    """The commands about seals."""
    parent = command("seal", _seal)
    below = nested(parent)
    key = below("key", _key)
    key.add_argument("--rotate", action="store_true", help="put the present key aside and make a new one")
    exporting = below("export", _export)
    exporting.add_argument("number", type=int)
    exporting.add_argument("file", type=Path)
    command("seals", _seals)


def _seal(application: Application, given: argparse.Namespace) -> int:
    """Seal now what has moved since the last seal; `key` makes the key, `export` writes the file to be given away."""
    settings = application.settings
    key = Key.load(settings.seal_key_file)
    with bar(ERR, "封存 / Sealing", None) as tell:
        made = seal(application.database, application.clock, key, settings.hash_algorithm, tell=tell)
    if made is None:
        raise AssertionError("a seal that is asked for is made")
    OUT.print(
        f"第 {made.number} 号封存 / seal {made.number} · {made.tickets} 件 / tickets · {made.events} 条 / events · "
        f"{made.algorithm} {made.root}"
    )
    return 0


def _key(application: Application, given: argparse.Namespace) -> int:
    """Make the key that signs seals; prints the public half for the second organisation."""
    path = application.settings.seal_key_file
    if given.rotate:
        old = Key.load(path)
        aside = path.with_name(f"{path.name}.{key_id(old.public)}")
        try:
            path.rename(aside)
        except OSError as failure:
            raise Malformed("无法移开旧密钥", f"the old key cannot be put aside: {failure}") from failure
        ERR.print(f"旧密钥在 / The old key is in {aside}", markup=False)
    key = Key.make(path)
    ERR.print(
        f"私钥在 {path}，请勿与数据库同放 / The private key is there; keep it apart from the database", markup=False
    )
    OUT.print(f"{key_id(key.public)} {key.public}", markup=False)
    return 0


def _seals(application: Application, given: argparse.Namespace) -> int:
    """List the seals, the newest first."""
    table = Table("号 / no.", "时间 / at", "件 / tickets", "条 / events", "根 / root", "密钥 / key")
    with application.database.looking() as transaction:
        listed = seals.newest(transaction)
    for one in listed:
        said = one.statement
        table.add_row(
            str(said.number), shown(said.made_at), str(said.tickets), str(said.events),
            f"{said.algorithm} {said.root}", key_id(said.key),
        )  # fmt: skip
    OUT.print(table)
    if not application.settings.seal_key_file.exists():
        ERR.print(
            "没有密钥，不会每日封存 / There is no key, so nothing is sealed daily: huying seal key", style="yellow"
        )
    return 0


def _export(application: Application, given: argparse.Namespace) -> int:
    """Write the file of a seal that goes to a second organisation."""
    with application.database.looking() as transaction:
        seal_file.write(transaction, given.number, given.file)
    OUT.print(f"已写入 / Written: {given.file}", markup=False)
    return 0


def verify_seal(application: Application, given: argparse.Namespace) -> int:
    """Hold the file of a seal against this database, or `--alone` against itself."""
    trusted = _trusted(given.public_key)
    file = seal_file.read(given.seal)
    if given.alone:
        check = seal_check.alone(file, trusted)
    else:
        with bar(ERR, "核对封存 / Checking seals", _sealed(application)) as tell:
            check = seal_check.against(application.database, file, trusted, tell=tell)
    for finding in check.findings:
        ERR.print(str(finding), markup=False, style="red")
    _summary(check, file, alone=given.alone, trusted=bool(trusted))
    return 0 if check.sound else REFUSED


def verify_kept(application: Application, given: argparse.Namespace) -> int:
    """Check the seals that lie in this database, with the keys that are given, else with those of this machine."""
    trusted = _trusted(given.public_key) or _own_keys(application.settings.seal_key_file)
    with bar(ERR, "核对封存 / Checking seals", _sealed(application)) as tell:
        check = seal_check.kept(application.database, trusted, tell=tell)
    if not check.seals and not check.findings:
        OUT.print("没有封存可核对 / there are no seals to check")
        return 0
    for finding in check.findings:
        ERR.print(str(finding), markup=False, style="red")
    word = "完好 / sound" if check.sound else f"{len(check.findings)} 处不符 / findings"
    OUT.print(f"{check.seals} 次封存 / seals · {check.tickets} 件 / tickets · {word}", markup=False)
    how = (
        "签名按所给或本机密钥核对 / signatures were held against the keys given, or of this machine"
        if trusted
        else "本机没有密钥，签名只按封存自带公钥核对 / no key here: signatures were held against the keys seals name"
    )
    ERR.print(f"{how}；末尾被删的封存只有第二机关的文件能查出（--seal）", markup=False, style="yellow")
    ERR.print(
        "Seals taken away from the end are found only by the file of a second organisation (--seal)", style="yellow"
    )
    return 0 if check.sound else REFUSED


def _own_keys(path: Path) -> frozenset[str]:
    """The public halves of this machine's key and of those put aside beside it."""
    there = [one for one in (path, *path.parent.glob(f"{path.name}.*")) if one.is_file()]
    return frozenset(Key.load(one).public for one in there)


def _sealed(application: Application) -> int:
    """Tickets that any seal holds."""
    with application.database.looking() as transaction:
        return seals.held(transaction)


def _trusted(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        keys = public_keys(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeError) as failure:
        raise Malformed("无法读取公钥", f"it cannot be read: {failure}", place=Place(file=str(path))) from failure
    if not keys:
        raise Malformed("其中没有公钥", "there is no public key in it", place=Place(file=str(path)))
    return keys


def _summary(check: Check, file: seal_file.SealFile, *, alone: bool, trusted: bool) -> None:
    said = file.seal.statement
    word = "完好 / sound" if check.sound else f"{len(check.findings)} 处不符 / findings"
    held = "" if alone else f"{check.tickets} 件 / tickets · {check.events} 条 / events · "
    OUT.print(
        f"第 {said.number} 号封存 / seal {said.number} · {shown(said.made_at)} · {held}{word}",
        markup=False,
    )
    if not trusted:
        named = ", ".join(key_id(key) for key in check.keys) or "—"
        ERR.print(
            f"按文件自带公钥核对，请与所存公钥比对 / its own keys were used, compare them with yours: {named}",
            style="yellow", markup=False,
        )  # fmt: skip
