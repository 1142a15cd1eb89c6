"""Lives decided in memory and written together are those that the door would have let be lived act by act."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.clock import DAY, HOUR, Instant, SetClock
from engine.database import Database
from engine.errors import HuyingError, KeyReused, NotPermitted
from engine.exchange.history import Report, import_tickets
from engine.exchange.history_reading import read_map
from engine.records.calendar_book import CalendarBook
from engine.records.verify import verify
from engine.records.versions import Versions
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller
from engine.stages.door import Door
from engine.stages.lives import Lives
from tests.support.importing import city, count, empty_house
from tests.support.old_systems import la311

OLD = Caller(name="import:old")
#: What each act after the report says; `job` acts on the task that was sent last.
PATHS: dict[str, Sequence[tuple[str, dict[str, Any]]]] = {
    "closed": (
        ("accept", {"item": "part-01-01/2", "urgency": "urgent"}), ("dispatch", {"lead": "water"}), ("job sign", {}),
        ("job progress", {"note": "已到现场"}), ("job finish", {"result": "已修复", "reply": "谢谢"}), ("close", {}),
    ),
    "replaced": (
        ("accept", {}), ("dispatch", {"lead": "water"}),
        ("job replace", {"department": "power", "reason": "非本单位职责"}), ("job finish", {"result": "已修复"}),
    ),
    "reopened": (
        ("accept", {}), ("dispatch", {"lead": "water"}), ("job finish", {}), ("reopen", {"reason": "又坏了"}),
        ("dispatch", {"lead": "power"}),
    ),
    "cancelled": (("accept", {}), ("dispatch", {"lead": "power"}), ("cancel", {"reason": "重复"})),
    "extended": (
        ("accept", {}), ("dispatch", {"lead": "water"}), ("job sign", {}), ("job extension", {"reason": "雨"}),
    ),
    "reported": (),
}  # fmt: skip
#: What may differ: random salts, and what rests on them.
_RANDOM = ("hash", "head", "personal_digest", "salt")


def report(name: str, now: Instant, **more: Any) -> Call:
    form = {
        "description": f"{name}：路灯不亮",
        "place": {"area": "310120101"},
        "address": "人民路 1 号",
        "source": "call",
    }
    return Call(
        caller=OLD, action="report", workflow="service-request", key=name, form=form, channel="hotline",
        claimed_at=Instant(now - 30 * DAY), source=Source.IMPORT, arm_from=Instant(now - 29 * DAY), **more,
    )  # fmt: skip


def later(number: int, action: str, form: dict[str, Any], now: Instant, **where: Any) -> Call:
    return Call(
        caller=OLD, action=action, form=form, claimed_at=Instant(now - 30 * DAY + number * 7 * HOUR),
        source=Source.IMPORT, arm_from=Instant(now - 29 * DAY), **where,
    )  # fmt: skip


def lived(door: Door, now: Instant) -> None:
    """Every path, act by act through the door."""
    for name, path in PATHS.items():
        born = door.act(report(name, now))
        task = None
        for number, (said, form) in enumerate(path, 1):
            action = said.removeprefix("job ")
            where = {"task": task} if action != said else {}
            outcome = door.act(later(number, action, form, now, ticket_id=born.ticket_id, **where))
            if action in ("dispatch", "replace"):
                task = outcome.created[-1]


def brought(door: Door, now: Instant) -> None:
    """Every path at once."""

    def work(transaction: Any) -> None:
        lives = Lives(door, transaction, now, [(OLD.key, name) for name in PATHS])
        for name, path in PATHS.items():
            life = lives.begin(report(name, now))
            assert life is not None
            for number, (said, form) in enumerate(path, 1):
                action = said.removeprefix("job ")
                where = {"task": life.open_tasks("job")[-1].seq} if action != said else {}
                lives.act(life, later(number, action, form, now, ticket_id=life.outcome.ticket_id, **where))
            lives.keep(life)
        lives.write()

    door.database.acting(work)


def written(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that acts write, but for what chance decides."""
    tables = ("ticket", "case_number", "particulars", "task", "request", "deadline", "event", "personal", "notice",
              "command", "reach", "idempotency_key")  # fmt: skip
    found = {}
    with database.reading() as session:
        for name in tables:
            rows = session.connection().exec_driver_sql(f"SELECT * FROM {name}").mappings()
            kept = [{key: cell for key, cell in row.items() if key not in _RANDOM} for row in rows]
            found[name] = sorted(kept, key=lambda row: [str(cell) for cell in list(row.values())[:3]])
    return found


