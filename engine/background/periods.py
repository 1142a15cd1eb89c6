"""Accounting periods by the calendar: drafts on the day after the cut-off, and windows that are over.

A draft is made once for each sheet in force and each area that has supervisors and no supervised area below it. What
ended long before the engine ran for the first time is left to a supervisor. Nothing else moves by itself.
"""

from engine.clock import DAY, Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.model import Title
from engine.errors import NotAllowedNow
from engine.records import cohorts, holders, messages, periods, score_sheets
from engine.records.areas import chain
from engine.records.asking import marks
from engine.records.messages import MessageKind, NewMessage
from engine.records.period_rows import State
from engine.records.periods import Period
from engine.rules import cut_off
from engine.rules.chain import canonical
from engine.stages import accounting
from engine.stages.accounting_rights import SUPERVISOR

#: A period that ended longer ago is not drafted by itself any more.
_LATE = 7 * DAY
#: What happened longer ago is announced no more.
_NEWS = 2 * DAY
_TOLD = {
    State.DRAFT: Title("考核周期初稿已生成，请开放异议", "a period was drafted: open it to objections"),
    State.OBJECTING: Title(
        "考核周期初稿可提异议，请查看本单位案卷", "a draft is open: look at your tickets and object"
    ),
    State.RULING: Title("考核周期异议期结束，请裁定并定稿", "the window is over: rule on what waits and make it final"),
    State.FINAL: Title("考核周期已定稿", "a period is final"),
}


def keep_periods(database: Database, clock: Clock) -> int:
    """Draft what is due, close windows that are over, tell whom it concerns; how much was done."""
    now = clock.now()
    done = sum(_drafted(database, clock, sheet, area, label) for sheet, area, label in _due(database, now))
    with database.looking() as transaction:
        found = periods.lively(transaction, now)
    for one in found:
        if one.state is State.OBJECTING and one.window_until is not None and one.window_until <= now:
            accounting.close_window(database, clock, one.id)
            done += 1
    return done + _announced(database, now)


def _due(database: Database, now: Instant) -> list[tuple[str, str, str]]:
    """Sheet, area and label of what is over and has no draft yet."""
    due = []
    with database.looking() as transaction:
        areas = _supervised(transaction)
        for name, formulas in score_sheets.in_force(transaction).items():
            (label,) = cut_off.ended(now, formulas.sheet.cut_off)
            if now - cut_off.span(label, formulas.sheet.cut_off)[1] > _LATE:
                continue
            due += [
                (name, code, label) for number, code in areas if not periods.found(transaction, name, number, label)
            ]
    return due


def _supervised(transaction: Transaction) -> list[tuple[int, str]]:
    """Id and code of the areas that have supervisors and none below them: those above draft by hand, if at all."""
    rows = transaction.rows(
        "SELECT DISTINCT a.id, a.code, a.lineage FROM holding h JOIN area a ON a.id = h.area_id "  # noqa: S608
        f"WHERE h.post = '{SUPERVISOR}' AND a.valid_to IS NULL ORDER BY a.code"
    )
    above = {link.id for number, _, lineage in rows for link in chain(lineage) if link.id != number}
    return [(int(number), code) for number, code, _ in rows if number not in above]


def _drafted(database: Database, clock: Clock, sheet: str, area: str, label: str) -> bool:
    """Whether a draft came of it: not when nothing falls into the period, or when somebody else was first."""
    try:
        return accounting.draft_if_any(database, clock, sheet, area, label) is not None
    except NotAllowedNow:
        return False


def _announced(database: Database, now: Instant) -> int:
    """Tell whom a period's state concerns, once; how many messages that were."""

    def work(transaction: Transaction) -> int:
        told = 0
        for one in periods.lively(transaction, Instant(now - _NEWS)):
            origin = f"r:period:{one.id}:{one.state.value}"
            if now - _moved(transaction, one.id) > _NEWS or _known(transaction, origin):
                continue
            title = _TOLD[one.state]
            sheet = cohorts.head_of(one).formulas.sheet.title
            said = {"title": {"zh": title.zh, "en": title.en}, "period": f"{one.label} {sheet.zh}", "count": one.lines}
            body = canonical(said)
            people = sorted(_concerned(transaction, one, now))
            messages.post(
                transaction,
                [NewMessage(person_id=who, origin=origin, kind=MessageKind.LIST, at=now, body=body) for who in people],
            )
            told += len(people)
        return told

    return database.acting(work)


def _moved(transaction: Transaction, number: int) -> Instant:
    """When a period last came into another state."""
    return max(act.at for act in periods.acts(transaction, number) if act.action not in ("object", "rule", "restate"))


def _known(transaction: Transaction, origin: str) -> bool:
    mark, *_ = marks(transaction, 1)
    return bool(transaction.rows(f"SELECT 1 FROM message WHERE origin = {mark} LIMIT 1", (origin,)))  # noqa: S608


def _concerned(transaction: Transaction, one: Period, now: Instant) -> set[int]:
    """Supervisors of the area while it is theirs to move; the heads of the units while it is theirs to object."""
    if one.state in (State.DRAFT, State.RULING):
        return holders.of_area(transaction, SUPERVISOR, one.area_id, now)
    return holders.of_period(transaction, one, now)
