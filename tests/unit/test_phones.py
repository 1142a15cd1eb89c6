"""Ways of writing one number are compared as one; what is no person's number is nobody's."""

import pytest

from engine.rules.phones import dialled


@pytest.mark.parametrize(
    "written",
    ["13800001234", "138 0000 1234", "138-0000-1234", "+86 138-0000-1234", "0086 13800001234", "8613800001234",
     "１３８００００１２３４", "(138) 00001234", "13800001234 / 021-58881234", "13800001234、13900001234"],
)  # fmt: skip
def test_a_mobile(written: str) -> None:
    assert dialled(written) == "13800001234"


@pytest.mark.parametrize(
    "written", ["021-58881234", "(021) 5888 1234", "+86 21 58881234", "02158881234转801", "021 58881234 ext. 801"]
)
def test_a_landline_with_its_area_code(written: str) -> None:
    assert dialled(written) == "2158881234"


def test_an_area_code_makes_a_difference() -> None:
    assert dialled("58881234") != dialled("021-58881234")


@pytest.mark.parametrize("written", ["", "  ", "110", "12345", "不详", "1234567890123456", "微信 abc"])
def test_nobodys_number(written: str) -> None:
    assert dialled(written) == ""
