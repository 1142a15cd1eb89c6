"""Samples: what was drawn for which period, how much of it is done, and what came of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.background.samples import Standing, standings
from engine.database import Transaction
from engine.definitions import sample_file
from engine.definitions.model import Title
from engine.definitions.sample import Sample
from engine.errors import HuyingError, NotFound
from engine.records import samples
from engine.records.names import by_code
from engine.records.samples import Draw, KeptLot
from engine.rules.sampling import Stratum
from web.dependencies import House
from web.masking import watched
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Path(max_length=64, pattern=r"^[\w.-]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of checks, and how many."""

    title: Title
    count: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A draw in words, as far as its reader reaches."""

    draw: Draw
    title: Title
    #: Lots that the reader reaches, and of these the settled ones.
    drawn: int
    done: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumRow:
    """One stratum with names for codes."""

    one: Stratum
    names: tuple[str, ...]
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """One lot in words."""

    lot: KeptLot
    state: Title | None
    #: Whether what was drawn is a ticket.
    ticket: bool


@router.get("/samples")
def listed(request: Request, house: House, here: At) -> Response:
    """The newest draws, and what is to be drawn. Errors: `NotPermitted` for whoever watches over nothing."""
    units = watched(here.viewer)
    coming, wrong = _coming(house)
    with house.database.looking() as transaction:
        told = [
            _told(house, transaction, draw, samples.lots(transaction, draw.name, draw.period, units))
            for draw in samples.draws(transaction, most=24)
        ]
    return page(request, "samples.html", here=here, told=told, coming=coming, wrong=wrong)


@router.get("/samples/{sample}/{period}")
def shown(request: Request, house: House, here: At, sample: Word, period: Word) -> Response:
    """One draw: its seed, its strata, what was drawn. Errors: `NotPermitted`, `NotFound`."""
    units = watched(here.viewer)
    with house.database.looking() as transaction:
        found = samples.draws(transaction, sample, period)
        if not found:
            raise NotFound("没有这次抽样", "there is no such draw")
        lots = samples.lots(transaction, sample, period, units)
        told = _told(house, transaction, found[0], lots)
        strata = _strata(transaction, found[0], lots, everything=units is None)
        declared = _sample(found[0])
        rows = [
            LotRow(lot=lot, state=_state(house, transaction, lot), ticket=not (declared and declared.register))
            for lot in lots[: samples.MOST]
        ]
    return page(
        request, "sample.html", here=here, told=told, strata=strata, rows=rows, beyond=len(lots) - len(rows)
    )  # fmt: skip


def _coming(house: Application) -> tuple[list[Standing], str]:
    try:
        found = standings(house.database, house.settings.samples, house.clock.now())
    except HuyingError as error:
        return [], str(error)
    return [one for one in found if not one.drawn], ""


def _sample(draw: Draw) -> Sample | None:
    """The sample as its file said it when it was drawn."""
    return sample_file.loads(draw.source, file=draw.file).samples.get(draw.name)


def title_of(draw: Draw) -> Title:
    """What officials call the sample."""
    sample = _sample(draw)
    return sample.title if sample else Title(draw.name, draw.name)


def _told(house: Application, transaction: Transaction, draw: Draw, lots: Sequence[KeptLot]) -> Told:
    counted = Counter((lot.workflow_id, lot.state, lot.done) for lot in lots)
    findings = [
        Finding(title=title, count=count, settled=done)
        for (workflow_id, state, done), count in sorted(counted.items(), key=lambda one: (not one[0][2], -one[1]))
        if (title := _title(house, transaction, workflow_id, state)) is not None
    ]
    return Told(
        draw=draw,
        title=title_of(draw),
        drawn=len(lots),
        done=sum(lot.done for lot in lots),
        findings=tuple(findings),
    )


def _title(house: Application, transaction: Transaction, workflow_id: int | None, state: str) -> Title | None:
    if workflow_id is None:
        return None
    return house.versions.definition(transaction, workflow_id).states[state].title


def _state(house: Application, transaction: Transaction, lot: KeptLot) -> Title | None:
    return _title(house, transaction, lot.workflow_id, lot.state)


def _strata(
    transaction: Transaction, draw: Draw, lots: Sequence[KeptLot], *, everything: bool
) -> list[StratumRow]:  # fmt: skip
    """The strata that the reader reaches something of, with names."""
    done = Counter((lot.apart, lot.stratum) for lot in lots if lot.done)
    reached = {(lot.apart, lot.stratum) for lot in lots}
    shown_ = [one for one in draw.strata if everything or (one.apart, one.codes) in reached]
    names = _names(transaction, (code for one in shown_ for code in one.codes))
    return [
        StratumRow(
            one=one,
            names=tuple(names.get(code, code) or "—" for code in one.codes),
            done=done[one.apart, one.codes],
        )
        for one in shown_
    ]


def _names(transaction: Transaction, codes: Iterable[str]) -> dict[str, str]:
    wanted = {code for code in codes if code}
    return {**by_code(transaction, "department", "code", wanted), **by_code(transaction, "area", "code", wanted)}
