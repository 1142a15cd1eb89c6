"""Is the form complete, and is every value what its field says? Answers clean values, split into facts and personal."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Field, FieldType, FormItem, Need
from engine.errors import HuyingError, Malformed, Place
from engine.rules.case import References
from engine.vocabulary import UNIT_KINDS

#: Characters in one text; longer words belong into an attachment.
LONGEST_TEXT = 5_000
#: Characters of the fields that name a person: as wide as the columns that lists show them from.
LONGEST_NAME = 200
_NAMES = ("contact_name", "contact_phone")
#: Values in one repeated field.
MOST_VALUES = 50
#: Degrees are whole numbers of this fraction.
DEGREE = 10_000_000

_EARLIEST_DAY = date(2000, 1, 1)
_LATEST_DAY = date(2100, 1, 1)
_STARS = range(1, 6)
#: Every control character but the line feed and the tab; what turns the direction of writing; halves of a character.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_LARGEST_NUMBER = 10**15
_LONGEST_WORD = 64
#: What a place may say besides its area: whole numbers between these bounds.
_PLACE_BOUNDS = {
    "lon_e7": (-180 * DEGREE, 180 * DEGREE),
    "lat_e7": (-90 * DEGREE, 90 * DEGREE),
    "accuracy_m": (0, 1_000_000),
}


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
            return _wrong(shown(name), f"此处不收“{shown(name)}”这一项", f"this form has no field '{shown(name)}'")
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


def shown(value: Any) -> str:
    """A wrong value as a refusal may quote it."""
    return _CONTROL.sub("\ufffd", value[:60]) if isinstance(value, str) else type(value).__name__


def clean_text(text: str) -> str:
    """Text in NFC with its ends trimmed and its line ends normalised."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _text(field: Field, value: Any, references: References, now: Instant) -> Any:
    if not isinstance(value, str):
        return _amiss(field, "应为文字", "must be text")
    text = clean_text(value)
    if not text:
        return _amiss(field, "不能为空白", "must not be blank")
    most = LONGEST_NAME if field.name in _NAMES else LONGEST_TEXT
    if len(text) > most:
        return _amiss(field, f"过长（{len(text)} 字，最多 {most} 字）", f"is too long ({len(text)} characters)")
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
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        return _amiss(field, "应为日期，如 2026-12-01", "must be a date like 2026-12-01")
    if not _EARLIEST_DAY <= day <= _LATEST_DAY:
        return _amiss(field, f"的年份不合理：{day.year}", f"is out of range: {day}")
    return day.isoformat()


def _sitting(field: Field, value: Any, references: References, now: Instant) -> Any:
    """The code of a called sitting, or the day for which one is called; a plain day where there are no bodies."""
    if references.called is None:
        return _day(field, value, references, now)
    found = references.called.get(value) if isinstance(value, str) else None
    if found is None:
        return _amiss(
            field,
            f"：没有已通知的场次“{shown(value)}”，请写场次编号或其日期",
            f"names no called sitting: '{shown(value)}'; give its code or its day",
        )
    return found.code


def _number(field: Field, value: Any, references: References, now: Instant) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER:
        return value
    digits = repr(value) if isinstance(value, float) else value
    if not isinstance(digits, str) or not _NUMBER.fullmatch(digits):
        return _amiss(field, "应为数字", "must be a number")
    return digits if "." in digits else int(digits)


def _stars(field: Field, value: Any, references: References, now: Instant) -> Any:
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) == 1 else value
    if isinstance(number, int) and not isinstance(number, bool) and number in _STARS:
        return number
    return _amiss(field, "应为 1 至 5 星", "must be 1 to 5 stars")


def _yes_no(field: Field, value: Any, references: References, now: Instant) -> Any:
    known = {True: "yes", False: "no", "yes": "yes", "no": "no", "true": "yes", "false": "no", "on": "yes"}
    if isinstance(value, bool | str) and value in known:
        return known[value]
    return _amiss(field, "应为是或否", "must be yes or no")


