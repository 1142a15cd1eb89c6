"""An explanation as HTML: the body alone for a page of ours, or one self-contained page for the printer.

The diagrams are inline SVG; nothing is fetched, and no script runs.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from engine.analysis.diagram import Language, spoken
from engine.analysis.drawing import svg
from engine.analysis.explain import identity
from engine.analysis.explain_blocks import Block, Chapter, Drawn, Explanation, Grid, Prose, each_language
from engine.definitions.model import Title

_CODES = {Language.ZH: "zh-CN", Language.EN: "en"}
#: As on paper: A4, headings that stay with what they head, rows that stay whole.
_STYLE = Markup("""
body { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif;
  font-size: 10.5pt; line-height: 1.5; color: #212529; max-width: 62rem; margin: 1rem auto; padding: 0 1rem; }
h1 { font-size: 18pt; } h2 { font-size: 13pt; border-bottom: 1px solid #adb5bd; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { border: 1px solid #868e96; padding: .25rem .4rem; vertical-align: top; text-align: left;
  overflow-wrap: anywhere; }
th { background: #f1f3f5; } thead { display: table-header-group; } tr { break-inside: avoid; }
td p { margin: 0; } .hy-rules-blank td { height: 4rem; }
svg { max-width: 100%; height: auto; } figure { margin: .5rem 0; }
figcaption { font-weight: bold; } dt { float: left; clear: left; margin-right: .5rem; color: #495057; }
dd { overflow-wrap: anywhere; } article + article { break-before: page; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
@page { size: A4; margin: 15mm; }
""")
#: A wide table is moved sideways on a phone, by finger or key.
_TABLE = Markup(
    '<div class="{}" tabindex="0" role="group" aria-label="{}"><table><thead><tr>{}</tr></thead><tbody>\n{}\n'
    "</tbody></table></div>"
)
_FIGURE = Markup('<figure tabindex="0"><figcaption>{}</figcaption>\n{}\n</figure>')
_PAGE = Markup(
    '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{}</title><style>{}</style></head>'
    "<body>\n{}\n</body></html>\n"
)


def page(explanation: Explanation, language: Language) -> str:
    """One page that needs nothing but itself."""
    title = spoken(explanation.workflow.title, language)
    return str(_PAGE.format(f"{title} v{explanation.workflow.version}", _STYLE, body(explanation, language)))


def body(explanation: Explanation, language: Language) -> Markup:
    """The document without head or style, one article per language, Chinese first."""
    return Markup("\n").join(_article(explanation, one) for one in each_language(language))


def _article(explanation: Explanation, language: Language) -> Markup:
    parts = [Markup("<h1>{}</h1>").format(spoken(explanation.workflow.title, language)), Markup("<dl>")]
    for label, value in identity(explanation.workflow):
        parts.append(Markup("<dt>{}</dt><dd><code>{}</code></dd>").format(spoken(label, language), value))
    parts.append(Markup("</dl>"))
    for number, chapter in enumerate(explanation.chapters, 1):
        parts.append(Markup("<h2>{}. {}</h2>").format(number, spoken(chapter.title, language)))
        parts += [piece for block in chapter.blocks for piece in _block(explanation, chapter, block, language)]
    return Markup('<article class="hy-rules" lang="{}">\n{}\n</article>').format(
        _CODES[language], Markup("\n").join(parts)
    )


def _block(explanation: Explanation, chapter: Chapter, block: Block, language: Language) -> Iterator[Markup]:
    match block:
        case Prose(words):
            yield Markup("<p>{}</p>").format(spoken(words, language))
        case Grid(head, rows, blank):
            heads = Markup("").join(Markup('<th scope="col">{}</th>').format(spoken(one, language)) for one in head)
            lines = Markup("\n").join(_row(row, language) for row in rows)
            kind = Markup("hy-rules-blank") if blank else Markup("hy-rules-table")
            yield _TABLE.format(kind, spoken(chapter.title, language), heads, lines)
        case Drawn(title, kind):
            # Our own SVG, whose texts are escaped where it is made.
            drawn = Markup(svg(explanation.workflow, kind, language=language))  # noqa: S704
            yield _FIGURE.format(spoken(title, language), drawn)


def _row(row: Sequence[Sequence[Title]], language: Language) -> Markup:
    cells = (
        Markup("<td>{}</td>").format(Markup("").join(Markup("<p>{}</p>").format(spoken(one, language)) for one in cell))
        for cell in row
    )
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))
