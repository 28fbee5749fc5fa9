"""What a room shows that no single feature knows."""
