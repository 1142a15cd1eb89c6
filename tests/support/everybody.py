"""A town in which every post is held: where the ticket is, beside it, above it and elsewhere; and who has no post."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from engine import resources
from engine.clock import Instant, SetClock
from engine.database import Database, Transaction
from engine.records import receipts, task_links
from engine.records.access import open_session, person_of_login
from engine.records.areas import NewArea, create_areas
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.town import Town, png, town
from web.sessions import COOKIE, TOKEN, token_of

#: Another district of the city, with everything below it.
AREAS = (
    NewArea(code="jd", level="district", name="嘉定区", parent="sh"),
    NewArea(code="jd-s", level="street", name="安亭镇", parent="jd"),
    NewArea(code="jd-g", level="grid", name="安亭第一综合网格", parent="jd-s"),
    NewArea(code="jd-v", level="village", name="安亭居委", parent="jd-g"),
    NewArea(code="jd-m", level="micro_grid", name="安亭第一微网格", parent="jd-v"),
    NewArea(code="nq-v", level="village", name="南桥居委", parent="nq-g"),
)
UNITS = (
    NewDepartment(code="gas", name="燃气所", kind="field_office", parent="bureau", area="xd"),
    NewDepartment(code="jd-bureau", name="嘉定建管委", kind="bureau", area="jd"),
    NewDepartment(code="jd-urban", name="安亭城管中队", kind="field_office", parent="jd-bureau", area="jd-s"),
)
#: Post → where it is held: at the ticket's own place, beside it, above it, and in another district.
_BY_AREA = {
    "village_head": ("xd-v", "nq-v", "xd-g", "jd-v"),
    "grid_leader": ("xd-g", "nq-g", "xd", "jd-g"),
    "deputy_grid_leader": ("xd-g", "nq-g", "xd", "jd-g"),
    "grid_worker": ("xd-m", "nq-m", "xd-v", "jd-m"),
    "coordinator": ("xd", "nq", "fx", "jd-s"),
    "shift_leader": ("xd", "nq", "fx", "jd-s"),
    "caller_back": ("xd", "nq", "fx", "jd-s"),
    "chief": ("xd", "nq", "fx", "jd-s"),
    "supervisor": ("fx", "nq", "sh", "jd"),
    "petition_officer": ("fx", "nq", "sh", "jd"),
    "courier": ("xd-m", "nq-m", "xd-v", "jd-m"),
    "volunteer": ("xd-g", "nq-g", "xd", "jd-g"),
    "citizen": ("xd-m", "nq-m", "xd-v", "jd-m"),
}
_BY_UNIT = dict.fromkeys(("handler", "lead", "contractor"), ("urban", "gas", "bureau", "jd-urban"))
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
PLACES = ("own", "beside", "above", "elsewhere")
#: Without a post: who reported the ticket, somebody else with an account, somebody without, and holders of secrets.
REPORTER, CITIZEN, NOBODY, LINK, RECEIPT = "reporter", "citizen", "nobody", "link", "receipt"


def posts() -> tuple[str, ...]:
    """Every post there is, read from the file."""
    return tuple(YAML(typ="safe").load(resources.workflows() / "posts.yaml")["posts"])


def _login(post: str, place: str) -> str:
    return f"{post.replace('_', '-')}.{place}"


def _held() -> Iterator[tuple[str, str, str | None, str | None]]:
    """Login, post, area, department of everybody with a post. A post that nobody placed above is an error."""
    for post in posts():
        if post in ADMINISTRATORS:
            yield _login(post, "own"), post, None, None
            continue
        at = _BY_UNIT.get(post) or _BY_AREA[post]
        for place, where in zip(PLACES, at, strict=True):
            area = None if post in _BY_UNIT else where
            yield _login(post, place), post, area, where if post in _BY_UNIT else None


@dataclass
class Everybody:
    """The town with its people, one ticket that a task link belongs to, and one that a passer-by reported."""

    town: Town
    #: Login → post, place of `PLACES` and the code of its area or unit.
    people: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    case_no: str = ""
    #: The task of the unit without accounts, a picture of the ticket, a sitting, a report that somebody has ordered.
    task: int = 0
    picture: str = ""
    sitting: str = ""
    link: str = ""
    receipt: str = ""
    _sessions: dict[str, str] = field(default_factory=dict)

    def logins(self, *places: str) -> list[str]:
        return [login for login, (_, place, _) in self.people.items() if place in places]

    def secret(self, login: str) -> str:
        """The secret of an open session."""
        if login not in self._sessions:
            person = person_of_login(self.town.database, login)
            self._sessions[login] = open_session(self.town.database, person, self.town.clock.now())
        return self._sessions[login]

    def forget(self, login: str) -> None:
        """The next request opens a new session."""
        self._sessions.pop(login, None)

    def ask(self, login: str, method: str, path: str, **options: Any) -> Any:
        """One request of somebody: pages by session with the token of their forms, the API by bearer token."""
        headers = dict(options.pop("headers", {}))
        form = options.pop("form", None)
        if login in self.people and path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self.town.token(login)}"
        elif login in self.people:
            headers["Cookie"] = f"{COOKIE}={self.secret(login)}"
            form = {**(form or {}), TOKEN: token_of(self.secret(login))} if method == "POST" else None
        elif method == "POST" and not path.startswith("/api/"):
            secret = {LINK: self.link, RECEIPT: self.receipt}.get(login, "")
            form = {**(form or {}), **({TOKEN: token_of(secret)} if secret else {})}
        if form is not None:
            options["data"] = form
        self.town.client.cookies.clear()
        return self.town.client.request(method, path, headers=headers, **options)


@contextmanager
def everybody(database: Database, clock: SetClock, data: Path, **settings: Any) -> Iterator[Everybody]:
    """Build it and serve it."""
    with town(database, clock, data, **settings) as served:
        people = list(_held())
        database.acting(lambda transaction: _settle(transaction, people))
        whole = Everybody(served)
        whole.people = {
            login: (post, login.partition(".")[2], area or unit or "") for login, post, area, unit in people
        }
        whole.people |= {REPORTER: ("", REPORTER, ""), CITIZEN: ("", CITIZEN, "")}
        _live(whole)
        yield whole


def _settle(transaction: Transaction, people: list[tuple[str, str, str | None, str | None]]) -> None:
    create_areas(transaction, AREAS, Instant(0))
    create_departments(transaction, UNITS)
    create_people(transaction, [NewPerson(login=login, name=login) for login, *_ in people])
    create_people(transaction, [NewPerson(login=REPORTER, name="报事人")])
    appoint(
        transaction,
        [
            Appointment(login=login, post=post, area=area, department=unit, since=Instant(0))
            for login, post, area, unit in people
        ],
    )


def _live(whole: Everybody) -> None:
    """A citizen's ticket, called: urban management leads, power joins in, which has no account but a link."""
    served = whole.town
    whole.case_no = served.report(REPORTER)
    served.act("shen", whole.case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    served.act("shen", whole.case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["power"]})
    power = next(
        task for task in served.get("gu", f"/api/tickets/{whole.case_no}")["tasks"]
        if task["department"]["code"] == "power"
    )  # fmt: skip
    whole.task, whole.picture = power["task"], served.photo(REPORTER)
    whole.link, now = task_links.new_secret(), served.clock.now()

    def made(transaction: Transaction) -> None:
        ((ticket,),) = transaction.rows("SELECT ticket_id FROM case_number")
        until = Instant(now + 10 * 24 * 3600 * 1_000_000)
        task_links.keep(transaction, whole.link, ticket, power["task"], now, made_by=None, expires_at=until)

    served.database.acting(made)
    whole.receipt = receipts.new_secret()
    sent = {"key": whole.receipt, "description": "路灯不亮"}
    files = {"before_photos": ("p.png", png(3), "image/png")}
    answer = served.client.post("/g/xd-g", data=sent, files=files)
    assert answer.headers.get("location", "").startswith("/r/"), answer.text
    body = {"workflow": "multi-grid-in-one", "meeting": "joint", "area": "xd-g", "at": "2026-03-06T14:00:00+08:00"}
    called = served.ask("grid-leader.own", "POST", "/api/meetings", json={**body, "place": "网格党群服务站"})
    assert called.status_code == 201, called.text
    whole.sitting = called.json()["code"]
    put = {"name": "吴阿婆", "area": "xd-v", "kind": "alone"}
    row = served.ask("village-head.own", "PUT", "/api/registers/special-care/rows/fx-001", json={"form": put})
    assert row.status_code in (200, 201), row.text
