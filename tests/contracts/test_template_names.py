"""What workflows/reports/README.md promises is what a template may name."""

import re

import pytest

from engine import resources
from engine.records.documents import DocumentKind
from engine.reports.samples import names

README = (resources.workflows() / "reports" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_name_is_in_the_readme_and_no_other(kind: DocumentKind) -> None:
    parts = [set(re.findall(r"`([^`]+)`", part)) for part in README.split("\n## ")[1:]]
    assert set(names(kind)) in parts
