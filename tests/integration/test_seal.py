"""The daily seal: whatever is done to the history afterwards is found with the file that a second organisation has."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from engine import cli
from engine.background.seal import seal, seal_daily
from engine.clock import DAY, HOUR, SetClock
from engine.database import Database, Transaction
from engine.errors import Malformed
from engine.exchange import seal_check, seal_file
from engine.exchange.seal_findings import Finding, Kind
from engine.records.verify import HASH, SEQ, events, hash_of
from engine.rules.seal import Statement
from engine.signing import Key, key_id
from tests.support.door import Told, World

#: Tickets of the large house.
MANY = 20_000


@dataclass
class House:
    """The small world with a key and a place for files."""

    world: World
    folder: Path
    algorithm: str = "sha256"
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        self.key = Key.make(self.folder / "seal.key")

    def seal(self) -> Statement:
        made = seal(self.world.database, self.world.clock, self.key, self.algorithm)
        assert made is not None
        return made

    def export(self, number: int) -> Path:
        path = self.folder / f"{number}.seal"
        with self.world.database.looking() as transaction:
            seal_file.write(transaction, number, path)
        return path

    def findings(self, path: Path, *trusted: str) -> list[Finding]:
        return seal_check.against(self.world.database, seal_file.read(path), frozenset(trusted)).findings

    def rehash(self, told: Told) -> None:
        """Make every hash of a ticket anew, its head too: plain verification finds nothing any more."""
        with self.world.database.looking() as transaction:
            rows = [row for row in events(transaction) if row[0] == told.id]
        previous = ""
        for row in rows:
            made = hash_of(row, previous, row[SEQ])
            self.world.change("UPDATE event SET hash = ? WHERE ticket_id = ? AND seq = ?", made, told.id, row[SEQ])
            previous = made
        state = next(row[15] for row in reversed(rows) if not row[6])
        self.world.change("UPDATE ticket SET head = ?, state = ? WHERE id = ?", previous, state, told.id)
        assert told.id not in {one.ticket_id for one in self.world.verdict().broken or ()}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(World(database), tmp_path)


@pytest.fixture
def told(house: House) -> Told:
    """A ticket with a whole history, between two others; all three in seal 1, whose file was given away."""
    house.world.ticket().filed()
    told = house.world.ticket().closed()
    house.world.ticket().filed()
    house.seal()
    house.export(1)
    return told


def _seqs(told: Told) -> list[int]:
    return [row[0] for row in told.world.rows("SELECT seq FROM event WHERE ticket_id = ? ORDER BY seq", told.id)]


def _drop(told: Told, *seqs: int) -> None:
    for seq in seqs:
        told.world.change("DELETE FROM personal WHERE ticket_id = ? AND seq = ?", told.id, seq)
        told.world.change("DELETE FROM event WHERE ticket_id = ? AND seq = ?", told.id, seq)


def _only(house: House, told: Told, kind: Kind) -> Finding:
    """The one finding, which names the ticket."""
    (found,) = house.findings(house.folder / "1.seal", house.key.public)
    assert (found.kind, found.case_no, found.seal) == (kind, told.case_no, 1)
    assert str(found).startswith(f"{told.case_no}: ")
    return found


# --- what a seal takes in -------------------------------------------------------------------------------------------


def test_a_seal_takes_in_every_ticket_and_the_next_one_what_has_moved(house: House) -> None:
    world = house.world
    one, two = world.ticket().filed(), world.ticket().reported()
    first = house.seal()
    assert (first.number, first.tickets, first.previous, first.day) == (1, 2, "", "2026-03-02")
    two.do("shen", "accept", form={"item": "part-01-01"})
    second = house.seal()
    assert (second.number, second.tickets, second.previous) == (2, 1, first.hash)
    third = house.seal()
    assert (third.number, third.tickets, third.previous) == (3, 0, second.hash)
    assert world.rows("SELECT seal, ticket_id FROM seal_leaf ORDER BY seal, ticket_id") == [
        (1, one.id), (1, two.id), (2, two.id),
    ]  # fmt: skip
    (head,) = world.rows("SELECT head FROM ticket WHERE id = ?", two.id)
    (leaf,) = world.rows("SELECT seq, count, head FROM seal_leaf WHERE seal = 2")
    assert leaf == (_seqs(two)[-1], len(_seqs(two)), *head)
    for number in (1, 2, 3):
        assert house.findings(house.export(number), house.key.public) == []


def test_what_happens_after_a_seal_is_no_finding(house: House, told: Told) -> None:
    house.world.ticket().filed()
    later = house.world.ticket()
    later.filed()
    assert house.findings(house.folder / "1.seal") == []
    house.seal()
    assert house.findings(house.folder / "1.seal") == []


def test_the_number_of_a_confidential_ticket_does_not_leave_the_house(house: House) -> None:
    told = house.world.ticket().filed()
    house.world.change("UPDATE ticket SET confidential = ? WHERE id = ?", True, told.id)
    house.seal()
    assert told.case_no not in house.export(1).read_text(encoding="utf-8")
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ?", told.id)
    (found,) = house.findings(house.folder / "1.seal")
    assert found.case_no == told.case_no


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_both_algorithms_seal_and_may_follow_each_other(house: House, told: Told, algorithm: str) -> None:
    house.algorithm = "sm3"
    assert house.seal().algorithm == "sm3"
    told.world.ticket().filed()
    house.algorithm = algorithm
    made = house.seal()
    assert (made.number, made.algorithm, len(made.root)) == (3, algorithm, 64)
    assert house.findings(house.export(3), house.key.public) == []
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[1])
    assert [one.kind for one in house.findings(house.folder / "3.seal")] == [Kind.EVENT_CHANGED]


# --- what is found --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["facts", "hash"])
def test_a_changed_event_is_named(house: House, told: Told, column: str) -> None:
    seq = _seqs(told)[2]
    house.world.change(f"UPDATE event SET {column} = ? WHERE ticket_id = ? AND seq = ?", "{}", told.id, seq)
    assert f"#{seq}" in str(_only(house, told, Kind.EVENT_CHANGED))


def test_a_removed_event_is_named(house: House, told: Told) -> None:
    seqs = _seqs(told)
    _drop(told, seqs[2])
    assert f"#{seqs[3]}" in str(_only(house, told, Kind.EVENT_REMOVED))


def test_a_removed_event_is_named_even_when_every_hash_was_made_anew(house: House, told: Told) -> None:
    _drop(told, _seqs(told)[2])
    house.rehash(told)
    assert f"#{_seqs(told)[-1]}" in str(_only(house, told, Kind.EVENT_REMOVED))


def test_an_inserted_event_is_named(house: House, told: Told) -> None:
    seqs = _seqs(told)
    gap = next(seq + 1 for seq, after in pairwise(seqs) if after > seq + 1)
    columns = (
        "at, recorded_at, source, action, scope, task_seq, request_seq, actor, person_id, post, department_id, "
        "behalf_of, state_from, state_to, stage, facts, personal_digest, algorithm, hash"
    )
    house.world.change(
        f"INSERT INTO event (ticket_id, seq, {columns}) SELECT ticket_id, {gap}, {columns} FROM event "
        "WHERE ticket_id = ? AND seq = ?",
        told.id,
        gap - 1,
    )
    house.rehash(told)
    _only(house, told, Kind.EVENT_INSERTED)


def test_reordered_events_are_named(house: House, told: Told) -> None:
    seqs = _seqs(told)
    for old, new in ((seqs[2], -1), (seqs[3], seqs[2]), (-1, seqs[3])):
        house.world.change("UPDATE event SET seq = ? WHERE ticket_id = ? AND seq = ?", new, told.id, old)
    assert f"#{seqs[2]}" in str(_only(house, told, Kind.EVENTS_REORDERED))


@pytest.mark.parametrize("many", [1, 3])
def test_a_cut_off_tail_is_named_even_when_the_head_was_set_back(house: House, told: Told, many: int) -> None:
    seqs = _seqs(told)
    _drop(told, *seqs[-many:])
    house.rehash(told)
    assert f"#{seqs[-1]}，现止于 #{seqs[-many - 1]}" in str(_only(house, told, Kind.TAIL_TRUNCATED))


def test_a_tail_that_was_cut_off_and_told_anew_is_named(house: House, told: Told) -> None:
    seqs = _seqs(told)
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, seqs[-1])
    house.rehash(told)
    _only(house, told, Kind.CHAIN_REWRITTEN)


def test_a_chain_that_was_rewritten_as_a_whole_is_named(house: House, told: Told) -> None:
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[0])
    house.rehash(told)
    _only(house, told, Kind.CHAIN_REWRITTEN)


def _remove(told: Told) -> None:
    """A ticket with all its rows, in every table that has any."""
    tables = told.world.rows(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' "
        "AND c.name = 'ticket_id'"
        if told.world.database.dialect == "sqlite"
        else "SELECT table_name FROM information_schema.columns "
        "WHERE column_name = 'ticket_id' AND table_schema = 'public'"
    )
    for (table,) in tables:
        told.world.change(f"DELETE FROM {table} WHERE ticket_id = ?", told.id)
    told.world.change("DELETE FROM ticket WHERE id = ?", told.id)
    assert told.world.verdict().sound


def test_a_ticket_that_was_removed_with_all_its_rows_is_named(house: House, told: Told) -> None:
    _remove(told)
    found = {one.kind: one for one in house.findings(house.folder / "1.seal", house.key.public)}
    # Its leaf was among its rows; the file has another.
    assert set(found) == {Kind.TICKET_REMOVED, Kind.ROOT_WRONG}
    assert found[Kind.TICKET_REMOVED].case_no == told.case_no


def test_an_earlier_seal_is_guarded_by_a_later_file_too(house: House, told: Told) -> None:
    house.world.ticket().filed()
    house.seal()
    path = house.export(2)
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[0])
    house.rehash(told)
    (found,) = house.findings(path, house.key.public)
    assert (found.kind, found.case_no, found.seal) == (Kind.CHAIN_REWRITTEN, told.case_no, 1)


def test_a_changed_case_number_is_named(house: House, told: Told) -> None:
    house.world.change("UPDATE ticket SET case_no = 'HY-OTHER' WHERE id = ?", told.id)
    assert "HY-OTHER" in str(_only(house, told, Kind.CASE_NUMBER_CHANGED))


def test_when_a_history_was_removed_altogether_the_ticket_is_named(house: House, told: Told) -> None:
    _drop(told, *_seqs(told))
    _only(house, told, Kind.EVENT_REMOVED)


# --- what is done to seals ------------------------------------------------------------------------------------------


def _kinds(found: list[Finding]) -> set[tuple[Kind, int | None]]:
    return {(one.kind, one.seal) for one in found}


def test_a_replaced_seal_is_named(house: House, told: Told) -> None:
    """Whoever has the database and the key rewrites a ticket and seals it anew; the file knows the first seal."""
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[0])
    house.rehash(told)
    house.world.change("DELETE FROM seal_leaf")
    house.world.change("DELETE FROM seal")
    house.seal()
    found = house.findings(house.folder / "1.seal", house.key.public)
    assert _kinds(found) == {(Kind.SEAL_REPLACED, 1), (Kind.ROOT_WRONG, 1), (Kind.CHAIN_REWRITTEN, 1)}
    assert {one.case_no for one in found if one.kind is Kind.CHAIN_REWRITTEN} == {told.case_no}


def test_a_removed_seal_is_named_and_so_are_those_after_it(house: House, told: Told) -> None:
    for _ in range(3):
        house.seal()
    path = house.export(3)
    house.world.change("DELETE FROM seal WHERE number = 2")
    assert _kinds(house.findings(path)) == {(Kind.SEAL_REMOVED, 2)}
    house.world.change("DELETE FROM seal WHERE number >= 2")
    assert _kinds(house.findings(path)) == {(Kind.SEAL_REMOVED, 2), (Kind.SEAL_REMOVED, 3)}


def test_seals_after_the_file_are_checked_by_their_own_chain(house: House, told: Told) -> None:
    house.seal()
    house.seal()
    house.world.change("DELETE FROM seal WHERE number = 2")
    assert _kinds(house.findings(house.folder / "1.seal")) == {(Kind.SEAL_REMOVED, 2)}


def test_a_wrong_signature_and_a_strange_key_are_named(house: House, told: Told) -> None:
    path = house.folder / "1.seal"
    stranger = Key.make(house.folder / "stranger.key")
    (found,) = house.findings(path, stranger.public)
    assert (found.kind, found.seal) == (Kind.SIGNATURE_WRONG, 1)
    assert key_id(house.key.public) in str(found)
    forged = path.read_text(encoding="utf-8").replace('"signature":"', '"signature":"AAAA')
    path.write_text(forged, encoding="utf-8")
    assert (Kind.SIGNATURE_WRONG, 1) in _kinds(house.findings(path, house.key.public))


@pytest.mark.parametrize("lines", [slice(0, -1), slice(0, 1), slice(1, None), slice(0, 0)])
def test_a_file_that_is_not_whole_is_no_file_or_has_another_root(house: House, told: Told, lines: slice) -> None:
    path = house.folder / "1.seal"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[lines]), encoding="utf-8")
    if lines == slice(0, -1):
        assert _kinds(seal_check.alone(seal_file.read(path)).findings) == {(Kind.ROOT_WRONG, 1)}
        return
    with pytest.raises(Malformed, match=r"1\.seal"):
        seal_file.read(path)


# --- whoever writes the database and has no key ---------------------------------------------------------------------


def _rewritten(house: House, told: Told) -> None:
    """The ticket is told otherwise, and every hash of it is made anew."""
    house.world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = ?", told.id, _seqs(told)[0])
    house.rehash(told)


def _kept(house: House, *trusted: str) -> list[Finding]:
    return seal_check.kept(house.world.database, frozenset(trusted)).findings


def test_seals_in_the_database_find_by_themselves_what_was_done_to_the_history(house: House, told: Told) -> None:
    house.world.ticket().filed()
    house.seal()
    check = seal_check.kept(house.world.database, frozenset({house.key.public}))
    assert (check.findings, check.seals, check.tickets) == ([], 2, 4)
    _rewritten(house, told)
    (found,) = _kept(house, house.key.public)
    assert (found.kind, found.case_no, found.seal) == (Kind.CHAIN_REWRITTEN, told.case_no, 1)


def test_leaves_that_are_rewritten_with_the_history_do_not_lead_to_the_sealed_root(house: House, told: Told) -> None:
    _rewritten(house, told)
    house.world.change("UPDATE seal_leaf SET head = (SELECT t.head FROM ticket t WHERE t.id = seal_leaf.ticket_id)")
    assert _kinds(_kept(house)) == {(Kind.ROOT_WRONG, 1)}
    assert _kinds(house.findings(house.folder / "1.seal")) == {(Kind.ROOT_WRONG, 1), (Kind.CHAIN_REWRITTEN, 1)}


def test_seals_made_anew_with_another_key_are_known_by_it(house: House, told: Told) -> None:
    own = house.key
    _rewritten(house, told)
    house.world.change("DELETE FROM seal_leaf")
    house.world.change("DELETE FROM seal")
    house.key = Key.make(house.folder / "theirs.key")
    house.seal()
    assert _kept(house) == [], "by the key that the seal itself names it is sound"
    assert _kinds(_kept(house, own.public)) == {(Kind.SIGNATURE_WRONG, 1)}
    found = house.findings(house.folder / "1.seal", own.public)
    assert _kinds(found) == {(Kind.SEAL_REPLACED, 1), (Kind.ROOT_WRONG, 1), (Kind.CHAIN_REWRITTEN, 1)}
    assert {one.case_no for one in found if one.kind is Kind.CHAIN_REWRITTEN} == {told.case_no}


def test_an_older_file_finds_later_seals_that_were_made_by_another_key(house: House, told: Told) -> None:
    own, newer = house.key, house.world.ticket().filed()
    house.seal()
    house.export(2)
    _rewritten(house, newer)
    house.world.change("DELETE FROM seal_leaf WHERE seal = 2")
    house.world.change("DELETE FROM seal WHERE number = 2")
    house.key = Key.make(house.folder / "theirs.key")
    house.seal()
    assert _kinds(house.findings(house.folder / "1.seal", own.public)) == {(Kind.SIGNATURE_WRONG, 2)}
    found = {one.kind: one for one in house.findings(house.folder / "2.seal", own.public)}
    assert set(found) == {Kind.SEAL_REPLACED, Kind.ROOT_WRONG, Kind.CHAIN_REWRITTEN}
    assert found[Kind.CHAIN_REWRITTEN].case_no == newer.case_no


def test_two_tickets_that_were_swapped_are_both_named(house: House, told: Told) -> None:
    """Each gets the other's case number and the other's history, and every hash is made anew."""
    other = house.world.ticket().closed()
    house.seal()
    path, world = house.export(2), house.world
    for table in ("personal", "event"):
        for old, new in ((told.id, -1), (other.id, told.id), (-1, other.id)):
            world.change(f"UPDATE {table} SET ticket_id = ? WHERE ticket_id = ?", new, old)
    world.change("UPDATE ticket SET case_no = ? WHERE id = ?", other.case_no, told.id)
    world.change("UPDATE ticket SET case_no = ? WHERE id = ?", told.case_no, other.id)
    house.rehash(told)
    house.rehash(other)
    for found in (house.findings(path, house.key.public), _kept(house, house.key.public)):
        assert {(one.kind, one.case_no) for one in found} == {
            (kind, one.case_no) for kind in (Kind.CASE_NUMBER_CHANGED, Kind.CHAIN_REWRITTEN) for one in (told, other)
        }


# --- keys -----------------------------------------------------------------------------------------------------------


def test_seals_name_their_key_so_that_keys_may_change(house: House, told: Told) -> None:
    old = house.key
    house.key = Key.make(house.folder / "next.key")
    made = house.seal()
    path = house.export(2)
    assert made.key == house.key.public != old.public
    assert house.findings(path, old.public, house.key.public) == []
    assert _kinds(house.findings(path, old.public)) == {(Kind.SIGNATURE_WRONG, 2)}
    assert _kinds(house.findings(path, house.key.public)) == {(Kind.SIGNATURE_WRONG, 1)}


def test_a_key_is_for_its_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "seal.key"
    key = Key.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Key.load(path).public == key.public
    with pytest.raises(Malformed, match="rotate"):
        Key.make(path)
    path.chmod(0o640)
    with pytest.raises(Malformed, match="chmod 600"):
        Key.load(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(Malformed, match="cannot be read"):
        Key.load(path)
    with pytest.raises(Malformed, match="huying seal key"):
        Key.load(tmp_path / "none")


# --- every day ------------------------------------------------------------------------------------------------------


def test_once_a_day_and_once_for_the_days_of_an_outage(house: House) -> None:
    world, key = house.world, house.folder / "seal.key"

    def daily() -> int:
        return seal_daily(world.database, world.clock, key, "10:30", "sha256")

    assert daily() == 1, "nothing was ever sealed: at once"
    assert daily() == 0
    world.later(HOUR)
    assert daily() == 0
    world.later(HOUR)
    assert [daily(), daily()] == [1, 0]
    world.later(DAY - HOUR)
    assert daily() == 0
    world.later(5 * DAY)
    assert [daily(), daily()] == [1, 0]
    assert seal_daily(world.database, world.clock, house.folder / "none", "00:00", "sha256") == 0


def test_without_a_key_nothing_is_sealed_by_itself(house: House) -> None:
    world = house.world
    assert seal_daily(world.database, world.clock, house.folder / "none", "02:30", "sha256") == 0
    assert world.rows("SELECT count(*) FROM seal") == [(0,)]


def test_of_several_processes_one_makes_the_seal(house: House, told: Told) -> None:
    world, url = house.world, house.world.database.url.render_as_string(hide_password=False)
    world.later(DAY)
    made: list[int] = []
    start = threading.Barrier(4)

    def process() -> None:
        with closing(Database(url)) as database:
            start.wait()
            made.append(seal_daily(database, SetClock(world.clock.now()), house.folder / "seal.key", "02:30", "sha256"))

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 0, 0, 1]
    assert world.rows("SELECT number FROM seal ORDER BY number") == [(1,), (2,)]


# --- the command line -----------------------------------------------------------------------------------------------

Terminal = Callable[..., tuple[int, str]]


@pytest.fixture
def huying(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    monkeypatch.setenv("HUYING_DATABASE", database_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HUYING_SEAL_KEY", str(tmp_path / "key" / "seal.key"))

    def run(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = cli.main(words)
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


def test_two_organisations_at_their_command_lines(
    huying: Terminal, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(database_url)) as database:
        world = World(database)
        told = world.ticket().closed()
        file, keys = str(tmp_path / "1.seal"), tmp_path / "keys.txt"
        assert huying("seal")[0] == 1, "there is no key yet"
        code, said = huying("seal", "key")
        assert code == 0
        keys.write_text(said.splitlines()[0])
        assert huying("seal", "key")[0] == 1
        assert huying("seal")[0] == 0
        assert "sha256" in huying("seals")[1]
        code, said = huying("verify")
        assert (code, "1 次封存 / seals" in said, "of this machine" in said) == (0, True, True), said
        assert huying("seal", "export", "2", file)[0] == 1
        assert huying("seal", "export", "1", file)[0] == 0
        code, said = huying("verify", "--seal", file, "--public-key", str(keys))
        assert (code, "完好 / sound" in said) == (0, True), said
        assert huying("seal", "key", "--rotate")[0] == 0
        assert huying("seal")[0] == 0
        assert huying("verify")[0] == 0, "the old key was put aside and is known"
        assert huying("seal", "export", "2", str(tmp_path / "2.seal"))[0] == 0
        assert huying("verify", "--seal", str(tmp_path / "2.seal"))[0] == 0
        assert huying("verify", "--seal", str(tmp_path / "2.seal"), "--public-key", str(keys))[0] == 1
        world.change("UPDATE event SET actor = 'x' WHERE ticket_id = ? AND seq = 1", told.id)
        assert huying("verify", "--public-key", str(keys))[0] == 1, "the second seal is by another key"
        code, said = huying("verify", "--seal", file)
        assert code == 1
        assert f"{told.case_no}: 事件被改动（第 1 号封存）" in said
    # A second organisation has no database at all.
    monkeypatch.setenv("HUYING_DATABASE", f"sqlite:///{tmp_path / 'nowhere' / 'none.db'}")
    assert huying("verify", "--seal", file, "--alone", "--public-key", str(keys))[0] == 0
    assert huying("verify", "--alone")[0] == 1


# --- many -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(house: House) -> House:
    """A house with many tickets, each a copy of one with a chain of its own."""
    told = house.world.ticket().filed()
    with house.world.database.looking() as transaction:
        rows = list(events(transaction))
    marks = ", ".join(["%s" if house.world.database.dialect == "postgresql" else "?"] * 21)
    made = []
    for number in range(1, MANY):
        previous = ""
        for row in rows:
            copy = [told.id + number, *row[1:]]
            copy[HASH] = previous = hash_of(copy, previous, copy[SEQ])
            made.append(tuple(copy[:21]))
    columns = (
        "ticket_id, seq, at, recorded_at, source, action, scope, task_seq, request_seq, actor, person_id, post, "
        "department_id, behalf_of, state_from, state_to, stage, facts, personal_digest, algorithm, hash"
    )
    heads = {row[0]: row[HASH] for row in made}
    known = [
        name for (name, *_) in house.world.rows(
            "SELECT name FROM pragma_table_info('ticket')"
            if house.world.database.dialect == "sqlite"
            else "SELECT column_name FROM information_schema.columns WHERE table_name = 'ticket'"
        ) if name not in ("id", "case_no", "head")
    ]  # fmt: skip
    mark = marks[: marks.index(",")]
    copying = (
        f"INSERT INTO ticket (id, case_no, head, {', '.join(known)}) SELECT CAST({mark} AS BIGINT), "
        f"CAST({mark} AS VARCHAR), CAST({mark} AS VARCHAR), {', '.join(known)} FROM ticket WHERE id = {told.id}"
    )

    def fill(transaction: Transaction) -> None:
        transaction.run_many(copying, [(one, f"HY-{one}", head) for one, head in heads.items()])
        transaction.run_many(f"INSERT INTO event ({columns}) VALUES ({marks})", made)

    house.world.database.acting(fill)
    return house


@pytest.mark.slow
def test_many_tickets_are_sealed_and_checked_in_reasonable_time(crowded: House) -> None:
    begun = monotonic()
    assert crowded.seal().tickets == MANY
    sealed = monotonic() - begun
    path = crowded.export(1)
    told: list[int] = []
    check = seal_check.against(crowded.world.database, seal_file.read(path), tell=told.append)
    took = monotonic() - begun
    assert (check.sound, check.tickets) == (True, MANY)
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == MANY
    begun = monotonic()
    assert crowded.seal().tickets == 0
    again = monotonic() - begun
    assert max(sealed, again) < 20, (sealed, took, again)
    assert took < 60, (sealed, took, again)
    crowded.world.change("UPDATE event SET facts = '{}' WHERE ticket_id = ? AND seq = 1", 15_000)
    assert [str(one)[:9] for one in crowded.findings(path)] == ["HY-15000:"]
