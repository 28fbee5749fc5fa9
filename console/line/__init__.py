"""For lines and print houses: batches, packages, reports, reconciliation."""
