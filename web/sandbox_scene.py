"""What a sandbox's page shows: the ticket as it stands, who of the cast can do what, what comes next, what was told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlencode

from markupsafe import Markup

from engine.analysis.diagram import Language
from engine.analysis.drawing import svg
from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import FieldType, Title, Workflow
from engine.errors import NotFound
from engine.records import hands, registers
from engine.records import sheet as sheets
from engine.records.access import Viewer, viewer_of
from engine.records.asking import ids_of
from engine.records.sheet import Sheet, Sight
from engine.rules.case import Case
from engine.sandbox import cast, pictures
from engine.sandbox.cast import Member
from engine.sandbox.clockwork import next_rung
from engine.sandbox.house import loops_of
from engine.sandbox.play import Play
from engine.stages.calls import Caller, Offer
from web.contexts import Deed, TicketPage, ticket_page
from web.forms import Drawing, Option, Widget
from web.pages.report import starts_for

#: Lines of history, and acts of which is said who was told.
_LINES, _TOLD = 200, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """Somebody of the cast, and how much they can do now."""

    member: Member
    can: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidings:
    """An act that somebody was told of."""

    at: Instant
    title: Title
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One page of a sandbox."""

    loop: Workflow
    players: tuple[Player, ...]
    who: Member
    #: Case numbers, the first the one that is played.
    tickets: tuple[str, ...]
    page: TicketPage | None
    #: Starts that are open to whoever acts; offered while there is no ticket.
    starts: tuple[Deed, ...]
    #: When a rung of a running deadline comes next.
    coming: Instant | None
    told: tuple[Tidings, ...]
    #: The diagram of the ticket, and of each kind of task that is at work.
    drawn: tuple[tuple[Title, Markup], ...]


def scene(house: Application, play: Play, address: str, who: str, case_no: str, language: Language) -> Scene:
    """The sandbox as it stands. Errors: `NotFound` for a ticket or somebody who isn't in it."""
    loops = loops_of(play)
    members = cast.cast(loops)
    with house.database.looking() as transaction:
        tickets = tuple(row[0] for row in transaction.rows("SELECT case_no FROM ticket ORDER BY id"))
        shown = case_no or (tickets[0] if tickets else "")
        ids = ids_of(transaction, "person", "login", [one.login for one in members])
        offers = {one.login: _possible(house, transaction, loops[0], ids[one.login], shown) for one in members}
        player = _chosen(members, who) if who else _likely(members, offers)
        page, told, drawn = None, tuple[Tidings, ...](), _drawn(loops[0], None, {}, language)
        if shown:
            sheet = sheet_of(house, transaction, ids[player.login], shown)
            page, told, drawn = _ticket(house, transaction, sheet, ids[player.login], address, player, language)
    return Scene(
        loop=loops[0],
        players=tuple(Player(member=one, can=len(offers[one.login])) for one in members),
        who=player,
        tickets=tickets,
        page=page,
        starts=() if shown else tuple(_deed(address, player, "", one) for one in offers[player.login]),
        coming=next_rung(house),
        told=told,
        drawn=drawn,
    )  # fmt: skip


def sheet_of(house: Application, transaction: Transaction, person_id: int, case_no: str) -> Sheet:
    """A ticket with everything on it: its author reads all of it, whoever acts. Errors: `NotFound`."""
    ((ticket_id,),) = transaction.rows("SELECT id FROM ticket WHERE case_no = ?", (case_no,)) or ((None,),)
    if ticket_id is None:
        raise NotFound("没有这个案卷", "there is no such ticket")
    seen = Sight(ticket_id=ticket_id, case_no=case_no, official=True)
    viewer = viewer_of(transaction, person_id, house.clock.now())
    case = house.door.case(transaction, ticket_id)
    return sheets.sheet(transaction, house.versions, viewer, seen, case, house.clock.now())


def member_of(play: Play, who: str) -> Member:
    """Somebody of the cast. Errors: `NotFound`."""
    return _chosen(cast.cast(loops_of(play)), who)


def start_offers(loop: Workflow, viewer: Viewer) -> list[Offer]:
    """The starts that somebody's posts allow, as offers."""
    return [
        Offer(
            name=start.name, title=start.title, task=None, request=None, kind="start", expected=None,
            form=start.form, each={}, possible=True, to=start.to,
        )
        for start in starts_for(loop, viewer)
    ]  # fmt: skip


def fitted(transaction: Transaction, widgets: Sequence[Widget], play: Play, now: Instant) -> list[Widget]:
    """Fields of a form for here: sample pictures instead of uploads, short lists instead of searches."""
    used = sum(str(step.form).count(sha) for step in play.steps for sha, _ in pictures.samples())
    return [_fitted(transaction, widget, used, now) for widget in widgets]


def _fitted(transaction: Transaction, widget: Widget, used: int, now: Instant) -> Widget:
    if widget.kind == "upload":
        shas = [sha for sha, _ in pictures.samples()]
        options = tuple(
            Option(value=sha, text=f"示例照片 {number} / Sample picture {number}") for number, sha in enumerate(shas, 1)
        )
        given = widget.values or ((shas[used % len(shas)],) if widget.required else ())
        return replace(widget, kind="checks", options=options, values=given)
    if widget.kind == "find":
        options = tuple(_all(transaction, widget.register, now))
        return replace(widget, kind="checks" if widget.many else "list", options=options)
    return widget


