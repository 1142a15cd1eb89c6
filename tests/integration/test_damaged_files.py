"""Files from outside, damaged in hundreds of ways: each is taken, or refused with a reason, and leaves no trace."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from engine import resources
from engine.clock import SetClock
from engine.database import Database
from engine.definitions import indicator_file, loader, register_file, sample_file, score_file
from engine.definitions.words import shipped as shipped_words
from engine.errors import HuyingError, Malformed
from engine.exchange.history import import_tickets
from engine.exchange.history_reading import read_map
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.departments import NewDepartment, create_departments
from engine.records.documents import DocumentKind
from engine.reports import default_templates, word
from engine.reports.samples import SAMPLES
from engine.stages.door import Door
from tests.integration.test_import_bad_rows import GOOD, HEADERS, MAP
from tests.support.damage import files
from tests.support.importing import empty_house, everything, written

_STREET = MAP.replace("place: {lon: 经度, lat: 纬度, datum: wgs84}", "area: {column: 街道}").replace(
    "place: {from: place}, ", ""
)
MANY = 120


@pytest.fixture
def door(database: Database, clock: SetClock) -> Door:
    """A street and a department."""
    door = empty_house(database, clock)

    def build(transaction: object) -> None:
        set_levels(transaction, shipped_words().levels)  # type: ignore[arg-type]
        create_areas(transaction, [NewArea(code="east", level="street", name="东街")], clock.now())  # type: ignore[arg-type]
        create_departments(transaction, [NewDepartment(code="water", name="水务所", kind="bureau")])  # type: ignore[arg-type]

    database.acting(build)
    return door


def _workbook(path: Path) -> bytes:
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((HEADERS, GOOD)):
            sheet.write_row(number, 0, row)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_damaged_table_of_an_old_system_brings_what_its_report_says_and_nothing_else(
    door: Door, tmp_path: Path, kind: str
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(_STREET, encoding="utf-8")
    sound = written(tmp_path / "old.csv", HEADERS, [GOOD]).read_bytes()
    if kind == "xlsx":
        sound = _workbook(tmp_path / "old.xlsx")
    path = tmp_path / f"coming.{kind}"
    taken = refused = 0
    for content in files(sound, 1, MANY):
        path.write_bytes(content)
        before = everything(door.database)
        try:
            report = import_tickets(door, path, read_map(mapping), refused=tmp_path / "refused.csv")
        except HuyingError as failure:
            _says(failure)
            assert everything(door.database) == before
            refused += 1
            continue
        assert everything(door.database)["ticket"] == before["ticket"] + report.imported
        assert report.read == report.imported + report.there + report.refused
        taken += 1
    # Most damage to packed bytes is found before any row; a table of text is mostly still a table.
    assert taken > 5
    assert refused > 5


def _says(failure: HuyingError, *, line: bool = False) -> None:
    """In both languages, and where."""
    assert failure.zh
    assert failure.en
    assert not line or failure.place.line or failure.place.file


def test_a_damaged_map_is_read_or_refused_at_its_line(door: Door, tmp_path: Path) -> None:
    table = written(tmp_path / "old.csv", HEADERS, [GOOD])
    before = everything(door.database)
    refused = 0
    for content in files(_STREET.encode(), 2, MANY * 2):
        path = tmp_path / "map.yaml"
        path.write_bytes(content)
        try:
            import_tickets(door, table, read_map(path), refused=tmp_path / "refused.csv")
        except HuyingError as failure:
            _says(failure)
            refused += 1
    assert refused > MANY
    assert everything(door.database)["department"] == before["department"], "this map makes no departments"


@pytest.mark.parametrize("kind", [DocumentKind.SLIP, DocumentKind.BULLETIN])
def test_a_damaged_word_template_is_filled_or_refused(tmp_path: Path, kind: DocumentKind) -> None:
    sound = tmp_path / "sound.docx"
    default_templates.write(kind, sound)
    path = tmp_path / "template.docx"
    refused = 0
    for content in files(sound.read_bytes(), 3, MANY):
        path.write_bytes(content)
        try:
            word.check(path, SAMPLES[kind])
        except Malformed as failure:
            _says(failure)
            refused += 1
    assert MANY > refused > MANY // 4


def _scores(text: str) -> object:
    return score_file.loads(text, indicator_file.discover())


#: The shipped files of a folder, and what reads the text of one.
_DEFINITIONS: dict[str, tuple[str, Callable[[str], object]]] = {
    "workflow": ("service-request.yaml", loader.loads),
    "indicators": ("indicators/closure.yaml", indicator_file.loads),
    "register": ("registers/*.yaml", register_file.loads),
    "samples": ("samples/*.yaml", sample_file.loads),
    "scores": ("scores/*.yaml", _scores),
}


@pytest.mark.parametrize("name", _DEFINITIONS)
def test_a_damaged_file_of_definitions_is_read_or_refused_at_its_line(name: str) -> None:
    pattern, read = _DEFINITIONS[name]
    path = sorted(resources.workflows().glob(pattern))[0]
    dice, refused = random.Random(4), 0
    for content in files(path.read_bytes(), dice.randrange(100), MANY):
        try:
            # As an uploaded file is: bytes that are no text are refused before.
            read(content.decode(errors="replace"))
        except HuyingError as failure:
            _says(failure, line=True)
            refused += 1
    assert refused > MANY // 3
