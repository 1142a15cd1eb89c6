"""What the API takes and answers. Moments are ISO 8601 with +08:00; nothing shows an internal id."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

Word = Annotated[str, StringConstraints(pattern=r"^[\w.:/-]{1,64}$")]
Seq = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Version = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TitleOut(BaseModel):
    """What officials read."""

    zh: str = Field(examples=["处置中"])
    en: str = Field(examples=["Lines at work"])


class CodeOut(BaseModel):
    """A word for programs and what people read."""

    code: str = Field(examples=["handling"])
    title: TitleOut


class NamedOut(BaseModel):
    """A unit, an area, an item: its code and its name."""

    code: str
    name: str


class AreaRefOut(NamedOut):
    level: str = Field(examples=["micro_grid"])


class PersonOut(BaseModel):
    login: str = Field(examples=["wang"])
    name: str = Field(examples=["王芳"])


class DueOut(BaseModel):
    """The running deadline that comes first."""

    name: str
    title: TitleOut
    at: str
    light: str = Field(description="blue, yellow, orange, red, or empty while none has come.", examples=["yellow"])
    provisional: bool = Field(description="A year it depends on has no decreed holidays yet.")


class OwnTaskOut(BaseModel):
    task: int
    kind: str
    state: CodeOut


class RowOut(BaseModel):
    """One ticket of a list."""

    case_no: str = Field(examples=["20260302-000017"])
    workflow: CodeOut
    state: CodeOut
    state_type: str = Field(examples=["waiting"])
    stage: str = Field(examples=["triage"])
    area: AreaRefOut
    item: str | None
    urgency: str | None
    description: str
    address: str
    opened_at: str = Field(examples=["2026-03-02T09:00:00.000000+08:00"])
    entered_at: str
    settled_at: str | None
    due: DueOut | None
    confidential: bool = Field(description="Known to few: show it to nobody else.")
    own_tasks: list[OwnTaskOut] = Field(description="Open tasks of the reader or of the reader's departments.")


class PageOut(BaseModel):
    """A part of a list, newest first."""

    items: list[RowOut]
    next: str | None = Field(description="Send it back as `cursor` for the next part; null at the end.")


class TaskOut(BaseModel):
    """One department's or person's part of the work."""

    task: int = Field(description="Its number within the ticket.")
    kind: CodeOut
    state: CodeOut
    state_type: str
    round: int
    present: bool = Field(description="Whether it belongs to the round that is being worked on.")
    lead: bool
    version: int = Field(description="Send it back as `expected` of an act on this task.")
    department: NamedOut | None
    person: PersonOut | None
    opened_at: str
    entered_at: str
    settled_at: str | None
    counters: dict[str, int]
    marks: list[str]
    previous: int | None = Field(description="The task that this one replaces or does again.")


class RequestOut(BaseModel):
    """Something asked that waits for an answer."""

    request: int
    name: CodeOut
    task: int | None
    asked_at: str
    department: NamedOut | None
    person: PersonOut | None
    form: dict[str, Any]


class RungOut(BaseModel):
    """A rung of a deadline's ladder."""

    at: str = Field(description="When it comes, or came.")
    place: TitleOut
    brings: list[TitleOut]
    light: str
    card: str
    come: bool = Field(description="Whether it has been dealt with.")


class CardOut(BaseModel):
    """A card that stands."""

    card: CodeOut
    task: int | None = Field(description="The task it was given for; null for the ticket itself.")
    given_at: str


class DeadlineOut(BaseModel):
    """A deadline that runs or stands still."""

    name: str
    title: TitleOut
    task: int | None
    request: int | None
    run: str = Field(examples=["running"])
    limit: str = Field(examples=["5 workdays"])
    started_at: str
    due_at: str
    light: str
    holder: str = Field(description="Whose clock it is: a department, an area's desk or a person; empty for nobody.")
    left_seconds: int = Field(description="Until the due time, on the clock of the limit; negative when overdue.")
    working: bool = Field(description="Whether that is working time.")
    rungs: list[RungOut]
    extensions: int
    provisional: bool = Field(description="A year it depends on has no decreed holidays yet.")
    paused_at: str | None
    resumes_at: str | None


class TicketOut(BaseModel):
    """A ticket as it is now."""

    case_no: str
    workflow: CodeOut
    workflow_version: int
    state: CodeOut
    state_type: str
    stage: str
    state_version: int = Field(description="Send it back as `expected` of an act on the ticket itself.")
    area: AreaRefOut
    area_path: list[str]
    item: str | None
    urgency: str | None
    channel: str
    reporter: PersonOut | None
    department: NamedOut | None = Field(description="The unit that started it.")
    description: str
    address: str
    contact_name: str = Field(description="Masked unless you reported it: POST …/contact shows it for a purpose.")
    contact_phone: str
    counters: dict[str, int]
    marks: list[str]
    main: str | None = Field(description="The ticket that carries this one.")
    parent: str | None
    joined: list[str]
    subs: list[str]
    opened_at: str
    entered_at: str
    settled_at: str | None
    confidential: bool = Field(description="Known to few: show it to nobody else.")
    tasks: list[TaskOut]
    requests: list[RequestOut]
    deadlines: list[DeadlineOut]
    cards: list[CardOut]
    level: str = Field(description="The highest level of areas that a ladder has raised it to; empty for none.")


