"""Word templates: the shipped ones can be filled, and a hostile or broken one is refused with its place."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from engine.errors import Malformed
from engine.records.documents import DocumentKind
from engine.reports import default_templates, word
from engine.reports.samples import SAMPLES, names

SAMPLE = SAMPLES[DocumentKind.SLIP]


def _template(path: Path, *lines: str) -> Path:
    document = Document()
    for line in ("前文一段", *lines, "后文一段"):
        document.add_paragraph(line)
    document.save(str(path))
    return path


def _text(path: Path) -> str:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_shipped_template_says_every_value(kind: DocumentKind, tmp_path: Path) -> None:
    template, made = tmp_path / "template.docx", tmp_path / "made.docx"
    default_templates.write(kind, template)
    word.check(template, SAMPLES[kind])
    word.write(template, SAMPLES[kind], made)
    text = _text(made)
    assert "{{" not in text
    assert "{%" not in text
    for name in ("title", "number", "digest"):
        assert SAMPLES[kind][name] in text
    assert {"title", "number", "digest"} <= set(names(kind))


def test_values_are_text_whatever_they_hold(tmp_path: Path) -> None:
    template, made = _template(tmp_path / "t.docx", "{{ title }}", "{{ by }}"), tmp_path / "made.docx"
    evil = "<w:p>{{ number }} {% for x in y %} & \x00\x0c\x07 ]]>"
    word.write(template, {**SAMPLE, "title": evil}, made)
    assert "<w:p>{{ number }} {% for x in y %} &  ]]>" in _text(made)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("{{ nothing }}", "nothing"),
        ("{{ facts[0].nothing }}", "nothing"),
        ("{{ title", "标记有误"),
        ("{% if title %}", "标记有误"),
        ("{{ title.__class__ }}", "__class__"),
        ("{{ ''.join(title) }}", "Call"),
        ("{{ 'a' * 99999999 }}", "Mul"),
        ("{{ 9 ** 9 }}", "Pow"),
        ("{% set x = 1 %}", "Assign"),
        ("{% include 'x' %}", "Include"),
        ("{% macro m() %}{% endmacro %}", "Macro"),
        ("{{ title | pprint }}", "pprint"),
        ("{{ title | safe }}", "safe"),
        ("{% for a in facts %}" * 4 + "{% endfor %}" * 4, "3 层"),
    ],
)  # fmt: skip
def test_what_a_template_may_not_is_refused_with_its_place(mark: str, said: str, tmp_path: Path) -> None:
    template = _template(tmp_path / "t.docx", f"此处有误 {mark}")
    with pytest.raises(Malformed) as refused:
        word.check(template, SAMPLE)
    assert said in refused.value.zh
    assert "此处有误" in refused.value.zh, "the words of the paragraph"


def test_headers_and_properties_are_looked_at_too(tmp_path: Path) -> None:
    document = Document()
    document.sections[0].header.paragraphs[0].text = "{{ title.__class__.__mro__ }}"
    document.save(str(tmp_path / "header.docx"))
    document = Document()
    document.core_properties.title = "{{ 'a' * 99999999 }}"
    document.save(str(tmp_path / "property.docx"))
    for name in ("header", "property"):
        with pytest.raises(Malformed):
            word.check(tmp_path / f"{name}.docx", SAMPLE)


def _with(path: Path, change: Callable[[zipfile.ZipFile], None]) -> Path:
    _template(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        change(archive)
    return path


def test_macros_embedded_files_bombs_and_links_outside_are_refused(tmp_path: Path) -> None:
    macro = _with(tmp_path / "macro.docx", lambda archive: archive.writestr("word/vbaProject.bin", b"x"))
    embedded = _with(tmp_path / "e.docx", lambda archive: archive.writestr("word/embeddings/a.xlsx", b"x"))
    bomb = _with(tmp_path / "bomb.docx", lambda archive: archive.writestr("word/media/a.bmp", bytes(50_000_000)))
    link = '<Relationships><Relationship Id="a" TargetMode="External" Type="t/attachedTemplate" Target="http://x"/>'
    outside = _with(
        tmp_path / "out.docx",
        lambda archive: archive.writestr("word/_rels/settings.xml.rels", f"{link}</Relationships>"),
    )
    entity = _with(
        tmp_path / "entity.docx",
        lambda archive: archive.writestr("word/x.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a/>'),
    )
    (tmp_path / "text.docx").write_bytes(b"no zip")
    for path in (macro, embedded, bomb, outside, entity, tmp_path / "text.docx"):
        with pytest.raises(Malformed):
            word.check(path, SAMPLE)
