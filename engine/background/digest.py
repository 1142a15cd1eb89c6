"""The text of a delivery: one message as itself, several as a digest.

It leaves the house, and nobody knows what reads it: chat groups that take Markdown, mails in HTML. So it holds words of
workflow files alone, no citizen's, and every sign that means something to such readers is put in its full-width form.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from engine.background.senders import Text
from engine.definitions.words import shipped
from engine.records.entries import Entry
from engine.records.listings import Listed
from engine.records.wording import due_time

#: Lines of a digest, and bytes of a whole text: the strictest of the usual chats takes 2,048.
MOST_LINES = 15
MOST_BYTES = 1_900
_LONGEST_TITLE = 80
_MARKUP = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "<>[](){}*_`#~|@\\&!$^\"'="})


def text_of(entries: Sequence[Entry], total: int, base: str) -> Text:
    """One text of the first of `total` messages; `base` is where links begin, or empty."""
    seen = [entry for entry in entries if entry.visible]
    if total == 1 and seen:
        return _of_list(seen[0], base) if seen[0].listing else _of_one(seen[0], base)
    title = f"呼应：{total} 条消息 / Huying: {total} messages"
    return _fitted(title, [_line(entry, base) for entry in seen], total, f"{base}/inbox" if base else "")


def plain(text: str) -> str:
    """A title without signs that any reader takes for markup, a mention or a link, on one line."""
    spaced = "".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in text)
    short = " ".join(spaced.split()).replace("://", "：//").translate(_MARKUP)
    return short if len(short) <= _LONGEST_TITLE else short[: _LONGEST_TITLE - 1] + "…"


def _of_one(entry: Entry, base: str) -> Text:
    title = f"{_pressing(entry)}{entry.case_no} {plain(entry.what.zh)}"
    link = f"{base}/tickets/{entry.case_no}" if base else ""
    return Text(title=title, body="\n".join(part for part in (plain(entry.what.en), link) if part))


def _of_list(entry: Entry, base: str) -> Text:
    listing = entry.listing
    if listing is None:
        raise ValueError("no list")
    lines = [_ticket(one) for one in listing.tickets if one.visible]
    return _fitted(_heading(entry), lines, listing.count, f"{base}/inbox/{entry.ref}" if base else "")


def _fitted(title: str, lines: Sequence[str], total: int, link: str) -> Text:
    """As many lines as there is room for, and how many more there are."""
    room = MOST_BYTES - len(f"{title}\n还有 {total} 条 / and {total} more\n{link}\n".encode())
    kept = list(_within(lines[:MOST_LINES], room))
    more = total - len(kept)
    rest = [f"还有 {more} 条 / and {more} more"] if more else []
    return Text(title=title, body="\n".join([*kept, *rest, *([link] if link else [])]) or title)


def _within(lines: Sequence[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return
        yield line


def _line(entry: Entry, base: str) -> str:
    if entry.listing:
        return _heading(entry) + (f" {base}/inbox/{entry.ref}" if base else "")
    link = f" {base}/tickets/{entry.case_no}" if base else ""
    return f"{_pressing(entry)}{entry.case_no} {plain(entry.what.zh)}{link}"


def _heading(entry: Entry) -> str:
    listing = entry.listing
    if listing is None:
        return ""
    said = "已生成" if listing.report is not None else f"{listing.count} 件"
    return f"{plain(listing.title.zh)} {plain(listing.period)}：{said}"


def _pressing(entry: Entry) -> str:
    return "【急】" if entry.urgent else ""


def _ticket(one: Listed) -> str:
    words = shipped()
    signs = [
        words.lights[one.light].zh if one.light in words.lights else "",
        words.cards[one.card].zh if one.card in words.cards else "",
    ]
    parts = [
        plain(one.deadline.zh),
        *signs,
        f"到期 {due_time(one.due, provisional=one.provisional)}" if one.due is not None else "",
    ]
    return f"{one.case_no} {'，'.join(part for part in parts if part)}".rstrip()
