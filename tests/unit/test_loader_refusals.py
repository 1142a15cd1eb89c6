"""Every way in which a well-formed file can still be wrong, and what its author is told."""

import pytest

from tests.support.loops import SMALL, changed, problems, refusal

#: What is changed in the small file, what it becomes, what the author reads.
WRONG = {
    "sensitive without a purpose": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, class: sensitive, seen_by: [desk]}",
        "必须写明处理目的",
    ),
    "sensitive without anybody who may see it": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, class: sensitive, purpose: 照护 / Care}",
        "必须写明可见角色",
    ),
    "sensitive and seen by a person": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, class: sensitive, purpose: 照护 / Care, seen_by: [reporter]}",
        "不是按岗位的角色",
    ),
    "sensitive and seen by nobody's role": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, class: sensitive, purpose: 照护 / Care, seen_by: [nurse]}",
        "“nurse”没有声明",
    ),
    "a sensitive picture": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: photo, class: sensitive, purpose: 照护 / Care, seen_by: [desk]}",
        "敏感个人信息不能是 photo",
    ),
    "a class nobody knows": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, class: sensitiv, purpose: 照护 / Care, seen_by: [desk]}",
        "是否想写“sensitive”",
    ),
    "a purpose of what is not sensitive": (
        "wish: {title: 意愿 / Wish, type: text, personal: true}",
        "wish: {title: 意愿 / Wish, type: text, personal: true, purpose: 照护 / Care}",
        "只用于敏感个人信息",
    ),
    "public for people with accounts": (
        "by: [worker, reporter], to: reported",
        "by: worker, public: true, to: reported",
        "公开的上报须由上报人角色",
    ),
    "public and unknowable": (
        "to: reported, form: [description!",
        "public: true, to: reported, form: [item!, description!",
        "路人无从知道",
    ),
    "a milestone of an action that isn't there": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {filed: {by: acept}}\n",
        "动作“acept”没有声明，是否想写“accept”？",
    ),
    "a milestone of the ticket by a task's action": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {filed: {by: finish}}\n",
        "动作“finish”没有声明",
    ),
    "a milestone without an action": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {filed: {deadline: accept}}\n",
        "“filed”要写明 by",
    ),
    "handling by an action": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {handled: {of: line, by: finish}}\n",
        "“handled”不能写 by",
    ),
    "a milestone that is never late": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {reworked: {by: accept, deadline: accept}}\n",
        "“reworked”没有按时与否",
    ),
    "a milestone by a field that is not yes or no": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {missed: {by: accept, field: reason}}\n",
        "“reason”不是是非字段",
    ),
    "a milestone nobody knows": (
        "calendar: cn-mainland\n",
        "calendar: cn-mainland\nfacts: {fild: {by: accept}}\n",
        "是否想写“filed”",
    ),
    "unknown key": ("calendar: cn", "calender: cn", "是否想写“calendar”"),
    "unknown Chinese key": ("title: 小循环", "标提: 小循环", "是否想写“标题”"),
    "missing key": ("calendar: cn-mainland\n", "", "缺少“日历”（calendar）"),
    "key in both languages": ("version: 1\n", "version: 1\n版本: 1\n", "同一个键"),
    "an extension of a catalogue limit": (
        "within: catalogue, default: 5 workdays,",
        "within: catalogue, default: 5 workdays, extension: 5 workdays,",
        "须与固定时限的单位相同",
    ),
    "an extension in another unit": (
        "within: 3 workdays,",
        "within: 3 workdays, extension: 3 days,",
        "每次延长“3个自然日”须与固定时限的单位相同",
    ),
    "an extension of nothing": (
        "within: 3 workdays,",
        "within: 3 workdays, extension: 0 workdays,",
        "必须大于零",
    ),
    "version in words": ("version: 1", "version: one", "正整数"),
    "version quoted": ("version: 1", 'version: "1"', "正整数"),
    "workflow key with blanks": ("workflow: small", "workflow: a small one", "标识"),
    "later format": ("version: 1\n", "version: 1\nformat: 2\n", "文件格式应为 1"),
    "title of 100,000 characters": ("小循环 / Small", "小" * 100_000, "100,000 字"),
    "title of 201 characters": ("小循环 / Small", "小" * 201, "最多 200 字"),
    "title without Chinese": ("小循环 / Small", '" / Small"', "缺少中文"),
    "title empty": ("title: 小循环 / Small", 'title: ""', "没有填写"),
    "title is a list": ("title: 小循环 / Small", "title: [小, 循环]", "这里应为一个词"),
    "undeclared post": ("post: coordinator", "post: cordinator", "是否想写“coordinator”"),
    "undeclared level": ("area: street", "area: streat", "是否想写“street”"),
    "person on duty": ("person: reporter}", "person: reporter, duty: true}", "不能再限值班"),
    "person with a post": ("person: reporter}", "person: reporter, post: handler}", "既已指人"),
    "role for nobody": ("post: coordinator, area: street", "area: street", "应写明岗位、人或链接"),
    "role called clock": ("  worker: {title", "  clock: {title", "不能作角色名称"),
    "excluded action unknown": ("not: [finish]", "not: [finnish]", "是否想写“finish”"),
    "standard field declared again": ("  level: {title: 难易 / Level", "  place: {title: 难易 / Level", "标准字段"),
    "standard field declared again in Chinese": ("  wish: {", "  地点: {", "标准字段（地点）"),
    "choice without choices": (", of: {easy: 易 / Easy, hard: 难 / Hard}", "", "选项"),
    "choices without choice": ("type: text, personal", "type: text, of: {a: 甲}, personal", "选项"),
    "unknown type of field": ("type: text, personal", "type: txt, personal", "是否想写“text”"),
    "bound on a text": ("type: text, personal", "type: text, latest: 3 days, personal", "只有日期可写“latest”"),
    "bound in hours": ("type: person}", "type: date, latest: 3 hours}", "“latest”按天计"),
    "personal: no": ("personal: true", "personal: no", "只能写 true"),
    "counter called or": ("counters: {reworks", "counters: {or", "保留词"),
    "mark called 已填": ("marks: {seen", "marks: {已填", "保留词"),
    "mark called like a kind of task": ("marks: {seen: 已看", "marks: {line: 已看", "条件无法区分"),
    "counter called like a choice field": ("counters: {reworks: 返工", "counters: {level: 返工", "条件无法区分"),
    "task's counter called like the ticket's": ("{extensions: 延期", "{reworks: 延期", "条件无法区分"),
    "name with a dot": ("  level: {title", "  le.vel: {title", "只能由汉字、字母、数字和下划线组成"),
    "name that YAML means": ("marks: {seen", "marks: {true", "另有含义"),
    "limit without unit": ("within: 1 workday", "within: 1", "没有单位"),
    "ambiguous 天": ("within: 1 workday", "within: 1天", "自然日"),
    "catalogue without default": (", default: 5 workdays", "", "缺省"),
    "default without catalogue": ("within: 1 workday", "within: 1 workday, default: 2 hours", "缺省"),
    "days counted in hours": ("within: 1 workday", "within: 9 hours, counting: days", "counting"),
    "until a text": ("until due}", "until reason}", "不是日期"),
    "until nothing known": ("until due}", "until dew}", "字段“dew”没有声明"),
    "until a date nobody gives": ("level, due]", "level]", "没有表单填写"),
    "undeclared ladder": ("within: 1 workday, ladder: desk", "within: 1 workday, ladder: desks", "是否想写“desk”"),
    "ladder going down": ("{at: 70%, light", "{at: +2 workdays, light", "从早到晚"),
    "rung without effect": ("{at: 70%, light: yellow, tells: [desk]}", "{at: 70%}", "什么也不做"),
    "rung of 170%": ("{at: 70%,", "{at: 170%,", "100%"),
    "unknown light": ("light: red", "light: crimson", "灯色“crimson”"),
    "rung makes nobody's action": ("do: raise", "do: erase", "由时钟办理“erase”"),
    "rung makes a person's action": ("do: raise", "do: stop", "由时钟办理“stop”"),
    "deadline makes nobody's action": ("then: unchecked", "then: uncheckt", "由时钟办理“uncheckt”"),
    "clock that nothing makes": ("by: [worker, reporter], to: reported", "by: [worker, reporter], to: reported", ""),
    "undeclared role": (
        "accept: {title: 受理 / Accept, by: desk",
        "accept: {title: 受理 / Accept, by: dsk",
        "是否想写“desk”",
    ),
    "nobody may": ("accept: {title: 受理 / Accept, by: desk", "accept: {title: 受理 / Accept, by: []", "没有写明由谁"),
    "Chinese comma between roles": ("by: [worker, reporter]", "by: [worker，reporter]", "英文逗号"),
    "task's role on the ticket": (
        "stop: {title: 停办 / Stop, by: desk",
        "stop: {title: 停办 / Stop, by: line",
        "不能办理案件",
    ),
    "rule beside a person": (
        "by: rule, when: main closed",
        "by: [rule, desk], when: main closed",
        "不能与其他办理者并列",
    ),
    "exemption from what is no choice": (
        "decline: {title: 不准 / Decline, by: desk, form: [reason!]}",
        "decline: {title: 不准 / Decline, by: desk, form: [reason!], exempts: reason}",
        "类型应为 choice",
    ),
    "exemption from what need not be chosen": (
        "decline: {title: 不准 / Decline, by: desk, form: [reason!]}",
        "decline: {title: 不准 / Decline, by: desk, form: [reason!, level], restores: level}",
        "应为必填",
    ),
    "score without stars": (
        "decline: {title: 不准 / Decline, by: desk, form: [reason!]}",
        "decline: {title: 不准 / Decline, by: desk, form: [reason!], appraises: 直评}",
        "应填写星级",
    ),
    "unknown appraisal": (
        "decline: {title: 不准 / Decline, by: desk, form: [reason!]}",
        "decline: {title: 不准 / Decline, by: desk, form: [reason!], appraises: praise}",
        "考评“praise”",
    ),
    "unknown ruling": (
        "form: [reason!], tells: [reporter]}\n        join",
        "form: [reason!], ruling: reuse}\n        join",
        "裁定“reuse”",
    ),
    "ruling that names nobody": (
        "form: [reason!], tells: [reporter]}\n        join",
        "form: [reason!], ruling: designate}\n        join",
        "应派出任务",
    ),
    "ruling on a return outside a task": (
        "form: [reason!], tells: [reporter]}\n        join",
        "form: [reason!], ruling: 维持派遣}\n        join",
        "只用于任务的答复",
    ),
    "missing target": ("to: filed, form: [item!", "to: filled, form: [item!", "是否想写“filed”"),
    "task moves the ticket": ("by: line, to: done", "by: line, to: checking", "不能移动案件"),
    "undeclared field": ("form: [item!, level", "form: [itme!, level", "是否想写“item”"),
    "field twice in a form": ("form: [item!, level", "form: [item!, item", "两次"),
    "clock fills a form": (
        "by: [desk, clock], to: filed, form: [reason]",
        "by: [desk, clock], to: filed, form: [reason!]",
        "无人填写",
    ),
    "title twice differently": ("refuse: {by: desk", "refuse: {title: 驳回 / Reject, by: desk", "这里却是"),
    "action without title": ("look: {title: 看一看 / Look, ", "look: {", "没有标题"),
    "unparsable condition": ("when: level is easy", "when: level is", "没有写完"),
    "condition that compares a choice": ("when: level is easy", "when: level > 3", "只能问是否填写"),
    "condition that imports": ("when: seen", "when: __import__('os').system('ls')", "不能使用"),
    "condition that calls": ("when: seen", "when: seen()", "读不懂"),
    "condition on personal data": ("when: seen", "when: wish given", "个人信息"),
    "condition on an unknown word": ("when: seen", "when: sean", "没有声明"),
    "once in the wrong place": ("once: person", "once: task", "按任务"),
    "once by a clock": ("by: clock, to: closed, clears", "by: clock, once: person, to: closed, clears", "不是人"),
    "before a deadline that doesn't run": ("before: handle", "before: check", "并不走"),
    "meets a deadline that doesn't run": ("meets: handle", "meets: check", "没有声明"),
    "extends an unknown deadline": ("extends: handle", "extends: handel", "是否想写“handle”"),
    "pauses what doesn't run": ("pauses: [check]", "pauses: [handle]", "没有声明"),
    "suspends to no date": ("suspends: until", "suspends: reason", "类型应为 date"),
    "suspends to an unasked field": ("suspends: until", "suspends: due", "没有声明"),
    "unknown kind of task": ("tasks: [line]", "tasks: [lines]", "是否想写“line”"),
    "sends an unknown kind": ("sends: {line: [lead, co]}", "sends: {lnie: [lead, co]}", "是否想写“line”"),
    "sends a field not asked": ("sends: {line: [lead, co]}", "sends: {line: [lead, department]}", "本动作表单中的字段"),
    "sends a department to a person's field": (
        "co*],\n               sends: {line: [lead, co]}",
        "helper],\n               sends: {line: [lead, helper]}",
        "类型应为 department",
    ),
    "sends a department to me": ("sends: {line: [lead, co]}", "sends: {line: me}", "本人"),
    "sends where nobody works": (
        "to: handling, form: [lead!",
        "to: checking, form: [lead!",
        "不能在状态“checking”办理",
    ),
    "withdraws who knows what": ("withdraws: {line: all}", "withdraws: {line: every}", "撤下的范围"),
    "reopens at an end": ("reopens: {line: signed}", "reopens: {line: done}", "没有声明"),
    "counts an unknown counter": ("counts: reworks", "counts: rework", "是否想写“reworks”"),
    "sets a mark of unsent tasks": ("form: [note], sets: seen", "form: [note], sets: firm", "没有声明"),
    "joins without the field": ("form: [ticket!], joins", "form: [note], joins", "本动作表单中的字段"),
    "joins to another kind of state": ("by: desk, to: joined", "by: desk, to: filed", "只有并案动作才能去往"),
    "rule that changes nothing": (
        "by: rule, when: main closed, to: closed",
        "by: rule, when: main closed",
        "既不移动也不改变",
    ),
    "rule that counts for ever": (
        "by: rule, when: main void, to: filed, splits: true",
        "by: rule, counts: reworks",
        "没有尽头",
    ),
    "stages out of order": ("  triage:\n    filed:", "  dispatch:\n    filed:", ""),
    "state twice": (
        "    joined:\n      title: 已并案 / Joined\n",
        "    reported:\n      title: 已并案 / Joined\n",
        "已经写过",
    ),
    "unknown type of state": (
        "      title: 已立案 / Filed\n",
        "      title: 已立案 / Filed\n      type: shut\n",
        "状态类型",
    ),
    "end with actions": ("已结案 / Closed, type: closed}", "已结案 / Closed, type: closed, actions: {}}", "不能有动作"),
    "end of type waiting": ("Refused, type: void}", "Refused, type: waiting}", "closed 或 void"),
    "end without type": ("Refused, type: void}", "Refused}", "缺少“类型”"),
    "task end done of type void": (
        "done: {title: 已办结 / Done, type: closed}",
        "done: {title: 已办结 / Done, type: void}",
        "只能是 type: closed",
    ),
    "withdrawn at work": (
        "      sent:\n        title: 待签收",
        "      withdrawn:\n        title: 待签收",
        "被撤下时的终态",
    ),
    "common in an unknown state": ("in: [reported, handling]", "in: [reported, handlin]", "是否想写“handling”"),
    "common twice": ("        look: {title: 看一看 / Look", "        urge: {title: 看一看 / Look", ""),
    "request without answers": ("      noted: {title: 已记录 / Noted, by: desk}\n", "", "没有答复"),
    "request called like an action": ("  doubt:\n    title: 异议", "  pass:\n    title: 异议", "申请请另取名"),
    "join of 3/2": ("join: all", "join: 3/2", "汇合"),
    "join of nothing": ("join: all", "join: 0", "汇合"),
    "kind that works nowhere": ("      tasks: [line]\n", "", "无处可办"),
    "turn of nobody known": (
        "      title: 已立案 / Filed\n",
        "      title: 已立案 / Filed\n      turn: [dsk]\n",
        "是否想写“desk”",
    ),
    "section is a word": ("counters: {reworks: 返工 / Reworks}", "counters: 返工", "键: 值"),
    "ladder is no list": (
        "  desk:\n    - {at: 70%, light: yellow, tells: [desk]}\n    - {at: +1 workday, card: yellow, tells: [desk]}\n",
        "  desk: {at: 70%, light: yellow, tells: [desk]}\n",
        "应为列表",
    ),
}
#: Cases that only make sense together with the tests below.
for _name in ("clock that nothing makes", "stages out of order", "common twice"):
    del WRONG[_name]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_the_reason_at_its_line(name: str) -> None:
    old, new, words = WRONG[name]
    text, line = changed(old, new)
    error = refusal(text, file="small.yaml")
    told = [problem for problem in problems(error) if words in problem]
    assert told, problems(error)
    assert told[0].startswith("small.yaml:")
    assert " / " in told[0]
    assert error.place.line
    assert error.place.line <= line + 60


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("by: desk, to: filed, form: [item!", "by: dsk, to: filed, form: [item!", "dsk"),
        ("when: seen", "when: sean", "sean"),
        ("post: coordinator", "post: cordinator", "cordinator"),
        ("reopens: {line: signed}", "reopens: {line: done}", "done"),
        ("{at: 70%,", "{at: 170%,", "170%"),
        ("extends: handle", "extends: handel", "handel"),
    ],
)
def test_the_line_and_the_authors_own_word_are_named(old: str, new: str, words: str) -> None:
    text, line = changed(old, new)
    error = refusal(text, file="small.yaml")
    assert error.place.line == line
    assert words in error.zh
    assert words in error.en


