"""Units of the line: commissions and bureaus, field offices, utilities, property companies, contractors."""

from sqlmodel import SQLModel

from engine.records.columns import big_id, maybe_link, one_of, title, word

#: Kinds of unit (domain: Units).
KINDS = ("government", "bureau", "field_office", "utility", "body", "property", "contractor")


class Department(SQLModel, table=True):
    """One unit of the tree."""

    __tablename__ = "department"
    __table_args__ = (one_of("kind", KINDS),)

    id: int | None = big_id()
    code: str = word(unique=True)
    name: str = title()
    kind: str = word()
    parent_id: int | None = maybe_link("department.id", index=True)
    #: Where it is stationed, for field offices and street units.
    area_id: int | None = maybe_link("area.id", index=True)
