"""Sample values for every kind of template: what may be named in one, and what a new one is tried with."""

from collections.abc import Mapping
from typing import Any, Final

from engine.records.documents import DocumentKind

_CHANNELS: Final = [{"name": "网格", "text": "1/1/1"}, {"name": "热线", "text": "0/0/0"}]
_BULLETIN: Final[Mapping[str, Any]] = {
    "title": "样例区2026年10月网格治理通报",
    "number": "通报〔2026〕1号",
    "unit": "样例区",
    "period": "2026年10月",
    "as_of": "2026-11-03 09:00",
    "by": "样例",
    "channels": [{"key": "grid", "name": "网格"}, {"key": "hotline", "name": "热线"}],
    "rows": [
        {
            "name": "样例局", "sent": "3", "channels": _CHANNELS, "closure": "50.0%", "on_time": "50.0%",
            "unsatisfied": "0",
        },
    ],
    "total": {
        "name": "合计", "sent": "3", "channels": _CHANNELS, "closure": "50.0%", "on_time": "50.0%", "unsatisfied": "0",
    },
    "marks": {"sent": "①", "closure": "②", "on_time": "③", "unsatisfied": "④"},
    "notes": [{"mark": "①", "title": "派遣数", "formula": "派遣的任务数", "period": "2026-10", "as_of": "2026-11-03"}],
    "frequent": [{"item": "窨井盖", "area": "样例街道", "text": "窨井盖 · 样例街道：近30天3件"}],
    "cases": [{"case_no": "20261001-000001", "title": "窨井盖 · 样例街道", "text": "三部门合力，当日办结。"}],
    "remarks": "说明",
    "digest": "0" * 64,
}  # fmt: skip
_LETTER: Final[Mapping[str, Any]] = {
    "title": "交办单",
    "number": "交〔2026〕1号",
    "to": "样例局",
    "issuer": "样例街道",
    "case_no": "20261001-000001",
    "subject": "窨井盖",
    "place": "样例区样例街道",
    "facts": [{"name": "处置时限", "text": "2026-10-02 17:00"}],
    "lines": [],
    "by": "样例（受理员）",
    "at": "2026-10-01 09:00",
    "digest": "0" * 64,
}
SAMPLES: Final[Mapping[DocumentKind, Mapping[str, Any]]] = {
    kind: _BULLETIN if kind is DocumentKind.BULLETIN else _LETTER for kind in DocumentKind
}


def names(kind: DocumentKind) -> list[str]:
    """Every name that a template of this kind may use, with its parts: `rows[].sent`."""
    return list(_names(SAMPLES[kind], ""))


def _names(values: Mapping[str, Any], above: str) -> list[str]:
    found: list[str] = []
    for name, value in values.items():
        whole = f"{above}{name}"
        if isinstance(value, Mapping):
            found += _names(value, f"{whole}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            found += [f"{whole}[]", *_names(value[0], f"{whole}[].")]
        else:
            found.append(whole)
    return found
