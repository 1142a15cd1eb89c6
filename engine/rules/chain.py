"""History that nobody can quietly edit: canonical bytes, and each event's hash over the one before it.

    hash = H(alg ‖ "huying/event/1" ‖ previous ‖ header ‖ facts ‖ personal digest)

every part preceded by its length, so that no two different events have the same bytes. Personal words are hashed with
random bytes; erasing words and bytes leaves the chain verifiable and the words unguessable.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

from engine.vocabulary import ALGORITHMS

_LABEL = b"huying/event/1"

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, NFC text, no spaces, no floats.

    Errors: `TypeError` for a float, because two databases may print one float in two ways.
    """
    _refuse_floats(value)
    text = _ENCODER.encode(value)
    # No sign of JSON itself composes with what follows it, so the whole text may be normalised at once.
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def canonical_row(columns: Sequence[str | int | None]) -> str:
    """Canonical JSON of a flat row, whose types are known."""
    text = _ENCODER.encode(columns)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _refuse_floats(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for inner in value.values():
            _refuse_floats(inner)
    elif kind is list or kind is tuple:
        for inner in value:
            _refuse_floats(inner)
    elif kind is float:
        raise TypeError(f"a float cannot stand in the history: {value!r}")


def _digest(algorithm: str, parts: Sequence[bytes]) -> str:
    """H over the parts, each preceded by its length in eight bytes."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown hash algorithm {algorithm!r}")
    return hashlib.new(
        algorithm, b"".join(piece for part in parts for piece in (len(part).to_bytes(8), part))
    ).hexdigest()


def personal_digest(algorithm: str, salt: bytes, words: str) -> str:
    """The digest of an event's personal words; `salt` is 32 random bytes, erased together with the words."""
    return _digest(algorithm, (salt, words.encode()))


def event_hash(algorithm: str, previous: str, header: str, facts: str, personal: str) -> str:
    """The hash of an event, hex: `previous` is "" for a ticket's first event, `personal` "" where nothing is."""
    parts = (
        algorithm.encode(),
        _LABEL,
        previous.encode(),
        header.encode(),
        facts.encode(),
        personal.encode(),
    )
    return _digest(algorithm, parts)
