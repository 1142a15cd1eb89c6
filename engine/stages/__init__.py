"""The door: the only way a ticket changes."""
