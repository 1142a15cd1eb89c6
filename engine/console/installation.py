"""`huying demo`, `serve`, `migrate`, `verify`, `work`, `token`, `bench`: the installation itself."""

import argparse
import getpass
import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from engine.application import Application
from engine.background.births import open_births
from engine.background.commands import run_commands
from engine.background.deliver import Deliverer
from engine.background.fan_out import fan_out
from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.background.rhythms import run_rhythms
from engine.background.sweep import sweep
from engine.bench.command import (
    DIALECTS,
    Size,
    bench,
    figures_as_table,
    lists_as_table,
    shown_as_table,
    sweeps_as_table,
)
from engine.bench.showing import servers_as_table, sizes_as_table
from engine.console.bars import bar
from engine.console.printing import ERR, OUT, REFUSED, Add, say_if_behind
from engine.console.seals import verify_kept, verify_seal
from engine.errors import Malformed, Place
from engine.records import schema
from engine.records.access import issue_token, revoke_all, set_password
from engine.records.verify import verify
from engine.serving import export, prepare_demo, serve
from engine.settings import Settings
from engine.stages.retelling import retold


def add(command: Add) -> None:
    """The commands about the installation."""
    demo = command("demo", _demo)
    demo.add_argument("--prepare-only", action="store_true", help="build the district, serve nothing")
    for serving in (demo, command("serve", _serve)):
        serving.add_argument("--host", default="127.0.0.1")
        serving.add_argument("--port", type=int, default=8000)
        serving.add_argument("--scheduler", choices=("inside", "apart"), help="background work here, or elsewhere")
    migrate = command("migrate", _migrate)
    verifying = command("verify", _verify)
    verifying.add_argument("--rows", action="store_true", help="also tell every ticket again and compare its rows")
    verifying.add_argument("--seal", type=Path, metavar="FILE", help="hold the file of a seal against this database")
    verifying.add_argument("--public-key", type=Path, metavar="FILE", help="the keys that signatures must be made with")
    verifying.add_argument("--alone", action="store_true", help="check the file of the seal by itself, no database")
    verifying.set_defaults(any_schema=True)
    command("work", _work)
    password = command("password", _password)
    password.add_argument("login")
    token = command("token", _token)
    token.add_argument("login")
    token.add_argument("--purpose", default="命令行 / command line")
    token.add_argument("--days", type=int, default=90)
    timing = command("bench", _bench)
    for building in (demo, migrate, timing):
        building.set_defaults(any_schema=True)
    timing.add_argument("--json", action="store_true")
    timing.add_argument(
        "--lives", type=int, default=20, help="ticket lives per slice and connection; 0: only the sweep"
    )
    timing.add_argument("--running", type=int, default=1_000_000, help="running deadlines; 0: no sweep is timed")
    timing.add_argument("--due", type=int, default=10_000, help="how many of them are due")
    timing.add_argument("--listed", type=int, default=0, help="tickets among which lists are timed; 0: they are not")
    timing.add_argument("--figures", type=int, default=0, help="tickets whose figures are timed; 0: they are not")
    timing.add_argument(
        "--sizes", type=_counts, default=(), metavar="N,N", help="tickets of districts that are held against the first"
    )
    timing.add_argument(
        "--servers",
        type=_counts,
        default=(),
        metavar="N,N",
        help="web processes on one PostgreSQL, beside bare handlers",
    )
    timing.add_argument("--slices", type=int, default=15, help="slices of each contestant, in turns")
    timing.add_argument(
        "--postgresql", metavar="URL", help="a server to use, its password in a PGPASSFILE; else one is started"
    )
    timing.add_argument("--only", action="append", choices=DIALECTS)


def _demo(application: Application, given: argparse.Namespace) -> int:
    """Build the demo district and serve it."""
    settings = prepare_demo(_scheduling(application.settings, given))
    if given.prepare_only:
        return 0
    export(settings)
    OUT.print(f"演示已就绪，请打开 / The demo is ready: http://{given.host}:{given.port}/", style="bold green")
    OUT.print("停止：Ctrl+C / Stop with Ctrl+C")
    serve(given.host, given.port)
    return 0


def _serve(application: Application, given: argparse.Namespace) -> int:
    """Serve pages and API; on SQLite the background work too, on PostgreSQL that is `huying schedule`."""
    settings = _scheduling(application.settings, given)
    export(settings)
    if not settings.schedules_inside:
        OUT.print("后台工作请另行运行 huying schedule / The background work runs apart: huying schedule")
    serve(given.host, given.port)
    return 0


def _scheduling(settings: Settings, given: argparse.Namespace) -> Settings:
    return replace(settings, scheduler=given.scheduler) if given.scheduler else settings


def _migrate(application: Application, given: argparse.Namespace) -> int:
    """Bring the database's schema up to date."""
    for line in schema.migrate(application.database) or ["已是最新 / up to date"]:
        OUT.print(line, markup=False)
    return 0


