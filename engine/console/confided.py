"""Secrets for a command: never an argument, which every user of the machine can read in the list of processes."""

import sys
from pathlib import Path

from engine.errors import Malformed, Place


def lines_of(where: str, option: str) -> list[str]:
    """The lines behind `-` (standard input) or `@FILE`, without empty ones.

    Errors: `Malformed` naming the option, for a secret on the command line itself and for a file that can't be read.
    """
    if where == "-":
        return _lines(sys.stdin.read())
    if not where.startswith("@"):
        raise Malformed(
            "地址含有密钥，不能写在命令行里：请用 - 从标准输入读，或用 @文件",
            "an address holds a key and cannot stand on the command line: use - for standard input, or @FILE",
            place=Place(field=option),
        )
    try:
        return _lines(Path(where[1:]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise Malformed("文件无法读取", "the file cannot be read", place=Place(file=where[1:])) from failure


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
