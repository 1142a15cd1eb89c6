"""Is the form complete, and is every value what its field says? Answers clean values, split into facts and personal."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from engine.clock import Instant, moment
from engine.definitions.model import Field, FieldType, FormItem, Need
from engine.errors import HuyingError, Malformed, Place
from engine.rules.case import References

#: Characters in one text; longer words belong into an attachment.
LONGEST_TEXT = 5_000
#: Values in one repeated field.
MOST_VALUES = 50
#: Degrees are whole numbers of this fraction.
DEGREE = 10_000_000

_EARLIEST_DAY = date(2000, 1, 1)
_LATEST_DAY = date(2100, 1, 1)
_STARS = range(1, 6)
#: Every control character but the line feed and the tab.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


@dataclass(slots=True)
class Filled:
    """A checked form."""

    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)
    #: Required photos and files that an imported act does not have.
    waived: list[str] = field(default_factory=list)

    def get(self, name: str) -> Any:
        return self.facts.get(name, self.personal.get(name))


def fill(
    items: Iterable[FormItem],
    given: Mapping[str, Any],
    references: References,
    now: Instant,
    *,
    evidence: bool = True,
) -> Filled | HuyingError:
    """Check a form against the items that an action asks for.

    `evidence=False` lets required photos and files be missing (an old system's history has none) and names them.
    Returns the clean values, or the error that names the first field at fault.
    """
    filled = Filled()
    known = set()
    for item in items:
        known.add(item.name)
        error = _take(item, given.get(item.name), references, now, evidence, filled)
        if error is not None:
            return error
    for name in given:
        if name not in known:
            return _wrong(name, f"此处不收“{name}”这一项", f"this form has no field '{name}'")
    return filled


def _take(
    item: FormItem, raw: Any, references: References, now: Instant, evidence: bool, filled: Filled
) -> HuyingError | None:
    if raw is None or raw == "" or raw == []:
        if not item.required:
            return None
        if not evidence and item.field.type in (FieldType.PHOTO, FieldType.FILE):
            filled.waived.append(item.name)
            return None
        return _wrong(item.name, f"请填写“{item.field.title.zh}”", f"'{item.field.title.en}' is required")
    values = raw if isinstance(raw, list) else [raw]
    if len(values) > (MOST_VALUES if item.many else 1):
        return _wrong(item.name, f"“{item.field.title.zh}”的值过多", f"too many values for '{item.field.title.en}'")
    clean = []
    for value in values:
        checked = _CHECKS[item.field.type](item.field, value, references, now)
        if isinstance(checked, HuyingError):
            return checked
        clean.append(checked)
    if item.many and len(set(map(str, clean))) != len(clean):
        return _wrong(item.name, f"“{item.field.title.zh}”有重复", f"'{item.field.title.en}' has duplicates")
    target = filled.personal if item.field.personal else filled.facts
    target[item.name] = clean if item.need in (Need.ANY, Need.SOME) else clean[0]
    return None


def _wrong(name: str, zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field=name))


def _amiss(field: Field, zh: str, en: str) -> Malformed:
    return _wrong(field.name, f"“{field.title.zh}”{zh}", f"'{field.title.en}' {en}")


def clean_text(text: str) -> str:
    """Text in NFC with its ends trimmed and its line ends normalised."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _text(field: Field, value: Any, references: References, now: Instant) -> Any:
    if not isinstance(value, str):
        return _amiss(field, "应为文字", "must be text")
    text = clean_text(value)
    if not text:
        return _amiss(field, "不能为空白", "must not be blank")
    if len(text) > LONGEST_TEXT:
        return _amiss(field, f"过长（{len(text)} 字，最多 {LONGEST_TEXT} 字）", f"is too long ({len(text)} characters)")
    control = _CONTROL.search(text)
    if control is not None:
        return _amiss(
            field,
            f"第 {control.start() + 1} 个字是控制字符（U+{ord(control.group()):04X}）",
            f"has a control character (U+{ord(control.group()):04X}) at position {control.start() + 1}",
        )
    return text


def _choice(field: Field, value: Any, references: References, now: Instant) -> Any:
    if isinstance(value, str) and value in field.of:
        return value
    words = "、".join(f"{key}（{title.zh}）" for key, title in field.of.items())
    return _amiss(field, f"应为以下之一：{words}", f"must be one of {', '.join(field.of)}")


def _day(field: Field, value: Any, references: References, now: Instant) -> Any:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-01-01") else None
    except ValueError:
        day = None
    if day is None:
        return _amiss(field, "应为日期，如 2026-12-01", "must be a date like 2026-12-01")
    if not _EARLIEST_DAY <= day <= _LATEST_DAY:
        return _amiss(field, f"的年份不合理：{day.year}", f"is out of range: {day}")
    if field.after is not None and day < _soonest(now, field):
        return _amiss(field, f"至少应在 {field.after} 之后", f"must be at least {field.after} ahead")
    return day.isoformat()


def _soonest(now: Instant, field: Field) -> date:
    """A first bound in calendar days; the working calendar's exact bound is the deadline's to compute."""
    return moment(now).date() + timedelta(days=field.after.amount if field.after else 0)


def _number(field: Field, value: Any, references: References, now: Instant) -> Any:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", str(value)):
        return _amiss(field, "应为数字", "must be a number")
    return int(str(value)) if "." not in str(value) else str(value)


def _stars(field: Field, value: Any, references: References, now: Instant) -> Any:
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) == 1 else value
    if isinstance(number, int) and not isinstance(number, bool) and number in _STARS:
        return number
    return _amiss(field, "应为 1 至 5 星", "must be 1 to 5 stars")


