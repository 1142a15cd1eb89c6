"""The glossary cannot lie: names in it are names in the engine, and no fixed word is missing."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from engine.definitions.words import shipped

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
#: Where the words of the domain are fixed; words of other rooms are their own business.
ROOMS = ("vocabulary.py", "definitions/model.py", "definitions/spans.py", "rules/*.py")
#: Signs, not words.
SIGNS = {"Need", "Side"}


def rows(heading: str) -> list[list[str]]:
    """The table below a heading: its cells, without the head."""
    section = GLOSSARY.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


HEADINGS = re.findall(r"^## (.+)$", GLOSSARY, flags=re.M)
WORDS = [row for heading in HEADINGS[:6] for row in rows(heading)]


@cache
def trees() -> dict[str, ast.Module]:
    """File of the engine → its syntax."""
    folder = ROOT / "engine"
    return {
        str(path.relative_to(folder)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    }


@cache
def members() -> dict[str, set[str]]:
    """Class → what it declares, classes of one name taken together."""
    found: dict[str, set[str]] = {}
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(_declared(node))
    return found


def _declared(node: ast.ClassDef | ast.Module) -> set[str]:
    names = set()
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            names.add(inner.name)
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            names.add(inner.target.id)
        elif isinstance(inner, ast.Assign):
            names |= {target.id for target in inner.targets if isinstance(target, ast.Name)}
    return names


@cache
def names() -> frozenset[str]:
    """Modules, and what they declare at their top."""
    stems = {Path(file).stem for file in trees()}
    return frozenset(stems.union(*map(_declared, trees().values())))


@cache
def enums() -> dict[str, list[str]]:
    """Class of fixed words → its words, in their order."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / "engine").glob(room)):
            for node in ast.walk(trees()[str(path.relative_to(ROOT / "engine"))]):
                bases = {ast.unparse(base) for base in node.bases} if isinstance(node, ast.ClassDef) else set()
                if isinstance(node, ast.ClassDef) and "StrEnum" in bases and node.name not in SIGNS:
                    found[node.name] = [
                        str(ast.literal_eval(inner.value)) for inner in node.body if isinstance(inner, ast.Assign)
                    ]
    return found


def test_there_is_something_to_check() -> None:
    assert len(WORDS) > 100
    assert {"Stage", "StateType", "Run"} <= enums().keys()


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row[0])
def test_every_word_has_its_chinese_and_a_meaning(row: list[str]) -> None:
    word, chinese, code, meaning = row
    assert word
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert code == "—" or re.fullmatch(r"`[\w.]+`(, `[\w.]+`)*", code)
    assert len(meaning) > 10


@pytest.mark.parametrize(
    "name", sorted({name for row in WORDS for name in re.findall(r"`([\w.]+)`", row[2])})
)  # fmt: skip
def test_every_name_in_code_is_one(name: str) -> None:
    owner, _, member = name.partition(".")
    if member:
        assert member in members().get(owner, set())
    else:
        assert owner in names()


def test_no_word_is_explained_twice() -> None:
    words = [row[0] for row in WORDS]
    assert [word for word in set(words) if words.count(word) > 1] == []


def test_every_class_of_fixed_words_is_listed_with_all_of_them() -> None:
    listed = {row[0].strip("`"): re.findall(r"`([^`]+)`", row[2]) for row in rows("固定用词 / Fixed words")}
    assert listed == enums()


def test_every_post_level_light_and_card_has_its_line() -> None:
    words = shipped()
    assert {row[0]: row[1] for row in rows("岗位 / Posts")} == {f"`{k}`": v.zh for k, v in words.posts.items()}
    lines = {f"`{key}`": title.zh for titles in (words.levels, words.lights) for key, title in titles.items()}
    cards = {f"`{key}` card": title.zh for key, title in words.cards.items()}
    assert {row[0]: row[1] for row in rows("层级、灯、牌 / Levels, lights, cards")} == lines | cards
