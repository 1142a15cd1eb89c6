"""The tables and their queries, one noun per file. Importing the package knows every table."""

from engine.records import (
    areas,
    births,
    calendars,
    catalogue,
    departments,
    feed,
    heartbeats,
    history,
    messages,
    people,
    points,
    register_rows,
    rhythms,
    tickets,
    wishes,
    workflows,
)

__all__ = [
    "areas",
    "births",
    "calendars",
    "catalogue",
    "departments",
    "feed",
    "heartbeats",
    "history",
    "messages",
    "people",
    "points",
    "register_rows",
    "rhythms",
    "tickets",
    "wishes",
    "workflows",
]
