"""One action of a workflow file in sentences: what it asks for, when it may be done, what comes of it."""

from collections.abc import Iterable, Iterator, Mapping

from engine.analysis.properties import Properties, label, listed
from engine.definitions.model import Action, FormItem, Need, Opens, Step, Title

#: Property → the sentence around its words; one without a place for them says all by itself.
_WHEN: Mapping[str, Title] = {
    "when": Title("仅当{}", "only if {}"),
    "before": Title("须在“{}”届满之前", "before '{}' has passed"),
    "once": Title("限一次：{}", "once: {}"),
    "apart": Title("与上一次至少相隔{}", "at least {} since the last time"),
    "meeting": Title("只能在“{}”的会上", "only in a sitting of '{}'"),
    "public": Title("路人扫码也可办理，不需账号", "open to passers-by, without an account"),
    "every": Title("每{}一次", "every {}"),
    "per": Title("每个{}各一件", "one for each {}"),
    "birth": Title("由时钟按名册或区域开立：{}", "opened by the clock about rows or areas: {}"),
    "origin": Title("也在此处提供：{}", "also offered at: {}"),
}
_THEN: Mapping[str, Title] = {
    "sends": Title("派出{}", "sends {}"),
    "withdraws": Title("撤下{}", "stops {}"),
    "reopens": Title("重开{}", "reopens {}"),
    "urges": Title("催办{}", "reminds {}"),
    "counts": Title("“{}”加一", "adds one to '{}'"),
    "clears": Title("清除“{}”", "clears '{}'"),
    "sets": Title("标记“{}”", "marks '{}'"),
    "meets": Title("视为完成“{}”", "meets '{}'"),
    "extends": Title("延长“{}”", "extends '{}'"),
    "suspends": Title("挂起至“{}”", "suspends to '{}'"),
    "joins": Title("并入“{}”所指主案", "joins the ticket in '{}'"),
    "splits": Title("从主案拆出", "splits off the main ticket"),
    "opens": Title("另开一案：{}", "opens another ticket: {}"),
    "card": Title("亮{}", "gives a {}"),
    "lifts": Title("撤牌", "lifts the card"),
    "ruling": Title("成为权属先例：{}", "is a precedent of who handles it: {}"),
    "appraises": Title("计入双考核：{}", "counts in the appraisal: {}"),
    "points": Title("记积分：{}", "gives points: {}"),
    "reverses": Title("收回以下动作所记的分：{}", "takes back the points of: {}"),
    "exempts": Title("剔除“{}”所选指标", "exempts the indicators in '{}'"),
    "restores": Title("恢复计入“{}”所选指标", "counts again the indicators in '{}'"),
    "letter": Title("编文号，字头“{}”", "is a numbered letter, '{}'"),
    "mentions": Title("在“{}”所指案卷的历史中各记一行", "writes a line into the history of the tickets in '{}'"),
    "not_who": Title("做过以下动作的人回避：{}", "nobody who did: {}"),
    "duty": Title("有值班表时只限当班者", "only whoever is on duty, where there is a roster"),
    "link": Title("凭任务链接，不需账号", "by a task link, without an account"),
    "person": Title("即本案的{}本人", "the {} of this ticket"),
    "light": Title("亮{}", "light: {}"),
    "level": Title("升至{}", "rises to: {}"),
    "do": Title("自动办理“{}”", "does '{}' by itself"),
    "tells": Title("告知{}", "tells {}"),
}
_STAYS = Title("状态不变", "stays where it is")
_NEEDS = (
    (Title("必填", "required"), (Need.ONE, Need.SOME)),
    (Title("可填", "optional"), (Need.MAYBE, Need.ANY)),
)
_SEVERAL = Title("（可多项）", " (several)")


def asked(reading: Properties, action: Action) -> Iterator[Title]:
    """What its form asks for, and on which conditions it may be done."""
    words = reading.properties(action)
    yield from _form(reading, action.form)
    for kind, items in action.each.items():
        title = reading.workflow.tasks[kind].title
        for part in _form(reading, items):
            yield Title(f"每项“{title.zh}”{part.zh}", f"for each '{title.en}' {part.en}")
    if action.meeting is not None:
        words["meeting"] = reading.workflow.meetings[action.meeting].title
    yield from (_sentence(template, words[name]) for name, template in _WHEN.items() if name in words)


def follows(reading: Properties, action: Action) -> Iterator[Title]:
    """What comes of it: first where it leads, then everything else that the file says, in words."""
    words = reading.properties(action)
    if action.opens is not None:
        words["opens"] = _opens(reading, action.opens)
    to = words.pop("to", None)
    yield Title(f"转入“{to.zh}”", f"moves to '{to.en}'") if to else _STAYS
    for name in ("by", "form", "each", *_WHEN):
        words.pop(name, None)
    yield from _all(words)


def rung(reading: Properties, step: Step) -> Iterator[Title]:
    """What a rung of a ladder brings."""
    words = reading.properties(step)
    words.pop("at", None)
    yield from _all(words)


def _all(words: Mapping[str, Title]) -> Iterator[Title]:
    """Sentences of these properties: all of them, so that nothing is left out."""
    return (said(name, one) for name, one in words.items())


def said(name: str, words: Title) -> Title:
    """One property as a sentence, or under the name of its key."""
    key = label(name)
    template = _THEN.get(name) or _WHEN.get(name) or Title(f"{key.zh}：{{}}", f"{key.en}: {{}}")
    return _sentence(template, words)


def _sentence(template: Title, words: Title) -> Title:
    return Title(template.zh.replace("{}", words.zh), template.en.replace("{}", words.en or words.zh))


def _opens(reading: Properties, opens: Opens) -> Title:
    """`流程“x”的“y”，带入…，沿用…`: the other workflow may not be here, so its start keeps its own name."""
    fields = reading.workflow.fields

    def called(name: str) -> Title:
        return fields[name].title if name in fields else Title(name, name)

    parts = [Title(f"流程“{opens.workflow}”的“{opens.start}”", f"'{opens.start}' of '{opens.workflow}'")]
    for own, theirs in ((called(given), called(name)) for name, given in opens.fills.items()):
        parts.append(Title(f"以“{own.zh}”填“{theirs.zh}”", f"'{own.en}' fills '{theirs.en}'"))
    if opens.takes:
        kept = listed([called(name) for name in opens.takes])
        parts.append(Title(f"沿用{kept.zh}", f"keeps {kept.en}"))
    if opens.same_reporter:
        parts.append(Title("上报人不变", "with the same reporter"))
    return listed(parts, "；")


def _form(reading: Properties, items: Iterable[FormItem]) -> Iterator[Title]:
    for word, needs in _NEEDS:
        found = [_field(item) for item in items if item.need in needs]
        if found:
            yield Title(
                f"{word.zh}：{'、'.join(one.zh for one in found)}", f"{word.en}: {', '.join(one.en for one in found)}"
            )


def _field(item: FormItem) -> Title:
    title = item.field.title
    more = _SEVERAL if item.many else Title("", "")
    return Title(title.zh + more.zh, (title.en or title.zh) + more.en)
