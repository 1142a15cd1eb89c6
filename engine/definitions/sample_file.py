"""A file of samples becomes `Sample`s, or is refused with every problem it has.

load(path) → name → Sample · loads(text, file="…") · discover(folder) → every sample there, by name
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine import resources
from engine.definitions import source, words
from engine.definitions.grammar import Key, Shape
from engine.definitions.indicator import MOMENTS, Condition, Counted
from engine.definitions.indicator_conditions import Unreadable, parse
from engine.definitions.model import RULE, Action, FieldType, Title, Workflow
from engine.definitions.occasions import Every
from engine.definitions.reading import Reader
from engine.definitions.sample import CHANNEL, DEPARTMENT, LEAST, WORKFLOW, Sample
from engine.definitions.source import Entry
from engine.errors import DefinitionError, Place

T = TypeVar("T")

FORMAT = 1
_EVERY = {
    "week": Every.WEEK, "month": Every.MONTH, "quarter": Every.QUARTER,
    "每周": Every.WEEK, "每月": Every.MONTH, "每季度": Every.QUARTER, "每季": Every.QUARTER,
}  # fmt: skip
_BY = {"部门": DEPARTMENT, "渠道": CHANNEL, "流程": WORKFLOW}


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = False) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "file": (
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1"),
        _key("samples", "抽样", Shape.MAP, "抽样 / The samples", of="sample", required=True),
    ),
    "sample": (
        _key("title", "标题 名称", Shape.TITLE, "名称 / What officials read", required=True),
        _key(
            "every",
            "每",
            Shape.NAME,
            "周期：week、month、quarter / Drawn for every week, month or quarter",
            required=True,
        ),
        _key(
            "cohort",
            "统计口径时间",
            Shape.NAME,
            "抽案卷：按哪个时间归入周期 / Tickets: the moment that puts one in a period",
        ),
        _key("rows", "逐行", Shape.KEY, "抽名册的行：哪个名册 / Rows: of which register"),
        _key("among", "其中", Shape.CONDITION, "还须满足 / What must hold too"),
        _key("without", "不计", Shape.CONDITION, "不计入的 / What is left out"),
        _key(
            "percent",
            "比例",
            Shape.NUMBER,
            "每层抽百分之几，不少于 10，进一 / Of each stratum, 10 at least, rounded up",
            required=True,
        ),
        _key(
            "by",
            "分层",
            Shape.NAMES,
            "区域层级、department、channel、workflow / Levels of areas, `department`, `channel`, `workflow`",
        ),
        _key("apart", "另列", Shape.CONDITION, "成立的另成一层 / What makes strata of its own"),
        _key("opens", "开启", Shape.ONE, "抽中的开启什么 / What each drawn one opens", of="opens", required=True),
    ),
    "opens": (
        _key("workflow", "流程", Shape.KEY, "哪个流程 / Which loop", required=True),
        _key("start", "发起", Shape.NAME, "由规则办理的发起 / A start of it by `rule`", required=True),
        _key("apart", "另列发起", Shape.NAME, "另列的用哪个发起 / The start for those that stand apart"),
    ),
}


class _Reader(Reader):
    """Gathers what is wrong, as `Reader` does, by the grammar of samples."""

    grammar = GRAMMAR


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A file that was read, as it was."""

    samples: Mapping[str, Sample]
    text: str
    file: str


def load(path: Path) -> SampleFile:
    """Read a file. Errors: `DefinitionError` with file, line and column; ``details["all"]`` holds every problem."""
    return loads(source.decode(source.read_file(path), file=path.name), file=path.name)


def loads(text: str, *, file: str = "samples.yaml") -> SampleFile:
    """Read the text of a file. Errors: as `load`."""
    reader = _Reader(file)
    top = reader.section(source.compose(text, file=file), "file")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    entries = reader.named(top["samples"].value, "抽样", "sample") if "samples" in top else ()
    found = {entry.key: _sample(reader, entry) for entry in entries}
    reader.finish()
    return SampleFile(samples={name: one for name, one in found.items() if one}, text=text, file=file)


def folder_of(folder: Path | None) -> Path:
    """Where the files lie: a folder of one's own, or the shipped one."""
    return folder or resources.workflows() / "samples"


def discover(folder: Path | None = None) -> dict[str, tuple[Sample, SampleFile]]:
    """Every sample of a folder (by default the shipped ones) with its file, by its name.

    Errors: as `load`, and for a name that is given twice.
    """
    found: dict[str, tuple[Sample, SampleFile]] = {}
    for path in sorted(folder_of(folder).glob("*.yaml")):
        file = load(path)
        for name, one in file.samples.items():
            if name in found:
                raise DefinitionError(
                    f"抽样“{name}”已在另一文件中",
                    f"the sample '{name}' stands in another file too",
                    place=Place(file=path.name, line=one.line),
                )
            found[name] = (one, file)
    return found


