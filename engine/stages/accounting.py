"""What is done with an accounting period 考核周期: draft, open, object, rule, close, finalise, restate.

Every act is one transaction and one line of the period's chain, with the person, the post held and the moment. A period
moves by a supervisor's act alone; the engine itself only drafts and closes windows that are over.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import DAY, Clock, Instant, shown
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.errors import Malformed, NotAllowedNow, NotPermitted, Place
from engine.records import cohorts, period_writing, periods, score_sheets, seals
from engine.records.access import Viewer
from engine.records.areas import area_by_code
from engine.records.indicators import Asked
from engine.records.period_rows import State
from engine.records.periods import Objection, Period
from engine.rules import cut_off, roll
from engine.rules.chain import canonical, personal_digest
from engine.rules.roll import FORMAT, Formulas, Ground, Head, Judgement, Line, Tally
from engine.stages import accounting_rights as rights
from engine.stages.door import Door

#: The line that a ticket's history gets when a ruling takes it out of a period.
RULED = "period_ruling"
#: Characters of the words of an objection or a ruling.
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, holding which post; the engine itself has neither."""

    viewer: Viewer | None = None
    post: str = ""


ENGINE = By()


def draft_if_any(database: Database, clock: Clock, sheet: str, area: str, label: str) -> int | None:
    """What the engine drafts by itself; None when nothing falls into the period. Errors: as `draft`."""
    with database.looking() as transaction:
        formulas = score_sheets.of(transaction, sheet)
        since, until = cut_off.span(label, formulas.sheet.cut_off)
        asked = Asked(since=since, until=until, as_of=clock.now(), area=area)
        if not cohorts.any_of(transaction, indicators_of(formulas), asked):
            return None
    return draft(database, clock, sheet, area, label)


def draft(database: Database, clock: Clock, sheet: str, area: str, label: str, by: By = ENGINE) -> int:
    """Freeze who is in and who is out as of now; the new period's id.

    1. everything is read on one snapshot
    2. the lines, the head and the act that holds their digests are written together
    Errors: `NotFound` for a sheet or area; `Malformed` for a label; `NotAllowedNow` before the period is over, or when
    it is drafted already; `NotPermitted`.
    """
    now = clock.now()
    with database.looking() as transaction:
        formulas, place = score_sheets.of(transaction, sheet), area_by_code(transaction, area)
        since, until = cut_off.span(label, formulas.sheet.cut_off)
        if until > now:
            raise NotAllowedNow(f"周期 {label} 尚未结束", f"the period {label} is not over yet")
        if by.viewer is not None:
            rights.must_supervise(transaction, by.viewer, int(place.id or 0))
        asked = Asked(since=since, until=until, as_of=now, area=area)
        head, lines = _frozen(transaction, formulas, asked, label)

    def work(transaction: Transaction) -> int:
        if periods.found(transaction, sheet, int(place.id or 0), label) is not None:
            raise NotAllowedNow("此周期已有初稿", "this period has been drafted already")
        number = period_writing.begin(transaction, head, int(place.id or 0), lines)
        facts = {
            "head": _sha256(head.text), "lines": roll.digest(line.text for line in lines), "count": len(lines),
            "formulas": formulas.digest,
        }  # fmt: skip
        _note(transaction, number, "draft", by, now, facts)
        return number

    return database.acting(work)


def open_window(database: Database, clock: Clock, number: int, by: By) -> None:
    """From now on units may object, for as many days as the sheet says. Errors: `NotPermitted`, `NotAllowedNow`."""

    def work(transaction: Transaction) -> None:
        now, period = clock.now(), _locked(transaction, number)
        _moves(transaction, period, by, State.DRAFT)
        until = Instant(now + cohorts.head_of(period).formulas.sheet.window * DAY)
        period_writing.move(transaction, number, State.OBJECTING, window_until=until)
        _note(transaction, number, "open", by, now, {"until": until})

    database.acting(work)


def object_to(
    database: Database, clock: Clock, number: int, line: int, viewer: Viewer, ground: Ground, words: str
) -> int:
    """A unit objects to a line of its own; the objection's number.

    Errors: `NotAllowedNow` out of the window, for a line that counts nowhere, or one that is objected to already;
    `NotPermitted` for somebody else's line; `NotFound`; `Malformed` without words.
    """
    said = _words(words)

    def work(transaction: Transaction) -> int:
        now, period = clock.now(), _locked(transaction, number)
        _in_window(period, now)
        found = periods.line(transaction, number, line)
        unit, post = rights.must_own(transaction, viewer, period, found)
        if found.standing is Tally.OUT:
            raise NotAllowedNow(
                "这一行没有计入，无须异议", "this line is counted nowhere: there is nothing to object to"
            )
        if any(one.line.number == line for one in periods.objections(transaction, number)):
            raise NotAllowedNow("这一行已提过异议", "this line has been objected to already")
        salt = os.urandom(32)
        facts = {"line": line, "unit": unit, "ground": ground.value, "words": personal_digest("sha256", salt, said)}
        seq = _note(transaction, number, "object", By(viewer, post), now, facts)
        row = (number, seq, line, viewer.person_id, unit, ground.value, said, salt.hex(), now)
        period_writing.objection(transaction, row)
        return seq

    return database.acting(work)


