"""`huying meeting`: bodies come together, from the command line."""

import argparse

from rich.table import Table

from engine.application import Application
from engine.clock import DAY, Instant, shown
from engine.console.printing import OUT, REFUSED, Add, nested
from engine.records import sittings
from engine.records.access import Viewer, person_of_login, viewer_of
from engine.records.names import names
from engine.records.sittings import Held
from engine.rules.sittings import Presence
from engine.stages import minutes
from engine.stages.meetings import Meetings, Said


def add(command: Add) -> None:
    """The commands about bodies and their sittings."""
    which = nested(command("meeting", _which))
    listed = which("list", _list)
    listed.add_argument("--limit", type=int, default=20, metavar="N", help="so many sittings, the latest first")
    call = which("call", _call)
    for name in ("workflow", "meeting", "area"):
        call.add_argument(name)
    call.add_argument("--in", dest="days", type=int, default=3, metavar="DAYS", help="in so many days; 3 if missing")
    call.add_argument("--place", default="")
    for name, run in (("open", _open), ("close", _close), ("sign", _sign)):
        _of(which(name, run))
    attend = which("attend", _attend)
    _of(attend)
    attend.add_argument("present", nargs="+", metavar="LOGIN", help="members who are there")
    call.add_argument("--as", dest="login", required=True, metavar="LOGIN", help="who convenes")
    which("show", _show).add_argument("code")
    which("minutes", _minutes).add_argument("code")


def _of(command: argparse.ArgumentParser) -> None:
    command.add_argument("code", help="of the sitting")
    command.add_argument("--as", dest="login", required=True, metavar="LOGIN", help="who does it")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Bodies that decide: their sittings, agendas and minutes."""
    return REFUSED


def _list(application: Application, given: argparse.Namespace) -> int:
    """Sittings, the latest first."""
    table = Table("场次 / sitting", "时间 / time", "会议 / body", "区域 / area", "状态 / state", "次 / nth")
    with application.database.looking() as transaction:
        for one in sittings.listed(transaction, "1 = 1", limit=max(1, given.limit)):
            title = application.versions.definition(transaction, one.workflow_id).meetings[one.meeting].title
            nth = str(one.nth or "")
            table.add_row(one.code, shown(one.planned_at), title.zh, one.area_name, minutes.STATES[one.state].zh, nth)
    OUT.print(table)
    return 0


def _call(application: Application, given: argparse.Namespace) -> int:
    """Call an extraordinary sitting; its members are told."""
    at = Instant(application.clock.now() + given.days * DAY)
    viewer = _viewer(application, given.login)
    code = Meetings(application.door).call(viewer, given.workflow, given.meeting, given.area, at, given.place)
    OUT.print(f"已通知 / called {code}")
    return 0


def _open(application: Application, given: argparse.Namespace) -> int:
    """Open a sitting: it gets its number of the year."""
    nth = Meetings(application.door).open(_viewer(application, given.login), given.code)
    OUT.print(f"开会，第 {nth} 次 / in session, number {nth} of the year")
    return 0


def _attend(application: Application, given: argparse.Namespace) -> int:
    """Say who is there."""
    said = {login: Said(presence=Presence.PRESENT) for login in given.present}
    quorum = Meetings(application.door).attend(_viewer(application, given.login), given.code, said)
    reached = "达到法定人数 / quorate" if quorum.reached else "不足法定人数 / no quorum"
    OUT.print(f"到会 / present {quorum.present}/{quorum.members}，须 / needed {quorum.needed}：{reached}")
    return 0


def _close(application: Application, given: argparse.Namespace) -> int:
    """Close it: what was not decided is carried over."""
    Meetings(application.door).close(_viewer(application, given.login), given.code)
    OUT.print("已闭会 / closed")
    return 0


def _sign(application: Application, given: argparse.Namespace) -> int:
    """Sign its minutes, which nobody can change from then on."""
    digest = Meetings(application.door).sign(_viewer(application, given.login), given.code)
    OUT.print(f"已签发 / signed, sha256 {digest}")
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """A sitting: who sits there, and its agenda."""
    with application.database.looking() as transaction:
        held = sittings.find(transaction, given.code)
        seats, items = sittings.seats(transaction, held.id), sittings.items(transaction, held.id)
        people = names(transaction, people=[one.person_id for one in seats]).people
    OUT.print(f"{held.code} {held.area_name} {shown(held.planned_at)} {minutes.STATES[held.state].zh}")
    for seat in seats:
        login, name = people[seat.person_id].code, people[seat.person_id].name
        OUT.print(f"{login} {name} {seat.presence.value}")
    for number, item in enumerate(items, start=1):
        OUT.print(f"{number}. {item.case_no} {item.outcome.value} {item.action or ''}")
    return 0


def _minutes(application: Application, given: argparse.Namespace) -> int:
    """The signed minutes, or a draft of them."""
    with application.database.looking() as transaction:
        held = sittings.find(transaction, given.code)
    OUT.print(held.minutes or _draft(application, held), markup=False)
    return 0


def _draft(application: Application, held: Held) -> str:
    if held.closed_at is None:
        return f"{held.code} 尚未闭会，没有纪要 / has not been closed: there are no minutes yet"
    with application.database.looking() as transaction:
        meeting = application.versions.definition(transaction, held.workflow_id).meetings[held.meeting]
        told = minutes.gather(transaction, application.versions, meeting, held)
    return minutes.text(told, remarks="", signed_by="", signed_at=application.clock.now())


def _viewer(application: Application, login: str) -> Viewer:
    person = person_of_login(application.database, login)
    with application.database.looking() as transaction:
        return viewer_of(transaction, person, application.clock.now())
