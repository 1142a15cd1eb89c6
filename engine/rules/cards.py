"""Cards 黄牌、红牌: given by a rung or a person, only upward; lifted by the same or a higher organisation; cleared by
verified closure, never by a comment [domain.md, escalation]."""

from engine.errors import NotAllowedNow
from engine.rules.case import Card, CardEnd, Case, Task
from engine.rules.draft import Draft
from engine.rules.permissions import Standing
from engine.vocabulary import StateType


def standing_card(case: Case, task: Task | None) -> Card | None:
    """The card that a task, or the ticket itself, has now."""
    seq = task.seq if task else None
    return next((card for card in case.cards.values() if card.ended_at is None and card.task_seq == seq), None)


def rank(case: Case, capacity: Standing) -> int:
    """How high an organisation stands: the level of the area its post is held for; 0 for clock, rule and departments.

    An import holds every role, so the highest.
    """
    if capacity.role == "import":
        return max(case.definition.ranks.values(), default=0)
    level = next((link.level for link in case.ticket.area if link.id == capacity.area_id), "")
    return case.definition.ranks.get(level, 0)


def may_give(case: Case, task: Task | None, card: str) -> NotAllowedNow | None:
    """Only upward: the card that stands must be milder."""
    there = standing_card(case, task)
    gravity = case.definition.gravity
    if there is None or gravity[there.card] < gravity[card]:
        return None
    return NotAllowedNow("已有同级或更重的牌，牌只升不降", "a card as grave stands already; cards only go upward")


def may_lift(case: Case, task: Task | None, capacity: Standing) -> NotAllowedNow | None:
    """Only by the same or a higher organisation than the one that gave it."""
    there = standing_card(case, task)
    if there is None:
        return NotAllowedNow("没有可撤的牌", "there is no card to lift")
    if rank(case, capacity) < there.rank:
        return NotAllowedNow(
            "此牌由上级单位亮出，只能由同级或上级撤下", "a higher organisation gave this card; only it lifts it"
        )
    return None


def give(draft: Draft, task: Task | None, card: str, capacity: Standing, event_seq: int) -> Card | None:
    """Give a card; None when one as grave stands already."""
    there = standing_card(draft, task)
    if there is not None:
        if draft.definition.gravity[there.card] >= draft.definition.gravity[card]:
            return None
        end(draft, there, CardEnd.RAISED, event_seq)
    given = Card(
        seq=draft.seq(),
        card=card,
        task_seq=task.seq if task else None,
        department_id=task.department_id if task else None,
        rank=rank(draft, capacity),
        given_at=draft.at,
        event_seq=event_seq,
    )
    draft.add_card(given)
    return given


def lift(draft: Draft, task: Task | None, event_seq: int) -> Card | None:
    """Lift the standing card."""
    there = standing_card(draft, task)
    if there is not None:
        end(draft, there, CardEnd.LIFTED, event_seq)
    return there


def settle(draft: Draft, type_: StateType, event_seq: int) -> list[int]:
    """The ticket is settled: every standing card ends; which."""
    ended = [card for card in draft.cards.values() if card.ended_at is None]
    for card in ended:
        end(draft, card, CardEnd.CLEARED if type_ is StateType.CLOSED else CardEnd.VOID, event_seq)
    return [card.seq for card in ended]


def end(draft: Draft, card: Card, how: CardEnd, event_seq: int) -> None:
    ending = draft.card(card.seq)
    ending.ended_at, ending.ended_by, ending.ended_seq = draft.at, how, event_seq
