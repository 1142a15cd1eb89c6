"""A rhythm asks for reports: one for each recipient, within their own reach, with a link when it is there."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from engine.application import Application
from engine.background import reports
from engine.background.rhythms import run_rhythms
from engine.clock import CIVIL_ZONE, SetClock, instant
from engine.database import Database
from engine.definitions.rhythm import Reported
from engine.definitions.rhythm_file import loads
from engine.errors import DefinitionError
from engine.records import report_jobs
from engine.records.access import person_of_login
from engine.reports.kinds import REPORTS
from tests.support.browser import Browser
from tests.support.rhythms import known
from tests.support.town import Town, town
from tests.support.workbooks import cells

RHYTHM = """\
rhythm: monthly
title: 月报 / Monthly
calendar: cn-mainland
jobs:
  ledger:
    title: 台账 / Ledger
    every: month
    on: first workday
    at: "08:00"
    report: ledger
    workflow: block-calls-line-responds
    to: [{post: coordinator, of: street}]
  bulletin:
    title: 通报 / Bulletin
    every: month
    on: first workday
    at: "08:00"
    report: bulletin
    to: [{post: [supervisor, coordinator], of: district}]
"""


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    folder = tmp_path / "rhythms"
    folder.mkdir()
    (folder / "monthly.yaml").write_text(RHYTHM, encoding="utf-8")
    with town(database, clock, tmp_path / "data", rhythms=folder) as served:
        yield served


def house_of(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def test_each_recipient_gets_their_own_report_once(xidu: Town, tmp_path: Path) -> None:
    mine, there = xidu.report("wang"), xidu.report("sun", area="nq-m")
    house = house_of(xidu)
    xidu.clock.at = instant(datetime(2026, 4, 1, 7, 0, tzinfo=CIVIL_ZONE))
    assert run_rhythms(house.database, house.versions, house.settings.rhythms, house.clock) == 0
    xidu.clock.at = instant(datetime(2026, 4, 1, 8, 1, tzinfo=CIVIL_ZONE))
    for _ in range(2):
        run_rhythms(house.database, house.versions, house.settings.rhythms, house.clock)
    assert reports.run_reports(house) == 3, "two ledgers, and a bulletin for the supervisor alone"
    for login, case_no in (("shen", mine), ("qian", there)):
        with xidu.database.looking() as transaction:
            (job,) = report_jobs.of_person(transaction, person_of_login(xidu.database, login))
        path = tmp_path / f"{login}.xlsx"
        path.write_bytes(house.store.read(job.file("xlsx").key))
        assert [row[0] for row in cells(path, "台账")[1:]] == [case_no]
        browser = Browser(xidu, login)
        told = browser.go("/inbox")
        assert job.title in told.text
        (message,) = [link for link in told.links if re.fullmatch("/inbox/[0-9a-f]{24}", link)]
        assert browser.go(message).url.endswith(f"/reports/{job.id}"), "the message leads to the report"
    assert "2026年3月" in Browser(xidu, "he").go("/reports").text
    assert Browser(xidu, "gu").go("/reports").status == 200
    with xidu.database.looking() as transaction:
        assert report_jobs.of_person(transaction, person_of_login(xidu.database, "gu")) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    report: ledger\n", "    report: ledger\n    list: {open: true}\n", "list"),
        ("    workflow: block-calls-line-responds\n", "", "workflow"),
        ("    report: bulletin\n", "    report: nothing\n", "nothing"),
    ],
)
def test_a_job_has_a_list_or_a_report(before: str, after: str, said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        loads(RHYTHM.replace(before, after, 1), known())
    assert said in str(refused.value)


def test_a_bulletin_comes_every_month() -> None:
    head, _, bulletin = RHYTHM.partition("  bulletin:")
    weekly = bulletin.replace("every: month", "every: week").replace("first workday", "monday")
    with pytest.raises(DefinitionError):
        loads(f"{head}  bulletin:{weekly}", known())


def test_every_report_that_a_rhythm_may_name_is_there() -> None:
    assert {str(one) for one in Reported} <= REPORTS.keys()
