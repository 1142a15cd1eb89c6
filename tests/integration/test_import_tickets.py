"""Tickets of an old system come in through the door at the times it claims, once, however often they are brought."""

import gc
import json
import tracemalloc
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.clock import CIVIL_ZONE, DAY, SetClock, instant
from engine.database import Database
from engine.errors import Malformed, NotFound
from engine.exchange.history import Ending, Report, import_tickets, refused_path
from engine.exchange.history_reading import read_map
from engine.records.verify import verify
from engine.stages.door import Door
from tests.support.importing import count, empty_house, everything, mapped, table, written
from tests.support.old_systems import Sample, la311

LA = read_map(Path("la311"))
#: Where a ticket of Los Angeles is in the end.
STATES = {"Closed": "closed", "Referred Out": "closed", "Cancelled": "cancelled", "Open": "dispatched"}

HEADERS = ("编号", "提出", "受理", "派遣", "办结")
SMALL = """
source: small
workflow: service-request
id: 编号
times: {zone: Asia/Shanghai, formats: ["%Y-%m-%d %H:%M"]}
department: {column: 编号, default: line, create: true}
area: {column: 编号, create: {level: street}}
steps:
  - {action: report, at: 提出, form: {place: {from: place}}}
  - {action: accept, at: 受理}
  - {action: dispatch, at: 派遣, form: {lead: {from: department}}}
  - {action: finish, task: job, at: 办结}
"""


@pytest.fixture
def door(database: Database, clock: SetClock) -> Door:
    return empty_house(database, clock)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return la311(tmp_path / "requests.csv", 60)


def rows(door: Door, sql: str) -> list[Any]:
    with door.database.looking() as transaction:
        return transaction.rows(sql)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.read, report.imported, report.there, report.refused


def test_each_row_takes_the_path_of_its_status(door: Door, sample: Sample) -> None:
    report = import_tickets(door, sample.path, LA)
    refused = len(sample.refused)
    assert counts(report) == (60, 60 - refused, 0, refused)
    arrived = Counter(
        STATES[row["Status"]] for number, row in enumerate(table(sample.path), 2) if number not in sample.refused
    )
    assert arrived.keys() == {"closed", "cancelled", "dispatched"}
    assert dict(rows(door, "SELECT state, count(*) FROM ticket GROUP BY state")) == arrived


def test_events_happen_when_the_old_system_says_and_name_it_as_their_source(door: Door, tmp_path: Path) -> None:
    one = la311(tmp_path / "one.csv", 1)
    import_tickets(door, one.path, LA)
    (row,) = table(one.path)
    created, closed = (utc(row[column]) for column in ("CreatedDate", "ClosedDate"))
    events = rows(door, "SELECT action, at, recorded_at, source, actor FROM event ORDER BY seq")
    now = door.clock.now()
    people = [
        (action, at) for action, at, *_ in events if action in ("report", "accept", "dispatch", "finish", "close")
    ]
    assert people == [
        ("report", created), ("accept", created), ("dispatch", created), ("finish", closed), ("close", closed),
    ]  # fmt: skip
    assert {(recorded, source) for _, _, recorded, source, _ in events} == {(now, "import")}
    assert {actor for *_, actor in events} == {"import:la311", "rule"}
    assert rows(door, "SELECT opened_at, settled_at FROM ticket") == [(created, closed)]


def utc(text: str) -> int:
    return instant(datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=LA.times.zone))


def test_departments_and_areas_that_are_missing_are_made_once(door: Door, sample: Sample) -> None:
    report = import_tickets(door, sample.path, LA)
    assert "部门 la-bos（环境卫生局 / Bureau of Sanitation）" in report.made
    assert len(report.made) == count(door.database, "department") + count(door.database, "area")
    assert rows(door, "SELECT kind FROM department WHERE code = 'la-bos'") == [("bureau",)]
    district = "SELECT a.level, p.code FROM area a JOIN area p ON p.id = a.parent_id WHERE a.level = 'street'"
    assert set(rows(door, district)) == {("street", "la")}
    assert import_tickets(door, sample.path, LA).made == ()


def test_a_second_run_finds_everything_already_there(door: Door, sample: Sample) -> None:
    first = import_tickets(door, sample.path, LA)
    before = everything(door.database)
    again = import_tickets(door, sample.path, LA)
    assert counts(again) == (60, 0, first.imported, first.refused)
    assert everything(door.database) == before


