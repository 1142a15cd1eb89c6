"""Who comes through which route: said here, one line a route, and held against the application by the tests.

A route without a line fails the tests; so does a line without a route. Nothing here is asked of the code that decides.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.everybody import CITIZEN, NOBODY, REPORTER, Everybody

#: Post, place and code of the unit of somebody; all "" for whoever has no account.
Person = tuple[str, str, str]
Who = Callable[[Person], bool]

_ABOVE_GRID = frozenset({"xd-g", "xd", "fx", "sh"})
_UNITS = frozenset({"handler", "lead", "contractor"})
_ADMINISTRATORS = frozenset({"system_admin", "security_admin", "audit_admin"})
_LEADERS = frozenset(
    {
        "chief", "coordinator", "shift_leader", "grid_leader", "deputy_grid_leader", "village_head", "lead",
        "supervisor", "audit_admin",
    }
)  # fmt: skip
_WATCHERS = frozenset({"supervisor", "audit_admin"})


def anybody(_: Person) -> bool:
    return True


def nobody(_: Person) -> bool:
    return False


def account(person: Person) -> bool:
    """Whoever has signed in."""
    return person[1] != NOBODY


def official(person: Person) -> bool:
    """Whoever holds a post in an area or a unit."""
    return bool(person[0]) and person[0] not in _ADMINISTRATORS


def by_post(*posts: str) -> Who:
    return lambda person: person[0] in posts


def knows_as_official(person: Person) -> bool:
    """Posts of the ticket's area and of those around it, and of the unit that was called."""
    post, place, _ = person
    return place == "own" if post in _UNITS else official(person) and place in ("own", "above")


def knows(person: Person) -> bool:
    """Whoever may know that the ticket exists."""
    return person[1] == REPORTER or knows_as_official(person)


def desk(person: Person) -> bool:
    """The street's desk."""
    return person[0] in ("coordinator", "shift_leader") and person[1] == "own"


def urges(person: Person) -> bool:
    """`by: [block, desk]` of `urge`: the block is the village or the grid that calls, for the ticket's area."""
    return desk(person) or (person[0] in ("village_head", "grid_leader") and person[1] in ("own", "above"))


def above_grid(person: Person) -> bool:
    """Posts for the grid of the poster or an area above it."""
    return official(person) and person[2] in _ABOVE_GRID


def keeper(person: Person) -> bool:
    """Who keeps the register in that village: `维护` of its file."""
    return person[0] in ("village_head", "grid_worker") and person[2] == "xd-v"


def convenes(person: Person) -> bool:
    """`convenes` of the joint meeting: the grid's leaders, and the street's desk."""
    return desk(person) or (person[0] in ("grid_leader", "deputy_grid_leader") and person[2] == "xd-g")


def around_grid(person: Person) -> bool:
    """Whoever may see the grid's sitting: posts around it, and its seats."""
    return above_grid(person) or (person[0] == "village_head" and person[2] == "xd-v")


def around_village(person: Person) -> bool:
    """Posts for the village of the row or an area above it."""
    return official(person) and person[2] in _ABOVE_GRID | {"xd-v"}


def supervises_all(person: Person) -> bool:
    """The supervisor of the area above all others."""
    return person[0] == "supervisor" and person[2] == "sh"


def weighs(person: Person) -> bool:
    """Whoever may change what counts in the whole installation's scores."""
    return supervises_all(person) or person[0] == "system_admin"


