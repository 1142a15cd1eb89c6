"""信访事项：登记、告知、转送、异议、听证、延期、意见、复查、复核、终结；检举控告只让经办的人知道，由人物讲述。

Petitions: told by the standing cast, through the door, on both databases.

李 信访人 petitioner (`citizen`) · 瞿、严 区信访办 the district's petition office · 陈 城管 urban management · 祝 住建委
主任 head of the bureau above it · 陆 水务 water · 华 市复核机关 the city · 闵 联席会议召集人 convener · 顾 区城运 the
district's desk · 何 督查员 supervisor
"""

import pytest

from engine.background.commands import run_commands
from engine.background.fan_out import fan_out
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR
from engine.database import Database
from engine.errors import Malformed, NotAllowedNow, NotFound, NotPermitted
from engine.records import lists, sheet
from engine.records.access import viewer_of
from engine.records.inbox import page as inbox
from tests.support.door import Told, World
from tests.support.petitions import due, petition, staffed


@pytest.fixture
def world(database: Database) -> World:
    return staffed(World(database))


def _sound(world: World, *told: Told) -> None:
    relay(world.database)
    assert world.verdict().sound
    assert [world.differences(one.id) for one in told] == [[] for _ in told]


def _at_work(told: Told, lead: str = "urban") -> Told:
    told.do("qu", "pass_on", form={"lead": lead})
    told.do("chen" if lead == "urban" else "lu", "take", of=lead)
    return told


def _pass(world: World, time: int) -> None:
    """Time passes, and the sweep looks."""
    sweep(world.door, world.database, world.later(time).clock)


def _tells(told: Told) -> set[str]:
    return told.told_to(told.world.unit("citizen"))


def test_the_whole_way_to_the_final_opinion(world: World) -> None:
    """登记 → 十五日内告知 → 转送 → 异议不成立 → 听证不计期限 → 延长三十日 → 意见 → 复查 → 复核 → 终结。"""
    told = petition(world)
    assert due(told, "tell") == "2026-03-17"  # 三月二日登记，当日不计 / registered on the 2nd, not counted

    # 三月五日受理并转送城管，当日告知信访人 / Accepted, passed on, and the petitioner told.
    world.later(3 * DAY)
    told.do("qu", "pass_on", form={"lead": "urban", "message": "反映楼下餐馆油烟扰民"})
    assert "pass_on" in _tells(told)
    assert due(told, "decide") == "2026-05-04"  # 六十日

    # 城管认为不归自己，瞿不同意；从此不得再提 / Urban management objects in vain, and can't a second time.
    world.later(DAY)
    told.do("chen-lead", "objection", of="urban", form={"clause": "三定方案第四条"})
    assert "take" not in told.sees("chen")
    told.do("qu", "insist", request=told.ask("objection").seq)
    assert isinstance(told.refused("chen-lead", "objection", of="urban"), NotAllowedNow)
    told.do("chen", "take", of="urban")
    assert "take" in _tells(told)

    # 听证：三月六日至二十六日，二十一日不计，期满自行恢复 / Twenty-one days of hearing aren't counted.
    told.do("chen", "hearing", of="urban", form={"until": "2026-03-26"})
    assert "answer" not in told.sees("chen")
    told.do("chen-lead", "grant_hearing", request=told.ask("hearing").seq)
    _pass(world, 30 * DAY)
    assert due(told, "decide") == "2026-05-25"

    # 再延长三十日，只此一次 / Thirty more days, once.
    told.do("chen", "more_time", of="urban")
    told.do("chen-lead", "grant_more", request=told.ask("more_time").seq)
    assert due(told, "decide") == "2026-06-24"
    assert isinstance(told.refused("chen", "more_time", of="urban"), NotAllowedNow)

    # 意见、复查、复核 / Decided, reviewed by the bureau above, re-reviewed by the city.
    told.do("chen", "answer", of="urban", form={"outcome": "reject", "opinion": "file-1"})
    assert (told.state, due(told, "appeal")) == ("decided", "2026-05-05")
    told.do("citizen", "ask_review")
    assert (due(told, "review"), "ask_review" in told.told_to(world.unit("bureau"))) == ("2026-05-05", True)
    told.do("zhu", "keep", form={"opinion": "file-1"})
    told.do("citizen", "ask_re_review")
    assert due(told, "re_review") == "2026-05-05"
    told.do("hua", "hold_hearing", form={"until": "2026-04-15"})
    _pass(world, 20 * DAY)
    assert due(told, "re_review") == "2026-05-18"  # 十一日不计，末日逢周六顺延 / eleven days; Saturday rolls to Monday
    told.do("hua", "conclude", form={"outcome": "partly", "opinion": "file-1"})

    # 终结之后仍要疏导，回访期满归档 / Final; comforted, and archived after the call-back.
    assert (told.state, told.sees("citizen")) == ("final", set())
    told.do("qu", "comfort", form={"note": "上门解释，联系法律援助"})
    _pass(world, 31 * DAY)
    assert told.state == "closed"
    _sound(world, told)


