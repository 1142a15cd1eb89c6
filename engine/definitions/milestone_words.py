"""The milestones that a workflow file may name under `facts`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MilestoneWord:
    """A milestone: its Chinese spelling, what it means, and whether it is a task's instead of the ticket's."""

    zh: str
    about_zh: str
    about_en: str
    of_task: bool = False
    #: Whether it can be on time or late.
    timed: bool = True


#: In the order of a ticket's life; each is a moment of `ticket_fact`, or of `task_fact`.
MILESTONES: dict[str, MilestoneWord] = {
    "verified": MilestoneWord("核实", "已核实（属实与否）", "Verified, genuine or not"),
    "filed": MilestoneWord("立案", "已立案", "Filed"),
    "missed": MilestoneWord("漏报", "网格应发现而未发现", "The grid should have found it, and did not", timed=False),
    "visited": MilestoneWord("走访", "已走访", "Visited"),
    "decided": MilestoneWord("审定", "已审定（准或不准）", "Decided, whichever way"),
    "self_handled": MilestoneWord("自处置", "上报人自行处置", "Handled on the spot by whoever saw it", timed=False),
    "solved_together": MilestoneWord("共治", "网格自有力量解决", "Solved by the grid's own strength", timed=False),
    "dispatched": MilestoneWord("派遣", "已派遣", "Dispatched"),
    "listed": MilestoneWord("列单", "已列入难题清单", "Put on the problem list"),
    "cleared": MilestoneWord("销号", "难题已销号", "Cleared from the problem list"),
    "checked": MilestoneWord("核查", "核查通过", "The check passed"),
    "called_back": MilestoneWord("回访", "已接通回访", "The reporter was reached by a call-back"),
    "rated": MilestoneWord(
        "群众评价", "群众表态（含回访、评价、不满意）", "The reporter said what came of it", timed=False
    ),
    "responded": MilestoneWord("响应", "群众表示已联系", "The reporter says that contact was made", timed=False),
    "reworked": MilestoneWord("返工", "结案前被退回返工", "Sent back before closure", timed=False),
    "rehandled": MilestoneWord("重办", "结案后重办", "Handled again after closure", timed=False),
    "signed": MilestoneWord("签收", "任务已签收", "The task was signed", of_task=True),
    "contacted": MilestoneWord("先行联系", "已先行联系", "First contact was made", of_task=True),
    "arrived": MilestoneWord("到场", "已到场", "On site", of_task=True),
    "handled": MilestoneWord(
        "处置", "任务办结；of 写哪些任务", "The task is done; `of` says which kinds", of_task=True
    ),
}
