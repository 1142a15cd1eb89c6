"""Files that are written before their answer begins: a slow reader must not hold a transaction open."""

import tempfile
from collections.abc import Callable, Iterator
from typing import IO

from starlette.responses import Response, StreamingResponse

_PIECE = 1 << 16
#: Bytes of a file that are held in memory before it goes to disk.
_HELD = 1 << 20


def spooled(write: Callable[[IO[bytes]], None], *, name: str, media_type: str) -> Response:
    """A download of what `write` writes, whole, before the first byte is sent. Errors: those of `write`."""
    file = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115 (closed when it has been sent)
    try:
        write(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
