"""The initials of a name's sounds 拼音首字母: whoever types `jg` means 井盖."""

from pypinyin import Style, lazy_pinyin


def initials(name: str) -> str:
    """The first letters of a name's syllables, small; Latin letters and digits stay, everything else is left out.

    Characters with several sounds are read as the dictionary reads the word they stand in (长度 `cd`, 长大 `zd`).
    """
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
