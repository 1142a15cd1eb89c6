"""Lists, and who may see what: pages without gaps, filters, and a ticket that is not there for the neighbours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.relay import relay
from engine.clock import DAY, MINUTE, SetClock
from engine.database import Database
from engine.records.access import issue_token, revoke, revoke_all
from tests.support.town import BLOCK_CALLS, Town, png, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def numbers(page: dict[str, Any]) -> list[str]:
    return [item["case_no"] for item in page["items"]]


def test_pages_show_every_ticket_once_while_new_ones_are_reported(xidu: Town) -> None:
    before = []
    for number in range(7):
        if number % 3 == 0:
            xidu.clock.advance(MINUTE)  # several tickets of one moment, too
        before.append(xidu.report(description=f"第 {number} 件"))
    seen: list[str] = []
    cursor = None
    while True:
        page = xidu.get("shen", "/api/tickets", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += numbers(page)
        xidu.report(description="翻页时又来一件")
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 2
    assert seen == before[::-1]


def test_somebody_with_two_posts_sees_each_ticket_once(xidu: Town) -> None:
    case_no = xidu.report(login="liu", area="xd-g")  # reached as a person, and through the post for the grid
    assert numbers(xidu.get("liu", "/api/tickets")) == [case_no]


def test_the_neighbours_are_told_that_there_is_no_such_ticket(xidu: Town) -> None:
    case_no = xidu.report()
    act = {"action": "accept", "form": {"item": "part-01-01", "urgency": "normal"}}
    for login in ("qian", "sun", "chen", "citizen"):
        assert numbers(xidu.get(login, "/api/tickets")) == []
        for path in ("", "/actions", "/history"):
            answer = xidu.ask(login, "GET", f"/api/tickets/{case_no}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (login, path)
        answer = xidu.ask(login, "POST", f"/api/tickets/{case_no}/acts", json=act)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), login
        nothing = xidu.ask(login, "GET", "/api/tickets/20200101-000001").json()
        assert answer.json() == {**nothing, **{key: answer.json()[key] for key in ("detail", "zh", "en")}}
    for login in ("shen", "gu", "liu", "zhou", "he"):
        assert numbers(xidu.get(login, "/api/tickets")) == [case_no]


def test_a_department_sees_a_ticket_from_the_moment_it_is_called(xidu: Town) -> None:
    case_no = xidu.report()
    xidu.act("shen", case_no, "accept", {"item": "part-01-01", "urgency": "normal"})
    assert xidu.ask("chen", "GET", f"/api/tickets/{case_no}").status_code == 404
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    assert xidu.get("chen", f"/api/tickets/{case_no}")["state"]["code"] == "called"
    (row,) = xidu.get("chen", "/api/tickets", mine="true")["items"]
    assert [(task["kind"], task["state"]["code"]) for task in row["own_tasks"]] == [("line", "sent")]
    assert xidu.get("lu", "/api/tickets")["items"] == []


def test_filters_keep_what_they_say(xidu: Town) -> None:
    first = xidu.report(description="一")
    xidu.clock.advance(DAY)
    second = xidu.report(login="sun", area="nq-m", description="二")
    xidu.act("shen", first, "accept", {"item": "part-01-02/1", "urgency": "normal"})
    xidu.act("shen", first, "call", {"kind": "appeal", "lead": "urban"})
    both = [second, first]
    for wanted, found in [
        ({}, both),
        ({"workflow": BLOCK_CALLS}, both),
        ({"workflow": "multi-grid-in-one"}, []),
        ({"stage": "dispatch"}, [first]),
        ({"stage": "report"}, [second]),
        ({"state": "called"}, [first]),
        ({"state_type": "waiting"}, [second]),
        ({"state_type": "closed"}, []),
        ({"area": "fx"}, both),
        ({"area": "xd"}, [first]),
        ({"area": "nq-g"}, [second]),
        ({"department": "urban"}, [first]),
        ({"department": "water"}, []),
        ({"item": "part-01-02"}, [first]),
        ({"item": "part-01-02/1"}, [first]),
        ({"item": "part-01-02/2"}, []),
        ({"item": "part-01-0"}, []),
        ({"opened_from": "2026-03-03"}, [second]),
        ({"opened_to": "2026-03-03"}, [first]),
        ({"opened_from": "2026-03-02T09:00:00+08:00", "opened_to": "2026-03-02T09:00:01+08:00"}, [first]),
        ({"opened_from": "2026-03-02T01:00:01Z"}, [second]),
        ({"area": "xd", "stage": "report"}, []),
        ({"reporter": "me"}, []),
    ]:
        assert numbers(xidu.get("gu", "/api/tickets", **wanted)) == found, wanted
    assert numbers(xidu.get("wang", "/api/tickets", reporter="me")) == [first]


def test_mine_is_whose_move_it_is(xidu: Town) -> None:
    case_no = xidu.report()

    def movers() -> set[str]:
        logins = ("wang", "zhou", "liu", "shen", "qian", "gu", "he", "chen", "chen-lead", "lu", "lu-lead")
        return {login for login in logins if numbers(xidu.get(login, "/api/tickets", mine="true"))}

    assert movers() == {"shen"}
    xidu.act("shen", case_no, "accept", {"item": "part-01-01", "urgency": "normal"})
    assert movers() == {"shen"}
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["water"]})
    assert movers() == {"chen", "chen-lead", "lu", "lu-lead"}
    task = xidu.task_of(case_no, "urban")["task"]
    form = {"ground": "beyond", "suggested": "power", "clause": "三定第四条"}
    xidu.act("chen-lead", case_no, "return", form, task=task)
    assert "shen" in movers()
    (request,) = xidu.get("shen", f"/api/tickets/{case_no}")["requests"]
    xidu.act("shen", case_no, "uphold", {"reason": "属于职责"}, request=request["request"])
    assert "shen" not in movers()
    for login, department in (("chen", "urban"), ("lu", "water")):
        task = xidu.task_of(case_no, department)["task"]
        xidu.act(login, case_no, "sign", task=task)
        xidu.act(login, case_no, "finish", {"result": "好", "after_photos": [xidu.photo(login)]}, task=task)
    assert movers() == {"wang", "zhou", "liu"}


def test_the_reporter_reads_own_words_and_what_is_addressed_to_reporters(xidu: Town) -> None:
    case_no = xidu.report(login="citizen", area="xd-m")
    xidu.act("shen", case_no, "verification", {"message": "请核实"})
    (request,) = xidu.get("shen", f"/api/tickets/{case_no}")["requests"]
    form = {"before_photos": [xidu.photo("zhou")], "note": "内部说明"}
    xidu.act("zhou", case_no, "genuine", form, request=request["request"])
    xidu.act("shen", case_no, "refuse", {"reason": "不属本区职责"})

    def words(login: str) -> dict[str, Any]:
        events = xidu.get(login, f"/api/tickets/{case_no}/history")["events"]
        return {event["action"]: event["words"] for event in events}

    own = {"description": "窨井盖破损"}
    assert words("citizen") == {
        "report": own, "verification": None, "genuine": None, "refuse": {"reason": "不属本区职责"},
    }  # fmt: skip
    assert words("shen")["genuine"] == {"note": "内部说明"}


def test_history_comes_in_parts(xidu: Town) -> None:
    case_no = xidu.report()
    xidu.act("shen", case_no, "accept", {"item": "part-01-01", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    path = f"/api/tickets/{case_no}/history"
    first = xidu.get("shen", path, limit=2)
    assert [event["action"] for event in first["events"]] == ["report", "accept"]
    rest = xidu.get("shen", path, after=first["next"])
    assert ([event["action"] for event in rest["events"]], rest["next"]) == (["call"], None)


def test_the_feed_gives_positions_without_gaps_and_passes_over_what_is_hidden(xidu: Town) -> None:
    first = xidu.report()
    second = xidu.report(login="sun", area="nq-m")
    assert xidu.get("gu", "/api/feed") == {"items": [], "through": 0}
    assert xidu.get("gu", "/api/health")["relay_waiting"] == 2
    relay(xidu.database)
    health = xidu.get("gu", "/api/health")
    assert (health["database"], health["relay_waiting"], health["relay_lag_seconds"]) == ("ok", 0, 0)
    everything = xidu.get("gu", "/api/feed")
    assert [(item["position"], item["case_no"]) for item in everything["items"]] == [(1, first), (2, second)]
    hidden = xidu.get("shen", "/api/feed", limit=1)
    assert ([item["case_no"] for item in hidden["items"]], hidden["through"]) == ([first], 1)
    assert xidu.get("shen", "/api/feed", after=1) == {"items": [], "through": 2}


def test_registers_answer_what_forms_choose_from(xidu: Town) -> None:
    assert [item["code"] for item in xidu.get("wang", "/api/catalogue/items", q="路灯")["items"]] == ["part-01-02"]
    (item,) = xidu.get("wang", "/api/catalogue/items", q="part-01-03")["items"]
    assert [(one["code"], one["limit"]) for one in item["standards"]] == [
        ("part-01-03/1", "2 hours"), ("part-01-03/2", "4 working hours"),
    ]  # fmt: skip
    assert [area["code"] for area in xidu.get("wang", "/api/areas", parent="fx")["items"]] == ["nq", "xd"]
    assert [area["code"] for area in xidu.get("wang", "/api/areas", q="微网格")["items"]] == ["nq-m", "xd-m"]
    page = xidu.get("wang", "/api/areas", limit=5)
    rest = xidu.get("wang", "/api/areas", limit=5, after=page["next"])
    assert len({area["code"] for area in page["items"] + rest["items"]}) == 9
    assert rest["next"] is None
    assert [unit["code"] for unit in xidu.get("wang", "/api/departments", q="水务")["items"]] == ["water"]
    assert xidu.get("wang", "/api/departments", kind="utility")["items"] == [
        {"code": "power", "name": "供电公司", "kind": "utility", "parent": None, "area": None}
    ]
    assert xidu.get("chen", "/api/me") == {
        "login": "chen",
        "name": "陈刚",
        "posts": [
            {
                "post": "handler",
                "title": {"zh": "承办人", "en": "Handler"},
                "area": None,
                "department": {"code": "urban", "name": "城管中队"},
            }
        ],
    }


def test_workflows_are_read_and_drawn(xidu: Town) -> None:
    keys = [row["key"] for row in xidu.get("wang", "/api/workflows")["items"]]
    assert {BLOCK_CALLS, "multi-grid-in-one"} <= {*keys}
    one = xidu.get("wang", f"/api/workflows/{BLOCK_CALLS}")
    assert [version["version"] for version in one["versions"]] == [one["version"]]
    assert one["source"].startswith("#")
    drawn = xidu.ask("wang", "GET", f"/api/workflows/{BLOCK_CALLS}/diagram", params={"lang": "zh"})
    assert drawn.headers["content-type"].startswith("text/plain")
    assert drawn.text.startswith("stateDiagram-v2\n")
    assert "已立案" in drawn.text
    task = xidu.ask("wang", "GET", f"/api/workflows/{BLOCK_CALLS}/diagram", params={"task": "line"})
    assert "签收" in task.text


def test_an_upload_is_seen_by_its_sender_and_by_whoever_sees_its_ticket(xidu: Town) -> None:
    photo = xidu.photo("citizen", png(7))
    path = f"/api/uploads/{photo}"
    assert xidu.ask("shen", "GET", path).status_code == 404
    answer = xidu.ask("citizen", "GET", path)
    assert (answer.content, answer.headers["content-type"]) == (png(7), "image/png")
    assert "sandbox" in answer.headers["content-security-policy"]
    form = {"description": "一", "place": {"area": "xd-m"}, "before_photos": [photo]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    assert xidu.ask("citizen", "POST", "/api/tickets", json=body).status_code == 201
    assert xidu.ask("shen", "GET", path).content == png(7)
    assert xidu.ask("qian", "GET", path).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "malformed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unknown_file"),
        (b"MZ" + b"\0" * 100, 415, "unknown_file"),
        (png()[:40], 415, "unknown_file"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, 415, "unknown_file"),
        (b"x" * (20 * 1024 * 1024 + 1), 413, "too_large"),
        (b"x" * (21 * 1024 * 1024), 413, "too_large"),
    ],
)
def test_only_real_pictures_and_documents_are_kept(xidu: Town, content: bytes, status: int, code: str) -> None:
    answer = xidu.ask("wang", "POST", "/api/uploads", files={"file": ("a.jpg", content, "image/jpeg")})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [path for path in (xidu.settings.data / "uploads").rglob("*") if path.is_file()] == []


def test_a_picture_of_too_many_pixels_is_never_decoded(xidu: Town) -> None:
    bomb = bytearray(png())
    bomb[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    answer = xidu.ask("wang", "POST", "/api/uploads", files={"file": ("a.png", bytes(bomb), "image/png")})
    assert answer.status_code in (413, 415)


def test_a_document_is_kept_once_under_its_digest(xidu: Town) -> None:
    sent = {"file": ("a.pdf", b"%PDF-1.7\n", "text/html")}
    first, second = (xidu.ask("wang", "POST", "/api/uploads", files=sent).json() for _ in range(2))
    assert first == second
    assert first["media_type"] == "application/pdf"
    sha256 = first["sha256"]
    kept = [path for path in xidu.settings.data.rglob("*") if path.is_file()]
    assert [path.relative_to(xidu.settings.data).as_posix() for path in kept] == [f"uploads/{sha256[:2]}/{sha256[2:]}"]


@pytest.mark.parametrize("sent", [None, {"other": ("a", b"x")}])
def test_an_upload_without_a_file_is_refused(xidu: Town, sent: Any) -> None:
    answer = xidu.ask("wang", "POST", "/api/uploads", files=sent, **({} if sent else {"json": {}}))
    assert (answer.status_code, answer.json()["where"]) == (422, {"field": "file"})


def test_a_token_ends_when_it_expires_or_is_revoked_and_is_never_stored(xidu: Town) -> None:
    def comes_in(secret: str) -> bool:
        headers = {"Authorization": f"Bearer {secret}"}
        return bool(xidu.client.get("/api/me", headers=headers).status_code == 200)

    now = xidu.clock.now()
    short, long, other = (issue_token(xidu.database, "wang", "热线接口", now, days) for days in (1, 30, 30))
    assert comes_in(short)
    assert comes_in(long)
    with xidu.database.looking() as transaction:
        stored = str(transaction.rows("SELECT * FROM token"))
    assert not any(secret in stored or secret.removeprefix("huying_") in stored for secret in (short, long, other))
    xidu.clock.advance(DAY)
    assert not comes_in(short)
    revoke(xidu.database, long, xidu.clock.now())
    assert not comes_in(long)
    assert comes_in(other)
    assert revoke_all(xidu.database, "wang", xidu.clock.now()) == 1
    assert not comes_in(other)
