"""A workflow file becomes a compiled machine."""