def test_a_rehearsal_counts_like_the_import_and_writes_nothing(door: Door, tmp_path: Path) -> None:
    sample = la311(tmp_path / "requests.csv", 130)
    text = sample.path.read_text(encoding="utf-8").splitlines(keepends=True)
    # Row 3 comes twice more: once as it was, in another batch, and once with another content.
    sample.path.write_text("".join([*text, text[2], text[2].replace("BELLEVUE", "MESA")]), encoding="utf-8")
    before = everything(door.database)
    rehearsed = import_tickets(door, sample.path, LA, ending=Ending.UNDO)
    assert everything(door.database) == before
    real = import_tickets(door, sample.path, LA)
    assert counts(rehearsed) == counts(real) == (132, 130 - len(sample.refused), 1, len(sample.refused) + 1)
    assert rehearsed.made == real.made


def test_refused_rows_stand_in_a_file_that_can_be_mended_and_imported(door: Door, sample: Sample) -> None:
    report = import_tickets(door, sample.path, LA)
    assert report.refused_file == refused_path(sample.path) == sample.path.parent / "requests.refused.csv"
    refused = table(report.refused_file)
    assert {int(row["行 / Row"]): row["编号 / Identifier"] for row in refused} == {
        number: table(sample.path)[number - 2]["SRNumber"] for number in sample.refused
    }
    for row in refused:
        assert sample.refused[int(row["行 / Row"])] in row["原因"]
        assert row["Reason"]
        row["ClosedDate"] = row["UpdatedDate"]
    mended = written(sample.path.parent / "mended.csv", list(refused[0]), [list(row.values()) for row in refused])
    again = import_tickets(door, mended, LA)
    assert counts(again) == (len(refused), len(refused), 0, 0)
    assert again.refused_file is None


def test_a_row_that_comes_again_with_other_content_is_refused_and_changes_nothing(door: Door, tmp_path: Path) -> None:
    sample = la311(tmp_path / "requests.csv", 5)
    import_tickets(door, sample.path, LA)
    text = sample.path.read_text(encoding="utf-8")
    sample.path.write_text(text.replace("BELLEVUE", "MESA"), encoding="utf-8")
    report = import_tickets(door, sample.path, LA)
    assert counts(report) == (5, 0, 0, 5)
    assert report.refused_file is not None
    assert "另一内容" in table(report.refused_file)[0]["原因"]


def test_nobody_is_told_of_what_was_over_before_the_import(door: Door, sample: Sample) -> None:
    import_tickets(door, sample.path, LA)
    assert count(door.database, "notice") == 0
    assert count(door.database, "deadline", "next_at IS NOT NULL") == 0
    assert count(door.database, "deadline", "ended_at IS NULL") > 0


def test_an_import_may_arm_what_lies_after_a_day(door: Door, sample: Sample) -> None:
    day = instant(datetime(2017, 12, 29, tzinfo=CIVIL_ZONE))
    import_tickets(door, sample.path, LA, arm_from=day)
    told = "SELECT min(e.at), count(*) FROM notice n JOIN event e ON e.ticket_id = n.ticket_id AND e.seq = n.event_seq"
    ((earliest, many),) = rows(door, told)
    assert earliest >= day
    assert many > 0
    assert count(door.database, "deadline", f"next_at < {day}") == 0
    assert count(door.database, "deadline", "next_at IS NOT NULL") > 0


def test_a_deadline_that_is_still_ahead_stays_armed(door: Door, clock: SetClock, tmp_path: Path) -> None:
    yesterday = clock.now() - DAY
    created = datetime.fromtimestamp(yesterday / 1_000_000, LA.times.zone).strftime("%m/%d/%Y %I:%M:%S %p")
    sample = la311(tmp_path / "requests.csv", 1)
    (row,) = table(sample.path)
    row |= {"CreatedDate": created, "UpdatedDate": created, "ClosedDate": "", "Status": "Open"}
    import_tickets(door, written(tmp_path / "open.csv", list(row), [list(row.values())]), LA)
    (handle,) = rows(door, "SELECT due_at, next_at FROM deadline WHERE name = 'handle'")
    assert handle[0] > handle[1] > clock.now(), "the yellow light comes first"


def test_times_out_of_order_are_drawn_straight_and_marked(door: Door, tmp_path: Path) -> None:
    mapping = mapped(tmp_path, SMALL)
    path = written(tmp_path / "old.csv", HEADERS, [
        ("7", "2026-01-05 08:00", "2026-01-05 10:00", "2026-01-05 09:00", "2026-01-06 09:00"),
    ])  # fmt: skip
    report = import_tickets(door, path, mapping)
    assert (report.imported, report.disordered) == (1, 1)
    ((at, facts),) = rows(door, "SELECT at, facts FROM event WHERE action = 'dispatch'")
    ten = instant(datetime(2026, 1, 5, 10, tzinfo=CIVIL_ZONE))
    assert at == ten
    assert json.loads(facts)["claimed"] == ten - 3_600_000_000