@pytest.fixture
def door(database: Database, clock: SetClock, tmp_path: Path) -> Door:
    return house(database, clock, tmp_path)


def house(database: Database, clock: SetClock, folder: Path) -> Door:
    door = city(database, clock, folder)
    table = (
        "INSERT INTO department (code, name, kind) VALUES ('water', '水务所', 'bureau'), ('power', '供电', 'utility')"
    )
    database.acting(lambda transaction: transaction.run(table))
    return door


def test_lives_brought_together_are_those_lived_act_by_act(
    door: Door, clock: SetClock, files: Any, tmp_path: Path
) -> None:
    now = clock.now()
    brought(door, now)
    (tmp_path / "other").mkdir()
    with closing(Database(files.fresh(tmp_path / "other"))) as other:
        lived(house(other, clock, tmp_path), now)
        assert written(door.database) == written(other)
    assert verify(door.database).sound
    states = [row["state"] for row in written(door.database)["ticket"]]
    assert states == ["closed", "finished", "dispatched", "cancelled", "handling", "reported"]


def test_a_life_whose_key_was_answered_is_not_begun(door: Door, clock: SetClock) -> None:
    now = clock.now()
    brought(door, now)

    def again(transaction: Any) -> None:
        lives = Lives(door, transaction, now, [(OLD.key, name) for name in PATHS])
        assert all(lives.begin(report(name, now)) is None for name in PATHS)
        with pytest.raises(KeyReused):
            lives.begin(Call(caller=OLD, action="report", workflow="service-request", key="closed"))

    door.database.acting(again)
    assert count(door.database, "ticket") == len(PATHS)


def test_a_key_repeated_among_the_lives_themselves_is_one_life(door: Door, clock: SetClock) -> None:
    def work(transaction: Any) -> None:
        lives = Lives(door, transaction, clock.now(), [(OLD.key, "twice"), (OLD.key, "twice")])
        life = lives.begin(report("twice", clock.now()))
        assert life is not None
        lives.keep(life)
        assert lives.begin(report("twice", clock.now())) is None
        lives.write()

    door.database.acting(work)
    assert count(door.database, "ticket") == 1


def test_a_life_that_is_refused_on_its_way_leaves_no_trace(door: Door, clock: SetClock) -> None:
    now = clock.now()

    def work(transaction: Any) -> None:
        lives = Lives(door, transaction, now, [(OLD.key, "good"), (OLD.key, "bad")])
        bad = lives.begin(report("bad", now))
        good = lives.begin(report("good", now))
        assert bad is not None
        assert good is not None
        with pytest.raises(HuyingError):
            lives.act(bad, later(1, "dispatch", {"lead": "water"}, now, ticket_id=bad.outcome.ticket_id))
        lives.keep(good)
        lives.write()

    door.database.acting(work)
    assert [row["state"] for row in written(door.database)["ticket"]] == ["reported"]
    assert count(door.database, "idempotency_key") == count(door.database, "case_number") == 1


def test_a_life_is_subject_to_the_roles_of_its_file(door: Door, clock: SetClock) -> None:
    def work(transaction: Any) -> None:
        lives = Lives(door, transaction, clock.now(), [("public:web", "x")])
        form = {"description": "路灯不亮", "place": {"area": "310120101"}}
        life = lives.begin(Call(caller=Caller(name="import:x"), action="report", workflow="service-request", form=form))
        assert life is not None
        lives.act(life, Call(caller=Caller(name="public:web"), action="accept", ticket_id=life.outcome.ticket_id))

    with pytest.raises(NotPermitted):
        door.database.acting(work)


def test_two_imports_of_one_table_at_once_bring_every_row_in_once(
    database: Database, database_url: str, clock: SetClock, tmp_path: Path
) -> None:
    empty_house(database, clock)
    sample = la311(tmp_path / "requests.csv", 160)
    reports: list[Report] = []

    def bring(name: str) -> None:
        with closing(Database(database_url)) as own:
            door = Door(own, clock, Versions(CalendarBook(own)))
            reports.append(import_tickets(door, sample.path, read_map(Path("la311")), refused=tmp_path / name))

    threads = [threading.Thread(target=bring, args=(f"{number}.csv",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = sample.rows - len(sample.refused)
    assert len(reports) == 2
    assert sum(one.imported for one in reports) == good
    assert sum(one.there for one in reports) == good
    assert count(database, "ticket") == count(database, "case_number") == good
    assert verify(database).sound
