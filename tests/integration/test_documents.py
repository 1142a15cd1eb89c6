"""Documents: a number drawn once, the same when printed again, for those alone who may see what they are about."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document as Word

from engine.application import Application
from engine.clock import DAY, SetClock
from engine.database import Database, Transaction
from engine.records import documents
from engine.records.access import person_of_login
from engine.records.documents import Document, DocumentKind, NewDocument
from tests.support.browser import Browser
from tests.support.letters import called, slip
from tests.support.town import Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def test_a_dispatch_slip_is_numbered_once_and_stays_as_it_was(xidu: Town) -> None:
    number, task = called(xidu)
    desk = Browser(xidu, "shen")
    page = desk.go(desk.go(f"/tickets/{number}").link("/letters"))
    slips = [form for form in page.forms if form.values.get("task") == [str(task)]]
    first = desk.send(slips[0])
    assert "交〔2026〕1号" in first.text
    for words in ("交办单", "城管中队", "窨井盖", "主办", number):
        assert words in first.text
    assert "群众写的话" not in first.html, "what a citizen wrote can be erased; a letter cannot"
    word = desk.client.get(first.link("/files/docx")).content
    told = Word(BytesIO(word))
    assert "交〔2026〕1号" in [one.text for one in told.paragraphs]
    assert number in [cell.text for row in told.tables[0].rows for cell in row.cells]
    xidu.act("chen", number, "sign", task=task)
    xidu.clock.advance(DAY // 4)
    again = slip(Browser(xidu, "gu"), number, task)
    assert again.url == first.url
    assert again.html.count("交〔2026〕1号") == first.html.count("交〔2026〕1号")
    (digest,) = {one.split()[0] for page in (first, again) for one in page.text.split("sha256 ")[1:]}
    with xidu.database.looking() as transaction:
        issued = documents.of_subject(transaction, _subject(xidu, number, task))
    assert issued is not None
    assert issued.digest == digest
    other = int(xidu.task_of(number, "water")["task"])
    assert "交〔2026〕2号" in slip(Browser(xidu, "gu"), number, other).text


def _subject(xidu: Town, number: str, task: int) -> str:
    mark = "%s" if xidu.database.dialect == "postgresql" else "?"
    with xidu.database.looking() as transaction:
        ((ticket,),) = transaction.rows(f"SELECT id FROM ticket WHERE case_no = {mark}", (number,))
    return f"t:{ticket}:{task}"


def test_whoever_may_not_see_the_ticket_sees_no_letter_of_it(xidu: Town) -> None:
    number, task = called(xidu)
    issued = slip(Browser(xidu, "shen"), number, task)
    path = issued.url.rpartition("testserver")[2]
    for login in ("qian", "sun", "citizen"):
        browser = Browser(xidu, login)
        for address in (f"/tickets/{number}/letters", path, f"{path}/files/docx"):
            assert browser.go(address).status == 404, (login, address)
    assert Browser(xidu, "chen").go(path).status == 200
    assert Browser(xidu, "chen").go(f"{path}/files/xlsx").status == 404


def test_an_act_that_sent_a_letter_is_printed_under_its_own_number(xidu: Town) -> None:
    number, task = called(xidu)
    _letter_in_history(xidu, number, task)
    desk = Browser(xidu, "shen")
    page = desk.go(f"/tickets/{number}/letters")
    form = next(form for form in page.forms if "event" in form.values)
    printed = desk.send(form)
    assert "督〔2026〕7号" in printed.text
    assert desk.send(form).url == printed.url


def _letter_in_history(xidu: Town, number: str, task: int) -> None:
    """The event that called gets what the door writes for an act that is a letter."""
    mark = "%s" if xidu.database.dialect == "postgresql" else "?"
    letter = '"letter":{"number":"督〔2026〕7号","prefix":"督","serial":7,"unit":"a1","year":2026}'

    def work(transaction: Transaction) -> None:
        transaction.run(
            f"UPDATE event SET facts = '{{{letter},' || substr(facts, 2) WHERE action = 'call' AND ticket_id = "
            f"(SELECT id FROM ticket WHERE case_no = {mark})",
            (number,),
        )

    xidu.database.acting(work)


def test_numbers_are_drawn_without_gaps_and_never_twice(xidu: Town) -> None:
    person = person_of_login(xidu.database, "shen")
    house = Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)

    def issue(subject: int) -> Document:
        new = NewDocument(
            kind=DocumentKind.SLIP, subject=f"t:1:{subject % 12}", unit="a1", prefix="交", data={"n": subject % 12},
            person_id=person,
        )  # fmt: skip
        return house.database.acting(lambda transaction: documents.issue(transaction, new, xidu.clock.now()))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(issue, range(24)))
    numbers = {one.subject: one.number for one in found}
    assert sorted(numbers.values()) == sorted(f"交〔2026〕{serial}号" for serial in range(1, 13))
    assert len({(one.subject, one.number, one.digest) for one in found}) == 12
    xidu.clock.advance(366 * DAY)
    later = house.database.acting(
        lambda transaction: documents.issue(
            transaction,
            NewDocument(
                kind=DocumentKind.SLIP, subject="t:2:1", unit="a1", prefix="交", data={}, person_id=person
            ),
            xidu.clock.now(),
        )
    )  # fmt: skip
    assert later.number == "交〔2027〕1号", "each year begins anew"
