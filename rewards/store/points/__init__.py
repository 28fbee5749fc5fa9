"""The SQL of points: spent, returned, expired, adjusted, owed, and told."""