class FieldOut(BaseModel):
    """One thing a form asks for."""

    name: str = Field(examples=["lead"])
    title: TitleOut
    type: str = Field(examples=["department"])
    required: bool
    many: bool
    personal: bool = Field(description="Goes to the erasable part of the history.")
    choices: list[CodeOut]


class OfferOut(BaseModel):
    """An action as this person sees it now."""

    action: str = Field(examples=["accept"])
    title: TitleOut
    kind: Literal["act", "ask", "answer"]
    task: int | None
    request: int | None
    expected: int | None = Field(description="What to send back as `expected`.")
    to: str | None = Field(description="The state it leads to; null stays.")
    form: list[FieldOut]
    each: dict[str, list[FieldOut]] = Field(description="Asked once per finished task, by its number.")
    possible: bool
    code: str = Field(description="Why not, for programs; empty when possible.")
    reason: str = Field(description="Why not, 中文 / English.")


class OffersOut(BaseModel):
    case_no: str
    state_version: int
    actions: list[OfferOut]


class Claimed(In):
    claimed_at: AwareDatetime | None = Field(
        None,
        description="When it happened, as the device says: at most 90 days ago, not ahead of now.",
        examples=["2026-03-02T08:41:00+08:00"],
    )
    source: Literal["engine", "device"] = Field("engine", description="`device` together with `claimed_at`.")


class ReportIn(Claimed):
    """A new ticket."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "workflow": "block-calls-line-responds",
                    "action": "report",
                    "form": {
                        "description": "小区门口窨井盖破损",
                        "place": {"area": "310120101ZH01"},
                        "before_photos": ["<sha256 of an upload>"],
                    },
                    "channel": "grid",
                }
            ]
        }
    )

    workflow: Word
    action: Word = Field(description="The name of one of the workflow's starts.")
    form: dict[str, Any] = Field(default_factory=dict)
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,64}$")] = Field("", examples=["grid"])


class ActIn(Claimed):
    """One act on a ticket, on one of its tasks, or an answer to a request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "accept", "form": {"item": "part-01-01/1", "urgency": "normal"}, "expected": 1},
                {"action": "sign", "task": 9, "expected": 1},
                {"action": "uphold", "request": 14, "form": {"reason": "属于贵单位职责"}},
            ]
        }
    )

    action: Word
    task: Seq | None = None
    request: Seq | None = None
    form: dict[str, Any] = Field(default_factory=dict)
    each: dict[Digits, dict[str, Any]] = Field(default_factory=dict, description="Task number → its answers.")
    expected: Version | None = Field(None, description="The version seen; left out, the act is done on what is there.")


class OutcomeOut(BaseModel):
    """What came of an act; the same for every repetition of its key."""

    case_no: str
    state: CodeOut
    state_version: int
    seq: int = Field(description="Number of the act's first event.")
    last_seq: int
    created: list[int] = Field(description="Tasks and requests it created.")
    repeated: bool


class EventOut(BaseModel):
    """One line of the history."""

    seq: int
    at: str = Field(description="When it happened, as `source` claims.")
    recorded_at: str
    source: str
    action: str
    title: TitleOut
    task: int | None
    task_kind: str
    request: int | None
    actor: str
    person: PersonOut | None
    post: str
    department: NamedOut | None
    behalf_of: PersonOut | None
    state_from: str
    state_to: str
    stage: str
    facts: dict[str, Any]
    words: dict[str, Any] | None = Field(description="Personal words; null if there are none for this reader.")
    hash: str


class HistoryOut(BaseModel):
    case_no: str
    events: list[EventOut]
    next: int | None = Field(description="Send it back as `after` for later events; null at the end.")


class UploadOut(BaseModel):
    """A file that forms may refer to by its `sha256`."""

    sha256: str
    media_type: str = Field(examples=["image/jpeg"])
    size: int


class FeedItemOut(BaseModel):
    position: int
    case_no: str
    seq: int
    last_seq: int
    at: str


class FeedOut(BaseModel):
    """Acts in an order without gaps, as far as this reader may know of them."""

    items: list[FeedItemOut]
    through: int = Field(description="The last position looked at: send it back as `after`.")


class HealthOut(BaseModel):
    database: Literal["ok"]
    relay_waiting: int = Field(description="Acts that have no position yet.")
    relay_lag_seconds: int = Field(description="How long the oldest of them waits.")
    sweep_age_seconds: int | None = Field(description="Since the last sweep ended; null before the first.")
    sweep_lag_seconds: int = Field(description="How long the oldest rung that has come waits for a sweep.")
    sweep_left_out: int = Field(description="Tickets that the sweep could not decide and tries again later.")
    messages_waiting: int = Field(description="Messages to people that wait, most of them for a time somebody wished.")
    messages_lag_seconds: int = Field(description="For how long the oldest of them has been due.")
    messages_dead: int = Field(description="Messages given up: see `huying outbox dead`.")
    notices_waiting: int = Field(description="Notices for which nobody has looked up the people yet.")
    notices_nobody: int = Field(description="Roles that were to be told within the last day, and that nobody holds.")
