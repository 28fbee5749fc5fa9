"""What is done about fraud, a module a topic."""
