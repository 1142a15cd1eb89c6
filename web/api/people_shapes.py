"""Shapes of people, posts, deputies and duty in the API."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from web.api.shapes import NamedOut, PersonOut, TitleOut


class PostOut(BaseModel):
    post: str
    title: TitleOut
    area: NamedOut | None
    department: NamedOut | None


class MeOut(BaseModel):
    login: str
    name: str
    posts: list[PostOut]


class TenureOut(BaseModel):
    """A post held from–to."""

    post: str
    title: TitleOut
    unit: NamedOut | None = Field(description="The area or department; null for the whole installation.")
    since: str
    until: str | None
    behalf_of: str = Field(description="Who is on leave and whose deputy this is; empty for one's own post.")


class TenuresOut(BaseModel):
    items: list[TenureOut]


class HolderOut(TenureOut):
    """Somebody with a post."""

    person: PersonOut


class HoldersOut(BaseModel):
    items: list[HolderOut]


class LeaveIn(BaseModel):
    """A leave, and who stands in meanwhile."""

    model_config = ConfigDict(extra="forbid")

    post: str = Field(max_length=64, examples=["lead"], description="A post you hold now.")
    deputy: str = Field(max_length=64, description="Login.")
    since: AwareDatetime | None = Field(default=None, description="Now if missing or past.")
    until: AwareDatetime = Field(description="90 days later at most.")
    reason: str = Field(default="", max_length=200)


class DeputyOut(BaseModel):
    """A post held on somebody's behalf."""

    number: int
    post: str
    title: TitleOut
    unit: str
    owner: PersonOut
    deputy: PersonOut
    since: str
    until: str
    reason: str


class DeputiesOut(BaseModel):
    items: list[DeputyOut]


class ShiftOut(BaseModel):
    """A turn of duty."""

    person: PersonOut
    post: str
    title: TitleOut
    unit: NamedOut
    since: str
    until: str


class RosterOut(BaseModel):
    items: list[ShiftOut]


class ActiveOut(BaseModel):
    """A grid leader's month."""

    person: PersonOut
    grids: list[str]
    acts: int = Field(description="All acts; the following are among them.")
    reports: int
    calls: int
    evaluations: int
    listed: int = Field(description="Problems put on the problem list.")
    last_seen: str | None = Field(description="The newest act ever.")


class ActivityOut(BaseModel):
    month: str
    items: list[ActiveOut]
