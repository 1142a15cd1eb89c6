"""The file of a seal that goes to a second organisation: lines of JSON, written and read in constant memory.

The first line says what the file is, then comes every seal up to this one with its signature, then the leaves of this
one by ticket. Nothing in it says what a ticket is about: case numbers, counts and hashes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.database import Transaction
from engine.errors import Malformed, NotFound, Place
from engine.records import seals
from engine.records.seals import Sealed
from engine.rules.chain import canonical, canonical_row
from engine.rules.seal import Leaf

FORMAT = "huying/seal-file/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFile:
    """A file of a seal: what it says at its head, and where its leaves begin."""

    path: Path
    #: Every seal from the first one to the one that the file is of.
    chain: tuple[Sealed, ...]
    #: Lines before the first leaf.
    lines: int

    @property
    def seal(self) -> Sealed:
        return self.chain[-1]

    def leaves(self) -> Iterator[Leaf]:
        """The leaves, in the order of the file. Errors: `Malformed` at a line that is none."""
        with _reading(self.path) as lines:
            for number, line in lines:
                if number > self.lines:
                    yield _leaf(line, self.path, number)


def lines(transaction: Transaction, number: int) -> Iterator[str]:
    """The lines of a seal's file, ends of lines included. Errors: `NotFound` if there is no such seal."""
    if seals.found(transaction, number) is None:
        raise NotFound(f"没有第 {number} 号封存", f"there is no seal {number}")
    yield canonical({"file": FORMAT, "number": number}) + "\n"
    for sealed in seals.every(transaction, number):
        yield canonical({"seal": sealed.text, "signature": sealed.signature}) + "\n"
    for leaf in seals.leaves(transaction, number):
        yield canonical_row(leaf.row()) + "\n"


def write(transaction: Transaction, number: int, path: Path) -> None:
    """Write a seal's file; what stood at the path is replaced by the whole file or not at all.

    Errors: `NotFound`, and `Malformed` if the path cannot be written.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines(transaction, number))
        new.replace(path)
    except OSError as failure:
        raise Malformed("无法写入", f"it cannot be written: {failure}", place=Place(file=str(path))) from failure
    finally:
        new.unlink(missing_ok=True)


def read(path: Path) -> SealFile:
    """The head of a seal's file. Errors: `Malformed` naming the line."""
    chain: list[Sealed] = []
    with _reading(path) as numbered:
        first = next(numbered, (1, None))[1]
        if not isinstance(first, dict) or first.get("file") != FORMAT or not isinstance(first.get("number"), int):
            raise _wrong(path, 1)
        for number, line in numbered:
            if not isinstance(line, dict):
                break
            chain.append(_sealed(line, len(chain) + 1, path, number))
    if not chain or len(chain) != first["number"]:
        raise _wrong(path, len(chain) + 1)
    return SealFile(path=path, chain=tuple(chain), lines=len(chain) + 1)


class _reading:  # noqa: N801 (used like a function)
    """The lines of a file with their numbers, read as JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Iterator[tuple[int, Any]]:
        try:
            self._file = self.path.open(encoding="utf-8")
        except OSError as failure:
            raise Malformed("无法读取", f"it cannot be read: {failure}", place=Place(file=str(self.path))) from failure
        return self._lines()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _lines(self) -> Iterator[tuple[int, Any]]:
        number = 0
        try:
            for number, line in enumerate(self._file, start=1):
                yield number, json.loads(line)
        except ValueError as failure:
            raise _wrong(self.path, number) from failure


def _sealed(line: dict[str, Any], number: int, path: Path, at: int) -> Sealed:
    said, signature = line.get("seal"), line.get("signature")
    if not isinstance(said, str) or not isinstance(signature, str):
        raise _wrong(path, at)
    sealed = Sealed(number, said, signature)
    try:
        right = sealed.statement.number == number
    except Malformed as error:
        raise error.at(Place(file=str(path), line=at)) from error
    if not right:
        raise _wrong(path, at)
    return sealed


def _leaf(line: Any, path: Path, number: int) -> Leaf:
    if not isinstance(line, list) or [type(value) for value in line] != [int, str, int, int, str]:
        raise _wrong(path, number)
    return Leaf(*line)


def _wrong(path: Path, line: int) -> Malformed:
    place = Place(file=str(path), line=line)
    return Malformed("不是封存文件，或已残缺", "this is no file of a seal, or not all of it", place=place)
