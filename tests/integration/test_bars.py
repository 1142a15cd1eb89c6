"""What stands at every door: forms from elsewhere, headers, bodies that are too large, whoever comes too often.

The routes are asked of the application, so that a new one is looked at before anybody thinks of it.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from engine.clock import MINUTE, SetClock
from engine.database import Database
from engine.errors import NotSignedIn
from engine.records import access, task_links
from engine.records.access import set_password
from engine.records.limits import Limit
from tests.integration.test_rights_of_routes import routes, rows
from tests.support.cases import MONDAY
from tests.support.databases import Cluster, Files
from tests.support.everybody import LINK, NOBODY, RECEIPT, Everybody, everybody
from tests.support.gates import APART, GATES, Gate, address, people
from web import visiting
from web.app import create_app
from web.bodies import MOST_FORM, MOST_JSON
from web.headers import DRAWN
from web.sessions import COOKIE, SAFE, TOKEN, VISITOR, token_of


@pytest.fixture(scope="module")
def whole(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("bars")
    with closing(Database(files.fresh(folder))) as database, everybody(database, SetClock(MONDAY), folder) as made:
        yield made


@pytest.fixture(scope="module")
def whole_on_server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("bars")
    with (
        cluster.fresh() as url,
        closing(Database(url)) as database,
        everybody(database, SetClock(MONDAY), folder) as made,
    ):
        yield made


@pytest.fixture(params=("whole", "whole_on_server"))
def either(request: pytest.FixtureRequest) -> Everybody:
    """The same town on each database, for bars that stand in the database."""
    made: Everybody = request.getfixturevalue(request.param)
    return made


# --- forms from elsewhere -------------------------------------------------------------------------------------------


def _forms(whole: Everybody) -> Iterator[tuple[str, Gate, str]]:
    """Every route that takes a form by session, and somebody who comes through it."""
    for method, path in routes(whole):
        if method == "POST" and not path.startswith("/api/") and f"POST {path}" in GATES:
            gate = GATES[f"POST {path}"]
            able = [login for login, person in people(whole, "own") if gate.who(person)]
            yield path, gate, able[0] if able else "coordinator.own"


def test_a_form_without_its_token_or_with_another_persons_does_nothing(either: Everybody) -> None:
    before, looked = rows(either), 0
    for path, gate, login in _forms(either):
        secret = either.secret(login)
        theirs = token_of(either.secret("grid-worker.elsewhere"))
        for token in (None, "", theirs, token_of(""), secret, "令牌"):
            sent = {**gate.form, **({} if token is None else {TOKEN: token})}
            answer = either.town.client.post(
                address(either, path, gate), data=sent, headers={"Cookie": f"{COOKIE}={secret}"}
            )
            denied = answer.status_code == 403 and ("页面已过期" in answer.text or not _passes(either, gate, login))
            assert denied, (path, login, token, answer.status_code)
            looked += 1
    assert looked > 250
    after = rows(either)
    assert [name for name in before if before[name] != after[name]] == []


def _passes(whole: Everybody, gate: Gate, login: str) -> bool:
    return gate.who(whole.people[login])


def test_a_form_by_link_by_receipt_by_a_visitor_and_of_the_street_comes_from_our_own_page(whole: Everybody) -> None:
    assert set(APART) == {f"POST {path}" for path in (
        "/signin", "/signin/as", "/t/{secret}/do/{action}", "/r/{secret}/do/{action}", "/g/{code}",
    )}  # fmt: skip
    before = rows(whole)
    for path in (f"/t/{whole.link}/do/sign", f"/r/{whole.receipt}/do/rate", "/signin", "/signin/as"):
        for token in ({}, {TOKEN: ""}, {TOKEN: token_of(whole.secret("coordinator.own"))}, {TOKEN: token_of("x")}):
            answer = whole.town.client.post(path, data=token, headers={"Cookie": f"{VISITOR}=abc"})
            assert answer.status_code == 403, (path, token)
    for site in ("cross-site", "same-site", "nonsense"):
        answer = whole.town.client.post("/g/xd-g", data={"description": "x"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert rows(whole) == before


def test_a_cookie_alone_opens_nothing_of_the_api(whole: Everybody) -> None:
    secret = whole.secret("supervisor.own")
    for method, path in routes(whole):
        gate = GATES.get(f"{method} {path}")
        if gate is None or not path.startswith("/api/") or path in ("/api/health", "/api/openapi.json"):
            continue
        json = dict(gate.json or {}) if method in ("POST", "PUT") else None
        to = address(whole, path, gate)
        answer = whole.town.client.request(method, to, json=json, headers={"Cookie": f"{COOKIE}={secret}"})
        assert answer.status_code == 401, (method, path)


# --- headers --------------------------------------------------------------------------------------------------------

_INLINE = re.compile(r"<[^>]*\s(?:on\w+|style)\s*=|<script(?![^>]*\ssrc=)|<style|javascript:", re.IGNORECASE)


def _guarded(answer: Any, path: str, *, https: bool) -> None:
    """Insist on everything that a browser is told."""
    headers, where = answer.headers, (path, answer.status_code)
    assert headers["x-content-type-options"] == "nosniff", where
    assert headers["x-frame-options"] == "DENY", where
    assert headers["cross-origin-opener-policy"] == "same-origin", where
    assert headers["cross-origin-resource-policy"] == "same-origin", where
    assert "camera=(self)" in headers["permissions-policy"], where
    assert "microphone=()" in headers["permissions-policy"], where
    secret = path.startswith(("/t/", "/r/"))
    assert headers["referrer-policy"] == ("no-referrer" if secret else "same-origin"), where
    assert headers.get("strict-transport-security") == ("max-age=31536000" if https else None), where
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'", where
    assert "unsafe" not in policy.get("script-src", ""), where
    if path != "/sw.js":
        assert policy["frame-ancestors"] == "'none'", where
        assert policy["form-action"] in ("'self'", "'none'"), where
        assert policy["base-uri"] == "'none'", where
        assert ("unsafe-inline" in policy.get("style-src", "")) == bool(DRAWN.fullmatch(path)), where
    if not path.startswith("/static/"):
        assert "private" in headers["cache-control"] or path in ("/sw.js", "/manifest.webmanifest"), where
    for line in headers.get_list("set-cookie"):
        parts = [part.strip().lower() for part in line.split(";")]
        assert "httponly" in parts, line
        assert "samesite=lax" in parts, line
        assert "path=/" in parts, line
        assert not any(part.startswith("domain") for part in parts), line
        assert ("secure" in parts) == https, line
        if not line.startswith("hy-language"):
            assert line.startswith(SAFE) == https, line
    if headers.get("content-type", "").startswith("text/html"):
        found = _INLINE.search(answer.text)
        assert found is None, (path, found)


@pytest.mark.parametrize("base", ["http://testserver", "https://testserver"])
def test_every_answer_tells_the_browser_what_it_may_do(whole: Everybody, base: str) -> None:
    https = base.startswith("https")
    for method, path in routes(whole):
        gate = GATES.get(f"{method} {path}", Gate(who=lambda _: True))
        able = [login for login, person in people(whole, "own") if gate.who(person)]
        # What would change something is sent by nobody, or without its form's token.
        for login in {NOBODY, able[0] if able and (method == "GET" or not path.startswith("/api/")) else NOBODY}:
            headers = {}
            if login in whole.people and path.startswith("/api/"):
                headers["Authorization"] = f"Bearer {whole.town.token(login)}"
            elif login in whole.people:
                headers["Cookie"] = f"{SAFE if https else ''}{COOKIE}={whole.secret(login)}"
            to = address(whole, path, gate)
            whole.town.client.cookies.clear()
            answer = whole.town.client.request(method, f"{base}{to}", headers=headers)
            _guarded(answer, to.partition("?")[0], https=https)
    for path in ("/nothing", "/static/huying.css", "/static/nothing", "/api/nothing", "/signin?next=/x"):
        _guarded(whole.town.client.get(f"{base}{path}"), path.partition("?")[0], https=https)


def test_what_nobody_expected_has_the_headers_too(whole: Everybody) -> None:
    town = whole.town
    app = create_app(town.settings, town.database, town.clock)

    def boom() -> None:
        raise RuntimeError("the secret of the house")

    app.add_api_route("/boom", boom)
    app.add_api_route("/api/boom", boom)
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in ("/boom", "/api/boom"):
            answer = client.get(f"https://testserver{path}")
            assert answer.status_code == 500
            assert "secret of the house" not in answer.text
            _guarded(answer, path, https=True)


# --- too large ------------------------------------------------------------------------------------------------------


def _poured(whole: Everybody, path: str, kind: str, *, declared: int | None) -> tuple[int, int, bytes]:
    """Send a body without end: the status, how many bytes were taken, and what was answered."""
    taken, answered, status = 0, b"", 0
    chunk = b"x" * 65536
    start = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' if "multipart" in kind else b""

    async def receive() -> dict[str, Any]:
        nonlocal taken
        body = start if not taken and start else chunk
        taken += len(body)
        return {"type": "http.request", "body": body, "more_body": taken < 64 * 1024 * 1024}

    async def send(message: dict[str, Any]) -> None:
        nonlocal answered, status
        status = message.get("status", status)
        answered += message.get("body", b"")

    headers = [(b"content-type", kind.encode()), (b"sec-fetch-site", b"same-origin")]
    headers += [(b"content-length", str(declared).encode())] if declared is not None else []
    if path.startswith("/api/"):
        headers.append((b"authorization", f"Bearer {whole.town.token('grid-worker.own')}".encode()))
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("testserver", 80), "client": ("10.0.0.7", 1), "http_version": "1.1",
        "headers": headers, "state": {},
    }  # fmt: skip
    anyio.run(lambda: whole.town.client.app(scope, receive, send))  # type: ignore[arg-type, unused-ignore]
    return status, taken, answered


@pytest.mark.parametrize("path", ["/api/tickets", "/signin", "/g/xd-g"])
@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_body_that_is_too_large_is_refused_before_it_is_read(whole: Everybody, path: str, kind: str) -> None:
    most = MOST_FORM if "multipart" in kind else MOST_JSON
    status, taken, said = _poured(whole, path, kind, declared=10**12)
    assert (status, taken) == (413, 0)
    assert "MB" in said.decode()
    status, taken, _ = _poured(whole, path, kind, declared=None)
    if path == "/api/tickets" and "multipart" not in kind and "json" not in kind:
        # Nothing but JSON is read there at all.
        assert status in (413, 422)
    else:
        assert status in (413, 422) if "multipart" in kind and path.startswith("/api") else status == 413
    assert taken <= most + 3 * 65536


# --- too often ------------------------------------------------------------------------------------------------------


def _from(whole: Everybody, host: str) -> TestClient:
    return TestClient(whole.town.client.app, client=(host, 50000), follow_redirects=False)


@pytest.mark.parametrize("kind", ["t", "r"])
def test_secrets_cannot_be_guessed_at_leisure(either: Everybody, kind: str) -> None:
    guesser, real = _from(either, f"10.1.1.{ord(kind)}"), either.link if kind == "t" else either.receipt
    told = {guesser.get(f"/{kind}/{number:0>43}").text.replace(f"{number:0>43}", "…") for number in range(30)}
    assert len(told) == 1, "one answer for whatever is wrong"
    refused = [guesser.get(f"/{kind}/{secret}") for secret in ("x" * 43, real)]
    assert [one.status_code for one in refused] == [429, 429], "a right one is not looked at either"
    assert refused[0].text == refused[1].text.replace(real, "x" * 43)
    assert 0 < int(refused[0].headers["retry-after"]) <= 600
    assert _from(either, "10.1.1.3").get(f"/{kind}/{real}").status_code == 200
    either.town.clock.advance(10 * MINUTE)
    assert guesser.get(f"/{kind}/{real}").status_code == 200


def test_a_secret_has_256_bits_and_what_is_wrong_with_one_is_not_told(either: Everybody) -> None:
    assert len({task_links.new_secret() for _ in range(100)}) == 100
    assert all(len(task_links.new_secret()) == 43 for _ in range(10))
    told = []
    with either.town.database.looking() as transaction:
        ((ticket, task),) = transaction.rows("SELECT ticket_id, task_seq FROM task_link")
    revoked = task_links.new_secret()
    now = either.town.clock.now()

    def made(transaction: Any) -> None:
        task_links.keep(transaction, revoked, ticket, task, now, made_by=None, expires_at=now)

    either.town.database.acting(made)
    for secret in (revoked, "x" * 43, "短", either.receipt):
        answer = _from(either, "10.1.1.4").get(f"/t/{secret}")
        assert answer.status_code == 404
        told.append(re.sub(r"(/|%2F)t(/|%2F)[^\"&]*", "", answer.text))
    assert len(set(told)) == 1


@pytest.mark.parametrize("path", ["/signin", "/g/xd-g", "/t/{link}", "/r/{receipt}"])
def test_pages_without_an_account_are_counted_by_address(
    either: Everybody, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "VIEWS", Limit(most=3, window=10 * MINUTE))
    to = path.format(link=either.link, receipt=either.receipt)
    visitor = _from(either, f"10.2.3.{ord(path[1])}")
    answers = [visitor.get(to) for _ in range(5)]
    assert [one.status_code for one in answers] == [200] * 3 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 600
    assert "分钟后再试" in answers[-1].text
    assert _from(either, f"10.2.4.{ord(path[1])}").get(to).status_code == 200


def test_wrong_passwords_are_counted_together_by_all_processes(either: Everybody) -> None:
    set_password(either.town.database, "shen", "correct horse")
    town = either.town
    second = create_app(town.settings, town.database, town.clock)
    processes = [TestClient(app, client=("10.3.3.3", 1)) for app in (town.client.app, second)]
    values = {"login": "shen", "password": "wrong horse", TOKEN: token_of("abc")}
    statuses = [
        processes[number % 2].post("/signin", data=values, headers={"Cookie": f"{VISITOR}=abc"}).status_code
        for number in range(7)
    ]
    assert statuses == [401] * 5 + [429] * 2


def test_a_login_that_is_not_there_takes_the_same_work(whole: Everybody, monkeypatch: pytest.MonkeyPatch) -> None:
    set_password(whole.town.database, "wang", "correct horse")
    real, worked = access._hasher(), []

    class Counting:
        def verify(self, password: str, hashed: str) -> bool:
            worked.append(hashed.partition("p=")[0])
            return real.verify(password, hashed)

        def hash(self, password: str) -> str:
            return real.hash(password)

    monkeypatch.setattr(access, "_hasher", Counting)
    for login in ("wang", "nobody-at-all", "citizen", ""):
        with pytest.raises(NotSignedIn) as refused:
            access.check_password(whole.town.database, login, "wrong horse")
        assert refused.value.message == "账号或密码不对 / the login or the password is wrong"
    assert len(worked) == 4, "one comparison each"
    assert len(set(worked)) == 1, "of the same cost"


def test_whoever_holds_a_secret_only_is_nobody_elsewhere(whole: Everybody) -> None:
    for login in (LINK, RECEIPT):
        secret = whole.link if login == LINK else whole.receipt
        for method, path in routes(whole):
            gate = GATES.get(f"{method} {path}")
            if gate is None or gate.who(("", NOBODY, "")) or method != "GET":
                continue
            headers = {"Cookie": f"{COOKIE}={secret}", "Authorization": f"Bearer {secret}"}
            whole.town.client.cookies.clear()
            answer = whole.town.client.get(address(whole, path, gate), headers=headers)
            refused = answer.status_code == 401 or answer.headers.get("location", "").startswith("/signin")
            assert refused, (path, answer.status_code)
