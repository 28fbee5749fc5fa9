"""What is done with gifts: added, claimed, sent and handed over."""
