"""Templates become answers: a whole page, or the very fragment of it that htmx asked for."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from engine.application import Application
from engine.clock import Instant, shown
from engine.clock import moment as civil
from engine.definitions.model import Title
from engine.definitions.words import shipped
from engine.rules import calendar_year
from engine.vocabulary import STAGE_TITLES, Stage
from web import assets, clocks, language, masking
from web.forms import Option
from web.problems import come_again

_TEMPLATES = Path(__file__).parent / "templates"
_BOTH = Markup('{} <span class="en" lang="en">{}</span>')
_ENGLISH = Markup('<span lang="en">{}</span>')
#: History restores and body targets come with `HX-Request` too, and want a whole page.
_PARTIAL = ("hx-request-type", "partial")


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a fragment."""
    return request.headers.get(_PARTIAL[0]) == _PARTIAL[1]


def wants_data(request: Request) -> bool:
    """Whether a program of a page asks, that reads answers instead of showing them."""
    return request.headers.get("accept", "") == "application/json"


def acted(request: Request, case_no: str, to: str) -> Response:
    """After an act on a ticket: its page, or for a program its number and where that page is."""
    return JSONResponse({"case_no": case_no, "url": to}) if wants_data(request) else go(request, to)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """`template` as a whole page; `fragments/<template>` alone if htmx asked for the fragment and there is one."""
    fragment = f"fragments/{template}"
    name = fragment if is_partial(request) and (_TEMPLATES / fragment).is_file() else template
    return _answer(request, name, status, context)


def fragment(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A fragment that has no page of its own."""
    return _answer(request, f"fragments/{template}", status, context)


def streamed(request: Request, template: str, *, after: str, **context: Any) -> Response:
    """A page whose parts are sent as soon as they are there: each as far as the next `after`."""
    pieces = (
        _environment()
        .get_template(template)
        .generate(request=request, settings=request.app.state.house.settings, **context)
    )
    return StreamingResponse(_parts(pieces, after, language.chosen(request)), media_type="text/html")


def _parts(pieces: Iterable[str], after: str, spoken: str) -> Iterator[str]:
    held: list[str] = []
    rest = iter(pieces)
    while True:
        # Each part is asked for in a context of its own.
        with language.speaking(spoken):
            piece = next(rest, None)
        if piece is None:
            break
        held.append(piece)
        if after in piece:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def go(request: Request, to: str) -> Response:
    """After a form: show the page that says what came of it."""
    if is_partial(request):
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, status_code=303)


def say(zh: str, en: str) -> Markup:
    """Chinese first, English second and quieter; or the one that the reader asked for."""
    if language.spoken() == "en":
        return _ENGLISH.format(en) if en else Markup("{}").format(zh)
    if language.spoken() == "zh":
        return Markup("{}").format(zh)
    return _BOTH.format(zh, en) if en and en != zh else Markup("{}").format(zh)


def both(title: Title | str) -> Markup:
    """A title, or a text `中文 / English`."""
    if isinstance(title, Title):
        return say(title.zh, title.en)
    zh, _, en = title.partition(" / ")
    return say(zh, en)


@pass_context
def plain(_: Context, text: object) -> str:
    """A text `中文 / English` for an attribute, where nothing can be set quieter: the language that was asked for.

    ▸ It takes the context so that the template's compiler does not settle for ever what a constant means.
    """
    whole = str(text)
    zh, __, en = whole.partition(" / ")
    return {"zh": zh, "en": en or zh}.get(language.spoken(), whole)


class Bilingual(Protocol):
    """What has a name in both languages: a title, a limit."""

    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


def word(title: Bilingual) -> str:
    """One word of a title where there is room for one only: Chinese, unless the reader asked for English."""
    return title.en if language.spoken() == "en" and title.en else title.zh


def grouped(options: Sequence[Option]) -> list[tuple[str, list[Option]]]:
    """Options by group, groups in the order in which they come."""
    found: dict[str, list[Option]] = {}
    for option in options:
        found.setdefault(option.group, []).append(option)
    return list(found.items())


def weekdays() -> Sequence[str]:
    """The days of the week from Monday, as short as the heads of a calendar's columns."""
    return ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su") if language.spoken() == "en" else "一二三四五六日"


def hour(at: Instant) -> str:
    """The time of day."""
    return civil(at).strftime("%H:%M")


def span(microseconds: int) -> Markup:
    """A stretch of time in words."""
    return say(*clocks.duration(microseconds))


def awaited(request: Request) -> bool:
    """Whether a calendar wants the coming year's decree, so that dates in it are provisional."""
    house: Application = request.app.state.house
    return bool(calendar_year.awaited(house.versions.almanac(), house.clock.now()))


def _answer(request: Request, name: str, status: int, context: dict[str, Any]) -> Response:
    with language.speaking(language.chosen(request)):
        body = (
            _environment()
            .get_template(name)
            .render(request=request, settings=request.app.state.house.settings, **context)
        )
    return HTMLResponse(body, status, headers={"Vary": "HX-Request-Type, Cookie", **come_again(context.get("error"))})


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["both"] = both
    environment.filters["word"] = word
    environment.filters["plain"] = plain
    environment.filters["moment"] = shown
    environment.filters["grouped"] = grouped
    environment.filters["hour"] = hour
    environment.filters["left"] = clocks.left
    environment.filters["span"] = span
    environment.filters["brought"] = clocks.brought
    environment.filters["card"] = clocks.card_title
    environment.globals["spoken"] = language.spoken
    environment.globals["weekdays"] = weekdays
    environment.globals["languages"] = language.LANGUAGES
    environment.globals["along"] = clocks.along
    environment.globals["awaited"] = awaited
    environment.globals["leads"] = masking.leads
    environment.globals["say"] = say
    environment.globals["assets"] = assets
    environment.globals["fresh"] = lambda: secrets.token_urlsafe(16)
    environment.globals["lights"] = {"": Title("未亮灯", "no light"), **shipped().lights}
    environment.globals["stages"] = [(stage.value, Title(*STAGE_TITLES[stage])) for stage in Stage]
    return environment
