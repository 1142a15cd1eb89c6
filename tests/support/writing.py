"""Another process that writes the same database: `python -m tests.support.writing URL NAME ACTS`.

Each act reads first and then writes, as acts do, and adds one to the same counter.
"""

import sys

from sqlalchemy import insert, select, update
from sqlmodel import col

from engine.database import Database, Transaction
from engine.records.areas import Level


def write(url: str, name: str, acts: int) -> None:
    """Add `acts` levels and count each in the level `all`, one act at a time."""
    database = Database(url)
    for number in range(acts):

        def act(transaction: Transaction, number: int = number) -> None:
            everyone = select(col(Level.depth)).where(col(Level.word) == "all").with_for_update()
            (depth,) = transaction.connection.execute(everyone).one()
            changed = update(Level).where(col(Level.word) == "all").values(depth=depth + 1)
            transaction.connection.execute(changed)
            row = {"word": f"{name} {number}", "title_zh": "", "title_en": "", "depth": 0}
            transaction.connection.execute(insert(Level).values(**row))

        database.acting(act)
    database.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
