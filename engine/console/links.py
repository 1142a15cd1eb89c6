"""`huying contact`: where a unit without accounts gets the links of its tasks."""

import argparse

from engine.application import Application
from engine.background.senders import AppriseSender, NotSent, Text
from engine.console.confided import lines_of
from engine.console.printing import ERR, OUT, REFUSED, Add
from engine.database import Transaction
from engine.errors import HuyingError, Malformed, NotFound, Place
from engine.records import task_links
from engine.records.asking import ids_of


def add(command: Add) -> None:
    """The command about contact addresses of units."""
    contact = command("contact", _contact)
    contact.add_argument("unit", metavar="CODE", help="the unit's code")
    contact.add_argument("--url", metavar="-|@FILE", help="its address, from standard input or a file")
    contact.add_argument("--clear", action="store_true", help="forget its address")
    contact.add_argument("--test", action="store_true", help="send a text there now")


def _contact(application: Application, given: argparse.Namespace) -> int:
    """Set where a unit without accounts gets its task links, or show it; an address is never shown."""
    if given.clear and given.url:
        raise _wrong("--clear 不能与 --url 同用", "--clear and --url exclude each other")
    url = next(iter(lines_of(given.url, "--url")), "") if given.url else ""
    found = (AppriseSender().kind(url), url) if url else None
    now = application.clock.now()

    def work(transaction: Transaction) -> tuple[int, str, bool]:
        unit = _unit(transaction, given.unit)
        if found is not None or given.clear:
            task_links.set_contact(transaction, unit, found, now)
        signs_in = bool(task_links.with_accounts(transaction, {unit}, now))
        return unit, task_links.contact_kind(transaction, unit), signs_in

    unit, kind, signs_in = application.database.acting(work)
    OUT.print(f"{given.unit}: {kind or '无送达地址 / no contact address'}", markup=False)
    if signs_in:
        OUT.print("  该单位有账号，不发任务链接 / the unit has accounts: no links are sent")
    if kind and (application.settings.notify == "null" or not application.settings.url):
        OUT.print("  须设置 HUYING_NOTIFY 与 HUYING_URL 才会发送 / set HUYING_NOTIFY and HUYING_URL to send")
    return _test(application, unit) if given.test else 0


def _unit(transaction: Transaction, code: str) -> int:
    known = ids_of(transaction, "department", "code", [code])
    if code not in known:
        raise NotFound(f"没有单位“{code[:60]}”", f"there is no unit '{code[:60]}'")
    return known[code]


def _test(application: Application, unit: int) -> int:
    """Send a text to the address now, whatever the installation's setting says."""
    with application.database.looking() as transaction:
        url = task_links.contact_url(transaction, unit)
    text = Text(title="呼应：测试消息 / Huying: a test", body="收到即表示送达地址可用。 / This destination works.")
    try:
        if not url:
            raise NotSent("没有送达地址", "there is no address")
        AppriseSender().send(url, text)
    except (NotSent, HuyingError) as failure:
        ERR.print(f"  {failure}", markup=False, style="red")
        return REFUSED
    OUT.print("  已发 / sent")
    return 0


def _wrong(zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field="--clear"))
