"""The scans' SQL, their filters and their connections."""
