"""Initials of sounds, as somebody in a hurry types them."""

import pytest

from engine.records.sounds import initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("井盖", "jg"),
        ("上水井盖", "ssjg"),
        ("人行道", "rxd"),
        ("5G 基站", "5gjz"),
        ("ATM 机", "atmj"),
        ("（占道）堆物", "zddw"),
        ("银行门前", "yhmq"),
        ("步行街", "bxj"),
        ("绿化", "lh"),
        ("", ""),
        ("——", ""),
    ],
)
def test_the_first_letter_of_every_syllable(name: str, letters: str) -> None:
    assert initials(name) == letters
