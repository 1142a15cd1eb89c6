"""What members are told of a sitting: when and where it is, with its agenda."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions.model import Meeting, Title, plain
from engine.records import sittings
from engine.records.bodies import Member
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.rhythm_lines import Shown
from engine.records.sittings import Held
from engine.records.versions import Versions
from engine.rules.chain import canonical
from engine.rules.sittings import ItemOutcome

#: What happened to the sitting, in words.
_WHAT = {
    "called": Title("开会通知", "Called"),
    "moved": Title("改期通知", "Moved"),
    "cancelled": Title("取消通知", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """Somebody who is told, and in whose place."""

    person_id: int
    behalf_of: int | None


def tell(
    transaction: Transaction, versions: Versions, meeting: Meeting, sitting: Held, members: Sequence[Member],
    what: str, now: Instant,
) -> None:  # fmt: skip
    """One message to every member and to those who stand in for one; the same notice reaches nobody twice."""
    body = _body(transaction, versions, meeting, sitting, what, now)
    told = [_Told(one.person_id, None) for one in members]
    told += [_Told(deputy, one.person_id) for one in members for deputy, _, _ in one.deputies]
    post(
        transaction,
        [
            NewMessage(
                person_id=one.person_id, origin=f"r:sitting:{sitting.code}:{what}:{sitting.last_seq}",
                kind=MessageKind.LIST, at=now, body=body, behalf_of=one.behalf_of,
            )
            for one in told
        ],
    )  # fmt: skip


def _body(
    transaction: Transaction, versions: Versions, meeting: Meeting, sitting: Held, what: str, now: Instant
) -> str:
    """As lists of rhythms are: whoever may not see a ticket reads only that there is one."""
    ids = [one.ticket_id for one in sittings.items(transaction, sitting.id) if one.outcome is ItemOutcome.OPEN]
    lines = []
    if ids:
        found = Shown.of(transaction, versions, versions.almanac(), now).lines(ids, ())
        lines = [found.line(number, None).to_json() for number in ids]
    when, word = f"{moment(sitting.planned_at):%Y-%m-%d %H:%M}", _WHAT[what]
    return canonical(
        {
            "rhythm": sitting.workflow,
            "job": sitting.meeting,
            "title": plain(
                Title(
                    f"{meeting.title.zh}{word.zh} · {sitting.area_name} · {when}",
                    f"{meeting.title.en}: {word.en.lower()} · {sitting.area_name} · {when}",
                )
            ),
            "period": sitting.code,
            "tickets": lines,
            "count": len(lines),
        }
    )
