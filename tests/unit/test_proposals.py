"""Who should lead: responsibilities, rulings, outcomes, in this order of weight; and why not the usual suspect."""

from engine.clock import DAY, HOUR, Instant
from engine.definitions.model import Title
from engine.rules.proposals import Duty, Ended, Proposed, Ruled, rank

URBAN, WATER, POWER = 1, 2, 3
DESIGNATED = Title("指定承办", "designated")


def duty(lead: int, item: str = "part-01-02", distance: int = 2, co: tuple[str, ...] = ()) -> Duty:
    return Duty(lead=lead, co=co, item=item, area="奉贤区", distance=distance, basis="权责清单第1项")


def ruled(winner: int | None, loser: int | None, *, at: int = 10, binding: bool = True, same: bool = True) -> Ruled:
    return Ruled(
        case_no=f"20260101-{at:06}", at=Instant(at * DAY), title=DESIGNATED, by="顾平", winner=winner, loser=loser,
        binding=binding, same_item=same, clause="第三条",
    )  # fmt: skip


def ended(department: int, finished: int, returned: int = 0) -> Ended:
    return Ended(department=department, finished=finished, returned=returned, median=3 * HOUR if finished else None)


def order(ranked: tuple[Proposed, ...]) -> list[int]:
    return [one.department for one in ranked]


def test_nothing_known_proposes_nobody() -> None:
    assert rank([], [], []) == ()


def test_the_nearest_area_wins_then_the_most_exact_item() -> None:
    duties = [duty(URBAN, "part"), duty(WATER, "part-01"), duty(POWER, "part", distance=1)]
    assert order(rank(duties, [], [])) == [POWER, WATER, URBAN]


def test_co_handlers_come_from_the_line_that_won() -> None:
    first, *_ = rank([duty(URBAN, co=("sw", "ps")), duty(URBAN, "part", co=("gd",))], [], [])
    assert first.co == ("sw", "ps")
    assert len(first.reasons) == 1


def test_a_ruling_outweighs_the_list_and_says_why_not_the_usual_suspect() -> None:
    first, second = rank([duty(URBAN)], [ruled(WATER, URBAN)], [])
    assert first.department == WATER
    assert "先例 20260101-000010：1970-01-11 顾平指定承办，由其承办，依据第三条" in first.reasons[0].zh
    assert second.department == URBAN
    assert "不由其承办" in second.against[0].zh


def test_whoever_only_lost_is_not_proposed() -> None:
    assert order(rank([], [ruled(WATER, POWER)], [])) == [WATER]


def test_a_ruling_on_the_same_item_counts_before_one_on_its_class() -> None:
    rulings = [ruled(WATER, None, at=20, same=False), ruled(URBAN, None, at=10)]
    assert order(rank([], rulings, [])) == [URBAN, WATER]


def test_a_binding_ruling_counts_more_than_another() -> None:
    rulings = [ruled(WATER, None, at=20, binding=False), ruled(URBAN, None, at=10)]
    assert order(rank([], rulings, [])) == [URBAN, WATER]


def test_many_rulings_are_told_by_the_newest_three() -> None:
    (only,) = rank([], [ruled(WATER, None, at=day) for day in range(1, 8)], [])
    assert len(only.reasons) == 3
    assert "1970-01-08" in only.reasons[0].zh


def test_who_really_finished_them_comes_before_who_returned_them() -> None:
    ranked = rank([], [], [ended(URBAN, 2, returned=6), ended(WATER, 8)])
    assert order(ranked) == [WATER, URBAN]
    assert ranked[0].reasons[0].zh == "同类案卷办结 8 件，退回 0%，办理中位数 3.0 工作小时"
    assert "退回 75%" in ranked[1].reasons[0].zh


def test_who_returned_everything_is_held_against_the_list() -> None:
    (only,) = rank([duty(URBAN)], [], [ended(URBAN, 0, returned=3)])
    assert [reason.zh for reason in only.against] == ["同类案卷 3 件全部退回"]


def test_equals_keep_one_order() -> None:
    assert order(rank([], [], [ended(WATER, 1), ended(URBAN, 1)])) == [URBAN, WATER]
