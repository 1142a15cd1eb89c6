"""Lists go out once for each unit and period: two at once, killed half-way, after downtime, with a clock gone back."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.background import rhythms
from engine.background.rhythms import run_rhythms
from engine.clock import DAY, HOUR, MINUTE, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.rhythm import Job
from engine.errors import DefinitionError, NotFound
from engine.records import messages as messages_table
from engine.records.rhythms import RunState, begin, past
from engine.rules.rhythm import Occurrence
from tests.support.door import World
from tests.support.rhythms import SMALL, at, changed, office_versions

ROOT = Path(__file__).resolve().parents[2]
#: Seconds until a process must have begun.
PATIENCE = 60
ALL = "{open: true}"


@pytest.fixture
def world(database: Database) -> World:
    """The world on the decreed calendar, on Monday at nine, with one late ticket that waits for two departments."""
    made = World(database)
    made.versions = office_versions(database)
    made.ticket().called("urban", "water")
    made.later(3 * DAY)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one small rhythm, on the days of the street office."""
    where = tmp_path / "rhythms"
    where.mkdir()
    write(where)
    return where


def write(folder: Path, text: str = SMALL, **changes: str) -> None:
    (folder / "morning.yaml").write_text(changed(text, **changes), encoding="utf-8")


def run(world: World, folder: Path, moment: str | None = None) -> int:
    """Do what is due; how many lists went out."""
    clock = SetClock(at(moment)) if moment else world.clock
    return run_rhythms(world.database, world.versions, folder, clock)


def messages(world: World) -> list[tuple[str, str]]:
    """Who was told, and why."""
    return world.rows(
        "SELECT p.login, m.origin FROM message m JOIN person p ON p.id = m.person_id ORDER BY m.origin, p.login"
    )


def periods(world: World) -> list[tuple[str, str]]:
    return world.rows("SELECT period, state FROM rhythm_run ORDER BY at, period")


def sent_on(world: World) -> list[str]:
    """The periods whose list reached chen, in order."""
    return [origin.split(":")[3] for login, origin in messages(world) if login == "chen"]


