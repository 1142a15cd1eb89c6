"""`huying outbox`, `huying notify`: messages on their way to people, and where they go."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table

from engine.application import Application
from engine.background.senders import AppriseSender, NotSent, Text
from engine.clock import shown
from engine.console.confided import lines_of
from engine.console.printing import ERR, OUT, REFUSED, Add, nested
from engine.database import Transaction
from engine.errors import HuyingError, Malformed, Place
from engine.records import deliveries, wishes
from engine.records.access import person_of_login
from engine.records.messages import Delivery, backlog, delivered
from engine.rules.wishes import Digest, Wishes, clock_time, digest, quiet_hours

#: Destinations of one person.
MOST = 5


def add(command: Add) -> None:
    """The commands about messages."""
    outbox = nested(command("outbox", _outbox))
    outbox("dead", _dead)
    outbox("retry", _retry).add_argument("--person", metavar="LOGIN", help="only this person's")
    notify = command("notify", _notify)
    notify.add_argument("login")
    notify.add_argument("--url", metavar="-|@FILE", help="destinations, one a line, from standard input or a file")
    notify.add_argument("--clear", action="store_true", help="forget every destination")
    notify.add_argument("--quiet", metavar="HH:MM-HH:MM", help="quiet hours; `none`, or `default` for those of all")
    notify.add_argument("--digest", metavar="WHEN", help="once, hourly or daily@HH:MM")
    notify.add_argument("--urgent", choices=("yes", "no"), help="what is urgent comes at once, at night too")
    notify.add_argument("--test", action="store_true", help="send a text to each destination now")


def _outbox(application: Application, given: argparse.Namespace) -> int:
    """Say how many messages wait, were sent or given up, and which notices met a vacant post."""
    now = application.clock.now()
    with application.database.looking() as transaction:
        left, counts = backlog(transaction, now), delivered(transaction)
    table = Table("", "条 / messages")
    for title, count in (
        ("待发 / waiting", left.waiting),
        ("已发 / sent", counts[Delivery.SENT]),
        ("仅留收件箱 / kept in the inbox", counts[Delivery.KEPT]),
        ("发送失败 / dead", left.dead),
        ("待分发的通知 / notices waiting", left.notices),
        ("一日内无人任职的角色 / roles nobody holds, last day", left.nobody),
    ):
        table.add_row(title, str(count))
    OUT.print(table)
    OUT.print(f"最早一条已逾时 {left.lag} 秒 / the oldest has been due for {left.lag} s")
    return 0


def _dead(application: Application, given: argparse.Namespace) -> int:
    """List what was given up, by person and reason; exits with 1 if there is any."""
    with application.database.looking() as transaction:
        found = deliveries.dead(transaction)
    table = Table("账号 / login", "姓名 / name", "条 / messages", "最早 / oldest", "原因 / why")
    for one in found:
        table.add_row(one.login, one.name, str(one.count), shown(one.oldest), one.error)
    OUT.print(table if found else "没有 / none")
    return REFUSED if found else 0


def _retry(application: Application, given: argparse.Namespace) -> int:
    """Deliver what was given up after all."""
    now, person = application.clock.now(), None
    if given.person:
        person = person_of_login(application.database, given.person)
    count = application.database.acting(lambda transaction: deliveries.retry(transaction, now, person))
    OUT.print(f"{count} 条重新待发 / messages wait again")
    return 0


def _notify(application: Application, given: argparse.Namespace) -> int:
    """Set where messages to somebody go and when they may come, or show it; addresses are never shown."""
    found = _destinations(given)
    person_id = person_of_login(application.database, given.login)
    now = application.clock.now()

    def work(transaction: Transaction) -> None:
        if found is not None:
            wishes.set_goals(transaction, person_id, found, now)
        wished = wishes.wishes_of(transaction, person_id)
        changed = _changed(wished, given)
        if changed != wished:
            wishes.wish(transaction, person_id, changed, now)

    application.database.acting(work)
    with application.database.looking() as transaction:
        wished = wishes.wishes_of(transaction, person_id)
        kinds, goals = wishes.kinds(transaction, person_id), wishes.goals(transaction, person_id)
    OUT.print(f"{given.login}: {_told(wished, application.settings.quiet)}", markup=False)
    for number, kind in enumerate(kinds, start=1):
        failed = f" · {shown(kind.failed_at)} 失败 / failed: {kind.error}" if kind.failed_at is not None else ""
        OUT.print(f"  {number}. {kind.name} · {shown(kind.set_at)}{failed}", markup=False)
    if not kinds:
        OUT.print("  没有送达地址，只进收件箱 / no destination: the inbox only")
    if application.settings.notify == "null" and kinds:
        OUT.print("  HUYING_NOTIFY=null：本系统不向外发送 / this installation sends nothing")
    return _test(goals) if given.test else 0


def _destinations(given: argparse.Namespace) -> list[tuple[str, str]] | None:
    """The kind and address of each destination that was given; None when they stay as they are.

    Errors: `Malformed`, which names the destination by its number and never quotes it.
    """
    if given.clear:
        if given.url:
            raise _wrong("--clear", "--clear 不能与 --url 同用", "--clear and --url exclude each other")
        return []
    if given.url is None:
        return None
    urls = lines_of(given.url, "--url")
    if not 1 <= len(urls) <= MOST:
        raise _wrong("--url", f"应有 1 至 {MOST} 个送达地址", f"there must be 1 to {MOST} destinations")
    sender, found = AppriseSender(), []
    for number, url in enumerate(urls, start=1):
        try:
            found.append((sender.kind(url), url))
        except HuyingError as refusal:
            raise refusal.at(Place(field="--url", row=number)) from None
    return found


def _changed(wished: Wishes, given: argparse.Namespace) -> Wishes:
    try:
        if given.quiet is not None:
            wished = replace(wished, quiet=None if given.quiet == "default" else quiet_hours(given.quiet))
    except ValueError as failure:
        raise _wrong(
            "--quiet",
            f"“{given.quiet}”不是免打扰时段，请写 22:00-07:30、none 或 default",
            f"'{given.quiet}' is no quiet hours: write 22:00-07:30, none or default",
        ) from failure
    try:
        if given.digest is not None:
            kind, at = digest(given.digest)
            wished = replace(wished, digest=kind, digest_at=wished.digest_at if at is None else at)
    except ValueError as failure:
        raise _wrong(
            "--digest",
            f"“{given.digest}”不是汇总方式，请写 once、hourly 或 daily@08:30",
            f"'{given.digest}' is no digest: write once, hourly or daily@08:30",
        ) from failure
    return replace(wished, urgent=given.urgent == "yes") if given.urgent else wished


def _told(wished: Wishes, installation: str) -> str:
    quiet = f"{installation} (default)" if wished.quiet is None else str(wished.quiet)
    at = f"@{clock_time(wished.digest_at)}" if wished.digest is Digest.DAILY else ""
    urgent = "yes" if wished.urgent else "no"
    return f"免打扰 / quiet {quiet} · 汇总 / digest {wished.digest}{at} · 紧急直达 / urgent at once {urgent}"


def _test(goals: Sequence[wishes.Goal]) -> int:
    """Send a text to each destination now, whatever the installation's setting says."""
    sender, failed = AppriseSender(), 0
    text = Text(title="呼应：测试消息 / Huying: a test", body="收到即表示送达地址可用。 / This destination works.")
    for goal in goals:
        try:
            sender.send(goal.url, text)
            OUT.print(f"  {goal.ordinal}. {goal.kind}: 已发 / sent", markup=False)
        except (NotSent, HuyingError) as failure:
            failed += 1
            ERR.print(f"  {goal.ordinal}. {goal.kind}: {failure}", markup=False, style="red")
    return REFUSED if failed or not goals else 0


def _wrong(field: str, zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field=field))
