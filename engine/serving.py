"""`huying serve` and `huying demo`: a web server on this installation."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from types import FrameType

import uvicorn
from rich.console import Console
from rich.table import Table

from engine.application import Application
from engine.background.births import open_births
from engine.background.meetings import carry_over
from engine.background.seal import seal
from engine.definitions.loader import discover
from engine.exchange.calendar_apply import apply_package
from engine.exchange.demo import build_demo, petitions, relief, states, supervision
from engine.exchange.demo.admissions import build_admissions
from engine.exchange.demo.tickets import Sight, build_tickets
from engine.exchange.demo.visits import fill_registers, walk_visits
from engine.records import activations, schema, seals, versions
from engine.settings import Settings
from engine.signing import Key
from engine.stages import going_live

_OUT = Console(highlight=False, soft_wrap=True)
#: Found by name, because the engine never imports the web.
_FACTORY = "web.serve:create"
#: Seconds that requests under way are waited for when a signal says stop: a slow client does not keep a server.
_LEAVE_TIME = 20


def serve(host: str, port: int) -> None:
    """Serve until a signal says stop; requests under way are answered first, and the exit code is 0."""
    # uvicorn stops in good order, and then lets the signal do what it would have done without it.
    signal.signal(signal.SIGTERM, _leave)
    uvicorn.run(
        _FACTORY,
        factory=True,
        host=host,
        port=port,
        # ▸ Of uvicorn's two readers of requests the slower one: it bounds a request's headers (64 KiB), where the other
        # takes as much as anybody sends. Waiting is uvloop's, which uvicorn takes where it is.
        http="h11",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_LEAVE_TIME,
    )


def _leave(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


def prepare_demo(settings: Settings) -> Settings:
    """Build or complete the demo district in its database; what is there already stays as it is."""
    demo = replace(settings, demo=True, scheduler=settings.scheduler or "inside")
    application = Application.of(demo)
    try:
        schema.migrate(application.database)
        now = application.clock.now()
        build_demo(application.database, now, lambda step: _OUT.print(f"  {step}"))
        with application.database.looking() as transaction:
            # What an administrator has put in force since stays in force when the demo is started again.
            new = [one for one in discover() if not activations.was_in_force(transaction, one.key, one.version)]
        going_live.activate(application.database, application.versions, new, now, versions.COMMAND)
        apply_package(application.database, now)
        application.versions.book.look_again()
        sights = build_tickets(application, lambda step: _OUT.print(f"  案卷 / ticket {step}"))
        _OUT.print(f"  各状态的案卷 / tickets in every state {states.build_states(application)}")
        _OUT.print(f"  信访 / petitions {len(petitions.STORIES)}")
        sights += petitions.build_petitions(application)
        _OUT.print(f"  周解忧 / weekly relief {len(relief.STORIES)}")
        sights += relief.build_relief(application)
        carry_over(application.door, application.database, application.clock)
        fill_registers(application)
        if open_births(application.door, application.database, application.versions, application.clock):
            _OUT.print(f"  名册走访 / visits by register {walk_visits(application)}")
        _OUT.print(f"  督办函、抽查、走访 / letters, checks, visits {supervision.build_supervision(application)}")
        sights += build_admissions(application, lambda step: _OUT.print(f"  准入 / admission {step}"))
        _seal(application)
        _OUT.print(_table(sights))
    finally:
        application.close()
    return demo


def _seal(application: Application) -> None:
    """A key and a first seal, so that there is something to look at; whoever has a key already keeps it."""
    path = application.settings.seal_key_file
    key = Key.load(path) if path.exists() else Key.make(path)
    with application.database.looking() as transaction:
        sealed = seals.last(transaction) is not None
    if not sealed:
        seal(application.database, application.clock, key, application.settings.hash_algorithm)
        _OUT.print("  封存 / seal 1")


def _table(sights: tuple[Sight, ...]) -> Table:
    table = Table(title="看点 / Where to look", title_justify="left", box=None)
    table.add_column("登录 / sign in as", no_wrap=True)
    table.add_column("页面 / page", no_wrap=True)
    table.add_column("看什么 / what")
    for sight in sights:
        table.add_row(sight.login, sight.path, f"{sight.zh} / {sight.en}")
    return table


def export(settings: Settings) -> None:
    """Hand the settings on to the processes that serve, which read them from the environment."""
    os.environ["HUYING_DATABASE"] = settings.database_url
    os.environ["HUYING_DATA"] = str(Path(settings.data))
    os.environ["HUYING_DEMO"] = "1" if settings.demo else ""
    os.environ["HUYING_SCHEDULER"] = settings.scheduler
