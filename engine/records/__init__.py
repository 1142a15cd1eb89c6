"""The tables and their queries, one noun per file."""
