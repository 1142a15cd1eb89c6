"""A bulletin as Excel and as Word, both from the one object that its page shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import Malformed
from engine.records import bulletins, documents, report_templates
from engine.records.access import Viewer
from engine.records.documents import DocumentKind
from engine.records.watching import watched
from engine.reports import default_templates, word
from engine.reports.bulletin import MARKS, gather, values
from engine.reports.making import Made, Making, Parameters, Report, word_of
from engine.reports.sheets import Book, book

_RATES = (("closure", "结案", "应结", "结案率"), ("on_time", "按期结案", "应结（不含缓办）", "按期结案率"),
          ("unsatisfied", "不满意", "已表态", "不满意率"))  # fmt: skip
_COUNTS = (("done", "按时"), ("late", "超期"), ("open", "在办"))


def write_excel(path: Path, data: Mapping[str, Any], added: Mapping[str, Any], number: str) -> None:
    """Write a bulletin as a workbook: rates and sums as formulas over the counts beside them."""
    with book(path, title=data["title"], author=data["by"]) as made:
        _table(made, data, number)
        notes = made.workbook.add_worksheet("附注")
        notes.set_column(0, 0, 5)
        notes.set_column(1, 4, 42)
        for row, one in enumerate(data["notes"]):
            told = (one["mark"], one["title"], one["formula"], f"统计期 {one['period']}，截至 {one['as_of']}",
                    "；".join(one["counted"]))  # fmt: skip
            for column, text in enumerate(told):
                made.put(notes, row, column, text)
        cases = made.workbook.add_worksheet("高频与案例")
        cases.set_column(0, 2, 50)
        lines = [("高频事项", "", ""), *((one["text"], "", "") for one in data["frequent"]), ("典型案例", "", "")]
        lines += [(one["case_no"], one["title"], one["text"]) for one in added.get("cases", ())]
        lines += [("说明", added.get("remarks", ""), "")] if added.get("remarks") else []
        for row, line in enumerate(lines):
            for column, said in enumerate(line):
                made.put(cases, row, column, said)


def _table(made: Book, data: Mapping[str, Any], number: str) -> None:
    sheet = made.workbook.add_worksheet("通报")
    sheet.set_column(0, 0, 24)
    made.put(sheet, 0, 0, f"{data['title']}　{number}".strip())
    made.put(sheet, 1, 0, f"统计期 {data['period_zh']}，截至 {data['as_of_said']}")
    head = ["单位", f"派遣{''.join(MARKS[column] for column, _ in _COUNTS)}"]
    head += [f"{title}{MARKS[column]}" for column, title in _COUNTS]
    head += [f"{channel['name']}{title}" for channel in data["channels"] for _, title in _COUNTS]
    for column, above, below, rate in _RATES:
        head += [above, below, f"{rate}{MARKS[column]}"]
    for place, title in enumerate(head):
        sheet.write_string(3, place, title, made.formats["head"])
    first = 4
    for offset, row in enumerate(data["rows"]):
        _line(made, sheet, first + offset, row)
    _total(made, sheet, first, first + len(data["rows"]), data["total"])
    sheet.freeze_panes(4, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _cells(row: Mapping[str, Any]) -> list[tuple[str, int, Any]]:
    """Kind of column, its number, and what stands there: a count, or numerator and denominator of a rate."""
    cells = row["cells"]
    counts = [row["sent"], *(cells[column]["n"] for column, _ in _COUNTS)]
    counts += [channel["cells"][column]["n"] for channel in row["channels"] for column, _ in _COUNTS]
    found: list[tuple[str, int, Any]] = [("count", number, count) for number, count in enumerate(counts, 1)]
    number = len(counts) + 1
    for column, *_ in _RATES:
        pair = cells[column]["n"], cells[column]["d"]
        found += [("count", number, pair[0]), ("count", number + 1, pair[1]), ("rate", number + 2, pair)]
        number += 3
    return found


def _line(made: Book, sheet: Any, at: int, row: Mapping[str, Any]) -> None:
    made.put(sheet, at, 0, row["name"])
    for kind, column, value in _cells(row):
        if kind == "count":
            made.put(sheet, at, column, value, "number")
        else:
            _rate(made, sheet, at, column, value)


def _total(made: Book, sheet: Any, first: int, at: int, row: Mapping[str, Any]) -> None:
    made.put(sheet, at, 0, row["name"])
    for kind, column, value in _cells(row):
        letter = _letter(column)
        if kind == "rate":
            _rate(made, sheet, at, column, value)
        elif at > first:
            made.formula(sheet, at, column, f"=SUM({letter}{first + 1}:{letter}{at})", value, "number")
        else:
            made.put(sheet, at, column, value, "number")


def _rate(made: Book, sheet: Any, at: int, column: int, pair: tuple[int, int]) -> None:
    above, below = _letter(column - 2), _letter(column - 1)
    value = pair[0] / pair[1] if pair[1] else ""
    made.formula(sheet, at, column, f'=IFERROR({above}{at + 1}/{below}{at + 1},"")', value, "percent")


def _letter(column: int) -> str:
    return f"{chr(64 + column // 26) if column >= 26 else ''}{chr(65 + column % 26)}"


def template_of(house: Application, transaction: Transaction, kind: DocumentKind, folder: Path) -> Path:
    """The template that counts for a kind: the unit's own, else the shipped one."""
    path = folder / "template.docx"
    brought = report_templates.brought(transaction, kind)
    if brought and brought[0].sha256:
        path.write_bytes(house.store.read(report_templates.key(brought[0].sha256)))
    else:
        default_templates.write(kind, path)
    return path


