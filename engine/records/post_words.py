"""Which posts there are: the shipped ones, and those that workflow files bring."""

import re
from functools import lru_cache

from engine.database import Transaction
from engine.definitions.loader import loads
from engine.definitions.model import Title
from engine.definitions.words import shipped

#: Whether a file brings any, without reading all of it.
_OWN = re.compile(r"""^(["']?)(posts|岗位)\1\s*:""", re.MULTILINE)


def posts_there(transaction: Transaction) -> dict[str, Title]:
    """Post → its title. Every version that was ever active counts: tickets go on by older ones."""
    rows = transaction.rows("SELECT source FROM workflow_version WHERE activated_at IS NOT NULL ORDER BY activated_at")
    found = dict(shipped().posts)
    for (source,) in rows:
        if _OWN.search(source):
            found |= _own(source)
    return found


@lru_cache(maxsize=64)
def _own(source: str) -> dict[str, Title]:
    return dict(loads(source).posts)
