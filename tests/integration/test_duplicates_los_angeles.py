"""Likely duplicates in real requests of Los Angeles: the index finds what a plain walk over all of them finds."""

import csv
from dataclasses import dataclass, replace
from itertools import islice
from math import cos, hypot, radians
from pathlib import Path
from statistics import mean

import pytest

from engine import resources
from engine.clock import HOUR, SetClock
from engine.database import Database
from engine.definitions import thresholds
from engine.exchange.history import import_tickets
from engine.exchange.history_reading import read_map
from engine.records.frequent import roots
from engine.stages.triage import duplicates
from tests.support.importing import empty_house, shared

ROWS = 2_000
RULES = thresholds.shipped().duplicates
#: Metres by which a plane and a sphere may differ at such distances.
DOUBT = 0.5


@dataclass(frozen=True)
class Request:
    """A row as the reference reads it."""

    ticket_id: int
    case_no: str
    category: str
    opened_at: int
    lon: float
    lat: float
    void: bool

    def metres(self, other: "Request") -> float:
        """On a plane that touches Los Angeles."""
        north = (self.lat - other.lat) * 111_195
        east = (self.lon - other.lon) * 111_195 * cos(radians((self.lat + other.lat) / 2))
        return hypot(north, east)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The first rows of the real file."""
    whole = shared("la311-2017.csv")
    if whole is None:
        pytest.skip("没有洛杉矶的数据 / the file of Los Angeles is not here")
    path = tmp_path / "la311.csv"
    with whole.open(encoding="utf-8", newline="") as given, path.open("w", encoding="utf-8", newline="") as taken:
        csv.writer(taken).writerows(islice(csv.reader(given), ROWS + 1))
    return path


def requests(database: Database) -> list[Request]:
    with database.looking() as transaction:
        rows = transaction.rows(
            "SELECT t.id, t.case_no, w.description, t.opened_at, p.lon_e7, p.lat_e7, t.state_type FROM ticket t "
            "JOIN ticket_place p ON p.ticket_id = t.id JOIN particulars w ON w.ticket_id = t.id ORDER BY t.id"
        )
    return [
        Request(row[0], row[1], row[2].partition(" · ")[0], row[3], row[4] / 1e7, row[5] / 1e7, row[6] == "void")
        for row in rows
    ]


@pytest.mark.slow
def test_what_is_found_in_los_angeles_is_what_a_plain_walk_finds(
    database: Database, clock: SetClock, sample: Path
) -> None:
    door = empty_house(database, clock)
    import_tickets(door, sample, read_map(resources.workflows() / "imports" / "la311.yaml"))
    known = requests(database)
    assert len(known) > ROWS * 0.9, "nearly every request has its point"
    looked, repeated = known[:: len(known) // 200], 0
    every = replace(RULES, least=0, most=50)
    #: Points of pairs at one point, by whether they are of one category.
    points: dict[bool, list[int]] = {True: [], False: []}
    for one in looked:
        with database.looking() as transaction:
            units = roots(transaction)
            found = duplicates(transaction, one.ticket_id, units, every)
            likely = duplicates(transaction, one.ticket_id, units, RULES)
        near = [
            other
            for other in known
            if other is not one and not other.void and abs(other.opened_at - one.opened_at) <= RULES.hours * HOUR
        ]
        surely = {other.case_no for other in near if one.metres(other) < RULES.metres - DOUBT}
        perhaps = {other.case_no for other in near if one.metres(other) < RULES.metres + DOUBT}
        names = {duplicate.near.case_no for duplicate in found}
        assert len(names) == len(found) < 50
        assert surely <= names <= perhaps
        others = {other.case_no: other for other in near}
        again = {name for name, other in others.items() if one.metres(other) < 1 and one.category == other.category}
        assert again <= {duplicate.near.case_no for duplicate in likely}, "asked again for the same at the same address"
        repeated += len(again)
        for duplicate in found:
            if duplicate.likeness.metres == 0:
                points[others[duplicate.near.case_no].category == one.category].append(duplicate.likeness.points)
    assert repeated > 5
    # The engine knows no categories of Los Angeles, only words: they must tell the same kind from what else is asked
    # for at one address.
    assert min(map(len, points.values())) > 5
    assert mean(points[True]) > mean(points[False])