def test_nobody_asks_for_review_so_the_opinion_becomes_final(world: World) -> None:
    """三十日内未申请复查，意见生效。"""
    told = _at_work(petition(world))
    told.do("chen", "answer", of="urban")
    _pass(world, 33 * DAY)
    assert told.state == "final"
    _sound(world, told)


def test_a_quashed_opinion_is_written_anew_by_the_same_organ(world: World) -> None:
    """复查撤销，责令重办：同一机关，新的六十日；答过的人不得自己复查。"""
    told = _at_work(petition(world))
    told.do("chen", "answer", of="urban")
    told.do("citizen", "ask_review")
    assert "redo" in told.sees("zhu") & told.sees("yan")
    assert "redo" not in told.sees("qu")  # 转送的人不复查 / who passed it on doesn't review
    told.do("zhu", "redo")
    assert (told.state, told.task_of("urban").state) == ("handling", "working")
    told.do("chen", "answer", of="urban")
    assert told.state == "decided"
    _sound(world, told)


def test_what_belongs_to_the_court_is_shown_the_way_there(world: World) -> None:
    """诉讼、仲裁、复议事项：引导法定途径，告知信访人。"""
    told = petition(world)
    told.do("qu", "redirect", form={"route": "court"})
    assert (told.state, "redirect" in _tells(told)) == ("redirected", True)
    _sound(world, told)


def test_two_organs_object_so_the_conference_designates_and_no_third_may(world: World) -> None:
    """两家都提异议，联席会议指定办理，被指定者不得再提。"""
    told = petition(world)
    told.do("qu", "pass_on", form={"lead": "urban"})
    for unit, other in (("urban", "water"), ("water", "gas")):
        told.do(f"{'chen' if unit == 'urban' else 'lu'}-lead", "objection", of=unit)
        told.do("qu", "move_on", request=told.ask("objection").seq, form={"department": other})
    assert (told.state, "dispute" in told.told_to(world.unit("district"))) == ("disputed", True)
    told.do("min", "designate", form={"lead": "urban"})
    assert isinstance(told.refused("chen-lead", "objection", of="urban"), NotAllowedNow)
    _sound(world, told)


def test_the_same_facts_again_are_joined_and_answered_once(world: World) -> None:
    """重复信访：并入前案，随前案答复；前案撤回则恢复。"""
    main, again, third = (petition(world) for _ in range(3))
    _at_work(main)
    for other in (again, third):
        other.do("qu", "join", form={"ticket": main.case_no})
    third.do("qu", "split")
    main.do("chen", "answer", of="urban")
    run_commands(world.door, world.database, world.clock)
    assert (again.state, third.state, "follow" in _tells(again)) == ("answered", "registered", True)
    _sound(world, main, again, third)


def test_it_is_settled_or_taken_back(world: World) -> None:
    """和解结案；信访人撤回。"""
    settled, taken = _at_work(petition(world)), _at_work(petition(world))
    settled.do("qu", "settle", form={"agreement": "file-1"})
    taken.do("citizen", "withdraw")
    assert (settled.state, taken.state) == ("settled", "withdrawn")
    assert "withdraw" in taken.told_to(world.unit("urban"))
    _sound(world, settled, taken)


