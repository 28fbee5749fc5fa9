"""The SQL of rewards beside the scan's own transaction."""
