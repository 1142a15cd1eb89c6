"""How the limits of a catalogue are counted: an explicit mapping of its units to clocks, never a guess."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import resources
from engine.definitions.reading import Reader
from engine.definitions.source import Entry, compose, decode, read_file
from engine.definitions.spans import Limit, Unit, parse_limit
from engine.errors import HuyingError, Malformed

_KEYS = ("units", "steps", "none")
_PART = re.compile(r"(?P<before>\D*?)(?P<amount>\d+)(?P<after>\D+)")
_BETWEEN = re.compile(r"[,;、+]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueLimit:
    """A limit of the catalogue as a workflow file writes it; "" for none."""

    limit: str
    #: The first of two steps (制止).
    first: str = ""
    #: Units of the source that it is written in.
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUnits:
    """The mapping that the owner of a catalogue declares."""

    #: The catalogue's word → what it is counted in.
    units: Mapping[str, Unit]
    #: The words of the first and the second step; empty if limits have one step only.
    steps: tuple[str, ...] = ()
    #: Words for no limit.
    none: frozenset[str] = frozenset()

    @classmethod
    def of(cls, units: Mapping[str, str], steps: Sequence[str] = (), none: Sequence[str] = ()) -> "LimitUnits":
        """From plain words, e.g. ``{"天": "工作日", "紧急工作时": "hours"}``.

        Errors: `Malformed` for a clock that isn't one (天 among them) or other than none or two steps.
        """
        if len(steps) not in (0, 2):
            raise Malformed("steps 应为两个词，如 [制止, 处置]", "steps must be two words, like [制止, 处置]")
        return cls(
            units={_plain(word): parse_limit(f"1 {clock}").unit for word, clock in units.items()},
            steps=tuple(_plain(step) for step in steps),
            none=frozenset(_plain(word) for word in none),
        )

    def read(self, text: str) -> CatalogueLimit:
        """A limit as the catalogue writes it: `2紧急工作时`, `1紧急工作时制止，5天处置`.

        Errors: `Malformed` for anything else, an unmapped unit, or a first step without the second.
        """
        plain = _plain(text)
        if plain in self.none:
            return CatalogueLimit(limit="")
        parts = [self._part(part, text) for part in _BETWEEN.split(plain)]
        if len(parts) == 1:
            (step, limit, unit), *_ = parts
            if self.steps and step == self.steps[0]:
                raise self._half(text)
            return CatalogueLimit(limit=str(limit), units=(unit,))
        if len(parts) == 2 and self.steps and [step or self.steps[1] for step, _, _ in parts] == list(self.steps):
            (_, first, first_unit), (_, limit, unit) = parts
            return CatalogueLimit(limit=str(limit), first=str(first), units=(first_unit, unit))
        raise Malformed(
            f"“{text}”不止一个时限；两步时限应写成“{self._example()}”",
            f"'{text}' holds more than one limit; two steps are written like {self._example()}",
        )

    def _part(self, part: str, text: str) -> tuple[str, Limit, str]:
        """The step, the limit and the source's unit of one part."""
        form = _PART.fullmatch(part)
        if form is None:
            raise Malformed(
                f"“{text}”不是时限，应为整数加单位，如 2小时", f"'{text}' is no limit: write a whole number and a unit"
            )
        before, after = form["before"], form["after"]
        for unit in sorted(self.units, key=len, reverse=True):
            step = before or after.removeprefix(unit)
            if after.startswith(unit) and (not before or after == unit) and step in ("", *self.steps):
                return step, parse_limit(f"{form['amount']} {self.units[unit].value}"), unit
        raise self._unmapped(text, before + after)

    def _unmapped(self, text: str, word: str) -> Malformed:
        known = "、".join(self.units)
        return Malformed(
            f"“{text}”的单位“{word}”没有对应的时钟，请在时限单位表中写明（已有：{known}）",
            f"the unit '{word}' of '{text}' has no clock: name one in the file of limit units (there are {known})",
        )

    def _half(self, text: str) -> Malformed:
        first, second = self.steps
        return Malformed(
            f"“{text}”只写了“{first}”的时限，没有“{second}”的时限；请写成“{self._example()}”，或去掉“{first}”二字",
            f"'{text}' gives a limit for {first} only and none for {second}: "
            f"write both, like {self._example()}, or leave {first} out",
        )

    def _example(self) -> str:
        first, second = self.steps or ("制止", "处置")
        return f"1紧急工作时{first}，5天{second}"


def shipped() -> Path:
    """The mapping that comes with the demo district, to start one's own from."""
    return resources.workflows() / "demo" / "limit-units.yaml"


def read_units(path: Path) -> LimitUnits:
    """Read such a mapping from a file. Errors: `DefinitionError` and `Malformed` with file and line."""
    reader = Reader(path.name)
    tree = compose(decode(read_file(path), file=path.name), file=path.name)
    sections = {entry.key: entry for entry in tree.entries}
    for key in sections.keys() - set(_KEYS):
        reader.unknown(key, sections[key].line, "键", "key", _KEYS)
    if "units" not in sections:
        reader.refuse(tree.line, "缺少 units", "`units` is missing")
    reader.finish()
    units = {entry.key: _clock(reader, entry) for entry in reader.entries(sections["units"].value)}
    listed = {
        key: tuple(word.text for word in reader.words(sections[key].value)) if key in sections else ()
        for key in ("steps", "none")
    }
    if len(listed["steps"]) not in (0, 2):
        reader.refuse(sections["steps"].line, "steps 应为两个词", "`steps` must be two words")
    reader.finish()
    return LimitUnits.of(units, listed["steps"], listed["none"])


def _clock(reader: Reader, entry: Entry) -> str:
    text = reader.text(entry.value)
    try:
        parse_limit(f"1 {text}")
    except HuyingError as error:
        reader.refuse(entry.line, error.zh, error.en)
    return text


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