def _verify(application: Application, given: argparse.Namespace) -> int:
    """Walk every chain of the history, name the first broken event of each broken ticket, and check the seals kept."""
    if given.seal is None and given.alone:
        raise Malformed("请用 --seal 给出封存文件", "say which file with --seal", place=Place(field="--seal"))
    if not given.alone:
        say_if_behind(schema.expect_current(application.database))
    if given.seal is not None:
        return verify_seal(application, given)
    with application.database.looking() as transaction:
        ((lines,),) = transaction.rows("SELECT count(*) FROM event")
    with bar(ERR, "核对历史 / Walking the history", int(lines)) as tell:
        verdict = verify(application.database, progress=tell)
    for broken in verdict.broken or ():
        ERR.print(str(broken), markup=False, style="red")
    word = "完好 / sound" if verdict.sound else "有改动 / broken"
    OUT.print(
        f"{verdict.tickets} 件 / tickets · {verdict.events} 条 / events · "
        f"{verdict.erased} 条个人信息已删除 / erased · {word}"
    )
    kept = verify_kept(application, given)
    if verdict.sound and not kept and given.rows:
        return _verify_rows(application, verdict.tickets)
    return kept if verdict.sound else REFUSED


def _verify_rows(application: Application, total: int) -> int:
    """Tell every ticket again from its history, and hold it against its rows."""
    different = told = 0
    with bar(ERR, "重述历史 / Telling histories again", total) as tell:
        for found in retold(application.database, application.versions, tell=tell):
            told += 1
            different += bool(found)
            for one in found:
                ERR.print(str(one), markup=False, style="red")
    word = "一致 / the same" if not different else f"{different} 件不一致 / differ"
    OUT.print(f"{told} 件由历史重述 / tickets told again · {word}")
    return REFUSED if different else 0


def _work(application: Application, given: argparse.Namespace) -> int:
    """Do once what waits in the background: what time brings, commands, births, positions, lists, notices, messages."""
    swept = sweep(application.door, application.database, application.clock)
    commands = run_commands(application.door, application.database, application.clock)
    born = open_births(application.door, application.database, application.versions, application.clock)
    moved = relay(application.database)
    keep_up(application.door, application.database, application.clock)
    sent = run_rhythms(application.database, application.versions, application.settings.rhythms, application.clock)
    fanned = fan_out(application.database, application.clock)
    deliverer = Deliverer.of(application)
    try:
        told = deliverer.deliver()
    finally:
        deliverer.close()
    OUT.print(
        f"{swept.rungs} 级到时 / rungs on {swept.tickets} 件 / tickets · {commands} 项跨案处理 / commands · "
        f"{born} 件按册开启 / births · "
        f"{moved} 条入序 / acts positioned · {sent} 张名单 / lists · {fanned} 条通知 / notices · "
        f"送达 {told} 人 / people sent to"
    )
    for ticket_id, failure in swept.failures.items():
        ERR.print(f"未能处理 / left out: {ticket_id}: {failure}", style="red", markup=False)
    return REFUSED if swept.failures else 0


def _password(application: Application, given: argparse.Namespace) -> int:
    """Give somebody a password: asked for twice, or the first line of standard input. Their sessions and tokens end."""
    if sys.stdin.isatty():
        password = getpass.getpass("密码 / password: ")
        if getpass.getpass("再输一次 / once more: ") != password:
            raise Malformed("两次输入不一致", "the two do not agree", place=Place(field="password"))
    else:
        password = sys.stdin.readline().rstrip("\n")
    set_password(application.database, given.login, password)
    ended = revoke_all(application.database, given.login, application.clock.now())
    OUT.print(f"{given.login}: 已设置 / set; 结束登录与令牌 / sessions and tokens ended {ended}", markup=False)
    return 0


def _token(application: Application, given: argparse.Namespace) -> int:
    """Issue a bearer token for somebody's programs; it is shown once."""
    now = application.clock.now()
    OUT.print(issue_token(application.database, given.login, given.purpose, now, given.days), markup=False)
    return 0


def _counts(text: str) -> tuple[int, ...]:
    """Whole numbers between commas, each at least 1."""
    counts = tuple(int(part) for part in text.replace("_", "").split(","))
    if min(counts) < 1:
        raise ValueError
    return counts


def _bench(application: Application, given: argparse.Namespace) -> int:
    """Time lives through the door beside a frozen yardstick, and the sweep beside the door, on both databases."""
    if given.postgresql and urlsplit(given.postgresql).password:
        raise Malformed(
            "密码不能写在命令行里，请放进 PGPASSFILE 所指的文件",
            "a password cannot stand on the command line: put it into the file of PGPASSFILE",
            place=Place(field="--postgresql"),
        )
    amiss = given.running and not 20 <= given.due <= given.running
    if amiss or min(given.lives, given.running, given.listed, given.figures) < 0:
        raise Malformed(
            "--due 应在 20 与 --running 之间，均不为负",
            "--due must lie between 20 and --running, none below zero",
            place=Place(field="--due"),
        )
    size = Size(
        lives=given.lives, slices=given.slices, running=given.running, due=given.due, listed=given.listed,
        figures=given.figures, sizes=given.sizes, servers=given.servers,
    )  # fmt: skip
    results = bench(
        size, postgresql_url=given.postgresql, dialects=tuple(given.only or DIALECTS),
        tell=lambda step: ERR.print(step, markup=False),
    )  # fmt: skip
    if given.json:
        OUT.print_json(json.dumps(results))
    else:
        OUT.print(shown_as_table(results) if size.lives else "")
        OUT.print(sweeps_as_table(results) if size.running else "")
        OUT.print(lists_as_table(results) if size.listed else "")
        OUT.print(figures_as_table(results) if size.figures else "")
        OUT.print(sizes_as_table(results, DIALECTS) if size.sizes else "")
        OUT.print(servers_as_table(results) if "servers" in results.get("postgresql", {}) else "")
    return 0
