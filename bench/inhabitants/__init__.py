"""Who lives in the simulated world of the fraud bench, and what is sold there."""