def _yes_no(field: Field, value: Any, references: References, now: Instant) -> Any:
    known = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False, "on": True}
    if isinstance(value, bool | str) and value in known:
        return known[value]
    return _amiss(field, "应为是或否", "must be yes or no")


def _referred(there: Callable[[References], Iterable[str]], zh: str, en: str) -> Callable[..., Any]:
    def check(field: Field, value: Any, references: References, now: Instant) -> Any:
        if isinstance(value, str) and value in there(references):
            return value
        shown = str(value)[:60]
        return _amiss(field, f"：没有这个{zh}“{shown}”", f"names an unknown {en}: '{shown}'")

    return check


def _place(field: Field, value: Any, references: References, now: Instant) -> Any:
    """`{lon_e7, lat_e7, datum, accuracy_m, area}` as `places.received` made it at the edge; `area` is the grid found."""
    if not isinstance(value, Mapping) or value.get("area") not in references.areas:
        return _amiss(field, "不在任何网格内，请选择网格", "lies in no grid; choose one")
    return {key: inner for key, inner in value.items() if inner is not None}


_CHECKS: dict[FieldType, Callable[..., Any]] = {
    FieldType.TEXT: _text,
    FieldType.CHOICE: _choice,
    FieldType.DATE: _day,
    FieldType.MEETING: _day,
    FieldType.NUMBER: _number,
    FieldType.STARS: _stars,
    FieldType.YES_NO: _yes_no,
    FieldType.PERSON: _referred(lambda r: r.people, "人员", "person"),
    FieldType.DEPARTMENT: _referred(lambda r: r.departments, "部门", "department"),
    FieldType.AREA: _referred(lambda r: r.areas, "区域", "area"),
    FieldType.TICKET: _referred(lambda r: r.tickets, "案卷", "ticket"),
    FieldType.ITEM: _referred(lambda r: r.items, "事项", "catalogue item"),
    FieldType.PHOTO: _referred(lambda r: r.uploads, "已上传的照片", "uploaded photo"),
    FieldType.FILE: _referred(lambda r: r.uploads, "已上传的文件", "uploaded file"),
    FieldType.PLACE: _place,
}
