"""A rhythm file becomes a `Rhythm`, or is refused with every problem it has.

load(path, known) → Rhythm · loads(text, known, file="…") → Rhythm · discover(folder, known) → every rhythm there
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from engine.definitions import source
from engine.definitions.model import Title
from engine.definitions.rhythm import (
    DEPARTMENT,
    AllOf,
    Empty,
    Every,
    Job,
    Moves,
    On,
    Recipient,
    Reported,
    Rhythm,
    Sort,
    When,
)
from engine.definitions.rhythm_conditions import condition
from engine.definitions.rhythm_days import WEEKDAYS, parse_day, parse_time
from engine.definitions.rhythm_grammar import MOST
from engine.definitions.rhythm_reader import Known, RhythmReader, spelt, titled
from engine.definitions.source import Entry, Node
from engine.errors import DefinitionError, Place

__all__ = ["FORMAT", "Known", "discover", "load", "loads"]

FORMAT = 1
#: Periods in which every day that counts is one of the job's.
_EVERY_DAY = (Every.DAY, Every.WORKDAY)


def load(path: Path, known: Known) -> Rhythm:
    """Read a file. Errors: `DefinitionError` with file and line; ``details["all"]`` holds every problem found."""
    return loads(source.decode(source.read_file(path), file=path.name), known, file=path.name)


def loads(text: str, known: Known, *, file: str = "rhythm.yaml") -> Rhythm:
    """Read the text of a file. Errors: as `load`."""
    reader = RhythmReader(file, known)
    rhythm = _rhythm(reader, source.compose(text, file=file))
    reader.finish()
    return rhythm


def discover(folder: Path, known: Known) -> list[Rhythm]:
    """Every rhythm of a folder, by the name of its file. Errors: as `load`, and for a key that two files use."""
    found: dict[str, Rhythm] = {}
    for path in sorted(folder.glob("*.yaml")):
        rhythm = load(path, known)
        if rhythm.key in found:
            raise DefinitionError(
                f"节奏标识“{rhythm.key}”已被另一文件使用",
                f"another file is called '{rhythm.key}' too",
                place=Place(file=path.name, line=1),
            )
        found[rhythm.key] = rhythm
    return list(found.values())


def _rhythm(reader: RhythmReader, tree: Node) -> Rhythm:
    top = reader.keys(tree, "rhythm")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    calendars = {key: key for key in reader.installation.calendars}
    calendar = reader.one_of(top["calendar"].value, calendars, "日历", "calendar") if "calendar" in top else None
    jobs = list(reader.named(top["jobs"].value, "例行名称", "name of a job")) if "jobs" in top else []
    if "jobs" in top and not reader.entries(top["jobs"].value):
        reader.refuse(top["jobs"].line, "至少要有一项例行", "there must be one job at least")
    working = reader.installation.calendars.get(calendar or "", frozenset(range(1, 8)))
    return Rhythm(
        key=reader.key(top["rhythm"].value) if "rhythm" in top else "",
        title=_title(reader, top),
        calendar=calendar or "",
        jobs={entry.key: _job(reader, entry, working) for entry in jobs},
    )


def _job(reader: RhythmReader, entry: Entry, working: frozenset[int]) -> Job:
    keys = reader.keys(entry.value, "job")
    reported = _reported(reader, entry, keys)
    return Job(
        name=entry.key,
        title=_title(reader, keys),
        when=_when(reader, keys, working),
        list=condition(reader, keys["list"].value) if "list" in keys else AllOf(),
        to=_recipients(reader, keys["to"].value) if "to" in keys else (),
        sort=Sort(_word(reader, keys, "sort", "次序", "order") or Sort.DUE),
        most=_most(reader, keys.get("most")),
        empty=Empty(_word(reader, keys, "empty", "空单的处理", "way with empty lists") or Empty.SKIP),
        report=reported,
        workflow=_workflow(reader, entry, keys, reported),
        line=entry.line,
    )


def _reported(reader: RhythmReader, entry: Entry, keys: Mapping[str, Entry]) -> Reported | None:
    if ("list" in keys) == ("report" in keys):
        reader.refuse(entry.line, "例行须写 list（名单）或 report（报表）之一", "a job has either `list` or `report`")
    word = _word(reader, keys, "report", "报表", "report")
    if word == Reported.BULLETIN and "every" in keys and _word(reader, keys, "every", "周期", "period") != Every.MONTH:
        reader.refuse(keys["report"].line, "月度通报每月一次", "a monthly bulletin comes every month")
    return Reported(word) if word else None


def _workflow(reader: RhythmReader, entry: Entry, keys: Mapping[str, Entry], reported: Reported | None) -> str:
    if (reported is Reported.LEDGER) != ("workflow" in keys):
        reader.refuse(
            entry.line,
            "台账须写 workflow（流程），其他例行不写",
            "a ledger names its `workflow`, and no other job does",
        )
    known = {key: key for key in reader.installation.workflows}
    found = reader.one_of(keys["workflow"].value, known, "流程", "workflow") if "workflow" in keys else None
    return found or ""


def _title(reader: RhythmReader, keys: Mapping[str, Entry]) -> Title:
    return reader.title(keys["title"].value) if "title" in keys else Title("", "")


def _word(reader: RhythmReader, keys: Mapping[str, Entry], name: str, zh: str, en: str) -> str | None:
    vocabulary = {"every": "period"}.get(name, name)
    return reader.one_of(keys[name].value, spelt(vocabulary), zh, en) if name in keys else None


def _most(reader: RhythmReader, entry: Entry | None) -> int:
    if entry is None:
        return 200
    most = reader.number(entry.value)
    if most > MOST:
        reader.refuse(entry.line, f"最多列 {MOST} 件", f"a list has {MOST} tickets at most")
    return most


def _when(reader: RhythmReader, keys: Mapping[str, Entry], working: frozenset[int]) -> When:
    word = _word(reader, keys, "every", "周期", "period")
    every = Every(word or Every.DAY)
    moves = Moves(_word(reader, keys, "moves", "遇休的处理", "way with days off") or Moves.NEXT)
    when = When(
        every=every,
        on=_on(reader, keys, every) if word else None,
        at=(reader.parsed(keys["at"].value, parse_time) if "at" in keys else None) or 0,
        moves=moves,
    )
    if word and "moves" in keys:
        _may_move(reader, keys["moves"].line, when, working)
    return when


def _on(reader: RhythmReader, keys: Mapping[str, Entry], every: Every) -> On | None:
    if every in _EVERY_DAY:
        if "on" in keys:
            reader.refuse(keys["on"].line, f"every: {every} 不能再写 on", f"`every: {every}` takes no `on`")
        return None
    if "on" not in keys:
        reader.refuse(keys["every"].line, f"every: {every} 要写明 on（逢）哪一天", f"`every: {every}` needs `on`")
        return None
    return reader.parsed(keys["on"].value, partial(parse_day, every=every))


def _may_move(reader: RhythmReader, line: int, when: When, working: frozenset[int]) -> None:
    """`moves` must mean something, and must not keep the job from ever coming."""
    if when.every in _EVERY_DAY or (when.on is not None and when.on.workdays):
        reader.refuse(
            line, "按工作日或每日的例行不会遇休，请删去 moves", "this job never meets a day off: leave `moves` out"
        )
    elif when.moves is Moves.SKIP and when.every is Every.WEEK and when.on is not None and when.on.day not in working:
        day = WEEKDAYS[when.on.day - 1]
        reader.refuse(
            line, f"{day} 在该日历中从不上班，遇休不发就永远不会来", f"nobody works on a {day}, so it would never come"
        )


def _recipients(reader: RhythmReader, node: Node) -> tuple[Recipient, ...]:
    found = [_recipient(reader, item) for item in reader.items(node)]
    if not found:
        reader.refuse(node.line, "没有写发给谁", "nobody is named here")
    return tuple(found)


def _recipient(reader: RhythmReader, node: Node) -> Recipient:
    keys = reader.keys(node, "recipient")
    words = reader.installation.words
    levels = titled(words.levels) | spelt("level")
    posts = reader.some_of(keys["post"].value, titled(words.posts), "岗位", "post") if "post" in keys else ()
    of = reader.one_of(keys["of"].value, levels, "区域层级", "level of areas") if "of" in keys else None
    return Recipient(posts=posts, of=of or DEPARTMENT)