def _all(transaction: Transaction, register: str, now: Instant) -> Iterator[Option]:
    if register == "item":
        for item in registers.items(transaction):
            for standard in item.standards:
                yield Option(value=standard.code, text=f"{item.name} · {standard.filing_condition}（{standard.limit}）")
    else:
        for one in registers.people_in(transaction, None, "", now):
            yield Option(value=one.code, text=f"{one.name}（{one.code}）")


def _possible(
    house: Application, transaction: Transaction, loop: Workflow, person_id: int, case_no: str
) -> list[Offer]:
    if not case_no:
        return start_offers(loop, viewer_of(transaction, person_id, house.clock.now()))
    rows = transaction.rows("SELECT id FROM ticket WHERE case_no = ?", (case_no,))
    offers = house.door.offers(transaction, int(rows[0][0]), Caller(person_id=person_id)) if rows else []
    return [offer for offer in offers if offer.possible]


def _chosen(members: Sequence[Member], who: str) -> Member:
    for one in members:
        if one.login == who:
            return one
    raise NotFound("演员表中没有这个人", "nobody of the cast is called so")


def _likely(members: Sequence[Member], offers: dict[str, list[Offer]]) -> Member:
    """Whoever can move the matter on, else whoever can do anything."""
    moving = (one for one in members if any(offer.to for offer in offers[one.login]))
    return next(moving, next((one for one in members if offers[one.login]), members[0]))


def _ticket(
    house: Application, transaction: Transaction, sheet: Sheet, person_id: int, address: str, player: Member,
    language: Language,
) -> tuple[TicketPage, tuple[Tidings, ...], tuple[tuple[Title, Markup], ...]]:  # fmt: skip
    viewer = viewer_of(transaction, person_id, house.clock.now())
    history = sheets.recent(transaction, viewer, sheet.sight, sheet.case, limit=_LINES)
    offers = house.door.offers(transaction, sheet.sight.ticket_id, Caller(person_id=person_id))
    page = ticket_page(transaction, sheet, history, offers)
    titles = {line.seq: line.title for line in history.lines}
    told = tuple(_told(transaction, sheet.sight.ticket_id, titles))
    drawn = _drawn(sheet.definition, sheet.case, hands.way(transaction, sheet.case).visited, language)
    return _here(page, address, player), told, drawn


def _here(page: TicketPage, address: str, player: Member) -> TicketPage:
    """The page with buttons that lead into the sandbox."""
    case_no = page.sheet.sight.case_no

    def moved(deeds: Sequence[Deed]) -> tuple[Deed, ...]:
        return tuple(replace(one, url=_deed(address, player, case_no, one.offer).url) for one in deeds)

    return replace(
        page,
        deeds=moved(page.deeds),
        tasks=tuple(replace(one, deeds=moved(one.deeds)) for one in page.tasks),
        requests=tuple(replace(one, deeds=moved(one.deeds)) for one in page.requests),
    )


def _deed(address: str, player: Member, case_no: str, offer: Offer) -> Deed:
    parts = {
        "who": player.login,
        "action": offer.name,
        "case_no": case_no,
        "task": offer.task,
        "request": offer.request,
    }
    return Deed(offer=offer, url=f"{address}/act?{urlencode({name: one for name, one in parts.items() if one})}")


def _told(transaction: Transaction, ticket_id: int, titles: dict[int, Title]) -> Iterator[Tidings]:
    rows = transaction.rows(
        "SELECT m.event_seq, m.at, p.name FROM message m JOIN person p ON p.id = m.person_id "
        "WHERE m.ticket_id = ? ORDER BY m.event_seq DESC, p.id",
        (ticket_id,),
    )
    for number, (seq, group) in enumerate(groupby(rows, key=lambda row: row[0])):
        if number == _TOLD:
            return
        listed = list(group)
        yield Tidings(
            at=Instant(listed[0][1]), title=titles.get(seq, Title("", "")), names=tuple(row[2] for row in listed)
        )


def _drawn(
    loop: Workflow, case: Case | None, visited: Mapping[str, frozenset[str]], language: Language
) -> tuple[tuple[Title, Markup], ...]:
    kinds = list(dict.fromkeys(task.kind for task in case.tasks.values())) if case else []
    found = []
    for kind in (None, *kinds):
        here = set[str]()
        if case is not None:
            live = (task.state for task in case.tasks.values() if task.kind == kind)
            here = {case.ticket.state} if kind is None else set(live)
        # Our own SVG, whose texts are escaped where it is made.
        drawing = svg(loop, kind, language=language, here=here, visited=visited.get(kind or "", frozenset()) - here)
        found.append((loop.scope(kind).title, Markup(drawing)))  # noqa: S704
    return tuple(found)


def drawing_for(
    house: Application, transaction: Transaction, person_id: int, sheet: Sheet | None, offer: Offer
) -> Drawing:
    """What drawing an act's form depends on, for one of the cast."""
    task = sheet.case.tasks.get(offer.task) if sheet is not None and offer.task is not None else None
    return Drawing(
        transaction=transaction,
        viewer=viewer_of(transaction, person_id, house.clock.now()),
        now=house.clock.now(),
        area_codes=tuple(sheet.names.areas[link.id].code for link in sheet.case.ticket.area) if sheet else (),
        department_id=task.department_id if task else None,
    )


def has_place(offer: Offer) -> str:
    """The name of the field that says where a matter lies, to be filled with the made micro-grid."""
    return next((item.name for item in offer.form if item.field.type is FieldType.PLACE), "")
