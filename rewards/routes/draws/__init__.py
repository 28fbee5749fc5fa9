"""HTTP of draws: making and showing one, taking part, claiming, the file."""
