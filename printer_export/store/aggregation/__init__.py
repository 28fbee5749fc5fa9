"""The SQL of cartons and pallets."""
