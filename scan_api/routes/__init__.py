"""Scans and what members see of them over HTTP."""
