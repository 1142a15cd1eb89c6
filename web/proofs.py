"""What was held against a photo, as badges beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant, shown
from engine.definitions.model import Title
from engine.records.originals import Promised
from engine.rules.evidence import Proof

_TONES = {Proof.CONFIRMED: "green", Proof.UNKNOWN: "secondary", Proof.CONTRADICTED: "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """One thing that is known of a photo."""

    title: Title
    #: Of Tabler's colours.
    tone: str
    #: The digest of a file to look at; "" if there is none.
    leads: str = ""


def badges(facts: Mapping[str, Any], originals: Mapping[str, Promised]) -> dict[str, tuple[Badge, ...]]:
    """The badges of an event's photos, by their digests; of the ticket's `originals` those that belong to them."""
    held = {one["photo"]: tuple(_badges(one)) for one in facts.get("evidence", ())}
    for sha256, promised in originals.items():
        held[sha256] = (*held.get(sha256, ()), _original(promised))
    return held


def _original(promised: Promised) -> Badge:
    if promised.received:
        title = Title("原图已收到，核对一致", "original received, verified")
        return Badge(title=title, tone="green", leads=promised.original)
    title = Title("原图未收到，已留存其哈希", "original not yet received, its hash is kept")
    return Badge(title=title, tone="secondary")


def _badges(one: Mapping[str, Any]) -> Iterator[Badge]:
    time, place = Proof(one["time"]), Proof(one["place"])
    if time is place is Proof.UNKNOWN:
        yield Badge(title=Title("拍摄时间、地点未知", "time and place unknown"), tone=_TONES[time])
    else:
        yield Badge(title=_time(time, one), tone=_TONES[time])
        yield Badge(title=_place(place, one), tone=_TONES[place])
    for case_no in one.get("same_as", ()):
        yield Badge(title=Title(f"与 {case_no} 的照片相同", f"the same picture as in {case_no}"), tone="red")
    for seq in one.get("again", ()):
        yield Badge(title=Title(f"本案第 {seq} 步用过", f"shown before, in step {seq}"), tone="red")


def _time(verdict: Proof, one: Mapping[str, Any]) -> Title:
    if verdict is Proof.UNKNOWN:
        return Title("时间未知", "time unknown")
    taken = shown(Instant(one["taken_at"]))
    if verdict is Proof.CONFIRMED:
        return Title(f"时间相符 {taken}", "time fits")
    return Title(f"时间不符：拍摄于 {taken}", "taken at another time")


def _place(verdict: Proof, one: Mapping[str, Any]) -> Title:
    if "distance_m" not in one:
        return Title("地点未知", "place unknown")
    metres = one["distance_m"]
    far = f"{metres / 1000:.1f} 公里" if metres >= 1000 else f"{metres} 米"
    return {
        Proof.CONFIRMED: Title(f"地点相符 {far}", "place fits"),
        Proof.UNKNOWN: Title(f"地点未定：相距 {far}", "place uncertain"),
        Proof.CONTRADICTED: Title(f"地点不符：相距 {far}", "taken elsewhere"),
    }[verdict]
