"""Packages: what is ordered, how it stands, and what its files say; pure."""