def _referred(there: Callable[[References], Iterable[str]], zh: str, en: str) -> Callable[..., Any]:
    def check(field: Field, value: Any, references: References, now: Instant) -> Any:
        if isinstance(value, str) and value in there(references):
            return value
        return _amiss(field, f"：没有这个{zh}“{shown(value)}”", f"names an unknown {en}: '{shown(value)}'")

    return check


_upload = _referred(lambda r: r.uploads, "已上传的照片", "uploaded photo")


def _photo(field: Field, value: Any, references: References, now: Instant) -> Any:
    found = _upload(field, value, references, now)
    if isinstance(found, str) and not references.uploads[found].startswith("image/"):
        return _amiss(field, "应为照片，不能用文件代替", "must be a photo, not another file")
    return found


def _place(field: Field, value: Any, references: References, now: Instant) -> Any:
    """`{lon_e7, lat_e7, datum, accuracy_m, area}` as the edge made it; `area` is the grid that was found."""
    area = value.get("area") if isinstance(value, Mapping) else None
    if not isinstance(area, str):
        return _amiss(field, "不在任何网格内，请选择网格", "lies in no grid; choose one")
    if area not in references.areas:
        return _amiss(field, f"：没有这个区域“{shown(area)}”", f"names an unknown area: '{shown(area)}'")
    place = {key: inner for key, inner in value.items() if inner is not None}
    for key, inner in place.items():
        if not _belongs_to_place(key, inner):
            return _amiss(field, f"的“{shown(key)}”不对", f"has a wrong '{shown(key)}'")
    return place


def _belongs_to_place(key: Any, value: Any) -> bool:
    if key in ("area", "datum"):
        return isinstance(value, str) and len(value) <= _LONGEST_WORD and value.isprintable()
    bounds = _PLACE_BOUNDS.get(key)
    return bounds is not None and type(value) is int and bounds[0] <= value <= bounds[1]


def _register_row(field: Field, value: Any, references: References, now: Instant) -> Any:
    rows = references.rows.get(value, ()) if isinstance(value, str) else ()
    if any(row.register == field.register for row in rows):
        return value
    return _amiss(field, f"：名册中没有这一行“{shown(value)}”", f"names an unknown row: '{shown(value)}'")


_named_department = _referred(lambda r: r.departments, "部门", "department")


def _department(field: Field, value: Any, references: References, now: Instant) -> Any:
    found = _named_department(field, value, references, now)
    if isinstance(found, HuyingError) or not field.kinds or references.departments[found].kind in field.kinds:
        return found
    kinds = sorted(field.kinds)
    return _amiss(
        field,
        f"只能选{'、'.join(UNIT_KINDS[kind] for kind in kinds)}，“{references.departments[found].title}”不是",
        f"takes units of kind {', '.join(kinds)} only, not '{found}'",
    )


_CHECKS: dict[FieldType, Callable[..., Any]] = {
    FieldType.TEXT: _text,
    FieldType.CHOICE: _choice,
    FieldType.DATE: _day,
    FieldType.MEETING: _sitting,
    FieldType.NUMBER: _number,
    FieldType.STARS: _stars,
    FieldType.YES_NO: _yes_no,
    FieldType.PERSON: _referred(lambda r: r.people, "人员", "person"),
    FieldType.DEPARTMENT: _department,
    FieldType.AREA: _referred(lambda r: r.areas, "区域", "area"),
    FieldType.TICKET: _referred(lambda r: r.tickets, "案卷", "ticket"),
    FieldType.ITEM: _referred(lambda r: r.items, "事项", "catalogue item"),
    FieldType.PHOTO: _photo,
    FieldType.FILE: _referred(lambda r: r.uploads, "已上传的文件", "uploaded file"),
    FieldType.ROW: _register_row,
    FieldType.PLACE: _place,
}
