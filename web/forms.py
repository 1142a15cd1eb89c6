"""Forms drawn from what the door offers, and read back: a new workflow file has working pages without new code."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.model import FieldType, FormItem, Title
from engine.errors import HuyingError, Malformed, Place
from engine.records import originals, register_rows, registers, uploads
from engine.records.access import Viewer
from engine.records.capture import of_page
from web.sessions import Posted

#: Choices that a list shows at once; beyond it one searches.
_LISTED = 300
#: Choices shown as buttons; more of them go into a list.
_BUTTONS = 6
#: What a search shows at once.
_FOUND = 20

#: What a chooser of files offers; of pictures it is any.
_FILES = "image/*,application/pdf,.docx,.xlsx,.pptx,.doc,.xls,.ppt,.wps,.et"

_ONE_LINE = frozenset({"address", "contact_name", "contact_phone", "clause"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose."""

    value: str
    text: str
    #: Options of one group stand together under it.
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One field as the page draws it."""

    #: The field's name in the form; `each.5.stars` for what is asked about task 5.
    name: str
    title: Title
    #: text, line, date, number, stars, buttons, list, checks, find, upload.
    kind: str
    required: bool
    many: bool
    values: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    #: What is searched, for `find`: item, area, person.
    register: str = ""
    query: str = ""
    error: str = ""
    #: What a file chooser takes.
    accept: str = ""
    #: What can be put into a text at one stroke.
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody has filled in so far, as text."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[str, ...]:
        return tuple(value for value in self.values.get(name, ()) if value)


#: What the names of fields begin with in a link that fills them.
FILL = "fill."


def filled(query: Iterable[tuple[str, str]]) -> Typed:
    """The fields that a link fills, bounded as every address is; the door checks them as it checks what is typed."""
    values: dict[str, list[str]] = {}
    for name, value in query:
        if name.startswith(FILL):
            values.setdefault(name.removeprefix(FILL), []).append(value[:200].replace("\0", ""))
    return Typed(values=values)


#: What stands between the case numbers of one field.
_BETWEEN = re.compile(r"[\s,，、;；]+")
#: What the names of lists of phrases begin with, before the field that a phrase is for.
PHRASE = "phrase."


def with_phrase(typed: Typed, looked: str) -> Typed:
    """What was typed, with the phrase that was asked for at the end of its field."""
    words = next(iter(typed.of(looked)), "") if looked.startswith(PHRASE) else ""
    if not words:
        return typed
    name = looked.removeprefix(PHRASE)
    return Typed(values={**typed.values, name: ["".join((*typed.of(name)[:1], words))], looked: []})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What choosing depends on: who fills the form, when, and for which ticket and task."""

    transaction: Transaction
    viewer: Viewer
    now: Instant
    typed: Typed = Typed()
    error: HuyingError | None = None
    #: Codes of the areas from the ticket's own up to the root: units stationed there are named first.
    area_codes: tuple[str, ...] = ()
    #: The department whose people an assignment may name.
    department_id: int | None = None
    #: Texts kept at hand by whoever fills the form.
    phrases: tuple[str, ...] = ()

    def widgets(self, items: Iterable[FormItem], prefix: str = "") -> list[Widget]:
        """The fields of a form in its order."""
        return [self._widget(item, prefix + item.name) for item in items]

    def _widget(self, item: FormItem, name: str) -> Widget:
        kind, options, register = self._kind(item, name)
        return Widget(
            name=name,
            title=item.field.title,
            kind=kind,
            required=item.required,
            many=item.many,
            values=self.typed.of(name),
            options=options,
            register=register,
            query=next(iter(self.typed.of(f"find.{name}")), ""),
            error=self.error.message if self.error and self.error.place.field == name else "",
            accept="image/*" if item.field.type is FieldType.PHOTO else _FILES,
            phrases=self.phrases if kind == "text" else (),
        )

    def _kind(self, item: FormItem, name: str) -> tuple[str, tuple[Option, ...], str]:
        match item.field.type:
            case FieldType.TEXT:
                return ("line" if item.name in _ONE_LINE else "text"), (), ""
            case FieldType.CHOICE | FieldType.YES_NO:
                options = tuple(Option(value=code, text=str(title)) for code, title in _choices(item))
                return ("buttons" if len(options) <= _BUTTONS else "list"), options, ""
            case FieldType.DATE | FieldType.MEETING:
                return "date", (), ""
            case FieldType.PHOTO | FieldType.FILE:
                return "upload", (), ""
            case FieldType.DEPARTMENT:
                return ("checks" if item.many else "list"), self._departments(item.field.kinds), ""
            case FieldType.AREA | FieldType.PLACE:
                return self._listed_or_found(name, "area", self._areas())
            case FieldType.PERSON:
                return self._people(name)
            case FieldType.ITEM:
                return self._listed_or_found(name, "item", None)
            case FieldType.ROW:
                return "list", tuple(self._rows(item.field.register)), ""
            case FieldType.TICKET:
                return ("lines" if item.many else "line"), (), ""
            case FieldType.NUMBER | FieldType.STARS:
                return item.field.type.value, (), ""

    def _listed_or_found(
        self, name: str, register: str, options: list[Option] | None
    ) -> tuple[str, tuple[Option, ...], str]:
        if options is not None and len(options) <= _LISTED:
            return "list", tuple(options), ""
        asked = next(iter(self.typed.of(f"find.{name}")), "")
        return "find", tuple(find(self.transaction, register, asked, self.typed.of(name), self.now)), register

    def _departments(self, kinds: frozenset[str]) -> tuple[Option, ...]:
        near, wide, far = "本辖区 / Here", "区级与公用事业 / District and utilities", "其他辖区 / Elsewhere"
        villages = "其他居村组织 / Other villages"
        found = []
        for row in _all_departments(self.transaction):
            if kinds and row.kind not in kinds:
                continue
            group = wide if row.area is None or row.area in self.area_codes[-2:] else far
            group = villages if row.kind == "village" else group
            group = near if row.area in self.area_codes[:-2] else group
            found.append(Option(value=row.code, text=row.name, group=group))
        order = (near, wide, far, villages)
        return tuple(sorted(found, key=lambda option: (order.index(option.group), option.value)))

    def _areas(self) -> list[Option]:
        """The areas of the reader's posts and all below them; the whole tree for whoever has none."""
        rows = registers.areas_within(self.transaction, self.viewer.areas, _LISTED + 1)
        top = min((row.depth for row in rows), default=0)
        return [Option(value=row.code, text="　" * (row.depth - top) + row.name) for row in rows]

    def _rows(self, key: str) -> Iterable[Option]:
        """The rows of a register within the areas of the reader's posts, by their names."""
        register = register_file.discover()[key]
        for row in register_rows.listed(self.transaction, key, self.now, within=self.viewer.areas):
            yield Option(value=row.code, text=f"{row.get(register.name) or '—'}（{row.code}）")

    def _people(self, name: str) -> tuple[str, tuple[Option, ...], str]:
        if self.department_id is None:
            return self._listed_or_found(name, "person", None)
        found = registers.people_in(self.transaction, self.department_id, "", self.now)
        return "list", tuple(Option(value=one.code, text=f"{one.name}（{one.code}）") for one in found), ""


