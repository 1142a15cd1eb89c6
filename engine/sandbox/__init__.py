"""A sandbox: one ticket of a workflow file played through the real door, on a database of its own."""
