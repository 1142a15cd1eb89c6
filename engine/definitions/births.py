"""When the clock opens tickets about the rows of a register, or once per area in a campaign."""

import re
from datetime import date

from engine.definitions.model import Birth, Draw
from engine.definitions.occasions import Every, When
from engine.definitions.reading import Reader
from engine.definitions.rhythm_days import parse_day
from engine.definitions.scopes import Keys
from engine.definitions.source import Node, Scalar
from engine.definitions.spans import Limit, Unit
from engine.errors import Malformed

_FIELD = ("field ", "按字段 ", "按字段")
_PERIODS = {
    "每工作日": Every.WORKDAY,
    "每日": Every.DAY,
    "每天": Every.DAY,
    "每周": Every.WEEK,
    "每旬": Every.TEN_DAYS,
    "每月": Every.MONTH,
    "每季度": Every.QUARTER,
    "每季": Every.QUARTER,
} | {every.value: every for every in Every}
_PERCENT = re.compile(r"([1-9][0-9]?|100) ?[%％]")
_COUNT = re.compile(r"[1-9][0-9]{0,4}")


def birth(reader: Reader, every: Limit | None, per: str | None, keys: Keys) -> Birth | None:
    """What a start says of births; None for one without, and for plain rounds (`every` and `per`, no more)."""
    if not keys.keys() & {"rows", "on", "draw", "since", "until"}:
        return None
    since, until = (_day(reader, keys[name].value) if name in keys else None for name in ("since", "until"))
    if since is not None and until is not None and until < since:
        reader.refuse(keys["until"].line, "专项的止日早于起日", "the campaign ends before it begins")
    found = Birth(
        register=reader.key(keys["rows"].value) if "rows" in keys else "",
        level=per or "",
        days=_days(reader, keys, every) if every is not None else 0,
        interval=interval_field(reader, keys["every"].value) or "" if "every" in keys else "",
        when=civil_day(reader, keys["on"].value) if "on" in keys else None,
        draw=_draw(reader, keys["draw"].value) if "draw" in keys else None,
        since=since,
        until=until,
    )
    _fits(reader, keys, found)
    return found


def interval_field(reader: Reader, node: Node) -> str | None:
    """The field that `every: field NAME` names; None for a limit."""
    text = reader.text(node)
    start = next((each for each in _FIELD if text.startswith(each)), None)
    return text.removeprefix(start).strip() if start is not None else None


def _days(reader: Reader, keys: Keys, every: Limit) -> int:
    if every.unit is Unit.DAYS:
        return every.amount
    reader.refuse(keys["every"].line, "此处的间隔按自然日计，如 30 days", "this interval is in days, like 30 days")
    return 0


def civil_day(reader: Reader, node: Node) -> When | None:
    """`month first workday`, `week monday`, `每月 最后一个工作日`; a workday or a day has no day of its own."""
    text = reader.text(node)
    word = next((each for each in sorted(_PERIODS, key=len, reverse=True) if text.startswith(each)), None)
    if word is None:
        if text:
            reader.unknown(text, node.line, "周期", "period", _PERIODS)
        return None
    every, rest = _PERIODS[word], text.removeprefix(word).strip()
    plain = every in (Every.WORKDAY, Every.DAY)
    if plain == bool(rest):
        reader.refuse(
            node.line,
            f"“{text}”应写周期和其中一天，如 month first workday、每周 周一",
            f"'{text}' must say a period and a day of it, like `month first workday`, `week monday`",
        )
        return None
    try:
        return When(every=every, on=None if plain else parse_day(rest, every), at=0)
    except Malformed as error:
        reader.refuse(node.line, error.zh, error.en)
        return None


def _draw(reader: Reader, node: Node) -> Draw | None:
    text = reader.text(node)
    if share := _PERCENT.fullmatch(text):
        return Draw(percent=int(share[1]))
    if _COUNT.fullmatch(text):
        return Draw(count=int(text))
    reader.refuse(node.line, f"抽取“{text}”应为份额（10%）或行数（3）", f"the draw '{text}' must read 10% or 3")
    return None


def _day(reader: Reader, node: Node) -> date | None:
    text = reader.text(node)
    try:
        if not (isinstance(node, Scalar) and node.plain) and len(text) == len("2026-03-01"):
            return date.fromisoformat(text)
    except ValueError:
        pass  # told below, as any other text that is no date
    reader.refuse(
        node.line, f'“{text}”应为带引号的日期，如 "2026-03-01"', f"'{text}' must be a quoted date like \"2026-03-01\""
    )
    return None


def _fits(reader: Reader, keys: Keys, found: Birth) -> None:
    """What belongs together, each problem at the line of a key that is there."""
    line = min(entry.line for entry in keys.values())
    if bool(found.register) == bool(found.level):
        reader.refuse(
            line, "应写逐行（rows）或逐级（per）之一", "say for which rows (`rows`) or areas (`per`), one of them"
        )
    if "every" in keys and "on" in keys:
        reader.refuse(line, "每隔（every）与逢（on）只写一个", "`every` and `on` say the same: write one")
    if ("since" in keys) != ("until" in keys):
        reader.refuse(line, "专项应写明起止（since、until）", "a campaign has both `since` and `until`")
    if not keys.keys() & {"every", "on", "since"}:
        reader.refuse(line, "没有写明何时开启", "nothing says when: `every`, `on`, or `since` and `until`")
    if not found.register and ("draw" in keys or found.interval):
        reader.refuse(line, "抽取与按字段间隔只用于逐行", "`draw` and `every: field` belong to `rows`")
    if found.draw is not None and found.interval:
        reader.refuse(line, "各行间隔不同，无从抽取", "rows with intervals of their own cannot be drawn from")
