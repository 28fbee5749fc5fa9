"""Signals in, a verdict with reasons out."""
