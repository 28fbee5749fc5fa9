"""What a code is: sealing, epochs, batches and the states of their ranges."""
