"""`huying personal find | export | erase | tidy`: what is held on a citizen, a copy for them, and its erasure."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from engine.application import Application
from engine.console.printing import ERR, OUT, Add, nested
from engine.errors import Malformed, Place
from engine.exchange import citizen_copy
from engine.records import administration, forgetting
from engine.records.administration import AdminDeed, NewAct
from engine.records.citizens import Who
from engine.records.erasures import GROUNDS, ErasureGround
from engine.stages import erasing
from engine.stages.erasing import Preview, Wish


def add(command: Add) -> None:
    """The commands about citizens' data."""
    personal = nested(command("personal", _which))
    finding, copying, taking = personal("find", _find), personal("export", _export), personal("erase", _erase)
    for asking in (finding, copying, taking):
        asking.add_argument("--phone", default="")
        asking.add_argument("--name", default="", help="only beside a phone")
        asking.add_argument("--login", default="")
        asking.add_argument("--case", default="", help="a case number")
    copying.add_argument("file", type=Path, help="the ZIP to write")
    for asking in (finding, taking):
        asking.add_argument("--running", action="store_true", help="also tickets that are still handled")
        asking.add_argument("--all-pictures", action="store_true", help="also pictures that officials took")
    taking.add_argument("--ground", choices=[one.value for one in ErasureGround])
    taking.add_argument("--yes", action="store_true", help="erase; without it, only say what would be erased")
    taking.add_argument("--go-on", action="store_true", help="finish erasures that were interrupted")
    personal("tidy", _tidy)


def _which(application: Application, given: argparse.Namespace) -> int:
    """What is held on a citizen: find, export, erase; tidy."""
    raise Malformed("请说明做什么：huying personal --help", "say what to do: huying personal --help")


def _who(given: argparse.Namespace) -> Who:
    return Who(phone=given.phone, name=given.name, login=given.login, case_no=given.case)


def _wish(given: argparse.Namespace, ground: ErasureGround) -> Wish:
    return Wish(who=_who(given), ground=ground, running=given.running, pictures=given.all_pictures)


def _find(application: Application, given: argparse.Namespace) -> int:
    """What is held on a citizen, and what an erasure would take away."""
    with application.database.looking() as transaction:
        found = erasing.preview(transaction, _wish(given, ErasureGround.PURPOSE_DONE))
    _record(application, AdminDeed.LOOK_UP, found.counts)
    _say(found)
    return 0


def _export(application: Application, given: argparse.Namespace) -> int:
    """Write a copy of what is held on a citizen, for the citizen; each ticket in it goes into the access log."""
    now = application.clock.now()
    copied = citizen_copy.write(
        application.database, application.versions, application.store, _who(given), given.file, None, now
    )
    counts = {"tickets": copied.tickets, "pictures": copied.pictures}
    _record(application, AdminDeed.COPY, counts)
    OUT.print(f"{copied.tickets} 件 / tickets · {copied.pictures} 张照片 / pictures → {given.file}", markup=False)
    return 0


def _erase(application: Application, given: argparse.Namespace) -> int:
    """Erase a citizen's personal data; chains and seals go on holding. Backups are not reached."""
    house = application
    if given.go_on:
        done = erasing.go_on(house.door, house.store, house.settings.data)
        OUT.print(f"{done} 项 / items")
        return 0
    if given.ground is None:
        raise Malformed("请用 --ground 说明依据", "say with --ground why", place=Place(field="--ground"))
    wish = _wish(given, ErasureGround(given.ground))
    if not given.yes:
        with house.database.looking() as transaction:
            _say(erasing.preview(transaction, wish))
        ERR.print("确认删除请加 --yes / Add --yes to erase it")
        return 0
    now = house.clock.now()
    number = house.database.acting(lambda transaction: erasing.begin(transaction, wish, None, now))
    done = erasing.go_on(house.door, house.store, house.settings.data, number)
    OUT.print(f"删除 {number}：{GROUNDS[wish.ground]} · {done} 项已删除 / items erased", markup=False)
    return 0


def _tidy(application: Application, given: argparse.Namespace) -> int:
    """Write the database anew without what was deleted, and drop thumbnails of pictures that are no more here."""
    dropped = erasing.tidy(application.database, application.settings.data)
    OUT.print(f"已整理 / tidied · {dropped} 张照片的缩略图 / pictures' thumbnails")
    return 0


def _say(found: Preview) -> None:
    for one in found.held.tickets:
        OUT.print("（保密 / confidential）" if one.confidential else one.case_no, markup=False)
    for name, count in found.counts.items():
        OUT.print(f"{forgetting.TITLES[name]}: {count}", markup=False)
    for case_no in found.left_out:
        OUT.print(f"在办，不在其内 / still handled, left out: {case_no}", markup=False)
    for case_no, seq in found.remains:
        OUT.print(f"保留 / stays: {case_no} #{seq}", markup=False)
    for title, name in found.by_hand:
        OUT.print(f"须由人处理 / to be ruled on by hand: {title} {name}", markup=False)


def _record(application: Application, deed: AdminDeed, counts: Mapping[str, int]) -> None:
    new, now = NewAct(person_id=None, deed=deed, subject="", counts=counts), application.clock.now()
    application.database.acting(lambda transaction: administration.record(transaction, new, now))
