"""For who runs the installation: jobs, and what is told to other systems."""
