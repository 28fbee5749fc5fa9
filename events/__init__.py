"""What happened, told to others: events to read in order, and webhooks."""
