"""A file of indicators becomes `Indicator`s, or is refused with every problem it has.

load(path) → name → Indicator · loads(text, file="…") · discover(folder) → every indicator there, by name
"""

from collections.abc import Mapping
from pathlib import Path

from engine import resources
from engine.definitions import source
from engine.definitions.grammar import Key, Shape
from engine.definitions.indicator import (
    CHOICES,
    FLAGS,
    MOMENTS,
    OTHER,
    PERSONS,
    Attribution,
    Condition,
    Counted,
    Indicator,
)
from engine.definitions.indicator_conditions import Unreadable, parse
from engine.definitions.model import Title
from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Node
from engine.errors import DefinitionError, Place

FORMAT = 1
#: Chinese spellings of the closed words.
_UNITS = {"案卷": "ticket", "任务": "task", "议题": "agenda_item"}
_ATTRIBUTIONS = {"区域": "area", "主办": "lead", "各承办": "each", "最终承办": "final"}


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = False) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "file": (
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1"),
        _key("title", "标题", Shape.TITLE, "这一组叫什么 / What the indicators of this file are called together"),
        _key("indicators", "指标", Shape.MAP, "指标 / The indicators", of="indicator", required=True),
    ),
    "indicator": (
        _key("title", "标题 名称", Shape.TITLE, "名称 / What officials read", required=True),
        _key("formula", "公式", Shape.TITLE, "用话写的公式 / The formula in words", required=True),
        _key(
            "unit",
            "单位",
            Shape.NAME,
            "案卷、任务、议题 / `ticket`, `task` or `agenda_item`",
            required=True,
        ),
        _key(
            "cohort",
            "统计口径时间",
            Shape.NAME,
            "按哪个时间归入周期 / The moment that puts it in a period",
            required=True,
        ),
        _key("among", "其中", Shape.CONDITION, "分母还须满足 / What the denominator also needs"),
        _key("matures", "到期", Shape.CONDITION, "成立才计入，未到期的在外 / Counted only once this holds"),
        _key("without", "不计", Shape.CONDITION, "不计入的 / What is left out"),
        _key("standing", "存量", Shape.TRUE, "存量：不论何时发生 / A stock: however long ago it came"),
        _key("counts", "计", Shape.CONDITION, "分子：分母中的哪些 / The numerator: which of the denominator"),
        _key("mean", "均值", Shape.TRUE, "不算比率，算直评星级均值 / Not a rate but the mean of the stars"),
        _key("exempt", "剔除", Shape.NAMES, "按这些指标词剔除 / Words of exemptions that leave it out"),
        _key(
            "attribution",
            "归属",
            Shape.NAME,
            "area 区域、lead 主办、each 各承办、final 最终承办 / Who answers for it",
            required=True,
        ),
        _key("person", "个人", Shape.NAME, "个人口径：谁做了这一步算谁的 / By person: whoever did this step answers"),
        _key("target", "目标", Shape.NUMBER, "至少百分之几 / At least so many percent"),
        _key("most", "不超过", Shape.NUMBER, "至多百分之几 / At most so many percent"),
    ),
}


class _Reader(Reader):
    """Gathers what is wrong, as `Reader` does, by the grammar of indicators."""

    grammar = GRAMMAR


def load(path: Path) -> dict[str, Indicator]:
    """Read a file. Errors: `DefinitionError` with file and line; ``details["all"]`` holds every problem found."""
    return loads(source.decode(source.read_file(path), file=path.name), file=path.name)


def loads(text: str, *, file: str = "indicators.yaml") -> dict[str, Indicator]:
    """Read the text of a file. Errors: as `load`."""
    reader = _Reader(file)
    top = reader.section(source.compose(text, file=file), "file")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    entries = reader.named(top["indicators"].value, "指标", "indicator") if "indicators" in top else ()
    group = reader.title(top["title"].value) if "title" in top else OTHER
    found = {entry.key: _indicator(reader, entry, group) for entry in entries}
    reader.finish()
    return {name: one for name, one in found.items() if one is not None}


