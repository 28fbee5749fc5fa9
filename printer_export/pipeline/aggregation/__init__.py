"""Cartons and pallets: packed, moved, shipped, and unpacked."""