def test_photos_that_a_form_requires_are_waived_and_the_event_says_so(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    door = empty_house(database, clock, "block-calls-line-responds")
    mapping = mapped(tmp_path, SMALL.split("steps:")[0].replace("service-request", "block-calls-line-responds") + """
steps:
  - {action: report, at: 提出, form: {description: {text: "旧案 {编号}"}, place: {from: place}}}
""")  # fmt: skip
    path = written(tmp_path / "old.csv", HEADERS, [("1", "2026-01-05 08:00", "", "", "")])
    report = import_tickets(door, path, mapping)
    assert report.imported == 1
    ((facts,),) = rows(door, "SELECT facts FROM event WHERE action = 'report'")
    assert json.loads(facts)["waived"] == ["before_photos"]


def test_every_chain_of_what_was_imported_is_sound(door: Door, sample: Sample) -> None:
    report = import_tickets(door, sample.path, LA)
    verdict = verify(door.database)
    assert verdict.sound
    assert verdict.tickets == report.imported


def test_without_the_workflow_nothing_is_begun(database: Database, clock: SetClock, sample: Sample) -> None:
    door = empty_house(database, clock, "multi-grid-in-one")
    with pytest.raises(NotFound, match="huying activate"):
        import_tickets(door, sample.path, LA)
    assert count(database, "ticket") == 0


def test_refused_rows_must_have_somewhere_to_go_before_the_first_row_is_read(door: Door, sample: Sample) -> None:
    with pytest.raises(Malformed, match="--refused"):
        import_tickets(door, sample.path, LA, refused=sample.path.parent / "nowhere" / "refused.csv")
    assert count(door.database, "ticket") == 0


def test_a_folder_that_is_not_to_be_written_is_left_alone(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    assert refused_path(shelf / "old.xlsx") == shelf / "old.refused.csv"
    shelf.chmod(0o555)
    assert refused_path(shelf / "old.xlsx") == Path("old.refused.csv")
    shelf.chmod(0o755)


def test_refused_rows_never_take_the_place_of_the_table(door: Door, sample: Sample) -> None:
    before = sample.path.read_bytes()
    with pytest.raises(Malformed, match="原文件"):
        import_tickets(door, sample.path, LA, refused=sample.path)
    assert sample.path.read_bytes() == before


def test_progress_is_told_after_every_batch(door: Door, tmp_path: Path) -> None:
    told: list[int] = []
    import_tickets(door, la311(tmp_path / "a.csv", 230).path, LA, tell=lambda report: told.append(report.read))
    assert told == [100, 200, 230]


def test_an_import_keeps_no_rows_in_memory(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> None:
    door = empty_house(sqlite_database, clock)
    kept: list[int] = []

    def weigh(report: Report) -> None:
        gc.collect()
        kept.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        import_tickets(door, la311(tmp_path / "requests.csv", 500).path, LA, tell=weigh)
    finally:
        tracemalloc.stop()
    assert len(kept) == 5
    # Rows that were kept would grow with every hundred; what grows once is somebody else's, an import or a cache.
    assert min(later - earlier for earlier, later in pairwise(kept[1:])) < 100_000


def test_a_moment_that_clocks_skipped_is_refused(door: Door, tmp_path: Path) -> None:
    sample = la311(tmp_path / "requests.csv", 1)
    text = sample.path.read_text(encoding="utf-8")
    created = table(sample.path)[0]["CreatedDate"]
    sample.path.write_text(text.replace(created, "03/12/2017 02:30:00 AM"), encoding="utf-8")
    report = import_tickets(door, sample.path, LA)
    assert report.refused_file is not None
    assert "不存在" in table(report.refused_file)[0]["原因"]


def test_a_ticket_that_came_and_went_in_one_minute_has_taken_no_time(door: Door, tmp_path: Path) -> None:
    path = written(tmp_path / "old.csv", HEADERS, [("1", *["2026-01-05 10:00"] * 4)])
    assert import_tickets(door, path, mapped(tmp_path, SMALL)).imported == 1
    assert rows(door, "SELECT settled_at - opened_at FROM ticket") == [(0,)]
