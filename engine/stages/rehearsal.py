"""A way through a file is walked through the door before it is shown: a real database, a made district, the real door.

What the exploration says must then be what the tickets do: the same events, the same state after every act. A way that
cannot be walked is no finding but a fault of the checker, and is called so. What no act at the door brings about is
said to be beyond: a unit's hand-back, and the end of a sub-ticket.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.analysis.acting import HANDED_BACK, MAIN_CLOSED, MAIN_VOID, SUB_SETTLED, Move
from engine.analysis.sketch import MAIN, Line
from engine.definitions.model import FieldType, FormItem, Need, Title, Workflow
from engine.errors import Endless, HuyingError
from engine.rules import decide
from engine.rules.acts import Act, Source
from engine.rules.case import THE_CLOCK, THE_RULE, ActorKind, Case, Task
from engine.rules.escalate import RUNG
from engine.stages.calls import Call, Caller
from engine.stages.rehearsal_district import MATTER, District
from engine.vocabulary import StateType


class Replay(StrEnum):
    """Whether a way was walked through the door."""

    WALKED = "walked"
    BEYOND = "beyond"  #: from some act on it hangs on what no act at the door brings about
    DIFFERS = "differs"  #: the tickets do something else: a fault of the checker


@dataclass(frozen=True, slots=True)
class Walked:
    """What came of walking one way."""

    replay: Replay
    #: How many acts were done.
    acts: int
    #: What was different, or is beyond.
    why: str = ""

    @property
    def said(self) -> Title | None:
        """What is to be said of it beside the way; None where there was nothing to walk."""
        if self.replay is Replay.DIFFERS:
            return Title(
                f"检查器有误：此路径在受理口重演到第 {self.acts + 1} 步即不符，请报告：{self.why}",
                f"A FAULT OF THE CHECKER: walked through the door, act {self.acts + 1} differs; report it: {self.why}",
            )
        if self.replay is Replay.BEYOND:
            zh = f"已在受理口重演 {self.acts} 步；其后取决于本案之外（{self.why}）"
            return Title(
                zh, f"walked through the door for {self.acts} acts; then it hangs on something else ({self.why})"
            )
        if not self.acts:
            return None
        return Title(f"已在受理口逐步重演：{self.acts} 步", f"walked through the door: {self.acts} acts")


class _Differs(Exception):
    """The tickets do something else than the exploration says."""


class _Beyond(Exception):
    """No act at the door brings this about."""


def walk(workflow: Workflow, ways: Iterable[tuple[Move, ...]]) -> list[Walked]:
    """Walk ways through the door, each with a ticket of its own, in one district."""
    ways = list(ways)
    if not any(ways):
        return [Walked(Replay.WALKED, 0) for _ in ways]
    with tempfile.TemporaryDirectory(prefix="huying-check-") as folder:
        district = District(workflow, Path(folder))
        try:
            return [_walk(district, way) for way in ways]
        finally:
            district.close()


def _walk(district: District, way: tuple[Move, ...]) -> Walked:
    walker = _Walker(district)
    for number, move in enumerate(way):
        try:
            walker.do(move)
        except _Beyond as beyond:
            return Walked(Replay.BEYOND, number, str(beyond))
        except _Differs as different:
            return Walked(Replay.DIFFERS, number, str(different))
        except HuyingError as refusal:
            return Walked(Replay.DIFFERS, number, f"{move.action}: {refusal.message}")
    return Walked(Replay.WALKED, len(way))


@dataclass(slots=True)
class _Walker:
    """One ticket on its way; numbers of tasks and requests are translated from the exploration's to the door's."""

    district: District
    ticket: int | None = None
    main: tuple[int, str] | None = None
    tasks: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)

    def do(self, move: Move) -> None:
        """One act. Errors: `_Differs`, `_Beyond`, and the door's refusals."""
        if move.by in (SUB_SETTLED, HANDED_BACK):
            raise _Beyond(move.by)
        if move.by in (MAIN_CLOSED, MAIN_VOID):
            self._main_moves(move)
            return
        if move.fault is None and any(line.moot == "action" for line in move.lines):
            self._moot(move)
            return
        before = self._case()
        try:
            outcome = self.district.door.act(self._call(move, before))
        except Endless:
            if isinstance(move.fault, Endless):
                return
            raise
        if move.fault is not None:
            raise _Differs(f"{move.action}: was done, and should have failed")
        self.ticket = outcome.ticket_id
        self._compare(move, self._events(outcome.seq, outcome.last_seq))
        self._learn(move, before)

    def _case(self) -> Case | None:
        if self.ticket is None:
            return None
        with self.district.database.looking() as transaction:
            return self.district.door.case(transaction, self.ticket)

    def _call(self, move: Move, case: Case | None) -> Call:
        workflow = self.district.workflow
        task = self.tasks[move.task] if move.task is not None else None
        request = self.asks[move.request] if move.request is not None else None
        owner = case.tasks[task] if case is not None and task is not None else None
        name = move.action
        items: tuple[FormItem, ...] = ()
        each: dict[int, Any] = {}
        meets = False
        if case is None:
            items = workflow.starts[name].form
        else:
            act = Act(action=name, actor=THE_RULE, task=None if request else task, request=request)
            target = decide.find(case, act)
            if isinstance(target, HuyingError):
                raise target
            items, meets = target.action.form, target.action.meeting is not None
            person = min(self.district.logins.values())
            each = {
                one.seq: self.district.form(asked, {}, person)
                for kind, asked in target.action.each.items()
                for one in case.round_of(kind)
                if one.type is StateType.CLOSED
            }
        meets = meets or any(item.field.type is FieldType.MEETING for item in items)
        caller, person = self._caller(move, case, owner, meets=meets and bool(workflow.meetings))
        return Call(
            caller=caller, action=name, ticket_id=self.ticket, workflow=workflow.key if case is None else None,
            task=None if request else task, request=request, each=each,
            form=self.district.form(items, self._given(move, items), person),
            area=None if case is not None else self._area(items),
            source=Source.IMPORT if caller.name.startswith(ActorKind.IMPORT.value) else Source.ENGINE,
        )  # fmt: skip

    def _area(self, items: tuple[FormItem, ...]) -> str | None:
        """Where a ticket lies whose form does not say so."""
        said = any(item.required and item.field.type in (FieldType.PLACE, FieldType.AREA) for item in items)
        return None if said else self.district.smallest

    def _given(self, move: Move, items: tuple[FormItem, ...]) -> dict[str, Any]:
        given = dict(move.form)
        for item in items:
            if given.get(item.name) == MAIN or (item.required and item.field.type is FieldType.TICKET):
                number = self.main[1] if self.main and given.get(item.name) != MAIN else self._main()
                given[item.name] = [number] if item.many else number
            elif given.get(item.name) == "item":
                given[item.name] = MATTER
            elif given.get(item.name) in ("given", ["given"]):
                del given[item.name]
                given |= self.district.form((_required(item),), {}, min(self.district.logins.values()))
        return given

    def _caller(self, move: Move, case: Case | None, task: Task | None, *, meets: bool) -> tuple[Caller, str]:
        """Somebody who may; the clock; and for what a body decides the hand that needs no sitting."""
        fallback = min(self.district.logins.values())
        if move.by == THE_CLOCK.name:
            return Caller(name=THE_CLOCK.name), fallback
        if meets:
            return Caller(name=f"{ActorKind.IMPORT.value}:check"), fallback
        if not move.roles:
            return Caller(name=THE_CLOCK.name if self._by_clock(move) else THE_RULE.name), fallback
        for name in sorted(move.roles):
            number = self.district.someone(self.district.workflow.roles[name], case, task)
            if number is not None:
                return Caller(person_id=number), self.district.logins.get(number, fallback)
        return Caller(name=f"{ActorKind.IMPORT.value}:check"), fallback

    def _by_clock(self, move: Move) -> bool:
        start = self.district.workflow.starts.get(move.action)
        return start is not None and THE_CLOCK.name in start.by

    def _main(self) -> str:
        """The case number of the ticket that others are joined to."""
        person = min(self.district.logins)
        call = Call(
            caller=Caller(person_id=person), action="report", workflow="rehearsed-main",
            form={"description": "主案件"}, area=self.district.smallest,
        )  # fmt: skip
        outcome = self.district.door.act(call)
        self.main = (outcome.ticket_id, outcome.case_no)
        return outcome.case_no

    def _main_moves(self, move: Move) -> None:
        if self.main is None or self.ticket is None:
            raise _Differs("no main ticket")
        before = self._case()
        action = "close" if move.by == MAIN_CLOSED else "drop"
        person = min(self.district.logins)
        self.district.door.act(Call(caller=Caller(person_id=person), action=action, ticket_id=self.main[0]))
        last = before.ticket.last_seq if before else 0
        try:
            self.district.door.reconsider(self.ticket)
        except Endless:
            if isinstance(move.fault, Endless):
                return
            raise
        after = self._case()
        self._compare(move, self._events(last + 1, after.ticket.last_seq if after else 0))
        self._learn(move, before)

    def _moot(self, move: Move) -> None:
        """The clock must be refused."""
        case = self._case()
        if case is None:
            raise _Differs("no ticket")
        task = self.tasks.get(move.task) if move.task is not None else None
        for number in dict.fromkeys((task, None)):
            try:
                self.district.door.act(
                    Call(caller=Caller(name=THE_CLOCK.name), action=move.action, ticket_id=self.ticket, task=number)
                )
            except HuyingError:
                continue
            raise _Differs(f"{move.action}: the clock may do it")

    def _events(self, first: int, last: int) -> list[tuple[str, str, str, str]]:
        with self.district.database.looking() as transaction:
            return [
                (action, scope, before, after)
                for action, scope, before, after in transaction.rows(
                    "SELECT action, scope, state_from, state_to FROM event "
                    "WHERE ticket_id = ? AND seq BETWEEN ? AND ? ORDER BY seq",
                    (self.ticket, first, last),
                )
            ]

    def _compare(self, move: Move, events: list[tuple[str, str, str, str]]) -> None:
        """Every event that was foretold, in order; others may stand between them that steer nothing."""
        left = iter(events)
        for line in move.lines:
            if line.action != RUNG and not any(_is(line, event) for event in left):
                raise _Differs(f"{move.action}: {line.action} ({line.source} → {line.target}) ≠ {events}")

    def _learn(self, move: Move, before: Case | None) -> None:
        after = self._case()
        if after is None:
            return
        known = before.tasks if before else {}
        new: dict[str, list[int]] = {}
        for seq, task in sorted(after.tasks.items()):
            if seq not in known:
                new.setdefault(task.kind, []).append(seq)
        for seq, kind in sorted(move.made):
            if not new.get(kind):
                raise _Differs(f"{move.action}: no task of {kind} was made")
            self.tasks[seq] = new[kind].pop(0)
        if move.asked is not None:
            asked = [seq for seq in after.asks if before is None or seq not in before.asks]
            if not asked:
                raise _Differs(f"{move.action}: nothing was asked")
            self.asks[move.asked] = asked[0]


def _required(item: FormItem) -> FormItem:
    return FormItem(item.field, Need.SOME if item.many else Need.ONE)


def _is(line: Line, event: tuple[str, str, str, str]) -> bool:
    return event == (line.action, line.kind, line.source, line.target)
