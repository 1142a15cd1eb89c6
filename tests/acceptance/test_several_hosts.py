"""Web servers and schedulers on hosts of their own, one database over the network, one store: nothing is in a process.

The hosts are network namespaces that the test makes; PostgreSQL listens on one of them and wants a password (SCRAM).
"""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from engine.clock import HOUR
from engine.database import Database
from engine.records import schema
from engine.records.access import issue_token, set_password
from tests.support import server
from tests.support.cases import MONDAY
from tests.support.door import World
from tests.support.drill import SharedClock
from tests.support.drill_loops import DRILL, LOOP
from tests.support.hindered import Hindrance
from tests.support.hosts import Host, hosts, possible
from tests.support.pictures import jpeg, scene
from tests.support.processes import PATIENCE, Keeper, Process

T = TypeVar("T")

pytestmark = pytest.mark.slow

PORT = 8000
SECRET = "a long enough secret"
_CHECKOUT = Path(__file__).resolve().parents[2]
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@pytest.fixture(scope="module")
def city(keeper: Keeper) -> Iterator["City"]:
    """A database host, two hosts that serve and schedule, and one from which people look."""
    if not possible():
        why = "没有网络命名空间，须以 root 运行 / no network namespaces here: they take root"
        if os.environ.get("HUYING_TEST_HOSTS") == "required":
            pytest.fail(why)
        pytest.skip(why)
    with City.built(keeper) as city:
        yield city


@dataclass
class City:
    """The hosts, what runs on them, and the world in their database."""

    keeper: Keeper
    world: World
    clock: SharedClock
    folder: Path
    url: str
    database_host: Host
    sites: tuple[Host, Host]
    desk: Host
    web: dict[str, Process] = field(default_factory=dict)
    schedulers: dict[str, Process] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def built(cls, keeper: Keeper) -> Iterator["City"]:
        with ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="huying-hosts-"))
            folder.chmod(0o755)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            there, *sites, desk = stack.enter_context(hosts("db", "a", "b", "desk"))
            password = secrets.token_urlsafe()
            local = stack.enter_context(_postgresql(folder, there, password))
            url = f"postgresql+psycopg://postgres:{password}@{there.address}/huying"
            clock = SharedClock(folder / "shift", MONDAY)
            database = stack.enter_context(closing(Database(local)))
            schema.migrate(database)
            world = World(database, clock)
            world.activate(LOOP)
            for login in ("shen", "zhou", "wang"):
                set_password(database, login, SECRET)
            one, other = sites
            city = cls(keeper, world, clock, folder, url, there, (one, other), desk)
            stack.callback(city.stop)
            for site in sites:
                city.serve(site)
                city.schedule(site)
            for site in sites:
                city.until(partial(city.answers, site))
            yield city

    def serve(self, site: Host) -> None:
        self.web[site.name] = self._start(site, "serve", "--host", site.address, "--port", str(PORT))

    def schedule(self, site: Host) -> None:
        self.schedulers[site.name] = self._start(site, "schedule").says("调度已启动")

    def _start(self, site: Host, *words: str) -> Process:
        data = self.folder / site.name
        data.mkdir(exist_ok=True)
        environment = {
            "HUYING_DATABASE": self.url,
            "HUYING_DATA": str(data),
            "HUYING_STORE": str(self.folder / "store"),
            "HUYING_CLOCK_SHIFT": str(self.clock.file),
            "HUYING_ASSETS": "local",
        }
        output = self.folder / f"{site.name}-{words[0]}-{secrets.token_hex(2)}.log"
        return self.keeper.start(words, environment, output, Hindrance(every=0.5, batch=100), site.name)

    def stop(self) -> None:
        for process in (*self.web.values(), *self.schedulers.values()):
            process.kill()

    # -- people ------------------------------------------------------------------------------------------------------

    def ask(self, site: Host, method: str, path: str, **options: Any) -> httpx.Response:
        """One request from the desk's host to a site; the cookies are the caller's, as behind a load balancer."""

        def asked() -> httpx.Response:
            with httpx.Client(base_url=f"http://{site.address}:{PORT}", timeout=30, **_cookies(options)) as client:
                return client.request(method, path, **options)

        return self.desk.does(asked)

    def sign_in(self, site: Host, login: str, password: str = SECRET) -> tuple[httpx.Response, dict[str, str]]:
        """Come in at a site; the answer, and the cookies that it gave."""
        page = self.ask(site, "GET", "/signin")
        form = {"csrf": token(page), "login": login, "password": password, "next": "/"}
        answer = self.ask(site, "POST", "/signin", data=form, cookies=dict(page.cookies))
        return answer, dict(answer.cookies)

    def answers(self, site: Host) -> bool | None:
        try:
            return self.ask(site, "GET", "/api/health").status_code == 200 or None
        except httpx.TransportError:
            return None

    def until(self, asked: Callable[[], T | None]) -> T:
        end = time.monotonic() + PATIENCE
        while (answer := asked()) is None:
            every = (*self.web.values(), *self.schedulers.values())
            assert time.monotonic() < end, "\n".join(one.said[-1000:] for one in every)
            time.sleep(0.05)
        return answer

    def swept(self, ticket_id: int) -> int:
        """Cards that the clock gave a ticket."""
        sql = "SELECT count(*) FROM event WHERE ticket_id = ? AND source = 'engine' AND action <> ''"
        return int(self.world.rows(sql, ticket_id)[0][0])


