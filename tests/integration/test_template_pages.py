"""A unit's own templates: brought by the system administrator, used from then on, given up again."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from engine.clock import SetClock
from engine.database import Database
from tests.support.administrators import administered
from tests.support.browser import Browser
from tests.support.letters import called, slip
from tests.support.town import Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def _word(text: str) -> bytes:
    made, document = BytesIO(), Document()
    document.add_paragraph(text)
    document.save(made)
    return made.getvalue()


def test_a_template_counts_from_then_on_and_a_wrong_one_never_does(xidu: Town) -> None:
    system = Browser(xidu, "qin")
    page = system.go("/admin/templates")
    assert page.text.count("自带模板") == 4
    assert system.client.get("/admin/templates/slip/file").content.startswith(b"PK")
    form = next(form for form in page.forms if form.action.endswith("/slip"))
    wrong = system.send(form, {"act": "bring"}, {"file": _word("{{ nobody }}")})
    assert wrong.status == 422
    assert "nobody" in wrong.text
    assert system.go("/admin/templates").text.count("自带模板") == 4
    system.send(form, {"act": "bring"}, {"file": _word("本单位模板 {{ number }} 致 {{ to }}")})
    assert system.go("/admin/templates").text.count("自带模板") == 3
    assert "启用文书模板" in system.go("/admin/acts").text

    number, task = called(xidu)
    desk = Browser(xidu, "shen")
    issued = slip(desk, number, task)
    path = issued.link("/files/docx")
    assert Document(BytesIO(desk.client.get(path).content)).paragraphs[0].text == "本单位模板 交〔2026〕1号 致 城管中队"
    back = next(
        form for form in system.go("/admin/templates").forms if "file" not in form.names and "slip" in form.action
    )
    system.send(back, {"act": "shipped"})
    assert "交办单" in [one.text for one in Document(BytesIO(desk.client.get(path).content)).paragraphs]


def test_only_the_system_administrator_brings_templates(xidu: Town) -> None:
    security = Browser(xidu, "jiang")
    page = security.go("/admin/templates")
    assert page.status == 200
    assert not [form for form in page.forms if "templates" in form.action]
    forged = Browser(xidu, "shen")
    assert forged.go("/admin/templates").status == 403
    assert forged.go("/admin/templates/slip/file").status == 403
    form = security.go("/posts").forms[0]
    form.action = "/admin/templates/slip"
    assert security.send(form, {"act": "shipped"}).status == 403
