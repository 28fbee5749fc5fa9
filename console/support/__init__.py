"""Pages for who helps members: so far red packets."""
