"""Small workflow files drawn by chance: a few states, one kind of task, a limit, a mark, a choice, a request."""

from typing import Any

from hypothesis import strategies as st

_HEAD = """\
workflow: drawn
version: 1
title: 抽样 / Drawn
calendar: cn-mainland
roles:
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
  doer: {title: 经办人 / Doer, post: handler, department: task}
fields:
  level: {title: 难易 / Level, type: choice, of: {easy: 易 / Easy, hard: 难 / Hard}}
counters: {tries: 次数 / Tries}
marks: {flag: 标记 / Flag}
"""
_WHENS = (
    None, None, None, None, "tries < 2", "tries >= 2", "tries = 1", "flag", "not flag", "level is easy", "job joined",
    "job none", "no job open", "some job done", "job joined and tries < 2", "flag or tries >= 1", "no plea open",
)  # fmt: skip
_RULES = (
    "job joined",
    "job joined",
    "job none",
    "tries >= 2",
    "flag",
    "level is hard",
    "job joined and not flag",
    None,
)
_OWN = (None, None, None, "tries < 2", "flag", "not lead", "not firm", "firm", "in s1")
_EFFECTS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {},
    {"counts": "tries"},
    {"clears": "tries"},
    {"sets": "flag"},
    {"clears": "flag"},
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """The text of a file; not every one can be read, most can."""
    names = [f"s{n}" for n in range(draw(st.integers(2, 3)))]
    ends = ["fin", "off"]
    working = [name for name in names if name != "s0" and draw(st.integers(0, 2))]
    kind = draw(_kinds()) if working else None
    deadlines: list[str] = []
    plea = draw(st.booleans()) and draw(st.sampled_from(names))
    states = [_state(draw, name, names, ends, working if kind else [], deadlines, plea=bool(plea)) for name in names]
    text = _HEAD
    if deadlines:
        text += "deadlines:\n" + "".join(deadlines)
    text += "starts:\n  begin: {title: 开始 / Begin, by: desk, to: s0, form: [description!, level]}\n"
    text += "stages:\n  triage:\n" + "".join(states)
    text += "ends:\n  fin: {title: 办结 / Done, type: closed}\n"
    if any("to: off" in state for state in states):
        text += "  off: {title: 作废 / Off, type: void}\n"
    if plea:
        to = draw(st.sampled_from(["", ", to: fin", f", to: {names[-1]}"]))
        when = draw(st.sampled_from(["", ", when: tries < 2", ", when: flag"]))
        text += "requests:\n  plea:\n    title: 申请 / Plea\n"
        text += f"    ask: {{in: [{plea}], by: desk{draw(st.sampled_from(['', ', counts: tries']))}}}\n"
        text += f"    answers:\n      grant: {{title: 准 / Grant, by: desk{when}{to}}}\n"
    if kind:
        text += kind
    return text


def _state(
    draw: st.DrawFn, name: str, names: list[str], ends: list[str], working: list[str], deadlines: list[str], *,
    plea: bool,
) -> str:  # fmt: skip
    lines = [f"    {name}:", f"      title: {name} / {name}"]
    if name in working:
        lines.append("      tasks: [job]")
    actions, own = [], []
    for number in range(draw(st.integers(1, 3))):
        by = draw(st.sampled_from(["desk", "desk", "desk", "clock", "rule"]))
        to = draw(st.sampled_from([*names, *ends, *ends, None]))
        onward = number == 0 and draw(st.integers(0, 7)) > 0
        if onward:
            # Most files come further and to an end, or everything else in them would be of no account.
            to = [*names, "fin"][names.index(name) + 1]
            by = "rule" if name in working and draw(st.booleans()) else "desk"
        if by == "clock" and to in (None, name):
            # Each rung comes once; brute force has no clock that would know it.
            to = "fin"
        parts: dict[str, Any] = {"title": f"{name}办{number} / Act {number} of {name}", "by": by}
        when = draw(st.sampled_from(_RULES if by == "rule" else _WHENS))
        if onward:
            when = "job joined" if by == "rule" else draw(st.sampled_from([None, None, None, when]))
        if when is not None and (working or "job" not in when) and (plea or "plea" not in when):
            parts["when"] = when
        if to is not None:
            parts["to"] = to
        parts |= draw(st.sampled_from(_EFFECTS))
        if by == "desk" and to in working and (onward or draw(st.integers(0, 3))):
            again = name in working and not onward and draw(st.booleans())
            parts |= {"reopens": "{job: t0}"} if again else {"form": "[lead!, co*]", "sends": "{job: [lead, co]}"}
        if by == "desk" and name in working and to is not None and draw(st.integers(0, 2)) == 0:
            parts["withdraws"] = "{job: all}"
        if by == "desk" and draw(st.integers(0, 5)) == 0:
            parts["once"] = draw(st.sampled_from(["ticket", "person"]))
        if by == "desk" and draw(st.integers(0, 5)) == 0 and "form" not in parts:
            parts["form"] = draw(st.sampled_from(["[level]", "[level!]"]))
        if by == "clock":
            deadlines.append(f"  {name}_{number}: {{title: 时限 / Limit, within: 1 workday, then: {name}a{number}}}\n")
            own.append(f"{name}_{number}")
        actions.append(f"        {name}a{number}: {_braced(parts)}")
    if own:
        lines.append(f"      deadlines: [{', '.join(own)}]")
    return "\n".join([*lines, "      actions:", *actions]) + "\n"


@st.composite
def _kinds(draw: st.DrawFn) -> str:
    join = draw(st.sampled_from(["all", "all", "any", "lead", "2", "2/3"]))
    lines = [
        "tasks:", "  job:", "    title: 任务 / Job", "    of: department", f"    join: {join}",
        "    marks: {firm: 不退 / Firm}", "    states:",
    ]  # fmt: skip
    states = ("t0", "t1")[: draw(st.integers(1, 2))]
    for name in states:
        lines += [f"      {name}:", f"        title: {name} / {name}", "        actions:"]
        for number in range(draw(st.integers(1, 2))):
            parts: dict[str, Any] = {"title": f"{name}办{number} / Act {number} of {name}", "by": "doer"}
            to = draw(st.sampled_from([*states, "done", "done", "gone", None]))
            onward = number == 0 and draw(st.integers(0, 7)) > 0
            if onward:
                to = [*states, "done"][states.index(name) + 1]
            if to is not None:
                parts["to"] = to
            when = draw(st.sampled_from(_OWN))
            if when is not None and not (onward and draw(st.integers(0, 3))):
                parts["when"] = when
            parts |= draw(st.sampled_from([*_EFFECTS, {"sets": "firm"}]))
            if draw(st.integers(0, 5)) == 0:
                parts["once"] = "task"
            lines.append(f"          {name}a{number}: {_braced(parts)}")
    lines += ["    ends:", "      done: {title: 完成 / Done, type: closed}"]
    if any("to: gone" in line for line in lines):
        lines.append("      gone: {title: 退回 / Gone, type: void}")
    return "\n".join(lines) + "\n"


def _braced(parts: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"
