"""Which ways tickets took, as pages and the terminal say it: paths with shares and times, moves, what does not fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.analysis.paths import Flow, Part, flows, folded, quantile
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.records import paths
from engine.records.paths import Line, Variant, Wanted
from engine.rules.moves import Move

#: Paths that are shown one by one, the most frequent; the rest is one number.
SHOWN = 20
#: Tickets named as examples of a path.
EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One path as it is shown."""

    variant: Variant
    parts: tuple[Part, ...]
    #: Of all tickets that are counted, 0 to 1.
    share: float
    #: Microseconds from report to end, of the newest that are at their end; None while none is.
    median: int | None
    most: int | None
    examples: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """What tickets made of a file."""

    definition: Workflow
    wanted: Wanted
    #: Tickets counted, and those whose history cannot be told again, which are on no path.
    tickets: int
    faults: int
    ways: tuple[Way, ...]
    #: Paths beyond those shown, and tickets on them.
    others: int
    others_tickets: int
    flows: tuple[Flow, ...]
    #: Versions that these tickets run on, the newest first.
    versions: tuple[int, ...]
    #: Whether a path has more tickets than were looked at for its times.
    sampled: bool


def conformance(transaction: Transaction, definition: Workflow, wanted: Wanted) -> Conformance:
    """Count what `wanted` asks for, beside a version of its file. Errors: `NotFound` for a code."""
    variants = paths.counted(transaction, wanted)
    total = sum(one.taken.tickets for one in variants)
    shown = [paths.timed(transaction, wanted, one) for one in variants[:SHOWN]]
    rest = variants[SHOWN:]
    everywhere = paths.counted(transaction, replace(wanted, version=None)) if wanted.version is not None else variants
    return Conformance(
        definition=definition,
        wanted=wanted,
        tickets=total,
        faults=paths.faults(transaction, wanted),
        ways=tuple(_way(transaction, wanted, one, total) for one in shown),
        others=len(rest),
        others_tickets=sum(one.taken.tickets for one in rest),
        flows=tuple(flows(definition, [one.taken for one in (*shown, *rest)])),
        versions=tuple(sorted({one.taken.version for one in everywhere}, reverse=True)),
        sampled=any(one.taken.tickets > paths.SAMPLE for one in shown),
    )


def through(transaction: Transaction, wanted: Wanted, move: Move) -> Iterator[str]:
    """The digests of the paths on which a move was made."""
    return (one.taken.digest for one in paths.counted(transaction, wanted) if move in one.taken.moves)


def _way(transaction: Transaction, wanted: Wanted, variant: Variant, total: int) -> Way:
    lasted = [(value, 1.0) for value in variant.lasted]
    return Way(
        variant=variant,
        parts=folded(variant.taken.moves),
        share=variant.taken.tickets / total,
        median=quantile(lasted, 0.5),
        most=quantile(lasted, 0.9),
        examples=tuple(paths.listed(transaction, wanted, [variant.taken.digest], most=EXAMPLES)),
    )
