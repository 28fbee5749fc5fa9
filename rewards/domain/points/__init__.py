"""Points: spent, taken back, expired, adjusted, and told; pure."""