def _cookies(options: dict[str, Any]) -> dict[str, Any]:
    return {"cookies": options.pop("cookies")} if "cookies" in options else {}


def token(page: httpx.Response) -> str:
    """What a page's forms must hold."""
    found = _CSRF.search(page.text)
    assert found, page.text[:500]
    return found[1]


@contextmanager
def _postgresql(folder: Path, there: Host, password: str) -> Iterator[str]:
    """A server on a host; the address by which only this machine reaches it."""
    home = folder / "postgresql" / "server"
    home.mkdir(parents=True)
    home.parent.chmod(0o755)
    words = ["ip", "netns", "exec", there.name, sys.executable, "-m", "tests.support.server"]
    with subprocess.Popen([*words, str(home), there.address, password], cwd=_CHECKOUT, stdin=subprocess.PIPE) as keeper:
        end = time.monotonic() + PATIENCE
        while not (home / "ready").exists():
            assert keeper.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        local = server.address(home)
        with psycopg.connect(f"host={home} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE huying")
        yield local.replace("/postgres?", "/huying?")
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(PATIENCE)


def test_the_database_is_reached_over_the_network_and_only_with_its_password(city: City) -> None:
    here, there = city.sites[0], city.database_host

    def knock(password: str) -> str:
        with psycopg.connect(host=there.address, user="postgres", password=password, dbname="huying") as connection:
            return str(connection.execute("SELECT inet_client_addr()").fetchall()[0][0])

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        here.does(lambda: knock("guess"))
    password = city.url.partition("postgres:")[2].partition("@")[0]
    assert here.does(lambda: knock(password)) == here.address


def test_who_signs_in_at_one_site_acts_at_the_other(city: City) -> None:
    one, other = city.sites
    ticket = city.world.ticket(DRILL).reported("citizen")
    answer, cookies = city.sign_in(one, "shen")
    assert answer.status_code == 303, answer.text[:500]
    page = city.ask(one, "GET", f"/tickets/{ticket.case_no}/do/remark", cookies=cookies)
    forged = city.ask(other, "POST", f"/tickets/{ticket.case_no}/do/remark", cookies=cookies, data={"note": "伪造"})
    assert forged.status_code == 403
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    done = city.ask(
        other, "POST", f"/tickets/{ticket.case_no}/do/remark", cookies=cookies, data={**fields, "note": "已电话联系"}
    )
    assert done.status_code == 303, done.text[:500]
    assert "已电话联系" in city.ask(one, "GET", f"/tickets/{ticket.case_no}", cookies=cookies).text
    left = city.ask(one, "POST", "/signout", cookies=cookies, data={"csrf": token(page)})
    assert left.status_code == 303
    gone = city.ask(other, "GET", f"/tickets/{ticket.case_no}", cookies=cookies)
    assert (gone.status_code, "/signin" in gone.headers.get("location", "")) == (303, True)


