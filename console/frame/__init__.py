"""What every page of the console stands in: who asks, the frame, the words."""
