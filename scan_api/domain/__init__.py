"""What a scan is and comes to; pure."""
