"""Two streets of one district with their people, for tests that come in over HTTP."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import insert
from sqlmodel import col
from starlette.testclient import TestClient

from engine.clock import Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.loader import discover
from engine.definitions.model import Workflow
from engine.definitions.words import shipped
from engine.records import versions
from engine.records.access import issue_token
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.catalogue import Item, Standard
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.sounds import initials
from engine.settings import Settings
from web.app import create_app

BLOCK_CALLS = "block-calls-line-responds"

AREAS = (
    NewArea(code="sh", level="city", name="上海市"),
    NewArea(code="fx", level="district", name="奉贤区", parent="sh"),
    NewArea(code="xd", level="street", name="西渡街道", parent="fx"),
    NewArea(code="xd-g", level="grid", name="西渡第一综合网格", parent="xd"),
    NewArea(code="xd-v", level="village", name="浦江居委", parent="xd-g"),
    NewArea(code="xd-m", level="micro_grid", name="浦江第一微网格", parent="xd-v"),
    NewArea(code="nq", level="street", name="南桥镇", parent="fx"),
    NewArea(code="nq-g", level="grid", name="南桥第一综合网格", parent="nq"),
    NewArea(code="nq-m", level="micro_grid", name="南桥第一微网格", parent="nq-g"),
)
UNITS = (
    NewDepartment(code="bureau", name="建管委", kind="bureau", area="fx"),
    NewDepartment(code="urban", name="城管中队", kind="field_office", parent="bureau", area="xd"),
    NewDepartment(code="water", name="水务所", kind="field_office", parent="bureau", area="xd"),
    NewDepartment(code="power", name="供电公司", kind="utility"),
)
#: Login, name, post, area, department.
PEOPLE = (
    ("wang", "王芳", "grid_worker", "xd-m", None),
    ("zhou", "周敏", "grid_worker", "xd-m", None),
    ("liu", "刘洋", "grid_leader", "xd-g", None),
    ("shen", "沈静", "coordinator", "xd", None),
    ("qian", "钱进", "coordinator", "nq", None),
    ("sun", "孙丽", "grid_worker", "nq-m", None),
    ("gu", "顾平", "coordinator", "fx", None),
    ("he", "何清", "supervisor", "fx", None),
    ("chen", "陈刚", "handler", None, "urban"),
    ("chen-lead", "陈立", "lead", None, "urban"),
    ("lu", "陆勇", "handler", None, "water"),
    ("lu-lead", "陆明", "lead", None, "water"),
    ("citizen", "李群", None, None, None),
)


@dataclass
class Town:
    """A served town and the means to talk to it."""

    database: Database
    clock: SetClock
    settings: Settings
    client: TestClient
    tokens: dict[str, str]

    def ask(self, login: str, method: str, path: str, **options: Any) -> Any:
        """One request with somebody's token; the response."""
        headers = {"Authorization": f"Bearer {self.token(login)}", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def token(self, login: str) -> str:
        if login not in self.tokens:
            self.tokens[login] = issue_token(self.database, login, "tests", self.clock.now(), 30)
        return self.tokens[login]

    def get(self, login: str, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.ask(login, "GET", path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def photo(self, login: str, content: bytes | None = None) -> str:
        """The sha256 of an uploaded picture."""
        answer = self.ask(login, "POST", "/api/uploads", files={"file": ("p.png", content or png(), "image/png")})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sha256"])

    def report(self, login: str = "wang", area: str = "xd-m", description: str = "窨井盖破损", **more: Any) -> str:
        """The case number of a new ticket."""
        form = {"description": description, "place": {"area": area}, "before_photos": [self.photo(login)]}
        body = {"workflow": BLOCK_CALLS, "action": "report", "form": form, **more}
        answer = self.ask(login, "POST", "/api/tickets", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case_no"])

    def act(self, login: str, case_no: str, action: str, form: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """One act that must succeed; its outcome."""
        body = {"action": action, "form": form or {}, **more}
        answer = self.ask(login, "POST", f"/api/tickets/{case_no}/acts", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, login: str, case_no: str, action: str, form: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """One act that must be refused; the problem."""
        body = {"action": action, "form": form or {}, **more}
        answer = self.ask(login, "POST", f"/api/tickets/{case_no}/acts", json=body)
        assert answer.status_code >= 400, answer.text
        return answer.json()

    def task_of(self, case_no: str, department: str) -> dict[str, Any]:
        """The newest open task of a department."""
        tasks = self.get("gu", f"/api/tickets/{case_no}")["tasks"]
        found = [
            task
            for task in tasks
            if task["department"]["code"] == department and task["state_type"] not in ("closed", "void")
        ]
        return dict(found[-1])


@contextmanager
def town(database: Database, clock: SetClock, data: Path, **settings: Any) -> Iterator[Town]:
    """Build the town in a migrated database and serve it."""
    database.acting(lambda transaction: _build(transaction, clock.now()))
    usual = {"assets": "local", "idle": 720}
    url = database.url.render_as_string(hide_password=False)
    chosen = Settings(database_url=url, data=data, **{**usual, **settings})
    app = create_app(chosen, database, clock)
    # Only what a program would see: an exception that comes out is a 500.
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield Town(database, clock, chosen, client, {})


@cache
def png(colour: int = 0) -> bytes:
    """A real picture, small."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (colour % 256, 120, 60)).save(content, "PNG")
    return content.getvalue()


@cache
def _workflows() -> list[Workflow]:
    return discover()


def _build(transaction: Transaction, now: Instant) -> None:
    set_levels(transaction, shipped().levels)
    create_areas(transaction, AREAS, now)
    create_departments(transaction, UNITS)
    create_people(transaction, [NewPerson(login=login, name=name) for login, name, *_ in PEOPLE])
    appoint(
        transaction,
        [
            Appointment(login=login, post=post, area=area, department=department, since=Instant(0))
            for login, _, post, area, department in PEOPLE
            if post is not None
        ],
    )
    for definition in _workflows():
        versions.store(transaction, definition, now, activate=True)
    for number, name in (("01", "窨井盖"), ("02", "路灯"), ("03", "占道堆物")):
        _catalogue(transaction, number, name)


def _catalogue(transaction: Transaction, number: str, name: str) -> None:
    """One item with two standards."""
    item = {"code": f"part-01-{number}", "kind": "part", "class_code": "01", "class_name": "公用设施"}
    values = {**item, "item_code": number, "name": name, "initials": initials(name), "active": True}
    item_id = transaction.connection.execute(insert(Item).values(values).returning(col(Item.id))).scalar_one()
    standards = [
        {
            "item_id": item_id, "ordinal": ordinal, "filing_condition": filing, "closing_condition": "恢复",
            "limit_source": source, "limit": limit, "first_limit": "", "active": True,
        }
        for ordinal, (filing, source, limit) in enumerate(
            (("破损", "2紧急工作时", "2 hours"), ("缺失", "4工作时", "4 working hours")), 1
        )
    ]  # fmt: skip
    transaction.connection.execute(insert(Standard), standards)
