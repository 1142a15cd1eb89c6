"""The history as an event log in XES (IEEE 1849): a trace is a ticket, an event a line of its history.

Written line by line in constant memory. Standard extensions say what was done, when, and by whom as a post of a unit;
no person is named.
"""

from collections.abc import Callable, Iterator
from xml.sax.saxutils import quoteattr

from engine.clock import iso
from engine.database import Transaction
from engine.records import mined
from engine.records.mined import Line, MinedTicket, Selected

#: Name and prefix of the standard's extensions in use.
EXTENSIONS = {"Concept": "concept", "Lifecycle": "lifecycle", "Time": "time", "Organizational": "org"}
#: XML 1.0 knows no other control characters.
_UNSAYABLE = {number: "\ufffd" for number in (*range(32), 0xFFFE, 0xFFFF) if number not in (9, 10, 13)}

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
"""
_GLOBALS = """  <global scope="trace">
    <string key="concept:name" value=""/>
    <string key="workflow" value=""/>
    <int key="version" value="0"/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <string key="lifecycle:transition" value="complete"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
    <string key="state_from" value=""/>
    <string key="state_to" value=""/>
    <int key="seq" value="0"/>
  </global>
  <classifier name="Activity" scope="event" keys="concept:name"/>
  <classifier name="Activity and post" scope="event" keys="concept:name org:role"/>
"""


def lines(
    transaction: Transaction, selected: Selected, tell: Callable[[int], None] = lambda done: None
) -> Iterator[str]:
    """The lines of the log. `tell` hears how many tickets are done. Errors: `NotFound` for an area."""
    yield _HEAD
    for name, prefix in EXTENSIONS.items():
        yield f'  <extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
    yield _GLOBALS
    yield f"  {_string('concept:name', 'huying')}\n"
    yield f"  {_string('lifecycle:model', 'standard')}\n"
    for done, ticket in enumerate(mined.tickets(transaction, selected), 1):
        yield _trace(ticket)
        tell(done)
    yield "</log>\n"


def _trace(ticket: MinedTicket) -> str:
    said = {
        "concept:name": ticket.case_no, "workflow": ticket.workflow, "channel": ticket.channel, "item": ticket.item,
        "urgency": ticket.urgency, "area": ticket.area,
    }  # fmt: skip
    parts = [f"  <trace>\n    {_strings(said)}{_int('version', ticket.version)}\n"]
    parts += [_event(line) for line in ticket.lines]
    return "".join((*parts, "  </trace>\n"))


def _event(line: Line) -> str:
    unit = line.department or line.area
    said = {
        "concept:name": line.activity, "lifecycle:transition": "complete", "org:role": line.post, "org:group": unit,
        "stage": line.stage, "source": line.source,
    }  # fmt: skip
    # Always there, since the log's head says so: a birth comes from no state, and that is said too.
    states = _string("state_from", line.state_from) + _string("state_to", line.state_to)
    task = _int("task", line.task) if line.task is not None else ""
    return (
        f'    <event>{_strings(said)}<date key="time:timestamp" value="{iso(line.at)}"/>{states}'
        f"{_int('seq', line.seq)}{task}</event>\n"
    )


def _strings(said: dict[str, str]) -> str:
    return "".join(_string(key, value) for key, value in said.items() if value)


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(value.translate(_UNSAYABLE))}/>'


def _int(key: str, value: int) -> str:
    return f'<int key="{key}" value="{value}"/>'
