"""Photos wherever a form asks for them: what is no photo is refused, and each is judged and kept with its ticket."""

import json
from dataclasses import replace

from engine import resources
from engine.definitions.loader import loads
from engine.rules.evidence import Photo
from tests.support.cases import REFERENCES, URBAN, Cast, Story

_FILE = resources.workflows() / "block-calls-line-responds.yaml"


def _asked_per_task() -> Story:
    """A ticket to be scored, where the block shows a photo for each department."""
    text = _FILE.read_text(encoding="utf-8")
    asked, more = "each: {line: [stars!, resolved!, reason]}", "each: {line: [stars!, resolved!, check_photos*]}"
    assert asked in text
    references = replace(REFERENCES, tickets={}, photos={"photo-2": Photo(elsewhere=("20260301-000009",))})
    story = Story(loads(text.replace(asked, more)), references=references)
    story.called("urban").signed(URBAN).finished(URBAN)
    story.do(Cast.zhou, "check")
    return story


def test_a_file_that_is_no_picture_is_no_photo() -> None:
    refusal = Story().refused(Cast.wang, "report", form={"before_photos": ["photo-1", "file-1"]})
    assert (refusal.place.field, refusal.zh) == ("before_photos", "“处置前照片”应为照片，不能用文件代替")


def test_a_file_may_be_a_picture() -> None:
    story = Story().called("urban")
    story.do(Cast.chen_lead, "return", of=URBAN, form={"evidence": ["photo-1", "file-1"]})


def test_a_photo_asked_for_each_task_is_kept_and_judged() -> None:
    story = _asked_per_task()
    task = story.task_of(URBAN).seq
    answers = {task: {"stars": 4, "resolved": "solved", "check_photos": ["photo-2"]}}
    decision = story.do(Cast.tang, "pass", each=answers)
    scored = next(event for event in decision.events if event.action == "pass")
    assert decision.attachments == [("check_photos", "photo-2", scored.seq)]
    (judged,) = json.loads(scored.facts)["evidence"]
    assert (judged["photo"], judged["same_as"]) == ("photo-2", ["20260301-000009"])