def test_wrong_passwords_are_counted_over_all_sites(city: City) -> None:
    one, other = city.sites
    codes = [city.sign_in(site, "zhou", "guess")[0].status_code for site in (one, other, one, other, one)]
    assert set(codes) == {401}
    # The right one waits too, wherever it comes.
    for site in city.sites:
        assert city.sign_in(site, "zhou")[0].status_code == 429


def test_a_photo_sent_to_one_site_is_shown_and_used_at_the_other(city: City) -> None:
    one, other = city.sites
    key = issue_token(city.world.database, "wang", "drill", city.clock.now(), 90)
    headers = {"Authorization": f"Bearer {key}"}
    content = jpeg(scene(7))
    sent = city.ask(one, "POST", "/api/uploads", files={"file": ("a.jpg", content)}, headers=headers)
    sha256 = sent.json()["sha256"]
    assert sha256 == hashlib.sha256(content).hexdigest()
    form = {"description": "窨井盖破损", "place": {"area": "micro"}, "before_photos": [sha256]}
    body = {"workflow": "block-calls-line-responds", "action": "report", "channel": "grid", "form": form}
    reported = city.ask(other, "POST", "/api/tickets", json=body, headers={**headers, "Idempotency-Key": "once"})
    assert reported.status_code == 201, reported.text
    # The answer was lost; whoever asks again, elsewhere, gets the same ticket.
    again = city.ask(one, "POST", "/api/tickets", json=body, headers={**headers, "Idempotency-Key": "once"})
    assert again.json()["case_no"] == reported.json()["case_no"]
    shown = city.ask(other, "GET", f"/api/uploads/{sha256}", headers=headers)
    assert shown.content == content


def test_what_happens_at_one_site_is_news_at_the_other(city: City) -> None:
    one, other = city.sites
    keys = {login: issue_token(city.world.database, login, "drill", city.clock.now(), 90) for login in ("shen", "wang")}
    headers = {login: {"Authorization": f"Bearer {key}"} for login, key in keys.items()}
    _, cookies = city.sign_in(other, "shen")
    through = city.ask(one, "GET", "/api/feed", headers=headers["shen"]).json()["through"]
    form = {"description": "路灯不亮", "place": {"area": "micro"}, "before_photos": ["photo-1"]}
    body = {"workflow": "block-calls-line-responds", "action": "report", "channel": "grid", "form": form}
    case_no = city.ask(one, "POST", "/api/tickets", json=body, headers=headers["wang"]).json()["case_no"]

    def followed() -> bool | None:
        news = city.ask(other, "GET", "/api/feed", headers=headers["shen"], params={"after": through}).json()
        return case_no in [item["case_no"] for item in news["items"]] or None

    city.until(followed)
    # A page that is asked again every half minute is asked of whichever site answers.
    assert case_no in city.ask(other, "GET", "/queue", cookies=cookies).text


def test_whichever_host_dies_the_others_go_on(city: City) -> None:
    one, other = city.sites
    first, second = (city.world.ticket(DRILL).reported("citizen") for _ in range(2))
    city.schedulers[one.name].kill()
    city.web[one.name].kill()
    city.clock.advance(HOUR)
    city.until(lambda: (city.swept(first.id) and city.swept(second.id)) or None)
    assert city.answers(one) is None
    assert city.answers(other)
    _, cookies = city.sign_in(other, "shen")
    assert first.case_no in city.ask(other, "GET", f"/tickets/{first.case_no}", cookies=cookies).text
    # Now the other way round; the one that was cut off from the database finds it again by itself.
    city.serve(one)
    city.schedule(one)
    other.unplug()
    try:
        before = city.swept(first.id)
        city.clock.advance(3 * HOUR)
        city.until(lambda: (city.swept(first.id) > before) or None)
        city.until(lambda: city.answers(one))
        assert city.answers(other) is None
    finally:
        other.plug()
    city.until(lambda: city.answers(other))
    city.schedulers[one.name].kill()
    before = city.swept(second.id)
    city.clock.advance(24 * HOUR)
    city.until(lambda: (city.swept(second.id) > before) or None)
    assert city.world.verdict().sound
