"""The loop of `together_loop` once more, in plain dictionaries: what acts, clocks, commands and messages bring about.

Written from the file and from the rules of the domain; nothing of the engine decides here. Times are microseconds.
"""

from collections import Counter
from typing import Any

MINUTE = 60_000_000
#: Clock → microseconds from its start to each of its rungs; the last of `work` is the clock's own act.
RUNGS = {"work": (30, 60, 180, 60), "fix": (60, 120)}
LATE, RAISE = 3, 2
WITH_REMARKS = ("one", "above", "aside", "fixing", "mended")
Ticket = dict[str, Any]


def reported(now: int) -> Ticket:
    """A ticket, and whom its report tells."""
    ticket: Ticket = {
        "state": "one", "version": 1, "acts": 0, "events": [], "counts": Counter(), "tasks": {}, "clocks": {},
        "rungs": Counter(), "told": Counter(), "untold": Counter(), "opens": 0, "children": 0,
    }  # fmt: skip
    ticket["clocks"]["work", ""] = {"start": now, "came": set()}
    return _did(ticket, ["report"], {"desk"})


def _did(ticket: Ticket, events: list[str], told: set[str]) -> Ticket:
    """One act: all its events, each who is told of it once."""
    ticket["acts"] += 1
    ticket["events"] += events
    ticket["told"].update(told)
    ticket["untold"].update(told)
    return ticket


def _enter(ticket: Ticket, state: str, now: int) -> None:
    """Another state: what its readers have seen is stale; a clock that it does not know ends."""
    ticket["state"] = state
    ticket["version"] += 1
    if state not in ("one", "above"):
        ticket["clocks"].pop(("work", ""), None)
    elif ("work", "") not in ticket["clocks"]:
        ticket["clocks"]["work", ""] = {"start": now, "came": set()}


def act(ticket: Ticket, name: str, of: tuple[str, ...], now: int) -> bool:
    """What somebody does, and what follows by itself; whether it is allowed."""
    state, tasks, events, told = ticket["state"], ticket["tasks"], [name], set[str]()
    if name == "remark" and state in WITH_REMARKS:
        ticket["counts"]["remarks"] += 1
    elif (name, state) in (("away", "one"), ("back", "aside"), ("close", "mended")):
        _enter(ticket, {"away": "aside", "back": "one", "close": "closed"}[name], now)
        told = {"citizen"} if name == "close" else told
    elif name == "call" and state in ("one", "above"):
        _enter(ticket, "fixing", now)
        ticket["version"] += 1  # a round of tasks begins
        ticket["tasks"] = dict.fromkeys(of, "sent")
        ticket["clocks"] = {("fix", code): {"start": now, "came": set()} for code in of}
        told = set(of)
    elif name == "sign" and tasks.get(of[0]) == "sent":
        tasks[of[0]] = "signed"
        del ticket["clocks"]["fix", of[0]]
    elif name == "finish" and tasks.get(of[0]) == "signed":
        tasks[of[0]] = "done"
        if set(tasks.values()) == {"done"}:
            events, told = [*events, "mended"], {"citizen"}
            _enter(ticket, "mended", now)
    else:
        return False
    _did(ticket, events, told)
    return True


def due(ticket: Ticket, now: int) -> list[tuple[int, int, int, tuple[str, str]]]:
    """The rungs that have come and that nobody has swept: when, which clock's, which."""
    clocks = enumerate(ticket["clocks"].items())
    return sorted(
        (clock["start"] + minutes * MINUTE, place, rung, key)
        for place, (key, clock) in clocks
        for rung, minutes in enumerate(RUNGS[key[0]])
        if rung not in clock["came"] and clock["start"] + minutes * MINUTE <= now
    )


def sweep(ticket: Ticket, now: int) -> None:
    """Everything that has come, in its order and in one act."""
    events, told = list[str](), set[str]()
    while waiting := due(ticket, now):
        _, _, rung, key = waiting[0]
        ticket["clocks"][key]["came"].add(rung)
        ticket["rungs"][key, ticket["clocks"][key]["start"], rung] += 1
        if key[0] == "fix":
            told |= {key[1], "desk"} if rung else {key[1]}
        elif rung in (0, 1):
            told |= {"desk", "chief"} if rung else {"desk"}
        if key[0] == "work" and rung == LATE:
            ticket["counts"]["laps"] += 1
            events.append("late")
            continue
        events.append("rung")
        if key[0] == "work" and rung == RAISE and ticket["state"] == "one":
            events.append("raise")
            told.add("chief")
            ticket["opens"] += 1
            _enter(ticket, "above", now)
    if events:
        _did(ticket, events, told)


def run_commands(ticket: Ticket) -> None:
    """Each ticket that was to be opened is there, once."""
    ticket["children"] += ticket["opens"]
    ticket["opens"] = 0


def fan_out(tickets: list[Ticket], inbox: Counter[str]) -> None:
    """Whom an act told has it in the inbox, once; a role here is held by one person."""
    for ticket in tickets:
        inbox.update(ticket["untold"])
        ticket["untold"] = Counter()
