"""A decree as a file: the year, the document's number, the days off, the days worked in their place.

Days are written `2027-10-01`; several in a row `2027-10-01..07` or `2027-01-30..2027-02-05`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Items, Node, Scalar, compose, decode, read_file
from engine.definitions.source import Mapping as Section
from engine.rules.calendar_form import read_date
from engine.rules.calendars import CalendarError, WorkCalendar
from engine.rules.decrees import Decree

#: Every key of a decree file.
KEYS: Final = ("decree", "source", "off", "work")
#: Days that may stand in one range; a longer one is a slip of the pen.
LONGEST_RANGE: Final = 31
_LONGEST_SOURCE = 200
_YEARS = range(1949, 2200)
_WORDS = {"off": ("假日", "off"), "work": ("上班日", "worked")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecreeFile:
    """A decree that was read, and where each day stands in its file."""

    file: str
    decree: Decree
    lines: Mapping[date, int]
    #: Where the year stands.
    line: int


def read_decree(path: Path) -> DecreeFile:
    """Read a decree file.

    Errors: `DefinitionError` with file and line of all that is wrong: a year that is none, a day that is none, a day
    twice or both off and worked, a range that runs backwards, no day at all.
    """
    reader = Reader(path.name)
    sections = _sections(reader, compose(decode(read_file(path), file=path.name), file=path.name))
    year = sections["decree"]
    lines: dict[date, tuple[str, int]] = {}
    for key in ("off", "work"):
        for day, line in _days(reader, sections.get(key)):
            _once(reader, lines, key, day, line)
    decree = Decree(
        year=_year(reader, year.value),
        source=_source(reader, sections.get("source")) or path.name,
        off=frozenset(day for day, (key, _) in lines.items() if key == "off"),
        work=frozenset(day for day, (key, _) in lines.items() if key == "work"),
    )
    reader.finish()
    if not lines:
        reader.refuse(year.line, "没有写任何日期（off、work）", "names no day: `off` and `work` are empty")
        reader.finish()
    where = {day: line for day, (_, line) in lines.items()}
    return DecreeFile(file=path.name, decree=decree, lines=where, line=year.line)


def check_decree(read: DecreeFile, calendar: WorkCalendar) -> None:
    """Whether the decree can count for this calendar.

    Errors: `DefinitionError` with file and line for a calendar that keeps no holidays, and for days that belong to the
    decree of another year.
    """
    reader = Reader(read.file)
    if calendar.published is None:
        reader.refuse(
            read.line, "这个日历不设节假日（statutory: none）", "this calendar keeps no holidays (statutory: none)"
        )
    for day in sorted(read.lines):
        year = calendar.year_of(day)
        if year != read.decree.year:
            reader.refuse(
                read.lines[day],
                f"{day} 属于 {year} 年的通知，不属于 {read.decree.year} 年",
                f"{day} belongs to the decree of {year}, not to that of {read.decree.year}",
            )
    reader.finish()


def _sections(reader: Reader, tree: Section) -> dict[str, Entry]:
    """The keys of a decree file; without its year there is nothing to go on with."""
    sections = {entry.key: entry for entry in tree.entries}
    for key in sections.keys() - {*KEYS}:
        reader.unknown(key, sections[key].line, "键", "key", KEYS)
    if "decree" not in sections:
        reader.refuse(tree.line, "缺少 decree（哪一年）", "`decree`, the year, is missing")
        reader.finish()
    return sections


def _year(reader: Reader, node: Node) -> int:
    text = reader.text(node)
    if isinstance(node, Scalar) and node.plain and re.fullmatch(r"[0-9]{4}", text) and int(text) in _YEARS:
        return int(text)
    if text:
        reader.refuse(node.line, f"“{text[:40]}”不是年份，请写 2027", f"'{text[:40]}' is no year: write 2027")
    return 0


def _source(reader: Reader, entry: Entry | None) -> str:
    if entry is None:
        return ""
    if isinstance(entry.value, Scalar) and not entry.value.text.strip():
        reader.refuse(entry.line, "没有填写文号", "`source` is empty")
        return ""
    text = reader.text(entry.value)
    if len(text) > _LONGEST_SOURCE:
        reader.refuse(
            entry.line, f"文号过长，最多 {_LONGEST_SOURCE} 字", f"the source has more than {_LONGEST_SOURCE} characters"
        )
    return text


def _days(reader: Reader, entry: Entry | None) -> Iterator[tuple[date, int]]:
    """The days of a list, each with its line; whatever is none is noted."""
    if entry is None or (isinstance(entry.value, Items) and not entry.value.items):
        return
    for node in reader.listed(entry.value):
        text = reader.text(node)
        if not text:
            continue
        try:
            yield from ((day, node.line) for day in _range(text))
        except CalendarError as error:
            reader.refuse(node.line, error.zh, error.en)


def _range(text: str) -> Iterable[date]:
    """`2027-10-01`, `2027-10-01..07`, `2027-01-30..2027-02-05`. Errors: `CalendarError`."""
    begins, dots, ends = (part.strip() for part in text.partition(".."))
    first = read_date("", begins)
    if not dots:
        return [first]
    last = read_date("", f"{begins[:8]}{ends}" if re.fullmatch("[0-9]{2}", ends) else ends)
    if not 0 < (last - first).days < LONGEST_RANGE:
        raise CalendarError(
            "",
            f"“{text}”应从早到晚，最多 {LONGEST_RANGE} 天",
            f"`{text}` must run forwards, over {LONGEST_RANGE} days at most",
        )
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _once(reader: Reader, lines: dict[date, tuple[str, int]], key: str, day: date, line: int) -> None:
    if day not in lines:
        lines[day] = (key, line)
        return
    former, at = lines[day]
    if former == key:
        reader.refuse(line, f"{day} 在第 {at} 行已经写过", f"{day} was already given in line {at}")
    else:
        (zh, en), (other_zh, other_en) = _WORDS[key], _WORDS[former]
        reader.refuse(
            line, f"{day} 既是{other_zh}（第 {at} 行）又是{zh}", f"{day} is both {other_en} (line {at}) and {en}"
        )
