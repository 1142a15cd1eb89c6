"""What binds every loop that sends tasks to certain units: ``workflows/admission/rules.yaml``.

One file, because what a village may be asked is no matter of the loop that asks: a unit of a bound kind gets a task
only for what stands on one of the lists, or for what a loop with `admits` has admitted for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from engine import resources
from engine.definitions import register_file, source
from engine.definitions.admission_grammar import GRAMMAR
from engine.definitions.declarations import unit_kinds
from engine.definitions.model import FieldType, Title
from engine.definitions.reading import Reader, Word
from engine.definitions.register import Register
from engine.definitions.source import Entry

FILE = "admission/rules.yaml"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A register whose rows say what bound units may be asked."""

    register: str
    title: Title
    #: Its fields: the matter, the codes of catalogue items, and which of several lists a row stands on ("" for one).
    matter: str
    items: str
    list: str
    #: The choices of the field `list`.
    lists: Mapping[str, Title] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The start that tells of a task that was asked without being admitted."""

    workflow: str
    start: str
    #: The text field of its form that names the matter.
    matter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the figures of admission count, by states and a deadline of the loops that admit."""

    #: States that mean an application was refused, and that a task was stopped.
    refused: frozenset[str]
    stopped: frozenset[str]
    #: The deadlines within which an application is decided.
    decide: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRules:
    """Who is bound, by what."""

    title: Title
    #: Kinds of unit, as `departments` has them.
    binds: frozenset[str]
    listings: tuple[Listing, ...]
    #: Keys of the loops whose admissions count.
    admitted_by: tuple[str, ...]
    #: Posts whose holders in the unit may hand back what has no basis.
    refusing: frozenset[str]
    report: Report
    figures: Figures


class _Reader(Reader):
    grammar = GRAMMAR


@cache
def shipped() -> AdmissionRules:
    """The rules of this installation. Errors: `DefinitionError` with file and line."""
    return read(resources.workflows() / FILE)


def read(path: Path, registers: Mapping[str, Register] | None = None) -> AdmissionRules:
    """Read such a file; `registers` are those it may name, by default the shipped ones.

    Errors: `DefinitionError`; ``details["all"]`` holds every problem with its line.
    """
    reader = _Reader(path.name)
    top = reader.section(source.compose(source.decode(source.read_file(path), file=path.name), file=path.name), "rules")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    known = register_file.discover() if registers is None else registers
    listings = tuple(_listing(reader, entry, known) for entry in _entries(reader, top, "lists"))
    report = _texts(reader, top, "report")
    figures = reader.section(top["figures"].value, "figures") if "figures" in top else {}
    rules = AdmissionRules(
        title=reader.title(top["admission"].value) if "admission" in top else Title("", ""),
        binds=unit_kinds(reader, top["binds"].value) if "binds" in top else frozenset(),
        listings=listings,
        admitted_by=tuple(sorted(_names(reader, top, "admitted_by"))),
        refusing=_names(reader, top, "refusing"),
        report=Report(
            workflow=report.get("workflow", ""), start=report.get("start", ""), matter=report.get("matter", "")
        ),
        figures=Figures(
            refused=_names(reader, figures, "refused"),
            stopped=_names(reader, figures, "stopped"),
            decide=_names(reader, figures, "decide"),
        ),
    )
    reader.finish()
    return rules


def _entries(reader: Reader, top: Mapping[str, Entry], key: str) -> tuple[Entry, ...]:
    return reader.entries(top[key].value) if key in top else ()


def _names(reader: Reader, keys: Mapping[str, Entry], key: str) -> frozenset[str]:
    return frozenset(word.text for word in reader.words(keys[key].value)) if key in keys else frozenset()


def _texts(reader: Reader, top: Mapping[str, Entry], key: str) -> dict[str, str]:
    keys = reader.section(top[key].value, key) if key in top else {}
    return {name: reader.text(entry.value) for name, entry in keys.items()}


def _listing(reader: Reader, entry: Entry, known: Mapping[str, Register]) -> Listing:
    keys = reader.section(entry.value, "listing")
    register = known.get(entry.key)
    if register is None:
        reader.unknown(entry.key, entry.line, "名册", "register", tuple(known))
        return Listing(register=entry.key, title=Title("", ""), matter="", items="", list="")
    items = _field(reader, register, keys.get("items"), FieldType.TEXT)
    which = _field(reader, register, keys.get("list"), FieldType.CHOICE)
    lists = register.fields[which].of if which else {}
    return Listing(
        register=register.key, title=register.title, matter=register.name, items=items, list=which, lists=lists
    )


def _field(reader: Reader, register: Register, entry: Entry | None, wanted: FieldType) -> str:
    if entry is None:
        return ""
    name = reader.text(entry.value)
    if not name or not reader.known(Word(name, entry.line), register.fields, "字段", "field"):
        return ""
    field = register.fields[name]
    if field.type is not wanted or field.personal:
        reader.refuse(
            entry.line,
            f"字段“{name}”的类型应为 {wanted}，且不是个人信息",
            f"'{name}' must be of type {wanted} and not personal",
        )
    return name
