"""The SQL of red packets."""
