"""What the API takes and answers. Moments are ISO 8601 with +08:00; nothing shows an internal id."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

Word = Annotated[str, StringConstraints(pattern=r"^[\w.:/-]{1,64}$")]
Seq = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Version = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]


class _In(BaseModel):
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
    contact_name: str
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


class _Claimed(_In):
    claimed_at: AwareDatetime | None = Field(
        None,
        description="When it happened, as the device says: at most 90 days ago, not ahead of now.",
        examples=["2026-03-02T08:41:00+08:00"],
    )
    source: Literal["engine", "device"] = Field("engine", description="`device` together with `claimed_at`.")


class ReportIn(_Claimed):
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


class ActIn(_Claimed):
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


class StateOut(BaseModel):
    name: str
    title: TitleOut
    type: str
    stage: str | None
    final: bool


class StartOut(BaseModel):
    action: str
    title: TitleOut
    form: list[FieldOut]


class WorkflowRowOut(BaseModel):
    key: str
    version: int
    title: TitleOut
    starts: list[StartOut]


class WorkflowsOut(BaseModel):
    items: list[WorkflowRowOut]


class VersionOut(BaseModel):
    version: int
    sha256: str
    stored_at: str
    activated_at: str | None


class WorkflowOut(WorkflowRowOut):
    """The version that new tickets start on."""

    calendar: str
    states: list[StateOut]
    tasks: dict[str, list[StateOut]]
    versions: list[VersionOut]
    source: str = Field(description="The exact text of the file.")


class CalendarVersionOut(BaseModel):
    """One stored version: its file and the decrees that count with it."""

    name: str = Field(examples=["cn-mainland@2"])
    version: int
    sha256: str
    applied_at: str
    applied_by: str
    reason: str


class CalendarRowOut(BaseModel):
    """The newest version of a working calendar."""

    key: str = Field(examples=["cn-mainland"])
    version: int
    title: TitleOut
    zone: str = Field(examples=["Asia/Shanghai"])
    daily: list[str] = Field(description="Hours of an ordinary day.", examples=[["09:00-11:30", "13:30-17:30"]])
    weekly: dict[str, list[str]] = Field(description="Weekday → its hours; empty for a day of rest.")
    decreed: list[int] | None = Field(
        description="Years whose holidays are decreed; null for a calendar that keeps none."
    )
    stands_for: str | None = Field(description="The calendar in whose place it stands.")
    areas: list[str] = Field(description="Codes of the areas in which it does.")


class CalendarsOut(BaseModel):
    items: list[CalendarRowOut]


class CalendarDayOut(BaseModel):
    """A day that is not what its weekday says."""

    date: str = Field(examples=["2026-10-01"])
    kind: str = Field(description="holiday, make_up or special.", examples=["holiday"])
    hours: list[str]


class CalendarOut(CalendarRowOut):
    """A calendar with one year of it."""

    year: int
    provisional: bool = Field(description="Whether the year, or a part of it, is not decreed.")
    basis: str | None = Field(description="The document or package that decreed the year.")
    days: list[CalendarDayOut]
    versions: list[CalendarVersionOut]
    source: str = Field(description="The exact text of the file.")


class UploadOut(BaseModel):
    """A file that forms may refer to by its `sha256`."""

    sha256: str
    media_type: str = Field(examples=["image/jpeg"])
    size: int


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


class StandardOut(BaseModel):
    code: str = Field(examples=["part-01-01/1"])
    filing_condition: str
    closing_condition: str
    limit: str


class ItemOut(NamedOut):
    kind: str
    class_name: str
    standards: list[StandardOut]


class ItemsOut(BaseModel):
    items: list[ItemOut]


class AreaOut(AreaRefOut):
    parent: str | None


class AreasOut(BaseModel):
    items: list[AreaOut]
    next: str | None = Field(description="Send it back as `after`; null at the end.")


class DepartmentOut(NamedOut):
    kind: str
    parent: str | None
    area: str | None


class DepartmentsOut(BaseModel):
    items: list[DepartmentOut]
    next: str | None


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


class ListedOut(BaseModel):
    """One ticket of a list, as it was when the list was made; empty where you may not see it any more."""

    case_no: str | None
    visible: bool
    title: TitleOut
    deadline: TitleOut
    due: str | None
    provisional: bool = Field(description="A year it depends on had no decreed holidays then.")
    light: str
    card: str
    state: TitleOut


class ListingOut(BaseModel):
    """A list that a rhythm made."""

    period: str = Field(examples=["2026-W48"])
    count: int
    tickets: list[ListedOut]


class MessageOut(BaseModel):
    """One thing you were told."""

    message: str = Field(description="Its name: send it back to mark it as read.", examples=["20260302-000017.9"])
    kind: str = Field(description="notice: an act on a ticket; list: a list of tickets.")
    at: str
    urgent: bool
    read_at: str | None
    visible: bool = Field(description="Whether you may see what it is about; if not, everything below is empty.")
    case_no: str | None
    what: TitleOut
    light: str
    card: str
    description: str
    behalf_of: str = Field(description="Who is on leave and in whose place you were told; empty otherwise.")
    deputy: str = Field(description="Who is told in your place while you are on leave; empty otherwise.")
    listing: ListingOut | None


class InboxOut(BaseModel):
    """A part of the inbox."""

    items: list[MessageOut]
    unread: int = Field(description="Counted up to 100.")
    next: str | None = Field(description="Send it back as `cursor` for the next part; null at the end.")


Ref = Annotated[str, StringConstraints(pattern=r"^[0-9a-f.-]{1,60}$")]


class ReadIn(_In):
    """Either some messages, or everything up to a moment."""

    messages: list[Ref] = Field([], max_length=100)
    until: AwareDatetime | None = None


class ReadOut(BaseModel):
    read: int = Field(description="How many were unread before.")
    unread: int = Field(description="How many still are, counted up to 100.")


class WishesIn(_In):
    """How somebody wants to be told."""

    quiet: str = Field("default", max_length=20, description="`22:00-07:30`, `none` or `default`.")
    digest: str = Field("once", max_length=20, description="`once`, `hourly` or `daily@08:30`.")
    urgent: bool = Field(False, description="What is urgent comes at once, at night and between digests too.")


class DestinationOut(BaseModel):
    """Where messages go beyond the inbox: its kind, never its address."""

    kind: str = Field(examples=["WeCom Bot"])
    set_at: str
    failed_at: str | None


class WishesOut(BaseModel):
    quiet: str
    installation_quiet: str = Field(description="What `default` means.")
    digest: str
    urgent: bool
    destinations: list[DestinationOut]


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


class RowFieldOut(BaseModel):
    name: str
    title: TitleOut
    type: str
    required: bool
    personal: bool


class RowRegisterOut(BaseModel):
    key: str
    title: TitleOut
    fields: list[RowFieldOut]


class RowRegistersOut(BaseModel):
    items: list[RowRegisterOut]


class RegisterRowOut(BaseModel):
    """One version of a row."""

    code: str
    version: int
    area: str
    fields: dict[str, str | int]
    since: str
    until: str | None
    recorded_at: str
    recorded_by: str


class RegisterRowsOut(BaseModel):
    items: list[RegisterRowOut]


class RegisterRowIn(_In):
    form: dict[str, str | int | bool | None] = Field(description="Field → value, as the register declares them.")
    since: str | None = Field(default=None, max_length=10, description="First day, 2026-03-01.")
    until: str | None = Field(default=None, max_length=10, description="Last day, 2026-12-31.")
    expected: int | None = Field(default=None, ge=0, description="The version seen; 0 for a new row.")


class RowPutOut(BaseModel):
    result: Literal["new", "changed", "same"]


class PointsLineOut(BaseModel):
    case_no: str
    seq: int = Field(description="The event that gave them, or took them back.")
    points: int
    reason: str
    at: str


class PointsOut(BaseModel):
    balance: int
    lines: list[PointsLineOut]
