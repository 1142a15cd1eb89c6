"""How a version goes live: exactly once, never over somebody else's, with a line that says by whom."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.analysis import verdict
from engine.cli import main
from engine.clock import SetClock
from engine.database import Database
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError, HuyingError, Malformed, Stale
from engine.records import activations, versions
from engine.records.calendar_book import CalendarBook
from engine.records.people import NewPerson, create_people
from engine.records.versions import By, Versions
from engine.records.workflows import Via
from engine.stages import going_live
from tests.support.loops import ROOT, SMALL, put_in_force, small

TRAP = small(trapped=True)


def number(version: int, text: str = SMALL) -> Workflow:
    return loads(text.replace("version: 1\n", f"version: {version}\n", 1))


@pytest.fixture
def live(database: Database, clock: SetClock) -> Callable[..., list[Workflow]]:
    """Activate as a person whose id is 1."""
    database.acting(lambda transaction: create_people(transaction, [NewPerson(login="qin", name="秦建斌")]))
    stored = Versions(CalendarBook(database))

    def activate(*definitions: Workflow, seen: str | None = None) -> list[Workflow]:
        by = By(person_id=1, via=Via.PAGE)
        return going_live.activate(database, stored, definitions, clock.now(), by, seen=seen)

    return activate


Live = Callable[..., list[Workflow]]


def running(database: Database) -> int:
    with database.looking() as transaction:
        now = activations.loop(transaction, "small").running
    assert now is not None
    return now.version


def history(database: Database) -> list[tuple[int, str, str]]:
    with database.looking() as transaction:
        return [(line.version, line.via, line.name) for line in activations.loop(transaction, "small").history]


def test_every_activation_is_a_line_and_an_earlier_version_may_come_back(database: Database, live: Live) -> None:
    first, second = number(1), number(2)
    for definition in (first, second, first):
        assert live(definition) == [definition]
        assert running(database) == definition.version
    assert live(first) == [], "what is in force stays in force"
    assert history(database) == [(1, "page", "秦建斌"), (2, "page", "秦建斌"), (1, "page", "秦建斌")]


def test_the_command_line_leaves_its_line_too(database: Database, clock: SetClock, live: Live) -> None:
    live(number(1))
    put_in_force(database, [number(2)], clock.now())
    assert history(database)[0] == (2, "command", "")


def test_who_looked_before_another_version_came_changes_nothing(database: Database, live: Live) -> None:
    first, second, third = number(1), number(2), number(3)
    live(first, seen="")
    live(second, seen=first.sha256)
    with pytest.raises(Stale):
        live(third, seen=first.sha256)
    assert (running(database), len(history(database))) == (2, 2)
    assert live(second, seen=first.sha256) == [], "the second click of whoever did it is no quarrel"


def test_nothing_is_put_in_force_but_what_was_judged() -> None:
    """Whoever starts new tickets on a version does it by `going_live`; a bench and a rehearsal have databases apart.

    So has a sandbox, which must play an unsound draft too: to walk into its traps is what its author came for.
    """
    apart = {"engine/stages/rehearsal_district.py", "engine/bench/world.py", "engine/sandbox/house.py"}
    files = [path for part in ("engine", "web") for path in (ROOT / part).rglob("*.py")]
    puts = {str(path.relative_to(ROOT)) for path in files if "activate=True" in path.read_text(encoding="utf-8")}
    assert puts == apart | {"engine/stages/going_live.py"}


def test_an_undecided_file_goes_live_nowhere(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SMALL.replace("小循环", "难判循环", 1)
    monkeypatch.setattr(verdict, "judge", lambda workflow: real(workflow, small=1, most=5))
    with pytest.raises(DefinitionError, match="无法判定"):
        live(loads(text))


real = verdict.judge


def test_two_at_once_are_one_after_the_other(database: Database, live: Live) -> None:
    first = number(1)
    live(first)
    ends: list[str] = []
    together = threading.Barrier(6)

    def race(definition: Workflow) -> None:
        together.wait()
        try:
            ends.append("new" if live(definition, seen=first.sha256) else "there")
        except Stale:
            ends.append("stale")

    racers = [threading.Thread(target=race, args=(number(version),)) for version in (2, 2, 2, 3, 3, 3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(ends) == ["new", "stale", "stale", "stale", "there", "there"]
    assert len(history(database)) == 2


def test_what_is_unsound_goes_live_nowhere_and_says_the_way(database: Database, live: Live) -> None:
    live(number(1))
    with pytest.raises(DefinitionError) as refused:
        live(number(2, TRAP))
    said = refused.value.details["all"]
    assert isinstance(said, tuple)
    assert "再也出不来" in said[0]
    assert "核查人 挂起 → 待定" in said[-1]
    assert running(database) == 1


def test_what_was_in_force_before_a_stricter_check_may_come_back(
    database: Database, clock: SetClock, live: Live
) -> None:
    trap = number(1, TRAP)
    database.acting(lambda transaction: versions.store(transaction, trap, clock.now(), activate=True))
    live(number(2))
    assert live(trap) == [trap]


@pytest.mark.parametrize(
    ("opens", "named"),
    [("{workflow: nowhere, start: report}", "nowhere"), ("{workflow: other, start: nothing}", "nothing")],
)
def test_what_a_file_opens_must_be_there(live: Live, opens: str, named: str) -> None:
    other = loads(SMALL.replace("workflow: small", "workflow: other", 1))
    live(other)
    text = SMALL.replace("sets: seen, once: person}", f"sets: seen, once: person, opens: {opens}}}", 1)
    with pytest.raises(DefinitionError, match=named):
        live(loads(text))


def test_what_others_open_may_not_go_missing(live: Live) -> None:
    born = "starts:\n  born: {title: 衍生 / Born, by: rule, to: reported, form: [description]}\n"
    other = loads(SMALL.replace("workflow: small", "workflow: other", 1).replace("starts:\n", born, 1))
    opens = "sets: seen, once: person, opens: {workflow: other, start: born}}"
    live(other, loads(SMALL.replace("sets: seen, once: person}", opens, 1)))
    renamed = other.source.replace("  born: {", "  bred: {", 1).replace("version: 1", "version: 2", 1)
    with pytest.raises(DefinitionError, match="other·born"):
        live(loads(renamed))


def test_a_number_that_is_taken_stays_what_it_was(database: Database, live: Live) -> None:
    live(number(1))
    with pytest.raises(Malformed):
        live(loads(SMALL.replace("小循环", "另一循环", 1)))
    assert running(database) == 1


def test_all_of_several_files_or_none(database: Database, live: Live) -> None:
    with pytest.raises(HuyingError):
        live(number(1), loads(TRAP.replace("workflow: small", "workflow: trap", 1)))
    with database.looking() as transaction:
        assert activations.loops(transaction) == []


def test_the_commands_check_activate_and_tell(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    good, trap, opener = tmp_path / "good.yaml", tmp_path / "trap.yaml", tmp_path / "opener.yaml"
    good.write_text(SMALL, encoding="utf-8")
    trap.write_text(TRAP.replace("version: 1", "version: 2", 1), encoding="utf-8")
    opens = "sets: seen, once: person, opens: {workflow: nowhere, start: report}}"
    opener.write_text(SMALL.replace("sets: seen, once: person}", opens, 1), encoding="utf-8")
    assert (main(["check", str(good)]), main(["check", str(trap)])) == (0, 1)
    said = capsys.readouterr().err
    assert all(words in said for words in ("trap.yaml:", "再也出不来", "7. 核查人 挂起 → 待定"))
    assert [main(["activate", str(file)]) for file in (opener, good, good, trap)] == [1, 0, 0, 1]
    capsys.readouterr()
    assert main(["workflows", "small"]) == 0
    told = capsys.readouterr().out
    assert "small v1" in told
    assert told.count("启用 / activated · 命令行") == 1
