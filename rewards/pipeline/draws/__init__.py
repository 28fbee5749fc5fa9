"""Draws: making one, taking part, drawing by the rule, publishing, claiming."""
