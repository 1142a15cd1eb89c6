"""Verify: whoever edits, removes, inserts or moves a line of the history is found, at the first line that is broken."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from engine.database import Database
from engine.records import verify as verifying
from engine.records.verify import Broken, verify
from engine.records.write import TABLES
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def told(world: World) -> Told:
    """A ticket with a whole history, between two others."""
    world.ticket().filed()
    told = world.ticket().closed()
    world.ticket().filed()
    assert world.verdict().sound
    return told


def _broken(told: Told) -> Broken:
    """The one broken line there is."""
    verdict = told.world.verdict()
    assert not verdict.sound
    (broken,) = verdict.broken or []
    assert broken.ticket_id == told.id
    assert broken.zh
    assert broken.en
    return broken


def _seqs(told: Told) -> list[int]:
    return [row[0] for row in told.world.rows("SELECT seq FROM event WHERE ticket_id = ? ORDER BY seq", told.id)]


def test_a_sound_history_is_counted_and_nothing_is_found(world: World, told: Told) -> None:
    verdict = world.verdict()
    (events,) = world.rows("SELECT count(*) FROM event")
    assert (verdict.tickets, verdict.events, verdict.erased, verdict.sound) == (3, events[0], 0, True)


def test_an_empty_database_is_sound(world: World) -> None:
    verdict = world.verdict()
    assert (verdict.tickets, verdict.events, verdict.sound) == (0, 0, True)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("facts", '{"role":"desk"}'),
        ("actor", "somebody"),
        ("person_id", 4711),
        ("post", "supervisor"),
        ("department_id", 4711),
        ("behalf_of", 1),
        ("action", "refuse"),
        ("state_to", "closed"),
        ("state_from", "closed"),
        ("at", 1),
        ("recorded_at", 1),
        ("source", "import"),
        ("stage", "review"),
        ("scope", "line"),
        ("task_seq", 1),
        ("request_seq", 1),
        ("personal_digest", "0" * 64),
        ("hash", "0" * 64),
        ("algorithm", "sm3"),
    ],
)
def test_a_line_of_which_anything_was_changed_is_named(told: Told, column: str, value: object) -> None:
    seq = _seqs(told)[2]
    told.world.change(f"UPDATE event SET {column} = ? WHERE ticket_id = ? AND seq = ?", value, told.id, seq)
    assert _broken(told).seq == seq


def test_one_letter_of_the_facts_is_enough(told: Told) -> None:
    seq = _seqs(told)[1]
    ((facts,),) = told.world.rows("SELECT facts FROM event WHERE ticket_id = ? AND seq = ?", told.id, seq)
    told.world.change(
        "UPDATE event SET facts = ? WHERE ticket_id = ? AND seq = ?", facts.replace(":", ": ", 1), told.id, seq
    )
    assert _broken(told).seq == seq


def test_behind_a_removed_line_the_next_one_is_named(told: Told) -> None:
    seqs = _seqs(told)
    told.world.change("DELETE FROM event WHERE ticket_id = ? AND seq = ?", told.id, seqs[3])
    assert _broken(told).seq == seqs[4]


def test_without_its_first_line_the_second_one_is_named(told: Told) -> None:
    seqs = _seqs(told)
    told.world.change("DELETE FROM event WHERE ticket_id = ? AND seq = ?", told.id, seqs[0])
    assert _broken(told).seq == seqs[1]


def test_of_two_swapped_lines_the_first_is_named(told: Told) -> None:
    seqs = _seqs(told)
    for old, new in ((seqs[2], -1), (seqs[3], seqs[2]), (-1, seqs[3])):
        told.world.change("UPDATE event SET seq = ? WHERE ticket_id = ? AND seq = ?", new, told.id, old)
    assert _broken(told).seq == seqs[2]


@pytest.mark.parametrize("many", [1, 3])
def test_when_the_newest_lines_are_cut_off_the_last_one_left_is_named(told: Told, many: int) -> None:
    seqs = _seqs(told)
    told.world.change("DELETE FROM event WHERE ticket_id = ? AND seq > ?", told.id, seqs[-many - 1])
    broken = _broken(told)
    assert broken.seq == seqs[-many - 1]
    assert "removed" in broken.en


@pytest.mark.parametrize("where", ["in a gap", "behind the newest"])
def test_an_inserted_line_is_named(told: Told, where: str) -> None:
    """A copy of a true line, under a number that was free."""
    seqs = _seqs(told)
    gap = next(seq for seq in range(2, seqs[-1]) if seq not in seqs)
    free = gap if where == "in a gap" else seqs[-1] + 1
    names = ", ".join(name for name, _ in TABLES["event"].columns if name != "seq")
    copy = f"INSERT INTO event (seq, {names}) SELECT ?, {names} FROM event WHERE ticket_id = ? AND seq = ?"
    told.world.change(copy, free, told.id, seqs[1])
    assert _broken(told).seq == free


def test_a_ticket_that_was_removed_is_missed_by_its_history(told: Told) -> None:
    told.world.change("DELETE FROM ticket WHERE id = ?", told.id)
    broken = _broken(told)
    assert broken.seq is None
    assert "gone" in broken.en


def test_a_history_that_was_removed_is_missed_by_its_ticket(told: Told) -> None:
    told.world.change("DELETE FROM event WHERE ticket_id = ?", told.id)
    broken = _broken(told)
    assert (broken.case_no, broken.seq) == (told.case_no, None)


def test_a_ticket_moved_back_to_an_older_head_is_named(told: Told) -> None:
    seqs = _seqs(told)
    ((older,),) = told.world.rows("SELECT hash FROM event WHERE ticket_id = ? AND seq = ?", told.id, seqs[-2])
    told.world.change("UPDATE ticket SET head = ? WHERE id = ?", older, told.id)
    assert _broken(told).seq == seqs[-1]


def test_a_state_that_no_line_of_the_history_led_to_is_named(told: Told) -> None:
    told.world.change("UPDATE ticket SET state = 'closed' WHERE id = ?", told.id)
    broken = _broken(told)
    assert broken.seq is None
    assert "state" in broken.en


def test_edited_personal_words_are_named(told: Told) -> None:
    told.world.change(
        "UPDATE personal SET words = ? WHERE ticket_id = ? AND seq = 1", '{"description":"无事"}', told.id
    )
    broken = _broken(told)
    assert broken.seq == 1
    assert "personal" in broken.en


def test_personal_words_put_beside_a_line_that_had_none_are_named(told: Told) -> None:
    seq = _seqs(told)[3]
    assert told.world.rows("SELECT 1 FROM personal WHERE ticket_id = ? AND seq = ?", told.id, seq) == []
    told.world.change("UPDATE personal SET seq = ? WHERE ticket_id = ? AND seq = 1", seq, told.id)
    assert _broken(told).seq == seq


def test_another_salt_is_named(told: Told) -> None:
    told.world.change("UPDATE personal SET salt = ? WHERE ticket_id = ? AND seq = 1", b"x" * 32, told.id)
    assert _broken(told).seq == 1


def test_erasing_a_citizens_words_leaves_the_history_sound(told: Told) -> None:
    world = told.world
    world.change("DELETE FROM personal WHERE ticket_id = ?", told.id)
    world.change("UPDATE particulars SET description = '', address = '' WHERE ticket_id = ?", told.id)
    verdict = world.verdict()
    assert verdict.sound
    assert verdict.erased >= 1
    told.do("wang", "rate")
    assert world.verdict().sound


def test_a_ticket_with_one_broken_line_is_listed_once_and_the_rest_is_still_counted(told: Told) -> None:
    told.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ?", told.id)
    assert _broken(told).seq == 1
    assert told.world.verdict().tickets == 3


def test_of_many_broken_tickets_only_so_many_are_listed(world: World) -> None:
    for _ in range(4):
        world.ticket().reported()
    world.change("UPDATE event SET actor = 'x'")
    verdict = verify(world.database, most=2)
    assert len(verdict.broken or []) == 2
    assert (verdict.tickets, verdict.sound) == (4, False)


def test_a_walk_over_many_pages_is_the_same_walk(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    told.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[-1])
    whole = told.world.verdict()
    for page in (1, 2, 3, 7):
        monkeypatch.setattr(verifying, "_PAGE", page)
        assert told.world.verdict() == whole


def test_whoever_works_meanwhile_is_not_taken_for_a_forger(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = [world.ticket().called("urban").signed("urban") for _ in range(3)]
    monkeypatch.setattr(verifying, "_PAGE", 2)
    ends = Event()

    def work(told: Told) -> None:
        while not ends.is_set():
            told.do("chen", "progress", of="urban")

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(work, told) for told in tickets]
        try:
            verdicts = [world.verdict()]
            # However slow the machine: until somebody has worked meanwhile, and some walks more.
            while len(verdicts) < 12 or (verdicts[-1].events == verdicts[0].events and len(verdicts) < 2000):
                verdicts.append(world.verdict())
        finally:
            ends.set()
        for one in working:
            one.result()
    assert all(verdict.sound for verdict in verdicts), [verdict.broken for verdict in verdicts]
    assert verdicts[-1].events > verdicts[0].events
    assert world.verdict().sound


def test_old_and_new_hash_algorithms_stand_in_one_chain(world: World) -> None:
    told = world.ticket().reported()
    world.door.algorithm = "sm3"
    told.do("shen", "accept")
    assert world.rows("SELECT algorithm FROM event ORDER BY seq") == [("sha256",), ("sm3",)]
    assert world.verdict().sound
