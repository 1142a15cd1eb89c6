"""The pages, plain forms first; htmx only saves the reload."""
