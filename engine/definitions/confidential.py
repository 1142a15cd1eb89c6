"""`confidential`: who alone may know that a ticket exists, and whether the file keeps to it."""

from engine.definitions.actions import Compiler
from engine.definitions.declarations import field_name
from engine.definitions.model import Confidential, FieldType, Workflow
from engine.definitions.reading import Reader, Word
from engine.definitions.source import Entry
from engine.definitions.walk import actions_of, every_action, items_of


def confidential(compiler: Compiler, entry: Entry | None) -> Confidential | None:
    """The section as a value; None when the file has none. Problems are noted with the compiler's reader."""
    if entry is None:
        return None
    reader, book = compiler.reader, compiler.book
    keys = reader.section(entry.value, "confidential")
    given = reader.words(keys["known_to"].value) if "known_to" in keys else ()
    when = compiler.condition(keys["when"].value, compiler.names(book.ticket)) if "when" in keys else None
    return Confidential(
        known_to=tuple(word.text for word in given if reader.known(word, book.roles, "角色", "role")),
        when=when,
        not_about=_about(compiler, keys["not_about"]) if "not_about" in keys else None,
        line=entry.line,
    )


def _about(compiler: Compiler, entry: Entry) -> str | None:
    reader, fields = compiler.reader, compiler.book.fields
    text = reader.text(entry.value)
    name = field_name(compiler.book, text)
    if not text or not reader.known(Word(name, entry.line), fields, "字段", "field"):
        return None
    if fields[name].type is not FieldType.DEPARTMENT or fields[name].personal:
        reader.refuse(
            entry.line,
            f"回避字段“{text}”应为部门类型，且不能是个人信息",
            f"`not_about` names '{text}', which must hold departments and not be personal",
        )
        return None
    return name


def examine(reader: Reader, workflow: Workflow) -> None:
    """Whoever may act on a ticket must be able to know of it; what it is about must be asked by some form.

    Whoever starts one need not see what becomes of it: anybody may hand in what is kept from them then.
    """
    secret = workflow.confidential
    if secret is None:
        return
    for action in actions_of(workflow.states, workflow.requests, workflow.tasks):
        for name in sorted(action.by_people() - {*secret.known_to}):
            if name in workflow.roles and workflow.roles[name].person is None:
                reader.refuse(
                    action.line,
                    f"“{action.name}”由“{name}”办理，但保密（confidential）的知悉角色中没有它",
                    f"'{action.name}' is done by '{name}', which is not among `known_to` of `confidential`",
                )
    asked = {item.name for action in every_action(workflow) for item in items_of(action)}
    if secret.not_about is not None and secret.not_about not in asked:
        reader.refuse(
            secret.line,
            f"回避字段“{secret.not_about}”没有任何表单填写",
            f"no form asks for '{secret.not_about}', which `not_about` of `confidential` names",
        )
