"""What an event is, and its id; pure."""
