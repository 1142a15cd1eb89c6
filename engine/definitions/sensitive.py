"""Sensitive personal data 敏感个人信息 in workflow files: why a field is needed, and which posts may be shown it."""

from collections.abc import Mapping

from engine.definitions.model import FieldType, Sensitive, Title, Workflow
from engine.definitions.reading import Reader
from engine.definitions.source import Entry

#: What a sensitive field may hold: neither pictures nor places can be masked, units and people stand in columns.
TYPES = (FieldType.TEXT, FieldType.CHOICE, FieldType.DATE, FieldType.NUMBER, FieldType.YES_NO)
_NEEDS = {"purpose": ("处理目的（purpose）", "`purpose`"), "seen_by": ("可见角色（seen_by）", "`seen_by`")}


def sensitive(reader: Reader, keys: Mapping[str, Entry], entry: Entry, kind: FieldType) -> Sensitive | None:
    """What a field says of itself; problems are noted."""
    if "class" not in keys:
        for name in _NEEDS:
            if name in keys:
                reader.refuse(
                    keys[name].line,
                    f"字段“{entry.key}”：{_NEEDS[name][0]}只用于敏感个人信息（class: sensitive）",
                    f"the field '{entry.key}': {_NEEDS[name][1]} belongs to `class: sensitive`",
                )
        return None
    reader.choice(keys["class"].value, "field class", "信息类别", "class of field")
    for name, (zh, en) in _NEEDS.items():
        if name not in keys:
            reader.refuse(
                entry.line,
                f"字段“{entry.key}”是敏感个人信息，必须写明{zh}",
                f"the field '{entry.key}' is sensitive and needs {en}",
            )
    if kind not in TYPES:
        reader.refuse(
            entry.line,
            f"字段“{entry.key}”：敏感个人信息不能是 {kind}，可用：{'、'.join(TYPES)}",
            f"the field '{entry.key}' is sensitive and cannot be a {kind}; there are {', '.join(TYPES)}",
        )
    seen = reader.words(keys["seen_by"].value) if "seen_by" in keys else []
    return Sensitive(
        purpose=reader.title(keys["purpose"].value) if "purpose" in keys else Title("", ""),
        seen_by=tuple(word.text for word in seen),
        line=keys["seen_by"].line if "seen_by" in keys else entry.line,
    )


def examine(reader: Reader, workflow: Workflow) -> None:
    """Who may be shown a sensitive field holds a post: nobody is shown it for being somebody, nor by a link."""
    for field in workflow.fields.values():
        for name in field.sensitive.seen_by if field.sensitive is not None else ():
            role = workflow.roles.get(name)
            if role is None or not role.posts:
                line = field.sensitive.line if field.sensitive is not None else 0
                reader.refuse(
                    line,
                    f"字段“{field.name}”的可见角色“{name}”没有声明，或不是按岗位的角色",
                    f"'{name}', which may be shown '{field.name}', is no role by post of this file",
                )
