"""Rule sets in the console: read, written, tried and put into force."""