def find(transaction: Transaction, register: str, text: str, chosen: Sequence[str], now: Instant) -> Iterable[Option]:
    """What a search finds, what is chosen already first."""
    found: dict[str, Option] = {}
    for asked in (*chosen, text):
        for option in _search(transaction, register, asked, now) if asked else ():
            if asked == text or option.value in chosen:
                found.setdefault(option.value, option)
    return list(found.values())[: _FOUND + len(chosen)]


def _search(transaction: Transaction, register: str, text: str, now: Instant) -> Iterable[Option]:
    if register == "area":
        for area in registers.areas(transaction, text=text, limit=_FOUND):
            yield Option(value=area.code, text=f"{area.name}（{area.code}）")
    elif register == "person":
        for one in registers.people_in(transaction, None, text, now)[:_FOUND]:
            yield Option(value=one.code, text=f"{one.name}（{one.code}）")
    elif register == "item":
        for item in registers.items(transaction, text=text.partition("/")[0], limit=_FOUND):
            yield Option(value=item.code, text=item.name, group=item.class_name)
            for standard in item.standards:
                yield Option(
                    value=standard.code,
                    text=f"{item.name} · {standard.filing_condition}（{standard.limit or '—'}）",
                    group=item.class_name,
                )


def _choices(item: FormItem) -> Iterable[tuple[str, Title]]:
    if item.field.type is FieldType.YES_NO:
        return (("yes", Title("是", "Yes")), ("no", Title("否", "No")))
    return item.field.of.items()


