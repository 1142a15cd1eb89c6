"""Sample pictures of a sandbox: made here, each unlike the others, so that a form may ask for before and after."""

import hashlib
import io
import random
from functools import cache

from PIL import Image

from engine.application import Application
from engine.records import uploads

#: How many there are.
COUNT = 6
#: Pixels of a side, and fields of a side that have a colour of their own.
_SIDE, _FIELDS = 256, 8


@cache
def samples() -> tuple[tuple[str, bytes], ...]:
    """Digest and content of each, the same every time."""
    made = tuple(_picture(number) for number in range(COUNT))
    return tuple((hashlib.sha256(content).hexdigest(), content) for content in made)


def keep(house: Application) -> None:
    """Upload them, as anybody's photos are."""
    for _, content in samples():
        uploads.store(house.database, house.store, io.BytesIO(content), None, house.clock.now(), name="sample.png")


def _picture(number: int) -> bytes:
    """Coloured fields by a seed of its own: no two are alike to whoever looks for the same picture."""
    chance = random.Random(number)  # noqa: S311 (a pattern, no secret)
    image = Image.new("RGB", (_FIELDS, _FIELDS))
    image.putdata([tuple(chance.randrange(256) for _ in range(3)) for _ in range(_FIELDS * _FIELDS)])
    content = io.BytesIO()
    image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST).save(content, "PNG")
    return content.getvalue()
