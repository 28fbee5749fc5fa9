"""The SQL of cases, a module for each thing that is done with them."""
