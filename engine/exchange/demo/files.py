"""The demo district's own files, under ``workflows/demo``: data that anyone can read and change."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from engine import resources
from engine.definitions.model import Title
from engine.definitions.reading import Reader
from engine.definitions.source import Items, Node, Scalar, compose, decode, read_file

#: What YAML can say; every scalar is text.
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"
Texts: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A street-level unit of the district."""

    code: str
    name: str
    #: Longitude and latitude of its centre, degrees.
    at: tuple[float, float]
    #: How many comprehensive grids it has.
    grids: int
    #: Level → name of what stands beside its villages.
    also: Texts

    @property
    def town(self) -> bool:
        return self.name.endswith("镇")

    @property
    def short(self) -> str:
        """The three digits that name it within the district."""
        return self.code[-3:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """A department of the district."""

    name: str
    #: What its field offices in the streets are called; "" if it has none.
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """What ``district.yaml`` says."""

    city: tuple[str, str]
    district: tuple[str, str]
    outline: tuple[tuple[float, float], ...]
    streets: tuple[Street, ...]
    bureaus: Mapping[str, Bureau]
    city_bureaus: Texts
    utilities: Texts
    bodies: Texts
    #: Contractor → its name and the bureau that answers for it.
    contractors: Mapping[str, tuple[str, str]]
    #: First and second halves of the names of neighbourhoods, endings of villages, family names, given names.
    neighbourhoods: tuple[list[str], list[str]]
    villages: list[str]
    families: list[str]
    given: tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CastMember:
    """Somebody of the demo with an easy login, for the sign-in page."""

    login: str
    name: str
    #: What they are, and what to try as them.
    role: Title
    to_try: Title
    #: The post they hold; "" for a citizen.
    post: str = ""
    #: Codes of the area or department of the post.
    area: str | None = None
    department: str | None = None


def path(name: str) -> Path:
    """A file of the demo."""
    return resources.workflows() / "demo" / name


@cache
def district() -> District:
    """The district's own file. Errors: `DefinitionError`, `KeyError`, `ValueError` if it is broken."""
    data = _read("district.yaml")
    names = _mapping(data["names"])
    streets = _mapping(data["streets"])
    return District(
        city=_pair(data["city"]),
        district=_pair(data["district"]),
        outline=tuple(_point(point) for point in _list(data["outline"])),
        streets=tuple(_street(code, _mapping(street)) for code, street in streets.items()),
        bureaus={
            code: Bureau(name=str(_mapping(one)["name"]), office=str(_mapping(one).get("office", "")))
            for code, one in _mapping(data["bureaus"]).items()
        },
        city_bureaus=_texts(data["city_bureaus"]),
        utilities=_texts(data["utilities"]),
        bodies=_texts(data["bodies"]),
        contractors={
            code: (str(_mapping(one)["name"]), str(_mapping(one)["of"]))
            for code, one in _mapping(data["contractors"]).items()
        },
        neighbourhoods=_halves(names["neighbourhoods"]),
        villages=_words(names["villages"]),
        families=_words(names["families"]),
        given=_halves(names["given"]),
    )


@cache
def cast() -> tuple[CastMember, ...]:
    """The cast in the file's order. Errors: `DefinitionError` if its file is broken."""
    name = "cast.yaml"
    reader = Reader(name)
    tree = compose(decode(read_file(path(name)), file=name), file=name)
    members = []
    for entry in reader.entries(tree.entries[0].value):
        parts = {part.key: part.value for part in reader.entries(entry.value)}
        titles = {key: reader.title(parts.pop(key)) for key in ("role", "try")}
        texts = {key: reader.text(value) for key, value in parts.items()}
        members.append(CastMember(login=entry.key, role=titles["role"], to_try=titles["try"], **texts))
    reader.finish()
    return tuple(members)


def _read(name: str) -> dict[str, Plain]:
    return _mapping(_plain(compose(decode(read_file(path(name)), file=name), file=name)))


def _plain(node: Node) -> Plain:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return {entry.key: _plain(entry.value) for entry in node.entries}


def _mapping(value: Plain) -> dict[str, Plain]:
    if not isinstance(value, dict):
        raise ValueError(f"{value} is no mapping")
    return value


def _list(value: Plain) -> list[Plain]:
    if not isinstance(value, list):
        raise ValueError(f"{value} is no list")
    return value


def _words(value: Plain) -> list[str]:
    return [str(word) for word in _list(value)]


def _texts(value: Plain) -> Texts:
    return {key: str(text) for key, text in _mapping(value).items()}


def _pair(value: Plain) -> tuple[str, str]:
    both = _texts(value)
    return both["code"], both["name"]


def _point(value: Plain) -> tuple[float, float]:
    lon, lat = _words(value)
    return float(lon), float(lat)


def _halves(value: Plain) -> tuple[list[str], list[str]]:
    first, second = _list(value)
    return _words(first), _words(second)


def _street(code: str, street: dict[str, Plain]) -> Street:
    return Street(
        code=code,
        name=str(street["name"]),
        at=_point(street["at"]),
        grids=int(str(street["grids"])),
        also=_texts(street.get("also", {})),
    )
