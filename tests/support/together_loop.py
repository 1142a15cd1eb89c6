"""A loop with a little of everything: people, departments, rules, clocks on tickets and tasks, a birth."""

from tests.support.cases import small
from tests.support.drill_loops import CHILD

TOGETHER = "together"

LOOP = small(
    f"""
roles:
  anyone: {{title: 上报人 / Reporter, person: reporter}}
  desk:   {{title: 受理员 / Desk, post: coordinator, area: street}}
  chief:  {{title: 区 / District, post: coordinator, area: district}}
  line:   {{title: 经办人 / Handler, post: handler, department: task}}
counters: {{laps: 逾期 / Laps, remarks: 批注 / Remarks}}
deadlines:
  work: {{title: 办理 / Work, within: 60 minutes, ladder: up, then: late}}
  fix:  {{title: 修复 / Fix, within: 120 minutes, ladder: calm}}
ladders:
  up:
    - {{at: 50%, light: yellow, tells: [desk]}}
    - {{at: 100%, card: yellow, tells: [desk, chief]}}
    - {{at: +2 hours, do: raise, when: in one}}
  calm:
    - {{at: 50%, light: yellow, tells: [line]}}
    - {{at: 100%, light: red, tells: [desk, line]}}
starts: {{report: {{title: 上报 / Report, by: anyone, to: one, form: [place!], tells: [desk]}}}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work]
      actions:
        raise: {{title: 提级 / Raise, by: clock, to: above, opens: {{workflow: {CHILD}, start: begin}}, tells: [chief]}}
        away:  {{title: 搁置 / Away, by: desk, to: aside}}
        call:  {{title: 派遣 / Call, by: desk, to: fixing, form: [lead!, co*], sends: {{repair: [lead, co]}},
                 tells: [line]}}
        late:  {{title: 逾期 / Late, by: clock, counts: laps}}
    above:
      title: 上级 / Above
      deadlines: [work]
      actions:
        call: {{by: desk, to: fixing, form: [lead!, co*], sends: {{repair: [lead, co]}}, tells: [line]}}
        late: {{by: clock, counts: laps}}
    aside:
      title: 搁置 / Aside
      actions:
        back: {{title: 恢复 / Back, by: desk, to: one}}
  resolve:
    fixing:
      title: 修复中 / Being fixed
      tasks: [repair]
      actions:
        mended: {{title: 修复完毕 / Mended, by: rule, when: repair joined, to: mended, tells: [anyone]}}
  review:
    mended:
      title: 待评价 / To be rated
      actions:
        close: {{title: 办结 / Close, by: desk, to: closed, tells: [anyone]}}
common:
  remark: {{title: 批注 / Remark, in: [one, above, aside, fixing, mended], by: desk, form: [note!], counts: remarks}}
ends: {{closed: {{title: 办结 / Closed, type: closed}}}}
tasks:
  repair:
    title: 修复 / Repair
    of: department
    states:
      sent:
        title: 待修 / Sent
        deadlines: [fix]
        actions:
          sign: {{title: 签收 / Sign, by: line, to: signed}}
      signed:
        title: 已签收 / Signed
        actions:
          finish: {{title: 修好 / Finish, by: line, to: done}}
    ends:
      done: {{title: 已修好 / Done, type: closed}}
""",
    key=TOGETHER,
)