def rule(door: Door, number: int, objection: int, by: By, verdict: Judgement, words: str) -> None:
    """Keep a line or take it out, with the ground. What is taken out of an indicator with words of exemption is
    exempted in its ticket's own history too, so that live figures agree.

    Errors: `NotFound`; `NotAllowedNow` when it is ruled upon or the period is final; `NotPermitted` for whoever does
    not supervise the area, or belongs to the unit that objects; `Malformed` without a ground.
    """
    said, now = _words(words), door.clock.now()
    with door.database.looking() as transaction:
        period = periods.period(transaction, number)
        line = _objection(transaction, number, objection).line
        facts = _exempting(transaction, period, line, said) if verdict is Judgement.EXCLUDE else None

    def work(transaction: Transaction) -> bool:
        period = _locked(transaction, number)
        if period.state not in (State.OBJECTING, State.RULING):
            raise NotAllowedNow("此周期现在不能裁定", "nothing can be ruled in this period now")
        found = _objection(transaction, number, objection)
        if found.verdict is not None:
            raise NotAllowedNow("此异议已裁定", "this objection has been ruled upon")
        rights.must_supervise(transaction, _viewer(by), period.area_id)
        rights.not_of(transaction, _viewer(by), found)
        salt = os.urandom(32)
        told = {"objection": objection, "line": found.line.number, "verdict": verdict.value}
        seq = _note(transaction, number, "rule", by, now, told | {"words": personal_digest("sha256", salt, said)})
        row = (number, objection, seq, found.line.number, verdict.value, _viewer(by).person_id, said, salt.hex(), now)
        period_writing.ruling(transaction, row)
        return True

    if facts is None:
        door.database.acting(work)
    else:
        door.reconsider(line.ticket_id, first=work, said=(RULED, facts))


def close_window(database: Database, clock: Clock, number: int, by: By = ENGINE) -> None:
    """The window is over: from here on only what waits is ruled upon. Errors: `NotPermitted`, `NotAllowedNow`."""

    def work(transaction: Transaction) -> None:
        now, period = clock.now(), _locked(transaction, number)
        _moves(transaction, period, by, State.OBJECTING)
        if period.window_until is None or now < period.window_until:
            raise NotAllowedNow(
                f"异议期到 {shown(period.window_until or now)} 才结束",
                f"units may object until {shown(period.window_until or now)}",
            )
        period_writing.move(transaction, number, State.RULING)
        _note(transaction, number, "close", by, now, {})

    database.acting(work)


def finalise(database: Database, clock: Clock, number: int, by: By) -> str:
    """Freeze the results; the digest of the document. Errors: `NotPermitted`; `NotAllowedNow` while objections wait."""

    def work(transaction: Transaction) -> str:
        now, period = clock.now(), _locked(transaction, number)
        _moves(transaction, period, by, State.RULING)
        if period.waiting:
            raise NotAllowedNow(
                f"还有 {period.waiting} 件异议待裁定，不能定稿", f"{period.waiting} objections wait for a ruling"
            )
        newest = seals.last(transaction)
        lines = list(periods.lines(transaction, number))
        head = cohorts.head_of(period)
        results = roll.results(head, lines, periods.excluded(transaction, number))
        sealed = replace(period, results=results, seal=newest.number if newest else None)
        digest = roll.digest(document(transaction, sealed))
        period_writing.settle(transaction, number, results, digest, sealed.seal)
        _note(transaction, number, "finalise", by, now, {"document": digest, "seal": sealed.seal})
        return digest

    return database.acting(work)


def restate(database: Database, clock: Clock, number: int, by: By) -> tuple[int, str]:
    """Say what facts that came later would change of a final period; it stays as it is. Number and document.

    Errors: `NotPermitted`, `NotAllowedNow` for a period that is not final.
    """
    now = clock.now()
    with database.looking() as transaction:
        period = periods.period(transaction, number)
        if by.viewer is not None:
            rights.must_supervise(transaction, by.viewer, period.area_id)
        if period.state is not State.FINAL:
            raise NotAllowedNow("定稿后才能重述", "only a final period is restated")
        text = _restated(transaction, period, now)

    def work(transaction: Transaction) -> int:
        _locked(transaction, number)
        digest = _sha256(text)
        seq = _note(transaction, number, "restate", by, now, {"as_of": now, "document": digest})
        period_writing.restatement(transaction, (number, seq, now, text, digest))
        return seq

    return database.acting(work), text


