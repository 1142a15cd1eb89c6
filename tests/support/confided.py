"""A loop as the flagships are, with places, photos, items, rulings and scores, whose tickets may be kept secret.

What it leaves behind would show in every list, count and hint, were it not kept from whoever may not know.
"""

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.loader import loads
from engine.records import versions
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.town import Town

CONFIDED = """\
workflow: confided
version: 1
title: 密报 / Confided
calendar: cn-mainland
roles:
  reporter: {title: 上报人 / Reporter, person: reporter}
  leader:   {title: 网格长 / Grid leader, post: grid_leader, area: ticket}
  office:   {title: 信访办 / Office, post: petition_officer, area: district}
  organ:    {title: 承办 / Organ, post: handler, department: task}
  head:     {title: 承办负责人 / Head, post: lead, department: task}
  desk:     {title: 城运 / Desk, post: [coordinator, supervisor], area: district}
fields:
  secret:  {title: 保密 / Secret, type: yes_no}
  accused: {title: 被反映单位 / Accused, type: department}
  ruling:  {title: 裁定意见 / Ruling, type: text}
confidential: {when: secret is yes, known_to: [office, organ, head], not_about: accused}
deadlines:
  wait: {title: 办理 / Handling, within: 2 days, ladder: all}
ladders:
  all: [{at: 50%, light: yellow, tells: [office, desk]}, {at: 100%, card: red, tells: [office, desk]}]
starts:
  report: {title: 密报 / Confide, by: [reporter, leader], to: filed, tells: [desk, office],
           form: [description!, place!, before_photos*, item, secret, accused*]}
stages:
  report:
    filed:
      title: 已登记 / Filed
      deadlines: [wait]
      actions:
        hide: {title: 调整保密 / Hide, by: office, form: [secret!]}
        send: {title: 转送 / Send, by: office, to: working, form: [lead!, item], sends: {organ: lead},
               tells: [head, desk]}
        join: {title: 并案 / Join, by: office, to: joined, form: [ticket!], joins: ticket}
    joined:
      title: 已并案 / Joined
      actions:
        follow: {title: 随主案 / Follow, by: rule, when: main closed, to: closed}
        revive: {title: 恢复 / Revive, by: rule, when: main void, to: filed, splits: true}
  resolve:
    working:
      title: 办理中 / Working
      tasks: [organ]
      deadlines: [wait]
      actions:
        designate: {title: 指定承办 / Designate, by: office, to: working, form: [lead!, ruling!],
                    withdraws: {organ: all}, sends: {organ: lead}, tells: [head, desk]}
        done:      {title: 办结 / Done, by: rule, when: organ joined, to: closed, tells: [reporter, desk]}
        bare:      {title: 公开 / Lay open, by: office, form: [secret!]}
ends: {closed: {title: 办结 / Closed, type: closed}}
tasks:
  organ:
    title: 机关办理 / Handling
    of: department
    states:
      got:
        title: 已收 / Got
        deadlines: [wait]
        actions:
          answer: {title: 答复 / Answer, by: [organ, head], to: answered, form: [result!, after_photos*]}
    ends: {answered: {title: 已答复 / Answered, type: closed}}
"""
#: Login, name, post, area, department.
PEOPLE = (
    ("qu", "瞿信访", "petition_officer", "fx", None),
    ("jin", "金市台", "coordinator", "sh", None),
    ("min", "闵分管", "chief", "fx", None),
    ("power-lead", "董所长", "lead", None, "power"),
)


def confiding(town: Town) -> Town:
    """The town with the loop, and those who work on it."""

    def work(transaction: Transaction) -> None:
        create_people(transaction, [NewPerson(login=row[0], name=row[1]) for row in PEOPLE])
        appoint(
            transaction,
            [
                Appointment(login=login, post=post, area=area, department=unit, since=Instant(0))
                for login, _, post, area, unit in PEOPLE
            ],
        )
        versions.store(transaction, loads(CONFIDED), town.clock.now(), activate=True)

    town.database.acting(work)
    return town
