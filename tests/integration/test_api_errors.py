"""Every error has one shape, whoever raised it, and bad input is never a failure of ours."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from starlette.testclient import TestClient

from engine.clock import SetClock
from engine.database import Database
from engine.errors import HuyingError
from tests.support.cases import MONDAY
from tests.support.town import BLOCK_CALLS, Town, town
from web import problems
from web.app import create_app
from web.bodies import MOST_JSON, read_json


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def xidu(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town on each database for all that is refused: nothing that is refused may change it."""
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = request.getfixturevalue("files").fresh(folder)
        else:
            url = stack.enter_context(request.getfixturevalue("cluster").fresh())
        database = stack.enter_context(closing(Database(url)))
        yield stack.enter_context(town(database, SetClock(MONDAY), folder / "data"))


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    """A town of its own, on SQLite, for what no database sees."""
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


SHAPE = problems.Problem.model_json_schema()


def is_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Insist on the one shape; the problem."""
    assert answer.headers["content-type"] == problems.MEDIA_TYPE, answer.text[:200]
    problem = answer.json()
    jsonschema.validate(problem, SHAPE)
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert problem["detail"] == f"{problem['zh']} / {problem['en']}"
    assert problem["type"].endswith(f":{code}")
    return dict(problem)


def test_every_error_has_the_shape_that_is_documented() -> None:
    def kinds(kind: type[HuyingError]) -> Iterator[type[HuyingError]]:
        yield kind
        for below in kind.__subclasses__():
            yield from kinds(below)

    for kind in kinds(HuyingError):
        error = kind.__new__(kind)
        HuyingError.__init__(error)
        body = problems.body_of(error)
        jsonschema.validate(body, SHAPE)
        assert body["status"] == kind.status
        assert body["title"].count(" / ") == 1, kind


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/tickets/", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("DELETE", "/api/me", 405, "method_not_allowed"),
        ("GET", "/api/tickets/20260302-000001", 404, "not_found"),
        ("GET", "/api/tickets/%00", 404, "not_found"),
        ("GET", "/api/tickets/%F0%28%8C%28", 404, "not_found"),
        ("GET", "/api/tickets/20260302-000001/history?after=99999999999999999999999", 422, "malformed"),
        ("GET", "/api/tickets?limit=0", 422, "malformed"),
        ("GET", "/api/tickets?limit=201", 422, "malformed"),
        ("GET", "/api/tickets?limit=1e3", 422, "malformed"),
        ("GET", "/api/tickets?colour=red", 422, "malformed"),
        ("GET", "/api/tickets?cursor=nonsense", 422, "malformed"),
        ("GET", "/api/tickets?cursor=WzEsIDJd%00", 422, "malformed"),
        ("GET", "/api/tickets?cursor=WzFlOTk5LCAxXQ", 422, "malformed"),
        ("GET", "/api/tickets?cursor=WzE4NDQ2NzQ0MDczNzA5NTUxNjE2LCAxXQ", 422, "malformed"),
        ("GET", "/api/tickets?stage=nowhere", 422, "malformed"),
        ("GET", "/api/tickets?area=atlantis", 404, "not_found"),
        ("GET", "/api/tickets?department=atlantis", 404, "not_found"),
        ("GET", "/api/tickets?state=%00", 422, "malformed"),
        ("GET", "/api/tickets?opened_from=1900-01-01", 422, "malformed"),
        ("GET", "/api/tickets?opened_from=2026-03-01T00:00:00", 422, "malformed"),
        ("GET", "/api/tickets?opened_from=yesterday", 422, "malformed"),
        ("GET", "/api/feed?after=-1", 422, "malformed"),
        ("GET", "/api/feed?after=9223372036854775808", 422, "malformed"),
        ("GET", "/api/areas?q=%00", 422, "malformed"),
        ("GET", "/api/workflows/atlantis", 404, "not_found"),
        ("GET", "/api/workflows/%00", 422, "malformed"),
        ("GET", f"/api/workflows/{BLOCK_CALLS}/diagram?task=nobody", 404, "not_found"),
        ("GET", f"/api/workflows/{BLOCK_CALLS}/diagram?lang=fr", 422, "malformed"),
        ("GET", f"/api/uploads/{'0' * 64}", 404, "not_found"),
        ("GET", "/api/uploads/..%2f..%2fetc", 404, "not_found"),
    ],
)
def test_a_wrong_address_or_parameter_is_a_problem(xidu: Town, method: str, path: str, status: int, code: str) -> None:
    is_problem(xidu.ask("shen", method, path), status, code)


PHOTO = "the photo"


def report(**changes: Any) -> dict[str, Any]:
    """The body of a report that would be fine once its photo is there, with changes."""
    form = {"description": "窨井盖破损", "place": {"area": "xd-m"}, "before_photos": [PHOTO]}
    return {"workflow": BLOCK_CALLS, "action": "report", "form": {**form, **changes.pop("form", {})}, **changes}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "workflow"),
        ([], ""),
        ("text", ""),
        (None, ""),
        (report(workflow=5), "workflow"),
        (report(workflow="x" * 100), "workflow"),
        (report(action=""), "action"),
        (report() | {"form": []}, "form"),
        (report(colour="red"), "colour"),
        (report(channel="a b"), "channel"),
        (report(form={"colour": "red"}), "colour"),
        (report(form={"description": ""}), "description"),
        (report(form={"description": "字" * 100_000}), "description"),
        (report(form={"description": "一\u202e二"}), "description"),
        (report(form={"description": {"zh": "一"}}), "description"),
        (report(form={"description": ["一", "二"]}), "description"),
        (report(form={"place": "西渡"}), "place"),
        (report(form={"place": {"area": "atlantis"}}), "place"),
        (report(form={"place": {"area": ["xd-m"]}}), "place"),
        (report(form={"place": {"area": 10**18}}), "place"),
        (report(form={"place": {"lon": 999, "lat": 31, "datum": "wgs84"}}), "place"),
        (report(form={"place": {"lon": 121.4, "lat": 31, "datum": "mars"}}), "place"),
        (report(form={"place": {"lon": True, "lat": 31, "datum": "wgs84"}}), "place"),
        (report(form={"place": {"lon": 121.4, "lat": 10, "datum": "wgs84"}}), "place"),
        (report(form={"before_photos": ["0" * 64]}), "before_photos"),
        (report(form={"before_photos": "../../etc/passwd"}), "before_photos"),
        (report(form={"before_photos": [["0"]]}), "before_photos"),
        (report(form={"before_photos": {}}), "before_photos"),
        (report(form={"before_photos": [str(number) for number in range(60)]}), "before_photos"),
        (report(form={"item": 0.5}), "item"),
        (report(form={"item": "atlantis"}), "item"),
    ],
)
def test_a_wrong_form_names_the_field(xidu: Town, body: Any, field: str) -> None:
    sent = json.loads(json.dumps(body).replace(PHOTO, xidu.photo("wang")))
    answer = xidu.ask("wang", "POST", "/api/tickets", json=sent)
    problem = is_problem(answer, 422, "malformed")
    assert problem["where"].get("field", "").startswith(field), problem
    assert xidu.get("wang", "/api/tickets")["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 9223372036854775808}',
        b'{"workflow": "x", "workflow": "y"}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 100_000,
        b"[" * 30 + b"]" * 30,
        b'{"a":' * 30 + b"1" + b"}" * 30,
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"\xff\xfe",
        b'{"' + b"k" * 300 + b'": 1}',
    ],
)
def test_json_that_readers_would_not_read_alike_is_refused(xidu: Town, body: bytes) -> None:
    for kind in ("application/json", "application/json; charset=utf-8", "application/merge-patch+json"):
        answer = xidu.ask("wang", "POST", "/api/tickets", content=body, headers={"Content-Type": kind})
        is_problem(answer, 422, "malformed")


def test_a_body_of_another_type_is_not_read_as_json(office: Town) -> None:
    content = json.dumps(report()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "image/png"):
        answer = office.ask("wang", "POST", "/api/tickets", content=content, headers={"Content-Type": kind})
        is_problem(answer, 422, "malformed")


def test_a_body_past_a_megabyte_is_refused_whether_it_says_so_or_not(office: Town) -> None:
    large = b'{"a": "' + b"x" * MOST_JSON + b'"}'
    headers = {"Content-Type": "application/json"}
    is_problem(office.ask("wang", "POST", "/api/tickets", content=large, headers=headers), 413, "too_large")

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    is_problem(office.ask("wang", "POST", "/api/tickets", content=in_pieces(), headers=headers), 413, "too_large")
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = office.ask("wang", "POST", "/api/tickets", content=in_pieces(), headers={"Content-Type": kind})
        is_problem(answer, 413, "too_large")


def test_json_that_is_fine_comes_back_as_it_was() -> None:
    value = {"a": [1, -2, 0.5, True, None, "字😀"], "b": {"c": 2**63 - 1}}
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("key", ["", " ", "k" * 129, "键".encode().decode("latin-1")])
def test_an_idempotency_key_is_visible_ascii(xidu: Town, key: str) -> None:
    answer = xidu.ask("wang", "POST", "/api/tickets", json=report(), headers={"Idempotency-Key": key.encode("latin-1")})
    assert is_problem(answer, 422, "malformed")["where"] == {"field": "Idempotency-Key"}


@pytest.fixture(scope="module")
def ticket(xidu: Town) -> tuple[Town, str]:
    """A town with one ticket that nobody has acted on."""
    return xidu, xidu.report(login="sun", area="nq-m")


@pytest.mark.parametrize(
    "act",
    [
        {"task": 0},
        {"task": "1"},
        {"task": 1.5},
        {"task": True},
        {"task": 2**31},
        {"request": -1},
        {"expected": -1},
        {"expected": "1"},
        {"each": {"x": {}}},
        {"each": {"1": []}},
        {"each": []},
        {"action": "\n"},
        {"action": 5},
    ],
)
def test_an_act_of_the_wrong_shape_is_refused(ticket: tuple[Town, str], act: dict[str, Any]) -> None:
    served, case_no = ticket
    answer = served.ask("qian", "POST", f"/api/tickets/{case_no}/acts", json={"action": "accept", **act})
    is_problem(answer, 422, "malformed")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ({"action": "fly"}, "not_allowed_now"),
        ({"action": "__class__"}, "not_allowed_now"),
        ({"action": "sign", "task": 999}, "not_allowed_now"),
        ({"action": "uphold", "request": 999}, "not_allowed_now"),
    ],
)
def test_an_act_that_there_is_not_is_a_conflict(ticket: tuple[Town, str], act: dict[str, Any], code: str) -> None:
    served, case_no = ticket
    is_problem(served.ask("qian", "POST", f"/api/tickets/{case_no}/acts", json=act), 409, code)


def test_without_a_token_nobody_comes_in(office: Town) -> None:
    for headers in (
        {},
        {"Authorization": "Basic d2FuZzp3YW5n"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer huying_\xff\xfe"},
        {"Authorization": office.token("wang")},
    ):
        encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        answer = office.client.get("/api/me", headers=encoded)
        is_problem(answer, 401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_database_that_is_away_is_a_problem_that_says_nothing_of_itself(office: Town, monkeypatch: Any) -> None:
    def gone() -> None:
        raise psycopg.OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setattr(office.database, "looking", gone)
    answer = office.client.get("/api/health")
    assert "10.1.2.3" not in json.dumps(is_problem(answer, 503, "database_away"))
    assert answer.headers["retry-after"] == "5"


def test_what_nobody_expected_is_a_problem_that_gives_nothing_away(office: Town, monkeypatch: Any) -> None:
    def broken() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(office.database, "looking", broken)
    assert "secret" not in json.dumps(is_problem(office.client.get("/api/health"), 500, "unexpected"))


def test_the_description_of_the_api_is_valid_and_complete(office: Town) -> None:
    schema = office.client.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    ids = []
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            assert operation["tags"], path
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    self_described(answer, int(status))
            assert {"422", "500", "503"} <= operation["responses"].keys()
            assert ("401" in operation["responses"]) == (path != "/api/health")
    assert len(set(ids)) == len(ids)
    assert "HTTPValidationError" not in json.dumps(schema)
    references_resolve(schema)


def self_described(answer: dict[str, Any], status: int) -> None:
    """An error's documentation: the shape, and an example of each kind."""
    content = answer["content"][problems.MEDIA_TYPE]
    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    for code, example in content["examples"].items():
        jsonschema.validate(example["value"], SHAPE)
        assert (example["value"]["status"], example["value"]["code"]) == (status, code)


def references_resolve(schema: dict[str, Any]) -> None:
    """Every reference of the document points at a component, and every component is a JSON Schema."""
    names = schema["components"]["schemas"]
    for reference in json.dumps(schema).split('"$ref": "')[1:]:
        place = reference.partition('"')[0]
        assert place.removeprefix("#/components/schemas/") in names, place
    for component in names.values():
        jsonschema.Draft202012Validator.check_schema(component)


def test_the_examples_of_the_api_fit_their_shapes(office: Town) -> None:
    schema = office.client.get("/api/openapi.json").json()
    for name, component in schema["components"]["schemas"].items():
        whole = {**component, "components": schema["components"]}
        for example in [*component.get("examples", []), *([component["example"]] if "example" in component else [])]:
            jsonschema.validate(example, whole)
            assert name


def test_an_application_can_be_made_without_a_schema_and_says_that_it_is_not_ready(
    empty_database: Database, clock: SetClock, office: Town
) -> None:
    app = create_app(office.settings, empty_database, clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/api/health").status_code in (500, 503)
