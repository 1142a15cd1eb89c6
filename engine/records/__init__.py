"""The tables and their queries, one noun per file. Importing the package knows every table."""

from engine.records import areas, catalogue, departments, feed, history, messages, people, rhythms, tickets, workflows

__all__ = [
    "areas",
    "catalogue",
    "departments",
    "feed",
    "history",
    "messages",
    "people",
    "rhythms",
    "tickets",
    "workflows",
]
