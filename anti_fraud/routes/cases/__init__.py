"""HTTP of cases, a file for each thing that is done with them."""
