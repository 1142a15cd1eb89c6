"""Add the first tables

Sequences and first rows stand above the line by hand; the tables below it are written from the models by
`python -m engine.records.schema rewrite`, until the first release. After it, every change is a new migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_first_tables"
down_revision = None
branch_labels = None
depends_on = None
#: The version of the program that brings it.
release = "0.1.0"

#: SQLite gives out identities only for its own INTEGER.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Counters that SQLite keeps as rows, because it has no sequences: ids of tickets, and case numbers.
SERIALS = ("ticket", "case")
#: The index that search asks, over pairs of characters; see `engine.records.search`.
WORDS_ON_POSTGRESQL = (
    (
        "ALTER TABLE ticket_text ADD COLUMN words tsvector "
        "GENERATED ALWAYS AS (to_tsvector('simple', bigrams || ' ' || address)) STORED"
    ),
    "CREATE INDEX ix_ticket_text_words ON ticket_text USING gin (words)",
)
WORDS_ON_SQLITE = (
    "CREATE VIRTUAL TABLE ticket_search USING fts5(bigrams, address, content='ticket_text', content_rowid='ticket_id')",
    (
        "CREATE TRIGGER ticket_search_added AFTER INSERT ON ticket_text BEGIN "
        "INSERT INTO ticket_search (rowid, bigrams, address) VALUES (new.ticket_id, new.bigrams, new.address); END"
    ),
    (
        "CREATE TRIGGER ticket_search_gone AFTER DELETE ON ticket_text BEGIN "
        "INSERT INTO ticket_search (ticket_search, rowid, bigrams, address) "
        "VALUES ('delete', old.ticket_id, old.bigrams, old.address); END"
    ),
    (
        "CREATE TRIGGER ticket_search_changed AFTER UPDATE ON ticket_text BEGIN "
        "INSERT INTO ticket_search (ticket_search, rowid, bigrams, address) "
        "VALUES ('delete', old.ticket_id, old.bigrams, old.address); "
        "INSERT INTO ticket_search (rowid, bigrams, address) VALUES (new.ticket_id, new.bigrams, new.address); END"
    ),
)


def upgrade() -> None:
    add_tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE case_serial")
        for statement in WORDS_ON_POSTGRESQL:
            op.execute(statement)
        return
    for statement in WORDS_ON_SQLITE:
        op.execute(statement)
    serial = sa.table("serial", sa.column("name"), sa.column("last"))
    op.bulk_insert(serial, [{"name": name, "last": 0} for name in SERIALS])


# --- written from the models ---


def add_tables() -> None:
    op.create_table(
        "admission",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("matter", sa.String(length=200), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_admission")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_admission_serial", "admission", ["prefix", "year", "serial"], unique=False)
    op.create_index("ix_admission_ticket", "admission", ["ticket_id"], unique=False)
    op.create_table(
        "admission_end",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_admission_end")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "admission_unit",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", "department_id", name=op.f("pk_admission_unit")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_admission_unit_department", "admission_unit", ["department_id", "number"], unique=False)
    op.create_table(
        "agenda_fact",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("meeting", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", BIG, nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_due", sa.BigInteger(), nullable=True),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_agenda_fact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_agenda_fact_decided", "agenda_fact", ["decided_at"], unique=False)
    op.create_table(
        "appraisal",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("part", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('call', 'invalid', 'score')", name=op.f("ck_appraisal_kind")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", "part", name=op.f("pk_appraisal")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_appraisal_ticket_kind", "appraisal", ["ticket_id", "kind"], unique=False)
    op.create_table(
        "area",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=True),
        sa.Column("west", sa.BigInteger(), nullable=False),
        sa.Column("south", sa.BigInteger(), nullable=False),
        sa.Column("east", sa.BigInteger(), nullable=False),
        sa.Column("north", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
    )
    op.create_index("ix_area_box", "area", ["west", "east", "south", "north"], unique=False)
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("event_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "event_seq", "field", "sha256", name=op.f("pk_attachment")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attachment_sha256", "attachment", ["sha256", "ticket_id", "event_seq"], unique=False)
    op.create_table(
        "birth",
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("start", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=130), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "start", "period", "subject", name=op.f("pk_birth")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_birth_subject", "birth", ["subject", "ticket_id"], unique=False)
    op.create_table(
        "calendar_version",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("decrees", sa.Text(), nullable=False),
        sa.Column("stands_for", sa.String(length=64), nullable=True),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_calendar_version_key_version")),
    )
    op.create_table(
        "card",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("card", sa.String(length=64), nullable=False),
        sa.Column("task_seq", sa.Integer(), nullable=True),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_seq", sa.Integer(), nullable=True),
        sa.CheckConstraint("ended_by IN ('raised', 'lifted', 'cleared', 'void')", name=op.f("ck_card_ended_by")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_card")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_card_given", "card", ["given_at"], unique=False)
    op.create_index(
        "ix_card_standing",
        "card",
        ["ticket_id", "seq", "department_id", "card"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "case_number",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_number")),
    )
    op.create_table(
        "command",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("target_id", BIG, nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('main_moved', 'sub_settled', 'open', 'mention')", name=op.f("ck_command_kind")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_command")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counted_change",
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("line", BIG, autoincrement=False, nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("month", BIG, nullable=False),
        sa.Column("days", sa.Boolean(), nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("by0", BIG, nullable=True),
        sa.Column("by1", BIG, nullable=True),
        sa.Column("by2", BIG, nullable=True),
        sa.Column("by3", BIG, nullable=True),
        sa.Column("by4", BIG, nullable=True),
        sa.Column("by5", BIG, nullable=True),
        sa.Column("by6", BIG, nullable=True),
        sa.Column("by7", BIG, nullable=True),
        sa.Column("counts", sa.BigInteger(), nullable=False),
        sa.Column("sides", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "line", name=op.f("pk_counted_change")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counted_fact",
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("since", BIG, autoincrement=False, nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("by0", BIG, nullable=True),
        sa.Column("by1", BIG, nullable=True),
        sa.Column("by2", BIG, nullable=True),
        sa.Column("by3", BIG, nullable=True),
        sa.Column("by4", BIG, nullable=True),
        sa.Column("by5", BIG, nullable=True),
        sa.Column("by6", BIG, nullable=True),
        sa.Column("by7", BIG, nullable=True),
        sa.Column("counts", sa.BigInteger(), nullable=False),
        sa.Column("sides", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("series", "ticket_id", "seq", "since", name=op.f("pk_counted_fact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_counted_fact_department", "counted_fact", ["series", "department_id", "since"], unique=False)
    op.create_index("ix_counted_fact_item", "counted_fact", ["series", "item", "since"], unique=False)
    op.create_index(
        "ix_counted_fact_next",
        "counted_fact",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_counted_fact_since", "counted_fact", ["series", "since"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_cursor")),
    )
    op.create_table(
        "deadline",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("task_seq", sa.Integer(), nullable=True),
        sa.Column("request_seq", sa.Integer(), nullable=True),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("limit", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.String(length=64), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("resumes_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("holder", sa.String(length=24), nullable=False),
        sa.Column("handled", sa.BigInteger(), nullable=False),
        sa.Column("ran", sa.Text(), nullable=False),
        sa.CheckConstraint("run IN ('running', 'paused', 'met', 'stopped')", name=op.f("ck_deadline_run")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_deadline")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_deadline_calendar",
        "deadline",
        ["calendar", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_deadline_next",
        "deadline",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deadline_running",
        "deadline",
        ["due_at", "ticket_id", "seq"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND run = 'running'"),
        postgresql_where=sa.text("ended_at IS NULL AND run = 'running'"),
    )
    op.create_table(
        "event",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("task_seq", sa.Integer(), nullable=True),
        sa.Column("request_seq", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("behalf_of", BIG, nullable=True),
        sa.Column("state_from", sa.String(length=64), nullable=False),
        sa.Column("state_to", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("personal_digest", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("algorithm IN ('sha256', 'sm3')", name=op.f("ck_event_algorithm")),
        sa.CheckConstraint("source IN ('engine', 'device', 'import')", name=op.f("ck_event_source")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_event_person",
        "event",
        ["person_id", "at"],
        unique=False,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_table(
        "exemption",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("event_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("part", BIG, autoincrement=False, nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("restored", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "event_seq", "part", name=op.f("pk_exemption")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exemption_at", "exemption", ["at"], unique=False)
    op.create_table(
        "feed",
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_feed")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("class_code", sa.String(length=64), nullable=False),
        sa.Column("class_name", sa.String(length=200), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("initials", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('part', 'event')", name=op.f("ck_item_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code")),
    )
    op.create_table(
        "key_check",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_check")),
    )
    op.create_table(
        "letter",
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("year", BIG, autoincrement=False, nullable=False),
        sa.Column("serial", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "prefix", "year", "serial", name=op.f("pk_letter")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letter_at", "letter", ["at"], unique=False)
    op.create_index("ix_letter_event", "letter", ["ticket_id", "event_seq"], unique=False)
    op.create_table(
        "level",
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_level")),
    )
    op.create_table(
        "message",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", BIG, nullable=True),
        sa.Column("event_seq", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("behalf_of", BIG, nullable=True),
        sa.Column("deputy_id", BIG, nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("delivery IN ('waiting', 'sent', 'kept', 'dead')", name=op.f("ck_message_delivery")),
        sa.CheckConstraint("kind IN ('notice', 'list')", name=op.f("ck_message_kind")),
        sa.PrimaryKeyConstraint("person_id", "origin", name=op.f("pk_message")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_message_dead",
        "message",
        ["person_id"],
        unique=False,
        sqlite_where=sa.text("delivery = 'dead'"),
        postgresql_where=sa.text("delivery = 'dead'"),
    )
    op.create_index(
        "ix_message_next",
        "message",
        ["next_at", "person_id"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_message_person", "message", ["person_id", "at"], unique=False)
    op.create_index(
        "ix_message_unread",
        "message",
        ["person_id", "at"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["person_id", "next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "notice",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("posts", sa.Text(), nullable=False),
        sa.Column("duty", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fanned_at", sa.BigInteger(), nullable=True),
        sa.Column("reached", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_notice")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_notice_nobody",
        "notice",
        ["fanned_at"],
        unique=False,
        sqlite_where=sa.text("reached = 0"),
        postgresql_where=sa.text("reached = 0"),
    )
    op.create_index(
        "ix_notice_waiting",
        "notice",
        ["at"],
        unique=False,
        sqlite_where=sa.text("fanned_at IS NULL"),
        postgresql_where=sa.text("fanned_at IS NULL"),
    )
    op.create_table(
        "original",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("original", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("promised_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_original")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_original_original", "original", ["original"], unique=False)
    op.create_index("ix_original_person_id", "original", ["person_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_outbox")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "particulars",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.String(length=200), nullable=False),
        sa.Column("contact_phone", sa.String(length=200), nullable=False),
        sa.Column("dialled", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_particulars")),
    )
    op.create_index(
        "ix_particulars_dialled",
        "particulars",
        ["dialled"],
        unique=False,
        sqlite_where=sa.text("dialled <> ''"),
        postgresql_where=sa.text("dialled <> ''"),
    )
    op.create_table(
        "path_variant",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_path_variant")),
    )
    op.create_index(op.f("ix_path_variant_workflow"), "path_variant", ["workflow"], unique=False)
    op.create_table(
        "period_line",
        sa.Column("period_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("period_id", "number", name=op.f("pk_period_line")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_period_line_area", "period_line", ["period_id", "area"], unique=False)
    op.create_index("ix_period_line_department", "period_line", ["period_id", "department"], unique=False)
    op.create_index("ix_period_line_ticket", "period_line", ["ticket_id"], unique=False)
    op.create_table(
        "period_restatement",
        sa.Column("period_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("period_id", "seq", name=op.f("pk_period_restatement")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "personal",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_personal")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_line",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("event_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("part", BIG, autoincrement=False, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "event_seq", "part", name=op.f("pk_points_line")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_points_line_person", "points_line", ["person_id", "at"], unique=False)
    op.create_table(
        "precedent",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("class_code", sa.String(length=64), nullable=False),
        sa.Column("winner_id", BIG, nullable=True),
        sa.Column("loser_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.Boolean(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('designate', 'agree', 'uphold', 'redispatch', 'release')", name=op.f("ck_precedent_kind")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_precedent")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_precedent_at", "precedent", ["at"], unique=False)
    op.create_index("ix_precedent_class", "precedent", ["class_code", "at"], unique=False)
    op.create_table(
        "rate_window",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_window")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_rate_window_ends_at"), "rate_window", ["ends_at"], unique=False)
    op.create_table(
        "reach",
        sa.Column("unit", sa.String(length=96), nullable=False),
        sa.Column("sort_key", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("unit", "sort_key", "ticket_id", name=op.f("pk_reach")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipt",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_receipt")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "relapse",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("of_id", BIG, nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("metres", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_relapse")),
    )
    op.create_index("ix_relapse_of", "relapse", ["of_id"], unique=False)
    op.create_table(
        "request",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("task_seq", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("answer", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'answered', 'lapsed')", name=op.f("ck_request_state")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_request")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_request_open",
        "request",
        ["name", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "rhythm_list",
        sa.Column("rhythm", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=24), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rhythm", "job", "period", "unit", name=op.f("pk_rhythm_list")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rhythm_run",
        sa.Column("rhythm", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('sending', 'sent', 'skipped')", name=op.f("ck_rhythm_run_state")),
        sa.PrimaryKeyConstraint("rhythm", "job", "period", name=op.f("pk_rhythm_run")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rhythm_run_at", "rhythm_run", ["at"], unique=False)
    op.create_table(
        "rollup",
        sa.Column("grain", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("cut", sa.String(length=64), nullable=False),
        sa.Column("above", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("since", BIG, autoincrement=False, nullable=False),
        sa.Column("way", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, autoincrement=False, nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("n0", sa.Integer(), nullable=True),
        sa.Column("d0", sa.Integer(), nullable=True),
        sa.Column("m0", sa.Integer(), nullable=True),
        sa.Column("e0", sa.Integer(), nullable=True),
        sa.Column("n1", sa.Integer(), nullable=True),
        sa.Column("d1", sa.Integer(), nullable=True),
        sa.Column("m1", sa.Integer(), nullable=True),
        sa.Column("e1", sa.Integer(), nullable=True),
        sa.Column("n2", sa.Integer(), nullable=True),
        sa.Column("d2", sa.Integer(), nullable=True),
        sa.Column("m2", sa.Integer(), nullable=True),
        sa.Column("e2", sa.Integer(), nullable=True),
        sa.Column("n3", sa.Integer(), nullable=True),
        sa.Column("d3", sa.Integer(), nullable=True),
        sa.Column("m3", sa.Integer(), nullable=True),
        sa.Column("e3", sa.Integer(), nullable=True),
        sa.Column("n4", sa.Integer(), nullable=True),
        sa.Column("d4", sa.Integer(), nullable=True),
        sa.Column("m4", sa.Integer(), nullable=True),
        sa.Column("e4", sa.Integer(), nullable=True),
        sa.Column("n5", sa.Integer(), nullable=True),
        sa.Column("d5", sa.Integer(), nullable=True),
        sa.Column("m5", sa.Integer(), nullable=True),
        sa.Column("e5", sa.Integer(), nullable=True),
        sa.Column("n6", sa.Integer(), nullable=True),
        sa.Column("d6", sa.Integer(), nullable=True),
        sa.Column("m6", sa.Integer(), nullable=True),
        sa.Column("e6", sa.Integer(), nullable=True),
        sa.Column("n7", sa.Integer(), nullable=True),
        sa.Column("d7", sa.Integer(), nullable=True),
        sa.Column("m7", sa.Integer(), nullable=True),
        sa.Column("e7", sa.Integer(), nullable=True),
        sa.Column("n8", sa.Integer(), nullable=True),
        sa.Column("d8", sa.Integer(), nullable=True),
        sa.Column("m8", sa.Integer(), nullable=True),
        sa.Column("e8", sa.Integer(), nullable=True),
        sa.Column("n9", sa.Integer(), nullable=True),
        sa.Column("d9", sa.Integer(), nullable=True),
        sa.Column("m9", sa.Integer(), nullable=True),
        sa.Column("e9", sa.Integer(), nullable=True),
        sa.Column("n10", sa.Integer(), nullable=True),
        sa.Column("d10", sa.Integer(), nullable=True),
        sa.Column("m10", sa.Integer(), nullable=True),
        sa.Column("e10", sa.Integer(), nullable=True),
        sa.Column("n11", sa.Integer(), nullable=True),
        sa.Column("d11", sa.Integer(), nullable=True),
        sa.Column("m11", sa.Integer(), nullable=True),
        sa.Column("e11", sa.Integer(), nullable=True),
        sa.Column("n12", sa.Integer(), nullable=True),
        sa.Column("d12", sa.Integer(), nullable=True),
        sa.Column("m12", sa.Integer(), nullable=True),
        sa.Column("e12", sa.Integer(), nullable=True),
        sa.Column("n13", sa.Integer(), nullable=True),
        sa.Column("d13", sa.Integer(), nullable=True),
        sa.Column("m13", sa.Integer(), nullable=True),
        sa.Column("e13", sa.Integer(), nullable=True),
        sa.Column("n14", sa.Integer(), nullable=True),
        sa.Column("d14", sa.Integer(), nullable=True),
        sa.Column("m14", sa.Integer(), nullable=True),
        sa.Column("e14", sa.Integer(), nullable=True),
        sa.Column("n15", sa.Integer(), nullable=True),
        sa.Column("d15", sa.Integer(), nullable=True),
        sa.Column("m15", sa.Integer(), nullable=True),
        sa.Column("e15", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(
            "grain",
            "series",
            "cut",
            "above",
            "since",
            "way",
            "department_id",
            "item",
            "channel",
            "workflow",
            "person_id",
            name=op.f("pk_rollup"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_rollup_item",
        "rollup",
        ["series", "item", "grain", "cut", "since"],
        unique=False,
        sqlite_where=sa.text("item <> ''"),
        postgresql_where=sa.text("item <> ''"),
    )
    op.create_table(
        "rollup_bucket",
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("since", BIG, autoincrement=False, nullable=False),
        sa.Column("anew", BIG, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("many", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("series", "since", name=op.f("pk_rollup_bucket")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_month",
        sa.Column("since", BIG, autoincrement=False, nullable=False),
        sa.Column("anew", BIG, nullable=False),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_rollup_month")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_waiting",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollup_waiting")),
    )
    op.create_table(
        "rollup_way",
        sa.Column("entire", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("depth", BIG, autoincrement=False, nullable=False),
        sa.Column("above", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("way", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("entire", "depth", name=op.f("pk_rollup_way")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rung",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("deadline_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("generation", BIG, autoincrement=False, nullable=False),
        sa.Column("rung", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "deadline_seq", "generation", "rung", name=op.f("pk_rung")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sample_draw",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("strata", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "period", name=op.f("pk_sample_draw")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sample_draw_at", "sample_draw", ["drawn_at"], unique=False)
    op.create_table(
        "sample_lot",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("start", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("check_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("name", "period", "code", name=op.f("pk_sample_lot")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sample_lot_check", "sample_lot", ["check_id"], unique=False)
    op.create_index(
        "ix_sample_lot_waiting",
        "sample_lot",
        ["name", "period", "code"],
        unique=False,
        sqlite_where=sa.text("opened_at IS NULL"),
        postgresql_where=sa.text("opened_at IS NULL"),
    )
    op.create_table(
        "schema_step",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_schema_step")),
    )
    op.create_table(
        "seal",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("tickets", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.CheckConstraint("algorithm IN ('sha256', 'sm3')", name=op.f("ck_seal_algorithm")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
    )
    op.create_table(
        "seal_leaf",
        sa.Column("seal", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seal", "ticket_id", name=op.f("pk_seal_leaf")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seal_leaf_ticket", "seal_leaf", ["ticket_id", "seal"], unique=False)
    op.create_table(
        "serial",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_serial")),
    )
    op.create_table(
        "span_rollup",
        sa.Column("grain", sa.String(length=64), nullable=False),
        sa.Column("since", BIG, autoincrement=False, nullable=False),
        sa.Column("cut", sa.String(length=64), nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, autoincrement=False, nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("many", BIG, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("lasting", BIG, nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "grain",
            "since",
            "cut",
            "area_path",
            "stage",
            "department_id",
            "item",
            "channel",
            "workflow",
            name=op.f("pk_span_rollup"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_span_rollup_item",
        "span_rollup",
        ["item", "grain", "cut", "since"],
        unique=False,
        sqlite_where=sa.text("item <> ''"),
        postgresql_where=sa.text("item <> ''"),
    )
    op.create_index(
        "ix_span_rollup_lasting",
        "span_rollup",
        ["grain", "cut", "since"],
        unique=False,
        sqlite_where=sa.text("lasting > 0"),
        postgresql_where=sa.text("lasting > 0"),
    )
    op.create_table(
        "span_waiting",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_span_waiting")),
    )
    op.create_table(
        "stage_span",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_stage_span")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_stage_span_ended", "stage_span", ["until_at", "area_path"], unique=False)
    op.create_index(
        "ix_stage_span_lasting",
        "stage_span",
        ["since_at"],
        unique=False,
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "standing_count",
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("department_id", BIG, autoincrement=False, nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("card", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("many", BIG, nullable=False),
        sa.Column("late", BIG, nullable=False),
        sa.Column("overdue", BIG, nullable=False),
        sa.Column("tomorrow", BIG, nullable=False),
        sa.PrimaryKeyConstraint(
            "unit", "department_id", "workflow", "state", "card", "channel", name=op.f("pk_standing_count")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sweep_failure",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_sweep_failure")),
    )
    op.create_table(
        "task",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("state_type", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state_type IN ('waiting', 'working', 'suspended', 'joined', 'closed', 'void')",
            name=op.f("ck_task_state_type"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_task")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_task_department", "task", ["department_id", "state_type", "ticket_id"], unique=False)
    op.create_index(
        "ix_task_person",
        "task",
        ["person_id", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_table(
        "task_fact",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("handling", sa.Boolean(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_by", BIG, nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_by", BIG, nullable=True),
        sa.Column("signed_due", sa.BigInteger(), nullable=True),
        sa.Column("contacted_at", sa.BigInteger(), nullable=True),
        sa.Column("contacted_by", BIG, nullable=True),
        sa.Column("contacted_due", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("arrived_by", BIG, nullable=True),
        sa.Column("arrived_due", sa.BigInteger(), nullable=True),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("handled_by", BIG, nullable=True),
        sa.Column("handled_due", sa.BigInteger(), nullable=True),
        sa.Column("scored_at", sa.BigInteger(), nullable=True),
        sa.Column("scored_by", BIG, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("resolved", sa.String(length=64), nullable=True),
        sa.Column("reworked_at", sa.BigInteger(), nullable=True),
        sa.Column("rehandled_at", sa.BigInteger(), nullable=True),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("returned_by", BIG, nullable=True),
        sa.Column("wrong_at", sa.BigInteger(), nullable=True),
        sa.Column("wrong_by", BIG, nullable=True),
        sa.Column("redispatched_at", sa.BigInteger(), nullable=True),
        sa.Column("extended_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.Column("waiting_at", sa.BigInteger(), nullable=True),
        sa.Column("void_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_task_fact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_task_fact_area", "task_fact", ["area_path", "sent_at"], unique=False)
    op.create_index("ix_task_fact_department", "task_fact", ["department_id", "sent_at"], unique=False)
    op.create_index(
        "ix_task_fact_handled",
        "task_fact",
        ["handled_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NOT NULL"),
        postgresql_where=sa.text("handled_at IS NOT NULL"),
    )
    op.create_index("ix_task_fact_item", "task_fact", ["item", "sent_at"], unique=False)
    op.create_index(
        "ix_task_fact_returned",
        "task_fact",
        ["returned_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("returned_at IS NOT NULL"),
        postgresql_where=sa.text("returned_at IS NOT NULL"),
    )
    op.create_index(
        "ix_task_fact_scored",
        "task_fact",
        ["scored_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("scored_at IS NOT NULL"),
        postgresql_where=sa.text("scored_at IS NOT NULL"),
    )
    op.create_index("ix_task_fact_sent", "task_fact", ["sent_at", "area_path"], unique=False)
    op.create_table(
        "task_link",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("task_seq", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", BIG, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_task_link")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_task_link_next",
        "task_link",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_task_link_task", "task_link", ["ticket_id", "task_seq"], unique=False)
    op.create_table(
        "ticket_fact",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column(
            "item", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("urgency", sa.String(length=64), nullable=True),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("area_path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("reporter_key", sa.String(length=64), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("reported_by", BIG, nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("verified_by", BIG, nullable=True),
        sa.Column("verified_due", sa.BigInteger(), nullable=True),
        sa.Column("filed_at", sa.BigInteger(), nullable=True),
        sa.Column("filed_by", BIG, nullable=True),
        sa.Column("filed_due", sa.BigInteger(), nullable=True),
        sa.Column("missed_at", sa.BigInteger(), nullable=True),
        sa.Column("missed_by", BIG, nullable=True),
        sa.Column("visited_at", sa.BigInteger(), nullable=True),
        sa.Column("visited_by", BIG, nullable=True),
        sa.Column("visited_due", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", BIG, nullable=True),
        sa.Column("decided_due", sa.BigInteger(), nullable=True),
        sa.Column("self_handled_at", sa.BigInteger(), nullable=True),
        sa.Column("self_handled_by", BIG, nullable=True),
        sa.Column("solved_together_at", sa.BigInteger(), nullable=True),
        sa.Column("solved_together_by", BIG, nullable=True),
        sa.Column("dispatched_at", sa.BigInteger(), nullable=True),
        sa.Column("dispatched_by", BIG, nullable=True),
        sa.Column("dispatched_due", sa.BigInteger(), nullable=True),
        sa.Column("listed_at", sa.BigInteger(), nullable=True),
        sa.Column("listed_by", BIG, nullable=True),
        sa.Column("listed_due", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_by", BIG, nullable=True),
        sa.Column("cleared_due", sa.BigInteger(), nullable=True),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("handled_due", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("checked_by", BIG, nullable=True),
        sa.Column("checked_due", sa.BigInteger(), nullable=True),
        sa.Column("scored_at", sa.BigInteger(), nullable=True),
        sa.Column("scored_by", BIG, nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("first_closed_at", sa.BigInteger(), nullable=True),
        sa.Column("first_closed_by", BIG, nullable=True),
        sa.Column("called_back_at", sa.BigInteger(), nullable=True),
        sa.Column("called_back_by", BIG, nullable=True),
        sa.Column("called_back_due", sa.BigInteger(), nullable=True),
        sa.Column("responded_at", sa.BigInteger(), nullable=True),
        sa.Column("rated_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved", sa.String(length=64), nullable=True),
        sa.Column("satisfaction", sa.String(length=64), nullable=True),
        sa.Column("reworked_at", sa.BigInteger(), nullable=True),
        sa.Column("reworked_by", BIG, nullable=True),
        sa.Column("rehandled_at", sa.BigInteger(), nullable=True),
        sa.Column("rehandled_by", BIG, nullable=True),
        sa.Column("reworked_times", sa.Integer(), nullable=False),
        sa.Column("rehandled_times", sa.Integer(), nullable=False),
        sa.Column("returned_times", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.Column("called_by", BIG, nullable=True),
        sa.Column("invalid_at", sa.BigInteger(), nullable=True),
        sa.Column("invalid_by", BIG, nullable=True),
        sa.Column("relapsed_at", sa.BigInteger(), nullable=True),
        sa.Column("extended_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.Column("waiting_at", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("void_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_fact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ticket_fact_area", "ticket_fact", ["area_path", "filed_at"], unique=False)
    op.create_index(
        "ix_ticket_fact_called",
        "ticket_fact",
        ["called_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("called_at IS NOT NULL"),
        postgresql_where=sa.text("called_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_fact_called_back",
        "ticket_fact",
        ["called_back_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("called_back_at IS NOT NULL"),
        postgresql_where=sa.text("called_back_at IS NOT NULL"),
    )
    op.create_index("ix_ticket_fact_closed", "ticket_fact", ["first_closed_at", "area_path"], unique=False)
    op.create_index("ix_ticket_fact_department", "ticket_fact", ["department_id", "filed_at"], unique=False)
    op.create_index("ix_ticket_fact_filed", "ticket_fact", ["filed_at", "area_path"], unique=False)
    op.create_index("ix_ticket_fact_item", "ticket_fact", ["item", "filed_at"], unique=False)
    op.create_index(
        "ix_ticket_fact_listed",
        "ticket_fact",
        ["listed_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("listed_at IS NOT NULL"),
        postgresql_where=sa.text("listed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_fact_rated",
        "ticket_fact",
        ["rated_at", "area_path"],
        unique=False,
        sqlite_where=sa.text("rated_at IS NOT NULL"),
        postgresql_where=sa.text("rated_at IS NOT NULL"),
    )
    op.create_index("ix_ticket_fact_reported", "ticket_fact", ["reported_at", "area_path"], unique=False)
    op.create_index(
        "ix_ticket_fact_reporter",
        "ticket_fact",
        ["reporter_key", "reported_at"],
        unique=False,
        sqlite_where=sa.text("reporter_key IS NOT NULL"),
        postgresql_where=sa.text("reporter_key IS NOT NULL"),
    )
    op.create_table(
        "ticket_path",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("item", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_path")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_ticket_path_variant",
        "ticket_path",
        ["workflow", "confidential", "variant", "reported_at", "ended_at"],
        unique=False,
    )
    op.create_table(
        "ticket_place",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("lon_e7", sa.BigInteger(), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=False),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("datum", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_place")),
    )
    op.create_index("ix_ticket_place_cell", "ticket_place", ["cell", "opened_at"], unique=False)
    op.create_table(
        "ticket_text",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("bigrams", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_text")),
    )
    op.create_table(
        "unmasking",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('reach', 'verify', 'call_back', 'deliver', 'copy', 'stated')",
            name=op.f("ck_unmasking_purpose"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmasking")),
    )
    op.create_index(op.f("ix_unmasking_at"), "unmasking", ["at"], unique=False)
    op.create_index(op.f("ix_unmasking_person_id"), "unmasking", ["person_id"], unique=False)
    op.create_index(op.f("ix_unmasking_ticket_id"), "unmasking", ["ticket_id"], unique=False)
    op.create_table(
        "upload",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploader_id", BIG, nullable=True),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_upload")),
    )
    op.create_table(
        "upload_alike",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("other", sa.String(length=64), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "other", name=op.f("pk_upload_alike")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upload_print",
        sa.Column("bucket", BIG, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("print", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "sha256", "print", name=op.f("pk_upload_print")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_upload_print_sha256", "upload_print", ["sha256"], unique=False)
    op.create_table(
        "workflow_version",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_workflow_version_key_version")),
    )
    op.create_index(op.f("ix_workflow_version_key"), "workflow_version", ["key"], unique=False)
    op.create_table(
        "accounting_period",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("sheet", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("window_until", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seal", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'objecting', 'ruling', 'final')", name=op.f("ck_accounting_period_state")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_accounting_period_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounting_period")),
        sa.UniqueConstraint("sheet", "area_id", "label", name=op.f("uq_accounting_period_sheet_area_id_label")),
    )
    op.create_table(
        "admin_act",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("deed", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "deed IN ('import', 'export', 'password', 'close', 'open', 'template', 'look_up', 'copy', 'erase')",
            name=op.f("ck_admin_act_deed"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_admin_act_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_act")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_admin_act_person_id_key")),
    )
    op.create_index(op.f("ix_admin_act_at"), "admin_act", ["at"], unique=False)
    op.create_index(op.f("ix_admin_act_person_id"), "admin_act", ["person_id"], unique=False)
    op.create_index(op.f("ix_admin_act_subject"), "admin_act", ["subject"], unique=False)
    op.create_table(
        "bulletin",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("document_id", BIG, nullable=True),
        sa.Column("job_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulletin_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
    )
    op.create_index("ix_bulletin_person", "bulletin", ["person_id", "id"], unique=False)
    op.create_table(
        "department",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('government', 'bureau', 'field_office', 'utility', 'body', 'property', 'contractor', 'village')",
            name=op.f("ck_department_kind"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_department_area_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["department.id"], name=op.f("fk_department_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("code", name=op.f("uq_department_code")),
    )
    op.create_index(op.f("ix_department_area_id"), "department", ["area_id"], unique=False)
    op.create_index(op.f("ix_department_parent_id"), "department", ["parent_id"], unique=False)
    op.create_table(
        "destination",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("ordinal", BIG, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_destination_person_id")),
        sa.PrimaryKeyConstraint("person_id", "ordinal", name=op.f("pk_destination")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "document",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("ticket_id", BIG, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('bulletin', 'letter', 'slip', 'minutes')", name=op.f("ck_document_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("subject", name=op.f("uq_document_subject")),
    )
    op.create_index(
        "ix_document_ticket",
        "document",
        ["ticket_id"],
        unique=False,
        sqlite_where=sa.text("ticket_id IS NOT NULL"),
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "uq_document_serial",
        "document",
        ["unit", "prefix", "year", "serial"],
        unique=True,
        sqlite_where=sa.text("serial IS NOT NULL"),
        postgresql_where=sa.text("serial IS NOT NULL"),
    )
    op.create_table(
        "duty",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("list_word", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_duty_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_item_code"), "duty", ["item_code"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("ground", sa.String(length=64), nullable=False),
        sa.Column("pictures", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('purpose_done', 'kept_long_enough', 'withdrawn', 'unlawful')", name=op.f("ck_erasure_ground")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_erasure_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(
        "ix_erasure_open",
        "erasure",
        ["id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "former_area",
        sa.Column("area_id", BIG, autoincrement=False, nullable=False),
        sa.Column("valid_to", BIG, autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_former_area_area_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_former_area_parent_id")),
        sa.PrimaryKeyConstraint("area_id", "valid_to", name=op.f("pk_former_area")),
    )
    op.create_table(
        "period_act",
        sa.Column("period_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_period_act_person_id")),
        sa.PrimaryKeyConstraint("period_id", "seq", name=op.f("pk_period_act")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "period_objection",
        sa.Column("period_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("ground", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ground IN ('duty', 'data', 'force', 'other')", name=op.f("ck_period_objection_ground")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_period_objection_person_id")),
        sa.PrimaryKeyConstraint("period_id", "seq", name=op.f("pk_period_objection")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "period_ruling",
        sa.Column("period_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("act_seq", sa.Integer(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("verdict IN ('keep', 'exclude')", name=op.f("ck_period_ruling_verdict")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_period_ruling_person_id")),
        sa.PrimaryKeyConstraint("period_id", "seq", name=op.f("pk_period_ruling")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "phrase",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("entered_by", BIG, nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_phrase_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phrase")),
    )
    op.create_index(op.f("ix_phrase_unit"), "phrase", ["unit"], unique=False)
    op.create_table(
        "register_row",
        sa.Column("register_key", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", BIG, autoincrement=False, nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_register_row_area_id")),
        sa.PrimaryKeyConstraint("register_key", "code", "version", name=op.f("pk_register_row")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_register_row_code",
        "register_row",
        ["code", "register_key"],
        unique=False,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_index(
        "ix_register_row_present",
        "register_row",
        ["register_key", "area_id", "code"],
        unique=False,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "report_job",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'gone')", name=op.f("ck_report_job_state")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_job_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_job")),
    )
    op.create_index(
        "ix_report_job_expires",
        "report_job",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_report_job_open",
        "report_job",
        ["id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_report_job_person", "report_job", ["person_id", "id"], unique=False)
    op.create_index(
        "uq_report_job_origin",
        "report_job",
        ["person_id", "origin"],
        unique=True,
        sqlite_where=sa.text("origin IS NOT NULL"),
        postgresql_where=sa.text("origin IS NOT NULL"),
    )
    op.create_table(
        "report_template",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('bulletin', 'letter', 'slip', 'minutes')", name=op.f("ck_report_template_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_template_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_template")),
    )
    op.create_index("ix_report_template_kind", "report_template", ["kind", "id"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reservation_person_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_person", "reservation", ["person_id", "until"], unique=False)
    op.create_table(
        "score_version",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("sheet", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_score_version_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_version")),
        sa.UniqueConstraint("sheet", "sha256", name=op.f("uq_score_version_sheet_sha256")),
    )
    op.create_table(
        "shift",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_person", "shift", ["person_id", "valid_to"], unique=False)
    op.create_index("ix_shift_unit", "shift", ["post", "unit", "valid_to"], unique=False)
    op.create_table(
        "shift_handover",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Text(), nullable=False),
        sa.Column("written_by", BIG, nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", BIG, nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_shift_handover_taken_by")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_shift_handover_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_handover")),
    )
    op.create_index("ix_shift_handover_unit", "shift_handover", ["unit", "written_at"], unique=False)
    op.create_table(
        "sitting",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=64), nullable=False),
        sa.Column("workflow_id", BIG, nullable=False),
        sa.Column("meeting", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=True),
        sa.Column("chair_id", BIG, nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "state IN ('called', 'in_session', 'closed', 'signed', 'cancelled')", name=op.f("ck_sitting_state")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_sitting_area_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow_version.id"], name=op.f("fk_sitting_workflow_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint("code", name=op.f("uq_sitting_code")),
    )
    op.create_index("ix_sitting_body", "sitting", ["workflow", "meeting", "area_id", "planned_at"], unique=False)
    op.create_index(
        "ux_sitting_nth",
        "sitting",
        ["workflow", "meeting", "area_id", "year", "nth"],
        unique=True,
        sqlite_where=sa.text("nth IS NOT NULL"),
        postgresql_where=sa.text("nth IS NOT NULL"),
    )
    op.create_index(
        "ux_sitting_period",
        "sitting",
        ["workflow", "meeting", "area_id", "period"],
        unique=True,
        sqlite_where=sa.text("period <> ''"),
        postgresql_where=sa.text("period <> ''"),
    )
    op.create_table(
        "standard",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("item_id", BIG, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("filing_condition", sa.Text(), nullable=False),
        sa.Column("closing_condition", sa.Text(), nullable=False),
        sa.Column("limit_source", sa.String(length=200), nullable=False),
        sa.Column("limit", sa.String(length=200), nullable=False),
        sa.Column("first_limit", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_standard_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
        sa.UniqueConstraint("item_id", "ordinal", name=op.f("uq_standard_item_id_ordinal")),
    )
    op.create_index(op.f("ix_standard_item_id"), "standard", ["item_id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("workflow_id", BIG, nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("state_type", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("head_at", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("creator_department_id", BIG, nullable=True),
        sa.Column("reporter_id", BIG, nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=True),
        sa.Column("urgency", sa.String(length=64), nullable=True),
        sa.Column("main_id", BIG, nullable=True),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('report', 'triage', 'dispatch', 'resolve', 'review', '')", name=op.f("ck_ticket_stage")
        ),
        sa.CheckConstraint(
            "state_type IN ('waiting', 'working', 'suspended', 'joined', 'closed', 'void')",
            name=op.f("ck_ticket_state_type"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_ticket_area_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow_version.id"], name=op.f("fk_ticket_workflow_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index(
        "ix_ticket_entered",
        "ticket",
        ["entered_at", "id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(
        "ix_ticket_item",
        "ticket",
        ["item", "opened_at"],
        unique=False,
        sqlite_where=sa.text("item IS NOT NULL"),
        postgresql_where=sa.text("item IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_main",
        "ticket",
        ["main_id"],
        unique=False,
        sqlite_where=sa.text("main_id IS NOT NULL"),
        postgresql_where=sa.text("main_id IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_open",
        "ticket",
        ["area_id", "item"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(
        "ix_ticket_parent",
        "ticket",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("ix_ticket_state", "ticket", ["workflow_id", "state"], unique=False)
    op.create_table(
        "token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_token_person_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_token")),
    )
    op.create_index(op.f("ix_token_person_id"), "token", ["person_id"], unique=False)
    op.create_table(
        "wish",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("quiet_begins", sa.Integer(), nullable=True),
        sa.Column("quiet_ends", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("digest_at", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.CheckConstraint("digest IN ('once', 'hourly', 'daily')", name=op.f("ck_wish_digest")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wish_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_wish")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workflow_activation",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("via", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("via IN ('command', 'page')", name=op.f("ck_workflow_activation_via")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_workflow_activation_person_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["workflow_version.id"], name=op.f("fk_workflow_activation_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_activation")),
    )
    op.create_index(op.f("ix_workflow_activation_version_id"), "workflow_activation", ["version_id"], unique=False)
    op.create_table(
        "erasure_item",
        sa.Column("erasure_id", BIG, autoincrement=False, nullable=False),
        sa.Column("thing", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("thing IN ('ticket', 'register', 'account')", name=op.f("ck_erasure_item_thing")),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name=op.f("fk_erasure_item_erasure_id")),
        sa.PrimaryKeyConstraint("erasure_id", "thing", "subject", name=op.f("pk_erasure_item")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holding",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=True),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_holding_area_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_holding_department_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_holding_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
    )
    op.create_index(op.f("ix_holding_area_id"), "holding", ["area_id"], unique=False)
    op.create_index(op.f("ix_holding_department_id"), "holding", ["department_id"], unique=False)
    op.create_index("ix_holding_person", "holding", ["person_id", "valid_from"], unique=False)
    op.create_index(op.f("ix_holding_post"), "holding", ["post"], unique=False)
    op.create_table(
        "responsibility",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("level", sa.String(length=64), nullable=True),
        sa.Column("lead_id", BIG, nullable=False),
        sa.Column("co", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_responsibility_area_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["department.id"], name=op.f("fk_responsibility_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
    )
    op.create_index("ix_responsibility_item_area", "responsibility", ["item_code", "area_id"], unique=False)
    op.create_table(
        "score_activation",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_score_activation_person_id")),
        sa.ForeignKeyConstraint(["version_id"], ["score_version.id"], name=op.f("fk_score_activation_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_activation")),
    )
    op.create_index(op.f("ix_score_activation_version_id"), "score_activation", ["version_id"], unique=False)
    op.create_table(
        "sitting_entry",
        sa.Column("sitting_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("behalf_of", BIG, nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_entry_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "seq", name=op.f("pk_sitting_entry")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sitting_item",
        sa.Column("sitting_id", BIG, autoincrement=False, nullable=False),
        sa.Column("ticket_id", BIG, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("carried", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=True),
        sa.Column("event_seq", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("carry_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('open', 'decided', 'carried', 'removed')", name=op.f("ck_sitting_item_outcome")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_item_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "ticket_id", name=op.f("pk_sitting_item")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_sitting_item_carry",
        "sitting_item",
        ["carry_at", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("carry_at IS NOT NULL"),
        postgresql_where=sa.text("carry_at IS NOT NULL"),
    )
    op.create_index("ix_sitting_item_ticket", "sitting_item", ["ticket_id", "sitting_id"], unique=False)
    op.create_index(
        "ux_sitting_item_open",
        "sitting_item",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'open'"),
        postgresql_where=sa.text("outcome = 'open'"),
    )
    op.create_table(
        "sitting_seat",
        sa.Column("sitting_id", BIG, autoincrement=False, nullable=False),
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("seat", sa.String(length=64), nullable=False),
        sa.Column("post", sa.String(length=64), nullable=False),
        sa.Column("area_id", BIG, nullable=False),
        sa.Column("presence", sa.String(length=64), nullable=False),
        sa.Column("stand_in_id", BIG, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "presence IN ('awaited', 'present', 'excused', 'absent')", name=op.f("ck_sitting_seat_presence")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_seat_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "person_id", name=op.f("pk_sitting_seat")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unit_contact",
        sa.Column("department_id", BIG, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_unit_contact_department_id")),
        sa.PrimaryKeyConstraint("department_id", name=op.f("pk_unit_contact")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deputy",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        sa.Column("holding_id", BIG, nullable=False),
        sa.Column("deputy_id", BIG, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entered_by", BIG, nullable=True),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name=op.f("fk_deputy_deputy_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_deputy_entered_by")),
        sa.ForeignKeyConstraint(["holding_id"], ["holding.id"], name=op.f("fk_deputy_holding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    op.create_index("ix_deputy_deputy", "deputy", ["deputy_id", "valid_to"], unique=False)
    op.create_index("ix_deputy_holding", "deputy", ["holding_id", "valid_to"], unique=False)
