"""A register as its file declares it: a list of things or people with fields of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.definitions.model import Field, FieldType, FormItem, Need, Title

#: What a field of a register may hold: nothing that hangs on one ticket.
FIELD_TYPES: Final = (
    FieldType.TEXT,
    FieldType.CHOICE,
    FieldType.DATE,
    FieldType.NUMBER,
    FieldType.YES_NO,
    FieldType.PERSON,
    FieldType.DEPARTMENT,
    FieldType.AREA,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register: what its rows hold, and who keeps them."""

    key: str
    title: Title
    fields: Mapping[str, Field]
    #: Fields that every row has.
    required: frozenset[str]
    #: The field that names a row, and the one that says in which area it lies.
    name: str
    area: str
    #: Who keeps its rows: holders of these posts for an area of this level, each within their own area.
    posts: frozenset[str]
    level: str
    line: int = field(default=0, compare=False)

    @property
    def form(self) -> tuple[FormItem, ...]:
        """What a row is asked for."""
        return tuple(
            FormItem(one, Need.ONE if one.name in self.required else Need.MAYBE) for one in self.fields.values()
        )
