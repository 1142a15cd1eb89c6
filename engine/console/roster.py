"""`huying handover`, `huying roster`: posts that pass, leave, and who held what when."""

import argparse
from datetime import datetime
from pathlib import Path

from rich.table import Table

from engine.application import Application
from engine.clock import CIVIL_ZONE, DAY, Instant, instant, shown
from engine.console.bars import bar
from engine.console.exchange import told
from engine.console.printing import ERR, OUT, REFUSED, Add, nested
from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.exchange.roster import apply_roster, preview_roster
from engine.records import tenure
from engine.records.deputies import NewDeputy, name_deputy
from engine.records.people import person_by_login
from engine.records.shifts import roster
from engine.rules.handing_over import Successor
from engine.stages.handovers import Unit, move_work, refuse_strangers, waiting


def add(command: Add) -> None:
    """The commands about posts."""
    handover = command("handover", _handover)
    handover.add_argument("old", metavar="FROM", help="whose work it is")
    handover.add_argument("new", metavar="TO", help="whose it becomes")
    handover.add_argument("--post", help="this post passes too, and only the work of its units moves")
    handover.add_argument("--at", metavar="MOMENT", help="when the post passes, at the latest now; now if missing")
    handover.add_argument("--reason", default="")
    shifts = nested(command("roster", _which))
    show = shifts("show", _show)
    show.add_argument("--days", type=int, default=7, metavar="N", help="so many days from now; 7 if missing")
    incoming = shifts("import", _import)
    incoming.add_argument("file", type=Path, metavar="FILE.csv|.xlsx")
    incoming.add_argument("--preview", action="store_true", help="say what would change, write nothing")
    incoming.add_argument("--refused", type=Path, metavar="FILE.csv", help="where refused rows go")
    who = shifts("who", _who)
    who.add_argument("post")
    who.add_argument("--area", metavar="CODE")
    who.add_argument("--department", metavar="CODE")
    who.add_argument("--at", metavar="MOMENT", help="now if missing")
    leave = shifts("leave", _leave)
    leave.add_argument("login")
    leave.add_argument("deputy")
    leave.add_argument("--post", required=True)
    leave.add_argument("--since", metavar="MOMENT", help="now if missing")
    leave.add_argument("--until", metavar="MOMENT", required=True)
    leave.add_argument("--reason", default="")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Who holds which post, who is on leave, who is on duty."""
    return REFUSED


def _show(application: Application, given: argparse.Namespace) -> int:
    """Who is on duty now and in the days to come."""
    now = application.clock.now()
    with application.database.looking() as transaction:
        turns = roster(transaction, now, Instant(now + given.days * DAY))
    table = Table("自 / since", "至 / until", "岗位 / post", "单位 / unit", "姓名 / name", "账号 / login")
    for one in turns:
        table.add_row(shown(one.since), shown(one.until), one.post, one.unit_name, one.name, one.login)
    OUT.print(table if turns else "值班表为空：岗位全员当班 / nobody is on the roster: whole posts are on duty")
    return 0


def _import(application: Application, given: argparse.Namespace) -> int:
    """Import a duty roster: one row per shift, with login, post, unit, beginning and end."""
    take = preview_roster if given.preview else apply_roster
    return told(given, take(application.database, given.file, application.clock.now()))


def _handover(application: Application, given: argparse.Namespace) -> int:
    """Move somebody's open work, and with --post the post itself, to a successor; started again, it goes on."""
    now, database = application.clock.now(), application.database
    at = _moment(given.at, "--at") or now
    if at > now:
        raise Malformed("交接时刻不能晚于现在", "a post is handed over now at the latest", place=Place(field="--at"))

    def begin(transaction: Transaction) -> tuple[Successor, list[Unit] | None]:
        old, new = (person_by_login(transaction, login) for login in (given.old, given.new))
        if old.id == new.id or not new.active:
            raise Malformed("接任者应为另一位在用账号", "the successor must be another, active person")
        units = tenure.pass_post(transaction, old.login, new.login, given.post, at) if given.post else None
        one = Successor(
            from_id=int(old.id or 0), from_login=old.login, to_id=int(new.id or 0), to_login=new.login,
            post=given.post or "", reason=given.reason[:200],
        )  # fmt: skip
        refuse_strangers(transaction, one, now, units)
        return one, units

    one, units = database.acting(begin)
    with bar(ERR, "交接 / hand-over", waiting(database, one, units)) as tell:
        moved = move_work(application.door, database, application.clock, one, units, tell=tell)
    OUT.print(f"{moved} 件案卷的在办任务已由 {one.from_login} 交给 {one.to_login} / tickets moved", markup=False)
    return 0


def _who(application: Application, given: argparse.Namespace) -> int:
    """Who held a post for a unit at some time, deputies too; exits with 1 when nobody did."""
    at = _moment(given.at, "--at") or application.clock.now()
    with application.database.looking() as transaction:
        found = tenure.who_held(transaction, given.post, at, area=given.area, department=given.department)
    table = Table("账号 / login", "姓名 / name", "单位 / unit", "自 / since", "至 / until", "代 / for")
    for one in found:
        until = shown(one.until) if one.until is not None else ""
        table.add_row(one.login, one.name, one.unit_name, shown(one.since), until, one.behalf_of)
    OUT.print(table if found else "当时无人任职 / nobody held it then")
    return 0 if found else REFUSED


def _leave(application: Application, given: argparse.Namespace) -> int:
    """Enter a leave: the deputy holds the post meanwhile, 90 days at most."""
    now = application.clock.now()
    since, until = _moment(given.since, "--since") or now, _moment(given.until, "--until")

    def work(transaction: Transaction) -> int:
        holdings = tenure.running(transaction, given.login, given.post, now)
        for holding in holdings:
            new = NewDeputy(
                holding_id=holding, login=given.deputy, since=since, until=until or now, reason=given.reason
            )
            name_deputy(transaction, new, now)
        return len(holdings)

    count = application.database.acting(work)
    OUT.print(f"{given.deputy} 代 {given.login}：{count} 个岗位 / posts", markup=False)
    return 0


def _moment(text: str | None, field: str) -> Instant | None:
    """A day or a moment; civil time, unless it says otherwise."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(
            f"“{text}”应为时刻，如 2026-03-01T08:30",
            f"'{text}' must be a moment, like 2026-03-01T08:30",
            place=Place(field=field),
        ) from None
    return instant(at if at.tzinfo else at.replace(tzinfo=CIVIL_ZONE))
