"""Packages: ordered, approved, downloaded, cancelled; and plain exports."""