def supervises_district(person: Person) -> bool:
    return person[0] == "supervisor" and person[2] in ("fx", "sh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who comes through, and what the others are answered."""

    who: Who
    #: 403 where the page may be known to exist, 404 where not; whoever has no account is sent to sign in.
    denied: int = 403
    #: Who is told 403 although the others are told 404: they know the ticket, but may not do this.
    knowing: Who = nobody
    #: What these are answered.
    refused: int = 403
    #: A refusal that does as well: of what was filled in, by whoever cannot choose the place.
    or_else: int = 0
    #: What is sent.
    form: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    #: Query of the address.
    query: str = ""
    #: What whoever comes through finds: nothing of that number is there.
    missing: bool = False
    #: Parts of the address that differ from the usual ones.
    parts: Mapping[str, str] = field(default_factory=dict)
    #: Looked at from all places, not from the own one alone: what is seen depends on where a post is held.
    everywhere: bool = False


_URGE = {"action": "urge"}
_REGISTER = {"description": "x", "source": "x", "place": {"area": "xd-m"}}
_CARE = {"key": "special-care", "code": "fx-001"}
_ROW = {"name": "吴阿婆", "area": "xd-v", "kind": "alone"}
_CALL = {"workflow": "multi-grid-in-one", "meeting": "joint", "area": "xd-g", "at": "2026-03-13T14:00:00+08:00"}
_picture = Gate(who=knows, denied=404, parts={"sha256": "{picture}"}, everywhere=True)
_DAYS = {"key": "cn-mainland"}
_PEOPLE = {"key": "people"}
_SIT = {"code": "{sitting}"}
_ticket = Gate(who=knows, denied=404, everywhere=True)
_link = Gate(who=desk, denied=404, parts={"task": "{task}"}, everywhere=True)
_links = replace(_link, knowing=knows)
_looks, _watches = Gate(who=by_post(*_LEADERS)), Gate(who=by_post(*_WATCHERS))
_paths = Gate(who=by_post(*_WATCHERS))
_admin, _system = Gate(who=by_post(*_ADMINISTRATORS)), Gate(who=by_post("system_admin"))
_draft, _sandbox = replace(_system, missing=True), replace(_system, missing=True, parts={"name": "0" * 32})
_security = Gate(who=by_post("security_admin"))
_erasures = Gate(who=by_post("security_admin", "audit_admin"))
_tables = Gate(who=by_post("system_admin", "security_admin"), parts=_PEOPLE, missing=True)
_signed = Gate(who=account)
_activity = Gate(who=by_post("coordinator", "shift_leader", "chief", "supervisor"))
_none = Gate(who=nobody, denied=404)
_weights = Gate(who=weighs, everywhere=True)
_version = Gate(who=weighs, missing=True, parts={"number": "9"}, everywhere=True)
_open = Gate(who=anybody)
_post_holders = Gate(who=lambda person: bool(person[0]), denied=404)

#: Method and path → its gate.
GATES: dict[str, Gate] = {
    # --- without an account -------------------------------------------------------------------------------------
    "GET /api/openapi.json": _open,
    "GET /api/health": _open,
    "GET /signin": _open,
    "GET /language": _open,
    "GET /sw.js": _open,
    "GET /manifest.webmanifest": _open,
    "GET /g/{code}": _open,
    "GET /t/{secret}": _open,
    "GET /t/{secret}/do/{action}": Gate(who=anybody, parts={"action": "sign"}),
    "GET /t/{secret}/photos/{sha256}": Gate(who=anybody, parts={"sha256": "{picture}"}),
    "GET /r/{secret}": _open,
    "GET /r/{secret}/do/{action}": _open,
    # --- tickets --------------------------------------------------------------------------------------------------
    "GET /api/tickets": _signed,
    "POST /api/tickets": Gate(
        who=desk, json={"workflow": "block-calls-line-responds", "action": "register", "form": _REGISTER},
        everywhere=True,
    ),
    "GET /api/tickets/{case_no}": _ticket,
    "GET /api/tickets/{case_no}/actions": _ticket,
    "GET /api/tickets/{case_no}/history": _ticket,
    "GET /api/tickets/{case_no}/duplicates": _ticket,
    "GET /api/tickets/{case_no}/proposals": _ticket,
    "POST /api/tickets/{case_no}/acts": Gate(
        who=urges, denied=404, knowing=knows, json={**_URGE, "form": {"message": "请抓紧"}}, everywhere=True
    ),
    "GET /tickets/{case_no}": _ticket,
    "GET /tickets/{case_no}/do/{action}": Gate(
        who=urges, denied=404, knowing=knows, refused=409, parts=_URGE, everywhere=True
    ),
    "POST /tickets/{case_no}/do/{action}": Gate(
        who=urges, denied=404, knowing=knows, parts=_URGE, form={"message": "请抓紧"}, everywhere=True
    ),
    "GET /tickets/{case_no}/letters": Gate(who=knows_as_official, denied=404, everywhere=True),
    "POST /tickets/{case_no}/letters": Gate(who=knows_as_official, denied=404, everywhere=True),
    "POST /tickets/{case_no}/release": _ticket,
    "POST /tickets/{case_no}/contact": Gate(
        who=knows_as_official, denied=404, knowing=knows, form={"purpose": "reach"}, everywhere=True
    ),
    "POST /api/tickets/{case_no}/contact": Gate(
        who=knows_as_official, denied=404, knowing=knows, json={"purpose": "reach"}, everywhere=True
    ),
    # No field of this loop is sensitive, so whoever knows the ticket hears that there is none: test_sensitive.py.
    "POST /tickets/{case_no}/sensitive": Gate(
        who=knows, denied=404, form={"field": "health", "purpose": "上门走访"}, everywhere=True
    ),
    "POST /api/tickets/{case_no}/sensitive": Gate(
        who=knows, denied=404, json={"field": "health", "purpose": "上门走访"}, everywhere=True
    ),
    "POST /api/tickets/{case_no}/tasks/{task}/hand-back": Gate(
        who=nobody, denied=404, knowing=knows, parts={"task": "{task}"}, everywhere=True
    ),
    "POST /tickets/{case_no}/tasks/{task}/hand-back": Gate(
        who=nobody, denied=404, knowing=knows, parts={"task": "{task}"}, everywhere=True
    ),
    "GET /api/tickets/{case_no}/tasks/{task}/link": _link,
    "POST /api/tickets/{case_no}/tasks/{task}/link": _links,
    "DELETE /api/tickets/{case_no}/tasks/{task}/link": _links,
    "GET /tickets/{case_no}/tasks/{task}/link": _link,
    "POST /tickets/{case_no}/tasks/{task}/link": _links,
    "POST /tickets/{case_no}/tasks/{task}/link/revoke": _links,
    "GET /report/{workflow}/{start}": _signed,
    "POST /report/{workflow}/{start}": Gate(
        who=desk, parts={"start": "register"}, everywhere=True,
        form={"description": "x", "source": "x", "place.area": "xd-m"}, or_else=422,
    ),
    # --- one's own ------------------------------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "GET /", "GET /tickets", "GET /queue", "POST /next", "GET /tasks", "GET /map", "GET /bulk",
            "GET /bulk/{action}", "POST /bulk/{action}", "GET /report", "GET /inbox", "POST /inbox/read",
            "GET /inbox/settings", "POST /inbox/settings", "GET /csrf", "GET /unsent", "GET /originals",
            "POST /originals/{sha256}", "GET /catalogue", "GET /posts", "POST /posts", "GET /phrases",
            "POST /phrases", "GET /shifts", "POST /shifts", "GET /password", "POST /password", "POST /signout",
            "GET /points", "GET /grids", "GET /api/inbox", "POST /api/inbox/read", "GET /api/inbox/settings",
            "PUT /api/inbox/settings", "POST /api/uploads", "GET /api/me", "GET /api/points", "GET /api/deputies",
            "POST /api/deputies", "GET /sessions",
        ),
        _signed,
    ),
    "POST /sessions/end": Gate(who=account, form={"session": "x"}, missing=True),
    # What is asked for by a number is another's, or not there.
    "GET /inbox/{ref}": _none,
    "POST /posts/end": _none,
    "POST /phrases/remove": _none,
    "POST /shifts/{number}/take": _none,
    "POST /api/deputies/{number}/end": _none,
    "GET /documents/{number}": _none,
    "GET /documents/{number}/files/{form}": _none,
    "GET /reports/{number}": _none,
    "GET /reports/{number}/files/{form}": _none,
    "GET /periods/{number}": _none,
    "POST /periods/{number}/{act}": _none,
    "GET /periods/{number}/document": _none,
    # --- known to everybody who has signed in; what is listed is limited by reach ----------------------------------
    **dict.fromkeys(
        (
            "GET /api/precedents", "GET /api/frequent", "GET /precedents", "GET /frequent", "GET /api/workflows",
            "GET /api/workflows/{key}", "GET /api/workflows/{key}/diagram", "GET /workflows", "GET /workflows/{key}",
            "GET /api/calendars", "GET /calendars", "GET /api/catalogue/items", "GET /api/areas",
            "GET /api/departments", "GET /api/feed", "GET /api/registers", "GET /registers", "GET /api/admissions",
            "GET /admissions", "GET /api/meetings", "GET /meetings", "GET /api/appraisals", "GET /appraisals",
            "GET /api/exemptions", "GET /exemptions", "GET /rhythms", "GET /periods",
        ),
        _signed,
    ),
    "GET /map/grids": Gate(who=account, query="?box=1214000000,309000000,1215000000,310000000"),
    "GET /find/{register}": Gate(
        who=_post_holders.who, denied=404, parts={"register": "person"}, query="?name=person&find.person=沈"
    ),
    "GET /api/calendars/{key}": Gate(who=account, parts=_DAYS),
    "GET /calendars/{key}": Gate(who=account, parts=_DAYS),
    "GET /api/people/{login}/posts": _post_holders,
    "GET /api/posts/{post}/holders": _post_holders,
    "GET /api/roster": _post_holders,
    "GET /api/admissions/{unit}": _none,
    # --- pictures -------------------------------------------------------------------------------------------------
    **dict.fromkeys(("GET /uploads/{sha256}", "GET /api/uploads/{sha256}"), _picture),
    **dict.fromkeys(
        ("GET /uploads/{sha256}/thumb", "GET /api/uploads/{sha256}/thumb"), replace(_picture, query="?ticket={case_no}")
    ),
    # --- registers ------------------------------------------------------------------------------------------------
    "GET /api/registers/{key}/rows": Gate(who=account, parts=_CARE),
    "GET /registers/{key}": Gate(who=account, parts=_CARE),
    "GET /api/registers/{key}/rows/{code}": Gate(who=around_village, denied=404, parts=_CARE, everywhere=True),
    "GET /registers/{key}/rows/{code}": Gate(who=around_village, denied=404, parts=_CARE, everywhere=True),
    "PUT /api/registers/{key}/rows/{code}": Gate(who=keeper, parts=_CARE, json={"form": _ROW}, everywhere=True),
    "GET /registers/{key}/new": Gate(who=account, parts=_CARE),
    "POST /registers/{key}/new": Gate(
        who=keeper, parts=_CARE, form={**_ROW, "code": "fx-002"}, everywhere=True
    ),
    "GET /registers/{key}/rows/{code}/change": Gate(who=around_village, denied=404, parts=_CARE, everywhere=True),
    "POST /registers/{key}/rows/{code}/change": Gate(
        who=keeper, denied=404, knowing=around_village, parts=_CARE, form={**_ROW, "expected": "1"}, everywhere=True
    ),
    # --- meetings -------------------------------------------------------------------------------------------------
    "POST /api/meetings": Gate(who=convenes, json={**_CALL, "place": "x"}, everywhere=True),
    "POST /meetings": Gate(
        who=convenes, form={"body": "multi-grid-in-one|joint|xd-g", "at": "2026-03-13T14:00", "place": "x"},
        everywhere=True,
    ),
    "GET /api/meetings/{code}": Gate(who=around_grid, denied=404, parts=_SIT, everywhere=True),
    "POST /api/meetings/{code}/acts": Gate(
        who=convenes, denied=404, knowing=around_grid, parts=_SIT, json={"act": "cancel", "reason": "x"},
        everywhere=True,
    ),
    "GET /meetings/{code}": Gate(who=around_grid, denied=404, parts=_SIT, everywhere=True),
    "GET /meetings/{code}/minutes": Gate(who=around_grid, denied=404, parts=_SIT, everywhere=True),
    "POST /meetings/{code}/{act}": Gate(
        who=convenes, denied=404, knowing=around_grid, parts={**_SIT, "act": "cancel"}, form={"reason": "x"},
        everywhere=True,
    ),
    "POST /meetings/{code}/minutes/document": Gate(who=around_grid, denied=404, parts=_SIT, everywhere=True),
    # --- those who lead, watch, supervise --------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "GET /board", "GET /board/outlines", "GET /board/overdue", "GET /board/tomorrow", "GET /board/cards",
            "GET /board/open", "GET /figures", "GET /figures/{name}", "GET /api/figures", "GET /api/figures/{name}",
            "GET /api/figures/{name}/tickets",
        ),
        _looks,
    ),
    "GET /board/flow": Gate(who=by_post(*_LEADERS), query="?workflow=block-calls-line-responds"),
    **dict.fromkeys(
        (
            "GET /paths", "GET /paths/{key}", "GET /paths/{key}/tickets", "GET /paths/{key}/file", "GET /unmaskings",
            "GET /unmaskings.csv", "GET /api/unmaskings", "GET /seals", "GET /scores", "GET /scores/{sheet}",
            "GET /scores/{sheet}/{unit}", "GET /supervision", "GET /samples",
        ),
        _watches,
    ),
    "GET /samples/{sample}/{period}": Gate(who=by_post(*_WATCHERS), missing=True),
    "GET /supervision/notice": Gate(who=by_post("supervisor"), denied=404),
    "GET /seals/{number}/file": Gate(who=by_post("audit_admin"), missing=True),
    "GET /activity": _activity,
    "GET /api/activity": _activity,
    "GET /grids/{code}/poster": Gate(who=above_grid, denied=404, everywhere=True),
    "GET /scores/{sheet}/weights": _weights,
    "POST /scores/{sheet}/weights": _weights,
    "GET /scores/{sheet}/versions/{number}": _version,
    "POST /scores/{sheet}/versions/{number}/activate": _version,
    "POST /periods": Gate(
        who=supervises_district, form={"sheet": "department", "area": "fx", "label": "2026-02"}, everywhere=True
    ),
    "GET /reports": Gate(who=official),
    "POST /reports": Gate(who=official, form={"kind": "ledger", "workflow": "multi-grid-in-one", "period": "2026-02"}),
    "POST /bulletins": Gate(who=by_post("supervisor")),
    "GET /bulletins/{number}": Gate(who=by_post(*_WATCHERS), missing=True),
    "POST /bulletins/{number}": Gate(who=by_post(*_WATCHERS), missing=True),
    # --- the three administrators ----------------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "GET /admin", "GET /admin/areas", "GET /admin/departments", "GET /admin/people",
            "GET /admin/people/{login}", "GET /admin/acts", "GET /admin/templates", "GET /admin/templates/{kind}/file",
            "GET /admin/workflows", "GET /admin/workflows/loops/{key}", "GET /admin/workflows/loops/{key}/compare",
            "GET /admin/workflows/loops/{key}/{version}", "GET /admin/workflows/loops/{key}/{version}/rules",
            "GET /admin/workflows/loops/{key}/{version}/vacancies",
        ),
        _admin,
    ),
    "GET /admin/acts/{number}": Gate(who=by_post(*_ADMINISTRATORS), missing=True, parts={"number": "999"}),
    "GET /admin/tables/{key}": Gate(who=by_post(*_ADMINISTRATORS), parts=_PEOPLE),
    "GET /admin/tables/{key}/file": Gate(who=by_post(*_ADMINISTRATORS), parts=_PEOPLE),
    "POST /admin/tables/{key}": Gate(who=_tables.who, parts=_PEOPLE),
    "GET /admin/tables/{key}/drafts/{sha256}": _tables,
    "GET /admin/tables/{key}/drafts/{sha256}/refused": _tables,
    "POST /admin/tables/{key}/drafts/{sha256}": Gate(who=_tables.who, parts=_PEOPLE),
    "POST /admin/workflows": _system,
    **dict.fromkeys(
        (
            "GET /admin/workflows/drafts/{sha256}", "GET /admin/workflows/drafts/{sha256}/rules",
            "GET /admin/workflows/drafts/{sha256}/vacancies", "POST /admin/workflows/drafts/{sha256}/activate",
            "POST /admin/workflows/drafts/{sha256}/sandbox",
        ),
        _draft,
    ),
    "POST /admin/workflows/drafts/{sha256}/drop": _system,
    "POST /admin/workflows/loops/{key}/{version}/activate": _system,
    "POST /admin/workflows/loops/{key}/{version}/sandbox": _system,
    "GET /admin/workflows/sandboxes": _system,
    "GET /admin/workflows/sandboxes/{name}": _sandbox,
    "GET /admin/workflows/sandboxes/{name}/act": replace(_sandbox, query="?action=sign"),
    **dict.fromkeys(
        (
            "POST /admin/workflows/sandboxes/{name}/act", "POST /admin/workflows/sandboxes/{name}/clock",
            "POST /admin/workflows/sandboxes/{name}/back", "POST /admin/workflows/sandboxes/{name}/reset",
        ),
        _sandbox,
    ),
    "POST /admin/workflows/sandboxes/{name}/drop": replace(_sandbox, missing=False),
    "GET /admin/personal": _erasures,
    "GET /admin/personal/{number}": replace(_erasures, missing=True, parts={"number": "999"}),
    **dict.fromkeys(
        ("POST /admin/personal/look", "POST /admin/personal/copy", "POST /admin/personal/erase"), _security
    ),
    "POST /admin/people/{login}/password": Gate(who=_system.who, parts={"login": "zhou"}),
    "POST /admin/people/{login}/active": Gate(who=_system.who, parts={"login": "zhou"}),
    "POST /admin/templates/{kind}": _system,
}  # fmt: skip
#: Forms that somebody without a session sends: their tokens are another's, which a test of its own looks at.
APART = frozenset(
    {
        "POST /signin", "POST /signin/as", "POST /g/{code}", "POST /t/{secret}/do/{action}",
        "POST /r/{secret}/do/{action}",
    }
)  # fmt: skip

