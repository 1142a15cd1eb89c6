"""The text of a delivery: one message as itself, several as a digest, and nothing in it that any reader obeys."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.background.digest import MOST_BYTES, MOST_LINES, plain, text_of
from engine.clock import HOUR, Instant
from engine.definitions.model import Title
from engine.records.entries import Entry
from engine.records.listings import Listed, Listing
from engine.records.messages import MessageKind
from engine.records.wording import due_time
from tests.support.cases import MONDAY

BASE = "https://huying.example.cn"


def entry(number: int = 12, what: str = "处置时限：红灯、黄牌，到期 11-26 17:30", **more: Any) -> Entry:
    case_no = f"20261126-{number:06d}"
    values = {
        "what": Title(what, "Handling: Red, Yellow card, due 11-26 17:30"),
        "urgent": False,
        "visible": True,
        **more,
    }
    return Entry(
        ref=f"{case_no}.9", origin=f"n:{number}:9", kind=MessageKind.NOTICE, at=MONDAY, read_at=None, case_no=case_no,
        **values,
    )  # fmt: skip


def a_list(tickets: int = 3, title: str = "滞后提醒") -> Entry:
    rows = tuple(
        Listed(
            case_no=f"20261126-{number:06d}", visible=True, title=Title("王阿姨家漏水", ""),
            deadline=Title("处置时限", "Handling"), due=Instant(MONDAY - number * HOUR), light="red", card="yellow",
            provisional=False, state=Title("处置中", ""),
        )
        for number in range(1, tickets + 1)
    )  # fmt: skip
    listing = Listing(title=Title(title, "Lag reminder"), period="2026-W48", count=tickets, tickets=rows)
    return Entry(
        ref="a" * 24, origin="r:x", kind=MessageKind.LIST, at=MONDAY, urgent=False, read_at=None, visible=True,
        what=listing.title, listing=listing,
    )  # fmt: skip


def test_a_single_message_is_itself() -> None:
    text = text_of([entry()], 1, BASE)
    assert text.title == "20261126-000012 处置时限：红灯、黄牌，到期 11-26 17:30"
    assert text.body.splitlines() == [
        "Handling: Red, Yellow card, due 11-26 17:30",
        "https://huying.example.cn/tickets/20261126-000012",
    ]


def test_what_is_urgent_says_so_first() -> None:
    assert text_of([entry(urgent=True)], 1, "").title.startswith("【急】20261126-000012 ")


def test_several_are_a_digest_with_their_number_a_line_each_and_a_link() -> None:
    text = text_of([entry(1), entry(2)], 2, BASE)
    assert text.title == "呼应：2 条消息 / Huying: 2 messages"
    lines = text.body.splitlines()
    assert lines[0] == (
        "20261126-000001 处置时限：红灯、黄牌，到期 11-26 17:30 https://huying.example.cn/tickets/20261126-000001"
    )
    assert lines[-1] == "https://huying.example.cn/inbox"
    assert len(lines) == 3


def test_without_an_address_of_its_own_a_text_holds_no_link() -> None:
    assert "http" not in text_of([entry(1), entry(2), a_list()], 3, "").body


def test_of_many_only_the_first_lines_are_told_and_how_many_more_there_are() -> None:
    text = text_of([entry(number, "立案") for number in range(1, MOST_LINES + 1)], 250, "")
    assert len(text.body.splitlines()) == MOST_LINES + 1
    assert text.body.endswith(f"还有 {250 - MOST_LINES} 条 / and {250 - MOST_LINES} more")


@given(st.integers(2, 40), st.integers(0, 300), st.booleans())
def test_however_long_titles_are_a_text_fits_into_the_strictest_chat(count: int, length: int, linked: bool) -> None:
    entries = [entry(number, "长" * length) for number in range(1, min(count, MOST_LINES) + 1)]
    base = BASE if linked else ""
    text = text_of(entries, count, base)
    assert len(f"{text.title}\n{text.body}".encode()) <= MOST_BYTES
    told = len(re.findall(r"^20261126-", text.body, flags=re.M))
    more = re.search(r"还有 (\d+) 条", text.body)
    assert told + (int(more[1]) if more else 0) == count
    assert text.body


def test_a_list_tells_its_tickets_and_no_word_about_what_they_are() -> None:
    text = text_of([a_list()], 1, BASE)
    assert text.title == "滞后提醒 2026-W48：3 件"
    assert text.body.splitlines()[0] == "20261126-000001 处置时限，红灯，黄牌，到期 03-02 08:00"
    assert text.body.endswith(f"{BASE}/inbox/{'a' * 24}")
    assert "王阿姨" not in text.body


def test_a_list_among_others_is_a_line() -> None:
    assert "滞后提醒 2026-W48：3 件 " in text_of([a_list(), entry()], 2, BASE).body


def test_what_a_citizen_wrote_never_leaves_the_house() -> None:
    text = text_of([entry(description="王阿姨，电话 13800000000")], 1, BASE)
    other = text_of([entry(1, description="王阿姨"), entry(2)], 2, BASE)
    assert not any("王阿姨" in part for part in (text.title, text.body, other.title, other.body))


def test_what_its_reader_may_not_see_is_not_told() -> None:
    hidden = replace(entry(), visible=False)
    assert text_of([hidden], 1, "").body == "还有 1 条 / and 1 more"
    assert "000012" not in text_of([hidden, entry(2)], 2, BASE).body


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "[点我](http://evil.example)",
        "**粗**_斜_~~删~~`码`",
        "# 标题\n> 引用",
        "@all <@everyone> @所有人",
        '<font color="warning">',
        "![](https://evil.example/x.png)",
        "&lt;b&gt;",
        "a|b\\c",
        "\u202e反\u200b写",
        "一行\r\n二行\t三",
    ],
)
def test_no_sign_of_a_title_is_markup_a_mention_a_link_or_a_line(evil: str) -> None:
    text = text_of([entry(1, evil), entry(2)], 2, "")
    line = text.body.splitlines()[0]
    assert line.startswith("20261126-000001 ")
    assert len(text.body.splitlines()) == 2
    assert not re.search(r"[<>\[\](){}*_`#~|@\\&!]|://", line)
    assert line.isprintable()
    assert text_of([entry(1, evil)], 1, "").title == line


@given(st.text(max_size=200))
def test_any_title_becomes_one_short_printable_line(title: str) -> None:
    made = plain(title)
    assert len(made) <= 80
    assert "\n" not in made
    assert not re.search(r"[<>\[\](){}*_`#~|@\\&!]|://", made)


def test_a_due_time_that_waits_for_a_decree_says_so() -> None:
    assert due_time(MONDAY, provisional=True) == f"{due_time(MONDAY)}（暂定）"
