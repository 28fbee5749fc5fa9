"""What consumers take for fakes: they say what and where, and get a number for it."""