def document(transaction: Transaction, period: Period) -> Sequence[str]:
    """The lines of a final period's document, told from what is frozen."""
    sealed = seals.found(transaction, period.seal) if period.seal else None
    return list(
        roll.document(
            cohorts.head_of(period),
            periods.lines(transaction, period.id),
            periods.rulings(transaction, period.id),
            (sealed.number, sealed.statement.hash) if sealed else (),
            period.results,
        )
    )


def indicators_of(formulas: Formulas) -> list[Indicator]:
    """The indicators of a sheet as it counts them: with or without what is exempted."""
    found = list(formulas.indicators.values())
    return [replace(one, exempt=()) for one in found] if formulas.sheet.all_count else found


def _frozen(transaction: Transaction, formulas: Formulas, asked: Asked, label: str) -> tuple[Head, list[Line]]:
    known = cohorts.trees(transaction)
    lines = cohorts.explained(transaction, indicators_of(formulas), asked)
    seats = cohorts.seats(transaction, formulas.sheet, known, asked.area, asked)
    values: dict[str, Any] = {
        "format": FORMAT, "sheet": formulas.sheet.name, "label": label, "area": asked.area, "since": asked.since,
        "until": asked.until, "as_of": asked.as_of, "sheet_text": formulas.sheet_text,
        "indicator_texts": dict(formulas.indicator_texts), "seats": sorted(seats),
        "areas": {code: list(one) for code, one in known.areas.items()},
        "departments": {code: list(one) for code, one in known.departments.items()},
    }  # fmt: skip
    return Head(values), lines


def _restated(transaction: Transaction, period: Period, now: Instant) -> str:
    head = cohorts.head_of(period)
    asked = Asked(since=period.since, until=period.until, as_of=now, area=period.area)
    after = cohorts.explained(transaction, indicators_of(head.formulas), asked)
    frozen = list(periods.lines(transaction, period.id))
    excluded = periods.excluded(transaction, period.id)
    ruled = {line.key for line in frozen if line.number in excluded}
    hidden = cohorts.confidential(transaction, {line.ticket_id for line in frozen})
    after = [line for line in after if line.key not in ruled]
    return canonical(
        {
            "as_of": now,
            "period": period.id,
            "differences": [one for one in roll.differences(frozen, after, excluded) if one["ticket_id"] not in hidden],
            "results": json.loads(roll.results(head, after, frozenset()))[1],
        }
    )


def _exempting(transaction: Transaction, period: Period, line: Line, words: str) -> Mapping[str, Any] | None:
    """What the ticket's history is told; None where the live indicator knows no exemption."""
    formulas = cohorts.head_of(period).formulas
    exempt = formulas.indicators[line.indicator].exempt
    if not exempt or formulas.sheet.all_count:
        return None
    unit = cohorts.department_id(transaction, line.department) if line.seq else None
    return {
        "period": period.label, "sheet": period.sheet, "indicator": line.indicator,
        "exempts": [[word, unit] for word in exempt],
    }  # fmt: skip


def _objection(transaction: Transaction, number: int, seq: int) -> Objection:
    for one in periods.objections(transaction, number):
        if one.seq == seq:
            return one
    raise NotAllowedNow("没有这条异议", "there is no such objection")


def _locked(transaction: Transaction, number: int) -> Period:
    periods.lock(transaction, number)
    return periods.period(transaction, number)


def _moves(transaction: Transaction, period: Period, by: By, state: State) -> None:
    if by.viewer is not None:
        rights.must_supervise(transaction, by.viewer, period.area_id)
    if period.state is not state:
        title = period.state_title
        raise NotAllowedNow(f"此周期现在是“{title.zh}”，不能这样办", f"the period is '{title.en}' now")


def _in_window(period: Period, now: Instant) -> None:
    if period.state is not State.OBJECTING or period.window_until is None:
        raise NotAllowedNow(
            f"不在异议期内（{period.state_title.zh}）", f"not within the days for objections ({period.state_title.en})"
        )
    if now >= period.window_until:
        until = shown(period.window_until)
        raise NotAllowedNow(f"异议期已于 {until} 结束", f"the days for objections ended at {until}")


def _viewer(by: By) -> Viewer:
    if by.viewer is None:
        raise NotPermitted(action="rule", roles=["supervisor"])
    return by.viewer


def _words(given: str) -> str:
    said = given.strip()
    if not said or len(said) > LONGEST:
        raise Malformed(
            f"请说明理由（{LONGEST} 字以内）", f"say why, in at most {LONGEST} characters", place=Place(field="words")
        )
    return said


def _note(transaction: Transaction, number: int, action: str, by: By, at: Instant, facts: Mapping[str, Any]) -> int:
    post = by.post or ("supervisor" if by.viewer is not None else "")
    person = by.viewer.person_id if by.viewer is not None else None
    return period_writing.note(transaction, number, action, person, post, at, canonical(dict(facts)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
