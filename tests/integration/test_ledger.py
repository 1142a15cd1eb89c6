"""The ledger of a loop: every ticket its asker reaches, as text that never runs, with totals that are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.application import Application
from engine.background import reports
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, MINUTE, SetClock
from engine.database import Database
from engine.records import report_jobs
from engine.records.access import person_of_login
from engine.records.report_jobs import MOST_ATTEMPTS, Job, JobState, NewJob
from engine.reports.kinds import REPORTS
from tests.support.confided import confiding
from tests.support.town import BLOCK_CALLS, Town, town
from tests.support.workbooks import cells, formulas, kinds

EVIL = ('=HYPERLINK("http://evil","点")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1+1", "=1+1")


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def house_of(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def asked(xidu: Town, login: str = "shen", **more: str) -> int:
    parameters = {"workflow": BLOCK_CALLS, "period": "2026-03", **more}
    new = NewJob(kind="ledger", parameters=parameters, title="台账", person_id=person_of_login(xidu.database, login))
    number = xidu.database.acting(lambda transaction: report_jobs.ask(transaction, new, xidu.clock.now()))
    assert number is not None
    return number


def job(xidu: Town, number: int, login: str = "shen") -> Job:
    person = person_of_login(xidu.database, login)
    with xidu.database.looking() as transaction:
        return report_jobs.job_of(transaction, number, person)


def made(xidu: Town, number: int, folder: Path, login: str = "shen") -> Path:
    """The workbook that a job has made."""
    done = job(xidu, number, login)
    assert done.state is JobState.DONE, done
    path = folder / f"{number}.xlsx"
    path.write_bytes(house_of(xidu).store.read(done.file("xlsx").key))
    return path


def _folded(xidu: Town) -> None:
    relay(xidu.database)
    fold_facts(xidu.database, house_of(xidu).versions)


def test_what_a_citizen_writes_stays_text_and_totals_are_what_the_rows_say(xidu: Town, tmp_path: Path) -> None:
    numbers = [xidu.report("citizen", description=words) for words in EVIL]
    xidu.act("shen", numbers[0], "accept", {"item": "part-01-01/2", "urgency": "normal"})
    xidu.act("shen", numbers[0], "call", {"kind": "appeal", "lead": "urban", "co": ["water"]})
    xidu.act("shen", numbers[1], "refuse", {"reason": "重复"})
    xidu.clock.advance(9 * DAY)
    _folded(xidu)
    number = asked(xidu)
    assert reports.run_reports(house_of(xidu)) == 1
    path = made(xidu, number, tmp_path)
    head, *rows = cells(path, "台账")
    assert kinds(path, "台账") == {"s", "n", "d"}, "no cell of the table is a formula"
    told = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert told.keys() == set(numbers)
    assert {row["问题描述"] for row in told.values()} == {words.strip() for words in EVIL} | {"\t=1+1"} - {"\t=1+1"}
    assert (told[numbers[0]]["主办单位"], told[numbers[0]]["协办单位"]) == ("城管中队", "水务所")
    assert told[numbers[0]]["超期"] == 1
    found = formulas(path, "汇总")
    assert len(found) == 6
    assert all(kept == value for kept, value in found.values()), found
    assert found["B7"] == (6, 6)
    assert found["B10"] == (1, 1)


def test_contacts_are_masked_and_nobody_gets_more_than_their_posts_reach(xidu: Town, tmp_path: Path) -> None:
    mine = xidu.report("wang")
    there = xidu.report("sun", area="nq-m")
    known = xidu.report("wang", description="灯不亮")
    mark = "%s" if xidu.database.dialect == "postgresql" else "?"
    xidu.database.acting(
        lambda transaction: transaction.run(
            "UPDATE particulars SET contact_name = '李群众', contact_phone = '13812345678' "
            f"WHERE ticket_id = (SELECT id FROM ticket WHERE case_no = {mark})",
            (known,),
        )
    )
    by_reader = {login: asked(xidu, login) for login in ("shen", "qian", "he")}
    assert reports.run_reports(house_of(xidu)) == 3
    found = {login: made(xidu, number, tmp_path, login) for login, number in by_reader.items()}
    numbers = {login: {row[0] for row in cells(path, "台账")[1:]} for login, path in found.items()}
    assert numbers == {"shen": {mine, known}, "qian": {there}, "he": {mine, known, there}}
    head, *rows = cells(found["he"], "台账")
    told = next(dict(zip(head, row, strict=True)) for row in rows if row[0] == known)
    assert (told["联系人"], told["联系电话"]) == ("李**", "*******5678")


def test_what_few_may_know_of_is_in_nobody_elses_ledger(xidu: Town, tmp_path: Path) -> None:
    served = confiding(xidu)
    secret = {"description": "队长收钱", "place": {"area": "xd-m"}, "secret": "yes"}
    body = {"workflow": "confided", "action": "report", "form": secret}
    assert served.ask("wang", "POST", "/api/tickets", json=body).status_code == 201
    number = asked(served, "he", workflow="confided")
    reports.run_reports(house_of(served))
    assert cells(made(served, number, tmp_path, "he"), "台账")[1:] == []


def test_a_job_is_claimed_once_and_taken_over_when_its_maker_falls_silent(xidu: Town, tmp_path: Path) -> None:
    xidu.report()
    number = asked(xidu)

    def claim(name: str) -> Job | None:
        return xidu.database.acting(lambda transaction: report_jobs.claim(transaction, name, xidu.clock.now()))

    first, second = claim("a"), claim("b")
    assert first is not None
    assert second is None, "one of two processes has it"
    assert reports.run_reports(house_of(xidu)) == 0
    xidu.clock.advance(3 * MINUTE)
    assert reports.run_reports(house_of(xidu)) == 1, "the maker was killed: somebody else begins anew"
    late = xidu.database.acting(lambda transaction: report_jobs.beat(transaction, first, 5, None, xidu.clock.now()))
    assert not late, "who comes back late is told so"
    assert cells(made(xidu, number, tmp_path), "台账")[1:]


def test_who_crashes_again_and_again_is_told_so_at_last(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    number = asked(xidu)

    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire")

    broken_report = type(REPORTS["ledger"])(
        **{name: getattr(REPORTS["ledger"], name) for name in REPORTS["ledger"].__slots__} | {"make": broken}
    )
    monkeypatch.setitem(REPORTS, "ledger", broken_report)
    for _ in range(MOST_ATTEMPTS):
        reports.run_reports(house_of(xidu))
    failed = job(xidu, number)
    assert failed.state is JobState.FAILED
    assert failed.error is not None
    assert "管理员" in failed.error
    assert "fire" not in failed.error, "what broke is for the log"


def test_files_are_deleted_when_their_time_is_over(xidu: Town) -> None:
    number = asked(xidu)
    house = house_of(xidu)
    reports.run_reports(house)
    key = job(xidu, number).file("xlsx").key
    assert house.store.has(key)
    xidu.clock.advance(15 * DAY)
    assert reports.tidy(house) == 1
    assert not house.store.has(key)
    assert job(xidu, number).state is JobState.GONE


def test_who_lost_the_post_gets_nothing(xidu: Town) -> None:
    number = asked(xidu)
    xidu.database.acting(
        lambda transaction: transaction.run("UPDATE holding SET valid_to = 1 WHERE post = 'coordinator'")
    )
    reports.run_reports(house_of(xidu))
    refused = job(xidu, number)
    assert refused.state is JobState.FAILED
    assert "在岗" in (refused.error or "")
