"""The JSON API, one noun per file."""
