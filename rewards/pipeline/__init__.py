"""What the brand does with what claims earn; each in its caller's transaction."""