def field_of(start: Action, sample: Sample) -> str | None:
    """The field of a start that names what was drawn."""
    for item in start.form:
        if sample.register and item.field.register == sample.register:
            return item.name
        if not sample.register and item.field.type is FieldType.TICKET:
            return item.name
    return None


def fits(sample: Sample, file: str, loop: Callable[[str], Workflow]) -> None:
    """Errors: `DefinitionError` when what the sample opens is not there, is no start by rule or names nothing drawn;
    whatever `loop` raises for a workflow that is not there."""
    definition = loop(sample.workflow)
    for name in filter(None, (sample.start, sample.apart_start)):
        start = definition.starts.get(name)
        if start is None or RULE not in start.by or field_of(start, sample) is None:
            raise DefinitionError(
                f"“{sample.name}”要开启“{sample.workflow}”的“{name}”：须是由规则办理、填写所抽案卷或名册行的发起",
                f"'{sample.name}' opens '{name}' of '{sample.workflow}': it must be a start by rule that names what is "
                "drawn",
                place=Place(file=file, line=sample.line),
            )


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        value = f"name → {key.of}" if key.shape is Shape.MAP else key.of if key.shape is Shape.ONE else str(key.shape)
        rows.append(f"| {name} | {'、'.join(key.zh)} | {value} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)


def _sample(reader: Reader, entry: Entry) -> Sample | None:
    keys = reader.section(entry.value, "sample")
    every = _word(reader, keys, "every", _EVERY, "周期", "period")
    opened = reader.section(keys["opens"].value, "opens") if "opens" in keys else {}
    if every is None or not {"workflow", "start"} <= opened.keys():
        return None
    if ("cohort" in keys) == ("rows" in keys):
        reader.refuse(
            entry.line,
            "应写 cohort（抽案卷）或 rows（抽名册的行）之一",
            "say `cohort` (tickets) or `rows`, one of them",
        )
    if "rows" in keys:
        for name in sorted(keys.keys() & {"among", "without", "apart"}):
            reader.refuse(keys[name].line, f"名册的行没有“{name}”的条件", f"rows know no condition `{name}`")
    if ("apart" in keys) != ("apart" in opened):
        reader.refuse(entry.line, "另列（apart）与其发起须同写", "`apart` and the start for it go together")
    moments = {name: name for name in MOMENTS[Counted.TICKET]}
    return Sample(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        every=every,
        cohort=_word(reader, keys, "cohort", moments, "时间", "moment") or "",
        register=reader.key(keys["rows"].value) if "rows" in keys else "",
        among=_condition(reader, keys, "among"),
        without=_condition(reader, keys, "without"),
        percent=_percent(reader, keys),
        by=_strata(reader, keys),
        apart=_condition(reader, keys, "apart"),
        workflow=reader.key(opened["workflow"].value),
        start=reader.text(opened["start"].value),
        apart_start=reader.text(opened["apart"].value) if "apart" in opened else "",
        line=entry.line,
    )  # fmt: skip


def _percent(reader: Reader, keys: Mapping[str, Entry]) -> int:
    if "percent" not in keys:
        return LEAST
    share = reader.number(keys["percent"].value)
    if not LEAST <= share <= 100:
        reader.refuse(
            keys["percent"].line, f"比例应在 {LEAST} 至 100 之间", f"the share lies between {LEAST} and 100 percent"
        )
    return share


def _strata(reader: Reader, keys: Mapping[str, Entry]) -> tuple[str, ...]:
    if "by" not in keys:
        return ()
    levels = {title.zh: name for name, title in words.shipped().levels.items()}
    known = {**levels, **_BY}
    own = {DEPARTMENT, CHANNEL, WORKFLOW} if "rows" not in keys else set[str]()
    found = []
    for given in reader.words(keys["by"].value):
        name = known.get(given.text, given.text)
        if name in own or name in levels.values():
            found.append(name)
        else:
            reader.unknown(given.text, given.line, "分层", "stratum", sorted({*levels, *levels.values(), *own}))
    return tuple(dict.fromkeys(found))


def _word(reader: Reader, keys: Mapping[str, Entry], name: str, spelt: Mapping[str, T], zh: str, en: str) -> T | None:
    if name not in keys:
        return None
    text = reader.text(keys[name].value)
    if text and text not in spelt:
        reader.unknown(text, keys[name].line, zh, en, sorted(spelt))
    return spelt.get(text)


def _condition(reader: Reader, keys: Mapping[str, Entry], name: str) -> Condition | None:
    if name not in keys:
        return None
    node = keys[name].value
    text = reader.text(node)
    try:
        return Condition(text, parse(text, Counted.TICKET)) if text else None
    except Unreadable as failure:
        at = failure.column
        reader.refuse(node.line, f"“{name}”第 {at} 字：{failure.zh}", f"'{name}', character {at}: {failure.en}")
        return None
