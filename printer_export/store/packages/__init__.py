"""The SQL of packages, of their downloads, and of exports."""