def test_late_telling_lights_up_and_late_handling_gets_a_card(world: World) -> None:
    """逾期：告知亮红灯，办理挂黄牌再挂红牌。"""
    told = petition(world)
    _pass(world, 16 * DAY)
    assert "rung" in told.told_to(world.unit("district"))
    told.do("qu", "entrust", form={"lead": "urban"})
    told.do("chen", "take", of="urban")
    _pass(world, 75 * DAY)
    assert [card.card for card in told.case.cards.values()] == ["red"]
    told.do("chen", "answer", of="urban")
    assert (told.state, told.actions[-1]) == ("decided", "report_back")
    _sound(world, told)


class TestAccusation:
    """检举控告：李实名检举城管中队，只有信访办和经办机关知道。"""

    STRANGERS = ("gu", "he", "shen", "jin", "chen", "chen-lead", "dong-lead", "wang")

    def _reported(self, world: World) -> Told:
        return petition(world, demand="accusation", accused=["urban"], description="城管中队违规收费")

    def _sees(self, world: World, told: Told, login: str) -> bool:
        """Whether somebody meets it anywhere: by its number, in a list, in the inbox."""
        fan_out(world.database, world.clock)
        with world.database.looking() as transaction:
            viewer = viewer_of(transaction, world.people[login], world.clock.now())
            rows = lists.page(
                transaction, world.versions, viewer, lists.Wanted(workflow="petitions"), now=world.clock.now()
            ).rows
            messages = inbox(transaction, world.versions, viewer).entries
            try:
                by_number = bool(sheet.sight(transaction, viewer, told.case_no))
            except NotFound:
                by_number = False
        seen = {by_number, any(row.case_no == told.case_no for row in rows)}
        assert len(seen) == 1
        return by_number or any(entry.case_no == told.case_no for entry in messages)

    def test_neither_the_accused_nor_those_above_ever_learn_of_it(self, world: World) -> None:
        """从登记到终结，被反映单位、区城运、督查员处处不见。"""
        told = self._reported(world)
        refused = told.refused("qu", "pass_on", form={"lead": "urban"})
        assert isinstance(refused, Malformed)
        assert "不得承办" in refused.zh
        told.do("qu", "pass_on", form={"lead": "water"})
        told.do("lu", "take", of="water")
        told.do("qu", "urge")
        _pass(world, 75 * DAY)
        told.do("lu", "answer", of="water")
        told.do("citizen", "ask_review")
        told.do("yan", "keep")
        assert [login for login in self.STRANGERS if self._sees(world, told, login)] == []
        knowing = ("citizen", "qu", "yan", "hua", "min", "lu", "lu-lead", "zhu")
        assert [login for login in knowing if not self._sees(world, told, login)] == []
        _sound(world, told)

    def test_a_number_that_is_kept_from_somebody_answers_as_one_that_was_never_given(self, world: World) -> None:
        """沈以案卷号并案：与不存在的案卷号得到同样的回答。"""
        told = self._reported(world)
        other = world.ticket().reported("wang")
        secret = other.refused("shen", "join", form={"ticket": told.case_no})
        nowhere = other.refused("shen", "join", form={"ticket": "20260302-999999"})
        assert (type(secret), secret.zh.replace(told.case_no, "…")) == (
            type(nowhere), nowhere.zh.replace("20260302-999999", "…"),
        )  # fmt: skip

    def test_a_petitioner_who_wants_to_be_kept_secret_is_from_then_on(self, world: World) -> None:
        """公开的信访，信访人要求保密：同一次办理即收回，解除即恢复。"""
        told = petition(world)
        assert self._sees(world, told, "gu")
        told.do("qu", "conceal", form={"keep_secret": True})
        assert [login for login in ("gu", "he", "shen") if self._sees(world, told, login)] == []
        assert isinstance(told.refused("shen", "conceal", form={"keep_secret": False}), NotPermitted)
        told.do("qu", "conceal", form={"keep_secret": False})
        assert self._sees(world, told, "gu")
        _sound(world, told)

    def test_the_organ_that_gave_it_back_knows_no_more(self, world: World) -> None:
        """异议成立另行转送，原机关不再知悉。"""
        told = self._reported(world)
        told.do("qu", "pass_on", form={"lead": "water"})
        assert self._sees(world, told, "lu-lead")
        told.do("lu-lead", "objection", of="water")
        told.do("qu", "move_on", request=told.ask("objection").seq, form={"department": "gas"})
        world.later(HOUR)
        assert not self._sees(world, told, "lu-lead")
        assert self._sees(world, told, "qi")
        _sound(world, told)
