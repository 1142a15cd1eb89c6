"""催办: whose task is reminded, until when, and that no open form suffers."""

from engine.clock import HOUR
from engine.rules.memory import Memory
from tests.support.cases import URBAN, WATER, Cast, Story


def _urged(story: Story) -> dict[int, int]:
    """Department → how often its task is reminded."""
    urged = story.case.ticket.memory.urged
    return {task.department_id or 0: urged[task.seq][0] for task in story.case.tasks.values() if task.seq in urged}


def test_every_open_task_is_reminded_until_its_owner_acts() -> None:
    story = Story().called("urban", "water")
    assert _urged(story) == {}
    story.do(Cast.shen, "urge", form={"message": "请尽快签收"})
    story.later(HOUR).do(Cast.shen, "urge", form={"message": "请尽快签收"})
    assert _urged(story) == {URBAN: 2, WATER: 2}
    assert {at for _, at in story.case.ticket.memory.urged.values()} == {story.now}
    story.signed(URBAN)
    assert _urged(story) == {WATER: 2}, "one department's answer is not the other's"
    story.do(Cast.shen, "urge", form={"message": "再次催办"})
    assert _urged(story) == {URBAN: 1, WATER: 3}


def test_what_is_done_is_not_reminded_and_handing_over_is_no_answer() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER).finished(WATER)
    story.do(Cast.shen, "urge", form={"message": "请抓紧"})
    assert _urged(story) == {URBAN: 1}
    seq = story.task_of(URBAN).seq
    story.do(Cast.chen_lead, "hand_over", task=seq, form={"person": "chen"})
    assert _urged(story) == {URBAN: 1}
    story.do(Cast.shen, "urge", form={"message": "请抓紧"})
    story.do(Cast.chen, "progress", task=seq, form={"note": "已联系施工队"})
    assert _urged(story) == {}


def test_a_reminder_leaves_the_form_that_its_owner_fills_in_time() -> None:
    story = Story().called("urban")
    before = story.task_of(URBAN).version
    story.do(Cast.shen, "urge", form={"message": "请尽快签收"})
    assert story.task_of(URBAN).version == before


def test_a_memory_is_read_as_it_was_written() -> None:
    story = Story().called("urban")
    story.do(Cast.shen, "urge", form={"message": "请尽快签收"})
    memory = story.case.ticket.memory
    assert Memory.from_json(memory.to_json()).urged == memory.urged == memory.clone().urged != {}
