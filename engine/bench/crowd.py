"""A million running deadlines, of which some are due: what the sweep is timed on.

The due ones are whole tickets that came through the door; the others are copies of one ticket's row with a deadline far
ahead, written by one statement: nobody looks at them, they are what an index must find its way past.
"""

from engine.bench.world import PHOTO, World
from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.database import Database, Transaction
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller
from engine.stages.door import Door
from engine.stages.lives import Lives

_WORKFLOW = "block-calls-line-responds"
#: Lives of one transaction.
_AT_ONCE = 500
#: Ids of the copies begin here.
_FAR = 1_000_000_000

_TICKETS = {
    "sqlite": """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO ticket ({columns}) SELECT {far} + n.i, {rest} FROM n, ticket t WHERE t.id = ?""",
    "postgresql": """
        INSERT INTO ticket ({columns}) OVERRIDING SYSTEM VALUE
        SELECT {far} + n.i, {rest} FROM generate_series(1::bigint, %s) AS n (i), ticket t WHERE t.id = %s""",
}
_DEADLINES = {
    "sqlite": """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO deadline ({columns}) SELECT {far} + n.i, {rest} FROM n, deadline d WHERE d.ticket_id = ?""",
    "postgresql": """
        INSERT INTO deadline ({columns})
        SELECT {far} + n.i, {rest} FROM generate_series(1::bigint, %s) AS n (i), deadline d WHERE d.ticket_id = %s""",
}


def due_tickets(door: Door, database: Database, world: World, now: Instant, count: int) -> None:
    """So many reported tickets, each with one deadline of which just the first rung has come."""
    # The limit to accept is 30 working minutes: yellow comes after 21 of them, red is still ahead.
    since = door.versions.calendar("cn-mainland").subtract(now, 22 * MINUTE)
    caller = Caller(name="import:bench")

    def some(number: int) -> None:
        def work(transaction: Transaction) -> None:
            lives = Lives(door, transaction, now, [("", str(i)) for i in range(number)])
            for _ in range(number):
                call = Call(
                    caller=caller, action="report", workflow=_WORKFLOW, claimed_at=since, source=Source.IMPORT,
                    form={"description": "路灯不亮", "place": {"area": world.area}, "before_photos": [PHOTO]},
                )  # fmt: skip
                life = lives.begin(call)
                if life is not None:
                    lives.keep(life)
            lives.write()

        database.acting(work)

    for first in range(0, count, _AT_ONCE):
        some(min(_AT_ONCE, count - first))


def idle_deadlines(database: Database, now: Instant, count: int) -> None:
    """So many running deadlines whose next rung lies months ahead."""

    def work(transaction: Transaction) -> None:
        ((model,),) = transaction.rows("SELECT min(id) FROM ticket")
        dialect = transaction.dialect
        tickets, deadlines = columns_of(transaction, "ticket"), columns_of(transaction, "deadline")
        ahead = f"{now + 90 * DAY} + n.i * {HOUR // 1000}"
        own = [f't."{name}"' for name in tickets if name != "id"]
        theirs = [
            ahead if name in ("next_at", "due_at") else f'd."{name}"' for name in deadlines if name != "ticket_id"
        ]
        fill = ((_TICKETS, "id", tickets, own), (_DEADLINES, "ticket_id", deadlines, theirs))
        for statements, key, names, rest in fill:
            listed = ", ".join(f'"{name}"' for name in (key, *(name for name in names if name != key)))
            sql = statements[dialect].format(columns=listed, far=_FAR, rest=", ".join(rest))
            transaction.run(sql, (count, model))

    database.acting(work)
    database.acting(lambda transaction: transaction.run("ANALYZE"))


def columns_of(transaction: Transaction, table: str) -> list[str]:
    """The columns of a table that can be written, in their order."""
    if transaction.postgresql:
        rows = transaction.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "AND table_schema = current_schema() AND is_generated = 'NEVER' ORDER BY ordinal_position",
            (table,),
        )
    else:
        rows = transaction.rows("SELECT name FROM pragma_table_info(?)", (table,))
    return [str(row[0]) for row in rows]
