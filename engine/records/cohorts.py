"""Who is in a figure, who is left out and why: the lines that a roll freezes, and the trees that they are read by."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.database import Transaction
from engine.definitions.indicator import AnyOf, Attribution, Condition, Counted, Indicator, Moment, Wanted
from engine.definitions.indicator_words import said
from engine.definitions.score import Of, Sheet
from engine.records.asking import among, marks
from engine.records.indicators import Asked, Cursor, Side, behind
from engine.records.indicators import Line as Found
from engine.records.periods import Period
from engine.rules.roll import EXEMPT, NOT_DUE, Head, Line, Tally, Trees

#: Lines read in one go.
_PAGE = 5_000
_Key = tuple[int, int]


def numerators(transaction: Transaction, indicators: Iterable[Indicator], asked: Asked) -> list[Line]:
    """What each indicator's numerator counts, by its cohort moment. Errors: `NotFound` as `figure`."""
    return [
        _line(one, found, known, Tally.NUMERATOR)
        for one in indicators
        for found, known in _known(transaction, one, _all(transaction, one, asked, Side.NUMERATOR))
    ]


def explained(transaction: Transaction, indicators: Iterable[Indicator], asked: Asked) -> list[Line]:
    """Everything that falls into the period, in its base or left out, with the first reason that leaves it out.

    Numbered from 1, indicator by indicator, each by its cohort moment. Errors: `NotFound` as `figure`.
    """
    lines: list[Line] = []
    for one in indicators:
        # A task that ended void counts for nobody; here it is shown, and why.
        final = one.attribution is Attribution.FINAL
        everyone = Attribution.EACH if final else one.attribution
        whole = replace(one, matures=None, without=None, exempt=(), attribution=everyone)
        base, numerator = (_keys(transaction, one, asked, side) for side in (Side.DENOMINATOR, Side.NUMERATOR))
        reasons = list(_reasons(transaction, one, whole, asked))
        for found, known in _known(transaction, one, _all(transaction, whole, asked, Side.DENOMINATOR)):
            key = (found.ticket_id, found.seq)
            if key in base:
                line = _line(one, found, known, Tally.NUMERATOR if key in numerator else Tally.DENOMINATOR)
            else:
                why = next((word for word, keys in reasons if key in keys), EXEMPT)
                line = replace(_line(one, found, known, Tally.OUT), why=why)
            lines.append(replace(line, number=len(lines) + 1))
    return lines


def any_of(transaction: Transaction, indicators: Iterable[Indicator], asked: Asked) -> bool:
    """Whether any of them counts anything. Errors: `NotFound` as `figure`."""
    return any(behind(transaction, one, asked, Side.DENOMINATOR, most=1) for one in indicators)


def trees(transaction: Transaction) -> Trees:
    """Both trees as they are now."""
    found = []
    for table, kind in (("area", "level"), ("department", "kind")):
        rows = transaction.rows(
            f"SELECT x.code, x.name, x.{kind}, y.code FROM {table} x LEFT JOIN {table} y ON y.id = x.parent_id "  # noqa: S608
            "ORDER BY x.code"
        )
        found.append({code: (name, word, above or "") for code, name, word, above in rows})
    return Trees(*found)


def seats(transaction: Transaction, sheet: Sheet, known: Trees, area: str, asked: Asked) -> frozenset[str]:
    """The areas that a sheet ranks below an area ("" for all): of its level, right below, or where its post is held.

    Of persons the logins of whoever held the post; of departments nothing.
    """
    if sheet.of is Of.PERSON:
        return frozenset(holders(transaction, sheet, asked) or ())
    below = {code for code in known.areas if not area or area in known.above(Of.AREA, code)}
    if sheet.of is Of.POST:
        held = _held(transaction, sheet.post, asked)
        return frozenset(below & held)
    if sheet.of is not Of.AREA:
        return frozenset()
    if sheet.level:
        return frozenset(code for code in below if known.areas[code][1] == sheet.level)
    return frozenset(code for code in below if known.areas[code][2] == area)


def _reasons(
    transaction: Transaction, indicator: Indicator, whole: Indicator, asked: Asked
) -> Iterator[tuple[str, set[_Key]]]:
    """Reason → what it leaves out, in the order in which reasons are given."""
    for part in _parts(indicator):
        yield part.text, _keys(transaction, replace(whole, counts=part), asked, Side.NUMERATOR)
    if indicator.attribution is Attribution.FINAL:
        void = Moment(Counted.TASK, "void")
        part = Condition(said(void, indicator.unit), void)
        yield part.text, _keys(transaction, replace(whole, counts=part), asked, Side.NUMERATOR)
    if indicator.matures is not None:
        everything = _keys(transaction, whole, asked, Side.DENOMINATOR)
        mature = _keys(transaction, replace(whole, matures=indicator.matures), asked, Side.DENOMINATOR)
        yield NOT_DUE, everything - mature


