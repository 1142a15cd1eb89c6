"""剔除只动本单位：无论剔除哪一件、哪一词、哪个部门，别的单位的指标和得分一分不变。"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, HOUR
from engine.database import Database, Transaction
from engine.definitions.indicator_file import discover
from engine.definitions.score import Of
from engine.records import cohorts, score_sheets, scores
from engine.records.areas import chain
from engine.records.indicators import Asked, figures
from engine.rules import cut_off, roll
from tests.support.door import Told, World

INDICATORS = [one for one in discover().values() if one.exempt]
WORDS = sorted({word for one in INDICATORS for word in one.exempt})
UNITS = ("urban", "water", "power", "gas")
#: Kept small: each example asks every figure of every unit twice.
EXAMPLES = 12


class _Undo(Exception):
    """Takes an exemption back once its figures are known."""


@dataclass(frozen=True)
class Left:
    """One thing left out: of which ticket, by which word, of which department (none: as a whole)."""

    ticket: int
    word: str
    department: int | None


@pytest.fixture(scope="module")
def told(run: Any, files: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Tickets of two streets that four departments worked on, some late, some scored badly, some again."""
    world = World(Database(files.fresh(tmp_path_factory.mktemp("left-out"))))
    for number, (units, by) in enumerate(
        ((("urban", "water"), "wang"), (("power",), "wang"), (("gas", "urban"), "neighbour"), (("water",), "neighbour"))
    ):
        one = Told(world).reported(by)
        one.do("shen", "accept", form={"item": "part-01-01"})
        one.do("shen", "call", form={"lead": units[0], "co": list(units[1:])})
        world.later(HOUR * number)
        one.signed(*units).finished(*units)
        one.do("zhou" if by == "wang" else "liu", "check") if number < 2 else None
        if number < 2:
            seqs = {one.task_of(unit).seq: {"stars": 2 + number, "resolved": "solved"} for unit in units}
            one.do("liu", "pass", each=seqs)
    Told(world).called("power", "gas").signed("power")
    world.later(25 * DAY)
    relay(world.database)
    fold_facts(world.database, world.versions)
    return world


def asked(world: World) -> Asked:
    since, until = cut_off.span("2026-03", None)
    return Asked(since=since, until=until, as_of=world.clock.now(), area="district")


def by_unit(transaction: Transaction, world: World) -> Mapping[tuple[str, str], object]:
    """Every figure of every department and area, and every score of every sheet, by the unit that answers for it."""
    told: dict[tuple[str, str], object] = {}
    for unit in UNITS:
        told["department", unit] = figures(transaction, INDICATORS, replace(asked(world), department=unit))
    for area in world.areas:
        if area not in ("city", "district"):
            told["area", area] = figures(transaction, INDICATORS, replace(asked(world), area=area))
    for formulas in score_sheets.shipped().values():
        found = scores.scored(transaction, formulas, asked(world)).scores
        told |= {(f"{formulas.sheet.name} {formulas.sheet.of.value}", unit): one for unit, one in found.items()}
    return told


def concerned(world: World, left: Left) -> set[str]:
    """The units that may answer for what is left out: its departments and areas, with all above, and its people."""
    units = "SELECT d.code, u.code FROM task k JOIN department d ON d.id = k.department_id LEFT JOIN department u "
    found = {
        code for row in world.rows(f"{units} ON u.id = d.parent_id WHERE k.ticket_id = ?", left.ticket) for code in row
    }
    lineage = world.rows("SELECT a.lineage FROM ticket t JOIN area a ON a.id = t.area_id WHERE t.id = ?", left.ticket)
    above = {link.id for link in chain(lineage[0][0])}
    found |= {code for code, number in world.areas.items() if number in above}
    who = "SELECT DISTINCT p.login FROM event e JOIN person p ON p.id = e.person_id WHERE e.ticket_id = ?"
    people = world.rows(who, left.ticket)
    return found | {row[0] for row in people}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_an_exemption_changes_nothing_of_other_units(told: World, data: st.DataObject) -> None:
    tickets = [row[0] for row in told.rows("SELECT id FROM ticket ORDER BY id")]
    ticket = data.draw(st.sampled_from(tickets))
    own = [row[0] for row in told.rows("SELECT DISTINCT department_id FROM task WHERE ticket_id = ?", ticket)]
    left = Left(ticket, data.draw(st.sampled_from(WORDS)), data.draw(st.sampled_from([None, *own])))
    before, after = _with(told, left)
    apart = concerned(told, left)
    for key, value in before.items():
        if key[1] not in apart:
            assert after.get(key) == value, (left, key)
    if left.department is not None:
        others = {row[0] for row in told.rows("SELECT code FROM department WHERE id <> ?", left.department)}
        for unit in others & {*UNITS}:
            assert after["department", unit] == before["department", unit], "not even the others of the same ticket"


