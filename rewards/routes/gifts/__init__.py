"""HTTP of gifts."""
