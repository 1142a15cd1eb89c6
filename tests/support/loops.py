"""A small workflow file to break in every way, and the same file in Chinese."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from engine.records import versions

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "workflows"
SHIPPED = tuple(sorted(path for path in FOLDER.glob("*.yaml") if path.name != "posts.yaml"))

SMALL = """\
workflow: small
version: 1
title: 小循环 / Small
calendar: cn-mainland
roles:
  reporter: {title: 上报人 / Reporter, person: reporter}
  worker: {title: 网格员 / Grid worker, post: grid_worker, area: ticket}
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
  line: {title: 经办人 / Handler, post: handler, department: task}
  checker: {title: 核查人 / Checker, post: grid_worker, area: ticket, not: [finish]}
fields:
  level: {title: 难易 / Level, type: choice, of: {easy: 易 / Easy, hard: 难 / Hard}}
  wish: {title: 意愿 / Wish, type: text, personal: true}
  helper: {title: 帮手 / Helper, type: person}
counters: {reworks: 返工 / Reworks}
marks: {seen: 已看 / Seen}
deadlines:
  accept: {title: 受理 / Accept, within: 1 workday, ladder: desk}
  handle: {title: 处置 / Handle, within: catalogue, default: 5 workdays, ladder: line}
  check: {title: 核查 / Check, within: 3 workdays, then: unchecked}
  until_due: {title: 到期 / Until due, within: until due}
ladders:
  desk:
    - {at: 70%, light: yellow, tells: [desk]}
    - {at: +1 workday, card: yellow, tells: [desk]}
  line:
    - {at: 100%, light: red, tells: [line]}
    - {at: +2 workdays, do: raise, when: in handling}
starts:
  report: {title: 上报 / Report, by: [worker, reporter], to: reported, form: [description!, place!, before_photos+]}
stages:
  report:
    reported:
      title: 已上报 / Reported
      deadlines: [accept]
      actions:
        accept: {title: 受理 / Accept, by: desk, to: filed, form: [item!, level, due]}
        refuse: {title: 不予受理 / Refuse, by: desk, to: refused, form: [reason!], tells: [reporter]}
        join: {title: 并案 / Join, by: desk, to: joined, form: [ticket!], joins: ticket}
  triage:
    filed:
      title: 已立案 / Filed
      actions:
        send: {title: 派遣 / Send, by: desk, when: level is easy, to: handling, form: [lead!, co*],
               sends: {line: [lead, co]}, sets: firm}
        look: {title: 看一看 / Look, by: desk, form: [note], sets: seen, once: person}
        refuse: {by: desk, when: seen, to: refused, form: [reason!]}
    joined:
      title: 已并案 / Joined
      actions:
        follow: {title: 随主案 / Follow, by: rule, when: main closed, to: closed}
        revive: {title: 恢复 / Revive, by: rule, when: main void, to: filed, splits: true}
  resolve:
    handling:
      title: 处置中 / Handling
      tasks: [line]
      deadlines: [until_due]
      actions:
        fed_back: {title: 已反馈 / Fed back, by: rule, when: line joined and no extension open, to: checking}
        raise: {title: 提级 / Raise, by: [desk, clock], to: filed, form: [reason]}
        stop: {title: 停办 / Stop, by: desk, to: refused, form: [reason!], withdraws: {line: all}}
  review:
    checking:
      title: 待核查 / Checking
      deadlines: [check]
      actions:
        pass: {title: 通过 / Pass, by: checker, to: closed, form: [check_photos+], each: {line: [stars!, resolved]}}
        rework: {title: 返工 / Rework, by: checker, when: reworks < 2, to: handling, form: [reason!],
                 reopens: {line: signed}, counts: reworks}
        unchecked: {title: 逾期 / Unchecked, by: clock, to: closed, clears: [reworks, seen]}
common:
  urge: {title: 催办 / Urge, in: [reported, handling], by: desk, form: [message!], tells: [worker]}
ends:
  closed: {title: 已结案 / Closed, type: closed}
  refused: {title: 不予受理 / Refused, type: void}
requests:
  doubt:
    title: 异议 / Doubt
    ask: {in: [checking], by: worker, form: [reason!]}
    pauses: [check]
    deadlines: [accept]
    answers:
      noted: {title: 已记录 / Noted, by: desk}
tasks:
  line:
    title: 条线任务 / Line task
    of: department
    join: all
    marks: {firm: 不得退单 / Firm}
    counters: {extensions: 延期 / Extensions}
    states:
      sent:
        title: 待签收 / Sent
        deadlines: [handle]
        actions:
          sign: {title: 签收 / Sign, by: line, to: signed}
      signed:
        title: 处置中 / Signed
        deadlines: [handle]
        actions:
          finish: {title: 办结 / Finish, by: line, to: done, form: [result!], meets: handle}
    common:
      replace: {title: 更换 / Replace, in: [sent, signed], by: desk, to: withdrawn, form: [department!],
                sends: {line: department}}
      release: {title: 撤下 / Release, in: [sent], by: desk, when: not lead and not firm, to: withdrawn}
    ends:
      done: {title: 已办结 / Done, type: closed}
    requests:
      extension:
        title: 延期 / Extension
        ask: {title: 申请延期 / Ask for extension, in: [signed], by: line, when: extensions < 2, before: handle,
              form: [reason!, until]}
        deadlines: [accept]
        answers:
          grant: {title: 准予 / Grant, by: desk, extends: handle, counts: extensions}
          put_off: {title: 挂账 / Put off, by: desk, suspends: until}
          decline: {title: 不准 / Decline, by: desk, form: [reason!]}
"""


def small(version: int = 1, *, trapped: bool = False) -> str:
    """The small file under a number; trapped: with a state that the checker may send to and nobody leaves."""
    text = SMALL.replace("version: 1\n", f"version: {version}\n", 1)
    if trapped:
        hold = "        hold: {title: 挂起 / Hold, by: checker, to: limbo}\n        pass: {"
        text = text.replace("        pass: {", hold, 1)
        text = text.replace("  review:\n", "  review:\n    limbo: {title: 待定 / Limbo}\n", 1)
    return text


def put_in_force(database: Database, definitions: Iterable[Workflow], now: Instant) -> None:
    """Start new tickets on these versions, unexamined: what goes live anywhere else is judged (`going_live`)."""

    def work(transaction: Transaction) -> None:
        for definition in definitions:
            versions.store(transaction, definition, now, activate=True)

    database.acting(work)


def changed(old: str, new: str) -> tuple[str, int]:
    """The small file with one passage changed, and the line of the change."""
    assert SMALL.count(old) == 1, f"{SMALL.count(old)} × {old!r}"
    at = SMALL.index(old)
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return SMALL.replace(old, new), SMALL[: at + same].count("\n") + 1


def refusal(text: str, **options: Any) -> DefinitionError:
    """The refusal of a text that must be refused."""
    try:
        loads(text, **options)
    except DefinitionError as error:
        return error
    raise AssertionError("the file was accepted")


def problems(error: DefinitionError) -> tuple[str, ...]:
    """Every problem that a refusal names."""
    found = error.details.get("all", (str(error),))
    assert isinstance(found, tuple)
    return found
