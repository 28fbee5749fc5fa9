"""HTTP of red packets."""
