"""Questions put to a workflow file before it goes live."""
