"""A scan's way from what was asked to what is answered."""