def write_word(house: Application, kind: DocumentKind, filled: Mapping[str, Any], folder: Path) -> Path:
    """A document as Word by the template that counts now. Errors: `Malformed` when the template cannot be filled."""
    with house.database.looking() as transaction:
        template = template_of(house, transaction, kind, folder)
    path = folder / "made.docx"
    word.write(template, filled, path)
    return path


def _called(transaction: Transaction, viewer: Viewer, parameters: Parameters) -> str:
    one = bulletins.bulletin(transaction, _number(parameters), viewer.person_id)
    return f"{one.period} 月度通报"


def _number(parameters: Parameters) -> int:
    value = parameters.get("bulletin")
    if not isinstance(value, int):
        raise Malformed("没有指明哪份通报", "which bulletin is not said")
    return value


def _make(making: Making, parameters: Parameters) -> list[Made]:
    """Count it unless it was issued, then write its files."""
    house, number = making.house, _number(parameters)
    making.tell(0, 3)
    with house.database.looking() as transaction:
        one = bulletins.bulletin(transaction, number, making.viewer.person_id)
        counted = None
        if one.document_id is None and parameters.get("count", True):
            counted = gather(transaction, making.viewer, one.period, one.area, making.now)
    if counted is not None:
        figures = counted
        house.database.acting(lambda transaction: bulletins.count(transaction, number, figures))
    with house.database.looking() as transaction:
        one = bulletins.bulletin(transaction, number, making.viewer.person_id)
        issued = documents.by_id(transaction, one.document_id) if one.document_id is not None else None
    making.tell(1, 3)
    data, added = (issued.data, issued.data["added"]) if issued else (one.data or {}, one.added)
    number_said, digest = (issued.number, issued.digest) if issued else ("", "")
    return _files(making, data, added, number=number_said, digest=digest)


def draft_files(making: Making, parameters: Parameters) -> list[Made]:
    """A bulletin counted now, without a draft that is kept: for whoever only wants the files."""
    period, area = word_of(parameters, "period"), word_of(parameters, "area")
    with making.house.database.looking() as transaction:
        data = gather(transaction, making.viewer, period, area, making.now)
    return _files(making, data, {}, number="", digest="")


def _files(
    making: Making, data: Mapping[str, Any], added: Mapping[str, Any], *, number: str, digest: str
) -> list[Made]:
    name = f"{data['title']}{number}"
    excel = making.folder / "bulletin.xlsx"
    write_excel(excel, data, added, number)
    making.tell(2, 3)
    filled = values(data, added, number=number, digest=digest)
    path = write_word(making.house, DocumentKind.BULLETIN, filled, making.folder)
    making.tell(3, 3)
    return [Made(form="xlsx", path=excel, name=name), Made(form="docx", path=path, name=name)]


BULLETIN = Report(
    name="bulletin",
    title=Title("月度通报", "Monthly bulletin"),
    about=Title("一个月的承办情况、高频事项与典型案例", "A month's figures, high frequencies and typical cases"),
    called=_called,
    make=_make,
    expect=watched,
)
