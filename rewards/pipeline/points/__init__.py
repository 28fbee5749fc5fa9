"""Points: spent and returned, expired, adjusted by two, owed, and told."""
