"""What carries a task to a bound unit: a list first, then an admission that is named, then one by the item."""

import pytest

from engine.definitions.model import Title
from engine.rules.basis import Bound, Duty, Permit, basis, covers, refusal

LISTS = (Title("依法履职事项清单", "Duties by law"), Title("依法协助事项清单", "Help by law"))
TODAY = "2026-03-02"


def duty(*items: str) -> Duty:
    return Duty(register="village-duties", list=LISTS[0], code="yf-001", matter="议事协商", items=frozenset(items))


def permit(number: int, *items: str, until: str = "2026-06-30", over: bool = False) -> Permit:
    return Permit(
        number=f"奉村准〔2026〕{number}号", ticket_id=number, case_no=f"20260101-00000{number}", matter="井盖排查",
        items=frozenset(items), until=until, over=over,
    )  # fmt: skip


def bound(*duties: Duty, permits: tuple[Permit, ...] = ()) -> Bound:
    return Bound(name="浦江居民委员会", today=TODAY, lists=LISTS, duties=duties, permits=permits)


@pytest.mark.parametrize("code", ["part-01-02/1", "part-01-02", "part-01", "part"])
def test_a_code_covers_its_standard_its_item_its_class_and_its_kind(code: str) -> None:
    assert covers({code}, "part-01-02/1")


@pytest.mark.parametrize("code", ["part-01-02/2", "part-01-0", "part-02", "event", "part-01-02/1/1", ""])
def test_a_code_covers_nothing_beside_it(code: str) -> None:
    assert not covers({code}, "part-01-02/1")


def test_one_standard_does_not_cover_the_whole_item_and_no_item_is_covered_by_nothing() -> None:
    assert not covers({"part-01-02/1"}, "part-01-02")
    assert not covers({"part"}, None)
    assert not covers({"part"}, "")


def test_a_list_goes_before_an_admission() -> None:
    found = basis(bound(duty("part-01"), permits=(permit(1, "part-01"),)), "part-01-02")
    assert found is not None
    assert found.duty is not None
    assert found.facts(7) == {
        "task": 7, "matter": "议事协商", "list": "依法履职事项清单", "register": "village-duties", "row": "yf-001",
    }  # fmt: skip


def test_an_admission_that_is_named_counts_whatever_the_item_and_goes_first() -> None:
    own = bound(permits=(permit(1, "part-01"), permit(2, "event-05")))
    first, second = basis(own, "part-01-02"), basis(own, "part-01-02", {2})
    assert first is not None
    assert second is not None
    assert first.facts(3)["admission"] == "奉村准〔2026〕1号"
    assert second.facts(3)["admission"] == "奉村准〔2026〕2号"
    assert basis(own, "event-06-01") is None
    assert basis(own, None, {1}) is not None


@pytest.mark.parametrize(("until", "over", "counts"), [
    (TODAY, False, True), ("2026-03-01", False, False), ("2026-12-31", True, False),
])  # fmt: skip
def test_an_admission_counts_through_its_last_day_unless_it_was_ended(until: str, over: bool, counts: bool) -> None:
    found = basis(bound(permits=(permit(1, "part", until=until, over=over),)), "part-01-02", {1})
    assert (found is not None) is counts


def test_the_refusal_names_unit_matter_lists_and_what_is_over() -> None:
    told = refusal(bound(permits=(permit(1, "part", until="2026-02-28"),)), "part-01-02", "检查井盖", "lead")
    assert "浦江居民委员会" in told.zh
    assert "检查井盖" in told.zh
    assert "《依法履职事项清单》、《依法协助事项清单》" in told.zh
    assert "原准入 奉村准〔2026〕1号 已于 2026-02-28 到期" in told.zh
    assert "Duties by law, Help by law" in told.en
    assert (told.place.field, told.status) == ("lead", 409)
    revoked = refusal(bound(permits=(permit(1, "part", over=True),)), "part-01-02", "检查井盖", "co")
    assert "已退出或取消" in revoked.zh
    assert "原准入" not in refusal(bound(), "part-01-02", "检查井盖", "co").zh