def _all_departments(transaction: Transaction) -> Iterable[registers.DepartmentRow]:
    after = None
    while True:
        rows = registers.departments(transaction, after=after)
        yield from rows
        if len(rows) < registers.MOST:
            return
        after = rows[-1].code


def keep_files(
    house: Application, sender: int | None, items: Iterable[FormItem], posted: Posted, prefix: str = ""
) -> Typed:
    """What was typed, with the files that came along stored and named by their digests.

    `sender` is the person's id; None for whoever comes by a task link.

    Errors: those of `uploads.store`, naming the field.
    """
    values = {name: list(given) for name, given in posted.fields.items()}
    for item in items:
        name = prefix + item.name
        if item.field.type not in (FieldType.PHOTO, FieldType.FILE):
            continue
        files = posted.files.get(name, ())
        captures = [of_page(one, name) for one in _beside(posted, "capture", name, len(files))]
        promises = [originals.promise_of(one, name) for one in _beside(posted, "original", name, len(files))]
        for file, capture, original in zip(files, captures, promises, strict=True):
            try:
                kept = uploads.store(
                    house.database, house.store, file.file, sender, house.clock.now(),
                    name=file.filename or "", page=capture, original=original,
                )  # fmt: skip
            except HuyingError as error:
                raise error.at(Place(field=name)) from None
            if kept.sha256 not in values.setdefault(name, []):
                values[name].append(kept.sha256)
    return Typed(values=values)


def _beside(posted: Posted, what: str, name: str, count: int) -> Sequence[Mapping[str, Any]]:
    """What the page says of the pictures of a field, one by one: when and where they were taken (`capture`), which
    originals will follow (`original`); nothing from a page without scripts."""
    text = posted.first(f"{what}.{name}")
    if not text:
        return [{}] * count
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    # A page that was left open while another file was chosen must not say it of the wrong picture.
    if not isinstance(given, list) or len(given) != count or not all(isinstance(one, dict) for one in given):
        raise Malformed("随照片发送的内容不对", "what came with the pictures is wrong", place=Place(field=name))
    return given


def kept(items: Iterable[FormItem], values: Mapping[str, Any], typed: Typed) -> Typed:
    """What the ticket keeps of fields that this form asks for again, where nothing else is filled in."""
    own = {
        item.name: [str(one) for one in (value if isinstance(value, list) else [value])]
        for item in items
        if (value := values.get(item.name)) is not None
    }
    return Typed(values={**own, **typed.values})


def read(items: Iterable[FormItem], typed: Typed, prefix: str = "") -> dict[str, Any]:
    """The form as the door takes it; what is empty isn't there."""
    form: dict[str, Any] = {}
    for item in items:
        values: list[Any] = [value for value in typed.of(prefix + item.name) if value.strip()]
        if item.field.type is FieldType.PLACE:
            values = [{"area": value} for value in values]
        if item.field.type is FieldType.TICKET and item.many:
            values = [number for value in values for number in _BETWEEN.split(value) if number]
        if values:
            form[item.name] = values if item.many or len(values) > 1 else values[0]
    return form
