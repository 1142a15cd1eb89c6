"""Verdicts that were proven before: the files shipped, by the very code that would prove them again.

A large file takes about a second to explore, on a busy machine more. `workflows/proven.json` says which texts were
found sound and by which code: it holds as long as no line of that code has changed. Anything else, and any other text,
is explored anew. Made by
`python -m engine.analysis.proven`; a test makes it again and compares.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from engine import resources
from engine.analysis import verdict
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.loader import discover
from engine.definitions.model import Workflow

NAME = "proven.json"
_ENGINE = Path(__file__).resolve().parents[1]
#: What a verdict depends on beside the text of the file.
_CODE = ("analysis", "definitions", "rules", "vocabulary.py")
#: Of the analysis only what a verdict asks.
_ASKED = (
    "acting", "asides", "exploring", "findings", "grounds", "heeding", "influence", "proving", "sketch", "slicing",
    "soundness", "spots", "verdict",
)  # fmt: skip


def known(workflow: Workflow) -> Verdict | None:
    """The verdict on a text that was proven sound by this very code; None for everything else."""
    there = _kept()
    found = there["sound"].get(workflow.sha256) if there.get("by") == code() else None
    return Verdict(outcome=Outcome.SOUND, **found["looked"]) if found else None


@cache
def code() -> str:
    """A digest of everything that a verdict depends on beside the text of the file."""
    whole = hashlib.sha256()
    for path in sorted(_sources()):
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        whole.update(f"{path.relative_to(_ENGINE).as_posix()}\n{text}\0".encode())
    return whole.hexdigest()


def prove() -> dict[str, Any]:
    """Explore every file shipped, which takes a few seconds; what `proven.json` holds."""
    found = {}
    for workflow in discover():
        said = verdict.judge(workflow)
        if said.outcome is Outcome.SOUND:
            looked = {"cases": said.cases, "tasks": said.tasks, "freed": said.freed}
            found[workflow.sha256] = {"file": workflow.key, "version": workflow.version, "looked": looked}
    return {"by": code(), "sound": found}


@cache
def _kept() -> dict[str, Any]:
    path = resources.workflows() / NAME
    if not path.is_file():
        return {}
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def _sources() -> Iterator[Path]:
    for name in _CODE:
        path = _ENGINE / name
        found = [path] if path.is_file() else path.rglob("*.py")
        yield from (one for one in found if name != "analysis" or one.stem in _ASKED)


if __name__ == "__main__":
    told = json.dumps(prove(), ensure_ascii=False, indent=1)
    (resources.workflows() / NAME).write_text(f"{told}\n", encoding="utf-8")
    sys.stdout.write(f"{NAME}: {len(json.loads(told)['sound'])} files\n")
