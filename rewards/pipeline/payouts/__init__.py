"""Red packets: where they go, sending them, asking after them, ending them."""
