"""A post that a workflow file brings: held by a table of people, acted with, called by its title."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.definitions.loader import loads
from engine.exchange.people import apply_people
from engine.records import versions
from tests.support.browser import Browser
from tests.support.town import Town, town

LOOP = """
workflow: lanes
version: 1
title: 弄堂会 / Lane meeting
calendar: cn-mainland
posts: {convener: 弄堂召集人 / Lane convener}
words: {ticket: 弄堂事 / Lane matter, closed: 议定 / Agreed}
roles:
  convener: {title: 召集人 / Convener, post: convener, area: street}
starts:
  raise: {title: 提出 / Raise, by: convener, to: raised, form: [description!, place!]}
stages:
  report:
    raised:
      title: 已提出 / Raised
      turn: [convener]
      actions:
        agree: {title: 议定 / Agree, by: convener, to: agreed}
ends:
  agreed: {title: 已议定 / Agreed, type: closed}
"""


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _table(folder: Path, post: str) -> Path:
    path = folder / "people.csv"
    path.write_text(f"账号,姓名,岗位,区域编码\nfang,方弄堂,{post},xd\n", encoding="utf-8")
    return path


def _active(xidu: Town) -> None:
    xidu.database.acting(lambda transaction: versions.store(transaction, loads(LOOP), xidu.clock.now(), activate=True))


@pytest.mark.parametrize("post", ["弄堂召集人", "convener"])
def test_whoever_holds_a_post_of_the_file_acts_by_it(xidu: Town, tmp_path: Path, post: str) -> None:
    refused = apply_people(xidu.database, _table(tmp_path, post), xidu.clock.now())
    assert [one.row for one in refused.refused] == [2], "no file brings it yet"
    _active(xidu)
    assert apply_people(xidu.database, _table(tmp_path, post), xidu.clock.now()).refused == ()
    form = {"description": "晾衣占道", "place": {"area": "xd-m"}}
    body = {"workflow": "lanes", "action": "raise", "form": form}
    answer = xidu.ask("fang", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    case_no = answer.json()["case_no"]
    fang = Browser(xidu, "fang")
    page = fang.go(f"/tickets/{case_no}")
    assert "弄堂事" in page.text
    assert "弄堂召集人" in page.text, "the history says by which post"
    assert "弄堂召集人" in fang.go("/posts").text
    assert [one["title"]["zh"] for one in xidu.get("fang", "/api/me")["posts"]] == ["弄堂召集人"]
    held = xidu.get("fang", "/api/people/fang/posts")["items"]
    assert [one["title"]["en"] for one in held] == ["Lane convener"]
    xidu.act("fang", case_no, "agree")
    assert xidu.get("fang", f"/api/tickets/{case_no}")["state"]["code"] == "agreed"


def test_a_post_that_no_file_brings_is_refused_by_its_row(xidu: Town, tmp_path: Path) -> None:
    _active(xidu)
    outcome = apply_people(xidu.database, _table(tmp_path, "弄堂长"), xidu.clock.now())
    (refused,) = outcome.refused
    assert (refused.row, refused.field) == (2, "post")
    assert "convener" in str(refused)
