"""`opens`: the ticket that an action gives birth to, and where the words of its first form come from."""

from collections.abc import Mapping

from engine.definitions.declarations import field_name
from engine.definitions.model import RULE, Action, FieldType, FormItem, Opens, Workflow
from engine.definitions.names import FIELD_ALIASES
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book
from engine.definitions.source import Node
from engine.definitions.walk import every_action
from engine.errors import DefinitionError, Place

#: In `takes`, whoever reported the ticket.
REPORTER = "reporter"
#: What stands for a file that somebody uploaded; it belongs to the act it came with.
_KEPT_APART = (FieldType.PHOTO, FieldType.FILE)


def opens(reader: Reader, book: Book, node: Node, form: Mapping[str, FormItem]) -> Opens | None:
    """What stands under `opens`; `form` is what the action asks for. Problems are noted."""
    parts = reader.section(node, "opens")
    if "workflow" not in parts or "start" not in parts:
        return None
    fills: dict[str, str] = {}
    for entry in reader.entries(parts["fills"].value) if "fills" in parts else ():
        own = Word(field_name(book, reader.text(entry.value)), entry.line)
        if own.text and reader.known(own, form, "本动作表单中的字段", "field of this action's form"):
            fills[FIELD_ALIASES.get(entry.key, entry.key)] = own.text
    taken = [
        Word(FIELD_ALIASES.get(one.text, one.text), one.line)
        for one in (reader.words(parts["takes"].value) if "takes" in parts else ())
    ]
    takes = [one.text for one in taken if one.text == REPORTER or _takes(reader, book, one)]
    return Opens(
        workflow=reader.key(parts["workflow"].value),
        start=reader.text(parts["start"].value),
        fills=fills,
        takes=tuple(name for name in takes if name != REPORTER),
        same_reporter=REPORTER in takes,
    )


def _takes(reader: Reader, book: Book, given: Word) -> bool:
    if not reader.known(given, book.fields, "字段", "field"):
        return False
    if book.fields[given.text].type in _KEPT_APART:
        reader.refuse(
            given.line,
            f"照片和文件留在原案，不能沿用“{given.text}”",
            f"photos and files stay with their ticket: '{given.text}' can't be taken along",
        )
        return False
    return True


def opened_exist(workflow: Workflow, known: Mapping[str, Workflow]) -> None:
    """Whether every `opens` of a workflow fits the start that it names.

    Errors: `DefinitionError` when the workflow isn't there, or no such start of it, or none by rule; when `fills` or
    `takes` name no field of the start's form, or one of another type.
    """
    for action in every_action(workflow):
        opened = action.opens
        if opened is None:
            continue
        if opened.workflow not in known or opened.start not in known[opened.workflow].starts:
            raise _wrong(
                workflow,
                action,
                f"要衍生的“{opened.workflow}·{opened.start}”不存在",
                f"opens '{opened.workflow}: {opened.start}', which does not exist",
            )
        start = known[opened.workflow].starts[opened.start]
        if RULE not in start.by:
            raise _wrong(
                workflow,
                action,
                f"要衍生的“{opened.workflow}·{opened.start}”不由规则发起，请写 by: rule",
                f"opens '{opened.workflow}: {opened.start}', which is not by `rule`",
            )
        _fitting(workflow, action, opened, {item.name: item for item in start.form})
        _kept_secret(workflow, action, opened, {item.name: item for item in start.form})


def _fitting(workflow: Workflow, action: Action, opened: Opens, asked: Mapping[str, FormItem]) -> None:
    form = {item.name: item for item in action.form}
    for name in (*opened.fills, *opened.takes):
        if name not in asked:
            where = f"{opened.workflow}·{opened.start}"
            raise _wrong(
                workflow, action, f"填入的“{name}”不在“{where}”的表单中", f"fills '{name}', which {where} does not ask"
            )
    for name, own in opened.fills.items():
        if form[own].field.type is not asked[name].field.type:
            raise _wrong(
                workflow, action, f"的“{own}”与要填入的“{name}”类型不同", f"fills '{name}' with '{own}' of another type"
            )


def _kept_secret(workflow: Workflow, action: Action, opened: Opens, asked: Mapping[str, FormItem]) -> None:
    """What is sensitive here stays so in the ticket that is opened."""
    handed = {**opened.fills, **{name: name for name in opened.takes}}
    for name, own in handed.items():
        field = workflow.fields.get(own)
        if field is not None and field.sensitive is not None and asked[name].field.sensitive is None:
            raise _wrong(
                workflow, action, f"把敏感个人信息“{own}”填入“{name}”，后者也须为敏感（class: sensitive）",
                f"fills '{name}' with '{own}', which is sensitive: it must be so there as well",
            )  # fmt: skip


def _wrong(workflow: Workflow, action: Action, zh: str, en: str) -> DefinitionError:
    place = Place(file=workflow.key, line=action.line)
    return DefinitionError(f"“{action.name}”{zh}", f"'{action.name}' {en}", place=place)
