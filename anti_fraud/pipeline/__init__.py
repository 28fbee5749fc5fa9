"""What is done with facts and rule sets, a module a topic."""