class TestOnce:
    def test_a_list_reaches_the_inboxes_of_everybody_concerned_once(self, world: World, folder: Path) -> None:
        assert run(world, folder, "2026-03-05 08:30") == 2
        assert run(world, folder, "2026-03-05 08:31") == 0
        urban, water = (f"r:morning:late:2026-03-05:{world.unit(code)}" for code in ("urban", "water"))
        assert messages(world) == sorted(
            [("chen", urban), ("chen-lead", urban), ("lu", water), ("lu-lead", water)], key=lambda row: (row[1], row[0])
        )
        assert periods(world) == [("2026-03-05", "sent")]

    def test_it_waits_for_its_minute(self, world: World, folder: Path) -> None:
        run(world, folder, "2026-03-04 12:00")
        told = messages(world)
        assert run(world, folder, "2026-03-05 08:29") == 0
        assert messages(world) == told
        assert run(world, folder, "2026-03-05 08:30") == 2

    def test_a_message_carries_the_list_as_its_readers_want_it(self, world: World, folder: Path) -> None:
        run(world, folder, "2026-03-05 08:30")
        ((kind, body, told_at),) = world.rows(
            "SELECT m.kind, m.body, m.at FROM message m JOIN person p ON p.id = m.person_id WHERE p.login = 'chen'"
        )
        found = json.loads(body)
        assert (kind, told_at) == ("list", at("2026-03-05 08:30"))
        assert {name: found[name] for name in ("rhythm", "job", "period", "title", "count")} == {
            "rhythm": "morning",
            "job": "late",
            "period": "2026-03-05",
            "title": {"zh": "超期", "en": "Overdue"},
            "count": 1,
        }
        (ticket,) = found["tickets"]
        assert ticket.keys() == {"case_no", "title", "deadline", "due", "provisional", "light", "card", "state"}
        assert ticket["light"] == "red"
        assert ticket["due"] < told_at

    def test_without_tickets_nothing_is_sent(self, world: World, folder: Path) -> None:
        write(folder, list="{suspended: true}")
        assert run(world, folder, "2026-03-05 08:30") == 0
        assert messages(world) == []
        assert periods(world) == [("2026-03-05", "sent")]

    def test_an_empty_list_is_sent_where_the_file_says_so(self, world: World, folder: Path) -> None:
        write(folder, list="{suspended: true}", empty="send", to="[{post: supervisor, of: district}]")
        assert run(world, folder, "2026-03-05 08:30") == 1
        ((body,),) = world.rows("SELECT body FROM message")
        assert (json.loads(body)["tickets"], json.loads(body)["count"]) == ([], 0)

    def test_who_holds_two_posts_in_a_unit_is_told_once(self, world: World, folder: Path) -> None:
        world.change(
            "INSERT INTO holding (person_id, post, department_id, valid_from) VALUES (?, 'lead', ?, 0)",
            world.people["chen"],
            world.departments["urban"],
        )
        run(world, folder, "2026-03-05 08:30")
        assert [login for login, _ in messages(world)].count("chen") == 1

    def test_several_hands_at_once_send_one_list(self, world: World, folder: Path) -> None:
        write(folder, list=ALL, to="[{post: [handler, lead], of: department}, {post: [coordinator], of: street}]")
        counts: list[int] = []
        hands = [
            threading.Thread(target=lambda: counts.append(run(world, folder, "2026-03-05 08:30"))) for _ in range(4)
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        assert sum(counts) == 3
        assert len(messages(world)) == len(set(messages(world))) == 5

    def test_an_edited_time_does_not_send_a_day_twice(self, world: World, folder: Path) -> None:
        run(world, folder, "2026-03-05 08:30")
        write(folder, at='"16:00"')
        assert run(world, folder, "2026-03-05 16:00") == 0
        assert run(world, folder, "2026-03-06 08:30") == 0
        assert run(world, folder, "2026-03-06 16:00") == 2


class TestDowntime:
    def test_after_a_week_there_is_one_list_for_each_job(self, world: World, folder: Path) -> None:
        week = changed(every="week", on="friday").splitlines()[6:]
        (folder / "morning.yaml").write_text("\n".join([changed(), "  week:", *week]) + "\n", encoding="utf-8")
        run(world, folder, "2026-03-06 09:00")
        before = len(messages(world))
        assert run(world, folder, "2026-03-16 10:00") == 4, "two jobs, two departments"
        assert len(messages(world)) == before + 8
        late = world.rows("SELECT period, state FROM rhythm_run WHERE job = 'late' ORDER BY at")
        assert late[0] == ("2026-03-06", "sent")
        assert late[1:-1] == [(f"2026-03-{day:02}", "skipped") for day in (9, 10, 11, 12, 13)]
        assert late[-1] == ("2026-03-16", "sent")
        weekly = world.rows("SELECT period, state FROM rhythm_run WHERE job = 'week' ORDER BY at")
        assert weekly == [("2026-W10", "sent"), ("2026-W11", "sent")]

    def test_what_was_due_on_a_day_off_is_not_made_up_for(self, world: World, folder: Path) -> None:
        for day in ("2026-09-30", "2026-10-01", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-11"):
            run(world, folder, f"{day} 08:30")
        assert sent_on(world) == ["2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10"]

    def test_a_new_job_makes_up_for_nothing_of_an_earlier_day(self, world: World, folder: Path) -> None:
        write(folder, every="month", on="1")
        assert run(world, folder, "2026-03-05 09:00") == 0
        assert periods(world) == [("2026-03", "skipped")]
        assert run(world, folder, "2026-04-01 08:30") == 2

    def test_a_new_job_of_this_morning_is_sent(self, world: World, folder: Path) -> None:
        assert run(world, folder, "2026-03-05 17:00") == 2

    def test_two_periods_that_fall_on_one_day_send_the_newer(self, world: World, folder: Path) -> None:
        write(folder, list=ALL, every="week", on="monday")
        run(world, folder, "2026-02-09 08:30")
        run(world, folder, "2026-02-24 08:30")
        assert periods(world) == [("2026-W07", "sent"), ("2026-W08", "skipped"), ("2026-W09", "sent")]


class TestClock:
    def test_a_clock_that_steps_back_an_hour_sends_nothing_twice(self, world: World, folder: Path) -> None:
        run(world, folder, "2026-03-05 08:30")
        run(world, folder, "2026-03-06 08:35")
        told = messages(world)
        for moment in ("2026-03-06 07:35", "2026-03-06 08:30", "2026-03-05 08:30", "2026-03-02 10:00"):
            assert run(world, folder, moment) == 0
        assert messages(world) == told
        assert run(world, folder, "2026-03-09 08:30") == 2

    def test_whose_clock_is_a_moment_behind_does_not_end_what_is_newer(self, world: World, folder: Path) -> None:
        def occurrence(day: str) -> Occurrence:
            return Occurrence(period=day, at=at(f"{day} 08:30"), day=date.fromisoformat(day), provisional=False)

        newer, older = occurrence("2026-03-06"), occurrence("2026-03-05")
        now = at("2026-03-06 08:30")
        world.database.acting(lambda transaction: begin(transaction, "morning", "late", newer, [older], now))
        world.database.acting(lambda transaction: begin(transaction, "morning", "late", older, [], now))
        assert periods(world) == [("2026-03-05", "skipped"), ("2026-03-06", "sending")]
        assert run(world, folder, "2026-03-06 08:30") == 2
        assert sent_on(world) == ["2026-03-06"]

    def test_a_year_that_is_not_decreed_is_marked(self, world: World, folder: Path) -> None:
        run(world, folder, "2026-12-31 08:30")
        run(world, folder, "2027-01-01 08:30")
        with world.database.looking() as transaction:
            found = past(transaction, 10)
        assert [(one.key.period, one.provisional) for one in found] == [("2027-01-01", True), ("2026-12-31", False)]


class TestFailures:
    def test_a_file_that_is_wrong_sends_nothing_and_says_where(self, world: World, folder: Path) -> None:
        write(folder, every="fortnight")
        with pytest.raises(DefinitionError, match=r"morning\.yaml:8"):
            run(world, folder, "2026-03-05 08:30")
        assert periods(world) == []

    def test_a_folder_that_is_not_there_is_named(self, world: World, folder: Path) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            run(world, folder / "nowhere")

    def test_a_job_that_fails_does_not_hold_up_the_others_and_comes_again(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines = changed().splitlines()
        more = ["  again:", *(line.replace("超期", "再次") for line in lines[6:])]
        (folder / "morning.yaml").write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
        real = rhythms.parts

        def poisoned(*given: Any, **options: Any) -> Any:
            job = next(one for one in given if isinstance(one, Job))
            if job.name == "late":
                raise RuntimeError("poisoned")
            return real(*given, **options)

        monkeypatch.setattr(rhythms, "parts", poisoned)
        with pytest.raises(RuntimeError, match="poisoned"):
            run(world, folder, "2026-03-05 08:30")
        assert {origin.split(":")[2] for _, origin in messages(world)} == {"again"}
        monkeypatch.setattr(rhythms, "parts", real)
        assert run(world, folder, "2026-03-05 08:31") == 2

    def test_what_was_left_half_way_goes_on_with_those_who_have_nothing_yet(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(rhythms, "post", _after(1))
            with pytest.raises(KeyboardInterrupt):
                run(world, folder, "2026-03-05 08:30")
        assert periods(world) == [("2026-03-05", "sending")]
        assert world.rows("SELECT count(*) FROM rhythm_list") == [(1,)]
        assert run(world, folder, "2026-03-05 08:31") == 1
        assert len(messages(world)) == 4
        assert periods(world) == [("2026-03-05", "sent")]

    def test_what_was_left_half_way_is_overtaken_by_the_next(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(rhythms, "post", _after(1))
            with pytest.raises(KeyboardInterrupt):
                run(world, folder, "2026-03-05 08:30")
        assert run(world, folder, "2026-03-09 09:00") == 2
        assert periods(world) == [("2026-03-05", "skipped"), ("2026-03-06", "skipped"), ("2026-03-09", "sent")]
        with world.database.looking() as transaction:
            newest, _, oldest = past(transaction, 10)
        assert (newest.state, newest.lists, newest.people, newest.tickets) == (RunState.SENT, 2, 4, 2)
        assert (oldest.state, oldest.lists, oldest.people) == (RunState.SKIPPED, 1, 2)


def _after(lists: int) -> Callable[..., None]:
    """`post` that stops the process after so many lists."""
    left = iter(range(lists))

    def post(transaction: Transaction, messages: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        messages_table.post(transaction, messages)

    return post


# ---- real processes


#: Departments of the crowd; two more have a task on the ticket, with a handler and a lead each.
CROWD = 150
UNITS, PEOPLE = CROWD + 2, CROWD + 4


def crowd(world: World) -> None:
    """Many departments, each with a handler and an open task on the one ticket."""

    def work(transaction: Transaction) -> None:
        mark = "%s" if transaction.postgresql else "?"
        for number in range(CROWD):
            code = f"crowd-{number}"
            transaction.run(
                f"INSERT INTO department (code, name, kind) VALUES ({mark}, {mark}, 'bureau')", (code, code)
            )
            transaction.run(
                f"INSERT INTO person (login, name, phone, active) VALUES ({mark}, {mark}, '', true)", (code, code)
            )
        transaction.run(
            "INSERT INTO holding (person_id, post, department_id, valid_from) "
            "SELECT p.id, 'handler', d.id, 0 FROM person p JOIN department d ON d.code = p.login"
        )
        transaction.run(
            "INSERT INTO task (ticket_id, seq, kind, state, state_type, round, lead, version, department_id, "
            "opened_at, entered_at, memory) SELECT t.id, 1000 + d.id, 'line', 'sent', 'working', 1, false, 1, d.id, "
            "t.opened_at, t.opened_at, '{}' FROM ticket t CROSS JOIN department d WHERE d.kind = 'bureau'"
        )

    world.database.acting(work)


def command(url: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "rhythm", "run", "--at", "2026-03-05T08:30"],
        env={**os.environ, "HUYING_DATABASE": url, "HUYING_RHYTHMS": str(folder), "PYTHONIOENCODING": "utf-8"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def done(process: "subprocess.Popen[str]") -> int:
    """How many lists a process says it has sent."""
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    return int(said.split("张名单")[0].split()[-1])


def served(world: World) -> int:
    return int(world.rows("SELECT count(*) FROM rhythm_list")[0][0])


@pytest.mark.slow
class TestProcesses:
    def test_two_processes_at_once_send_every_list_once(self, world: World, database_url: str, folder: Path) -> None:
        crowd(world)
        write(folder, list=ALL)
        both = [command(database_url, folder) for _ in range(2)]
        counts = [done(process) for process in both]
        assert sum(counts) == served(world) == UNITS
        assert len(messages(world)) == len({*messages(world)}) == PEOPLE

    @pytest.mark.parametrize("after", [1, 50])
    def test_a_process_killed_half_way_leaves_the_rest_to_the_next(
        self, world: World, database_url: str, folder: Path, after: int
    ) -> None:
        crowd(world)
        write(folder, list=ALL)
        first = command(database_url, folder)
        until = time.monotonic() + PATIENCE
        while served(world) < after and first.poll() is None and time.monotonic() < until:
            time.sleep(0.003)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert first.returncode == -signal.SIGKILL
        there = served(world)
        assert after <= there < UNITS
        assert len(messages(world)) >= there, "a list that is claimed is in its inboxes"
        # A COMMIT that was on its way when its process died may still arrive.
        assert UNITS - there - 1 <= done(command(database_url, folder)) <= UNITS - there
        assert served(world) == UNITS
        assert len(messages(world)) == len({*messages(world)}) == PEOPLE
        assert periods(world) == [("2026-03-05", "sent")]
        assert done(command(database_url, folder)) == 0


def test_the_hours_of_a_day_do_not_matter_between_lists(world: World, folder: Path) -> None:
    """A beat over two days, at any hour, sends two lists to each."""
    moments = range(at("2026-03-05 08:00"), at("2026-03-07 08:00"), HOUR + 7 * MINUTE)
    beats = [run_rhythms(world.database, world.versions, folder, SetClock(Instant(moment))) for moment in moments]
    assert sum(beats) == 4
