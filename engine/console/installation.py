"""`huying demo`, `serve`, `migrate`, `verify`, `work`, `token`, `bench`: the installation itself."""

import argparse
import getpass
import json
import sys

from engine.application import Application
from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.background.rhythms import run_rhythms
from engine.bench.command import DIALECTS, bench, shown_as_table
from engine.console.printing import ERR, OUT, REFUSED, Add
from engine.errors import Malformed, Place
from engine.records import schema
from engine.records.access import issue_token, set_password
from engine.records.verify import verify
from engine.serving import export, prepare_demo, serve


def add(command: Add) -> None:
    """The commands about the installation."""
    demo = command("demo", _demo)
    demo.add_argument("--prepare-only", action="store_true", help="build the district, serve nothing")
    for serving in (demo, command("serve", _serve)):
        serving.add_argument("--host", default="127.0.0.1")
        serving.add_argument("--port", type=int, default=8000)
    migrate = command("migrate", _migrate)
    command("verify", _verify)
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
    timing.add_argument("--lives", type=int, default=20, help="ticket lives per slice and connection")
    timing.add_argument("--slices", type=int, default=15, help="slices of each contestant, in turns")
    timing.add_argument("--postgresql", metavar="URL", help="a server to use; else one from the wheel is started")
    timing.add_argument("--only", action="append", choices=DIALECTS)


def _demo(application: Application, given: argparse.Namespace) -> int:
    """Build the demo district and serve it."""
    settings = prepare_demo(application.settings)
    if given.prepare_only:
        return 0
    export(settings)
    OUT.print(f"演示已就绪，请打开 / The demo is ready: http://{given.host}:{given.port}/", style="bold green")
    OUT.print("停止：Ctrl+C / Stop with Ctrl+C")
    serve(given.host, given.port)
    return 0


def _serve(application: Application, given: argparse.Namespace) -> int:
    """Serve pages and API, with the background work inside."""
    export(application.settings)
    serve(given.host, given.port)
    return 0


def _migrate(application: Application, given: argparse.Namespace) -> int:
    """Bring the database's schema up to date."""
    for line in schema.migrate(application.database) or ["已是最新 / up to date"]:
        OUT.print(line, markup=False)
    return 0


def _verify(application: Application, given: argparse.Namespace) -> int:
    """Walk every chain of the history and name the first broken event of each broken ticket."""
    verdict = verify(application.database)
    for broken in verdict.broken or ():
        ERR.print(str(broken), markup=False, style="red")
    word = "完好 / sound" if verdict.sound else "有改动 / broken"
    OUT.print(
        f"{verdict.tickets} 件 / tickets · {verdict.events} 条 / events · "
        f"{verdict.erased} 条个人信息已删除 / erased · {word}"
    )
    return 0 if verdict.sound else REFUSED


def _work(application: Application, given: argparse.Namespace) -> int:
    """Do once what waits in the background: commands between tickets, positions of the feed, lists of rhythms."""
    commands = run_commands(application.door, application.database, application.clock)
    moved = relay(application.database)
    sent = run_rhythms(application.database, application.versions, application.settings.rhythms, application.clock)
    OUT.print(f"{commands} 项跨案处理 / commands · {moved} 条入序 / acts positioned · {sent} 张名单 / lists")
    return 0


def _password(application: Application, given: argparse.Namespace) -> int:
    """Give somebody a password: asked for twice, or the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("密码 / password: ")
        if getpass.getpass("再输一次 / once more: ") != password:
            raise Malformed("两次输入不一致", "the two do not agree", place=Place(field="password"))
    else:
        password = sys.stdin.readline().rstrip("\n")
    set_password(application.database, given.login, password)
    OUT.print(f"{given.login}: 已设置 / set", markup=False)
    return 0


def _token(application: Application, given: argparse.Namespace) -> int:
    """Issue a bearer token for somebody's programs; it is shown once."""
    now = application.clock.now()
    OUT.print(issue_token(application.database, given.login, given.purpose, now, given.days), markup=False)
    return 0


def _bench(application: Application, given: argparse.Namespace) -> int:
    """Time the same ticket lives through the door and through a frozen yardstick, interleaved, on both databases."""
    results = bench(
        lives=given.lives, slices=given.slices, postgresql_url=given.postgresql, dialects=tuple(given.only or DIALECTS)
    )
    if given.json:
        OUT.print_json(json.dumps(results))
    else:
        OUT.print(shown_as_table(results))
    return 0