def discover(folder: Path | None = None) -> dict[str, Indicator]:
    """Every indicator of a folder (by default the shipped ones) by its name, file by file.

    Errors: as `load`, and for a name that is given twice.
    """
    found: dict[str, Indicator] = {}
    for path in sorted((folder or resources.workflows() / "indicators").glob("*.yaml")):
        for name, one in load(path).items():
            if name in found:
                raise DefinitionError(
                    f"指标“{name}”已在另一文件中",
                    f"the indicator '{name}' stands in another file too",
                    place=Place(file=path.name, line=one.line),
                )
            found[name] = one
    return found


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        value = f"name → {key.of}" if key.shape is Shape.MAP else str(key.shape)
        rows.append(f"| {name} | {'、'.join(key.zh)} | {value} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)


def words_table() -> str:
    """The words of conditions as a Markdown table; those with a due time may be asked `on time`, `due`, `timed`."""
    rows = [
        "| unit | with a due time | without | choices | yes or no | steps for `person` |",
        "|---|---|---|---|---|---|",
    ]
    for unit, moments in MOMENTS.items():
        columns = (
            [name for name, timed in moments.items() if timed],
            [name for name, timed in moments.items() if not timed],
            CHOICES[unit],
            FLAGS[unit],
            PERSONS[unit],
        )
        rows.append(f"| {unit} | {' | '.join(' '.join(f'`{name}`' for name in names) for names in columns)} |")
    return "\n".join(rows)


def _indicator(reader: Reader, entry: Entry, group: Title) -> Indicator | None:
    keys = reader.section(entry.value, "indicator")
    unit = _word(reader, keys, "unit", _UNITS, "单位", "unit")
    attribution = _word(reader, keys, "attribution", _ATTRIBUTIONS, "归属", "attribution")
    if unit is None or attribution is None:
        return None
    counted = Counted(unit)
    cohort = _word(reader, keys, "cohort", dict.fromkeys(MOMENTS[counted]), "时间", "moment")
    mean = "mean" in keys and reader.yes(keys["mean"].value)
    if mean == ("counts" in keys):
        reader.refuse(entry.line, "counts（计）与 mean（均值）写且只写一个", "give either `counts` or `mean`")
    if mean and counted is not Counted.TASK:
        reader.refuse(entry.line, "星级是任务的，均值的单位应为 task", "stars are a task's: a mean counts tasks")
    if attribution == Attribution.EACH and counted is not Counted.TASK:
        reader.refuse(entry.line, "案卷不能归各承办，单位应为 task", "`each` counts tasks")
    return Indicator(
        name=entry.key,
        title=_title(reader, keys, "title"),
        formula=_title(reader, keys, "formula"),
        unit=counted,
        cohort=cohort or "",
        among=_condition(reader, keys, "among", counted),
        matures=_condition(reader, keys, "matures", counted),
        without=_condition(reader, keys, "without", counted),
        counts=_condition(reader, keys, "counts", counted),
        attribution=Attribution(attribution),
        exempt=tuple(word.text for word in reader.words(keys["exempt"].value)) if "exempt" in keys else (),
        mean=mean,
        target=reader.number(keys["target"].value) if "target" in keys else None,
        most=reader.number(keys["most"].value) if "most" in keys else None,
        person=_word(reader, keys, "person", dict.fromkeys(PERSONS[counted]), "步骤", "step") or "",
        standing="standing" in keys and reader.yes(keys["standing"].value),
        group=group,
        line=entry.line,
    )


def _title(reader: Reader, keys: Mapping[str, Entry], name: str) -> Title:
    return reader.title(keys[name].value) if name in keys else Title("", "")


def _word(
    reader: Reader, keys: Mapping[str, Entry], name: str, spelt: Mapping[str, str | None], zh: str, en: str
) -> str | None:
    """A word of a closed vocabulary (Chinese spelling → word, or the words alone)."""
    if name not in keys:
        return None
    text = reader.text(keys[name].value)
    found = spelt.get(text) or text
    known = {word or zh_word for zh_word, word in spelt.items()}
    if text and found not in known:
        reader.unknown(text, keys[name].line, zh, en, sorted({*spelt, *known}))
        return None
    return found or None


def _condition(reader: Reader, keys: Mapping[str, Entry], name: str, unit: Counted) -> Condition | None:
    if name not in keys:
        return None
    node: Node = keys[name].value
    text = reader.text(node)
    try:
        return Condition(text, parse(text, unit)) if text else None
    except Unreadable as failure:
        at = failure.column
        reader.refuse(node.line, f"“{name}”第 {at} 字：{failure.zh}", f"'{name}', character {at}: {failure.en}")
        return None