_PARTS = {
    "sha256": "0" * 64, "action": "sign", "workflow": "block-calls-line-responds", "start": "report",
    "login": "shen", "post": "coordinator", "register": "area", "code": "xd-g", "key": "block-calls-line-responds",
    "unit": "urban", "sheet": "department", "name": "valid_reports", "task": "9", "version": "1", "number": "1",
    "sample": "callbacks", "period": "2026-03", "form": "xlsx", "kind": "bulletin", "act": "close",
}  # fmt: skip


def address(whole: Everybody, path: str, gate: Gate, case_no: str = "") -> str:
    """The route's address with its parts filled in."""
    secret = whole.receipt if path.startswith("/r/") else whole.link
    known = {**_PARTS, **gate.parts, "case_no": case_no or whole.case_no, "ref": f"{whole.case_no}.1", "secret": secret}
    there = {"sitting": whole.sitting, "picture": whole.picture, "task": str(whole.task)}
    filled = {name: value.format_map(there) if value.startswith("{") else value for name, value in known.items()}
    return (path + gate.query).format_map(filled)


def people(whole: Everybody, *places: str) -> Iterator[tuple[str, Person]]:
    """Everybody with a post at these places, those without one, and whoever has no account."""
    for login, person in whole.people.items():
        if person[1] in (*places, REPORTER, CITIZEN):
            yield login, person
    yield NOBODY, ("", NOBODY, "")
