"""Weekly relief in the demo: a matter in every state, one meeting that was held, and the next one with its agenda."""

from collections.abc import Sequence

from engine.application import Application
from engine.clock import DAY, MINUTE, Instant
from engine.exchange.demo.spots import place
from engine.exchange.demo.tickets import Sight, Step, items_of, people_of, walk
from engine.records import sittings
from engine.records.access import Viewer, viewer_of
from engine.records.names import names
from engine.rules.sittings import Presence
from engine.stages.calls import Call, Caller
from engine.stages.meetings import Meetings, Said

_LOOP, _BODY, _STREET = "weekly-relief", "leaders", "310120001"
_DESK, _CHAIR, _WORKER, _HANDLER, _WATERMAN = "chen.desk", "xu.chief", "wang.worker", "liu.handler", "ma.water"
_URBAN, _WATER = "cg-001", "sw-001"
_ASKED = Step(_DESK, "consult", {"others": [_URBAN, _WATER]})
_OPINIONS = (
    Step(_HANDLER, "give", {"opinion": "可与道路整治一并实施"}, task=_URBAN),
    Step(_WATERMAN, "give", {"opinion": "管网改造列入下季度计划"}, task=_WATER),
)


def _clue(words: str, source: str = "visit") -> Step:
    return Step(_WORKER, "collect", {"description": words, "source": source, "place": place(words)})


def _studied(item: str, level: str) -> Step:
    return Step(_DESK, "study", {"item": f"{{{item}}}", "level": level})


def _easy(words: str, item: str) -> tuple[Step, ...]:
    at_once = Step(_DESK, "at_once", {"lead": _URBAN, "due": "2027-03-31"})
    return (_clue(words, "hotline"), _studied(item, "easy"), at_once)


def _hard(words: str, item: str) -> tuple[Step, ...]:
    return (_clue(words), _studied(item, "hard"), _ASKED, *_OPINIONS)


_FINISHED = Step(_HANDLER, "finish", {"result": "已整改到位，现场恢复"}, task=_URBAN)
_STRUCK = Step(_CHAIR, "strike", {"result": "已办结，同意销号"})

#: Name of a story → its steps; those that wait for the meeting end before it.
STORIES: dict[str, Sequence[Step]] = {
    "collected": (_clue("背街小巷早晚高峰电动车逆行多"),),
    "studied": (_clue("菜场门口占道停车，公交进不了站", "meeting"), _studied("非机动车乱停", "hard")),
    "consulting": (_clue("学校门口接送车辆拥堵"), _studied("非机动车乱停", "hard"), _ASKED, _OPINIONS[0]),
    "decided": _hard("三个小区合用的雨水泵站老化，汛期倒灌", "道路积水"),
    "tracking": _hard("老街化粪池满溢，产权单位已注销", "道路积水"),
    "tabled": _hard("废弃厂房夜间聚集，权属单位失联", "偷倒渣土"),
    "at_once": _easy("健身步道照明损坏", "人行道"),
    "settling": (*_easy("垃圾厢房外溢", "偷倒渣土"), _FINISHED),
    "revisiting": (*_easy("围墙外立面脱落", "人行道"), _FINISHED, _STRUCK),
    "closed": (*_easy("河道护栏缺失", "人行道"), _FINISHED, _STRUCK, Step(_WORKER, "satisfied", {"stars": 5})),
    "dropped": (
        _clue("要求减免租户个人水电费", "web"),
        Step(_DESK, "drop", {"reason": "属租赁合同纠纷，已告知调解途径"}),
    ),
}


def build_relief(application: Application) -> tuple[Sight, ...]:
    """Walk every matter through the door and hold one meeting; where to look now. Repeating it changes nothing.

    Errors: the refusal of the first act that the file no longer allows.
    """
    people, items = people_of(application), items_of(application)
    now = Instant(application.clock.now() - 2 * DAY)
    cases = {
        name: walk(application, _LOOP, steps, f"relief:{name}", people, items, now)
        for name, steps in STORIES.items()
    }  # fmt: skip
    held = _held(application) or _hold(application, people, cases)
    return (
        Sight(_CHAIR, f"/meetings/{held}", "例会与议决", "a meeting with its decisions"),
        Sight(_DESK, f"/tickets/{cases['tabled']}", "上会未议，转入下周", "on the agenda, carried over to next week"),
    )


def _held(application: Application) -> str:
    """The code of the meeting that was held when the demo was built before."""
    with application.database.looking() as transaction:
        found = sittings.listed(transaction, "s.workflow = @ AND s.state = 'signed'", _LOOP)
    return found[-1].code if found else ""


def _hold(application: Application, people: dict[str, int], cases: dict[str, str]) -> str:
    """Two matters are decided, the third is not come to."""
    acts, chair = Meetings(application.door), viewer_in_demo(application, people[_CHAIR])
    at = Instant(application.clock.now() + MINUTE)
    code = acts.call(chair, _LOOP, _BODY, _STREET, at, "街道三楼会议室")
    acts.open(chair, code)
    acts.attend(chair, code, dict.fromkeys(members_there(application, code), Said(presence=Presence.PRESENT)))
    for name, words in (
        ("decided", "区水务局牵头更新泵站，街道保障临时排涝"),
        ("tracking", "由街道城管中队托底清掏，水务所负责管网排查"),
    ):
        _act(application, people, cases[name], _CHAIR, "decide", {"decision": words})
    acts.close(chair, code)
    acts.sign(chair, code, "下次会议先议转入事项")
    handed_out: dict[str, object] = {"lead": _URBAN, "co": [_WATER], "due": "2027-01-31"}
    _act(application, people, cases["tracking"], _DESK, "assign", handed_out)
    return code


def members_there(application: Application, code: str) -> list[str]:
    """Two of three members who are not there yet come."""
    with application.database.looking() as transaction:
        seats = sittings.seats(transaction, sittings.find(transaction, code).id)
        awaited = [one.person_id for one in seats if one.presence is Presence.AWAITED]
        named = names(transaction, people=awaited).people
    return [named[one].code for number, one in enumerate(awaited) if number % 3 != 2]


def _act(
    application: Application, people: dict[str, int], case_no: str, who: str, action: str, form: dict[str, object]
) -> None:
    with application.database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        ((ticket,),) = transaction.rows(f"SELECT ticket_id FROM case_number WHERE number = {mark}", (case_no,))  # noqa: S608
    application.door.act(Call(caller=Caller(person_id=people[who]), action=action, ticket_id=ticket, form=form))


def viewer_in_demo(application: Application, person: int) -> Viewer:
    """Somebody of the demo, with the posts held now."""
    with application.database.looking() as transaction:
        return viewer_of(transaction, person, application.clock.now())
