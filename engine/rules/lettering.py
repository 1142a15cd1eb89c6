"""Letters: an act that is one gets a number of the organisation that issues it, and the tickets it names hear of it.

The number stands in the event's facts, so that the book of letters can be told again from the histories alone.
"""

from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.rules.acts import CommandKind, LetterEntry
from engine.rules.case import ActorKind
from engine.rules.doing import Doing


def settle(doing: Doing) -> HuyingError | None:
    """`letter`: the number, and its line in the book. What an old system sent has an old system's number."""
    if not doing.action.letter or doing.actor.kind is ActorKind.IMPORT:
        return None
    unit = _issuer(doing)
    number = doing.draft.act.references.letters.get(unit)
    if number is None:
        return NotAllowedNow("文号只能由单位的岗位编发", "only a post of an organisation sends a numbered letter")
    # The history alone must give the same again.
    doing.facts["letter"] = {
        "unit": unit, "prefix": number.prefix, "year": number.year, "serial": number.serial, "number": number.text,
    }  # fmt: skip
    entry = LetterEntry(event_seq=doing.event_seq, unit=unit, number=number, at=doing.draft.now)
    doing.draft.decision.letters.append(entry)
    return None


def _issuer(doing: Doing) -> str:
    """The organisation for which the post is held by which this is done."""
    if doing.capacity.area_id is not None:
        return f"a{doing.capacity.area_id}"
    return f"d{doing.capacity.department_id}" if doing.capacity.department_id is not None else ""


def mention(doing: Doing) -> HuyingError | None:
    """`mentions`: a command for each ticket that the field names, to write a line into its history."""
    name = doing.action.mentions
    value = doing.filled.get(name) if name is not None else None
    if name is None or value is None:
        return None
    draft, known = doing.draft, doing.draft.act.references.tickets
    said = {"case_no": draft.ticket.case_no, "said": doing.action.title.zh, "said_en": doing.action.title.en}
    if "letter" in doing.facts:
        said["number"] = doing.facts["letter"]["number"]
    for case_no in dict.fromkeys(value if isinstance(value, list) else [value]):
        named = known.get(case_no)
        if named is None:
            # A history is told again: whoever was named has heard of it, and what came after keeps its number.
            if not draft.ticket.confidential:
                draft.seq()
            continue
        if named.confidential and not draft.ticket.confidential:
            return Malformed(
                "保密案卷不能在公开的函件中提及",
                "a confidential ticket cannot be named in a letter that is open",
                place=Place(field=name),
            )
        if not draft.ticket.confidential:
            draft.command(CommandKind.MENTION, named.id, said)
    return None
