"""Word files from a unit's own template: what it may say, what is in the way of a hostile one, and where it is wrong.

A template is a .docx with marks of Jinja. It fills in values, repeats rows and leaves parts out; it reckons nothing and
reaches nothing else: every other construct is refused by name, in the body, in headers, footers, notes and properties.
"""

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import Malformed, Place

#: Bytes of a template, of its parts unpacked, and of a file that it makes.
LARGEST, LARGEST_UNPACKED, LARGEST_MADE = 5_000_000, 40_000_000, 60_000_000
MOST_PARTS = 400
#: How deep loops may stand in loops: units, their channels, and one more.
DEEPEST = 3
FILTERS: Final = ("default", "length", "join", "first", "last")
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
#: Parts that run, or hold other files.
_RUNS = re.compile(r"vbaProject|vbaData|activeX|embeddings/|oleObject|\.bin$", re.IGNORECASE)
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.For, nodes.If, nodes.Filter, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
)  # fmt: skip
#: What a damaged file makes the libraries raise.
_DAMAGED = (
    ValueError, LookupError, TypeError, AttributeError, SyntaxError, zipfile.BadZipFile, zlib.error,
    NotImplementedError, EOFError,
)  # fmt: skip
#: What XML cannot hold, and what docxtpl takes for breaks of its own.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff￾￿]")


class _Refused(TemplateError):
    """A construct that templates may not use."""

    def __init__(self, zh: str, en: str, lineno: int) -> None:
        super().__init__(en)
        self.zh, self.en, self.lineno = zh, en, lineno


class _Environment(ImmutableSandboxedEnvironment):
    """Knows a few filters and no functions; reads every source that docxtpl gives it before it is compiled."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.tests = {name: self.tests[name] for name in ("defined", "eq", "ne")}
        #: The source that was read last: where a failure is looked up.
        self.read = ""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        self.read = source
        tree = super()._parse(source, name, filename)
        _inspect(tree, 0)
        return tree


def _inspect(node: nodes.Node, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        said = type(node).__name__
        raise _Refused(f"模板不能使用 {said}", f"a template cannot use {said}", node.lineno)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise _Refused(f"没有过滤器 {node.name}", f"there is no filter {node.name}", node.lineno)
    if isinstance(node, nodes.For):
        depth += 1
        if node.recursive or depth > DEEPEST:
            raise _Refused(f"循环最多 {DEEPEST} 层", f"loops go {DEEPEST} deep at most", node.lineno)
    for child in node.iter_child_nodes():
        _inspect(child, depth)


def check(path: Path, sample: Mapping[str, Any]) -> None:
    """Whether a template can be used, tried with sample values.

    Errors: `Malformed` saying what is wrong and in which words of the template.
    """
    _refuse_file(path)
    with path.with_suffix(".tried").open("wb") as tried:
        _render(path, sample, tried.name)


def write(template: Path, values: Mapping[str, Any], path: Path) -> None:
    """Fill a template. Errors: as `check`."""
    _render(template, values, str(path))


def _render(template: Path, values: Mapping[str, Any], path: str) -> None:
    document, environment = DocxTemplate(str(template)), _Environment()
    try:
        document.render(_clean(values), jinja_env=environment, autoescape=True)
        document.save(path)
    except TemplateError as failure:
        _explain(failure, environment.read)
    except _DAMAGED as failure:
        raise Malformed(
            "模板已损坏，或标记拆散了表格、段落", f"the template is damaged or its marks tear it apart: {failure}",
            place=_FIELD,
        ) from failure  # fmt: skip
    if Path(path).stat().st_size > LARGEST_MADE:
        raise Malformed("按模板生成的文件过大", "what the template makes is too large", place=_FIELD)


_FIELD = Place(field="file")


def _explain(failure: TemplateError, source: str) -> NoReturn:
    """Errors: `Malformed` with the words of the paragraph where it is wrong; docxtpl gives each a line of its own."""
    line = _line_of(failure)
    near = re.sub(r"<[^>]+>", "", "".join(source.splitlines()[line - 1 : line]))[:80] if line else ""
    where_zh, where_en = (f"（在“{near}”附近）", f" (near '{near}')") if near else ("", "")
    if isinstance(failure, _Refused):
        zh, en = failure.zh, failure.en
    elif isinstance(failure, UndefinedError):
        zh, en = f"模板用了没有的名称：{failure.message}", f"the template uses an unknown name: {failure.message}"
    else:
        zh, en = f"模板标记有误：{failure.message}", f"the template's marks are wrong: {failure.message}"
    raise Malformed(zh + where_zh, en + where_en, place=_FIELD) from failure


def _line_of(failure: TemplateError) -> int:
    """The line of the source where it went wrong; 0 for nobody knows."""
    line = getattr(failure, "lineno", None)
    found = failure.__traceback__
    while line is None and found is not None:
        # Jinja tells the lines of a template in the traceback, as if it had been a program.
        if found.tb_frame.f_code.co_filename == "<template>":
            line = found.tb_lineno
        found = found.tb_next
    return line or 0


def _refuse_file(path: Path) -> None:
    """Errors: `Malformed` for what is no Word document, is too much, runs, or reaches outside."""
    if path.stat().st_size > LARGEST:
        raise Malformed("模板超过 5 MB", "the template is larger than 5 MB", place=_FIELD)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise Malformed("模板解压后过大", "the template unpacks into too much", place=_FIELD)
            for part in parts:
                _refuse_part(archive, part)
            types = archive.read("[Content_Types].xml").decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError) as failure:
        raise Malformed("这不是 Word 文档（.docx）", "this is no Word document (.docx)", place=_FIELD) from failure
    if _MAIN not in types or "macroEnabled" in types:
        raise Malformed("这不是不含宏的 Word 文档（.docx）", "this is no Word document without macros", place=_FIELD)


def _refuse_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if _RUNS.search(part.filename):
        raise Malformed("模板不能含宏、控件或嵌入的文件", "a template holds no macros or embedded files", place=_FIELD)
    if not part.filename.endswith((".xml", ".rels")):
        return
    # No more than it says it has, so that a part that lies about its size is not unpacked either.
    with archive.open(part) as opened:
        content = opened.read(LARGEST_UNPACKED + 1)
    text = content.replace(b"\x00", b"")
    if len(content) > LARGEST_UNPACKED or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Malformed("模板含有不允许的 XML 声明", "the template holds a forbidden XML declaration", place=_FIELD)
    if part.filename.endswith(".rels"):
        for link in re.findall(rb"<Relationship\b[^>]*>", text):
            if b"External" in link and b"/hyperlink" not in link:
                raise Malformed("模板引用了外部文件", "the template takes something from outside", place=_FIELD)


def _clean(value: Any) -> Any:
    """Values without signs that XML cannot hold."""
    if isinstance(value, str):
        return _CONTROLS.sub("", value)
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value
