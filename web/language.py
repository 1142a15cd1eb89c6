"""In which language a page speaks: Chinese with English beside it, or one of the two alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from fastapi import Request

COOKIE = "hy-language"
#: Word of the cookie → how the switch calls it.
LANGUAGES = {"zh": "中文", "en": "English", "both": "中·En"}
USUAL = "both"

_SPOKEN: ContextVar[str] = ContextVar("language", default=USUAL)


def chosen(request: Request) -> str:
    """What the reader's browser asks for; both languages where it asks for nothing known."""
    given = request.cookies.get(COOKIE, USUAL)
    return given if given in LANGUAGES else USUAL


def spoken() -> str:
    """The language of the page that is being made."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within this, pages are made in a language."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)
