"""When somebody may be told: quiet hours across midnight, digests, and what is urgent."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import CIVIL_ZONE, DAY, HOUR, MINUTE, SECOND, Instant, instant, shown
from engine.rules.wishes import Digest, QuietHours, Wishes, digest, next_time, quiet_hours

NIGHT = quiet_hours("21:30-07:30")
NOON = quiet_hours("12:00-13:30")
NEVER = quiet_hours("none")
MINUTES = st.integers(0, 24 * 60 - 1)
MOMENTS = st.integers(0, 60 * 365 * DAY).map(Instant)


def at(text: str) -> Instant:
    """`2026-03-02 21:30` or with seconds, in Shanghai."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=CIVIL_ZONE))


def may_come(wishes: Wishes, posted: str, now: str | None = None, *, urgent: bool = False) -> str:
    return shown(
        wishes.may_come(posted=at(posted), now=at(now or posted), urgent=urgent, installation=NIGHT),
    )


class TestQuietHours:
    @pytest.mark.parametrize(
        ("now", "end"),
        [
            ("2026-03-02 21:29:59", None),
            ("2026-03-02 21:30", "2026-03-03 07:30"),
            ("2026-03-02 23:59:59", "2026-03-03 07:30"),
            ("2026-03-03 00:00", "2026-03-03 07:30"),
            ("2026-03-03 07:29:59", "2026-03-03 07:30"),
            ("2026-03-03 07:30", None),
            ("2026-02-28 22:00", "2026-03-01 07:30"),
            ("2026-12-31 22:00", "2027-01-01 07:30"),
        ],
    )
    def test_across_midnight_they_end_in_the_morning(self, now: str, end: str | None) -> None:
        assert NIGHT.end(at(now)) == (at(end) if end else None)

    def test_within_a_day_they_end_on_the_same(self) -> None:
        assert NOON.end(at("2026-03-02 12:00")) == at("2026-03-02 13:30")
        assert NOON.end(at("2026-03-02 13:30")) is None
        assert NOON.end(at("2026-03-02 00:00")) is None

    @given(MINUTES, MINUTES, MOMENTS)
    def test_their_end_is_the_first_moment_outside_of_them(self, begins: int, ends: int, now: Instant) -> None:
        quiet = QuietHours(begins, ends)
        end = quiet.end(now)
        if begins == ends:
            assert end is None
            return
        length = (ends - begins) * MINUTE % DAY
        into = (now - at("1970-01-01 00:00") - begins * MINUTE) % DAY
        assert (end is not None) == (into < length)
        if end is not None:
            assert end - now == length - into
            assert quiet.end(end) is None
            assert quiet.end(Instant(end - 1)) == end

    @pytest.mark.parametrize("text", ["21:30-07:30", "00:00-06:00", "9:05-9:06"])
    def test_they_are_read_as_they_are_written(self, text: str) -> None:
        assert quiet_hours(str(quiet_hours(text))) == quiet_hours(text)

    @pytest.mark.parametrize("text", ["", "22:00", "22:00-", "24:00-07:00", "22:60-07:00", "22-7", "a-b", "-", "07:30"])
    def test_what_is_no_time_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            quiet_hours(text)

    def test_none_and_two_equal_times_are_none(self) -> None:
        assert NEVER.end(at("2026-03-02 03:00")) is None
        assert str(quiet_hours("08:00-08:00")) == str(NEVER) == "none"


class TestDigests:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("once", (Digest.ONCE, None)),
            ("hourly", (Digest.HOURLY, None)),
            ("daily@08:30", (Digest.DAILY, 510)),
            ("daily@0:00", (Digest.DAILY, 0)),
        ],
    )
    def test_they_are_read(self, text: str, meant: tuple[Digest, int | None]) -> None:
        assert digest(text) == meant

    @pytest.mark.parametrize(
        "text", ["", "daily", "daily@", "daily@25:00", "once@08:30", "hourly@1", "weekly", "@08:30"]
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            digest(text)

    def test_at_once_is_at_once(self) -> None:
        assert may_come(Wishes(), "2026-03-02 10:17") == "2026-03-02 10:17"

    def test_an_hourly_one_waits_for_the_full_hour(self) -> None:
        hourly = Wishes(digest=Digest.HOURLY)
        assert may_come(hourly, "2026-03-02 10:17") == "2026-03-02 11:00"
        assert may_come(hourly, "2026-03-02 10:00") == "2026-03-02 10:00"
        assert may_come(hourly, "2026-03-02 21:17") == "2026-03-03 07:30"

    def test_a_daily_one_waits_for_its_time(self) -> None:
        daily = Wishes(digest=Digest.DAILY, digest_at=8 * 60 + 30)
        assert may_come(daily, "2026-03-02 08:30") == "2026-03-02 08:30"
        assert may_come(daily, "2026-03-02 08:31") == "2026-03-03 08:30"

    def test_a_daily_one_in_quiet_hours_comes_when_they_end(self) -> None:
        assert may_come(Wishes(digest=Digest.DAILY, digest_at=6 * 60), "2026-03-02 10:00") == "2026-03-03 07:30"

    def test_what_was_missed_comes_as_soon_as_it_may(self) -> None:
        daily = Wishes(digest=Digest.DAILY)
        assert may_come(daily, "2026-03-02 08:00", "2026-03-09 15:00") == "2026-03-09 15:00"
        assert may_come(daily, "2026-03-02 08:00", "2026-03-09 23:00") == "2026-03-10 07:30"

    @given(MOMENTS, MINUTES)
    def test_the_next_time_is_within_a_day_and_shows_that_minute(self, now: Instant, minute: int) -> None:
        found = next_time(now, minute)
        assert 0 <= found - now < DAY
        assert shown(found)[-5:] == f"{minute // 60:02d}:{minute % 60:02d}"
        assert found % MINUTE == 0


class TestUrgent:
    def test_it_comes_at_night_and_between_digests_only_for_who_allows_that(self) -> None:
        allowed, not_allowed = Wishes(urgent=True, digest=Digest.DAILY), Wishes(digest=Digest.DAILY)
        assert may_come(allowed, "2026-03-02 23:00", urgent=True) == "2026-03-02 23:00"
        assert may_come(not_allowed, "2026-03-02 23:00", urgent=True) == "2026-03-03 08:30"
        assert may_come(allowed, "2026-03-02 23:00") == "2026-03-03 08:30"


@given(MOMENTS, st.integers(-7 * DAY, 0), st.sampled_from(Digest), MINUTES, MINUTES, MINUTES)
def test_whatever_is_wished_nothing_comes_in_quiet_hours_or_before_now(
    now: Instant, ago: int, kind: Digest, digest_at: int, begins: int, ends: int
) -> None:
    quiet = QuietHours(begins, ends)
    wishes = Wishes(quiet=quiet, digest=kind, digest_at=digest_at)
    found = wishes.may_come(posted=Instant(now + ago), now=now, urgent=False, installation=NIGHT)
    assert now <= found <= now + 2 * DAY + HOUR
    assert quiet.end(found) is None
    # Whoever looks again then finds that it may go.
    assert wishes.may_come(posted=Instant(now + ago), now=found, urgent=False, installation=NIGHT) == found


def test_seconds_of_the_day_count() -> None:
    assert may_come(Wishes(), "2026-03-02 21:29:59") == "2026-03-02 21:29"
    assert NIGHT.end(Instant(at("2026-03-03 07:30") - SECOND)) == at("2026-03-03 07:30")
