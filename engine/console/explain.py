"""`huying explain`: the rules of a workflow file as a document for the signature of the office that owns them."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from engine.analysis.diagram import Language
from engine.analysis.explain import explain
from engine.analysis.explain_blocks import Explanation
from engine.analysis.explain_page import page
from engine.analysis.explain_text import markdown
from engine.application import Application
from engine.console.printing import OUT, Add
from engine.definitions.loader import load

_FORMATS: dict[str, Callable[[Explanation, Language], str]] = {"md": markdown, "html": page}


def add(command: Add) -> None:
    """The command that explains a file."""
    parser = command("explain", _explain)
    parser.add_argument("file", type=Path)
    parser.add_argument("--format", choices=list(_FORMATS), default="md")
    parser.add_argument("--language", choices=[one.value for one in Language], default=Language.BOTH.value)
    parser.add_argument("--out", type=Path)
    parser.set_defaults(any_schema=True)


def _explain(application: Application, given: argparse.Namespace) -> int:
    """Say the rules of a workflow file in words, tables and diagrams, for signature."""
    text = _FORMATS[given.format](explain(load(given.file)), Language(given.language))
    if given.out is None:
        OUT.file.write(text)
        return 0
    # Whole or not at all: a half written rule must not be signed.
    beside = given.out.with_name(f"{given.out.name}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, given.out)
    OUT.print(f"{given.out}: {len(text.encode()):,} 字节 / bytes", markup=False)
    return 0
