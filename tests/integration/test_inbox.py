"""The inbox over the API: what is unread first, nothing of what one may not see, and one's own settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from engine.background.fan_out import fan_out
from engine.clock import HOUR, MINUTE, Instant, SetClock, iso
from engine.database import Database
from engine.records import wishes
from engine.records.access import Viewer, person_of_login
from engine.records.deliveries import due_people
from engine.records.inbox import unread
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.people import dismiss
from engine.rules.chain import canonical
from tests.support.town import Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def filed(xidu: Town, description: str = "窨井盖破损", login: str = "wang") -> str:
    """A ticket whose reporter is told that it was filed."""
    case_no = xidu.report(login, description=description)
    xidu.clock.advance(MINUTE)
    xidu.act("shen", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})
    fan_out(xidu.database, xidu.clock)
    return case_no


def listing(xidu: Town, login: str, *cases: str, period: str = "2026-W10", **more: Any) -> None:
    """A list that a rhythm made."""
    tickets = [
        {
            "case_no": case, "title": "块呼条应", "deadline": {"zh": "处置时限", "en": "Handling"},
            "due": xidu.clock.now() + HOUR, "light": "red", "card": "yellow", "state": {"zh": "已立案", "en": "Filed"},
        }
        for case in cases
    ]  # fmt: skip
    title = {"zh": "滞后提醒", "en": "Lag reminder"}
    body = canonical({"title": title, "period": period, "count": len(cases), "tickets": tickets, **more})
    one = NewMessage(
        person_id=person_of_login(xidu.database, login), origin=f"r:supervision:lag:{period}:a7",
        kind=MessageKind.LIST, at=xidu.clock.now(), body=body,
    )  # fmt: skip
    xidu.database.acting(lambda t: post(t, [one]))


def inbox(xidu: Town, login: str = "wang", **parameters: Any) -> Any:
    return xidu.get(login, "/api/inbox", **parameters)


def read(xidu: Town, login: str = "wang", **body: Any) -> Any:
    answer = xidu.ask(login, "POST", "/api/inbox/read", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_act_is_there_for_whom_it_was_told(xidu: Town) -> None:
    case_no = filed(xidu)
    (message,) = inbox(xidu)["items"]
    assert message["message"].startswith(f"{case_no}.")
    assert message == {
        "message": message["message"], "kind": "notice", "at": iso(xidu.clock.now()), "urgent": False, "read_at": None,
        "visible": True, "case_no": case_no, "what": {"zh": "立案 → 已立案，待派遣", "en": "Accept → Filed"},
        "light": "", "card": "", "description": "窨井盖破损", "listing": None, "behalf_of": "",
        "deputy": "",
    }  # fmt: skip
    assert inbox(xidu)["unread"] == 1
    assert inbox(xidu, "citizen") == {"items": [], "unread": 0, "next": None}


def test_what_is_read_goes_below_what_is_not(xidu: Town) -> None:
    cases = [filed(xidu, f"第 {number} 件") for number in range(3)]
    newest = inbox(xidu)["items"][0]
    assert newest["case_no"] == cases[2]
    assert read(xidu, messages=[newest["message"]]) == {"read": 1, "unread": 2}
    assert read(xidu, messages=[newest["message"]]) == {"read": 0, "unread": 2}
    assert [one["case_no"] for one in inbox(xidu)["items"]] == [cases[1], cases[0], cases[2]]
    assert inbox(xidu)["items"][2]["read_at"] == iso(xidu.clock.now())


def test_everything_up_to_a_moment_is_read_and_what_came_meanwhile_is_not(xidu: Town) -> None:
    filed(xidu)
    filed(xidu)
    until = inbox(xidu)["items"][0]["at"]
    filed(xidu)
    assert read(xidu, until=until) == {"read": 2, "unread": 1}


def test_pages_follow_each_other_across_the_border_of_what_is_read(xidu: Town) -> None:
    cases = [filed(xidu, f"第 {number} 件") for number in range(7)]
    messages = inbox(xidu)["items"]
    read(xidu, messages=[messages[number]["message"] for number in (1, 2, 5)])
    expected = [one["case_no"] for one in inbox(xidu)["items"]]
    assert expected == [cases[number] for number in (6, 3, 2, 0, 5, 4, 1)]
    seen, cursor = [], None
    while True:
        page = inbox(xidu, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["case_no"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == expected


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WzEsMiwzXQ", "W3RydWUsLTEsImEiXQ", "W3RydWUsMSwiXHVkODAwIl0", "%00", "W3RydWUsMSwiXHUwMDAwIl0"],
)
def test_a_cursor_of_somebody_elses_making_is_refused(xidu: Town, cursor: str) -> None:
    answer = xidu.ask("wang", "GET", f"/api/inbox?cursor={cursor}")
    assert (answer.status_code, answer.json()["where"]) == (422, {"field": "cursor"})


def test_nobody_marks_or_sees_what_is_anothers(xidu: Town) -> None:
    filed(xidu)
    (message,) = inbox(xidu)["items"]
    assert read(xidu, "shen", messages=[message["message"]]) == {"read": 0, "unread": 0}
    assert inbox(xidu)["unread"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": ["20260302-000001.1"], "until": "2026-03-02T09:00:00+08:00"},
        {"messages": ["../x"]},
        {"messages": "all"},
        {"messages": ["1.1"] * 101},
        {"until": "2026-03-02T09:00:00"},
        {"all": True},
    ],
)
def test_it_must_be_said_which_are_read(xidu: Town, body: dict[str, Any]) -> None:
    assert xidu.ask("wang", "POST", "/api/inbox/read", json=body).status_code == 422


@pytest.mark.parametrize(
    "name", ["20260302-000001.1", "20260302-999999.99", "0" * 24, ".", "-", "99999999-1.999999999"]
)
def test_what_is_not_there_is_passed_over(xidu: Town, name: str) -> None:
    assert read(xidu, messages=[name]) == {"read": 0, "unread": 0}


class TestSight:
    def test_of_a_ticket_one_may_not_see_any_more_nothing_is_said(self, xidu: Town) -> None:
        case_no = filed(xidu)
        xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
        self._tell(xidu, "chen", case_no)
        (before,) = inbox(xidu, "chen")["items"]
        assert (before["visible"], before["case_no"]) == (True, case_no)
        xidu.database.acting(lambda t: dismiss(t, "chen", "handler", xidu.clock.now()))
        (after,) = inbox(xidu, "chen")["items"]
        nothing = {"zh": "", "en": ""}
        assert [after[name] for name in ("visible", "case_no", "what", "description")] == [False, None, nothing, ""]

    def test_in_a_list_only_the_tickets_one_may_see_have_words(self, xidu: Town) -> None:
        mine, theirs = filed(xidu), xidu.report("sun", "nq-m")
        listing(xidu, "shen", mine, theirs)
        (message,) = inbox(xidu, "shen")["items"]
        first, second = message["listing"]["tickets"]
        assert (first["case_no"], first["light"], first["deadline"]["zh"]) == (mine, "red", "处置时限")
        assert second == {
            "case_no": None, "visible": False, "title": {"zh": "", "en": ""}, "deadline": {"zh": "", "en": ""},
            "due": None, "light": "", "card": "", "state": {"zh": "", "en": ""}, "provisional": False,
        }  # fmt: skip

    def _tell(self, xidu: Town, login: str, case_no: str) -> None:
        def work(transaction: Any) -> None:
            mark = "%s" if transaction.postgresql else "?"
            ((ticket, seq),) = transaction.rows(
                "SELECT e.ticket_id, e.seq FROM event e JOIN case_number c ON c.ticket_id = e.ticket_id "
                f"WHERE c.number = {mark} AND e.action = 'call'",
                (case_no,),
            )
            one = NewMessage(
                person_id=person, origin=f"n:{ticket}:{seq}", kind=MessageKind.NOTICE, at=xidu.clock.now(),
                ticket_id=ticket, event_seq=seq,
            )  # fmt: skip
            post(transaction, [one])

        person = person_of_login(xidu.database, login)
        xidu.database.acting(work)


class TestLists:
    def test_a_list_is_a_message_with_its_tickets(self, xidu: Town) -> None:
        case_no = filed(xidu)
        listing(xidu, "wang", case_no)
        message = inbox(xidu)["items"][0]
        assert (message["kind"], message["what"]) == ("list", {"zh": "滞后提醒", "en": "Lag reminder"})
        assert (message["listing"]["period"], message["listing"]["count"]) == ("2026-W10", 1)
        (ticket,) = message["listing"]["tickets"]
        assert ticket["due"] == iso(Instant(xidu.clock.now() + HOUR))
        assert ticket["title"] == {"zh": "块呼条应", "en": "块呼条应"}

    def test_its_name_shows_no_id_and_marks_it_as_read(self, xidu: Town) -> None:
        listing(xidu, "wang", period="2026-W09")
        listing(xidu, "wang", period="2026-W10")
        names = [one["message"] for one in inbox(xidu)["items"]]
        assert len(set(names)) == 2
        assert not any(":" in name or "a7" in name[:3] for name in names)
        assert read(xidu, messages=names[:1]) == {"read": 1, "unread": 1}

    def test_the_same_list_is_told_once(self, xidu: Town) -> None:
        listing(xidu, "wang")
        listing(xidu, "wang")
        assert len(inbox(xidu)["items"]) == 1

    @pytest.mark.parametrize(
        "odd",
        [
            {"title": "滞后提醒 / Lag reminder"},
            {"title": None},
            {"tickets": [{"case_no": "20260302-000001"}]},
            {"tickets": [{"due": "soon", "light": None, "card": 7, "state": "x"}]},
            {"period": 7, "count": 0},
        ],
    )
    def test_a_list_that_leaves_something_out_is_shown_all_the_same(self, xidu: Town, odd: dict[str, Any]) -> None:
        listing(xidu, "wang", **odd)
        assert inbox(xidu)["items"][0]["kind"] == "list"


USUAL = {"quiet": "default", "installation_quiet": "21:30-07:30", "digest": "once", "urgent": False}


class TestSettings:
    def test_they_are_those_of_the_installation_until_one_says_otherwise(self, xidu: Town) -> None:
        assert xidu.get("wang", "/api/inbox/settings") == {**USUAL, "destinations": []}

    @pytest.mark.parametrize(
        "wished",
        [
            {"quiet": "22:00-06:15", "digest": "daily@08:05", "urgent": True},
            {"quiet": "none", "digest": "hourly", "urgent": False},
            {"quiet": "default", "digest": "once", "urgent": False},
        ],
    )
    def test_they_are_ones_own(self, xidu: Town, wished: dict[str, Any]) -> None:
        answer = xidu.ask("wang", "PUT", "/api/inbox/settings", json=wished)
        assert answer.json() == {**USUAL, **wished, "destinations": []}
        assert xidu.get("wang", "/api/inbox/settings") == answer.json()
        assert xidu.get("shen", "/api/inbox/settings")["quiet"] == "default"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"quiet": "22:00"}, "quiet"),
            ({"quiet": "25:00-01:00"}, "quiet"),
            ({"digest": "daily"}, "digest"),
            ({"digest": "weekly"}, "digest"),
            ({"urgent": "maybe"}, "urgent"),
            ({"url": "json://x"}, "url"),
        ],
    )
    def test_what_cannot_be_wished_is_named_and_nothing_changes(
        self, xidu: Town, wrong: dict[str, Any], field: str
    ) -> None:
        answer = xidu.ask("wang", "PUT", "/api/inbox/settings", json={"digest": "hourly", **wrong})
        assert (answer.status_code, answer.json()["where"]) == (422, {"field": field})
        assert xidu.get("wang", "/api/inbox/settings")["digest"] == "once"

    def test_of_destinations_only_the_kind_is_shown(self, xidu: Town) -> None:
        person = person_of_login(xidu.database, "wang")
        found = [("WeCom Bot", "wecombot://the-secret-key")]
        xidu.database.acting(lambda t: wishes.set_goals(t, person, found, xidu.clock.now()))
        answer = xidu.ask("wang", "GET", "/api/inbox/settings")
        assert "secret" not in answer.text
        assert answer.json()["destinations"] == [
            {"kind": "WeCom Bot", "set_at": iso(xidu.clock.now()), "failed_at": None}
        ]


def test_health_says_what_is_not_delivered(xidu: Town) -> None:
    filed(xidu)
    xidu.report()
    names = ("messages_waiting", "messages_lag_seconds", "messages_dead", "notices_waiting", "notices_nobody")
    health = xidu.get("wang", "/api/health")
    assert [health[name] for name in names] == [1, 0, 0, 0, 0]
    xidu.clock.advance(MINUTE)
    assert xidu.get("wang", "/api/health")["messages_lag_seconds"] == 50
    filed(xidu)

    def spoil(transaction: Any) -> None:
        transaction.run("UPDATE message SET delivery = 'dead', next_at = NULL")
        transaction.run("UPDATE notice SET fanned_at = NULL, reached = NULL")

    xidu.database.acting(spoil)
    health = xidu.get("wang", "/api/health")
    assert [health[name] for name in names] == [0, 0, 2, 2, 0]


def test_whoever_is_not_signed_in_has_no_inbox(xidu: Town) -> None:
    for method, path in (("GET", ""), ("POST", "/read"), ("GET", "/settings"), ("PUT", "/settings")):
        assert xidu.client.request(method, f"/api/inbox{path}", json={}).status_code == 401


def test_what_was_read_costs_the_badge_nothing_and_what_sleeps_costs_delivery_nothing(
    sqlite_database: Database,
) -> None:
    """SQLite chooses an index without knowing how many rows are under it; these two are asked all the time."""
    plans: list[str] = []

    class Looking:
        """Keeps how each statement would be answered."""

        postgresql = False

        def __init__(self, transaction: Any) -> None:
            self.transaction = transaction

        def rows(self, sql: str, parameters: Any) -> list[Any]:
            plans.append(" ".join(row[3] for row in self.transaction.rows(f"EXPLAIN QUERY PLAN {sql}", parameters)))
            return list(self.transaction.rows(sql, parameters))

        def together(self, statements: Any) -> list[list[Any]]:
            return [self.rows(*statement) for statement in statements]

    with sqlite_database.looking() as transaction:
        unread(cast(Any, Looking(transaction)), Viewer(person_id=1, login="", name=""))
        due_people(cast(Any, Looking(transaction)), Instant(0), 10)
    badge, due = plans
    assert "ix_message_unread (person_id=?)" in badge
    assert "ix_message_next (next_at<?)" in due
