"""何清, a supervisor, makes March's bulletin: the page, Excel and Word say the same, each what `figure` counts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from engine.application import Application
from engine.background import reports
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records import documents
from engine.records.access import person_of_login, viewer_of
from engine.records.indicators import Asked, Figure, figure
from engine.records.watching import watched
from engine.reports import periods
from engine.reports.bulletin import COLUMNS, rate
from tests.support.browser import Browser
from tests.support.town import Town, town
from tests.support.workbooks import cells, formulas

INDICATORS = discover()


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def house_of(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def _march(xidu: Town) -> list[str]:
    """Three tickets: one handled in time, one overdue, one that has just been sent."""
    numbers = []
    for channel in ("grid", "hotline", ""):
        number = xidu.report("wang", **({"channel": channel} if channel else {}))
        xidu.act("shen", number, "accept", {"item": "part-01-01/2", "urgency": "normal"})
        numbers.append(number)
    for number, lead in zip(numbers, ("urban", "water", "urban"), strict=True):
        if number == numbers[-1]:
            xidu.clock.advance(9 * DAY)
        xidu.act("shen", number, "call", {"kind": "appeal", "lead": lead})
        if number == numbers[0]:
            seq = xidu.task_of(number, lead)["task"]
            xidu.act("chen", number, "sign", task=seq)
            xidu.act("chen", number, "contact", {"note": "已联系"}, task=seq)
            photo = xidu.photo("chen")
            xidu.act("chen", number, "finish", {"result": "已换盖", "after_photos": [photo]}, task=seq)
    relay(xidu.database)
    fold_facts(xidu.database, house_of(xidu).versions)
    return numbers


def _figure(xidu: Town, column: str, **more: str) -> Figure:
    now, month = xidu.clock.now(), periods.month("2026-03")
    with xidu.database.looking() as transaction:
        viewer = viewer_of(transaction, person_of_login(xidu.database, "he"), now)
        asked = Asked(since=month.since, until=month.until, as_of=now, area="fx", units=watched(viewer))
        return figure(transaction, INDICATORS[COLUMNS[column]], replace(asked, **more))  # type: ignore[arg-type]


def test_a_supervisor_makes_the_bulletin_of_a_month(xidu: Town, tmp_path: Path) -> None:
    first, *_ = _march(xidu)
    he = Browser(xidu, "he")
    page = he.send(he.go("/reports").form("/bulletins"), {"period": "2026-03", "area": "fx"})
    assert "<progress" in page.html, "it is counted in the background"
    draft = page.url.rpartition("testserver")[2]
    assert reports.run_reports(house_of(xidu)) == 1

    page = he.go(draft)
    assert "奉贤区2026年3月网格治理通报" in page.text
    adding = next(form for form in page.forms if "more" in form.names)
    added = {"more": first, "more_text": "三部门合力，当日办结。", "remarks": "=1+1 从严", "act": "save"}
    saved = he.send(adding, added)
    assert "三部门合力" in saved.text
    assert saved.status == 200
    issuing = [form for form in saved.forms if f"{draft}" in form.action][-1]
    issued = he.send(issuing, {"act": "issue"})
    assert "通报〔2026〕1号" in issued.text
    assert reports.run_reports(house_of(xidu)) == 1

    page = he.go(issued.url.rpartition("testserver")[2])
    excel, word = (he.client.get(page.link(f"/files/{form}")).content for form in ("xlsx", "docx"))
    (tmp_path / "b.xlsx").write_bytes(excel)
    with xidu.database.looking() as transaction:
        (document,) = documents.of_kind(transaction, documents.DocumentKind.BULLETIN)
    _same_everywhere(xidu, document, page.html, tmp_path / "b.xlsx", word)
    _stays(xidu, he, document, draft)


def _same_everywhere(xidu: Town, document: documents.Document, page: str, excel: Path, word: bytes) -> None:
    rows = cells(excel, "通报")
    head = rows[3]
    written = {str(row[0]): dict(zip(head, row, strict=True)) for row in rows[4:]}
    worked_out = formulas(excel, "通报")
    assert all((kept or None) == (value or None) for kept, value in worked_out.values()), worked_out
    table = Document(BytesIO(word)).tables[0]
    told = {row.cells[0].text: [cell.text for cell in row.cells] for row in table.rows}
    assert set(told) - {"单位"} == set(written)
    lines = [*document.data["rows"], document.data["total"]]
    assert {line["name"] for line in lines} == set(written)
    for line in lines:
        found = {column: _figure(xidu, column, department=line["key"]) for column in COLUMNS}
        assert {column: (one["n"], one["d"]) for column, one in line["cells"].items()} == {
            column: (one.numerator, one.denominator) for column, one in found.items()
        }, line["name"]
        done, late, waiting = (found[column] for column in ("done", "late", "open"))
        assert done.numerator + late.numerator + waiting.numerator == done.denominator == line["sent"]
        closure = rate(found["closure"].numerator, found["closure"].denominator)
        channels = [
            "/".join(str(_figure(xidu, one, department=line["key"], channel=channel["key"]).numerator)
                     for one in ("done", "late", "open"))
            for channel in line["channels"]
        ]  # fmt: skip
        on_time = rate(found["on_time"].numerator, found["on_time"].denominator)
        unsatisfied = str(found["unsatisfied"].numerator)
        assert told[line["name"]] == [
            line["name"], str(line["sent"]), *channels, closure, on_time, unsatisfied
        ]  # fmt: skip
        for column, title in (("done", "按时①"), ("late", "超期②"), ("open", "在办③")):
            value = written[line["name"]][title]
            assert value == found[column].numerator or str(value).startswith("=SUM"), title
        (shown,) = re.findall(rf'<th scope="row">{line["name"]}</th>(.*?)</tr>', page, flags=re.DOTALL)
        numbers = [line["sent"], done.numerator, late.numerator, waiting.numerator]
        said = [re.sub(r"<span.*?</span>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", shown)]
        assert said == [*(str(number) for number in numbers), *channels, closure, on_time, unsatisfied]
    assert document.data["total"]["sent"] == 3
    assert document.data["total"]["cells"]["late"]["n"] == 1
    assert {channel["key"] for channel in document.data["channels"]} == {"grid", "hotline"}
    assert all(note["formula"] and note["formula"] in page for note in document.data["notes"])
    assert "=1+1 从严" in [cell for row in cells(excel, "高频与案例") for cell in row]


def _stays(xidu: Town, he: Browser, document: documents.Document, draft: str) -> None:
    """What was issued changes no more: not by a later count, nor by its author, nor with time."""
    again = he.go(draft)
    assert again.url.endswith(f"/documents/{document.id}")
    forged = he.go("/reports").form("/bulletins")
    forged.action = draft
    assert he.send(forged, {"act": "count"}).status == 409
    xidu.clock.advance(40 * DAY)
    reports.tidy(house_of(xidu))
    later = Browser(xidu, "he")
    assert later.client.get(f"/documents/{document.id}/files/docx").status_code == 200
    with xidu.database.looking() as transaction:
        assert documents.by_id(transaction, document.id).digest == document.digest
    assert Browser(xidu, "chen").go(f"/documents/{document.id}").status == 200, "it is for all who hold a post"
    assert Browser(xidu, "citizen").go(f"/documents/{document.id}").status == 403
    assert Browser(xidu, "shen").go(draft).status in (403, 404)
