"""A batch on its way to paper."""
