"""The few words that the engine itself knows; everything else (posts, levels, words, cards) is data."""

from enum import StrEnum

#: Hash algorithms that an event may name: the international one and the Chinese one (GB/T 32905).
ALGORITHMS = ("sha256", "sm3")


class Stage(StrEnum):
    """The five stages of every closed loop, in their order."""

    REPORT = "report"
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    RESOLVE = "resolve"
    REVIEW = "review"


STAGE_TITLES: dict[Stage, tuple[str, str]] = {
    Stage.REPORT: ("上报", "Report"),
    Stage.TRIAGE: ("受理研判", "Triage"),
    Stage.DISPATCH: ("派遣", "Dispatch"),
    Stage.RESOLVE: ("处置", "Resolve"),
    Stage.REVIEW: ("核查评价", "Review"),
}


class StateType(StrEnum):
    """What a state means to clocks, joins and indicators, whatever a file calls it."""

    WAITING = "waiting"  #: somebody must move
    WORKING = "working"  #: tasks are being worked on
    SUSPENDED = "suspended"  #: put off to a date
    JOINED = "joined"  #: carried by another ticket; in no rate
    CLOSED = "closed"  #: done
    VOID = "void"  #: counts as never having been a demand


#: Kinds of unit, and what tables and files call them in Chinese.
UNIT_KINDS: dict[str, str] = {
    "government": "政府", "bureau": "委办局", "field_office": "派出机构", "utility": "公用事业", "body": "其他机构",
    "property": "物业", "contractor": "养护单位", "village": "居村组织",
}  # fmt: skip

#: Types in which nothing more is owed to the person who reported.
SETTLED = frozenset({StateType.CLOSED, StateType.VOID})