def test_every_problem_is_told_at_once_in_the_order_of_lines() -> None:
    text = SMALL.replace("by: desk", "by: dsk").replace("extends: handle", "extends: handel").replace("due]", "dew]")
    error = refusal(text, file="small.yaml")
    told = problems(error)
    lines = [int(problem.split(":")[1]) for problem in told]
    assert lines == sorted(lines)
    assert sum("dsk" in problem for problem in told) == SMALL.count("by: desk")
    assert any("handel" in problem for problem in told)
    assert any("dew" in problem for problem in told)
    assert f"另有 {len(told) - 1} 处" in error.zh
    assert f"and {len(told) - 1} more" in error.en


def test_rules_without_condition_that_lead_in_a_circle_are_refused() -> None:
    free = SMALL.replace("when: line joined and no extension open, to: checking", "to: checking")
    circle = free.replace(
        "      actions:\n        pass:",
        "      actions:\n        back: {title: 回 / Back, by: rule, to: handling}\n        pass:",
    )
    assert "自动流转没有尽头：handling → checking → handling" in refusal(circle).zh
    assert (
        "没有尽头" in refusal(free.replace("Fed back, by: rule, to: checking", "Fed back, by: rule, to: handling")).zh
    )


def test_stages_stand_in_their_order() -> None:
    text = SMALL.replace("  report:\n    reported:", "  dispatch:\n    reported:")
    assert "阶段的顺序应为：上报、受理研判、派遣、处置、核查评价" in refusal(text).zh


def test_an_action_by_clock_needs_something_that_makes_it() -> None:
    text = SMALL.replace(", then: unchecked", "")
    assert any("没有时限或阶梯触发它" in problem for problem in problems(refusal(text)))


def test_a_common_action_cannot_replace_a_states_own() -> None:
    text = SMALL.replace("in: [reported, handling]", "in: [reported, filed]").replace(
        "  urge: {title: 催办 / Urge", "  look: {title: 看一看 / Look"
    )
    assert any("动作“look”在状态“filed”中已经写过" in problem for problem in problems(refusal(text)))


def test_a_file_of_mistakes_does_not_flood_its_author() -> None:
    text = SMALL + "".join(f"wrong{number}: 1\n" for number in range(1_000))
    assert len(problems(refusal(text))) == 50
