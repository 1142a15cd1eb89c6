"""What a workflow file becomes."""

import hashlib
import re
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine.definitions.conditions import Counter, Every, Not
from engine.definitions.loader import discover, load, loads
from engine.definitions.model import (
    DepartmentScope,
    Join,
    Need,
    Once,
    Owner,
    PersonScope,
    TaskSet,
    Title,
    Workflow,
)
from engine.definitions.spans import Counting, Limit, Offset, Share, Side, Unit
from engine.errors import DefinitionError
from engine.vocabulary import Stage, StateType
from tests.support.chinese import in_chinese
from tests.support.loops import SHIPPED, SMALL, refusal


@pytest.fixture(scope="module")
def small() -> Workflow:
    return loads(SMALL)


def test_a_definition_keeps_its_exact_source_and_digest(small: Workflow) -> None:
    assert (small.key, small.version, small.calendar) == ("small", 1, "cn-mainland")
    assert small.source == SMALL
    assert small.sha256 == hashlib.sha256(SMALL.encode()).hexdigest()


def test_the_digest_is_of_the_exact_bytes(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashlib.sha256(load(path).source.encode()).hexdigest() == load(path).sha256


def test_states_stand_in_the_files_order_with_ends_last(small: Workflow) -> None:
    assert list(small.states) == ["reported", "filed", "joined", "handling", "checking", "closed", "refused"]
    assert [state.stage for state in small.states.values()] == [
        Stage.REPORT,
        Stage.TRIAGE,
        Stage.TRIAGE,
        Stage.RESOLVE,
        Stage.REVIEW,
        Stage.REVIEW,
        Stage.REVIEW,
    ]


def test_a_state_means_what_it_says_or_what_it_is_for(small: Workflow) -> None:
    assert {name: state.type for name, state in small.states.items()} == {
        "reported": StateType.WAITING,
        "filed": StateType.WAITING,
        "joined": StateType.JOINED,
        "handling": StateType.WORKING,
        "checking": StateType.WAITING,
        "closed": StateType.CLOSED,
        "refused": StateType.VOID,
    }


def test_a_title_given_once_serves_every_action_of_the_name(small: Workflow) -> None:
    assert small.states["filed"].actions["refuse"].title == Title("不予受理", "Refuse")
    assert small.requests["doubt"].ask.title == Title("异议", "Doubt")


def test_a_title_may_be_chinese_alone() -> None:
    title = loads(SMALL.replace("小循环 / Small", "小循环")).title
    assert (str(title), title.en) == ("小循环", "")


def test_roles_are_seen_from_the_ticket_or_the_task(small: Workflow) -> None:
    assert small.roles["reporter"].person is PersonScope.REPORTER
    assert (small.roles["desk"].posts, small.roles["desk"].area) == (frozenset({"coordinator"}), "street")
    assert small.roles["line"].department is DepartmentScope.TASK
    assert (small.roles["checker"].area, small.roles["checker"].not_who) == ("ticket", frozenset({"finish"}))


def test_a_form_asks_by_marks(small: Workflow) -> None:
    form = small.starts["report"].form
    assert [(item.name, item.need) for item in form] == [
        ("description", Need.ONE),
        ("place", Need.ONE),
        ("before_photos", Need.SOME),
    ]
    assert [item.need for item in small.states["filed"].actions["send"].form] == [Need.ONE, Need.ANY]
    assert form[0].field.personal
    assert not form[1].field.personal


def test_fields_are_those_used_and_those_declared(small: Workflow) -> None:
    assert {"wish", "helper", "level", "stars"} <= small.fields.keys()
    assert "satisfaction" not in small.fields
    assert small.fields["wish"].personal
    assert small.fields["level"].of == {"easy": Title("易", "Easy"), "hard": Title("难", "Hard")}


def test_deadlines_take_a_limit_the_catalogue_or_a_date(small: Workflow) -> None:
    assert small.deadlines["accept"].within == Limit(amount=1, unit=Unit.WORKDAYS)
    handle = small.deadlines["handle"]
    assert (handle.catalogue, handle.within) == (True, Limit(amount=5, unit=Unit.WORKDAYS))
    assert (small.deadlines["until_due"].until, small.deadlines["until_due"].within) == ("due", None)
    assert small.deadlines["check"].then == "unchecked"


def test_days_may_be_counted_as_the_law_does() -> None:
    text = SMALL.replace("within: 3 workdays,", "within: 3 workdays, counting: days,")
    assert loads(text).deadlines["check"].within == Limit(amount=3, unit=Unit.WORKDAYS, counting=Counting.DAYS)


def test_a_deadline_may_start_under_a_condition() -> None:
    text = SMALL.replace("within: 3 workdays,", "within: 3 workdays, when: urgency is emergency,")
    small = loads(text.replace("form: [item!, level", "form: [item!, urgency, level"))
    assert str(small.deadlines["check"].when) == "urgency is emergency"
    assert "urgency" in small.tracked


def test_ladders_climb(small: Workflow) -> None:
    assert [step.at for step in small.ladders["line"]] == [
        Share(100),
        Offset(Side.AFTER, Limit(amount=2, unit=Unit.WORKDAYS)),
    ]
    assert small.ladders["line"][1].do == "raise"
    assert str(small.ladders["line"][1].when) == "in handling"


def test_common_actions_are_in_each_of_their_states(small: Workflow) -> None:
    having = [name for name, state in small.states.items() if "urge" in state.actions]
    assert having == ["reported", "handling"]
    assert [n for n, s in small.tasks["line"].states.items() if "replace" in s.actions] == ["sent", "signed"]


def test_effects_are_compiled(small: Workflow) -> None:
    send = small.states["filed"].actions["send"]
    assert (send.sends, send.sets, send.to) == ({"line": ("lead", "co")}, ("firm",), "handling")
    rework = small.states["checking"].actions["rework"]
    assert (rework.reopens, rework.counts) == ({"line": "signed"}, ("reworks",))
    assert small.states["handling"].actions["stop"].withdraws == {"line": TaskSet.ALL}
    assert small.states["checking"].actions["unchecked"].clears == ("reworks", "seen")
    assert small.states["filed"].actions["look"].once is Once.PERSON
    assert [item.name for item in small.states["checking"].actions["pass"].each["line"]] == ["stars", "resolved"]
    assert small.states["reported"].actions["join"].joins == "ticket"
    assert small.states["joined"].actions["revive"].splits


def test_requests_are_asked_and_answered(small: Workflow) -> None:
    extension = small.tasks["line"].requests["extension"]
    assert (extension.states, extension.deadlines, extension.ask.before) == (
        frozenset({"signed"}),
        ("accept",),
        "handle",
    )
    assert extension.answers["grant"].extends == "handle"
    assert extension.answers["put_off"].suspends == "until"
    assert small.requests["doubt"].pauses == ("check",)


def test_every_kind_of_task_can_be_withdrawn(small: Workflow) -> None:
    line = small.tasks["line"]
    assert line.states["withdrawn"].type is StateType.VOID
    assert line.states["withdrawn"].title == Title("已撤下", "Withdrawn")
    assert (line.first, line.of, list(line.states)) == (
        "sent",
        Owner.DEPARTMENT,
        ["sent", "signed", "done", "withdrawn"],
    )


def test_turn_is_the_movers_but_never_by_itself_the_reporter(small: Workflow) -> None:
    assert small.states["reported"].turn == ("desk",)
    assert small.states["checking"].turn == ("checker",)
    assert small.states["joined"].turn == ()
    assert small.tasks["line"].states["sent"].turn == ("desk", "line")
    text = SMALL.replace("title: 已立案 / Filed", "title: 已立案 / Filed\n      turn: [reporter, worker]")
    assert loads(text).states["filed"].turn == ("reporter", "worker")
    assert loads(text.replace("[reporter, worker]", "[]")).states["filed"].turn == ()


def test_what_conditions_read_is_known(small: Workflow) -> None:
    assert small.tracked == {"level"}
    assert small.caps == {"reworks": 2, "extensions": 2}
    assert small.remembered == {"finish", "look"}


@pytest.mark.parametrize(
    ("word", "join"),
    [
        ("all", Join("all")),
        ("any", Join("any", count=1)),
        ("lead", Join("lead", lead=True)),
        ("主办", Join("lead", lead=True)),
        ("2", Join("2", count=2)),
        ("2/3", Join("2/3", share=(2, 3))),
        ("60%", Join("60%", share=(60, 100))),
    ],
)
def test_tasks_join_by_all_any_lead_number_or_share(word: str, join: Join) -> None:
    assert loads(SMALL.replace("join: all", f"join: {word}")).tasks["line"].join == join


@pytest.mark.parametrize(
    ("share", "of", "needed"), [("2/3", 3, 2), ("2/3", 4, 3), ("60%", 5, 3), ("any", 9, 1), ("2", 5, 2)]
)
def test_a_share_is_rounded_up(share: str, of: int, needed: int) -> None:
    assert loads(SMALL.replace("join: all", f"join: {share}")).tasks["line"].join.needed(of) == needed


def test_a_kind_of_task_may_be_claimed() -> None:
    text = SMALL.replace("of: department", "of: person").replace(
        "sends: {line: [lead, co]}, sets", "sends: {line: me}, sets"
    )
    text = text.replace("{line: department}", "{line: me}")
    assert loads(text).states["filed"].actions["send"].sends == {"line": ("me",)}


def test_a_file_may_bring_posts_and_levels_of_its_own() -> None:
    text = SMALL.replace("roles:\n", "posts: {convener: 召集人 / Convener}\nlevels: {lane: 弄 / Lane}\nroles:\n")
    small = loads(text.replace("post: coordinator, area: street", "post: convener, area: lane"))
    assert (small.roles["desk"].posts, small.roles["desk"].area) == (frozenset({"convener"}), "lane")
    assert small.posts == {"convener": Title("召集人", "Convener")}
    assert "已由系统提供" in refusal(SMALL.replace("roles:\n", "posts: {handler: 承办 / Handler}\nroles:\n")).zh


def test_a_condition_is_a_value(small: Workflow) -> None:
    release = small.tasks["line"].states["sent"].actions["release"].when
    assert isinstance(release, Every)
    assert all(isinstance(part, Not) for part in release.parts)
    assert small.states["checking"].actions["rework"].when == Counter("reworks", "<", 2)


def _bare(value: Any) -> Any:
    """A compiled value without lines, source and digest."""
    if isinstance(value, Workflow):
        value = replace(value, source="", sha256="")
    if is_dataclass(value):
        return (
            type(value).__name__,
            {f.name: _bare(getattr(value, f.name)) for f in fields(value) if f.name != "line"},
        )
    if isinstance(value, dict):
        return [(key, _bare(inner)) for key, inner in value.items()]
    return [_bare(inner) for inner in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_in_chinese_compiles_to_the_same_definition(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    chinese = in_chinese(text)
    assert "动作:" in chinese
    assert "actions:" not in chinese
    assert _bare(loads(chinese)) == _bare(loads(text))


def test_the_small_file_in_chinese_compiles_to_the_same_definition() -> None:
    assert _bare(loads(in_chinese(SMALL))) == _bare(loads(SMALL))


def test_names_may_be_chinese() -> None:
    names = {
        "reworks": "返工次数",
        "handling": "处置中",
        "line": "条线",
        "level": "难易",
        "easy": "易",
        "desk": "受理员",
    }
    text = SMALL
    for english, chinese in names.items():
        text = re.sub(rf"\b{english}\b", chinese, text)
    small = loads(text)
    assert small.states["处置中"].tasks == ("条线",)
    assert small.caps["返工次数"] == 2
    assert str(small.states["filed"].actions["send"].when) == "难易 is 易"


def test_the_shipped_workflows_are_discovered() -> None:
    found = {workflow.key: workflow for workflow in discover()}
    assert {"block-calls-line-responds", "multi-grid-in-one", "service-request"} <= found.keys()
    assert found.keys() == {path.stem for path in SHIPPED}


def test_two_files_of_one_key_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SMALL, encoding="utf-8")
    with pytest.raises(DefinitionError, match="已被另一文件使用"):
        discover(tmp_path)


def _opening(tmp_path: Path, opens: str, start: str) -> Path:
    """A folder with one file whose action `look` opens what its start `born` begins."""
    text = SMALL.replace("when: seen, ", "")
    text = text.replace("form: [note], sets: seen", f"form: [note, remark!], opens: {opens}")
    text = text.replace("\nstarts:\n", f"\nstarts:\n  born: {start}\n")
    text = text.replace("\nfields:\n", "\nfields:\n  remark: {title: 备注 / Remark, type: text, personal: true}\n")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return tmp_path


BORN = "{title: 衍生 / Born, by: rule, to: filed, form: [description, place, contact_phone]}"


def test_what_an_action_opens_takes_words_along(tmp_path: Path) -> None:
    folder = _opening(
        tmp_path,
        "{workflow: small, start: born, fills: {描述: remark}, takes: [reporter, place, contact_phone]}",
        BORN,
    )
    (found,) = discover(folder)
    opens = found.states["filed"].actions["look"].opens
    assert opens is not None
    assert opens.fills == {"description": "remark"}
    assert opens.takes == ("place", "contact_phone")
    assert opens.same_reporter


@pytest.mark.parametrize(
    ("opens", "start", "said"),
    [
        ("{workflow: other, start: begin}", BORN, "不存在"),
        ("{workflow: small, start: begin}", BORN, "不存在"),
        ("{workflow: small, start: born}", BORN.replace("by: rule", "by: reporter"), "不由规则发起"),
        ("{workflow: small, start: born, fills: {result: remark}}", BORN, "不在“small·born”的表单中"),
        ("{workflow: small, start: born, takes: [address]}", BORN, "不在“small·born”的表单中"),
        ("{workflow: small, start: born, fills: {place: remark}}", BORN, "类型不同"),
        ("{workflow: small, start: born, fills: {description: nothing}}", BORN, "没有声明"),
        ("{workflow: small, start: born, takes: [before_photos]}", BORN, "留在原案"),
        ("{workflow: small, start: born, takes: [nothing]}", BORN, "没有声明"),
    ],
)
def test_what_an_action_opens_must_fit(tmp_path: Path, opens: str, start: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as refused:
        discover(_opening(tmp_path, opens, start))
    assert refused.value.place is not None
    assert refused.value.place.line
