"""What two ways of writing one phone number have in common: compared, never shown or dialled."""

import re
import unicodedata

#: What begins an extension or a second number: the first number alone is compared.
_MORE = re.compile(r"转|分机|ext|x|[/;,、，；|]", re.IGNORECASE)
#: A number of China said from abroad.
_ABROAD = re.compile(r"^(?:\+\s*|00\s*)86")
_MOBILE = re.compile(r"(?:86)?(1[3-9][0-9]{9})")
#: Numbers shorter than this are services and nobody's own; longer than that are no numbers.
_LENGTHS = range(7, 16)


def dialled(text: str) -> str:
    """The digits by which callers are compared; "" where the text holds no number of a person.

    Spaces, hyphens, brackets and full-width digits do not matter, nor do the country code 86 and the 0 before an area
    code; extensions are left out.
    """
    plain = _MORE.split(unicodedata.normalize("NFKC", text).strip(), maxsplit=1)[0]
    digits = re.sub(r"[^0-9]", "", _ABROAD.sub("", plain))
    mobile = _MOBILE.fullmatch(digits)
    digits = mobile[1] if mobile else digits.lstrip("0")
    return digits if len(digits) in _LENGTHS else ""
