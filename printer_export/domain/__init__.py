"""What a package, a symbol and a line report are: values and pure functions."""
