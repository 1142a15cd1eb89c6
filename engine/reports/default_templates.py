"""The Word templates that are shipped: made when they are needed, and taken as a start for a unit's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from engine.records.documents import DocumentKind

_FONT, _TITLE_FONT = "仿宋", "黑体"


def write(kind: DocumentKind, path: Path) -> None:
    """Write the shipped template of a kind."""
    document = Document()
    _page(document, landscape=kind is DocumentKind.BULLETIN)
    if kind is DocumentKind.BULLETIN:
        _bulletin(document)
    else:
        _letter(document)
    document.core_properties.author = "呼应 Huying"
    document.core_properties.title = ""
    document.core_properties.comments = ""
    document.save(str(path))


def _page(document: Any, *, landscape: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = (Cm(29.7), Cm(21)) if landscape else (Cm(21), Cm(29.7))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Cm(2 if landscape else 2.6)
    section.top_margin = section.bottom_margin = Cm(2)
    style = document.styles["Normal"]
    _font(style, _FONT, 12)
    style.paragraph_format.space_after = Pt(4)


def _font(style: Any, name: str, size: float) -> None:
    style.font.name, style.font.size = name, Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _line(document: Any, text: str, *, size: float = 12, bold: bool = False, centre: bool = False) -> Any:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(size)
    if bold:
        run.font.name = _TITLE_FONT
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _TITLE_FONT)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _table(document: Any, rows: Sequence[Sequence[str]], size: float = 9) -> None:
    table = document.add_table(rows=len(rows), cols=max(len(row) for row in rows))
    table.style = "Table Grid"
    for line, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, row, strict=False):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.font.size = Pt(size)


def _bulletin(document: Any) -> None:
    _line(document, "{{ title }}", size=20, bold=True, centre=True)
    _line(document, "{{ number }}　　{{ period }}　　截至 {{ as_of }}", centre=True)
    _line(document, "一、承办情况", size=14, bold=True)
    head = ("单位", "派遣{{ marks.sent }}", "{%tc for channel in channels %}", "{{ channel.name }}\n按时/超期/在办",
            "{%tc endfor %}", "结案率{{ marks.closure }}", "按期结案率{{ marks.on_time }}",
            "不满意{{ marks.unsatisfied }}")  # fmt: skip

    def line(row: str) -> tuple[str, ...]:
        return (
            f"{{{{ {row}.name }}}}", f"{{{{ {row}.sent }}}}", f"{{%tc for channel in {row}.channels %}}",
            "{{ channel.text }}", "{%tc endfor %}", f"{{{{ {row}.closure }}}}", f"{{{{ {row}.on_time }}}}",
            f"{{{{ {row}.unsatisfied }}}}",
        )  # fmt: skip

    _table(document, (head, ("{%tr for row in rows %}",), line("row"), ("{%tr endfor %}",), line("total")))
    _line(document, "各渠道栏为按时、超期、在办件数。合计按全部案卷统计。", size=9)
    _line(document, "二、高频事项", size=14, bold=True)
    _line(document, "{%p for one in frequent %}")
    _line(document, "{{ one.text }}")
    _line(document, "{%p endfor %}")
    _line(document, "{%p if not frequent %}")
    _line(document, "本期没有明显高于往常的事项。")
    _line(document, "{%p endif %}")
    _line(document, "三、典型案例", size=14, bold=True)
    _line(document, "{%p for one in cases %}")
    _line(document, "{{ one.case_no }}　{{ one.title }}　{{ one.text }}")
    _line(document, "{%p endfor %}")
    _line(document, "{%p if remarks %}")
    _line(document, "四、说明", size=14, bold=True)
    _line(document, "{{ remarks }}")
    _line(document, "{%p endif %}")
    _line(document, "附注", size=12, bold=True)
    _line(document, "{%p for note in notes %}")
    _line(
        document,
        "{{ note.mark }} {{ note.title }}：{{ note.formula }}。统计期 {{ note.period }}，截至 {{ note.as_of }}。",
        size=9,
    )
    _line(document, "{%p endfor %}")
    _line(document, "制表：{{ by }}{% if digest %}　　文本摘要 sha256 {{ digest }}{% endif %}", size=9)


def _letter(document: Any) -> None:
    _line(document, "{{ title }}", size=20, bold=True, centre=True)
    _line(document, "{{ number }}", centre=True)
    _line(document, "{%p if to %}")
    _line(document, "{{ to }}：")
    _line(document, "{%p endif %}")
    _line(document, "{%p if not lines %}")
    _table(
        document,
        (("案卷号", "{{ case_no }}"), ("事项", "{{ subject }}"), ("地点", "{{ place }}"),
         ("{%tr for one in facts %}", ""), ("{{ one.name }}", "{{ one.text }}"), ("{%tr endfor %}", "")),
        size=12,
    )  # fmt: skip
    _line(document, "")
    _line(document, "{%p endif %}")
    _line(document, "{%p for line in lines %}")
    _line(document, "{{ line }}")
    _line(document, "{%p endfor %}")
    _line(document, "{%p if by %}")
    _line(document, "{{ issuer }}　{{ by }}").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _line(document, "{%p endif %}")
    _line(document, "{{ at }}").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _line(document, "文本摘要 sha256 {{ digest }}", size=9)
