"""Draws: what one is, its published rule, its tickets' codes and its file; pure."""
