"""Members, campaigns and double-entry points."""
