"""Cartons and pallets: what is in them, and what happens to them; pure."""