def _with(world: World, left: Left) -> tuple[Mapping[tuple[str, str], object], Mapping[tuple[str, str], object]]:
    kept: list[Mapping[tuple[str, str], object]] = []

    def work(transaction: Transaction) -> None:
        kept.append(_BEFORE.get(0) or by_unit(transaction, world))
        transaction.run(
            "INSERT INTO exemption (ticket_id, event_seq, part, indicator, department_id, restored, at) "
            "VALUES (?, 9999, 0, ?, ?, ?, ?)",
            (left.ticket, left.word, left.department, False, world.clock.now() - HOUR),
        )
        kept.append(by_unit(transaction, world))
        raise _Undo

    with pytest.raises(_Undo):
        world.database.acting(work)
    _BEFORE[0] = kept[0]
    return kept[0], kept[1]


#: Every example is taken back, so that all begin with the same figures.
_BEFORE: dict[int, Mapping[tuple[str, str], object]] = {}


def test_some_exemption_does_change_the_units_own_figures(told: World) -> None:
    """Else the property above would hold of a product that leaves nothing out."""
    (ticket,) = told.rows("SELECT min(ticket_id) FROM task_fact WHERE score IS NOT NULL")[0]
    before, after = _with(told, Left(ticket, "score", told.departments["urban"]))
    changed = {key for key in before if before[key] != after.get(key)}
    assert ("department", "urban") in changed
    assert ("department", "gas") not in changed


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_line_that_a_ruling_takes_out_changes_no_other_units_score(told: World, data: st.DataObject) -> None:
    formulas = data.draw(st.sampled_from(sorted(score_sheets.shipped().values(), key=lambda one: one.sheet.name)))
    trees, seats, lines = _roll(told, formulas.sheet.name)
    out = frozenset(data.draw(st.sets(st.integers(1, max(len(lines), 1)), max_size=4)))
    before = roll.scores(formulas.sheet, trees, seats, lines)
    after = roll.scores(formulas.sheet, trees, seats, lines, out)
    touched = {
        unit
        for line in lines
        if line.number in out
        for unit in roll.units_of(formulas.sheet, trees, seats, roll.leaf_of(formulas.sheet, line))
    }
    assert {unit: one for unit, one in before.items() if unit not in touched} == {
        unit: one for unit, one in after.items() if unit not in touched
    }
    assert formulas.sheet.of in Of


_ROLLS: dict[str, tuple[roll.Trees, frozenset[str], list[roll.Line]]] = {}


def _roll(world: World, name: str) -> tuple[roll.Trees, frozenset[str], list[roll.Line]]:
    if name not in _ROLLS:
        formulas = score_sheets.shipped()[name]
        with world.database.looking() as transaction:
            trees = cohorts.trees(transaction)
            seats = cohorts.seats(transaction, formulas.sheet, trees, "district", asked(world))
            found = cohorts.explained(transaction, scores.indicators_of(formulas), asked(world))
        _ROLLS[name] = trees, seats, [replace(line, number=number) for number, line in enumerate(found, 1)]
    return _ROLLS[name]
