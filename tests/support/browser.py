"""A browser without JavaScript: it reads pages, fills the forms it finds and follows redirects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from engine.records.access import open_session, person_of_login
from tests.support.town import Town
from web.sessions import COOKIE

Files = Mapping[str, bytes]


@dataclass
class FormOnPage:
    """A form as a browser sees it: what is filled in already, and what may be chosen."""

    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    #: Field → what a select, radio or checkbox offers.
    choices: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    #: Names of every field, file choosers among them.
    names: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._form: FormOnPage | None = None
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            self._form = FormOnPage(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "select", "textarea", "option"):
            self._field(self._form, tag, given)

    def _field(self, form: FormOnPage, tag: str, given: dict[str, str]) -> None:
        name = self._select if tag == "option" else given.get("name", "")
        form.names.append(name)
        if "required" in given:
            form.required.add(name)
        kind = "option" if tag == "option" else given.get("type", tag)
        if kind in ("radio", "checkbox", "option"):
            form.choices.setdefault(name, []).append(given.get("value", ""))
            if "checked" in given or "selected" in given:
                form.values.setdefault(name, []).append(given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.values[name] = [""]
        elif kind != "file":
            form.values.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.values[self._area] = [self._form.values[self._area][0] + data]
        self.words.append(data)


@dataclass
class Page:
    """What a request answered."""

    status: int
    html: str
    url: str
    headers: Mapping[str, str]
    forms: list[FormOnPage]
    links: list[str]
    tags: list[tuple[str, dict[str, str]]]
    #: The words on it, spaces drawn together.
    text: str

    def form(self, action: str) -> FormOnPage:
        """The first form whose address holds `action`."""
        found = [form for form in self.forms if action in form.action]
        assert found, f"{action} is not among {[form.action for form in self.forms]}"
        return found[0]

    def link(self, part: str) -> str:
        """The first link that holds `part`."""
        found = [link for link in self.links if part in link]
        assert found, f"{part} is not among {self.links}"
        return found[0].partition("#")[0]


class Browser:
    """Somebody of the town at a browser of their own."""

    def __init__(self, town: Town, login: str | None = None) -> None:
        self.town = town
        self.client = TestClient(town.client.app, raise_server_exceptions=False)
        if login is not None:
            secret = open_session(town.database, person_of_login(town.database, login), town.clock.now())
            self.client.cookies.set(COOKIE, secret)

    def go(self, path: str, **headers: str) -> Page:
        """Open an address."""
        return self._read(self.client.get(path, headers=headers))

    def send(self, form: FormOnPage, values: Mapping[str, Any] | None = None, files: Files | None = None) -> Page:
        """Send a form with what it holds and what is filled in now; multipart, as forms with files are."""
        filled = {**form.values, **{name: _listed(value) for name, value in (values or {}).items()}}
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, given in filled.items() for value in given]
        parts += [(name, ("p.png", content, "image/png")) for name, content in (files or {}).items()]
        return self._read(self.client.post(form.action, files=parts))

    def do(
        self, case_no: str, action: str, values: Mapping[str, Any] | None = None, files: Files | None = None
    ) -> Page:
        """Find an action on a ticket's page, fill its form if it has one, and send it.

        A value for `find.item` is searched first, so that there is something to choose.
        """
        page = self.go(f"/tickets/{case_no}")
        buttons = [form for form in page.forms if f"/do/{action}" in form.action]
        form = buttons[0] if buttons else self.go(page.link(f"/do/{action}")).form(f"/do/{action}")
        wanted = dict(values or {})
        for name in [name for name in wanted if name.startswith("find.")]:
            searched = {name: wanted.pop(name), "look": name.removeprefix("find.")}
            form = self.send(form, searched).form(f"/do/{action}")
        assert {*wanted, *(files or {})} <= {*form.names}, (wanted, form.names)
        return self.send(form, wanted, files)

    def _read(self, answer: Any) -> Page:
        reader = _Reader()
        reader.feed(answer.text)
        return Page(
            status=answer.status_code, html=answer.text, url=str(answer.url), headers=answer.headers,
            forms=reader.forms, links=reader.links, tags=reader.tags, text=" ".join("".join(reader.words).split()),
        )  # fmt: skip


def _listed(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
