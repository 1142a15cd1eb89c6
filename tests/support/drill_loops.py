"""The loops of a drill: rungs of every kind, near and far, with cards, levels, forced actions and opened tickets."""

from tests.support.cases import small

DRILL, CHILD = "drill", "beside"
_ROLES = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
  chief:  {title: 区 / District, post: coordinator, area: district}
"""

BESIDE = small(
    f"""{_ROLES}
starts: {{begin: {{title: 另案 / Beside, by: rule, to: there}}}}
stages:
  triage:
    there:
      title: 待办 / There
      actions: {{close: {{title: 办结 / Close, by: desk, to: closed}}}}
ends: {{closed: {{title: 办结 / Closed, type: closed}}}}
""",
    key=CHILD,
)

LOOP = small(
    f"""{_ROLES}
counters: {{laps: 逾期 / Laps, remarks: 批注 / Remarks}}
deadlines:
  work:  {{title: 办理 / Work, within: 60 minutes, ladder: up, then: late}}
  hours: {{title: 工时 / Hours, within: 3 working hours, ladder: calm}}
  rule:  {{title: 裁定 / Rule, within: 1 workday, ladder: calm, then: shut}}
ladders:
  up:
    - {{at: -50 minutes, light: blue, tells: [desk]}}
    - {{at: 50%, light: yellow, tells: [desk]}}
    - {{at: 100%, light: red, card: yellow, tells: [desk, chief]}}
    - {{at: +2 hours, do: raise, when: in one, level: district}}
    - {{at: +4 hours, card: red, tells: [chief]}}
  calm:
    - {{at: 70%, light: yellow, tells: [desk]}}
    - {{at: 100%, light: red, tells: [desk]}}
    - {{at: +1 workday, card: yellow, tells: [chief]}}
starts: {{report: {{title: 上报 / Report, by: anyone, to: one, form: [place!]}}}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work, hours]
      actions:
        raise: {{title: 提级 / Raise, by: clock, to: above, opens: {{workflow: {CHILD}, start: begin}}, tells: [chief]}}
        away:  {{title: 搁置 / Away, by: desk, to: aside}}
        late:  {{title: 逾期 / Late, by: clock, counts: laps}}
    above:
      title: 上级 / Above
      deadlines: [work, hours, rule]
      actions:
        shut: {{title: 办结 / Shut, by: clock, to: closed}}
        late: {{by: clock, counts: laps}}
    aside:
      title: 搁置 / Aside
      deadlines: [work, hours]
      actions:
        back: {{title: 恢复 / Back, by: desk, to: one}}
        late: {{by: clock, when: laps >= 9, counts: laps}}
common:
  remark: {{title: 批注 / Remark, in: [one, above, aside], by: desk, form: [note!], counts: remarks}}
  close:  {{title: 办结 / Close, in: [one, above, aside], by: desk, to: closed}}
ends: {{closed: {{title: 办结 / Closed, type: closed}}}}
""",
    key=DRILL,
)
