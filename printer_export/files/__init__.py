"""A package's bytes: built as a stream, and read back at the plant."""
