"""A file of score sheets becomes `Sheet`s, or is refused with every problem it has.

loads(text, indicators, file="…") → name → Sheet · discover(indicators, folder) → every sheet there, by name
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from engine import resources
from engine.definitions import source
from engine.definitions.grammar import Key, Shape
from engine.definitions.indicator import Attribution, Counted, Indicator
from engine.definitions.model import Title
from engine.definitions.reading import Reader
from engine.definitions.score import MOST_EVALUATION, WHOLE, Measure, Nothing, Of, Part, Per, Sheet, Step
from engine.definitions.source import Entry, Node, Scalar
from engine.errors import DefinitionError, Malformed, Place

FORMAT = 1
_Word = TypeVar("_Word", bound=StrEnum)
#: Chinese spellings of the closed words.
_OF = {"部门": "department", "区域": "area", "岗位": "post", "个人": "person"}
_MEASURES = {"率": "rate", "数": "count"}
_NOTHING = {"分摊": "spread", "满分": "full", "零分": "zero"}
_PER = {"单位": "unit", "案卷": "ticket"}
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,6})(\.[0-9]{1,2})?")
_LATEST_DAY, _LONGEST_WINDOW = 28, 60


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = False) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


_INDICATOR = _key("indicator", "指标", Shape.NAME, "取哪个指标 / The indicator's name", required=True)
_TITLE = _key(
    "title", "标题 名称", Shape.TITLE, "名称，不写用指标的 / What officials read; the indicator's if left out"
)
#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "file": (
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1"),
        _key("sheets", "考核表", Shape.MAP, "考核表 / The score sheets", of="sheet", required=True),
    ),
    "sheet": (
        _key("title", "标题 名称", Shape.TITLE, "名称 / What officials read", required=True),
        _key(
            "of", "对象", Shape.NAME, "department 部门、area 区域、post 岗位、person 个人 / Whose sheet", required=True
        ),
        _key("level", "层级", Shape.NAME, "区域表：排哪一级 / Of areas: which level is ranked"),
        _key("post", "岗位", Shape.NAME, "岗位表、个人表：哪个岗位 / Of posts and persons: which post"),
        _key("cut_off", "截止日", Shape.NUMBER, "周期止于每月几日，不写为自然月 / Last day of a period, else months"),
        _key("window", "异议期", Shape.NUMBER, "异议期天数，默认 7 / Days to object to a draft, else 7"),
        _key("minimum", "起排数", Shape.NUMBER, "首项分母不足者不排名 / Not ranked below so many in the first part"),
        _key("all_count", "剔除也计", Shape.TRUE, "剔除的也计入 / Exempted ones are counted too"),
        _key("parts", "得分项", Shape.MAP, "得分项，权重合计 100 / What gives points; 100 together", of="part"),
        _key("steps", "扣分项", Shape.MAP, "逐次扣分 / What is taken off, each time", of="step"),
        _key("grades", "等级", Shape.MAP, "等级：起始分，末级从 0 / Grade: from how many points; the last from 0"),
    ),
    "part": (
        _TITLE,
        _INDICATOR,
        _key("weight", "权重", Shape.NUMBER, "满分多少 / How many points at most", required=True),
        _key("measure", "取", Shape.NAME, "rate 率（默认），count 分子数 / The rate, or how many are counted"),
        _key("zero", "零分", Shape.NUMBER, "从多少起得分 / Where points begin, else 0"),
        _key("full", "满分", Shape.NUMBER, "到多少得满分，默认 100 / Where all points are given, else 100"),
        _key("less", "越低越好", Shape.TRUE, "越低越好 / Less is better"),
        _key("bands", "分档", Shape.MAP, "达到多少：得权重的百分之几 / Reached: percent of the weight"),
        _key("nothing", "无数据", Shape.NAME, "spread 分摊（默认）、full 满分、zero 零分 / Where nothing was counted"),
    ),
    "step": (
        _TITLE,
        _INDICATOR,
        _key("each", "每次", Shape.NUMBER, "分子中每一件扣几分 / Points off for each that is counted", required=True),
        _key("later", "自第几次", Shape.MAP, "自第几次起改扣几分 / From the how manieth on, how many instead"),
        _key("per", "累计", Shape.NAME, "unit 按单位（默认）、ticket 按案卷 / Counted up per unit, or per ticket"),
        _key("most", "最多", Shape.NUMBER, "最多共扣 / Not more than this altogether"),
    ),
}


class _Reader(Reader):
    """Gathers what is wrong, as `Reader` does, by the grammar of score sheets."""

    grammar = GRAMMAR

    def amount(self, node: Node) -> Fraction:
        """A number from 0 to a million with at most two decimals; 0, and noted, if it is none."""
        text = self.text(node)
        if _AMOUNT.fullmatch(text) and isinstance(node, Scalar) and node.plain:
            return Fraction(text)
        if text:
            self.refuse(node.line, f"“{text[:40]}”应为数，至多两位小数", f"'{text[:40]}' must be a number like 12.5")
        return Fraction(0)

    def one_of(
        self, keys: Mapping[str, Entry], name: str, words: type[_Word], spelt: Mapping[str, str]
    ) -> _Word | None:
        """A word of a closed vocabulary, in either language."""
        if name not in keys:
            return None
        text = self.text(keys[name].value)
        found = spelt.get(text) or text
        if found in {word.value for word in words}:
            return words(found)
        if text:
            self.unknown(text, keys[name].line, "词", "word", [*spelt, *(word.value for word in words)])
        return None


def loads(text: str, indicators: Mapping[str, Indicator], *, file: str = "scores.yaml") -> dict[str, Sheet]:
    """Read the text of a file. Errors: `DefinitionError` with file and line; ``details["all"]`` holds every problem."""
    reader = _Reader(file)
    top = reader.section(source.compose(text, file=file), "file")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    entries = reader.named(top["sheets"].value, "考核表", "sheet") if "sheets" in top else ()
    found = {entry.key: _sheet(reader, entry, indicators) for entry in entries}
    reader.finish()
    return {name: one for name, one in found.items() if one is not None}


def discover(indicators: Mapping[str, Indicator], folder: Path | None = None) -> dict[str, tuple[Sheet, str]]:
    """Every sheet of a folder (by default the shipped ones) with the text of its file, by its name.

    Errors: as `loads`, and for a name that is given twice.
    """
    found: dict[str, tuple[Sheet, str]] = {}
    for path in sorted((folder or resources.workflows() / "scores").glob("*.yaml")):
        text = source.decode(source.read_file(path), file=path.name)
        for name, one in loads(text, indicators, file=path.name).items():
            if name in found:
                raise DefinitionError(
                    f"考核表“{name}”已在另一文件中",
                    f"the sheet '{name}' stands in another file too",
                    place=Place(file=path.name, line=one.line),
                )
            found[name] = one, text
    return found


def reweighted(text: str, sheet: Sheet, weights: Mapping[str, str]) -> str:
    """The text of a sheet's file with other weights: part → what is to stand there.

    Errors: `Malformed` naming the part, for what is no number.
    """
    lines = text.split("\n")
    for name, weight in weights.items():
        if not _AMOUNT.fullmatch(weight):
            title = sheet.parts[name].title
            raise Malformed(
                f"“{title.zh}”的权重应为数，至多两位小数",
                f"the weight of '{title.en}' must be a number like 12.5",
                place=Place(field=f"weight.{name}"),
            )
        at = sheet.parts[name].line - 1
        lines[at] = re.sub(r"((?:weight|权重)\s*:\s*)[^\s,}#]+", rf"\g<1>{weight}", lines[at], count=1)
    return "\n".join(lines)


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        value = f"name → {key.of or 'number'}" if key.shape is Shape.MAP else str(key.shape)
        rows.append(f"| {name} | {'、'.join(key.zh)} | {value} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)


def _sheet(reader: _Reader, entry: Entry, indicators: Mapping[str, Indicator]) -> Sheet | None:
    keys = reader.section(entry.value, "sheet")
    of = reader.one_of(keys, "of", Of, _OF)
    named = {
        place: list(reader.named(keys[place].value, "项", "part")) for place in ("parts", "steps") if place in keys
    }
    parts = {one.key: _part(reader, one, indicators, of) for one in named.get("parts", ())}
    steps = {one.key: _step(reader, one, indicators, of) for one in named.get("steps", ())}
    _weights(reader, entry, parts, indicators)
    _belongs(reader, keys, of)
    return Sheet(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        of=of or Of.DEPARTMENT,
        parts=parts,
        steps=steps,
        grades=_grades(reader, entry, keys),
        cut_off=_within(reader, keys, "cut_off", _LATEST_DAY),
        level=reader.text(keys["level"].value) if "level" in keys else "",
        post=reader.text(keys["post"].value) if "post" in keys else "",
        minimum=reader.number(keys["minimum"].value) if "minimum" in keys else 1,
        window=_within(reader, keys, "window", _LONGEST_WINDOW) or 7,
        all_count="all_count" in keys and reader.yes(keys["all_count"].value),
        line=entry.line,
    )


def _part(reader: _Reader, entry: Entry, indicators: Mapping[str, Indicator], of: Of | None) -> Part:
    keys = reader.section(entry.value, "part")
    measure = reader.one_of(keys, "measure", Measure, _MEASURES) or Measure.RATE
    less = "less" in keys and reader.yes(keys["less"].value)
    zero, full = (
        reader.amount(keys[name].value) if name in keys else Fraction(default)
        for name, default in (("zero", 100 if less else 0), ("full", 0 if less else 100))
    )
    if "bands" in keys and ("zero" in keys or "full" in keys):
        reader.refuse(keys["bands"].line, "分档与零分、满分只写其一", "`bands` stand instead of `zero` and `full`")
    if "bands" not in keys and (zero == full or less != (zero > full)):
        reader.refuse(
            entry.line, "零分应低于满分；越低越好时相反", "`zero` is below `full`, or above where less is better"
        )
    if measure is Measure.COUNT and not {"full", "bands"} & keys.keys():
        reader.refuse(entry.line, "取数的须写满分是多少", "a count needs `full` or `bands`")
    name, title = _indicator(reader, entry, keys, indicators, of)
    return Part(
        name=entry.key,
        title=title,
        indicator=name,
        weight=reader.amount(keys["weight"].value) if "weight" in keys else Fraction(0),
        measure=measure,
        nothing=reader.one_of(keys, "nothing", Nothing, _NOTHING) or Nothing.SPREAD,
        zero=zero,
        full=full,
        bands=_bands(reader, keys["bands"].value, less) if "bands" in keys else (),
        less=less,
        line=keys["weight"].line if "weight" in keys else entry.line,
    )


def _step(reader: _Reader, entry: Entry, indicators: Mapping[str, Indicator], of: Of | None) -> Step:
    keys = reader.section(entry.value, "step")
    name, title = _indicator(reader, entry, keys, indicators, of)
    later = _numbers(reader, keys["later"].value) if "later" in keys else ()
    for first, _ in later:
        if first.denominator != 1 or first < 2:
            reader.refuse(keys["later"].line, "自第几次应为 2 以上的整数", "`later` begins at a whole number from 2")
    if name in indicators and indicators[name].counts is None:
        reader.refuse(entry.line, "均值指标不能用来扣分", "a mean has no numerator to take points off for")
    return Step(
        name=entry.key,
        title=title,
        indicator=name,
        each=reader.amount(keys["each"].value) if "each" in keys else Fraction(0),
        later=tuple((int(first), points) for first, points in sorted(later)),
        per=reader.one_of(keys, "per", Per, _PER) or Per.UNIT,
        most=reader.amount(keys["most"].value) if "most" in keys else None,
        line=entry.line,
    )


def _indicator(
    reader: _Reader, entry: Entry, keys: Mapping[str, Entry], indicators: Mapping[str, Indicator], of: Of | None
) -> tuple[str, Title]:
    """The indicator that is named, and what the part is called."""
    if "indicator" not in keys:
        return "", Title("", "")
    name, line = reader.text(keys["indicator"].value), keys["indicator"].line
    if name and name not in indicators:
        reader.unknown(name, line, "指标", "indicator", indicators)
    found = indicators.get(name)
    if found is not None and of is Of.DEPARTMENT and found.attribution is Attribution.AREA:
        reader.refuse(
            line,
            f"“{found.title.zh}”归区域，不能考核部门",
            f"'{found.title.en}' is the area's: no department answers for it",
        )
    if found is not None and found.unit is Counted.AGENDA_ITEM:
        reader.refuse(
            line,
            f"“{found.title.zh}”数的是议题，没有承担的单位",
            f"'{found.title.en}' counts items of agendas: no unit answers for them",
        )
    if found is not None and of is Of.PERSON and not found.person:
        reader.refuse(
            line,
            f"“{found.title.zh}”没有个人口径，不能考核个人",
            f"'{found.title.en}' names no `person`: it can't be counted by person",
        )
    if "title" in keys:
        return name, reader.title(keys["title"].value)
    return name, found.title if found else Title(entry.key, "")


def _weights(reader: _Reader, entry: Entry, parts: Mapping[str, Part], indicators: Mapping[str, Indicator]) -> None:
    if not parts:
        reader.refuse(entry.line, "至少要有一个得分项", "there must be a part that gives points")
        return
    together = sum((part.weight for part in parts.values()), Fraction(0))
    if together != WHOLE:
        reader.refuse(
            entry.line, f"权重合计应为 100，现为 {amount(together)}", f"the weights make {amount(together)}, not 100"
        )
    direct = [part for part in parts.values() if (one := indicators.get(part.indicator)) and one.mean]
    evaluated = sum((part.weight for part in direct), Fraction(0))
    if evaluated > MOST_EVALUATION:
        reader.refuse(
            direct[-1].line,
            f"直评权重合计 {amount(evaluated)}，最多 {amount(MOST_EVALUATION)}",
            f"direct evaluation weighs {amount(evaluated)}; the most is {amount(MOST_EVALUATION)}",
        )


def _belongs(reader: _Reader, keys: Mapping[str, Entry], of: Of | None) -> None:
    if of is None:
        return
    if "level" in keys and of not in (Of.AREA, Of.POST):
        reader.refuse(keys["level"].line, "只有区域表、岗位表写层级", "`level` is for sheets of areas and posts")
    if "post" in keys and of not in (Of.POST, Of.PERSON):
        reader.refuse(keys["post"].line, "只有岗位表、个人表写岗位", "`post` is for sheets of posts and persons")
    if of is Of.POST and "post" not in keys:
        reader.refuse(keys["of"].line, "岗位表须写岗位", "a sheet of a post names the `post`")


def _grades(reader: _Reader, entry: Entry, keys: Mapping[str, Entry]) -> tuple[tuple[str, Fraction], ...]:
    if "grades" not in keys:
        reader.refuse(entry.line, "缺少“等级”（grades）", "'grades' is missing here")
        return ()
    found = tuple((one.key, reader.amount(one.value)) for one in reader.entries(keys["grades"].value))
    points = [first for _, first in found]
    if not points or points[-1] != 0 or points != sorted(set(points), reverse=True):
        reader.refuse(
            keys["grades"].line, "等级从高到低写，末级从 0 起", "grades go from the best down; the last begins at 0"
        )
    return found


def _bands(reader: _Reader, node: Node, less: bool) -> tuple[tuple[Fraction, Fraction], ...]:
    found = sorted(_numbers(reader, node), reverse=not less)
    shares = [share for _, share in found]
    if shares != sorted(shares, reverse=True) or any(share > 100 for share in shares):
        reader.refuse(
            node.line, "越好的档得分应越高，至多 100", "a better band gives no fewer points, and at most 100 percent"
        )
    return tuple(found)


def _numbers(reader: _Reader, node: Node) -> list[tuple[Fraction, Fraction]]:
    """Number → number."""
    return [
        (reader.amount(Scalar(entry.key, entry.line, plain=True)), reader.amount(entry.value))
        for entry in reader.entries(node)
    ]


def _within(reader: _Reader, keys: Mapping[str, Entry], name: str, most: int) -> int | None:
    if name not in keys:
        return None
    found = reader.number(keys[name].value)
    if found > most:
        reader.refuse(keys[name].line, f"至多 {most}", f"at most {most}")
    return found or None


def amount(number: Fraction) -> str:
    """A number as a sheet writes it: no more decimals than it has, two at most."""
    whole, rest = divmod(round(number * 100), 100)
    return f"{whole}.{rest:02}".rstrip("0") if rest else str(whole)
