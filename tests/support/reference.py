"""块呼条应 once more, written from the domain's rules and not from the engine: what random acts must bring about.

Each act answers whether it is allowed, and only then changes anything. Roles, forms and times are not modelled.
"""

from dataclasses import dataclass, field, replace

CLOSED = {"published", "answered", "closed", "self_handled"}
VOID = {"refused", "withdrawn"}
#: Where departments may work; elsewhere what they have not finished is taken off them.
AT_WORK = {"called", "consulting", "arbitration", "city_ruling", "handling", "rehandling"}
UNSIGNED = ("sent", "signed")


@dataclass
class Part:
    """One department's part in the present round."""

    department: str
    lead: bool
    state: str = "sent"
    designated: bool = False
    returning: bool = False
    disputed: bool = False

    @property
    def live(self) -> bool:
        return self.state not in ("returned", "withdrawn")

    @property
    def open(self) -> bool:
        return self.live and self.state != "done"

    def leave(self, state: str) -> "Part":
        """Over: what it had asked for lapses."""
        self.state, self.returning = state, False
        return self


@dataclass
class Model:
    """One ticket."""

    state: str = "reported"
    main: "Model | None" = None
    parts: list[Part] = field(default_factory=list)
    returns: int = 0
    reworks: int = 0
    disputes: int = 0
    rehandlings: int = 0
    rated: bool = False
    protested: bool = False
    gave_up: bool = False
    #: Tickets joined to it have not yet heard that it was settled.
    to_tell: bool = False
    followers: "list[Model]" = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return self.state in CLOSED | VOID

    def twin(self) -> "Model":
        """The same ticket, to try something on."""
        return replace(self, parts=[replace(part) for part in self.parts], followers=list(self.followers))

    def live(self) -> list[Part]:
        return [part for part in self.parts if part.live]

    def enter(self, state: str) -> bool:
        self.state = state
        if state not in AT_WORK:
            for part in self.parts:
                if part.open:
                    part.leave("withdrawn")
        self.rated = False
        self.to_tell = self.to_tell or (self.settled and bool(self.followers))
        self._rules()
        return True

    def _rules(self) -> None:
        """What follows by itself, until nothing does."""
        called, at_work = self.state == "called", self.state in ("called", "handling", "rehandling")
        live = self.live()
        joined = bool(live) and not any(part.open for part in live)
        in_time = self.returns < 3 and self.reworks < 3
        if called and any(part.state == "signed" for part in live) and not any(part.returning for part in live):
            self.enter("handling")
        elif joined and (self.state == "rehandling" or (self.state == "handling" and in_time)):
            self.enter("checking")
        elif at_work and not in_time:
            self.enter("arbitration")
        elif at_work and self.disputes:
            self.disputes = 0
            self.enter("consulting")
        elif at_work and not live:
            self.enter("filed")

    def _moved(self, *states: str, to: str) -> bool:
        return self.state in states and self.enter(to)

    def _sent(self, lead: str, co: tuple[str, ...], *, designated: bool) -> None:
        """A new round; the last one's parts count no longer."""
        self.parts = [Part(code, lead=number == 0, designated=designated) for number, code in enumerate((lead, *co))]

    def _free(self, department: str) -> bool:
        return all(part.department != department for part in self.live())

    # -- report and triage ---------------------------------------------------------------------------------------

    def accept(self) -> bool:
        return self._moved("reported", to="filed")

    def refuse(self) -> bool:
        return self._moved("reported", to="refused")

    def handle_on_the_spot(self) -> bool:
        return self._moved("reported", to="self_handled")

    def answer(self) -> bool:
        return self._moved("reported", "filed", to="answered")

    def withdraw(self) -> bool:
        return self._moved("reported", "filed", to="withdrawn")

    def not_accepted(self) -> bool:
        if self.state != "answered" or self.protested:
            return False
        self.protested = True
        self._let_go()
        return self.enter("filed")

    def rate_answer(self) -> bool:
        return self._moved("answered", to="closed")

    def join(self, main: "Model") -> bool:
        if self.state not in ("reported", "filed") or main is self or main.state == "joined" or main.settled:
            return False
        self.main = main
        main.followers.append(self)
        return self.enter("joined")

    def split(self) -> bool:
        if self.state != "joined":
            return False
        self._let_go()
        return self.enter("filed")

    def _let_go(self) -> None:
        if self.main is not None:
            self.main.followers = [other for other in self.main.followers if other is not self]
            self.main = None

    # -- dispatch ------------------------------------------------------------------------------------------------

    def call(self, lead: str, *co: str) -> bool:
        if self.state != "filed" or lead in co:
            return False
        self._sent(lead, co, designated=False)
        return self.enter("called")

    def add(self, department: str) -> bool:
        if self.state not in ("called", "handling") or not self._free(department):
            return False
        self.parts.append(Part(department, lead=False))
        return True

    def consult(self) -> bool:
        return self._moved("called", "handling", to="consulting")

    def unresolved(self) -> bool:
        return self._moved("consulting", to="arbitration")

    def raise_(self) -> bool:
        return self._moved("called", "handling", to="arbitration")

    def to_city(self) -> bool:
        return self._moved("arbitration", to="city_ruling")

    def call_off(self) -> bool:
        if self.state not in ("called", "handling"):
            return False
        self.parts = []
        return self.enter("withdrawn")

    def agree(self, lead: str) -> bool:
        return self._ruled("consulting", lead)

    def designate(self, lead: str) -> bool:
        return self._ruled("arbitration", lead, clears_reworks=True)

    def designate_by_city(self, lead: str) -> bool:
        return self._ruled("city_ruling", lead, clears_reworks=True)

    def _ruled(self, state: str, lead: str, *, clears_reworks: bool = False) -> bool:
        if self.state != state:
            return False
        self.returns = self.disputes = 0
        self.reworks = 0 if clears_reworks else self.reworks
        self._sent(lead, (), designated=True)
        return self.enter("called")

    def carry_on(self) -> bool:
        if self.state != "arbitration" or not any(part.open for part in self.parts):
            return False
        self.returns = self.disputes = self.reworks = 0
        return self.enter("handling")

    # -- the departments -----------------------------------------------------------------------------------------

    def part(self, department: str, *states: str) -> Part | None:
        """The open part of a department, if it is in one of the states."""
        found = [part for part in self.parts if part.open and part.department == department]
        return found[0] if found and found[0].state in (states or (found[0].state,)) else None

    def _done(self, *_: object) -> bool:
        self._rules()
        return True

    def sign(self, department: str) -> bool:
        part = self.part(department, "sent")
        if part is None:
            return False
        part.state = "signed"
        return self._done(part)

    def finish(self, department: str) -> bool:
        part = self.part(department, "signed", "redoing")
        return part is not None and self._done(part.leave("done"))

    def ask_return(self, department: str) -> bool:
        part = self.part(department, *UNSIGNED)
        if part is None or part.designated or part.returning:
            return False
        part.returning = True
        return True

    def uphold(self, department: str) -> bool:
        part = self.part(department)
        if part is None or not part.returning:
            return False
        part.returning, part.designated = False, True
        return self._done()

    def redispatch(self, department: str, to: str) -> bool:
        part = self.part(department)
        if part is None or not part.returning or self.returns >= 2 or not self._free(to):
            return False
        return self._handed(part, "returned", to)

    def let_go(self, department: str) -> bool:
        return self.returns < 2 and self._returned(department)

    def give_up(self, department: str) -> bool:
        return self.returns >= 2 and self._returned(department)

    def _returned(self, department: str) -> bool:
        part = self.part(department)
        if part is None or not part.returning:
            return False
        self.returns += 1
        return self._done(part.leave("returned"))

    def dispute(self, department: str) -> bool:
        part = self.part(department, *UNSIGNED)
        if part is None or part.designated or part.disputed:
            return False
        part.disputed = True
        self.disputes += 1
        return self._done()

    def replace(self, department: str, to: str) -> bool:
        part = self.part(department, *UNSIGNED, "redoing")
        return part is not None and self._free(to) and self._handed(part, "withdrawn", to)

    def _handed(self, part: Part, state: str, to: str) -> bool:
        self.returns += state == "returned"
        part.leave(state)
        self.parts.append(Part(to, lead=part.lead))
        return self._done()

    def release(self, department: str) -> bool:
        part = self.part(department, *UNSIGNED)
        return part is not None and not part.lead and self._done(part.leave("withdrawn"))

    # -- review --------------------------------------------------------------------------------------------------

    def check(self) -> bool:
        return self._moved("checking", to="scoring")

    def score(self) -> bool:
        return self._moved("scoring", to="published")

    def rework(self) -> bool:
        if self.state != "checking":
            return False
        self.reworks += 1
        self._again("signed")
        return self.enter("handling")

    def redo(self) -> bool:
        if self.state != "published" or self.rehandlings >= 2:
            return False
        self.rehandlings += 1
        self._again("redoing")
        return self.enter("rehandling")

    def _again(self, state: str) -> None:
        """What was finished is done again, in a new round: the same department, the same part."""
        self.parts = [
            Part(part.department, part.lead, state, part.designated) for part in self.parts if part.state == "done"
        ]

    def still_not(self) -> bool:
        if self.state != "published" or self.rehandlings < 2 or self.gave_up:
            return False
        self.gave_up, self.parts = True, []
        return self.enter("arbitration")

    def rate(self) -> bool:
        if self.state != "published" or self.rated:
            return False
        self.rated = True
        return True

    def archive(self) -> bool:
        return self._moved("published", to="closed")


def tell(models: list[Model]) -> None:
    """One round of commands: those joined to what was settled hear of it."""
    telling = [model for model in models if model.to_tell]
    for main in telling:
        main.to_tell = False
    for main in telling:
        for follower in list(main.followers):
            if follower.state == "joined" and main.state in CLOSED:
                follower.enter("answered")
            elif follower.state == "joined" and main.state in VOID:
                follower.split()
