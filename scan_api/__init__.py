"""The consumer's side: the scan pipeline, its routes and the mobile page."""
