"""What a claim may earn, and what became of it; no I/O, no clock."""