def _parts(indicator: Indicator) -> list[Condition]:
    """What `without` says, apart where it is one thing or another."""
    if indicator.without is None:
        return []
    wanted = indicator.without.wanted
    parts: tuple[Wanted, ...] = wanted.parts if isinstance(wanted, AnyOf) else (wanted,)
    return [Condition(said(part, indicator.unit), part) for part in parts]


def _keys(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side) -> set[_Key]:
    return {(one.ticket_id, one.seq) for one in _all(transaction, indicator, asked, side)}


def _all(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side) -> Iterator[Found]:
    after: Cursor | None = None
    while True:
        lines = behind(transaction, indicator, asked, side, after=after, most=_PAGE)
        yield from lines
        if len(lines) < _PAGE:
            return
        after = (lines[-1].cohort_at, lines[-1].ticket_id, lines[-1].seq)


def _known(
    transaction: Transaction, indicator: Indicator, found: Iterable[Found]
) -> Iterator[tuple[Found, Mapping[str, Any]]]:
    """Each line with its codes: area as of filing, department, person, stars."""
    task, lines = indicator.unit is Counted.TASK, list(found)
    alias, seq, stars = ("s", "s.seq", "s.score") if task else ("k", "0", "NULL")
    person = f"{alias}.{indicator.person}_by" if indicator.person else "NULL"
    tasks = "JOIN task_fact s ON s.ticket_id = k.ticket_id " if task else ""
    for begin in range(0, len(lines), _PAGE):
        some = lines[begin : begin + _PAGE]
        match, parameters = among(transaction, {one.ticket_id for one in some})
        rows = transaction.rows(
            f"SELECT k.ticket_id, {seq}, a.code, d.code, p.login, {stars} FROM ticket_fact k {tasks}"  # noqa: S608
            f"JOIN area a ON a.id = k.area_id LEFT JOIN department d ON d.id = {alias}.department_id "
            f"LEFT JOIN person p ON p.id = {person} WHERE k.ticket_id {match}",
            parameters,
        )
        codes = {
            (ticket, number): {"area": area, "department": unit or "", "person": login or "", "stars": score}
            for ticket, number, area, unit, login, score in rows
        }
        for one in some:
            yield one, codes[one.ticket_id, one.seq]


def _line(indicator: Indicator, found: Found, known: Mapping[str, Any], standing: Tally) -> Line:
    values = {**known, "stars": known["stars"] if indicator.mean else None}
    return Line(
        indicator=indicator.name, ticket_id=found.ticket_id, case_no=found.case_no, seq=found.seq, at=found.cohort_at,
        standing=standing, **values,
    )  # fmt: skip


def holders(transaction: Transaction, sheet: Sheet, asked: Asked) -> set[str] | None:
    """The logins of whoever held a sheet's post at some time of the period; None where it names none."""
    if not sheet.post:
        return None
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT DISTINCT p.login FROM holding h JOIN person p ON p.id = h.person_id "  # noqa: S608
        f"WHERE h.post = {mark} AND h.valid_from < {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark})",
        (sheet.post, asked.until, asked.since),
    )
    return {login for (login,) in rows}


def _held(transaction: Transaction, post: str, asked: Asked) -> set[str]:
    """The areas in which a post was held at some time of the period."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT DISTINCT a.code FROM holding h JOIN area a ON a.id = h.area_id "  # noqa: S608
        f"WHERE h.post = {mark} AND h.valid_from < {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark})",
        (post, asked.until, asked.since),
    )
    return {code for (code,) in rows}


def head_of(period: Period) -> Head:
    """The frozen head of a period."""
    return Head(json.loads(period.head)[1])


def confidential(transaction: Transaction, ids: Iterable[int]) -> set[int]:
    """Those tickets that few may know of by now."""
    match, parameters = among(transaction, ids)
    rows = transaction.rows(f"SELECT id FROM ticket WHERE confidential AND id {match}", parameters)  # noqa: S608
    return {int(row[0]) for row in rows}


def department_id(transaction: Transaction, code: str) -> int | None:
    """The id of a department's code."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT id FROM department WHERE code = {mark}", (code,))  # noqa: S608
    return int(rows[0][0]) if rows else None


def codes_of(transaction: Transaction, table: str, ids: Iterable[int]) -> set[str]:
    """The codes of areas or departments."""
    match, parameters = among(transaction, set(ids))
    return {code for (code,) in transaction.rows(f"SELECT code FROM {table} WHERE id {match}", parameters)}  # noqa: S608
