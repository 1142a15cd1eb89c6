"""What holds for every file of the project, whoever wrote it."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LARGEST_FILE = 1_000_000  # bytes

# Needles are put together here, so that this file doesn't hold them itself.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
        ("archive", "ubuntu", "com"),
        ("tuna", "tsinghua", "edu", "cn"),
        ("mirrors", "aliyun", "com"),
        ("docker", "io"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.:/~})-])/(?:work|root|home|Users)/[\w.]")

LOCKED = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; [^-]+)?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git keeps, also in a checkout that belongs to somebody else."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return tuple(path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file())


@cache
def texts() -> dict[str, bytes]:
    """Path from the root → content of every tracked file that isn't binary."""
    contents = ((path, path.read_bytes()) for path in tracked())
    return {str(path.relative_to(ROOT)): content for path, content in contents if b"\0" not in content}


def lines() -> Iterator[tuple[str, str]]:
    """`path:line` and the line, of every text file."""
    for path, content in texts().items():
        for number, line in enumerate(content.decode().splitlines(), 1):
            yield f"{path}:{number}", line


def locked(name: str) -> dict[str, str]:
    """Package → version in one requirements file; a line of any other shape is refused."""
    content = (ROOT / "requirements" / name).read_text()
    joined = re.sub(r"\s*\\\n\s*", " ", content)
    pins: dict[str, str] = {}
    for line in joined.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LOCKED.fullmatch(line)
        assert match, f"requirements/{name}: not pinned with hashes: {line[:80]}"
        pins[canonicalize_name(match["name"])] = match["version"]
    return pins


def project() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for: `run`, `test` and `build`."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        "run": data["project"]["dependencies"],
        "test": data["project"]["optional-dependencies"]["test"],
        "build": data["build-system"]["requires"],
    }
    return {kind: [Requirement(line) for line in lines] for kind, lines in asked.items()}


def test_there_are_files_to_check() -> None:
    assert "pyproject.toml" in texts()
    assert "tests/contracts/test_files.py" in texts()


def test_every_text_is_utf8_with_unix_lines_and_a_last_newline() -> None:
    wrong = []
    for path, content in texts().items():
        try:
            content.decode()
        except UnicodeDecodeError:
            wrong.append(f"{path}: not UTF-8")
        if content.startswith(b"\xef\xbb\xbf"):
            wrong.append(f"{path}: byte order mark")
        if b"\r" in content:
            wrong.append(f"{path}: carriage return")
        if content and not content.endswith(b"\n"):
            wrong.append(f"{path}: no newline at the end")
    assert wrong == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > LARGEST_FILE] == []


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_the_host_of_a_package_registry(host: str) -> None:
    assert [place for place, line in lines() if host in line.lower()] == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert [f"{place}: {line.strip()}" for place, line in lines() if MACHINE_PATH.search(line)] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("see {}", True),
        ("path='{}'", True),
        ("https://example.org{}", False),
        ("{}: route of a page", True),
        ("static{}", False),
    ],
)
def test_a_path_of_a_machine_is_told_from_an_address(line: str, found: bool) -> None:
    path = "/" + "home" + "/li/huying"
    assert bool(MACHINE_PATH.search(line.format(path))) is found


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    assert len(locked(name)) > 10


def test_the_test_requirements_hold_every_pin_of_the_run_requirements() -> None:
    assert locked("run.txt").items() <= locked("test.txt").items()


def test_the_pins_satisfy_what_the_project_asks_for() -> None:
    asked = project()
    wanted = {"run.txt": asked["run"] + asked["build"], "test.txt": asked["test"]}
    unmet = [
        f"{name}: {requirement}"
        for name, requirements in wanted.items()
        for requirement in requirements
        if not requirement.specifier.contains(locked(name).get(canonicalize_name(requirement.name), "0"))
    ]
    assert unmet == [], "run `make lock`"


def test_tools_for_testing_stay_out_of_the_product() -> None:
    names = {canonicalize_name(requirement.name) for requirement in project()["test"]}
    # The build backend needs it too.
    assert names & locked("run.txt").keys() <= {"packaging"}


def test_the_readme_stands_in_both_languages() -> None:
    assert ("README.md" in texts()) == ("README.zh.md" in texts())


def _skips_without_reason(tree: ast.AST) -> Iterator[int]:
    """Lines where a test is skipped, or expected to fail, and nobody says why."""
    explained = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            says = any(keyword.arg == "reason" for keyword in node.keywords)
            imperative = ast.unparse(node.func) in ("pytest.skip", "pytest.xfail") and node.args
            if says or imperative:
                explained.add(node.func)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail"):
            of_pytest = ast.unparse(node.value) in ("pytest", "pytest.mark", "unittest")
            if of_pytest and node not in explained:
                yield node.lineno


def test_no_test_is_skipped_without_a_reason() -> None:
    wrong = [
        f"{path}:{line}"
        for path, content in texts().items()
        if path.startswith("tests/") and path.endswith(".py")
        for line in _skips_without_reason(ast.parse(content))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("@pytest.mark.skip\ndef test(): ...", [1]),
        ("@pytest.mark.skip()\ndef test(): ...", [1]),
        ("@pytest.mark.skip(reason='no browser')\ndef test(): ...", []),
        ("pytest.skip()", [1]),
        ("pytest.skip('no browser')", []),
        ("x = pytest.param(1, marks=pytest.mark.xfail)", [1]),
    ],
)
def test_a_skip_without_a_reason_is_seen(source: str, wrong: list[int]) -> None:
    assert list(_skips_without_reason(ast.parse(source))) == wrong
