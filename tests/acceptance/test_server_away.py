"""PostgreSQL goes away and comes back: everybody is told so, nothing is half there, and nobody has to be restarted."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.clock import MINUTE
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.own_server import OwnServer
from tests.support.processes import Keeper
from tests.support.serving import Server, token
from web.problems import MEDIA_TYPE
from web.sessions import COOKIE

pytestmark = pytest.mark.slow


@pytest.fixture
def drill(own_server: OwnServer, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    with Drill.begin(own_server.fresh(), tmp_path, keeper) as drill:
        yield drill


def is_away(answer: httpx.Response) -> None:
    """A program is told that the database is away, and when to come back."""
    assert (answer.status_code, answer.headers["content-type"]) == (503, MEDIA_TYPE), answer.text
    assert answer.headers["retry-after"] == "5"
    problem = answer.json()
    assert problem["code"] == "database_away"
    assert problem["detail"].startswith("数据库暂时没有应答，请稍后再试 / ")


@pytest.mark.parametrize("goes", [OwnServer.stop, OwnServer.kill], ids=["stopped", "killed"])
def test_it_is_said_nothing_is_half_there_and_work_goes_on_by_itself(
    drill: Drill, own_server: OwnServer, goes: Callable[[OwnServer], None]
) -> None:
    tickets = drill.reported(20)
    server, (scheduler,) = Server.start(drill), drill.schedule(Hindrance())
    shen = token(drill, "shen")
    drill.clock.advance(11 * MINUTE)
    drill.quiet()

    def remark(key: str) -> httpx.Response:
        body: dict[str, Any] = {"action": "remark", "form": {"note": "已催办"}}
        return server.ask(
            "POST", f"/api/tickets/{tickets[1].case_no}/acts", json=body, headers={**shen, "Idempotency-Key": key}
        )

    assert remark("before").status_code == 200
    goes(own_server)
    drill.clock.advance(31 * MINUTE)
    for _ in range(2):
        is_away(remark("meanwhile"))
        is_away(server.ask("GET", "/api/health"))
    seen = server.ask("GET", "/", headers={"Cookie": f"{COOKIE}=anything"})
    assert (seen.status_code, seen.headers["retry-after"]) == (503, "5")
    assert '<h1 class="hy-h1">数据库暂时没有应答，请稍后再试 <span' in seen.text
    assert server.ask("GET", "/static/huying.css").status_code == 200, "what needs no database is served"
    drill.until(lambda: "background job sweep failed" in scheduler.said or None)
    late = drill.start("schedule", how=Hindrance())
    assert late.ended() == 1
    assert late.said.startswith("数据库没有应答 / The database does not answer: connection")
    assert "Traceback" not in late.said

    own_server.start()
    begun = time.monotonic()
    assert server.ask("GET", "/api/health").json()["database"] == "ok", "the first who asks finds it again"
    done = remark("meanwhile")
    assert (done.status_code, done.json()["repeated"]) == (200, False), "what was not acknowledged was not there"
    again = remark("meanwhile")
    assert again.json() == {**done.json(), "repeated": True}
    drill.forget_connections()
    drill.quiet()
    assert time.monotonic() - begun < 30
    assert [server.process.status, scheduler.status] == [None, None], "nobody had to be started again"
    assert tickets[1].actions.count("remark") == 2
    assert drill.audit(drill.stop()) == []


def test_a_restart_while_nobody_asks_is_noticed_by_nobody(drill: Drill, own_server: OwnServer) -> None:
    """The server's pool holds connections that died meanwhile."""
    (told,) = drill.reported(1)
    server = Server.start(drill)
    shen = token(drill, "shen")
    body: dict[str, Any] = {"action": "remark", "form": {"note": "已催办"}}
    for _ in range(3):
        own_server.stop()
        own_server.start()
        assert server.ask("GET", f"/api/tickets/{told.case_no}", headers=shen).status_code == 200
        own_server.stop()
        own_server.start()
        assert server.ask("POST", f"/api/tickets/{told.case_no}/acts", json=body, headers=shen).status_code == 200
