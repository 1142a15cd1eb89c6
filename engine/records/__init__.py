"""The tables and their queries, one noun per file. Importing the package knows every table."""

from engine.records import (
    areas,
    calendars,
    catalogue,
    departments,
    deputies,
    feed,
    heartbeats,
    history,
    messages,
    people,
    rhythms,
    shifts,
    tickets,
    wishes,
    workflows,
)

__all__ = [
    "areas",
    "calendars",
    "catalogue",
    "departments",
    "deputies",
    "feed",
    "heartbeats",
    "history",
    "messages",
    "people",
    "rhythms",
    "shifts",
    "tickets",
    "wishes",
    "workflows",
]
