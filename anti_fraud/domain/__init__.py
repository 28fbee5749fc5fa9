"""Signals in, a verdict with reasons out; pure. A module a topic."""
