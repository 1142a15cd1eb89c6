"""An explanation as Markdown: for a terminal, a mail, a repository."""

from collections.abc import Iterator, Sequence

from engine.analysis.diagram import Language, mermaid, spoken
from engine.analysis.explain import identity
from engine.analysis.explain_blocks import Block, Chapter, Drawn, Explanation, Grid, Prose, each_language
from engine.definitions.model import Title

#: Signs that would end a cell or begin something else; a title never means them as Markdown.
_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\|`*_[]<>#"})


def markdown(explanation: Explanation, language: Language) -> str:
    """The document, Chinese whole before English where both are wanted. Ends in a newline."""
    parts = ["\n".join(_lines(explanation, spoken_in)) for spoken_in in each_language(language)]
    return "\n\n---\n\n".join(parts) + "\n"


def _lines(explanation: Explanation, language: Language) -> Iterator[str]:
    workflow = explanation.workflow
    yield f"# {_said(workflow.title, language)}"
    yield ""
    for label, value in identity(workflow):
        yield f"- {_said(label, language)}: `{value}`"
    for number, chapter in enumerate(explanation.chapters, 1):
        yield from ("", f"## {number}. {_said(chapter.title, language)}")
        yield from _chapter(explanation, chapter, language)


def _chapter(explanation: Explanation, chapter: Chapter, language: Language) -> Iterator[str]:
    for block in chapter.blocks:
        yield ""
        yield from _block(explanation, block, language)


def _block(explanation: Explanation, block: Block, language: Language) -> Iterator[str]:
    match block:
        case Prose(words):
            yield _said(words, language)
        case Grid(head, rows, blank):
            yield _row([_said(one, language) for one in head])
            yield _row(["---"] * len(head))
            for row in rows:
                yield _row(["　　　　　　" if blank else _cell(cell, language) for cell in row])
        case Drawn(title, kind):
            yield f"**{_said(title, language)}**"
            yield ""
            yield f"```mermaid\n{mermaid(explanation.workflow, kind, language=language)}```"


def _cell(cell: Sequence[Title], language: Language) -> str:
    return "<br>".join(_said(one, language) for one in cell)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _said(title: Title, language: Language) -> str:
    return spoken(title, language).translate(_SIGNS).replace("\n", " ")
