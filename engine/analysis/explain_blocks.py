"""What an explanation of a workflow is made of: chapters of prose, tables and diagrams, in both languages."""

from dataclasses import dataclass
from typing import TypeAlias

from engine.analysis.diagram import Language
from engine.definitions.model import Title, Workflow


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    words: Title


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; a cell that says nothing repeats nothing. With `blank` its rows are to be filled in by hand."""

    head: tuple[Title, ...]
    rows: tuple[tuple[tuple[Title, ...], ...], ...]
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """The diagram of the ticket (`kind` is None) or of a kind of task."""

    title: Title
    kind: str | None


Block: TypeAlias = Prose | Grid | Drawn


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and what stands below it."""

    title: Title
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole document of one workflow."""

    workflow: Workflow
    chapters: tuple[Chapter, ...]


def each_language(language: Language) -> tuple[Language, ...]:
    """In which languages a document is written one after the other: Chinese first."""
    return (Language.ZH, Language.EN) if language is Language.BOTH else (language,)
